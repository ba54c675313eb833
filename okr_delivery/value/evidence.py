"""Values of key results that are computed from the tracker: counts of issues and delivery metrics of a team.

Both look at the key result's cycle only: issues raised or finished from its first day on, metrics over the same days.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from okr_delivery.delivery.metrics import ALL, measure
from okr_delivery.delivery.results import MetricStatus
from okr_delivery.delivery.rules import calendar_of
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import Direction, KeyResult
from okr_delivery.value.filter import Clause, compile_jql

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.okrs import Readings

COMPUTED = (Direction.ISSUES, Direction.DELIVERY)


_FOUND: weakref.WeakKeyDictionary[Snapshot, dict[str, float | Message]] = weakref.WeakKeyDictionary()


def computed(snapshot: Snapshot, readings: Readings | None = None) -> Mapping[str, float]:
    """Values by full id, as of the snapshot; a key result that can't be computed is left out (`gaps` says why).

    `readings` are not looked at: a typed number never stands in for a computed one.
    """
    return {full: value for full, value in _all(snapshot).items() if isinstance(value, float)}


def gaps(snapshot: Snapshot) -> Mapping[str, Message]:
    """Why a computed key result has no value, by full id."""
    return {full: value for full, value in _all(snapshot).items() if isinstance(value, Message)}


def _all(snapshot: Snapshot) -> dict[str, float | Message]:
    """Worked out once per snapshot."""
    if snapshot not in _FOUND:
        _FOUND[snapshot] = {kr.full_id: value_at(snapshot, kr) for kr in _krs(snapshot)}
    return _FOUND[snapshot]


def _krs(snapshot: Snapshot) -> list[KeyResult]:
    return [kr for kr in snapshot.book.key_results.values() if kr.metric.direction in COMPUTED]


def value_at(snapshot: Snapshot, kr: KeyResult, day: date | None = None) -> float | Message:
    """The value at the end of a day (default: the snapshot's), or why there is none."""
    if kr.metric.direction is Direction.ISSUES:
        return _count(snapshot, kr, day)
    return _metric(snapshot, kr, day)


# -- issues ------------------------------------------------------------------------------------------------------------


def _count(snapshot: Snapshot, kr: KeyResult, day: date | None) -> float | Message:
    source, jql = kr.metric.source or "", kr.metric.jql or ""
    clauses = compile_jql(jql)
    if clauses is None:
        return msg("value.evidence.jql", kr=kr.id, jql=jql)
    missing = _unready(snapshot, source)
    if missing is not None:
        return missing
    calendar, cycle = calendar_of(snapshot.config), snapshot.book.cycle_of(kr)
    last = min(calendar.day_end(cycle.end) - 1, snapshot.as_of)
    last = last if day is None else min(last, calendar.day_end(day) - 1)
    first = calendar.midnight(cycle.start)
    view, raised = snapshot.view(source), kr.metric.count == "raised"
    items = (item for item in (view.created_since(first) if raised else view.finished_since(first)) if not item.alias)
    return float(sum(_counts(item, clauses, kr.metric.count or "done", first, last) for item in items))


def _unready(snapshot: Snapshot, source: str) -> Message | None:
    state = snapshot.source_states.get(source)
    if source not in {known.name for known in snapshot.config.sources} or state is None:
        return msg("value.evidence.no_source", source=source)
    return None if state.complete else msg("value.evidence.incomplete", source=source)


def _counts(item: Item, clauses: tuple[Clause, ...], count: str, first: int, last: int) -> bool:
    if item.issue.subtask or (item.gone_at is not None and item.gone_at <= last):
        return False
    at = item.issue.created if count == "raised" else item.fact.finished_at
    return at is not None and first <= at <= last and all(clause.meets(item) for clause in clauses)


# -- delivery ----------------------------------------------------------------------------------------------------------


def _metric(snapshot: Snapshot, kr: KeyResult, day: date | None) -> float | Message:
    metric, cycle = kr.metric, snapshot.book.cycle_of(kr)
    name, team = metric.name or "", metric.team or ""
    if name not in ALL:
        return msg("value.evidence.metric", kr=kr.id, name=name, known=", ".join(ALL))
    if team not in {known.id for known in snapshot.config.effective_teams()}:
        return msg("value.evidence.team", kr=kr.id, team=team)
    until = min(cycle.end, snapshot.day(team)) if day is None else min(cycle.end, day, snapshot.day(team))
    if until < cycle.start:
        return msg("value.evidence.not_begun", kr=kr.id)
    found = measure(snapshot, team, since=cycle.start, until=until).metrics[name]
    value = getattr(found.percentiles, metric.statistic, None) if metric.statistic else found.value
    if value is None or found.status in (MetricStatus.NO_DATA, MetricStatus.NOT_CONFIGURED):
        return msg("value.evidence.no_value", kr=kr.id, name=name, n=found.n)
    return float(value)
