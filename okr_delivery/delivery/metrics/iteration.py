"""Iterations: what was promised, what came of it. Formulas: METRICS.md section 2.2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.metrics.period import Population
from okr_delivery.delivery.results import IterationSets, IterationSummary, Member, Metric
from okr_delivery.model.work import Iteration, IterationState

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot

VELOCITY_OF = 6  # closed iterations
ITEMS, POINTS, RATIO = "items", "pt", ""

DEFINITIONS = {
    "committed": (ITEMS, "committed/member_at_start/items"),
    "say_do": (RATIO, "say_do/committed_delivered-committed/items"),
    "say_do_points": (RATIO, "say_do/committed_delivered-committed/points_at_start"),
    "delivered_ratio": (RATIO, "delivered_ratio/delivered-committed/items"),
    "scope_change": (ITEMS, "scope_change/added_removed/items"),
    "scope_change_ratio": (RATIO, "scope_change/added_removed-committed/items"),
    "scope_change_points": (POINTS, "scope_change/added_removed_reestimated/points"),
    "carry_over": (RATIO, "carry_over/carried-delivered_carried/items"),
    "delivered_points": (POINTS, "delivered/points_at_finish"),
}


def points(estimates: Iterable[float | None]) -> float | None:
    """The sum of what is estimated; None when nothing is."""
    known = [estimate for estimate in estimates if estimate is not None]
    return sum(known) if known else None


def ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def both(sets: IterationSets) -> list[Member]:
    """C ∩ D, with the estimates of the commitment."""
    delivered = {member.ref for member in sets.delivered}
    return [member for member in sets.committed if member.ref in delivered]


def say_do_points(sets: IterationSets) -> float | None:
    whole = points(member.estimate_in for member in sets.committed)
    return ratio(points(member.estimate_in for member in both(sets)) or 0.0, whole)


def scope_change_points(sets: IterationSets) -> float | None:
    """Σ added at joining + Σ removed at leaving + Σ |re-estimates| of what stayed; None when nothing is estimated."""
    stayed = (*sets.delivered, *sets.carried_over)
    changes = [
        abs(member.estimate_out - member.estimate_in)
        for member in stayed
        if member.estimate_in is not None and member.estimate_out is not None
    ]
    parts = [points(m.estimate_in for m in sets.added), points(m.estimate_out for m in sets.removed), points(changes)]
    return points(parts)


def summary(sets: IterationSets) -> IterationSummary:
    """The `iteration` block of metrics/1."""
    committed, change = len(sets.committed), len(sets.added) + len(sets.removed)
    return IterationSummary(
        sets=sets,
        say_do=ratio(len(both(sets)), committed),
        delivered_ratio=ratio(len(sets.delivered), committed),
        carry_over_ratio=ratio(len(sets.carried_over), len(sets.delivered) + len(sets.carried_over)),
        scope_change=change,
        scope_change_ratio=ratio(change, committed),
        say_do_points=say_do_points(sets),
        committed_points=points(member.estimate_in for member in sets.committed),
        delivered_points=points(member.estimate_out for member in sets.delivered),
    )


def metrics(p: Population, found: IterationSummary | None) -> Iterator[tuple[str, Metric]]:
    """The same figures as metrics; without an iteration they are there and hold no data."""
    values = _values(found) if found is not None else dict.fromkeys(DEFINITIONS, (None, 0))
    out = _out(p, found)
    items = _inside(p, found)
    for name, (unit, definition) in DEFINITIONS.items():
        value, n = values[name]
        yield name, p.metric(value, n, unit, definition, items=items, excluded=out[name])


def _values(found: IterationSummary) -> dict[str, tuple[float | None, int]]:
    sets = found.sets
    committed, delivered = len(sets.committed), len(sets.delivered)
    carried = delivered + len(sets.carried_over)
    return {
        "committed": (None if sets.window.start is None else float(committed), committed),
        "say_do": (found.say_do, committed),
        "say_do_points": (found.say_do_points, committed),
        "delivered_ratio": (found.delivered_ratio, committed),
        "scope_change": (float(found.scope_change), found.scope_change),
        "scope_change_ratio": (found.scope_change_ratio, committed),
        "scope_change_points": (scope_change_points(sets), found.scope_change),
        "carry_over": (found.carry_over_ratio, carried),
        "delivered_points": (found.delivered_points, delivered),
    }


def _inside(p: Population, found: IterationSummary | None) -> list[Item]:
    """The issues of C and A."""
    if found is None:
        return []
    members = {member.ref for member in (*found.sets.committed, *found.sets.added)}
    return [item for item in p.counted if item.ref in members]


def _out(p: Population, found: IterationSummary | None) -> dict[str, Counter[str]]:
    """Per metric why issues are not counted; points leave out what nobody estimated."""
    if found is None:
        return {name: Counter() for name in DEFINITIONS}
    iteration = found.sets.iteration.id
    base = p.out(lambda item: any(m.iteration_id == iteration for m in item.memberships))
    base["done_before_start"] = len(found.sets.done_before_start)
    base["done_before_added"] = len(found.sets.done_before_added)
    out = {name: Counter(base) for name in DEFINITIONS}
    committed = sum(member.estimate_in is None for member in found.sets.committed)
    delivered = sum(member.estimate_out is None for member in found.sets.delivered)
    out["say_do_points"]["unestimated"] = committed
    out["delivered_points"]["unestimated"] = delivered
    return out


def velocity(p: Population, until: Iteration | None) -> Metric:
    """Mean points delivered in the last closed iterations, `until` included. None where none closed or estimated."""
    last = closed(p.snapshot, p.team_id, until)[-VELOCITY_OF:]
    sets = [p.snapshot.sets(p.team_id, iteration) for iteration in last]
    sums = [points(m.estimate_out for m in one.delivered) for one in sets]
    total = points(sums)
    unestimated = sum(m.estimate_out is None for one in sets for m in one.delivered)
    value = total / len(sets) if total is not None else None
    definition = f"velocity/mean_of_{VELOCITY_OF}_closed/points_at_finish"
    return p.metric(value, len(sets), POINTS, definition, excluded={"unestimated": unestimated})


def closed(snapshot: Snapshot, team_id: str, until: Iteration | None = None) -> list[Iteration]:
    """Closed iterations by their end, none after `until`."""
    found = [i for i in snapshot.iterations(team_id) if snapshot.state(i) is IterationState.CLOSED]
    ordered = sorted(found, key=lambda i: (snapshot.window(team_id, i).end, i.id))
    if until is None:
        return ordered
    last = snapshot.window(team_id, until).end
    return [i for i in ordered if snapshot.window(team_id, i).end <= last]
