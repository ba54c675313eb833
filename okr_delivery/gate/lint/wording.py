"""What a key result's metric adds to its title, and which titles it may have been copied from."""

from __future__ import annotations

from collections.abc import Iterator

from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.lint.texts import likeness
from okr_delivery.model.okr import Cycle, Direction, KeyResult, Metric, Objective

WITHOUT_NUMBER = frozenset({Direction.YES_NO, Direction.MILESTONES})


def has_number(metric: Metric) -> bool:
    """Whether the metric itself gives a number to reach or to keep. A composite has the numbers of its parts."""
    return metric.direction not in WITHOUT_NUMBER


def is_dated(metric: Metric) -> bool:
    """Whether a deliverable has its day, or at least one milestone of a row."""
    return metric.due is not None or any(item.due is not None for item in metric.items)


def above(subject: Subject, desk: Desk) -> Iterator[Subject]:
    """What a subject may be a copy of: whatever its objective aligns to, and the key results beside and below that."""
    seen = {subject.full_id}
    for parent in desk.parents(subject.objective):
        near = (parent, *(desk.subject(kr.full_id) for kr in parent.objective.key_results))
        for one in near:
            if one.full_id not in seen and (one.kr is not None or subject.kr is None):
                seen.add(one.full_id)
                yield one


def before(subject: Subject, desk: Desk) -> Iterator[Subject]:
    """The same team's or person's objectives, or key results, of the cycle before; and what a key result continues.

    An objective that has passed to another owner under another id is known by its text.
    """
    last = last_cycles(subject.cycle, desk)
    for objective in desk.book.objectives.values():
        if objective.cycle in last and _handed_down(objective, subject.objective):
            yield from _of_kind(objective, desk, subject.kind)
    continued = desk.book.network.continues.get(subject.full_id)
    if continued is not None and desk.book.key_results[continued].cycle not in last:
        yield desk.subject(continued)


def last_cycles(cycle: Cycle, desk: Desk) -> frozenset[str]:
    """The cycles of about this one's length that ended last before it began: no quarter comes before a year."""
    earlier = [one for one in desk.book.cycles.values() if one.end < cycle.start and _as_long(one, cycle)]
    latest = max((one.end for one in earlier), default=None)
    return frozenset(one.id for one in earlier if one.end == latest)


def _as_long(one: Cycle, other: Cycle) -> bool:
    """Whether neither cycle is more than twice as long as the other, give or take the days of a month."""
    shorter, longer = sorted(((one.end - one.start).days + 1, (other.end - other.start).days + 1))
    return longer <= 2.2 * shorter


def _handed_down(earlier: Objective, objective: Objective) -> bool:
    same_text = earlier.level == objective.level and likeness(earlier.title, objective.title) == 1.0
    same_id = earlier.id.casefold() == objective.id.casefold()
    return same_id or same_text or (earlier.owner is not None and earlier.owner == objective.owner)


def _of_kind(objective: Objective, desk: Desk, kind: SubjectKind) -> Iterator[Subject]:
    if kind is SubjectKind.OBJECTIVE:
        yield desk.subject(objective.full_id)
    else:
        yield from (desk.subject(kr.full_id) for kr in objective.key_results)


def same_target(one: KeyResult, other: KeyResult) -> bool:
    """Whether two key results ask for the same number; deliverables have none and are the same."""
    return (one.metric.target, one.metric.low, one.metric.high) == (
        other.metric.target,
        other.metric.low,
        other.metric.high,
    )
