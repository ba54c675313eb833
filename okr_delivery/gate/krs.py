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
    """Why a key result can't take contributions.

    `days` is how far its cycle's edge is from the nearer of the day that was asked about and today, 0 or less within
    it. `file_behind`: the requirement may be right and the OKR files are out of date.
    """

    why: Inactivity
    cycle: Cycle
    days: int
    successor: KeyResult | None
    file_behind: bool = False

    def mild(self, grace: int) -> bool:
        """Within `grace` (seconds) of the edge, with a successor, or where the OKR files have nothing to name yet."""
        waits = self.file_behind and self.why is not Inactivity.CLOSED
        return waits or self.successor is not None or self.days * DAY <= grace


def inactivity(kr: KeyResult, book: OkrBook, day: date, *, planned: bool, today: date | None = None) -> Inactive | None:
    """None while its cycle runs on `day`. Without a plan (`planned` False) only a cycle that is over counts.

    Who plans for a day beyond the edge is as near to it as he is today. A cycle that was closed after its end ran
    until then.
    """
    cycle, now = book.cycle_of(kr), today or day
    heir, days = successor(kr, book), away(cycle, day, now)
    if cycle.end < day:
        return Inactive(Inactivity.ENDED, cycle, days, heir, heir is None and behind(book, day))
    if cycle.state is CycleState.CLOSED and now <= cycle.end:
        left = (cycle.end - max(day, now)).days
        return Inactive(Inactivity.CLOSED, cycle, left, heir, file_behind=heir is None)
    if planned and cycle.start > day:
        return Inactive(Inactivity.NOT_STARTED, cycle, days, None, behind(book, day))
    if planned and cycle.state is CycleState.DRAFT:
        return Inactive(Inactivity.DRAFT, cycle, 0, None, file_behind=True)
    return None


def away(cycle: Cycle, day: date, today: date) -> int:
    """Days from the cycle's edge to the nearer of a day beyond it and today; 0 or less for either within."""
    if cycle.end < day:
        return (min(day, today) - cycle.end).days
    return (cycle.start - max(day, today)).days


def behind(book: OkrBook, day: date) -> bool:
    """Whether the OKR files have no cycle for a day yet, though one ended before it no longer ago than it lasted."""
    if any(cycle.start <= day <= cycle.end for cycle in book.cycles.values()):
        return False
    return any(cycle.end < day <= cycle.end + (cycle.end - cycle.start) for cycle in book.cycles.values())


def awaited(ref: str, nearest: str | None, book: OkrBook, day: date) -> bool:
    """Whether an id that nobody knows may stand in an OKR file that is not written yet, rather than be a slip."""
    cycle, colon, _ = ref.partition(":")
    to_come = bool(colon) and cycle.casefold() not in {known.casefold() for known in book.cycles}
    return behind(book, day) and (to_come or not nearest)


def successor(kr: KeyResult, book: OkrBook) -> KeyResult | None:
    """The key result that says it `continues` this one."""
    return next(iter(book.continued_by(kr)), None)


def elsewhere(ref: str, book: OkrBook, day: date) -> KeyResult | None:
    """The key result of that short id in another cycle than the day's: the one that began last, before the day."""
    wanted = ref.strip().casefold()
    found = [kr for kr in book.key_results.values() if wanted in (kr.id.casefold(), kr.full_id.casefold())]
    past = [kr for kr in found if book.cycle_of(kr).start <= day]
    return max(past or found, key=lambda kr: (book.cycle_of(kr).start, kr.full_id), default=None)
