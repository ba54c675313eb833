"""Names as an interface in another language shows them, and other ways in which the same thing is spelled."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.site import Sprint, Wire

TRANSLATED = frozenset({"field", "status", "issuetype", "priority", "resolution"})
VALUES = frozenset({"status", "issuetype", "priority", "resolution"})  # fields whose values are such names
SIDES = ("from", "fromString", "to", "toString")
ODD = ", phase=2] 「發布」 [αβγ"


@cache
def words(language: str) -> dict[str, str]:
    """English name -> name in that language; what isn't there stays English."""
    text = files("okr_delivery.sandbox").joinpath("data", "interface.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found.get(language, {})


@cache
def _by_folded(language: str) -> dict[str, str]:
    return {name.casefold(): shown for name, shown in words(language).items()}


def named(row: Wire, kind: str, language: str) -> Wire:
    """A metadata object with its names in the language."""
    known = words(language)
    if not known or kind not in TRANSLATED:
        return row
    shown = row | {"name": known.get(str(row.get("name")), row.get("name"))}
    category = row.get("statusCategory")
    if isinstance(category, dict):
        shown["statusCategory"] = category | {"name": known.get(str(category["name"]), category["name"])}
    return shown


def item(row: Wire, language: str, *, constant: bool) -> Wire:
    """A history item with its names in the language; `constant`: system fields keep their English names."""
    known = _by_folded(language)
    if not known:
        return row
    shown, name = dict(row), str(row.get("field"))
    if not (constant and row.get("fieldtype") == "jira"):
        shown["field"] = known.get(name.casefold(), name)
    if row.get("fieldId") in VALUES or (row.get("fieldtype") == "jira" and name in VALUES):
        for side in ("fromString", "toString"):
            shown[side] = known.get(str(row.get(side)).casefold(), row.get(side))
    return shown


def sided(row: Wire, faults: Faults) -> Wire:
    """A history item whose empty sides are spelled as the switch says."""
    if faults.empty_sides == "as_is":
        return row
    empty = [side for side in SIDES if row.get(side) in (None, "")]
    if faults.empty_sides == "absent":
        return {name: value for name, value in row.items() if name not in empty}
    return row | dict.fromkeys(empty, None if faults.empty_sides == "null" else "")


def sprint_name(sprint: Sprint, faults: Faults) -> str:
    """The sprint's name, with everything in it that trips a parser where that is switched on."""
    return sprint.name + ODD if faults.sprint_names == "hostile" else sprint.name
