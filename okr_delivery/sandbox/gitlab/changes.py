"""Changes to a work item, each with the events and notes that GitLab writes for it.

`edit` serves live requests and the translation of a past alike, so that both are made of the same things. Instants are
epoch milliseconds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from okr_delivery.sandbox.gitlab import wording
from okr_delivery.sandbox.gitlab.events import (
    IterationEvent,
    LabelEvent,
    MilestoneEvent,
    Note,
    StateEvent,
    WeightEvent,
)
from okr_delivery.sandbox.gitlab.state import CLOSED, OPENED, CustomField, GitLab, Lifecycle, WorkItem


class BadValueError(Exception):
    """A value that GitLab refuses. `field` is the name a client used."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"{field}: {reason}")


@dataclass(frozen=True, slots=True)
class Change:
    """Who saves what, and when. `merge_request` and `commit` are what closes it, if it is no person."""

    state: GitLab
    item: WorkItem
    at: int
    user: int
    merge_request: int | None = None
    commit: str | None = None

    def note(self, body: str, action: str, item: WorkItem | None = None) -> None:
        """A stored system note at the item, or at another one."""
        number = self.state.take("note")
        (item or self.item).notes.append(Note(number, self.at, self.user, body, True, action))


Editor = Callable[[Change, object], bool]

HEALTHS = ("on_track", "needs_attention", "at_risk")
MEMBERS = {"due": "due_date", "iteration": "iteration", "confidential": "confidential", "weight": "weight"}
STATE_MEMBERS = frozenset({"state", "closed_at", "closed_by", "updated_at"})


def edit(
    state: GitLab,
    item: WorkItem,
    changes: Mapping[str, object],
    at: int,
    user: int,
    merge_request: int | None = None,
    commit: str | None = None,
) -> bool:
    """Applies `changes` as one save; False when nothing was different. Raises BadValueError."""
    change = Change(state, item, at, user, merge_request, commit)
    done = [name for name, value in changes.items() if _editor(name)(change, value)]
    if done:
        touch(state, item, at, *(MEMBERS.get(name, name) for name in done))
    return bool(done)


def check(state: GitLab, item: WorkItem, changes: Mapping[str, object]) -> None:
    """Raises BadValueError for what `edit` would refuse, and changes nothing."""
    numbers, revision, trial = dict(state.numbers), state.revision, copy.deepcopy(item)
    _reference("parent_id", changes.get("parent"), state.items)
    try:
        edit(state, trial, {name: value for name, value in changes.items() if name != "parent"}, item.updated, 0)
    finally:
        state.numbers, state.revision = numbers, revision


def touch(state: GitLab, item: WorkItem, at: int, *members: str) -> None:
    """Moves `updated`; of a recorded item these members are answered from the state from now on."""
    item.updated = max(item.updated, at)
    state.revision += 1
    if item.recorded is not None:
        item.derived |= {*members, "updated_at"} | (STATE_MEMBERS if {"state", "status"} & set(members) else set())


def _editor(name: str) -> Editor:
    if name not in EDITORS:
        raise BadValueError(name, "is not a member of a work item")
    return EDITORS[name]


def _title(change: Change, value: object) -> bool:
    if not isinstance(value, str) or not value.strip():
        raise BadValueError("title", "can't be blank")
    old, change.item.title = change.item.title, value
    if old != value:
        change.note(wording.title(old, value), "title")
    return old != value


def _description(change: Change, value: object) -> bool:
    old, change.item.description = change.item.description, str(value or "")
    if old != change.item.description:
        change.note("changed the description", "description")
    return old != change.item.description


def _labels(change: Change, value: object) -> bool:
    """The whole list, as ids."""
    return _relabel(change, _numbers("labels", value))


def _add_labels(change: Change, value: object) -> bool:
    return _relabel(change, [*change.item.labels, *_numbers("add_labels", value)])


def _remove_labels(change: Change, value: object) -> bool:
    gone = set(_numbers("remove_labels", value))
    return _relabel(change, [number for number in change.item.labels if number not in gone])


def _relabel(change: Change, wanted: Sequence[int]) -> bool:
    """On paid tiers a scoped label takes the place of its siblings; on the free one they stand side by side."""
    state, item = change.state, change.item
    if any(number not in state.labels for number in wanted):
        raise BadValueError("labels", "is invalid")
    old, new = item.labels, list(dict.fromkeys(wanted))
    if state.tier.paid:
        new = exclusive(state, new)
    came, gone = [n for n in new if n not in old], [n for n in old if n not in new]
    item.labels = new
    for action, numbers in (("add", came), ("remove", gone)):
        for number in numbers:
            event = LabelEvent(state.take("label_event"), change.at, change.user, number, action)
            item.events.label.append(event)
    return bool(came or gone)


