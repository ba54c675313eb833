"""The numbers of the pace chart: readings, the plan line in the key result's own unit, releases."""

from __future__ import annotations

from datetime import date, timedelta

from okr_delivery.model.numbers import tidy
from okr_delivery.model.okr import Cycle, Direction, KeyResult
from okr_delivery.okrs.book import MOVING
from okr_delivery.okrs.curve import expected, plan_points, planned
from okr_delivery.okrs.measure import COMPUTED
from okr_delivery.okrs.readings import WITHOUT_NUMBER
from okr_delivery.okrs.results import KrProgress
from okr_delivery.report.chartdata import PaceChart, PacePoint, Release
from okr_delivery.report.sections.context import Context

DEFINITION = "kr_pace/readings/plan_by_month_else_working_days"
FROM_ZERO = frozenset({Direction.ISSUES})  # a count that grows; the line of an at_least would leave its readings flat
RELEASES = 12  # markers drawn; the newest


def pace_chart(c: Context, p: KrProgress) -> PaceChart | None:
    """None for key results without a series of numbers (milestones, yes/no, composites), and with nothing to draw."""
    kr = p.kr
    if kr.metric.direction in WITHOUT_NUMBER:
        return None
    cycle = c.snapshot.book.cycle_of(kr)
    readings = _readings(c, p, cycle)
    if not readings and not kr.plan and kr.metric.baseline is None:
        return None
    target = c.snapshot.book.target_at(kr, p.day)
    band = (kr.metric.low, kr.metric.high)
    return PaceChart(
        kr=kr.id,
        unit=kr.metric.unit,
        start=cycle.start,
        end=cycle.end,
        today=min(c.today, cycle.end),
        readings=readings,
        plan=_plan(c, kr, cycle, target),
        target=target,
        band=(band[0], band[1]) if band[0] is not None and band[1] is not None else None,
        releases=_releases(c, kr, cycle),
        n=len(readings),
        definition=DEFINITION,
        as_of=c.as_of,
    )


def _readings(c: Context, p: KrProgress, cycle: Cycle) -> tuple[PacePoint, ...]:
    last = min(c.today, cycle.end)
    if p.kr.metric.direction in COMPUTED:
        return () if p.value is None else (PacePoint(last, p.value),)
    return tuple(PacePoint(r.day, r.value) for r in c.readings.series(p.kr.full_id) if cycle.start <= r.day <= last)


def _plan(c: Context, kr: KeyResult, cycle: Cycle, target: float | None) -> tuple[PacePoint, ...]:
    """What pace is judged by, in the key result's unit: the monthly plan, else working days; `lag` shifts both."""
    if kr.plan:
        return _by_month(c, kr, cycle)
    start = 0.0 if kr.metric.direction in FROM_ZERO else c.snapshot.book.start_value(kr, c.readings)
    if start is None or target is None or kr.metric.direction not in MOVING | FROM_ZERO:
        return ()
    weeks = range(0, (cycle.end - cycle.start).days, 7)
    days = [cycle.start + timedelta(days=offset) for offset in weeks] + [cycle.end]
    return tuple(PacePoint(day, tidy(start + (target - start) * _share(c, kr, day))) for day in days)


def _share(c: Context, kr: KeyResult, day: date) -> float:
    return expected(kr, c.snapshot.book, c.readings, c.snapshot.calendar(c.team), day).progress


def _by_month(c: Context, kr: KeyResult, cycle: Cycle) -> tuple[PacePoint, ...]:
    book, lag = c.snapshot.book, timedelta(days=kr.lag_days)
    corners = [day + lag for day, _ in plan_points(kr, book, c.readings)]
    days = sorted({cycle.start, *(day for day in corners if cycle.start < day < cycle.end), cycle.end})
    return tuple(PacePoint(day, tidy(planned(kr, book, c.readings, day - lag))) for day in days)


def _releases(c: Context, kr: KeyResult, cycle: Cycle) -> tuple[Release, ...]:
    found = []
    for trace in c.trace.key_results:
        for row in trace.requirements if trace.kr.full_id == kr.full_id else ():
            item = c.item(row.source, row.issue_id)
            release = c.snapshot.released(item) if item else None
            if release is not None and cycle.start <= release.day <= c.today:
                found.append(Release(release.day, row.key, c.link(row.source, row.url)))
    return tuple(sorted(found, key=lambda r: (r.day, r.key))[-RELEASES:])
