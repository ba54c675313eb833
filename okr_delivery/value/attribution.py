"""Who moved the key result: measured lift first, the remainder by stated amounts, never more than was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from okr_delivery.model.numbers import divided, less, total

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Part:
    """A delivered requirement whose window overlaps. Amounts are raw; `measured` None: nothing was measured."""

    key: str
    expected: float | None
    measured: float | None = None


@dataclass(frozen=True, slots=True)
class Attribution:
    """`allocated` by key, for those without a measurement.

    `unexplained` is what nobody accounts for: a remainder that is not positive, or one that can't be split (`group`).
    `over`: measured effects exceed what was observed; then there are no totals and nothing is allocated.
    """

    allocated: Mapping[str, float] = field(default_factory=dict)
    unexplained: float | None = None
    over: bool = False
    group: bool = False


def attribute(observed: float | None, parts: Sequence[Part], sign: int, drift: float = 0.0) -> Attribution:
    """Splits an observed change. `sign` is the wanted direction; `drift` the change that would have come anyway.

    A drift in the wanted direction is taken off; one against it is never used to enlarge the remainder.
    """
    if observed is None:
        return Attribution()
    way = sign or (1 if observed >= 0 else -1)
    seen = way * observed
    lift = total(way * part.measured for part in parts if part.measured is not None)
    if any(part.measured is not None for part in parts) and lift > seen + ROUNDING:
        return Attribution(over=True)
    left = less(seen, lift, max(way * drift, 0.0))
    open_parts = [part for part in parts if part.measured is None]
    if left <= 0:
        return Attribution({part.key: 0.0 for part in open_parts if _weight(part, way)}, way * left if left else None)
    return _split(left, open_parts, way)


def _weight(part: Part, way: int) -> float:
    """Only amounts in the wanted direction take a share of a change in that direction."""
    return max(way * (part.expected or 0.0), 0.0)


def _split(left: float, parts: Sequence[Part], way: int) -> Attribution:
    weighty = [part for part in parts if _weight(part, way)]
    if not weighty:
        return Attribution(unexplained=way * left, group=len(parts) > 1)
    shares = divided(way * left, [_weight(part, way) for part in weighty])
    return Attribution({part.key: share for part, share in zip(weighty, shares, strict=True)})
