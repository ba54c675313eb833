"""Open work that stands in an iteration ahead, beside one that is next in line and holds none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr_delivery.delivery.resolve import resolve
from okr_delivery.delivery.teams import Role
from okr_delivery.model.work import IterationKind, IterationState

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.model.work import Iteration


@dataclass(frozen=True, slots=True)
class Beside:
    """`empty` is what `next` means, `other` a later one with that many open requirements."""

    empty: Iteration
    other: Iteration
    requirements: int


def beside(snapshot: Snapshot, team_id: str, chosen: Sequence[Iteration]) -> Beside | None:
    """Whether what `next` means (`chosen`) is empty while a later iteration of the team is not; None: it is not so.

    Somebody's trial may be first in line by its dates or the tracker's order, which nobody would notice.
    """
    if not chosen or any(_open(snapshot, team_id, iteration) for iteration in chosen):
        return None
    for other in _later(snapshot, team_id, chosen):
        count = _open(snapshot, team_id, other)
        if count:
            return Beside(chosen[0], other, count)
    return None


def _later(snapshot: Snapshot, team_id: str, chosen: Sequence[Iteration]) -> Iterator[Iteration]:
    """Those that would be next if it were not for the ones before them. Periods of the calendar are never founded."""
    left = [i for i in snapshot.iterations(team_id) if i.kind is not IterationKind.PERIOD and i not in chosen]
    left = [i for i in left if snapshot.state(i) is not IterationState.CLOSED]
    while left:
        following = resolve("next", left, snapshot.as_of, team_id, kind=left[0].kind)
        yield from following
        left = [i for i in left if i not in following] if following else []


def _open(snapshot: Snapshot, team_id: str, iteration: Iteration) -> int:
    """How many open requirements stand in it."""
    inside = snapshot.members(team_id, iteration, snapshot.as_of)
    return sum(item.role is Role.REQUIREMENT and item.open and item.gone_at is None for item in inside)
