"""One issue's history, folded into intervals and moments as METRICS.md section 1 defines them.

A pure function of the issue, its changes, the status map and one instant. Instants are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
_order = attrgetter("ts", "history_id", "item")

Span = tuple[Kind, int, int, int]  # kind, stage, entered, left (the horizon for the last one)


@dataclass(frozen=True, slots=True)
class Timeline:
    """`later` counts changes after the instant of the fold: they were not read."""

    intervals: tuple[Interval, ...]
    fact: ItemFact
    later: int = 0


NOTHING = Timeline((), ItemFact())


def fold(issue: Issue, changes: Iterable[Change], rules: StatusMap, as_of: int, gone_at: int | None = None) -> Timeline:
    """Folds all of an issue's changes, in any order, as of an instant. An issue created later has no timeline."""
    if issue.created > as_of:
        return NOTHING
    gone = gone_at if gone_at is not None and gone_at <= as_of else None
    horizon = as_of if gone is None else max(gone, issue.created)
    log = _Log(issue, sorted(changes, key=_order), horizon)
    intervals = _intervals(log, rules, gone)
    fact = _fact(log, intervals, rules, horizon, gone)
    return Timeline(intervals, fact, log.later)


class _Log:
    """The three tracks that make a timeline, each (instant, value) with the initial value at `created`."""

    __slots__ = ("created", "flags", "incomplete", "last", "later", "moved", "resolutions", "statuses")

    def __init__(self, issue: Issue, changes: Sequence[Change], horizon: int) -> None:
        created = issue.created
        self.created, self.last, self.later, self.moved = created, created, 0, False
        self.incomplete = not issue.history_complete
        tracks: dict[Field, list[tuple[int, Value]]] = {_STATUS: [], _RESOLUTION: [], _FLAGGED: []}
        first: dict[Field, Value] = {}
        for change in changes:
            ts, field = change.ts, change.field
            track = tracks.get(field)
            if track is not None and field not in first:
                first[field] = change.old
            if ts > horizon:
                self.later += 1
                continue
            if ts < created:
                ts, self.moved = created, True
            self.last = ts
            if track is not None:
                track.append((ts, change.new))
        for field, track in tracks.items():
            track.insert(0, (created, first[field] if field in first else issue.value(field)))
        self.statuses, self.resolutions, self.flags = tracks[_STATUS], tracks[_RESOLUTION], tracks[_FLAGGED]


def _intervals(log: _Log, rules: StatusMap, gone: int | None) -> tuple[Interval, ...]:
    kinds = rules.kinds
    found: list[Interval] = []
    track = log.statuses
    cancels = _cancelling(log, rules)
    for i, (entered, value) in enumerate(track):
        left = track[i + 1][0] if i + 1 < len(track) else gone
        status = value.id or ""
        stage, kind = kinds.get(status, UNKNOWN)
        if kind is _DONE and cancels is not None:
            found.extend(_split(status, stage, entered, left, cancels))
        else:
            found.append(Interval(status, kind, stage, entered, left))
    return tuple(found)


def _cancelling(log: _Log, rules: StatusMap) -> list[tuple[int, bool]] | None:
    """(since, does the resolution say "not delivered"), oldest first, one an instant; None where it never does."""
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
    found: list[Span] = []
    undone = False
    i, n = 0, len(intervals)
    while i < n:
        one = intervals[i]
        if one.kind is not _DONE:
            found.append((one.kind, one.stage, one.entered_at, horizon if one.left_at is None else one.left_at))
            i += 1
            continue
        j = i
        while j < n and intervals[j].kind is _DONE:
            j += 1
        click = j < n and found and intervals[j].entered_at - one.entered_at < UNDONE_CLICK
        for stay in intervals[i:j]:
            left = horizon if stay.left_at is None else stay.left_at
            kind, stage = found[-1][:2] if click else (stay.kind, stay.stage)
            found.append((kind, stage, stay.entered_at, left))
        undone = undone or bool(click and intervals[j].entered_at > one.entered_at)
        i = j
    return found, undone


