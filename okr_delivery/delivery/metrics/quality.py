"""Quality of what was delivered: re-opened and reworked. Formulas: METRICS.md section 2.3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.metrics.flow import DAY, RATIO
from okr_delivery.delivery.metrics.period import Population, reopenings
from okr_delivery.delivery.metrics.stages import Move, moves_back
from okr_delivery.delivery.results import Metric
from okr_delivery.model.work import Field

REOPEN_DAYS = 30
MIGRATION_OF = 20  # issues moved the same way by the same hand in the same second


def metrics(p: Population) -> Iterator[tuple[str, Metric]]:
    yield "reopened_rate", reopened_rate(p)
    yield "rework_rate", rework_rate(p)


def reopened_rate(p: Population) -> Metric:
    """Of the issues first finished in the period and 30 days ago or more, the share that was re-opened within 30."""
    wait = REOPEN_DAYS * DAY
    cohort = [item for item in p.counted if p.period.holds(item.fact.first_finished_at)]
    ripe = [
        i
        for i in cohort
        if i.fact.first_finished_at is not None and i.fact.first_finished_at + wait <= p.snapshot.as_of
    ]
    again = sum(_left_done_within(item, wait) for item in ripe)
    value = again / len(ripe) if ripe else None
    out = Counter({"pending": len(cohort) - len(ripe)}) + p.out(lambda i: p.period.holds(i.fact.first_finished_at))
    definition = f"reopened_rate/first_done-left_within_{REOPEN_DAYS}_days"
    return p.metric(value, len(ripe), RATIO, definition, items=ripe, excluded=out)


def _left_done_within(item: Item, seconds: int) -> bool:
    """Whether it became open again within some seconds after it was first finished."""
    first = item.fact.first_finished_at
    if first is None or not item.fact.reopened:
        return False
    return any(first < at <= first + seconds for at in reopenings(item))


def rework_rate(p: Population) -> Metric:
    """Of the issues finished in the period, the share that moved back to an earlier stage after its start."""
    moved = migrations(p.counted)
    back = [i for i in p.finished if next(moves_back(i.intervals, i.fact.started_at, moved), None) is not None]
    value = len(back) / len(p.finished) if p.finished else None
    out = p.out(lambda item: p.period.holds(item.fact.finished_at))
    return p.metric(
        value, len(p.finished), RATIO, "rework_rate/moved_back_after_start/finished", items=back, excluded=out
    )


def rework_pairs(p: Population) -> Counter[tuple[str, str]]:
    """How often issues finished in the period moved back, by (from, to) status id."""
    moved = migrations(p.counted)
    return Counter(pair for item in p.finished for pair in moves_back(item.intervals, item.fact.started_at, moved))


def migrations(items: Iterable[Item]) -> frozenset[Move]:
    """Transitions that 20 issues or more made in the same second by the same hand: a migration, no work."""
    groups: dict[Move, list[Item]] = {}
    for item in items:
        for before, after in pairwise(item.intervals):
            groups.setdefault((before.status_id, after.status_id, after.entered_at), []).append(item)
    return frozenset(move for move, found in groups.items() if len(found) >= MIGRATION_OF and _one_hand(move, found))


def _one_hand(move: Move, items: Iterable[Item]) -> bool:
    actors = Counter(
        change.actor
        for item in items
        for change in item.changes
        if change.field is Field.STATUS and (change.old.id, change.new.id, change.ts) == move
    )
    return max(actors.values(), default=0) >= MIGRATION_OF
