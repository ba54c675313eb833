"""Field values as text: numbers without decoration, lists of ids, rich text documents flattened to wiki lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

_BLOCKS = frozenset({"paragraph", "heading", "listItem", "taskItem", "decisionItem", "tableRow", "rule", "mediaSingle"})
_FENCES = {"codeBlock": "{code}", "blockquote": "{quote}"}


def number(value: object) -> str | None:
    """`5.0`, `"5.00"` and `5` are all "5"; None for null, "" and what is no finite number."""
    if value is None or isinstance(value, bool):
        return None
    try:
        exact = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not exact.is_finite():
        return None
    plain = f"{exact:f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in {"-0", ""} else plain


def id_list(value: object) -> tuple[str, ...]:
    """The ids of a comma list such as `38, 40` or `[10019]`, without repeats, in numeric order."""
    if not isinstance(value, str):
        return ()
    found = {part.strip() for part in value.strip().removeprefix("[").removesuffix("]").split(",")}
    return tuple(sorted(found - {""}, key=by_number))


def by_number(text: str) -> tuple[int, int, str]:
    """Sorts ids as numbers, anything else behind them as text."""
    return (0, int(text), "") if re.fullmatch(r"[0-9]+", text) else (1, 0, text)


def words(value: object) -> str | None:
    """Labels, from a list or a blank-separated text: sorted, without repeats, blank-separated; None without any."""
    found = value.split() if isinstance(value, str) else [str(item) for item in listed(value) if item]
    return " ".join(sorted(set(found))) or None


def listed(value: object) -> list[object]:
    """The items of a list, none of anything else."""
    return list(value) if isinstance(value, list) else []


def members(value: object) -> list[Mapping[str, object]]:
    """The objects in a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def string(value: object) -> str | None:
    """A non-empty text or a number as text, else None: empty and absent are one."""
    if type(value) is str:  # nearly always
        return value or None
    if isinstance(value, bool) or value is None:
        return None
    return str(value) or None if isinstance(value, str | int | float) else None


def of_value(value: object) -> str | None:
    """The text of any custom field's current value: text, number, option, list of those, or a document."""
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, list):
        return "; ".join(filter(None, (of_value(item) for item in value))) or None
    if isinstance(value, int | float):
        return number(value)
    return _text(value)


def _text(value: object) -> str | None:
    """A text that says something: blanks alone are none."""
    found = string(value)
    return found if found is not None and found.strip() else None


def _of_object(value: Mapping[str, object]) -> str | None:
    if value.get("type") == "doc":
        return flatten(value) or None
    if "accountId" in value or "displayName" in value:  # a person, on Cloud or Data Center: never kept
        return None
    own = string(value.get("value")) or string(value.get("name"))
    child = value.get("child")
    below = of_value(child) if isinstance(child, dict) else None
    return " / ".join(filter(None, (own, below))) or None


def of_history(shown: object, kind: str, ids: object = None) -> str | None:
    """The text of one side of a change, in the same form as `of_value` gives for the current value.

    `kind` is text, number, option list, word list or people, from the field's schema; people are never kept.
    """
    text = _text(shown)
    if text is None or kind == "people":
        return None
    if kind == "number":
        return number(text)
    if kind == "words":
        return "; ".join(text.split()) or None
    if kind == "options":
        names = [part.strip() for part in text.split(",")]
        return "; ".join(names) if len(names) == len(id_list(ids)) else text
    return text


def flatten(document: object) -> str:
    """The text of a rich text document, a line per block; code and quotes keep their fences."""
    lines = "".join(_walk(document)).split("\n")
    return "\n".join(line.strip() for line in lines if line.strip())


def _walk(node: object) -> Iterable[str]:
    if not isinstance(node, dict):
        return
    kind = str(node.get("type"))
    yield _leaf(node, kind)
    fence = _FENCES.get(kind)
    yield f"\n{fence}\n" if fence else ""
    for child in listed(node.get("content")):
        yield from _walk(child)
        yield " | " if kind == "tableRow" else ""
    yield f"\n{fence}\n" if fence else "\n" if kind in _BLOCKS else ""


def _leaf(node: Mapping[str, object], kind: str) -> str:
    attributes = node.get("attrs")
    attrs = attributes if isinstance(attributes, dict) else {}
    if kind == "text":
        return str(node.get("text") or "")
    if kind == "hardBreak":
        return "\n"
    return str(attrs.get("text") or attrs.get("url") or "") if kind in {"emoji", "status", "inlineCard"} else ""
