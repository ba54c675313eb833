"""What widgets hold of a work item today: parent, links, custom status and custom fields."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from okr_delivery.model.work import EMPTY, Field, Link, Value
from okr_delivery_gitlab.values import Row, mapping, members, nodes, number_of, string

EPIC = "epic-"
"""Before the number of a work item that is an epic: REST's issues and epics have ids of their own."""
ROLES = {
    "key_result": Field.KEY_RESULT,
    "contribution": Field.CONTRIBUTION,
    "confidence": Field.CONFIDENCE,
    "user_value": Field.USER_VALUE,
    "estimate": Field.ESTIMATE,
}
"""Roles that a custom field may play."""
_SENTENCES = {"blocks": "blocks", "is_blocked_by": "is blocked by", "blocked_by": "is blocked by"}


def parent_of(widgets: Row) -> Value | None:
    """The parent's id and key; None where the hierarchy was not asked for."""
    if "parent" not in widgets:
        return None
    row = mapping(widgets["parent"])
    number, key = number_of(row.get("id")), string(row.get("reference"))
    if number is None:
        return EMPTY
    kind = string(mapping(row.get("workItemType")).get("name")) or ""
    is_epic = kind.lower() == "epic" or (not kind and "&" in (key or ""))
    return Value(f"{EPIC}{number}" if is_epic else number, key)


def links_of(widgets: Row) -> tuple[Link, ...]:
    """The linked items, in the order of their keys."""
    found = []
    for row in nodes(widgets.get("linkedItems")):
        other = mapping(row.get("workItem"))
        key = string(other.get("reference"))
        if key:
            kind = (string(row.get("linkType")) or "").lower()
            found.append(Link(_SENTENCES.get(kind, "relates to"), key, string(other.get("title")) or ""))
    return tuple(sorted(found, key=lambda link: (link.key, link.type)))


def status_of(widgets: Row) -> Value | None:
    """The custom status by its bare id; None where it was not asked for, EMPTY for an item without one."""
    if "status" not in widgets:
        return None
    row = mapping(widgets["status"])
    number = number_of(row.get("id"))
    return Value(number, string(row.get("name"))) if number else EMPTY


def custom_values(widgets: Row, fields: Mapping[str, str]) -> dict[Field, Value]:
    """The configured custom fields' values of today; `fields` maps roles to their numbers. EMPTY ones stay in."""
    roles = {number: ROLES[role] for role, number in fields.items() if role in ROLES}
    found = {}
    for row in members(widgets.get("customFieldValues")):
        kept = roles.get(number_of(mapping(row.get("customField")).get("id")) or "")
        if kept is not None:
            found[kept] = Value(None, _text(row))
    return found


def named_customs(widgets: Row, fields: Mapping[str, str]) -> dict[str, Field]:
    """The configured custom fields by their name of today: notes know only names."""
    roles = {number: ROLES[role] for role, number in fields.items() if role in ROLES}
    rows = (mapping(row.get("customField")) for row in members(widgets.get("customFieldValues")))
    known = ((string(row.get("name")), roles.get(number_of(row.get("id")) or "")) for row in rows)
    return {name: kept for name, kept in known if name and kept is not None}


def _text(row: Row) -> str | None:
    options = [string(option.get("value")) for option in members(row.get("selectedOptions"))]
    if options:
        return ", ".join(filter(None, options)) or None
    number = row.get("number")
    if isinstance(number, int | float) and not isinstance(number, bool):
        return plain_number(number)
    return (string(row.get("text")) or string(row.get("date")) or "").strip() or None


def plain_number(number: float | str) -> str | None:
    """`5.0` is "5", `0.25` stays; None for what is no number."""
    try:
        value = Decimal(str(number))
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    exact = f"{value:f}"
    return exact.rstrip("0").rstrip(".") if "." in exact else exact
