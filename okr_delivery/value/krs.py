"""What the value side asks about one key result: does it need an amount, which way should it go, who is it called."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from okr_delivery.model.okr import CycleState, Direction, KeyResult
from okr_delivery.okrs import KrAmbiguous, KrFound, KrUnknown, OkrBook

if TYPE_CHECKING:
    from okr_delivery.okrs import Readings

WITHOUT_AMOUNT = frozenset({Direction.MILESTONES, Direction.YES_NO, Direction.ISSUES, Direction.COMPOSITE})
UNCOUNTABLE = frozenset({Direction.MILESTONES, Direction.YES_NO, Direction.COMPOSITE})
_UP = frozenset({Direction.INCREASE, Direction.AT_LEAST, Direction.ISSUES})
_DOWN = frozenset({Direction.DECREASE, Direction.AT_MOST})


def needs_amount(kr: KeyResult) -> bool:
    return kr.metric.direction not in WITHOUT_AMOUNT


def wanted_sign(kr: KeyResult) -> int:
    """+1 when the value should rise, -1 when it should fall, 0 when neither can be said (a band, a composite)."""
    metric = kr.metric
    if metric.direction in _UP:
        return 1
    if metric.direction in _DOWN:
        return -1
    if metric.direction is Direction.DELIVERY and metric.baseline is not None and metric.target is not None:
        return (metric.target > metric.baseline) - (metric.target < metric.baseline)
    return 0


def is_active(kr: KeyResult, book: OkrBook, day: date) -> bool:
    """Whether its cycle runs on a day, neither closed before its time nor still a draft."""
    cycle = book.cycle_of(kr)
    return cycle.start <= day <= cycle.end and cycle.state not in (CycleState.CLOSED, CycleState.DRAFT)


def may_be_meant(kr: KeyResult, book: OkrBook, day: date) -> bool:
    """Whether work of a day may serve it: its cycle contains the day, or is yet to come where none does."""
    cycle = book.cycle_of(kr)
    around = cycle.start <= day or book.cycle_at(day) is None
    return around and day <= cycle.end and cycle.state is not CycleState.CLOSED


def span_of(kr: KeyResult, book: OkrBook, day: date, readings: Readings) -> float | None:
    """Target minus start; None without one, and where the start lies beyond the target: no way is left to share.

    Tracker issues are counted within the cycle, so without a reading they start at zero.
    """
    span = book.span(kr, day, readings)
    if span is None and kr.metric.direction is Direction.ISSUES:
        return book.target_at(kr, day) or None
    return None if span is not None and span * wanted_sign(kr) < 0 else span


class Way(NamedTuple):
    """How a key result is to move: `span` is target minus start, None without one; `sign` as `wanted_sign` says it.

    Of a band the sign leads back into it from the latest reading; it has no span.
    """

    span: float | None
    sign: int


def way_of(kr: KeyResult, book: OkrBook, day: date, readings: Readings) -> Way:
    """As of a day."""
    return Way(span_of(kr, book, day, readings), wanted_sign(kr) or _back(kr, day, readings))


def _back(kr: KeyResult, day: date, readings: Readings) -> int:
    low, high, found = kr.metric.low, kr.metric.high, readings.latest(kr.full_id, day)
    if kr.metric.direction is not Direction.RANGE or found is None:
        return 0
    return (low is not None and found.value < low) - (high is not None and found.value > high)


class Names:
    """Finds key results by id or by the tracker issue that stands for them."""

    def __init__(self, book: OkrBook) -> None:
        self._book = book
        self._ids = {name.casefold() for kr in book.key_results.values() for name in (kr.id, kr.full_id)}
        self._trackers = {kr.tracker.casefold(): kr for kr in book.key_results.values() if kr.tracker}

    def known(self, ref: str, source: str) -> bool:
        return ref.casefold() in self._ids or f"{source}:{ref}".casefold() in self._trackers

    def resolve(self, ref: str, source: str, day: date) -> KrFound | KrUnknown | KrAmbiguous:
        answer = self._book.resolve(ref, day)
        tracked = self._trackers.get(f"{source}:{ref}".casefold()) if isinstance(answer, KrUnknown) else None
        return KrFound(tracked) if tracked else answer
