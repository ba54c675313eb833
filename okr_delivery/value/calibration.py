"""How much of what was claimed came true: realised over expected, pooled over past traces."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr_delivery.model.numbers import tidy, total
from okr_delivery.value.effects import Effects, is_measured

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.value.links import LinkReader

FEWEST = 5


@dataclass(frozen=True, slots=True)
class Realised:
    """One measured requirement on one key result. `span` makes units comparable; None where there is none."""

    kr: str
    expected: float
    realised: float
    span: float | None


def calibration(past: Sequence[Realised], kr: str) -> float | None:
    """Σ realised / Σ expected of the key result, from five traces on; else of all, as shares; else None."""
    mine = [(one.expected, one.realised) for one in past if one.kr == kr]
    if len(mine) >= FEWEST:
        return ratio(mine)
    shares = [(one.expected / one.span, one.realised / one.span) for one in past if one.span]
    return ratio(shares) if len(shares) >= FEWEST else None


def ratio(pairs: Iterable[tuple[float, float]]) -> float | None:
    """Σ realised / Σ expected of (expected, realised) pairs; None for none and for Σ expected = 0."""
    found = list(pairs)
    expected = total(one for one, _ in found)
    return tidy(total(other for _, other in found) / expected) if found and expected else None


def past(
    snapshot: Snapshot, links: LinkReader, effects: Effects, team_id: str, but: Collection[tuple[str, str]]
) -> list[Realised]:
    """The team's measured requirements with what they had promised, except those in `but` (source, issue id)."""
    found: list[Realised] = []
    for (source, issue_id, kr), effect in sorted(effects.by_issue.items()):
        item = snapshot.item(source, issue_id)
        if item is None or item.team != team_id or (source, issue_id) in but or not is_measured(effect):
            continue
        found += _realised(links, item, kr, effect.value)
    return found


def _realised(links: LinkReader, item: Item, kr: str, value: float) -> Iterator[Realised]:
    frozen_at = links.frozen_at(item)
    if frozen_at is None:
        return
    for stated in links.frozen(item, frozen_at).contributions:
        if stated.kr == kr and stated.amount:
            result = links.snapshot.book.key_results[kr]
            yield Realised(kr, stated.amount, value, links.span(result, links.day(item, frozen_at)))
