"""Status, resolution, priority and labels of an issue, moment by moment: they all follow from state and labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from okr_delivery.model.work import EMPTY, Value
from okr_delivery_gitlab.events import Action, Event, Kind
from okr_delivery_gitlab.folding import Step, Story, by_second
from okr_delivery_gitlab.known import Known
from okr_delivery_gitlab.labelling import GONE, Labels, first_labels, with_deleted
from okr_delivery_gitlab.statuses import CLOSED, OPEN, closes, custom_value, label_value, resolution
from okr_delivery_gitlab.today import Today

_OWN = frozenset({Kind.STATE, Kind.LABEL, Kind.STATUS, Kind.DUPLICATE, Kind.MOVED})


class Moment(NamedTuple):
    """What is true from a second on. `labels` are names by id, those put on last behind the others."""

    status: Value
    resolution: Value
    priority: Value
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _State:
    closed: bool = False
    duplicate: bool = False
    moved: bool = False
    custom: Value | None = None


class Lifecycle:
    """Folds an issue's events once; `final` is what is true today, whatever they say."""

    def __init__(self, today: Today, events: Sequence[Event], known: Known) -> None:
        self._today = today
        self._known = known
        self._settings = known.settings
        own = [event for event in events if event.kind in _OWN and self._counts(event)]
        self._events = with_deleted(_closed_as_now(own, today), self._settings.label_scope)
        self._states: list[tuple[Event, Moment]] = []
        self._first, last, labels = self._fold()
        self.final = self._final(last, labels)

    def story(self, of: Callable[[Moment], Value]) -> Story:
        """One of these fields: its value after each second."""
        steps = [Step(event.ts, event.history_id, of(moment), event.actor) for event, moment in self._states]
        return Story(of(self._first), steps)

    def settles_status(self, step: Step) -> bool:
        """GitLab itself gives a custom status to what is closed or opened again, and writes no note about it."""
        last = next((event for event, _ in reversed(self._states) if event.history_id == step.history_id), None)
        return self._today.status is not None and last is not None and last.kind is Kind.STATE

    def _counts(self, event: Event) -> bool:
        """A note of a move is one of this issue only if it has moved; promoted issues have become epics."""
        if event.kind is Kind.MOVED:
            return self._today.moved_to is not None or "&" in (event.value.name or "")
        return event.action is not Action.UNKNOWN

    def _fold(self) -> tuple[Moment, _State, Labels]:
        first = first_labels(self._events, self._today.labels)
        labels = Labels("scoped_labels" in self._settings.features, dict(first))
        told = any(event.kind in (Kind.STATUS, Kind.STATE) for event in self._events)
        state = _State(custom=None if told else self._today.status)
        begin = self._moment(state, labels)
        for _, group in by_second(self._events):
            for event in group:
                state = _after(state, event)
                if event.kind is Kind.LABEL:
                    labels.apply(self._named(event))
            self._states.append((group[-1], self._moment(state, labels)))
        return begin, state, labels

    def _named(self, event: Event) -> Event:
        """A label goes by its name of today, however an event calls it."""
        ref = event.value.id or ""
        name = self._today.labels.get(ref) or self._known.labels.get(ref) or event.value.name or ref
        return event._replace(value=Value(ref, name))

    def _moment(self, state: _State, labels: Labels) -> Moment:
        stage = _last(labels, self._settings.label_scope)
        priority = _last(labels, self._settings.priority_scope)
        return Moment(
            status=self._status(state, stage),
            resolution=resolution(moved=state.moved, duplicate=state.duplicate, label=stage) if state.closed else EMPTY,
            priority=priority,
            labels=dict(labels.present),
        )

    def _status(self, state: _State, stage: Value) -> Value:
        """Closed beats any label, and any custom status that does not close."""
        if self._settings.label_scope is not None:
            return CLOSED if state.closed else OPEN if stage == EMPTY else stage
        if state.custom is None or closes(state.custom, self._known) is not state.closed:
            unlisted = state.custom is not None and closes(state.custom, self._known) is None
            if not unlisted or state.closed or state.custom is None:
                return CLOSED if state.closed else OPEN
        return custom_value(state.custom, self._known)

    def _final(self, last: _State, labels: Labels) -> Moment:
        """Today's labels, in the order that the events tell; those that no event tells of come first."""
        today = self._today
        kept = {ref: today.labels[ref] for ref in labels.present if ref in today.labels}
        untold = {ref: name for ref, name in today.labels.items() if ref not in kept}
        duplicate = last.duplicate if today.duplicate is None else today.duplicate
        state = replace(
            last,
            closed=today.closed,
            duplicate=duplicate,
            moved=last.moved or today.moved_to is not None,
            custom=today.status,
        )
        return self._moment(state, Labels(labels.exclusive, untold | kept))


def _last(labels: Labels, scope: str | None) -> Value:
    found = labels.last(scope)
    if found is None or (found[0] == GONE and scope is None):
        return EMPTY
    return label_value(*found)


def _after(state: _State, event: Event) -> _State:
    match event.kind, event.action:
        case Kind.STATE, Action.CLOSE:
            return replace(state, closed=True)
        case Kind.STATE, Action.REOPEN:
            return _State(custom=None)
        case Kind.DUPLICATE, _:
            return replace(state, duplicate=True)
        case Kind.MOVED, _:
            return replace(state, moved=True)
        case Kind.STATUS, _:
            return replace(state, custom=event.value)
        case _:
            return state


def _closed_as_now(events: Sequence[Event], today: Today) -> list[Event]:
    """Events that end in the state of today: servers kept no events of states before 2020."""
    states = [event for event in events if event.kind is Kind.STATE]
    closed = bool(states) and states[-1].action is Action.CLOSE
    if closed == today.closed:
        return list(events)
    ts = (today.closed_at if today.closed else None) or today.updated
    ts = max([ts, *(event.ts for event in states)])
    action = Action.CLOSE if today.closed else Action.REOPEN
    return sorted([*events, Event(ts, Kind.STATE, 0, action)], key=lambda event: event.order)
