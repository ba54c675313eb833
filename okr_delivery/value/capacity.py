"""What fits into a team's iteration, and what stands in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from okr_delivery.delivery.metrics.iteration import VELOCITY_OF, closed
from okr_delivery.delivery.metrics.stat import nearest_rank
from okr_delivery.delivery.teams import Role
from okr_delivery.model.numbers import tidy, total
from okr_delivery.model.work import Field
from okr_delivery.value.links import links_at

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.model.work import Iteration

FEWEST = 3  # closed iterations that tell what fits
UNIT = "points"
WORK = frozenset({Role.REQUIREMENT, Role.NON_OKR})


@dataclass(frozen=True, slots=True)
class Capacity:
    """Effort that fits into one iteration. `iterations` are the names of those that history took it from."""

    amount: float
    unit: str
    basis: Literal["configured", "history"]
    iterations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """The open work of an iteration. `effort` is what is estimated of it, None where work is there and none is.

    `non_okr` is the share of work declared to serve no key result: of the effort, by count where an estimate is
    missing; None without work.
    """

    effort: float | None
    unestimated: tuple[str, ...] = ()
    non_okr: float | None = None


def capacity(snapshot: Snapshot, team_id: str) -> Capacity | None:
    """What is configured, else the median of what the last closed iterations delivered.

    None with too few of them, and where the median is nothing at all: no plan fits into 0.

    An iteration that delivered work of which nothing was estimated says nothing; one that delivered none says 0.
    """
    settings = snapshot.team(team_id).capacity
    unit = UNIT if settings is None else settings.unit
    if settings is not None and settings.per_iteration is not None:
        return Capacity(settings.per_iteration, unit, "configured")
    past = [(one, _delivered(snapshot, team_id, one)) for one in closed(snapshot, team_id)[-VELOCITY_OF:]]
    told = [(one.name, effort) for one, effort in past if effort is not None]
    if len(told) < FEWEST:
        return None
    median = nearest_rank(sorted(effort for _, effort in told), 50)
    return Capacity(median, unit, "history", tuple(name for name, _ in told)) if median else None


def _delivered(snapshot: Snapshot, team_id: str, iteration: Iteration) -> float | None:
    """The effort that an iteration delivered, as estimated at finishing."""
    done = [(snapshot.item(m.source, m.issue_id), m) for m in snapshot.sets(team_id, iteration).delivered]
    return effort([m.estimate_out for item, m in done if item is not None and item.role in WORK])


def effort(estimates: Sequence[float | None]) -> float | None:
    """The sum of what is estimated; None when nothing of it is, 0 of no work at all. No work takes less than none."""
    known = [max(estimate, 0.0) for estimate in estimates if estimate is not None]
    return total(known) if known or not estimates else None


def work_in(snapshot: Snapshot, team_id: str, iteration: Iteration) -> tuple[Item, ...]:
    """The open requirements and the open work of non-OKR classes that stand in an iteration."""
    members = snapshot.members(team_id, iteration, snapshot.as_of)
    return tuple(item for item in members if item.role in WORK and item.open and item.gone_at is None)


def serves_none(snapshot: Snapshot, item: Item) -> bool:
    """Whether it is of a class of work that serves no key result, or says so itself and names none."""
    links = links_at(snapshot, item)
    named = links.contributions or any(problem.kr for problem in links.problems)
    return item.role is Role.NON_OKR or (bool(links.non_okr) and not named)


def load(snapshot: Snapshot, team_id: str, iteration: Iteration) -> Load:
    """The open work that stands in an iteration at the snapshot's instant."""
    items = work_in(snapshot, team_id, iteration)
    estimates = [item.number_at(Field.ESTIMATE, snapshot.as_of) for item in items]
    return Load(
        effort=effort(estimates),
        unestimated=tuple(item.key for item, known in zip(items, estimates, strict=True) if known is None),
        non_okr=share_apart(estimates, [serves_none(snapshot, item) for item in items]),
    )


def share_apart(estimates: Sequence[float | None], apart: Sequence[bool]) -> float | None:
    """The share of what is marked, by effort; by count where an estimate is missing or all are 0; None of no work."""
    by_count = not effort(estimates) or None in estimates
    sizes = [1.0 if by_count else max(estimate or 0.0, 0.0) for estimate in estimates]
    whole = total(sizes)
    return tidy(total(size for size, is_apart in zip(sizes, apart, strict=True) if is_apart) / whole) if whole else None
