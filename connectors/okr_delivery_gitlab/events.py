"""What happened to a work item, whichever interface told: REST's resource events, or activity notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import NamedTuple

from okr_delivery.model.accounts import marks
from okr_delivery.model.work import EMPTY, Value
from okr_delivery_gitlab.values import Row, instant, mapping, string

STREAM = 10**15


class Kind(IntEnum):
    """What an event is about. The number is the rank of its stream: it orders events of one second."""

    STATE = 1
    LABEL = 2
    MILESTONE = 3
    ITERATION = 4
    WEIGHT = 5
    STATUS = 6  # a custom status
    TITLE = 7
    DUE = 8
    TIME = 9  # the time estimate
    PARENT = 10
    TYPE = 11
    LINK = 12
    CUSTOM = 13  # a custom field: its name is in `subject`
    DUPLICATE = 14
    MOVED = 15


class Action(StrEnum):
    """What was done. Single-valued kinds know SET and REMOVE, sets ADD and REMOVE, states CLOSE and REOPEN."""

    ADD = "add"
    REMOVE = "remove"
    SET = "set"
    CLOSE = "close"
    REOPEN = "reopen"
    UNKNOWN = "unknown"


class Event(NamedTuple):
    """One event. `number` counts within the stream of its kind; `value` is what was added, removed or set.

    `old` is what stood there before, None where the event does not tell. EMPTY as `value` of a label or milestone that
    no longer exists. `subject` names what is spoken of where the kind alone does not: a custom field, a kind of link.
    """

    ts: int
    kind: Kind
    number: int
    action: Action
    value: Value = EMPTY
    old: Value | None = None
    actor: str | None = None
    subject: str = ""

    @property
    def history_id(self) -> int:
        return self.kind * STREAM + self.number

    @property
    def order(self) -> tuple[int, int]:
        return (self.ts, self.history_id)


class UnreadableEventError(ValueError):
    """An event without an id or with an instant that makes no sense."""


def actor_of(user: object) -> str | None:
    """Marks of who did something: never a name."""
    row = mapping(user)
    number = string(row.get("id"))
    return _marks_of(number, string(row.get("username"))) if number else None


@lru_cache(maxsize=2048)
def _marks_of(number: str, name: str | None) -> str:
    """One text for all that somebody did."""
    return marks(number.rpartition("/")[2], name)


class EventList(NamedTuple):
    """One of REST's lists of resource events. `everywhere` is False for those that a tier may lack."""

    name: str
    kind: Kind
    read: Callable[[Row], tuple[Action, Value]]
    everywhere: bool = True


def _state(row: Row) -> tuple[Action, Value]:
    said = string(row.get("state")) or ""
    return {"closed": Action.CLOSE, "reopened": Action.REOPEN, "opened": Action.REOPEN}.get(
        said, Action.UNKNOWN
    ), Value(None, said or None)


def _member(name: str, title: str) -> Callable[[Row], tuple[Action, Value]]:
    def read(row: Row) -> tuple[Action, Value]:
        said = string(row.get("action"))
        entry = mapping(row.get(name))
        value = Value(string(entry.get("id")), string(entry.get(title)))
        return {"add": Action.ADD, "remove": Action.REMOVE}.get(said or "", Action.UNKNOWN), value

    return read


def _weight(row: Row) -> tuple[Action, Value]:
    weight = string(row.get("weight"))
    return (Action.SET, Value(None, weight)) if weight else (Action.REMOVE, EMPTY)


LISTS: Mapping[Kind, EventList] = {
    Kind.STATE: EventList("resource_state_events", Kind.STATE, _state),
    Kind.LABEL: EventList("resource_label_events", Kind.LABEL, _member("label", "name")),
    Kind.MILESTONE: EventList("resource_milestone_events", Kind.MILESTONE, _member("milestone", "title")),
    Kind.ITERATION: EventList("resource_iteration_events", Kind.ITERATION, _member("iteration", "title"), False),
    Kind.WEIGHT: EventList("resource_weight_events", Kind.WEIGHT, _weight, False),
}


def read_event(listed: EventList, row: Row) -> Event:
    """One row of a list. Raises UnreadableEventError for one that has no id or no instant."""
    try:
        ts, number = instant(row.get("created_at")), int(str(row.get("id")))
    except ValueError as error:
        raise UnreadableEventError(listed.name) from error
    if ts is None:
        raise UnreadableEventError(listed.name)
    action, value = listed.read(row)
    if listed.kind in (Kind.MILESTONE, Kind.ITERATION) and action is Action.ADD:
        action = Action.SET
    return Event(ts, listed.kind, number, action, value, None, actor_of(row.get("user")))


def ordered(events: Iterable[Event]) -> tuple[Event, ...]:
    """Each event once, in the order in which they happened."""
    return tuple(sorted({(e.history_id, e.action, e.value): e for e in events}.values(), key=lambda e: e.order))
