"""Questions about key results that several rules ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from okr_delivery.model.okr import Cycle, CycleState, KeyResult

if TYPE_CHECKING:
    from okr_delivery.okrs import OkrBook

DAY = 86_400


class Inactivity(StrEnum):
    CLOSED = "closed"  # its state says so
    ENDED = "ended"  # its end is past
    NOT_STARTED = "not_started"
    DRAFT = "draft"  # it should have begun, but its file says draft


@dataclass(frozen=True, slots=True)
class Inactive:
    """Why a key result can't take contributions. `days` counts from the cycle's end or to its start."""

    why: Inactivity
    cycle: Cycle
    days: int
    successor: KeyResult | None


def inactivity(kr: KeyResult, book: OkrBook, day: date, *, planned: bool) -> Inactive | None:
    """None while its cycle runs on `day`. Without a plan (`planned` False) only a cycle that is over counts."""
    cycle = book.cycle_of(kr)
    if cycle.end < day:
        return Inactive(Inactivity.ENDED, cycle, (day - cycle.end).days, successor(kr, book))
    if cycle.state is CycleState.CLOSED:
        return Inactive(Inactivity.CLOSED, cycle, 0, successor(kr, book))
    if planned and cycle.start > day:
        return Inactive(Inactivity.NOT_STARTED, cycle, (cycle.start - day).days, None)
    if planned and cycle.state is CycleState.DRAFT:
        return Inactive(Inactivity.DRAFT, cycle, 0, None)
    return None


def successor(kr: KeyResult, book: OkrBook) -> KeyResult | None:
    """The key result that says it `continues` this one."""
    return next(iter(book.continued_by(kr)), None)


def elsewhere(ref: str, book: OkrBook, day: date) -> KeyResult | None:
    """The key result of that short id in another cycle than the day's: the one that began last, before the day."""
    wanted = ref.strip().casefold()
    found = [kr for kr in book.key_results.values() if wanted in (kr.id.casefold(), kr.full_id.casefold())]
    past = [kr for kr in found if book.cycle_of(kr).start <= day]
    return max(past or found, key=lambda kr: (book.cycle_of(kr).start, kr.full_id), default=None)
