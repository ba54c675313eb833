"""What recordings of Data Center say less plainly than Cloud's: sprints as text, history items without field ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from okr_delivery.sandbox.site import Wire

_HEAD = re.compile(r"com\.atlassian\.greenhopper\.service\.sprint\.Sprint@\w+\[")
_MEMBERS = "id|rapidViewId|state|name|startDate|endDate|completeDate|activatedDate|sequence|goal|synced|autoStartStop"
_NEXT = re.compile(rf",(?=(?:{_MEMBERS})=)")
SPRINT = "Sprint"


def sprint_members(text: object) -> Wire | None:
    """A sprint's text as the agile API would give it; None for anything else. The first of equal members counts."""
    if not isinstance(text, str) or not (head := _HEAD.match(text)):
        return None
    found: dict[str, str] = {}
    for part in _NEXT.split(text[head.end() :].removesuffix("]")):
        name, _, value = part.partition("=")
        found.setdefault(name, "" if value == "<null>" else value)
    board = {"originBoardId": int(found["rapidViewId"])} if found.get("rapidViewId", "").isdigit() else {}
    return {**found, "state": found.get("state", "").lower(), **board}


def custom_names(rows: Iterable[Wire], bodies: Mapping[str, Wire]) -> dict[str, str]:
    """Field id -> display name, where histories give names only: the one field whose values are what the items of that
    name left behind. `bodies` are the issues' fields by issue id.
    """
    last: dict[str, dict[str, str]] = {}
    for row in rows:
        for item in _items(row):
            if item.get("fieldtype") == "custom" and not item.get("fieldId"):
                last.setdefault(str(item.get("field")), {})[str(row["id"])] = str(item.get("toString") or "")
    found = {name: _fields_like(texts, bodies) for name, texts in last.items() if any(texts.values())}
    return {fields.pop(): name for name, fields in found.items() if len(fields) == 1}


def _items(row: Wire) -> Iterator[Wire]:
    """All items of an issue's history, oldest entry first."""
    changelog = row.get("changelog")
    entries = changelog.get("histories") if isinstance(changelog, Mapping) else None
    for entry in sorted(entries or (), key=lambda entry: int(str(entry["id"]))):
        yield from entry.get("items") or ()


def _fields_like(texts: Mapping[str, str], bodies: Mapping[str, Wire]) -> set[str]:
    """Custom fields that show every one of these texts in its issue's body."""
    candidates: set[str] | None = None
    for issue_id, text in texts.items():
        shown = {
            name for name, value in bodies[issue_id].items() if name[:12] == "customfield_" and _shows(value, text)
        }
        candidates = shown if candidates is None else candidates & shown
    return candidates or set()


def _shows(value: object, text: str) -> bool:
    if isinstance(value, int | float):
        return f"{value:g}" == text
    return bool(value) and str(value) == text if isinstance(value, str) else value is None and not text
