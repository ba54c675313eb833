"""Where the time went and which way issues moved: stages entered, first passes and rework."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from okr_delivery.model.work import Interval, Kind

Move = tuple[str, str, int]  # from status, to status, instant

_OFF_THE_WAY = (Kind.CANCELLED, Kind.UNMAPPED)


def entries(intervals: Sequence[Interval], stages: int) -> list[int | None]:
    """When each stage or a later one was first reached: what a cumulative flow diagram stacks. None: never."""
    found: list[int | None] = [None] * stages
    for interval in intervals:
        if interval.kind in _OFF_THE_WAY:
            continue
        for stage in range(min(interval.stage, stages - 1), -1, -1):
            if found[stage] is not None:
                break
            found[stage] = interval.entered_at
    return found


def time_in_stages(
    intervals: Sequence[Interval], start: int, end: int, migrations: Collection[Move] = ()
) -> tuple[Counter[int], Counter[int]]:
    """Seconds per stage in [start, end): first pass and rework.

    Rework is any entry of a stage once it, or a later one, was reached before. Entries that are part of a migration are
    first passes: nobody worked on anything again.
    """
    first: Counter[int] = Counter()
    again: Counter[int] = Counter()
    reached, before, stage = -1, "", -1
    for interval in intervals:
        moved = (before, interval.status_id, interval.entered_at) in migrations
        before = interval.status_id
        if interval.kind in _OFF_THE_WAY:
            continue
        rework = interval.stage <= reached and interval.stage != stage and not moved
        left = end if interval.left_at is None else min(end, interval.left_at)
        (again if rework else first)[interval.stage] += max(0, left - max(start, interval.entered_at))
        reached, stage = max(reached, interval.stage), interval.stage
    return first, again


def moves_back(
    intervals: Sequence[Interval], start: int | None, migrations: Collection[Move] = ()
) -> Iterator[tuple[str, str]]:
    """(from, to) of every move to an earlier stage at or after `start`, migrations left out."""
    way = [interval for interval in intervals if interval.kind not in _OFF_THE_WAY]
    for before, after in pairwise(way):
        move = (before.status_id, after.status_id, after.entered_at)
        if start is not None and after.entered_at >= start and after.stage < before.stage and move not in migrations:
            yield move[:2]
