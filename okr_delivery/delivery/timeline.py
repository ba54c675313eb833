"""One issue's history, folded into intervals and moments as METRICS.md section 1 defines them.

A pure function of the issue, its changes, the status map and one instant. Instants are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

from okr_delivery.delivery.statusmap import UNKNOWN, StatusMap
from okr_delivery.model.work import Change, Field, Interval, Issue, ItemFact, Kind, Value

UNDONE_CLICK = 60  # seconds; a shorter stay in done that was left again is a slip of the mouse

_STATUS, _RESOLUTION, _FLAGGED = Field.STATUS, Field.RESOLUTION, Field.FLAGGED
_QUEUE, _ACTIVE, _WAIT, _DONE, _CANCELLED, _UNMAPPED = (
    Kind.QUEUE,
    Kind.ACTIVE,
    Kind.WAIT,
    Kind.DONE,
    Kind.CANCELLED,
    Kind.UNMAPPED,
)
_KINDS = max(Kind) + 1
_new = tuple.__new__
_order = attrgetter("ts", "history_id", "item")

Track = list[tuple[int, Value]]
Span = tuple[Kind, int, int, int]  # kind, stage, entered, left (the horizon for the last one)


@dataclass(frozen=True, slots=True)
class Timeline:
    """`later` counts changes after the instant of the fold: they were not read."""

    intervals: tuple[Interval, ...]
    fact: ItemFact
    later: int = 0


NOTHING = Timeline((), ItemFact())


def fold(
    issue: Issue,
    changes: Iterable[Change],
    rules: StatusMap,
    as_of: int,
    gone_at: int | None = None,
    *,
    moves: bool = False,
) -> Timeline:
    """Folds all of an issue's changes, in any order, as of an instant. An issue created later has no timeline.

    `moves`: it is gone because it lives on elsewhere, and what its tracker did to it as it left is none of its history.
    """
    if issue.created > as_of:
        return NOTHING
    gone = gone_at if gone_at is not None and gone_at <= as_of else None
    horizon = as_of if gone is None else max(gone, issue.created)
    log = _Log(issue, _in_order(changes), horizon - (moves and gone is not None))
    intervals = _intervals(log, rules, gone)
    fact = _fact(log, intervals, rules, horizon, gone)
    return Timeline(intervals, fact, log.later)


def _in_order(changes: Iterable[Change]) -> Sequence[Change]:
    """The changes in their one order; those of a store come so and are not sorted again."""
    found = changes if isinstance(changes, (tuple, list)) else list(changes)
    before = None
    for change in found:
        if before is not None and change.ts <= before.ts and change.order < before.order:
            return sorted(found, key=_order)
        before = change
    return found


class _Log:
    """The three tracks that make a timeline, each (instant, value) with the initial value at `created`."""

    __slots__ = ("created", "flags", "incomplete", "last", "later", "moved", "resolutions", "statuses")

    def __init__(self, issue: Issue, changes: Sequence[Change], horizon: int) -> None:
        self.created = self.last = created = issue.created
        self.incomplete = not issue.history_complete
        self.later, self.moved = 0, False
        statuses: list[Change] = []
        resolutions: list[Change] = []
        flags: list[Change] = []
        for change in changes:
            field, ts = change.field, change.ts
            if ts > horizon:
                self.later += 1
            else:
                self.last = ts
            if field is _STATUS:
                statuses.append(change)
            elif field is _RESOLUTION:
                resolutions.append(change)
            elif field is _FLAGGED:
                flags.append(change)
        if changes and changes[0].ts < created:
            self.moved, self.last = True, max(self.last, created)
        self.statuses = _track(statuses, issue, _STATUS, horizon)
        self.resolutions = _track(resolutions, issue, _RESOLUTION, horizon)
        self.flags = _track(flags, issue, _FLAGGED, horizon)


def _track(changes: Sequence[Change], issue: Issue, field: Field, horizon: int) -> Track:
    """The values of one field up to the horizon; changes before the creation are moved to it."""
    created = issue.created
    if not changes:
        return [(created, issue.value(field))]
    track = [(created, changes[0].old)]
    track += [(c.ts if c.ts > created else created, c.new) for c in changes if c.ts <= horizon]
    return track


def _intervals(log: _Log, rules: StatusMap, gone: int | None) -> tuple[Interval, ...]:
    kinds, cancels, track = rules.kinds, _cancelling(log, rules), log.statuses
    found: list[Interval] = []
    left = gone
    for entered, value in reversed(track):
        status = value.id or ""
        stage, kind = kinds.get(status, UNKNOWN)
        if kind is _DONE and cancels is not None:
            found.extend(reversed(_split(status, stage, entered, left, cancels)))
        else:
            found.append(_new(Interval, (status, kind, stage, entered, left)))
        left = entered
    found.reverse()
    return tuple(found)


def _cancelling(log: _Log, rules: StatusMap) -> list[tuple[int, bool]] | None:
    """(since, does the resolution say "not delivered"), oldest first, one an instant; None where it never does."""
    if len(log.resolutions) == 1 and log.resolutions[0][1].empty:
        return None
    by_instant = {ts: rules.is_undelivered(value) for ts, value in log.resolutions}
    return list(by_instant.items()) if any(by_instant.values()) else None


def _split(
    status: str, stage: int, entered: int, left: int | None, cancels: Sequence[tuple[int, bool]]
) -> list[Interval]:
    """A stay in a done status, cut wherever its resolution turns it into a cancelled one or back."""
    state = [cancelled for ts, cancelled in cancels if ts <= entered][-1]
    found, since = [], entered
    for ts, cancelled in cancels:
        if ts > entered and (left is None or ts < left) and cancelled != state:
            found.append(Interval(status, _CANCELLED if state else _DONE, stage, since, ts))
            since, state = ts, cancelled
    found.append(Interval(status, _CANCELLED if state else _DONE, stage, since, left))
    return found


def spans(intervals: Sequence[Interval], horizon: int) -> tuple[list[Span], bool]:
    """Intervals as (kind, stage, entered, left), short stays in done taken for what they interrupted.

    The flag says whether such an undone click lasted at all.
    """
    found = [(kind, stage, a, horizon if b is None else b) for _, kind, stage, a, b in intervals]
    for kind, _, entered, left in found[:-1]:
        if kind is _DONE and left - entered < UNDONE_CLICK:
            return _without_clicks(intervals, horizon)
    return found, False


def _without_clicks(intervals: Sequence[Interval], horizon: int) -> tuple[list[Span], bool]:
    found: list[Span] = []
    undone = False
    runs = [list(run) for _, run in groupby(intervals, key=lambda i: i.kind is _DONE)]
    for run, after in zip(runs, [*runs[1:], None], strict=True):
        start, end = run[0].entered_at, None if after is None else after[0].entered_at
        click = run[0].kind is _DONE and found and end is not None and end - start < UNDONE_CLICK
        for _, kind, stage, entered, left in run:
            taken = found[-1][:2] if click else (kind, stage)
            found.append((*taken, entered, horizon if left is None else left))
        undone = undone or bool(click and end != start)
    return found, undone


class _Walk:
    """What one walk over the spans finds: moments, and the time since the start by bucket.

    `times` holds the part of each bucket up to the horizon; `ending` is how much of the parked part belongs to the stay
    that ended the issue, and is no time in it.
    """

    __slots__ = (
        "back", "cancelled", "committed", "done", "ending", "finished", "first", "kind", "queued", "reopened", "since",
        "started", "times", "unmapped",
    )  # fmt: skip

    def __init__(self) -> None:
        self.committed: int | None = None
        self.started: int | None = None
        self.first: int | None = None
        self.finished: int | None = None
        self.cancelled: int | None = None
        self.reopened = self.since = self.ending = 0
        self.back = self.queued = self.done = self.unmapped = False
        self.kind = _UNMAPPED
        self.times = [0] * _KINDS

    def over(self, walk: Sequence[Span], commitment: int) -> _Walk:
        """Every change of every issue passes here once: plain locals, no calls but at a crossing."""
        committed, started, times = self.committed, self.started, self.times
        before, stage_before = 0, -1
        for kind, stage, entered, left in walk:
            if kind is not before:
                if started is None and (kind is _ACTIVE or kind is _WAIT):
                    self.started = started = entered
                self._cross(kind, entered)
                before = kind
            if kind is not _CANCELLED and kind is not _UNMAPPED:
                if committed is None and stage >= commitment:
                    committed = entered
                if stage < stage_before:
                    self.back = True
                stage_before = stage
            if started is not None:
                times[kind] += left - entered
                self.ending += left - entered
        self.committed = committed
        return self

    def _cross(self, kind: Kind, entered: int) -> None:
        self.kind, self.since, self.ending = kind, entered, 0
        if kind is _DONE:
            self.finished = entered
            self.first = entered if self.first is None else self.first
            self.done = True
        elif kind is _CANCELLED:
            self.cancelled = entered
        else:
            self.reopened += self.done
            self.done = False
            self.queued = self.queued or (kind is _QUEUE and self.started is not None)
            self.unmapped = self.unmapped or kind is _UNMAPPED


def _fact(log: _Log, intervals: Sequence[Interval], rules: StatusMap, horizon: int, gone: int | None) -> ItemFact:
    walk, undone = spans(intervals, horizon)
    found = _Walk().over(walk, rules.commitment)
    kind, times = found.kind, found.times
    finished = found.finished if kind is _DONE else None
    cancelled = found.cancelled if kind is _CANCELLED else None
    ended = kind is _DONE or kind is _CANCELLED
    blocked = _blocked(log, walk, found.started, horizon)
    return ItemFact(
        committed_at=found.committed,
        started_at=found.started,
        first_finished_at=found.first,
        finished_at=finished,
        cancelled_at=cancelled,
        gone_at=gone,
        lead_seconds=None if finished is None else finished - log.created,
        cycle_seconds=None if finished is None or found.started is None else max(0, finished - found.started),
        active_seconds=times[_ACTIVE] - blocked,
        wait_seconds=times[_WAIT] + times[_QUEUE] + blocked,
        parked_seconds=times[_DONE] + times[_CANCELLED] - (found.ending if ended else 0),
        unmapped_seconds=times[_UNMAPPED],
        reopened=found.reopened,
        kind=kind,
        kind_since=found.since,
        last_change=log.last,
        notes=_notes(log, intervals, found, undone),
    )


def _blocked(log: _Log, walk: Sequence[Span], started: int | None, horizon: int) -> int:
    """Seconds since the start in which an active item was flagged; stays with the flag never overlap."""
    track = log.flags
    if started is None or (len(track) == 1 and track[0][1].empty):
        return 0
    ends = [ts for ts, _ in track[1:]] + [horizon]
    flagged = [(ts, end) for (ts, value), end in zip(track, ends, strict=True) if not value.empty]
    active = [(a, b) for kind, _, a, b in walk if kind is _ACTIVE]
    return sum(max(0, min(b, end) - max(a, since)) for a, b in active for since, end in flagged)


def _notes(log: _Log, intervals: Sequence[Interval], found: _Walk, undone: bool) -> tuple[str, ...]:
    """Names of the data-quality checks this issue meets, sorted."""
    first, kind, started = intervals[0].kind, found.kind, found.started
    names = (
        "backwards_through_stages" if found.back else "",
        "change_before_created" if log.moved else "",
        "completed_but_not_started" if kind is _DONE and started is None else "",
        "created_in_wrong_status" if first is not _QUEUE and first is not _UNMAPPED else "",
        "history_incomplete" if log.incomplete else "",
        "returned_to_queue" if found.queued else "",
        "status_changes_after_done" if found.first is not None and intervals[-1].entered_at > found.first else "",
        "status_unmapped" if found.unmapped else "",
        "stopped_before_started" if kind is _CANCELLED and started is None else "",
        "undone_click" if undone else "",
    )
    return tuple(filter(None, names))


_BUCKET = {_ACTIVE: _ACTIVE, _WAIT: _WAIT, _QUEUE: _WAIT, _DONE: _DONE, _CANCELLED: _DONE, _UNMAPPED: _UNMAPPED}


_DURATION = {_ACTIVE: "active_seconds", _WAIT: "wait_seconds", _UNMAPPED: "unmapped_seconds"}


def extend(fact: ItemFact, issue: Issue, as_of: int) -> ItemFact:
    """A fact folded at its last change, read at a later instant. Only the open duration has moved."""
    more = as_of - fact.last_change
    bucket = _BUCKET[fact.kind]
    if more <= 0 or fact.started_at is None or bucket is _DONE:
        return fact
    if fact.kind is _ACTIVE and not issue.value(_FLAGGED).empty:
        bucket = _WAIT
    name = _DURATION[bucket]
    return replace(fact, **{name: getattr(fact, name) + more})


def reread(
    issue: Issue, intervals: tuple[Interval, ...], fact: ItemFact, as_of: int, gone_at: int | None = None
) -> tuple[tuple[Interval, ...], ItemFact] | None:
    """What `fold` would answer, from a fold made at the issue's last change; None when only a new fold can tell."""
    gone = gone_at if gone_at is not None and gone_at <= as_of else None
    horizon = as_of if gone is None else gone
    if horizon < fact.last_change or gone == fact.last_change:  # what changes as it goes no longer counts
        return None
    fact = extend(fact, issue, horizon)
    if gone is None:
        return intervals, fact
    return (*intervals[:-1], intervals[-1]._replace(left_at=gone)), replace(fact, gone_at=gone)
