"""Expected progress: where a key result should be on a day, by its monthly plan or linearly in working days."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta

from okr_delivery.model.calendar import Calendar
from okr_delivery.model.message import Message, msg
from okr_delivery.model.numbers import less, tidy
from okr_delivery.model.okr import Cycle, Direction, KeyResult
from okr_delivery.okrs.book import OkrBook
from okr_delivery.okrs.check import month_end
from okr_delivery.okrs.measure import clamp, ratio
from okr_delivery.okrs.readings import Readings

EARLY = 0.1
"""Share of the cycle's working days before which a ratio says nothing."""


@dataclass(frozen=True, slots=True)
class Expected:
    """`progress` is clamped. `begun` is False while the lag still runs: nothing is expected yet."""

    progress: float
    basis: Message
    begun: bool = True


def elapsed(cycle: Cycle, calendar: Calendar, day: date) -> tuple[int, int]:
    """Working days of the cycle up to and including `day`, and all of them."""
    whole = calendar.workdays(cycle.start, cycle.end)
    if whole == 0:  # a cycle of nothing but holidays: count its days
        return min(max((day - cycle.start).days + 1, 0), (cycle.end - cycle.start).days + 1), (
            cycle.end - cycle.start
        ).days + 1
    return calendar.workdays(cycle.start, min(day, cycle.end)), whole


def expected(kr: KeyResult, book: OkrBook, readings: Readings, calendar: Calendar, day: date) -> Expected:
    """Expected progress on a day. `lag` shifts the curve by that many days."""
    cycle = book.cycle_of(kr)
    shifted = day - timedelta(days=kr.lag_days)
    if shifted < cycle.start:
        return Expected(0.0, msg("okrs.expected.not_begun", lag=kr.lag_days), begun=False)
    if kr.plan:
        value = planned(kr, book, readings, shifted)
        progress = clamp(ratio(kr.metric, value, book.target_at(kr, day)))
        return Expected(progress, msg("okrs.expected.plan", progress=progress, value=value, date=shifted.isoformat()))
    worked, whole = elapsed(cycle, calendar, shifted)
    progress = tidy(worked / whole)
    return Expected(progress, msg("okrs.expected.linear", progress=progress, worked=worked, whole=whole))


def planned(kr: KeyResult, book: OkrBook, readings: Readings, day: date) -> float:
    """The plan's value at the end of a day: straight lines between month ends, from the start value.

    Before the first month end of a plan whose start value nobody knows it is the first month's value.
    """
    points = plan_points(kr, book, readings)
    days = [on for on, _ in points]
    n = bisect_left(days, day)
    if n == 0:
        return points[0][1]
    if n == len(points):
        return points[-1][1]
    (left, a), (right, b) = points[n - 1], points[n]
    return a + less(b, a) * (day - left).days / (right - left).days


def plan_points(kr: KeyResult, book: OkrBook, readings: Readings) -> list[tuple[date, float]]:
    """The corners of the plan: (day, value at the day's end), the first on the eve of the cycle."""
    cycle = book.cycle_of(kr)
    start = book.start_value(kr, readings)
    if start is None and kr.metric.direction is Direction.ISSUES:
        start = 0.0
    corners = {} if start is None else {cycle.start - timedelta(days=1): start}
    corners |= {min(month_end(month), cycle.end): value for month, value in sorted(kr.plan.items())}
    return sorted(corners.items())
