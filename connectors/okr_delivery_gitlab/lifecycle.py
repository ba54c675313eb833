"""Status, resolution, priority and labels of an issue, moment by moment: they all follow from state and labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from okr_delivery.model.accounts import same_account
from okr_delivery.model.work import EMPTY, Value
from okr_delivery_gitlab.events import Action, Event, Kind
from okr_delivery_gitlab.folding import Step, Story, by_second
from okr_delivery_gitlab.known import Known
from okr_delivery_gitlab.labelling import Labels, first_labels, reunited, with_deleted
from okr_delivery_gitlab.statuses import CLOSED, OPEN, closes, custom_value, label_value, resolution
from okr_delivery_gitlab.today import Today

_OWN = frozenset({Kind.STATE, Kind.LABEL, Kind.STATUS, Kind.DUPLICATE, Kind.MOVED})


class _Shown(NamedTuple):
    """What the labels of a moment say. `names` are those by id, those put on last behind the others."""

    stage: Value
    priority: Value
    names: Mapping[str, str]


class Moment(NamedTuple):
    """What is true from a second on. `labels` are names by id, those put on last behind the others."""

    status: Value
    resolution: Value
    priority: Value
    labels: Mapping[str, str]


class _Told(NamedTuple):
    """The events of one second, who did all of them, and what is true behind them."""

    events: Sequence[Event]
    actor: str | None
    moment: Moment


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
        named = [self._named(e) for e in with_deleted(_as_now(own, today), self._settings.label_scope)]
        self._events = reunited(named, today.labels)
        self._told: list[_Told] = []
        self._first, last, labels = self._fold()
        self.final = self._final(last, labels)

    def story(self, of: Callable[[Moment], Value]) -> Story:
        """One of these fields: its value after each second."""
        ends = ((told.events[-1], told) for told in self._told)
        steps = [Step(last.ts, last.history_id, of(told.moment), told.actor) for last, told in ends]
        return Story(of(self._first), steps)

    def settles_status(self, step: Step) -> bool:
        """GitLab itself gives a custom status to what is closed or opened again, and writes no note about it."""
        if self._today.status is None:
            return False
        told = next((told.events for told in self._told if told.events[-1].history_id == step.history_id), ())
        return any(event.kind is Kind.STATE for event in told)

    def _counts(self, event: Event) -> bool:
        """A note of a move is one of this issue only if it has moved; promoted issues have become epics."""
        if event.kind is Kind.MOVED:
            return self._today.moved_to is not None or "&" in (event.value.name or "")
        return event.action is not Action.UNKNOWN

    def _fold(self) -> tuple[Moment, _State, Labels]:
        first = first_labels(self._events, self._today.labels)
        labels = Labels("scoped_labels" in self._settings.features, first)
        told = any(event.kind in (Kind.STATUS, Kind.STATE) for event in self._events)
        state = _State(custom=None if told else self._today.status)
        shown = self._shown(labels)
        begin = self._moment(state, shown)
        for _, group in by_second(self._events):
            labelled = [event for event in group if event.kind is Kind.LABEL]
            for event in labelled:
                labels.apply(event)
            if len(labelled) < len(group):
                state = _after(state, group)
            if labelled:
                shown = self._shown(labels)
            self._told.append(_Told(group, _one_hand(group), self._moment(state, shown)))
        return begin, state, labels

    def _named(self, event: Event) -> Event:
        """A label goes by its name of today, however an event calls it."""
        if event.kind is not Kind.LABEL:
            return event
        ref = event.value.id or ""
        name = self._today.labels.get(ref) or self._known.labels.get(ref) or event.value.name or ref
        return event if event.value == (ref, name) else event._replace(value=Value(ref, name))

    def _shown(self, labels: Labels) -> _Shown:
        stage = _last(labels, self._settings.label_scope)
        return _Shown(stage, _last(labels, self._settings.priority_scope), dict(labels.present))

    def _moment(self, state: _State, shown: _Shown) -> Moment:
        why = resolution(moved=state.moved, duplicate=state.duplicate, label=shown.stage) if state.closed else EMPTY
        return Moment(self._status(state, shown.stage), why, shown.priority, shown.names)

    def _status(self, state: _State, stage: Value) -> Value:
        """Closed beats any label, and any custom status that does not close."""
        if self._settings.label_scope is not None:
            return CLOSED if state.closed else OPEN if stage == EMPTY else stage
        if state.custom is not None and (not state.closed or closes(state.custom, self._known)):
            return custom_value(state.custom, self._known)
        return CLOSED if state.closed else OPEN

    def _final(self, last: _State, labels: Labels) -> Moment:
        """Today's labels, in the order that the events tell; those that no event tells of come first."""
        today = self._today
        kept = {ref: today.labels[ref] for ref in labels.present if ref in today.labels}
        untold = {ref: name for ref, name in today.labels.items() if ref not in kept}
        custom = last.custom if today.status is None else today.status
        state = replace(last, closed=today.closed, custom=custom)
        return self._moment(state, self._shown(Labels(labels.exclusive, untold | kept)))


def _one_hand(events: Sequence[Event]) -> str | None:
    """Who did all that happened in a second; None where several did, or nobody is named."""
    actors = [event.actor for event in events]
    if actors.count(actors[0]) == len(actors):  # nearly always
        return actors[0]
    mine = all(same_account(actor, actors[0]) for actor in actors)
    return max((actor for actor in actors if actor is not None), key=len) if mine else None


def _last(labels: Labels, scope: str | None) -> Value:
    found = labels.last(scope)
    return EMPTY if found is None else label_value(*found)


def _after(state: _State, events: Sequence[Event]) -> _State:
    """The state behind the events of one second."""
    for event in events:
        match event.kind, event.action:
            case Kind.STATE, Action.CLOSE:
                state = replace(state, closed=True)
            case Kind.STATE, Action.REOPEN:
                state = _State(custom=None)
            case Kind.DUPLICATE, _:
                state = replace(state, duplicate=True)
            case Kind.MOVED, _:
                state = replace(state, moved=True)
            case Kind.STATUS, _:
                state = replace(state, custom=event.value)
            case _:
                continue  # whatever else happened leaves the state as it is
    return state


def _as_now(events: Sequence[Event], today: Today) -> list[Event]:
    """Events that end in the state of today: servers kept no events of states before 2020."""
    states = [event for event in events if event.kind is Kind.STATE]
    found = list(events)
    if today.closed != (bool(states) and states[-1].action is Action.CLOSE):
        ts = (today.closed_at if today.closed else None) or today.updated
        ts = max([ts, *(event.ts for event in states)])
        states.append(Event(ts, Kind.STATE, 0, Action.CLOSE if today.closed else Action.REOPEN))
        found.append(states[-1])
    reasons = {Kind.MOVED: True if today.moved_to else None, Kind.DUPLICATE: today.duplicate}
    for kind, true in reasons.items():
        found = _reason(found, states, kind, true) if today.closed and true is not None else found
    return sorted(found, key=lambda event: event.order)


def _reason(events: list[Event], states: Sequence[Event], kind: Kind, true: bool) -> list[Event]:
    """Events in which what is said now of the last closing is said from then on, or not at all."""
    since = next((event.order for event in reversed(states) if event.action is Action.REOPEN), (0, 0))
    told = [event for event in events if event.kind is kind and event.order > since]
    if true:
        return events if told else [*events, Event(states[-1].ts, kind, 0, Action.SET)]
    return [event for event in events if event not in told]
