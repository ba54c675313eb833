"""How the waivers of a file stand: which do their work, and which can go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from okr_delivery.gate.waiving import SOON_DAYS, Known

if TYPE_CHECKING:
    from okr_delivery.gate.result import GateResult
    from okr_delivery.gate.waivers import Waiver, Waivers


class Standing(StrEnum):
    WORKS = "works"
    SOON = "soon"  # works, and ends soon
    EXPIRED = "expired"
    UNUSED = "unused"  # there is nothing left to waive, or nobody knows what it names
    UNKNOWN = "unknown"  # nothing that was looked at tells

    @property
    def spent(self) -> bool:
        """Whether the waiver can go."""
        return self in (Standing.EXPIRED, Standing.UNUSED)


def standings(waivers: Waivers, runs: Sequence[GateResult], today: Callable[[Waiver], date]) -> tuple[Standing, ...]:
    """One for each waiver, in the file's order; `runs` are what was judged with these waivers.

    `today` tells the day on which a waiver must be over to be over for everybody whom it may speak of.
    """
    used = {one.waiver.place for result in runs for one in result.waived}
    idle: dict[int, set[Known]] = {}
    for result in runs:
        for place, known in result.idle_waivers.items():
            idle.setdefault(place, set()).add(known)
    return tuple(_standing(one, one.place in used, idle.get(one.place, set()), today(one)) for one in waivers)


def _standing(waiver: Waiver, used: bool, idle: set[Known], today: date) -> Standing:
    if waiver.expires < today:
        return Standing.EXPIRED
    if used:
        return Standing.SOON if (waiver.expires - today).days < SOON_DAYS else Standing.WORKS
    return Standing.UNUSED if idle - {Known.OUT_OF_SCOPE} else Standing.UNKNOWN
