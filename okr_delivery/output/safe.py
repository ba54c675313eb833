"""What tracker text may never do, per medium. Every output sends titles, names and notes through one of these.

HTML is not here: templates escape by themselves. The primitives live in `okr_delivery.model.text`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from okr_delivery.model.message import Message
from okr_delivery.model.text import REPLACEMENT, code_span, own_link

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_SHOWN_AS_REPLACEMENT = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LOG_COMMAND = re.compile(r"(^\s*:(?=:))|##(?=\[|vso\[|teamcity\[)", re.IGNORECASE)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
SLUG_LIMIT = 60


def terminal(text: str) -> str:
    """`text` for a terminal or a CI log: one line; control and re-ordering characters read U+FFFD.

    Build servers also run `##[command]` anywhere in a line and `::command` at its start, where the name of an
    iteration may stand; one of the two signs is replaced.
    """
    shown = text if text.isprintable() else "".join(REPLACEMENT if _hidden(char) else char for char in text)
    return _LOG_COMMAND.sub(lambda found: (found[1] or "##")[:-1] + REPLACEMENT, shown)


def _hidden(char: str) -> bool:
    category = unicodedata.category(char)
    return (
        category in _SHOWN_AS_REPLACEMENT or char in _REORDERING or (category == "Cn" and ord(char) & 0xFFFE == 0xFFFE)
    )


def markdown(text: str) -> str:
    """`text` as a code span that nothing in it can end; it begins with a back-tick, so a line never begins with `/`."""
    return code_span(text)


def xml(text: str) -> str:
    """`text` without the characters that XML 1.0 forbids. Escaping `<`, `&` and `]]>` is left to the serializer."""
    return _NOT_XML.sub("", text)


def csv_cell(text: str) -> str:
    """`text` so that no spreadsheet runs it: a cell that begins like a formula is prefixed with `'`."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def link(url: str | None, source_url: str | None, site: str | None = None) -> str | None:
    """`url` if it is http(s) on the source's own host, or https on its site's, else None: then show plain text."""
    return own_link(url, source_url, site)


def slug(text: str, ident: str = "") -> str:
    """A file name part of [a-z0-9-] from `text`, made unique by `ident`; never empty, never a path."""
    parts = [_slug(text)[:SLUG_LIMIT].strip("-"), _slug(ident)]
    return "-".join(part for part in parts if part) or "x"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


class Marked(str):
    """Text that already stands between marks of a medium: they are its quotes, so a text of ours adds none."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def message(value: Message, clean: Callable[[str], str]) -> Message:
    """`value` with `clean` applied to every text parameter, nested messages too; the catalogue's own text stays."""
    return Message(value.id, {name: _param(param, clean) for name, param in value.params.items()})


def _param(value: object, clean: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Message):
        return message(value, clean)
    if isinstance(value, Mapping):
        return {key: _param(inner, clean) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_param(inner, clean) for inner in value)
    return value
