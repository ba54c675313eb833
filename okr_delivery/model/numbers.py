"""One rule for numbers that people compare: no noise of binary fractions, neither in sums nor in ratios.

Sums and differences are taken in decimal, of the numbers as they are written; products and ratios are rounded to
twelve significant digits where they are made. So 46.3 − 45.1 is 1.2, 0.05 × 12 is 0.6, and parts add up to their whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

DIGITS = 12


def tidy(value: float) -> float:
    """Rounded to twelve significant digits."""
    return float(f"{value:.{DIGITS}g}")


def total(values: Iterable[float]) -> float:
    """The sum, exact in decimal; 0 of nothing."""
    return float(sum((Decimal(repr(float(value))) for value in values), Decimal(0)))


def less(value: float, *others: float) -> float:
    """`value` without the others, exact in decimal."""
    return total((value, *(-other for other in others)))


def divided(value: float, weights: Sequence[float]) -> list[float]:
    """`value` in proportion to the weights, which are not negative and not all 0; the parts add up to it exactly."""
    whole, given, used = total(weights), 0.0, 0.0
    parts: list[float] = []
    for weight in weights:
        used = total((used, weight))
        reached = value if used == whole else tidy(value * (used / whole))
        parts.append(less(reached, given))
        given = reached
    return parts