class _Moments:
    """What one walk over the spans finds."""

    __slots__ = ("cancelled", "committed", "finished", "first", "notes", "reopened", "since", "started")

    def __init__(self, walk: Sequence[Span], commitment: int) -> None:
        self.committed: int | None = None
        self.started: int | None = None
        self.first: int | None = None
        self.finished: int | None = None
        self.cancelled: int | None = None
        self.reopened = 0
        self.since = walk[0][2]
        self.notes: set[str] = set()
        self._walk(walk, commitment)

    def _walk(self, walk: Sequence[Span], commitment: int) -> None:
        before: Kind | None = None
        stage_before, was_done = -1, False
        for kind, stage, entered, _ in walk:
            if self.committed is None and stage >= commitment and kind is not _CANCELLED and kind is not _UNMAPPED:
                self.committed = entered
            if self.started is None and (kind is _ACTIVE or kind is _WAIT):
                self.started = entered
            if kind is not before:
                self.since = entered
                was_done = self._cross(kind, entered, was_done)
            if kind is not _CANCELLED and kind is not _UNMAPPED:
                if stage < stage_before:
                    self.notes.add("backwards_through_stages")
                stage_before = stage
            before = kind

    def _cross(self, kind: Kind, entered: int, was_done: bool) -> bool:
        """Takes note of a crossing into `kind`; answers whether the item counts as done since, cancelled or not."""
        if kind is _DONE:
            self.finished = entered
            if self.first is None:
                self.first = entered
            return True
        if kind is _CANCELLED:
            self.cancelled = entered
            return was_done
        self.reopened += was_done
        if kind is _QUEUE and self.started is not None:
            self.notes.add("returned_to_queue")
        return False


def _fact(log: _Log, intervals: Sequence[Interval], rules: StatusMap, horizon: int, gone: int | None) -> ItemFact:
    walk, undone = spans(intervals, horizon)
    kind, _, _, _ = walk[-1]
    m = _Moments(walk, rules.commitment)
    finished = m.finished if kind is _DONE else None
    cancelled = m.cancelled if kind is _CANCELLED else None
    end = next((at for at in (finished, cancelled) if at is not None), horizon)
    times = {_ACTIVE: 0, _WAIT: 0, _DONE: 0, _UNMAPPED: 0}
    if m.started is not None:
        _divide(walk, m.started, end, _flagged(log, horizon), times)
    return ItemFact(
        committed_at=m.committed,
        started_at=m.started,
        first_finished_at=m.first,
        finished_at=finished,
        cancelled_at=cancelled,
        gone_at=gone,
        lead_seconds=None if finished is None else finished - log.created,
        cycle_seconds=None if finished is None or m.started is None else max(0, finished - m.started),
        active_seconds=times[_ACTIVE],
        wait_seconds=times[_WAIT],
        parked_seconds=times[_DONE],
        unmapped_seconds=times[_UNMAPPED],
        reopened=m.reopened,
        kind=kind,
        kind_since=m.since,
        last_change=log.last,
        notes=_notes(log, intervals, m, undone, finished, cancelled),
    )


_BUCKET = {_ACTIVE: _ACTIVE, _WAIT: _WAIT, _QUEUE: _WAIT, _DONE: _DONE, _CANCELLED: _DONE, _UNMAPPED: _UNMAPPED}


def _flagged(log: _Log, horizon: int) -> list[tuple[int, int]]:
    """Stays with the flag up, in order and without overlap."""
    track = log.flags
    if len(track) == 1 and track[0][1].empty:
        return []
    ends = [ts for ts, _ in track[1:]] + [horizon]
    return [(ts, end) for (ts, value), end in zip(track, ends, strict=True) if not value.empty and end > ts]


def _divide(
    walk: Sequence[Span], start: int, end: int, flags: Sequence[tuple[int, int]], times: dict[Kind, int]
) -> None:
    """Adds each span's part of [start, end) to its bucket; blocked parts of active ones are waiting."""
    for kind, _, entered, left in walk:
        a, b = max(entered, start), min(left, end)
        if b <= a:
            continue
        blocked = 0
        if kind is _ACTIVE and flags:
            blocked = sum(max(0, min(b, to) - max(a, since)) for since, to in flags)
            times[_WAIT] += blocked
        times[_BUCKET[kind]] += b - a - blocked


def _notes(
    log: _Log, intervals: Sequence[Interval], m: _Moments, undone: bool, finished: int | None, cancelled: int | None
) -> tuple[str, ...]:
    """Names of the data-quality checks this issue meets, sorted."""
    first = intervals[0].kind
    after = m.first is not None and any(i.entered_at > m.first for i in intervals)
    checks = {
        "history_incomplete": log.incomplete,
        "change_before_created": log.moved,
        "undone_click": undone,
        "completed_but_not_started": finished is not None and m.started is None,
        "stopped_before_started": cancelled is not None and m.started is None,
        "status_changes_after_done": after,
        "status_unmapped": any(i.kind is _UNMAPPED for i in intervals),
        "created_in_wrong_status": first is not _QUEUE and first is not _UNMAPPED,
    }
    return tuple(sorted(m.notes | {name for name, met in checks.items() if met}))


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
    if horizon < fact.last_change:
        return None
    fact = extend(fact, issue, horizon)
    if gone is None:
        return intervals, fact
    return (*intervals[:-1], replace(intervals[-1], left_at=gone)), replace(fact, gone_at=gone)
