"""Who was in which iteration when, and what became of it: METRICS.md section 4.

`replay` turns an issue's history into stays; `sets` holds the stays of many issues against one iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from okr_delivery.delivery.results import CarryTo, IterationSets, Member, Removal, Window
from okr_delivery.delivery.timeline import UNDONE_CLICK
from okr_delivery.model.work import (
    Change,
    Field,
    Interval,
    Issue,
    ItemFact,
    Iteration,
    IterationKind,
    IterationState,
    Kind,
    Membership,
    Value,
)

CLOSE_WINDOW = 60  # seconds before the close in which a leave is the tracker's own doing
ROLL_OVER = 86_400  # the same around the end for what goes straight on, where closes are known by the day only
VERSION_ID = "version-"  # before the tracker's id of a version, whose ids overlap those of sprints
ITERATION_ID = "iteration-"  # before that of a cadence's iteration, whose ids overlap those of milestones

_OPEN = frozenset({Kind.QUEUE, Kind.ACTIVE, Kind.WAIT})
_ENDED = frozenset({Kind.DONE, Kind.CANCELLED})


def iteration_ids(text: str | None) -> frozenset[str]:
    """The ids of a comma list; empty and absent are the empty set."""
    return frozenset(part for raw in (text or "").split(",") if (part := raw.strip()))


def replay(issue: Issue, changes: Iterable[Change]) -> tuple[Membership, ...]:
    """Every stay of an issue in an iteration, as the field had it, sorted by start; touching stays are joined."""
    events = sorted((c for c in changes if c.field is Field.ITERATION), key=lambda c: c.order)
    first = events[0].old if events else issue.value(Field.ITERATION)
    return _stays(issue, first, [(event.ts, iteration_ids(event.new.id)) for event in events])


def replay_versions(issue: Issue, changes: Iterable[Change]) -> tuple[Membership, ...]:
    """Every stay of an issue in a version that it was to be fixed in, like `replay`.

    A version that is deleted or merged into another leaves the field without a trace in the history. What the field
    holds beyond its last change is believed from that change on, whatever is done to the issue later; what it holds no
    more was there until the issue's last update.
    """
    events = sorted((c for c in changes if c.field is Field.FIX_VERSION), key=lambda c: c.order)
    current = issue.value(Field.FIX_VERSION)
    if not events:
        return _stays(issue, current, (), VERSION_ID)
    last = events[-1]
    known = iteration_ids(last.new.id) | iteration_ids(current.id)
    held = [(event.ts, iteration_ids(event.new.id)) for event in events[:-1]]
    steps = [*held, (last.ts, known), (max(last.ts, issue.updated), iteration_ids(current.id))]
    return _stays(issue, events[0].old, steps, VERSION_ID)


def by_entry(stay: Membership) -> tuple[int, int, str]:
    """The order of stays: by start, then by id as numbers count."""
    return (stay.entered_at, len(stay.iteration_id), stay.iteration_id)


def _stays(
    issue: Issue, first: Value, steps: Iterable[tuple[int, frozenset[str]]], prefix: str = ""
) -> tuple[Membership, ...]:
    """From the sets that a field held, the first from the creation on, the stays in their members."""
    inside = dict.fromkeys(iteration_ids(first.id), issue.created)
    stays: list[Membership] = []
    for ts, now in steps:
        at = max(ts, issue.created)
        stays += [Membership(prefix + one, inside.pop(one), at) for one in sorted(inside.keys() - now)]
        inside |= dict.fromkeys(now - inside.keys(), at)
    stays += [Membership(prefix + one, since, None) for one, since in inside.items()]
    return _joined(stays)


def _joined(stays: Iterable[Membership]) -> tuple[Membership, ...]:
    """Joins stays of one iteration that touch."""
    found: list[Membership] = []
    for stay in sorted(stays, key=lambda m: (m.iteration_id, m.entered_at, m.left_at is None, m.left_at or 0)):
        last = found[-1] if found else None
        if last is not None and last.iteration_id == stay.iteration_id and last.left_at == stay.entered_at:
            found[-1] = replace(last, left_at=stay.left_at)
        else:
            found.append(stay)
    return tuple(sorted(found, key=by_entry))


def state_at(iteration: Iteration, as_of: int) -> IterationState:
    """What an iteration was at an instant, judged from its dates; a future one stays future however it is dated."""
    if iteration.state is IterationState.FUTURE:
        return IterationState.FUTURE
    begin = started(iteration)
    if begin is not None and begin > as_of:
        return IterationState.FUTURE
    if iteration.state is IterationState.CLOSED:
        end = ended(iteration)
        if end is None or last_instant(iteration, end) <= as_of:
            return IterationState.CLOSED
    return IterationState.ACTIVE


def started(iteration: Iteration) -> int | None:
    """S: when it was really activated, else the typed start."""
    return iteration.start if iteration.activated_at is None else iteration.activated_at


def ended(iteration: Iteration) -> int | None:
    """When a closed iteration was closed, else its typed end; None for one that is not closed."""
    if iteration.state is not IterationState.CLOSED:
        return None
    return iteration.end if iteration.closed_at is None else iteration.closed_at


def last_instant(iteration: Iteration, end: int) -> int:
    """The last instant that belongs to an end: of one that is known by its day, the last second of that day."""
    return end - 1 if iteration.last_day is not None and end == iteration.end else end


def window(iteration: Iteration, as_of: int, grace: int = 0) -> Window:
    """The bounds of an iteration as of an instant. `grace` in seconds is how long after S joining still commits."""
    begin = started(iteration)
    closed = state_at(iteration, as_of) is IterationState.CLOSED
    end = ended(iteration) if closed else None
    if end is None:
        return Window(begin, as_of, None if begin is None else begin + grace, as_of, not closed)
    closing = end - CLOSE_WINDOW if begin is None else max(begin, end - CLOSE_WINDOW)  # some are closed within seconds
    return Window(begin, end, None if begin is None else begin + grace, closing, False)


@dataclass(frozen=True, slots=True)
class Subject:
    """One issue as `sets` needs it: full intervals and stays, its fact at E, and its estimate at any instant."""

    key: str
    issue_id: str
    source: str
    intervals: Sequence[Interval]
    memberships: Sequence[Membership]
    fact: ItemFact  # folded as of the window's end
    gone_at: int | None
    estimate: Callable[[int], float | None]


def sets(
    iteration: Iteration,
    bounds: Window,
    subjects: Iterable[Subject],
    *,
    as_of: int,
    others: Mapping[str, Iteration],
    rule_hash: str,
) -> IterationSets:
    """C, A, D, K and R of an iteration. `others` are all iterations by id; `subjects` come in the order of the result.

    Sub-tasks and issues without their whole history must not be among the subjects.
    """
    parts = [_Part(subject, iteration, bounds, as_of, others) for subject in subjects]
    inside = [(part, part.member()) for part in parts if part.committed or part.added]
    return IterationSets(
        iteration=iteration,
        window=bounds,
        committed=tuple(m for part, m in inside if part.committed),
        added=tuple(m for part, m in inside if part.added),
        delivered=tuple(m for part, m in inside if part.delivered),
        carried_over=tuple(m for part, m in inside if part.carried),
        removed=tuple(m for part, m in inside if part.removed),
        done_before_start=tuple(p.subject.key for p in parts if p.done_before_start),
        done_before_added=tuple(p.subject.key for p in parts if p.done_before_added),
        rule_hash=rule_hash,
    )


class _Part:
    """One issue held against one iteration."""

    def __init__(
        self, subject: Subject, iteration: Iteration, bounds: Window, as_of: int, others: Mapping[str, Iteration]
    ) -> None:
        self.subject, self.iteration, self.bounds, self.as_of, self.others = subject, iteration, bounds, as_of, others
        self.stays = self._stays()
        at_start = self._at(bounds.start)
        member_at_start = self._inside(bounds.committed_by)
        ended_at_start = self._gone(bounds.start) or (at_start is not None and at_start.kind in _ENDED)
        self.committed = member_at_start and self._is_mapped(bounds.committed_by) and not ended_at_start
        self.joined = bounds.committed_by if self.committed else self._first_open_instant()
        self.added = not self.committed and self.joined is not None
        outside = not self.committed and not self.added
        self.done_before_start = member_at_start and outside and ended_at_start and not self._gone(bounds.start)
        self.done_before_added = outside and not member_at_start and self._joined_ended()
        taken = self.committed or self.added
        self.delivered = taken and self._is_delivered()
        self.carried = taken and not self.delivered and self._inside(bounds.closing) and not self._ended_at_end()
        self.removed = taken and not self.delivered and not self.carried

    def _stays(self) -> list[tuple[int, int]]:
        """Stays in this iteration as [in, out); a leave driven by the close, and no leave, go beyond the end."""
        beyond = max(self.bounds.end, self.bounds.closing) + 1
        found = []
        for stay in self.subject.memberships:
            if stay.iteration_id != self.iteration.id or stay.entered_at > self.bounds.closing:
                continue
            out = beyond if stay.left_at is None or self._by_the_close(stay.left_at) else stay.left_at
            found.append((self._since(stay), out))
        return sorted(found)

    def _by_the_close(self, left_at: int) -> bool:
        return left_at >= self._close_from() or self._rolled_over(left_at)

    def _rolled_over(self, left_at: int) -> bool:
        """Whether it went straight on as the iteration ended, to where its tracker moves what is left undone."""
        if not _at_its_end(self.iteration, left_at):
            return False
        entered = (m.iteration_id for m in self.subject.memberships if m.entered_at == left_at)
        return any(_follows(self.others[one], self.iteration, self.others) for one in entered if one in self.others)

    def _went_on(self) -> bool:
        """Whether its cadence moved it on, which may be some hours after the end."""
        if self.iteration.kind is not IterationKind.ITERATION:
            return False
        left = (stay.left_at for stay in self.subject.memberships if stay.iteration_id == self.iteration.id)
        return any(at is not None and self._rolled_over(at) for at in left)

    def _since(self, stay: Membership) -> int:
        """When a stay here began: what a cadence moved on as the iteration before ended came with that end."""
        at = stay.entered_at
        if self.iteration.kind is not IterationKind.ITERATION:
            return at
        left = (self.others.get(m.iteration_id) for m in self.subject.memberships if m.left_at == at)
        for before in (one for one in left if one is not None and one.end is not None):
            if _at_its_end(before, at) and _follows(self.iteration, before, self.others):
                return min(at, before.end or at)
        return at

    def _close_from(self) -> int:
        """From this instant on a leave belongs to the close; nothing does while the iteration is open."""
        return self.bounds.end + 1 if self.bounds.provisional else self.bounds.closing

    def _inside(self, at: int | None) -> bool:
        return at is not None and any(since <= at < out for since, out in self.stays)

    def _gone(self, at: int | None) -> bool:
        gone = self.subject.gone_at
        return at is not None and gone is not None and gone <= at

    def _at(self, at: int | None) -> Interval | None:
        """The interval at an instant; None before the issue was created."""
        found = None
        for interval in self.subject.intervals:
            if at is None or interval.entered_at > at:
                break
            found = interval
        return found

    def _is_mapped(self, at: int | None) -> bool:
        found = self._at(at)
        return found is not None and found.kind is not Kind.UNMAPPED

    def _first_open_instant(self) -> int | None:
        """The first instant in (S′, E⁻] at which it is a member, mapped and not ended."""
        after = self.bounds.committed_by
        gone, last = self.subject.gone_at, self.bounds.closing
        last = last if gone is None else min(last, gone - 1)
        for since, out in self.stays:
            for interval in self.subject.intervals:
                left = out if interval.left_at is None else min(out, interval.left_at)
                at = max(since, interval.entered_at, since if after is None else after + 1)
                if interval.kind in _OPEN and at < left and at <= last:
                    return at
        return None

    def _joined_ended(self) -> bool:
        """It came in after the start, and was done all the while."""
        after = self.bounds.committed_by
        joins = [since for since, _ in self.stays if after is None or since > after]
        return any(found.kind is Kind.DONE for at in joins if (found := self._at(at)) is not None)

    def _is_delivered(self) -> bool:
        finished, begin = self.subject.fact.finished_at, self.bounds.start
        if finished is None or finished > self.bounds.end or (begin is not None and finished <= begin):
            return False
        return self._inside(min(finished, self.bounds.closing))

    def _ended_at_end(self) -> bool:
        fact = self.subject.fact
        return fact.kind in _ENDED or self._gone(self.bounds.end)

    def member(self) -> Member:
        subject, fact = self.subject, self.subject.fact
        joined = self.joined if self.joined is not None else 0
        left = None if self._inside(self.bounds.closing) else max(out for _, out in self.stays)
        leaving = self._leaves_at(left)
        return Member(
            key=subject.key,
            issue_id=subject.issue_id,
            source=subject.source,
            joined_at=joined,
            left_at=left,
            finished_at=fact.finished_at,
            estimate_in=subject.estimate(joined),
            estimate_out=subject.estimate(leaving),
            removal=self._removal(left) if self.removed else None,
            carry_to=self._carry_to() if self.carried else None,
            flips=self._flips(joined),
            parallel=self.delivered and self._is_parallel(),
            reopened_from=self._reopened_from(joined),
        )

    def _leaves_at(self, left: int | None) -> int:
        """The instant its estimate counts at the end: finishing, leaving, or the end of the iteration."""
        finished = self.subject.fact.finished_at
        if self.delivered and finished is not None:
            return finished
        if self.removed:
            ends = (left, self.subject.fact.cancelled_at, self.subject.gone_at)
            return min((at for at in ends if at is not None and at <= self.bounds.end), default=self.bounds.end)
        return self.bounds.end

    def _removal(self, left: int | None) -> Removal:
        fact, until = self.subject.fact, self.bounds.end if left is None else left
        if fact.cancelled_at is not None and fact.cancelled_at <= until:
            return Removal.CANCELLED
        if self._gone(until):
            return Removal.GONE
        return Removal.LEFT if fact.finished_at is None else Removal.FINISHED_OUTSIDE

    def _flips(self, joined: int) -> int:
        """Leaves and returns on the way: two for each gap between stays inside the window."""
        inside = [stay for stay in self.stays if stay[1] > joined]
        return 2 * max(0, len(inside) - 1)

    def _others_at(self, at: int) -> list[Iteration]:
        """Other iterations that hold it at an instant and are not over by then, in the order of joining."""
        found = []
        for stay in self.subject.memberships:
            other = self.others.get(stay.iteration_id)
            if other is None or other.id == self.iteration.id or stay.entered_at > at:
                continue
            if (stay.left_at is None or stay.left_at > at) and state_at(other, at) is not IterationState.CLOSED:
                found.append(other)
        return found

    def _is_parallel(self) -> bool:
        finished = self.subject.fact.finished_at
        if finished is None:
            return False
        return any(state_at(other, finished) is IterationState.ACTIVE for other in self._others_at(finished))

    def _carry_to(self) -> CarryTo:
        """Where it went with the close. Trackers keep closed iterations in the field, so only other ones count."""
        settled = self.bounds.end + CLOSE_WINDOW
        dated = self.iteration.closed_at is not None or self.iteration.last_day is not None
        unsure = self.bounds.provisional or not dated or self.as_of < settled
        if not unsure and (self._others_at(settled) or self._went_on()):
            return CarryTo.NEXT
        return CarryTo.UNKNOWN if unsure else CarryTo.BACKLOG

    def _reopened_from(self, joined: int) -> str | None:
        """The iteration that held it when it was last finished before joining this one."""
        runs = [i for i in self.subject.intervals if i.kind is Kind.DONE and i.entered_at < joined and _lasted(i)]
        if not runs:
            return None
        at = runs[-1].entered_at
        stays = [m for m in self.subject.memberships if m.entered_at <= at and (m.left_at is None or m.left_at > at)]
        return stays[-1].iteration_id if stays else None


def _at_its_end(iteration: Iteration, left_at: int) -> bool:
    """Whether a leave lies within a day of the end of one that is over and whose close is known by its day only."""
    by_day = iteration.kind in (IterationKind.VERSION, IterationKind.ITERATION) and iteration.last_day is not None
    if not by_day or iteration.state is not IterationState.CLOSED or iteration.end is None:
        return False
    return abs(left_at - iteration.end) <= ROLL_OVER


def _follows(other: Iteration, one: Iteration, known: Mapping[str, Iteration]) -> bool:
    """Whether what one leaves undone goes on there: any other version, only the next iteration of the same cadence."""
    if other.id == one.id or other.kind is not one.kind:
        return False
    if one.kind is not IterationKind.ITERATION:
        return True
    later = [i for i in known.values() if _same_cadence(i, one) and (i.start or 0) >= (one.end or 0)]
    return other.id == min(later, key=lambda i: (i.start or 0, i.order, i.id), default=one).id


def _same_cadence(other: Iteration, one: Iteration) -> bool:
    return (other.source, other.kind, other.board_id) == (one.source, one.kind, one.board_id) and other.id != one.id


def _lasted(interval: Interval) -> bool:
    return interval.left_at is None or interval.left_at - interval.entered_at >= UNDONE_CLICK
