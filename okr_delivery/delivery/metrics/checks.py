"""Data quality: what in the tracker's data a reader of the figures should know. The list is METRICS.md section 6."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.membership import started
from okr_delivery.delivery.metrics.flow import little_residual
from okr_delivery.delivery.metrics.period import Population
from okr_delivery.delivery.metrics.quality import migrations
from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.results import Quality
from okr_delivery.delivery.statusmap import StatusMap
from okr_delivery.delivery.teams import BY_DATES, Role, sources_of
from okr_delivery.model.work import Field, Iteration, Kind, labels_of

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot

SHOWN = 10
HOUR = 3600
RESIDUAL = (0.8, 1.25)

_TIMES = ("lead_time", "cycle_time")
_STATES = ("cycle_time", "wip", "work_item_age", "flow_efficiency")
_SETS = ("say_do", "delivered_ratio", "scope_change", "carry_over")

NOTED = {
    "completed_but_not_started": ("cycle_time", "flow_efficiency"),
    "stopped_before_started": ("wip",),
    "status_changes_after_done": (*_TIMES, "throughput", "reopened_rate"),
    "backwards_through_stages": ("rework_rate", "cycle_time"),
    "status_unmapped": _STATES,
    "created_in_wrong_status": ("cycle_time",),
    "history_incomplete": (*_TIMES, "throughput", "wip", *_SETS),
    "change_before_created": _TIMES,
    "returned_to_queue": ("cycle_time", "flow_efficiency"),
    "undone_click": ("reopened_rate",),
}
"""Checks that the fold itself notes on each issue, with the metrics they touch."""


def run(p: Population, chosen: Iteration | None) -> tuple[Quality, ...]:
    """Every check that found something, by name."""
    items = _looked_at(p, chosen)
    found = [*_noted(items), *_computed(p, items), *_of_iterations(p), *_of_scope(p)]
    return tuple(sorted(found, key=lambda entry: entry.check))


def _looked_at(p: Population, chosen: Iteration | None) -> list[Item]:
    """Issues that were open in the period or are in the iteration; sub-tasks are seen through their parents."""
    inside = chosen.id if chosen is not None else None
    return [
        item
        for item in p.everything
        if not item.issue.subtask
        and (
            item.ended_at is None
            or item.ended_at > p.period.after
            or any(m.iteration_id == inside for m in item.memberships)
        )
    ]


def _quality(check: str, keys: Sequence[str], of: int, metrics: Sequence[str]) -> Quality:
    ordered = sorted(keys, key=natural)
    return Quality(check, len(keys), len(keys) / of if of else None, tuple(ordered[:SHOWN]), tuple(metrics))


def _noted(items: Sequence[Item]) -> Iterator[Quality]:
    for check, metrics in NOTED.items():
        keys = [item.key for item in items if check in item.fact.notes]
        if keys:
            yield _quality(check, keys, len(items), metrics)


def _computed(p: Population, items: Sequence[Item]) -> Iterator[Quality]:
    rules = {name: p.snapshot.rules(name) for name in sources_of(p.snapshot.team(p.team_id))}
    checks: tuple[tuple[str, Callable[[Item], bool], tuple[str, ...]], ...] = (
        ("backwards_through_categories", lambda i: _is_back(i, rules[i.source]), ("rework_rate", "cycle_time")),
        ("status_deleted", lambda i: _is_deleted(i, rules[i.source]), _STATES),
        ("not_started_but_subtasks_have", lambda i: _lags_children(p.snapshot, i), ("cycle_time", "wip")),
        ("incomplete_subtasks_when_done", lambda i: _leads_children(p.snapshot, i), ("throughput",)),
        ("change_after_as_of", lambda i: _is_ahead(p.snapshot, i), ("lead_time", "wip")),
        ("migration_event", _in_migration(p), ("rework_rate",)),
        ("unestimated", lambda i: _is_unestimated(p, i), ("say_do_points", "delivered_points", "velocity")),
        ("due_date_moved", _due_moved, ()),
        ("resolution_date_differs", _resolution_differs, _TIMES),
        ("done_without_resolution", _unresolved(p, items), ()),
        ("two_workflow_labels", lambda i: _is_twofold(p.snapshot, i), _STATES),
    )
    for check, meets, metrics in checks:
        keys = [item.key for item in items if meets(item)]
        if keys:
            yield _quality(check, keys, len(items), metrics)


def _is_back(item: Item, rules: StatusMap) -> bool:
    ranks = [rules.categories[i.status_id] for i in item.intervals if i.status_id in rules.categories]
    return any(b < a for a, b in pairwise(ranks))


def _is_deleted(item: Item, rules: StatusMap) -> bool:
    return any(i.status_id not in rules.names for i in item.intervals)


def _lags_children(snapshot: Snapshot, item: Item) -> bool:
    waiting = item.open and item.fact.started_at is None
    return waiting and any(c.issue.subtask and c.fact.started_at is not None for c in snapshot.children(item))


def _leads_children(snapshot: Snapshot, item: Item) -> bool:
    done = item.fact.finished_at is not None
    return done and any(c.issue.subtask and c.open for c in snapshot.children(item))


def _is_ahead(snapshot: Snapshot, item: Item) -> bool:
    """A change that lies after both the instant asked about and the sync: a wrong clock."""
    state = snapshot.source_states.get(item.source)
    fetched = state.fetched_at if state is not None else None
    return fetched is not None and item.last_change > max(snapshot.as_of, fetched)


def _in_migration(p: Population) -> Callable[[Item], bool]:
    moves = migrations(p.counted)

    def meets(item: Item) -> bool:
        pairs = pairwise(item.intervals)
        return bool(moves) and any((a.status_id, b.status_id, b.entered_at) in moves for a, b in pairs)

    return meets


def _is_unestimated(p: Population, item: Item) -> bool:
    relevant = item.role is Role.REQUIREMENT and p.period.holds(item.fact.finished_at)
    return relevant and item.number_at(Field.ESTIMATE, p.snapshot.as_of) is None


def _due_moved(item: Item) -> bool:
    """A due date that was moved later after the commitment."""
    committed = item.fact.committed_at
    if committed is None or item.issue.value(Field.DUE).empty:
        return False
    then, now = _date(item.at(Field.DUE, committed)), _date(item.at(Field.DUE, max(item.fact.last_change, committed)))
    return then is not None and now is not None and now > then


def _date(value: object) -> str | None:
    return getattr(value, "id", None) or getattr(value, "name", None)


def _resolution_differs(item: Item) -> bool:
    finished, resolved = item.fact.finished_at, item.issue.resolved
    return finished is not None and resolved is not None and abs(finished - resolved) > HOUR


def _unresolved(p: Population, items: Sequence[Item]) -> Callable[[Item], bool]:
    """Only where the source writes resolutions at all."""
    fields = {source.name for source in p.snapshot.config.sources if source.resolves}
    uses = {item.source for item in items if not item.issue.value(Field.RESOLUTION).empty} & fields

    def meets(item: Item) -> bool:
        done = item.fact.kind is Kind.DONE and item.fact.gone_at is None
        return done and item.source in uses and item.at(Field.RESOLUTION, p.snapshot.as_of).empty

    return meets


def _is_twofold(snapshot: Snapshot, item: Item) -> bool:
    """Several labels of the scope that carries the workflow, side by side: the tracker did not exclude them."""
    scope = snapshot.config.source(item.source).statuses.label_scope
    if scope is None:
        return False
    labels = labels_of(item.at(Field.LABELS, snapshot.as_of))
    return sum(name.casefold().rpartition("::")[0] == scope.casefold() for name in labels) > 1


def _of_iterations(p: Population) -> Iterator[Quality]:
    every = p.snapshot.iterations(p.team_id)
    begun = [i for i in every if p.snapshot.state(i).value != "future"]
    due = [i for i in every if i in begun or i.kind in BY_DATES]  # without days, nobody can tell whether it began
    undated = [i.name for i in due if started(i) is None or (i.kind in BY_DATES and i.end is None)]
    if undated:
        yield _quality("iteration_without_dates", undated, len(due), _SETS)
    touching = [(i, p.snapshot.window(p.team_id, i)) for i in begun if started(i) is not None]
    crossing = [
        i.name
        for i, a in touching
        if p.period.after < a.end
        and (a.start or 0) < p.period.until
        and any(i.id != j.id and (a.start or 0) < b.end and (b.start or 0) < a.end for j, b in touching)
    ]
    if crossing:
        yield _quality("overlapping_iterations", crossing, len(begun), _SETS)


def _of_scope(p: Population) -> Iterator[Quality]:
    residual = little_residual(p)
    if residual is not None and not RESIDUAL[0] <= residual <= RESIDUAL[1]:
        yield Quality("little_residual", 1, None, (), ("wip_average", "throughput", "cycle_time"))
    first = p.calendar.provisional_from
    if first is not None and p.period.last >= first:
        yield Quality("calendar_provisional", 1, None, (), ("cycle_time_business",))
    limit = p.snapshot.config.gate.max_age
    stale = [n for n in sources_of(p.snapshot.team(p.team_id)) if _age(p.snapshot, n) > limit]
    if stale:
        yield Quality("stale_sync", len(stale), None, tuple(stale), ("throughput", "wip", "work_item_age"))


def _age(snapshot: Snapshot, source: str) -> int:
    state = snapshot.source_states.get(source)
    return 0 if state is None or state.fetched_at is None else snapshot.as_of - state.fetched_at