def exclusive(state: GitLab, numbers: Sequence[int]) -> list[int]:
    """The labels that stay where each scope holds one: the last named of it."""
    last = {state.labels[n].scope: n for n in numbers}
    return [n for n in numbers if state.labels[n].scope is None or last[state.labels[n].scope] == n]


def _numbers(name: str, value: object) -> list[int]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(v, int) for v in value):
        raise BadValueError(name, "is invalid")
    return [int(v) for v in value]


def _milestone(change: Change, value: object) -> bool:
    state, item = change.state, change.item
    new = _reference("milestone_id", value, state.milestones)
    old, item.milestone = item.milestone, new
    if old == new:
        return False
    action, number = ("add", new) if new is not None else ("remove", old)
    event = MilestoneEvent(state.take("milestone_event"), change.at, change.user, number, action)
    item.events.milestone.append(event)
    return True


def _iteration(change: Change, value: object) -> bool:
    state, item = change.state, change.item
    _paid(state, "iteration_id")
    new = _reference("iteration_id", value, state.iterations)
    old, item.iteration = item.iteration, new
    if old == new:
        return False
    action, number = ("add", new) if new is not None else ("remove", old)
    event = IterationEvent(state.take("iteration_event"), change.at, change.user, number, action)
    item.events.iteration.append(event)
    return True


def _reference(name: str, value: object, known: Mapping[int, object]) -> int | None:
    """None and 0 are none, as the interface has it."""
    if value in (None, 0):
        return None
    if not isinstance(value, int) or value not in known:
        raise BadValueError(name, "is invalid")
    return value


def _paid(state: GitLab, name: str) -> None:
    if not state.tier.paid:
        raise BadValueError(name, "is not available on this tier")


def _weight(change: Change, value: object) -> bool:
    state, item = change.state, change.item
    _paid(state, "weight")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise BadValueError("weight", "must be a whole number of 0 or more")
    old, item.weight = item.weight, value
    if old == value:
        return False
    item.events.weight.append(WeightEvent(state.take("weight_event"), change.at, change.user, value, old))
    return True


def _state(change: Change, value: object) -> bool:
    if value not in (OPENED, CLOSED):
        raise BadValueError("state", "does not have a valid value")
    if not _turn(change, str(value)):
        return False
    lifecycle = lifecycle_of(change.state, change.item)
    if lifecycle:
        _write_status(change, lifecycle.closes if value == CLOSED else lifecycle.opens)
    return True


def _turn(change: Change, value: str) -> bool:
    """Closes or opens, with its event. What is opened again is no duplicate any more, and was not moved."""
    state, item = change.state, change.item
    if item.state == value:
        return False
    item.state = value
    item.closed, item.closed_by = (change.at, change.user) if value == CLOSED else (None, None)
    if value == OPENED:
        item.moved_to = item.duplicated_to = None
    name = CLOSED if value == CLOSED else "reopened"
    number = state.take("state_event")
    item.events.state.append(StateEvent(number, change.at, change.user, name, change.merge_request, change.commit))
    return True


def lifecycle_of(state: GitLab, item: WorkItem) -> Lifecycle | None:
    """The lifecycle that the item's kind follows; None where there are no statuses."""
    if not state.tier.paid:
        return None
    return next((found for found in state.lifecycles if item.kind in found.kinds), None)


def _status(change: Change, value: object) -> bool:
    """A status of category done or canceled closes the item, any other opens it."""
    state, item = change.state, change.item
    lifecycle = lifecycle_of(state, item)
    if lifecycle is None or not isinstance(value, int) or value not in lifecycle.statuses:
        raise BadValueError("status", "is not available for this item")
    written = _write_status(change, value)
    return _turn(change, CLOSED if state.statuses[value].closes else OPENED) or written


def _write_status(change: Change, number: int) -> bool:
    old, change.item.status = change.item.status, number
    if old != number:
        change.note(wording.status(change.state.statuses[number].name), "work_item_status")
    return old != number


