"""Iterations that trackers date by the day: their instants in a team's calendar, and which release trains run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from okr_delivery.delivery.natural import natural
from okr_delivery.model.calendar import Calendar
from okr_delivery.model.work import Iteration, IterationKind, IterationState


def dated(iterations: Iterable[Iteration], calendar: Calendar, as_of: int) -> tuple[Iteration, ...]:
    """The same iterations, days turned into instants: from the midnight before the first to the one after the last.

    Versions get the state that they had on the local day of `as_of`; the tracker only says which are released.
    """
    today = calendar.local_date(as_of)
    return tuple(_dated(each, calendar, today) for each in iterations)


def _dated(iteration: Iteration, calendar: Calendar, today: date) -> Iteration:
    first, last = iteration.first_day, iteration.last_day
    if first is not None:
        iteration = replace(iteration, start=calendar.midnight(first))
    if last is not None:
        iteration = replace(iteration, end=calendar.day_end(last))
    if iteration.kind is not IterationKind.VERSION:
        return iteration
    return replace(iteration, state=_state(iteration, today))


def is_released(version: Iteration, today: date) -> bool:
    """Whether a version was released by the end of a day; one without a date counts from ever on."""
    return version.state is IterationState.CLOSED and (version.last_day is None or version.last_day <= today)


def _state(version: Iteration, today: date) -> IterationState:
    if is_released(version, today):
        return IterationState.CLOSED
    begun = version.first_day is not None and version.first_day <= today
    return IterationState.ACTIVE if begun else IterationState.FUTURE


def running(trains: Sequence[Iteration]) -> tuple[Iteration, ...]:
    """A team's iterations; of its trains, if none has begun by its dates, the one without a start due first runs."""
    own = [train for train in trains if train.kind is IterationKind.VERSION]
    waiting = [t for t in own if t.state is IterationState.FUTURE and t.first_day is None and t.last_day is not None]
    if not waiting or any(train.state is IterationState.ACTIVE for train in own):
        return tuple(trains)
    first = min(waiting, key=_due)
    return tuple(replace(t, state=IterationState.ACTIVE) if t is first else t for t in trains)


def _due(train: Iteration) -> tuple[date, int, object]:
    return train.last_day or date.max, train.order, natural(train.id)
