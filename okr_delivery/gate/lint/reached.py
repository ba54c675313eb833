"""When a key result was reached, and how far all of an objective are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from okr_delivery.gate.lint.subject import Desk
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import Cycle, Direction, KeyResult
from okr_delivery.okrs.book import MOVING
from okr_delivery.okrs.measure import COMPUTED, clamp, measure, ratio

NEARLY = 0.9
"""Progress from which a key result counts as reached when all of an objective are."""
HELD = frozenset({Direction.RANGE, Direction.COMPOSITE})


def half(cycle: Cycle) -> date:
    """The first day of a cycle's second half."""
    return cycle.start + (cycle.end - cycle.start + timedelta(days=1)) / 2


def early(kr: KeyResult, desk: Desk) -> date | Message | None:
    """The day in the first half of its cycle on which the key result was reached for good; None: there is none.

    A message says why the question makes no sense. What was due by then, and what is only to be held, is not early.
    """
    if kr.metric.direction in HELD:
        return msg("lint.reached.held")
    if kr.metric.direction is Direction.YES_NO:
        return _early(kr, desk, [(kr.metric.due, kr.metric.done)])
    if kr.metric.direction is Direction.MILESTONES:
        return _early(kr, desk, [(item.due, item.done) for item in kr.metric.items])
    if kr.metric.direction in COMPUTED:
        return _now(kr, desk)
    return _read(kr, desk)


def _early(kr: KeyResult, desk: Desk, steps: Sequence[tuple[date | None, date | None]]) -> date | None:
    """The day of the last step, when all are done before half-time though one was due later."""
    middle = half(desk.book.cycle_of(kr))
    done = [when for _, when in steps if when is not None and when <= desk.day and when < middle]
    planned = all(due is not None and due < middle for due, _ in steps)
    return max(done) if len(done) == len(steps) and not planned else None


def _now(kr: KeyResult, desk: Desk) -> date | Message | None:
    """What the trackers give has no history here: today's value, while half-time has not come."""
    value = desk.computed.get(kr.full_id)
    if value is None or desk.day >= half(desk.book.cycle_of(kr)):
        return msg("lint.reached.computed")
    return desk.day if ratio(kr.metric, value, desk.book.target_at(kr, desk.day)) >= 1 else None


def _read(kr: KeyResult, desk: Desk) -> date | None:
    cycle, target = desk.book.cycle_of(kr), desk.book.target_at(kr, desk.day)
    rows = [(r.day, ratio(kr.metric, r.value, target) >= 1) for r in desk.readings.series(kr.full_id)]
    rows = [(day, met) for day, met in rows if day <= desk.day]
    if not rows or not rows[-1][1] or not _moved(kr, desk, rows):
        return None
    since = rows[-1][0]
    for day, met in reversed(rows):
        if not met:
            break
        since = day
    return since if cycle.start <= since < half(cycle) else None


def _moved(kr: KeyResult, desk: Desk, rows: Sequence[tuple[date, bool]]) -> bool:
    """Whether it had a way to go: a limit that was kept from the start was held, not reached."""
    return kr.metric.direction in MOVING or not all(met for _, met in rows)


def comfortable(krs: Sequence[KeyResult], desk: Desk) -> bool:
    """Whether all key results are reached or nearly so, two numbers among them at least: one alone proves nothing."""
    numbers = [kr for kr in krs if kr.metric.direction in MOVING | {Direction.ISSUES}]
    return len(numbers) > 1 and all(_share(kr, desk) >= NEARLY for kr in krs)


def _share(kr: KeyResult, desk: Desk) -> float:
    """Its progress; without data it is not reached."""
    return clamp(measure(kr, desk.book, desk.readings, desk.day, desk.computed).progress or 0.0)