def _assignees(change: Change, value: object) -> bool:
    state, item = change.state, change.item
    new = _numbers("assignee_ids", value)
    if any(number not in state.users for number in new):
        raise BadValueError("assignee_ids", "is invalid")
    came = [state.users[n].username for n in new if n not in item.assignees]
    went = [state.users[n].username for n in item.assignees if n not in new]
    item.assignees = new
    if came or went:
        change.note(wording.assignees(came, went), "assignee")
    return bool(came or went)


def _confidential(change: Change, value: object) -> bool:
    old, change.item.confidential = change.item.confidential, bool(value)
    if old != change.item.confidential:
        change.note(*wording.confidential(change.item.confidential))
    return old != change.item.confidential


def _due(change: Change, value: object) -> bool:
    old, change.item.due = change.item.due, _day("due_date", value)
    return _dated(change, "due date", old, change.item.due)


def _start(change: Change, value: object) -> bool:
    old, change.item.start = change.item.start, _day("start_date", value)
    return _dated(change, "start date", old, change.item.start)


def _day(name: str, value: object) -> date | None:
    if value is not None and not isinstance(value, date):
        raise BadValueError(name, "is invalid")
    return value


def _dated(change: Change, name: str, old: date | None, new: date | None) -> bool:
    if old != new:
        change.note(wording.dates({name: (old, new)}), "start_date_or_due_date")
    return old != new


def _estimate(change: Change, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadValueError("time_estimate", "is invalid")
    old, change.item.time_estimate = change.item.time_estimate, value
    if old != value:
        change.note(wording.estimate(old, value), "time_tracking")
    return old != value


def _parent(change: Change, value: object) -> bool:
    """Written at both ends; the parent is touched too."""
    state, item = change.state, change.item
    new = _reference("parent_id", value, state.items)
    old, item.parent = item.parent, new
    if old == new:
        return False
    for number, added in ((old, False), (new, True)):
        if number is not None and (other := state.items.get(number)):
            here, there = wording.parent(state, item, other, added)
            change.note(here, "relate_to_parent" if added else "unrelate_from_parent")
            change.note(there, "relate_to_child" if added else "unrelate_from_child", other)
            touch(state, other, change.at)
    return True


def _health(change: Change, value: object) -> bool:
    if value is not None and (not isinstance(value, str) or value not in HEALTHS):
        raise BadValueError("health_status", "does not have a valid value")
    old, change.item.health = change.item.health, value
    if old != value:
        change.note(wording.health(old, change.item.health), "health_status")
    return old != value


def _custom(change: Change, value: object) -> bool:
    """A mapping of custom field ids to values; None takes one away."""
    if not isinstance(value, Mapping):
        raise BadValueError("custom_fields", "is invalid")
    done = [_custom_value(change, int(number), new) for number, new in value.items()]
    return any(done)


def _custom_value(change: Change, number: int, new: object) -> bool:
    state, item = change.state, change.item
    found = state.custom_fields.get(number)
    if found is None or not state.tier.paid:
        raise BadValueError("custom_fields", "is not available for this item")
    old = item.custom.get(number)
    if old == new:
        return False
    item.custom = {**item.custom, number: new} if new is not None else _without(item.custom, number)
    change.note(wording.custom_field(found.name, shown(found, old), shown(found, new)), "custom_field")
    return True


def _without(values: Mapping[int, object], number: int) -> dict[int, object]:
    return {key: value for key, value in values.items() if key != number}


def shown(found: CustomField, value: object) -> str | None:
    """A value as a note writes it: numbers without idle zeros, options by name; None for none."""
    if value is None:
        return None
    if isinstance(value, Sequence) and not isinstance(value, str):
        names = dict(found.options)
        return ", ".join(names[int(option)] for option in value)
    return f"{value:g}" if isinstance(value, int | float) else str(value).strip()


def _kind(change: Change, value: object) -> bool:
    old, change.item.kind = change.item.kind, str(value)
    if old != change.item.kind:
        change.note(wording.kind(old, change.item.kind), "issue_type")
    return old != change.item.kind


EDITORS: dict[str, Editor] = {
    "title": _title,
    "description": _description,
    "labels": _labels,
    "add_labels": _add_labels,
    "remove_labels": _remove_labels,
    "milestone": _milestone,
    "iteration": _iteration,
    "weight": _weight,
    "state": _state,
    "status": _status,
    "assignees": _assignees,
    "confidential": _confidential,
    "due": _due,
    "start": _start,
    "time_estimate": _estimate,
    "parent": _parent,
    "health": _health,
    "custom": _custom,
    "kind": _kind,
}
"""How each member is changed, by its name in `WorkItem`; `add_labels` and `remove_labels` beside."""
