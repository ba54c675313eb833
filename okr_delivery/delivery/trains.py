"""Iterations that trackers date by the day: their instants in a team's calendar, and which release trains run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.teams import BY_DATES
from okr_delivery.model.calendar import Calendar
from okr_delivery.model.work import Iteration, IterationKind, IterationState


def dated(
    iterations: Iterable[Iteration], calendar: Calendar, as_of: int, known_at: int | None = None
) -> tuple[Iteration, ...]:
    """The same iterations, days turned into instants: from the midnight before the first to the one after the last.

    All get the state that they had on the local day of `as_of`. Of versions the tracker says which are released; of
    others without both days, which were closed by `known_at`, the instant as of which it said so (default: `as_of`).
    """
    today, heard = calendar.local_date(as_of), max(as_of, known_at or 0)
    return tuple(_dated(each, calendar, today, heard) for each in iterations)


def _dated(iteration: Iteration, calendar: Calendar, today: date, heard: int) -> Iteration:
    first, last = iteration.first_day, iteration.last_day
    if first is not None:
        iteration = replace(iteration, start=calendar.midnight(first))
    if last is not None:
        iteration = replace(iteration, end=calendar.day_end(last))
    if iteration.kind is IterationKind.VERSION:
        return replace(iteration, state=_state(iteration, today))
    if iteration.kind in BY_DATES:
        return replace(iteration, state=_state_by_dates(iteration, today, heard))
    return iteration


def _state_by_dates(iteration: Iteration, today: date, heard: int) -> IterationState:
    """By its days. One without both of them is over too if the tracker closed it before its time, or has no time."""
    first, last, end = iteration.first_day, iteration.last_day, iteration.end
    if last is not None and last < today:
        return IterationState.CLOSED
    if first is not None and first > today:
        return IterationState.FUTURE
    whole = first is not None and last is not None
    if not whole and iteration.state is IterationState.CLOSED and (end is None or end > heard):
        return IterationState.CLOSED
    return IterationState.FUTURE if first is None else IterationState.ACTIVE


def is_released(version: Iteration, today: date) -> bool:
    """Whether a version was released by the end of a day; one without a date counts from ever on."""
    return version.state is IterationState.CLOSED and (version.last_day is None or version.last_day <= today)


def _state(version: Iteration, today: date) -> IterationState:
    if is_released(version, today):
        return IterationState.CLOSED
    begun = version.first_day is not None and version.first_day <= today
    return IterationState.ACTIVE if begun else IterationState.FUTURE


def running(trains: Sequence[Iteration]) -> tuple[Iteration, ...]:
    """A team's iterations; of those dated by the day, if none runs by its dates, the one without a start due first."""
    own = [train for train in trains if train.kind is IterationKind.VERSION or train.kind in BY_DATES]
    waiting = [t for t in own if t.state is IterationState.FUTURE and t.first_day is None and t.last_day is not None]
    if not waiting or any(_runs(train) for train in own):
        return tuple(trains)
    first = min(waiting, key=_due)
    return tuple(replace(t, state=IterationState.ACTIVE) if t is first else t for t in trains)


def _runs(train: Iteration) -> bool:
    """A milestone that nobody gave a due day runs for ever, and is none to wait for."""
    endless = train.kind in BY_DATES and train.last_day is None
    return train.state is IterationState.ACTIVE and not endless


def _due(train: Iteration) -> tuple[date, int, object]:
    return train.last_day or date.max, train.order, natural(train.id)
