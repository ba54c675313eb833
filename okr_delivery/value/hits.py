"""Hit rate (需求命中率) and coverage: of what was due, how much was measured, and how much of that came true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from okr_delivery.model.okr import Effect
from okr_delivery.value.results import HitRate

THETA = 0.5  # share of what was expected from which a requirement counts as a hit


@dataclass(frozen=True, slots=True)
class Due:
    """A delivered requirement whose window has ended. `effect` None: nothing was measured."""

    expected: float | None
    effect: Effect | None


def is_hit(due: Due) -> bool:
    """At least half of what was expected, and surely more than nothing, both in the expected direction."""
    if due.effect is None or not due.expected or not has_bound(due.effect):
        return False
    way = 1 if due.expected > 0 else -1
    bounds = [way * bound for bound in (due.effect.low, due.effect.high) if bound is not None]
    return way * due.effect.value >= THETA * abs(due.expected) and min(bounds) > 0


def has_bound(effect: Effect) -> bool:
    """Without a lower bound nobody knows whether it was more than nothing."""
    return effect.low is not None


def hit_rate(dues: Sequence[Due]) -> HitRate | None:
    """None when nothing is due."""
    if not dues:
        return None
    measured = [due for due in dues if due.effect is not None]
    hits = sum(map(is_hit, measured))
    missing = len(dues) - len(measured)
    return HitRate(
        due=len(dues),
        measured=len(measured),
        hits=hits,
        rate=hits / len(measured) if measured else None,
        coverage=len(measured) / len(dues),
        low=hits / len(dues),
        high=(hits + missing) / len(dues),
        unbounded=sum(due.effect is not None and not has_bound(due.effect) for due in measured),
    )
