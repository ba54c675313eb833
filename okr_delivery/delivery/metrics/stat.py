"""The one percentile method, `nearest_rank`, and the band around it. Ranks are counted from 1."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import comb

from okr_delivery.delivery.results import Percentiles

METHOD = "nearest_rank"
LEVELS = (50, 85, 95)


def rank(n: int, p: int) -> int:
    """The rank of the p-th percentile of n values, in whole numbers: floats round 0.07 x 100 up to 8."""
    return max(1, (p * n + 99) // 100)


def nearest_rank(values: Sequence[float], p: int) -> float | None:
    """The p-th percentile of *sorted* values: "p % lie within it". None of nothing."""
    return values[rank(len(values), p) - 1] if values else None


@lru_cache(maxsize=256)
def band(n: int, p: int) -> tuple[int, int]:
    """The ranks between which the true percentile lies with 90 % probability; below 1 or above n: open."""
    return _quantile(n, p, 5), _quantile(n, p, 95) + 1


def _quantile(n: int, p: int, level: int) -> int:
    """The least k with P(X <= k) >= level %, X binomial (n, p %), in whole numbers."""
    total, bound = 0, level * 100**n
    for k in range(n + 1):
        total += comb(n, k) * p**k * (100 - p) ** (n - k) * 100
        if total >= bound:
            return k
    return n


def percentiles(values: Sequence[float]) -> Percentiles | None:
    """p50, p85 and p95 of sorted values with their bands; None of nothing."""
    if not values:
        return None
    p50, p85, p95 = (nearest_rank(values, p) for p in LEVELS)
    return Percentiles(p50, p85, p95, tuple(_bounds(values, p) for p in LEVELS))


BANDED = 1000  # beyond, the band is narrower than anyone reads, and the exact sum grows dear


def _bounds(values: Sequence[float], p: int) -> tuple[float | None, float | None]:
    n = len(values)
    if n > BANDED:
        middle = nearest_rank(values, p)
        return middle, middle
    low, high = band(n, p)
    return (values[low - 1] if low >= 1 else None, values[high - 1] if high <= n else None)
