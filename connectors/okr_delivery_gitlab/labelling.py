"""The labels of an issue over time, in the order in which they were put on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from okr_delivery.model.work import Value
from okr_delivery_gitlab.events import Action, Event, Kind
from okr_delivery_gitlab.folding import by_second
from okr_delivery_gitlab.statuses import DELETED, in_scope, scope_of

GONE = DELETED.id or ""


@dataclass(slots=True)
class Labels:
    """Labels on an issue, those put on last behind the others: id -> name. `exclusive`: one of each scope at most."""

    exclusive: bool
    present: dict[str, str] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        """What is there already or not there at all changes nothing, nor do events of other things."""
        if event.kind is not Kind.LABEL:
            return
        ref, name = event.value.id or "", event.value.name or ""
        if event.action is Action.REMOVE:
            self.present.pop(ref, None)
        elif event.action is Action.ADD and ref not in self.present:
            scope = scope_of(name)[0] if self.exclusive else ""
            siblings = [other for other, known in self.present.items() if scope and scope_of(known)[0] == scope]
            for other in siblings:
                del self.present[other]
            self.present[ref] = name

    def last(self, scope: str | None) -> tuple[str, str] | None:
        """The label of a scope that was put on last."""
        if scope is None:
            return None
        return next((label for label in reversed(self.present.items()) if in_scope(label[1], scope)), None)


def first_labels(events: Iterable[Event], now: Mapping[str, str]) -> dict[str, str]:
    """What an issue was created with: labels whose first event removes them, and those without any event.

    Labels are told apart by id; names are those of today. Nobody knows which was put on last: they are ordered by
    id, so that it is the same one whatever happens to the others later.
    """
    heads: dict[str, Event] = {}
    for event in events:
        if event.kind is Kind.LABEL and event.value.id is not None and event.action in (Action.ADD, Action.REMOVE):
            heads.setdefault(event.value.id, event)
    removed = {ref: e.value.name or "" for ref, e in heads.items() if e.action is Action.REMOVE}
    found = removed | {ref: name for ref, name in now.items() if ref not in heads}
    return dict(sorted(found.items(), key=lambda label: (len(label[0]), label[0])))


def reunited(events: Sequence[Event], now: Mapping[str, str]) -> list[Event]:
    """Events in which a label that stayed behind when the issue moved is the one that took its place.

    GitLab gives an issue that moves the labels of the same names where it goes, without an event, and copies its events
    as they were: one label ends without being removed, another of its name begins without being added.
    """
    told: dict[str, list[Event]] = {}
    for event in events:
        if event.kind is Kind.LABEL and event.value.id is not None and event.action in (Action.ADD, Action.REMOVE):
            told.setdefault(event.value.id, []).append(event)
    begun = {own[0].value.name: ref for ref, own in told.items() if own[0].action is Action.REMOVE}
    begun |= {name: ref for ref, name in now.items() if ref not in told}
    left = [own[0].value for ref, own in told.items() if own[-1].action is Action.ADD and ref not in now]
    heirs = {value.id: begun[value.name] for value in left if value.name is not None and value.name in begun}
    return [_inherited(event, heirs.get(event.value.id)) for event in events]


def _inherited(event: Event, heir: str | None) -> Event:
    if heir is None or event.kind is not Kind.LABEL:
        return event
    return event._replace(value=Value(heir, event.value.name))


def with_deleted(events: Sequence[Event], scope: str | None) -> list[Event]:
    """Events in which deleted labels that were statuses have an id to go by; other labels without one are left out.

    What an event of a deleted label says is only that there was one. It was a status when it came or went in the same
    second as a status went or came.
    """
    was_status = set() if scope is None else set(_statuses(events, scope))
    gone = Value(GONE, f"{scope}::{DELETED.name}")
    found = (event._replace(value=gone) if event.history_id in was_status else event for event in events)
    return [event for event in found if event.kind is not Kind.LABEL or event.value.id is not None]


def _statuses(events: Sequence[Event], scope: str) -> Iterable[int]:
    """The history ids of events of deleted labels that were statuses."""
    unsure: list[int] = []
    standing = False
    for _, group in by_second(event for event in events if event.kind is Kind.LABEL):
        statuses = {event.action for event in group if in_scope(event.value.name or "", scope)}
        came, went = Action.ADD in statuses, Action.REMOVE in statuses
        for event in filter(_nameless, group):
            if event.action is Action.ADD:
                if went:
                    standing = True
                    yield event.history_id
                else:
                    unsure.append(event.history_id)
            elif event.action is Action.REMOVE and (came or standing):
                if not standing and unsure:
                    yield unsure.pop()
                standing = False
                yield event.history_id


def _nameless(event: Event) -> bool:
    return event.kind is Kind.LABEL and event.value.id is None and event.value.name is None
