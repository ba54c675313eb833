"""One issue as it is now: its REST body and its detail read once, for the issue and for its history alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from okr_delivery.model.work import EMPTY, Field, Value
from okr_delivery_gitlab.events import Action, Event, Kind
from okr_delivery_gitlab.history import Detail
from okr_delivery_gitlab.known import Known
from okr_delivery_gitlab.notes import hours_of, kind_of_item
from okr_delivery_gitlab.values import Row, day, instant, mapping, number_of, string
from okr_delivery_gitlab.widgets import EPIC, plain_number

DAY = 86_400
TYPES = {
    "issue": "Issue",
    "incident": "Incident",
    "task": "Task",
    "test_case": "Test Case",
    "requirement": "Requirement",
    "ticket": "Ticket",
    "epic": "Epic",
    "objective": "Objective",
    "key_result": "Key Result",
}
UNLISTED = "name:"
"""Before the name of a label whose id is not known: it stands in place of one."""


class UnreadableError(ValueError):
    """An issue that makes no sense; `reason` is one of key, created, instant."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Today:
    """What is true of an issue now. Instants are epoch seconds, `closed_at` None while it is open.

    `labels` are names by id. `iteration` goes by its bare id. `duplicate` None: the body does not tell. `status` is the
    custom one by its bare id, None where there are none.
    """

    id: str
    key: str
    project_id: str
    path: str
    created: int
    updated: int
    closed: bool
    closed_at: int | None
    title: str
    type: Value
    labels: Mapping[str, str]
    milestone: Value
    iteration: Value
    weight: Value
    time: Value
    due: Value
    parent: Value
    status: Value | None
    duplicate: bool | None
    moved_to: str | None
    custom: Mapping[Field, Value] = field(default_factory=dict)


def read_today(row: Row, detail: Detail, known: Known, now: int) -> Today:
    """Raises UnreadableError when id, key, state or a date are missing or make no sense."""
    ref, full = string(row.get("id")), string(mapping(row.get("references")).get("full"))
    state = string(row.get("state"))
    if ref is None or full is None or state not in ("opened", "closed"):
        raise UnreadableError("key")
    created = _instant(row.get("created_at"), now)
    if created is None:
        raise UnreadableError("created")
    project_id = string(row.get("project_id")) or ""
    closed = state == "closed"
    return Today(
        id=ref,
        key=full,
        project_id=project_id,
        path=full.rpartition("#")[0] or full.rpartition("&")[0],
        created=created,
        updated=_instant(row.get("updated_at"), now) or created,
        closed=closed,
        closed_at=_instant(row.get("closed_at"), now) if closed else None,
        title=string(row.get("title")) or "",
        type=type_value(kind_of_item(string(row.get("issue_type")) or string(row.get("type")) or "issue")),
        labels=_labels(row, project_id, known),
        milestone=_named(row.get("milestone"), known.title),
        iteration=_named(row.get("iteration"), known.settings.iterations.get),
        weight=_weight(row),
        time=_time(row),
        due=_due(row),
        parent=_parent(row, detail),
        status=None if detail.status == EMPTY else detail.status,
        duplicate=_duplicate(row),
        moved_to=string(row.get("moved_to_id")),
        custom=detail.custom,
    )


def type_value(kind: str) -> Value:
    """A type by its id, with the name that people see."""
    return Value(kind, TYPES.get(kind, kind.replace("_", " ").capitalize()))


def _instant(value: object, now: int) -> int | None:
    try:
        ts = instant(value)
    except ValueError as error:
        raise UnreadableError("instant") from error
    if ts is not None and ts > now + DAY:
        raise UnreadableError("instant")
    return ts


def _labels(row: Row, project_id: str, known: Known) -> dict[str, str]:
    """Names by id: bodies hold objects, or on the oldest servers names alone."""
    found: dict[str, str] = {}
    labels = row.get("labels")
    for entry in labels if isinstance(labels, list) else []:
        name = string(entry.get("name")) if isinstance(entry, dict) else string(entry)
        if name:
            ref = string(entry.get("id")) if isinstance(entry, dict) else known.label_id(project_id, name)
            found[ref or f"{UNLISTED}{name}"] = name
    return found


def _named(value: object, names: object) -> Value:
    entry = mapping(value)
    ref = string(entry.get("id"))
    if ref is None:
        return EMPTY
    listed = names(ref) if callable(names) else None
    return Value(ref, string(entry.get("title")) or listed or ref)


def _weight(row: Row) -> Value:
    return Value(None, plain_number(string(row.get("weight")) or ""))


def _time(row: Row) -> Value:
    seconds = mapping(row.get("time_stats")).get("time_estimate")
    return hours_of(seconds) if isinstance(seconds, int) else EMPTY


def _due(row: Row) -> Value:
    try:
        found = day(row.get("due_date"))
    except ValueError as error:
        raise UnreadableError("instant") from error
    return Value(found.isoformat(), found.isoformat()) if found else EMPTY


def _parent(row: Row, detail: Detail) -> Value:
    """The hierarchy's parent; on servers that do not tell it, the body's epic, else what the notes said last."""
    if detail.parent is not None and detail.parent != EMPTY:
        return detail.parent
    epic = mapping(row.get("epic"))
    if epic:
        number = string(epic.get("work_item_id")) or number_of(epic.get("work_item_id"))
        return Value(f"{EPIC}{number}" if number else None, _epic_key(epic))
    return last_parent(detail.events) if detail.parent is None and "epic" not in row else EMPTY


def last_parent(events: tuple[Event, ...]) -> Value:
    last = next((event for event in reversed(events) if event.kind is Kind.PARENT), None)
    return last.value if last is not None and last.action is Action.SET else EMPTY


def _epic_key(epic: Row) -> str | None:
    """`group/sub&3`, out of the address of the epic."""
    url, iid = string(epic.get("url")) or "", string(epic.get("iid"))
    path = url.partition("/groups/")[2].partition("/-/")[0]
    return f"{path}&{iid}" if path and iid else None


def _duplicate(row: Row) -> bool | None:
    links = mapping(row.get("_links"))
    return bool(links["closed_as_duplicate_of"]) if "closed_as_duplicate_of" in links else None
