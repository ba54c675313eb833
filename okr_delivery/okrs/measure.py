"""How far a key result is: value and progress by its direction, with the arithmetic in actual numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from okr_delivery.locale.numbers import plain
from okr_delivery.model.message import Message, msg
from okr_delivery.model.numbers import less, tidy, total
from okr_delivery.model.okr import Direction, KeyResult, Metric, Reading
from okr_delivery.okrs.book import MOVING, OkrBook
from okr_delivery.okrs.readings import Readings

COMPUTED = frozenset({Direction.ISSUES, Direction.DELIVERY})


@dataclass(frozen=True, slots=True)
class Measure:
    """`progress` is raw and None without data; `original` is against the target before amendments."""

    value: float | None
    progress: float | None
    original: float | None
    formula: Message
    reading: Reading | None = None


def clamp(progress: float) -> float:
    return min(1.0, max(0.0, progress))


def ratio(metric: Metric, value: float, target: float | None) -> float:
    """Raw progress of a number metric at `value`, held against `target` (ranges have none)."""
    match metric.direction:
        case Direction.RANGE:
            return _range(metric, value)
        case Direction.AT_LEAST:
            return _at_least(value, _number(target))
        case Direction.AT_MOST:
            return _at_most(value, _number(target))
        case Direction.ISSUES:
            return tidy(value / _number(target))
        case _:
            baseline = _number(metric.baseline)
            return tidy(less(value, baseline) / less(_number(target), baseline))


def _number(value: float | None) -> float:
    if value is None:
        raise ValueError("this metric has no such number")
    return value


def _at_least(value: float, target: float) -> float:
    """min(1, a/t); a ratio says nothing about a target of zero or below, so that is all or nothing."""
    if value >= target:
        return 1.0
    return tidy(value / target) if target > 0 else 0.0


def _at_most(value: float, target: float) -> float:
    """1 up to the target, t/a above it; a target of zero or below is all or nothing."""
    if value <= target:
        return 1.0
    return tidy(target / value) if target > 0 else 0.0


def _range(metric: Metric, value: float) -> float:
    """1 inside, linearly to 0 at the tolerance (and on below it); without a tolerance 0 outside."""
    outside = distance(metric, value)
    if outside == 0:
        return 1.0
    return less(1.0, tidy(outside / metric.tolerance)) if metric.tolerance else 0.0


def distance(metric: Metric, value: float) -> float:
    """How far a value lies outside a range; 0 inside, bounds included."""
    return max(less(_number(metric.low), value), less(value, _number(metric.high)), 0.0)


def measure(kr: KeyResult, book: OkrBook, readings: Readings, day: date, computed: Mapping[str, float]) -> Measure:
    """Value and progress of a key result on a day."""
    match kr.metric.direction:
        case Direction.MILESTONES:
            return _milestones(kr.metric, day)
        case Direction.YES_NO:
            return _yes_no(kr.metric, day)
        case Direction.COMPOSITE:
            return _composite(kr, book, readings, day, computed)
        case _:
            return _numeric(kr, book, readings, day, computed)


def _numeric(kr: KeyResult, book: OkrBook, readings: Readings, day: date, computed: Mapping[str, float]) -> Measure:
    by_tracker = kr.metric.direction in COMPUTED
    reading = None if by_tracker else readings.latest(kr.full_id, day)
    value = computed.get(kr.full_id) if by_tracker else reading.value if reading else None
    if value is None:
        return Measure(None, None, None, msg("okrs.formula.not_computed" if by_tracker else "okrs.formula.no_reading"))
    target = book.target_at(kr, day)
    progress, original = ratio(kr.metric, value, target), ratio(kr.metric, value, kr.metric.target)
    return Measure(value, progress, original, formula(kr.metric, value, target), reading)


def formula(metric: Metric, value: float, target: float | None) -> Message:
    """The line of arithmetic that leads to `ratio`."""
    progress = ratio(metric, value, target)
    terms: dict[str, object] = {"value": _term(value), "progress": progress}
    if metric.direction in MOVING:
        return msg("okrs.formula.moving", baseline=_term(metric.baseline), target=_term(target), **terms)
    if metric.direction is Direction.RANGE:
        return _range_formula(metric, value, terms)
    met = value <= _number(target) if metric.direction is Direction.AT_MOST else value >= _number(target)
    kind = metric.direction.value
    if metric.direction is Direction.ISSUES:
        return msg("okrs.formula.issues", target=_term(target), **terms)
    if met or _number(target) <= 0:
        return msg(f"okrs.formula.{kind}.{'met' if met else 'none'}", target=_term(target), **terms)
    return msg(f"okrs.formula.{kind}.part", target=_term(target), **terms)


def _range_formula(metric: Metric, value: float, terms: Mapping[str, object]) -> Message:
    band = {"low": _term(metric.low), "high": _term(metric.high)}
    outside = distance(metric, value)
    if outside == 0:
        return msg("okrs.formula.range.inside", **band, **terms)
    if metric.tolerance is None:
        return msg("okrs.formula.range.outside", **band, **terms)
    return msg("okrs.formula.range.near", outside=_term(outside), tolerance=_term(metric.tolerance), **band, **terms)


def _term(value: float | None) -> str:
    """A number inside a formula; negative ones in brackets."""
    text = plain(_number(value)).replace("-", "−")
    return f"({text})" if text.startswith("−") else text


def _milestones(metric: Metric, day: date) -> Measure:
    done = [item for item in metric.items if item.done is not None and item.done <= day]
    reached, whole = total(item.weight for item in done), total(item.weight for item in metric.items)
    progress = tidy(reached / whole)
    counts = {"n": len(done), "of": len(metric.items), "reached": _term(reached), "total": _term(whole)}
    return Measure(progress, progress, progress, msg("okrs.formula.milestones", progress=progress, **counts))


def _yes_no(metric: Metric, day: date) -> Measure:
    if metric.done is not None and metric.done <= day:
        return Measure(1.0, 1.0, 1.0, msg("okrs.formula.yes", date=metric.done.isoformat()))
    return Measure(0.0, 0.0, 0.0, msg("okrs.formula.no"))


def _composite(kr: KeyResult, book: OkrBook, readings: Readings, day: date, computed: Mapping[str, float]) -> Measure:
    parts = [book.key_results[full] for full in book.children(kr.full_id) if full in book.key_results]
    measures = {part.id: measure(part, book, readings, day, computed) for part in parts}
    missing = [name for name, found in measures.items() if found.progress is None]
    if missing:
        return Measure(None, None, None, msg("okrs.formula.composite.no_data", parts=tuple(missing)))
    now = {name: clamp(found.progress or 0.0) for name, found in measures.items()}
    original = _combine(kr.metric, [clamp(found.original or 0.0) for found in measures.values()])
    progress = _combine(kr.metric, list(now.values()))
    listed = tuple(f"{name} {share:.2f}" for name, share in now.items())
    return Measure(
        progress, progress, original, msg(f"okrs.formula.composite.{kr.metric.rule}", parts=listed, progress=progress)
    )


def _combine(metric: Metric, shares: list[float]) -> float:
    return min(shares) if metric.rule == "all" else tidy(total(shares) / len(shares))
