"""Periods of the calendar, for teams that pull their work instead of filling sprints. They are made, never stored.

Work is in a period from when it stands at or behind the commitment status, or from the period's start if it stood there
before, until it goes back before that status or the period ends. What ends within a period stays in it, and is in no
later one unless it is opened again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from okr_delivery.model.calendar import Calendar
from okr_delivery.model.work import Interval, Iteration, IterationKind, IterationState, Kind, Membership

AHEAD = 2  # periods that are planned: the next, and the one after it
MONDAY = 0

_ENDED = (Kind.DONE, Kind.CANCELLED)
Presence = tuple[int, int | None]  # [since, until), until None: still


@dataclass(frozen=True, slots=True)
class Grid:
    """Periods of `weeks` weeks without gaps, one of which begins on the local day `start`."""

    calendar: Calendar
    weeks: int
    start: date

    @property
    def _length(self) -> timedelta:
        return timedelta(weeks=self.weeks)

    def first_day(self, at: int) -> date:
        """The first day of the period that holds an instant."""
        past = self.calendar.local_date(at) - self.start
        return self.start + past // self._length * self._length

    def end(self, at: int) -> int:
        """When the period that holds an instant ends."""
        return self.calendar.midnight(self.first_day(at) + self._length)

    def id_at(self, at: int) -> str:
        """The id of the period that holds an instant: its first day."""
        return self.first_day(at).isoformat()

    def periods(self, since: int, as_of: int, source: str) -> tuple[Iteration, ...]:
        """From the period that holds `since` to the one after the next, oldest first, with their states at `as_of`."""
        today, day = self.calendar.local_date(as_of), self.first_day(min(since, as_of))
        last = self.first_day(as_of) + AHEAD * self._length
        count = (last - day) // self._length + 1
        return tuple(self._period(day + n * self._length, n, today, source) for n in range(count))

    def _period(self, first: date, order: int, today: date, source: str) -> Iteration:
        last = first + self._length - timedelta(days=1)
        return Iteration(
            source=source,
            id=first.isoformat(),
            name=self._name(first, last),
            state=_state(first, last, today),
            start=self.calendar.midnight(first),
            end=self.calendar.day_end(last),
            order=order,
            kind=IterationKind.PERIOD,
            first_day=first,
            last_day=last,
        )

    def _name(self, first: date, last: date) -> str:
        """An ISO week by its number, any other period by its days."""
        if self.weeks == 1 and first.weekday() == MONDAY:
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02d}"
        return f"{first.isoformat()} – {last.isoformat()}"

    # who is in them

    def stays(self, intervals: Sequence[Interval], commitment: int, as_of: int) -> tuple[Membership, ...]:
        """The stays of an issue in periods, oldest first, as known at `as_of`; the end of a period ends its stays."""
        found: list[Membership] = []
        for presence in self._presences(intervals, commitment):
            for stay in self._cut(*presence, as_of):
                last = found[-1] if found else None
                if last is not None and (last.iteration_id, last.left_at) == (stay.iteration_id, stay.entered_at):
                    found[-1] = replace(last, left_at=stay.left_at)
                else:
                    found.append(stay)
        return tuple(found)

    def _cut(self, since: int, until: int | None, as_of: int) -> Iterator[Membership]:
        """A presence, period by period."""
        at = since
        while at <= as_of and (until is None or at < until):
            end = self.end(at)
            left = end if until is None else min(end, until)
            yield Membership(self.id_at(at), at, left if left <= as_of else None)
            at = end

    def _presences(self, intervals: Sequence[Interval], commitment: int) -> Iterator[Presence]:
        """When an issue counts as being there. An unmapped status changes nothing: nobody knows what it means."""
        since: int | None = None
        until: int | None = None  # with `since`: it ended, and lingers to the end of that period
        ended = False
        for _, kind, stage, at, _ in intervals:
            if kind is Kind.UNMAPPED:
                continue
            if since is not None and until is not None and at >= until:
                yield since, until
                since = until = None
            if kind in _ENDED:
                if since is None and kind is Kind.DONE and not ended:
                    since = at
                if since is not None and until is None:
                    until = self.end(at)
            elif stage >= commitment:
                since, until = (at if since is None else since), None
            elif since is not None:
                yield since, at
                since = until = None
            ended = kind in _ENDED
        gone = intervals[-1].left_at if intervals else None
        if since is not None:
            yield since, until if until is not None or gone is None else self.end(gone)


def _state(first: date, last: date, today: date) -> IterationState:
    if first > today:
        return IterationState.FUTURE
    return IterationState.ACTIVE if last >= today else IterationState.CLOSED
