"""How far a key result still has to go: from where it stands to the target in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from okr_delivery.delivery.rules import calendar_of
from okr_delivery.model.numbers import less
from okr_delivery.model.okr import Direction, KeyResult
from okr_delivery.value.evidence import COMPUTED, value_at
from okr_delivery.value.krs import span_of, wanted_sign

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.okrs import Readings


@dataclass(frozen=True, slots=True)
class Gap:
    """`missing` is in the key result's unit and never negative: 0 when nothing is left, None when nobody can say.

    `way` is the sign of a change that closes it, 0 where there is none. `unread`: nothing was read or counted yet, so
    the whole span is missing.
    """

    missing: float | None
    way: int
    unread: bool = False


def gap_of(snapshot: Snapshot, readings: Readings, kr: KeyResult) -> Gap:
    """The gap as of the snapshot; a reading counts however old it is."""
    day = calendar_of(snapshot.config).local_date(snapshot.as_of)
    value = _value(snapshot, readings, kr, day)
    if kr.metric.direction is Direction.RANGE:
        return _to_band(kr, value)
    way, target = wanted_sign(kr), snapshot.book.target_at(kr, day)
    if value is None or target is None or not way:
        span = span_of(kr, snapshot.book, day, readings) if way else None
        return Gap(None if span is None else abs(span), way, value is None)
    return Gap(max(way * less(target, value), 0.0), way)


def _value(snapshot: Snapshot, readings: Readings, kr: KeyResult, day: date) -> float | None:
    """The latest reading, or what the tracker itself counts."""
    if kr.metric.direction in COMPUTED:
        value = value_at(snapshot, kr)
        return value if isinstance(value, float) else None
    reading = readings.latest(kr.full_id, day)
    return None if reading is None else reading.value


def _to_band(kr: KeyResult, value: float | None) -> Gap:
    """The way back into a band; inside of it nothing is missing."""
    low, high = kr.metric.low, kr.metric.high
    if value is None:
        return Gap(None, 0, unread=True)
    if low is not None and value < low:
        return Gap(less(low, value), 1)
    if high is not None and value > high:
        return Gap(less(value, high), -1)
    return Gap(0.0, 0)
