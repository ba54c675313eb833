"""Progress, pace and verdict of key results, and their roll-up to objectives, each with its arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from okr_delivery.model.calendar import Calendar
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import Cycle, CycleState, HealthMetric, KeyResult
from okr_delivery.okrs import rollup
from okr_delivery.okrs.book import OkrBook
from okr_delivery.okrs.curve import EARLY, Expected, elapsed, expected
from okr_delivery.okrs.measure import COMPUTED, Measure, clamp, formula, measure
from okr_delivery.okrs.readings import WITHOUT_NUMBER, Readings
from okr_delivery.okrs.results import HealthState, KrProgress, KrStatus, ObjectiveProgress, Verdict

ROUNDING = 1e-9
"""Ratios that differ by less are equal: 0.9 × 0.5 must not miss 0.45."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares of the expected progress from which a key result is on track, or at risk instead of off track."""

    on_track: float = 0.9
    at_risk: float = 0.7


DEFAULT_THRESHOLDS = Thresholds()
NOTHING: Mapping[str, float] = {}


def kr_progress(
    kr: KeyResult,
    book: OkrBook,
    readings: Readings,
    calendar: Calendar,
    day: date,
    computed: Mapping[str, float] = NOTHING,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> KrProgress:
    """Everything that can be said of a key result at the end of a day.

    `computed` holds the values of `issues` and `delivery` key results by full id; one that is not in it has no data.
    """
    cycle = book.cycle_of(kr)
    found = measure(kr, book, readings, day, computed)
    should = expected(kr, book, readings, calendar, day)
    status, pace = _pace(found, should, cycle, calendar, day, thresholds)
    health = tuple(_health(kr, metric, readings, day) for metric in kr.health)
    age = (day - found.reading.day).days if found.reading else None
    stale = age is not None and age > kr.cadence_days
    lines = (*_progress_lines(kr, found, day, book), should.basis, pace, *_age_lines(kr, age, stale=stale))
    return KrProgress(
        kr=kr,
        day=day,
        value=found.value,
        progress=found.progress,
        clamped=None if found.progress is None else clamp(found.progress),
        original_progress=found.original,
        expected_progress=should.progress,
        status=status,
        verdict=_verdict(found, health, cycle, day),
        confidence=None,
        reading=found.reading,
        age_days=age,
        stale=stale,
        health=health,
        arithmetic=msg("okrs.arithmetic", lines=lines),
    )


def all_progress(
    book: OkrBook,
    readings: Readings,
    calendar: Calendar,
    day: date,
    computed: Mapping[str, float] = NOTHING,
    cycle: str | None = None,
) -> tuple[tuple[KrProgress, ...], tuple[ObjectiveProgress, ...]]:
    """Key results and objectives of one cycle, or of all cycles that are of interest on the day."""
    chosen = {cycle} if cycle is not None else cycles_of_interest(book, day)
    every = {kr.full_id: kr_progress(kr, book, readings, calendar, day, computed) for kr in book.key_results.values()}
    krs = tuple(every[full] for full in sorted(every) if every[full].kr.cycle in chosen)
    named = sorted(full for full, objective in book.objectives.items() if objective.cycle in chosen)
    return krs, tuple(rollup.objective_progress(book.objectives[full], book, every) for full in named)


def cycles_of_interest(book: OkrBook, day: date) -> set[str]:
    """Cycles that contain the day, and earlier ones still active or in review; all of them when there is none."""
    open_states = (CycleState.ACTIVE, CycleState.REVIEW)
    found = {c.id for c in book.cycles.values() if c.start <= day and (day <= c.end or c.state in open_states)}
    return found or set(book.cycles)


def _pace(
    found: Measure, should: Expected, cycle: Cycle, calendar: Calendar, day: date, thresholds: Thresholds
) -> tuple[KrStatus, Message]:
    if found.progress is None:
        return KrStatus.NO_DATA, msg("okrs.pace.no_data")
    worked, whole = elapsed(cycle, calendar, day)
    if worked / whole < EARLY - ROUNDING:
        return KrStatus.TOO_EARLY, msg("okrs.pace.too_early", worked=worked, whole=whole, percent=round(EARLY * 100))
    if not should.begun:
        return KrStatus.TOO_EARLY, msg("okrs.pace.not_begun")
    return _status(clamp(found.progress), should.progress, thresholds)


def _status(progress: float, should: float, thresholds: Thresholds) -> tuple[KrStatus, Message]:
    terms = {"progress": progress, "expected": should, "high": thresholds.on_track, "low": thresholds.at_risk}
    if progress >= thresholds.on_track * should - ROUNDING:
        return KrStatus.ON_TRACK, msg("okrs.pace.on_track", **terms)
    if progress >= thresholds.at_risk * should - ROUNDING:
        return KrStatus.AT_RISK, msg("okrs.pace.at_risk", **terms)
    return KrStatus.OFF_TRACK, msg("okrs.pace.off_track", **terms)


def _progress_lines(kr: KeyResult, found: Measure, day: date, book: OkrBook) -> tuple[Message, ...]:
    lines = [found.formula]
    if found.progress is not None and found.progress != clamp(found.progress):
        lines.append(msg("okrs.formula.clamped", clamped=clamp(found.progress)))
    changes = [amendment for amendment in kr.amendments if amendment.on <= day]
    if changes and found.value is not None:
        last = changes[-1]
        terms = {"date": last.on.isoformat(), "reason": last.reason, "by": last.by}
        original = formula(kr.metric, found.value, kr.metric.target)
        lines.append(msg("okrs.formula.amended", formula=original, **terms))
    return tuple(lines)


def _age_lines(kr: KeyResult, age: int | None, *, stale: bool) -> tuple[Message, ...]:
    if age is None or kr.metric.direction in COMPUTED | WITHOUT_NUMBER:
        return ()
    return (msg("okrs.age.stale" if stale else "okrs.age", days=age, cadence=kr.cadence_days),)


def _health(kr: KeyResult, metric: HealthMetric, readings: Readings, day: date) -> HealthState:
    reading = readings.latest(f"{kr.full_id}/{metric.id}", day)
    value = reading.value if reading else None
    if metric.at_most is not None:
        limit, met = f"<= {metric.at_most:g}", None if value is None else value <= metric.at_most
    else:
        least = metric.at_least or 0.0
        limit, met = f">= {least:g}", None if value is None else value >= least
    return HealthState(metric.id, metric.title, metric.unit, limit, value, reading.day if reading else None, met)


def _verdict(found: Measure, health: tuple[HealthState, ...], cycle: Cycle, day: date) -> Verdict:
    """Core met and health met, by the table; before the cycle's end only `achieved` can be said."""
    if found.progress is None or any(state.met is None for state in health):
        return Verdict.UNDETERMINED
    core, healthy = found.progress >= 1, all(state.met for state in health)
    if core and healthy:
        return Verdict.ACHIEVED
    if day < cycle.end:
        return Verdict.UNDETERMINED
    if core:
        return Verdict.HOLLOW
    return Verdict.MISSED if healthy else Verdict.FAILED
