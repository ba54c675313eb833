"""What a run is going to do, decided from the source's state before anything is fetched, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Self

from okr_delivery.model.message import Message
from okr_delivery.store.rows import SourceState

HOUR = 3600
DAY = 24 * HOUR
OVERLAP = 2 * HOUR  # clock skew, index lag and the hour that a zone repeats
METADATA_AGE = DAY
CENSUS_AGE = 20 * HOUR  # a daily job that starts a little earlier than yesterday is still daily
FULL_AGE = 30 * DAY  # some things never move `updated`
WIDER = 26 * HOUR  # wider than the zones of the earth are apart
LIVELY_DAYS = 90  # what was updated in so many days comes first, beside what is open
STALE = 600  # seconds after which what a run read is brought up to date before it goes on or ends


class Part(StrEnum):
    """What a pass reads. Stored in cursors: never rename."""

    WHOLE = "whole"  # all in scope, or a window of it, in one go
    LIVELY = "lively"  # the first part of a first sync: open issues and those updated lately
    REST = "rest"  # its second part: older history


@dataclass(frozen=True, slots=True)
class SourceResult:
    """One source of `okr-delivery/sync/1`: what this run fetched and changed. `seconds` is wall time.

    `whole_since` is set by a first sync that ended in its second part: what is open or was updated since is whole.
    """

    name: str
    complete: bool
    resumed: bool
    fetched: int
    changed: int
    deleted: int
    changes: int  # history entries that are new in the store
    requests: int
    seconds: float
    warnings: tuple[Message, ...]
    whole_since: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One pass over a source. `since` None = all in scope; `after` = the last committed page of a run that died.

    `lively` is the instant that divides a first sync; `rescope`: other settings than the stored issues were read with;
    `skipped`: a record could not be read before the run died.
    """

    started_at: int
    since: int | None
    after: str | None
    full: bool
    resumed: bool
    fetch_hash: str
    renew: bool  # read metadata and all iterations again
    part: Part = Part.WHOLE
    lively: int | None = None
    rescope: bool = False
    skipped: bool = False

    @property
    def kind(self) -> str:
        """first | full | changed, or resumed for what goes on behind a committed page."""
        if self.resumed:
            return "resumed"
        if self.since is not None:
            return "changed"
        return "full" if self.full else "first"

    def cursor(self, after: str | None, *, skipped: bool) -> dict[str, object]:
        """As it is stored with each page."""
        return {
            "started_at": self.started_at,
            "since": self.since,
            "after": after,
            "full": self.full,
            "fetch_hash": self.fetch_hash,
            "part": self.part.value,
            "lively": self.lively,
            "rescope": self.rescope,
            "skipped": skipped,
        }

    def anew(self, now: int) -> Self:
        """Everything from the beginning, whatever was read before."""
        fresh = replace(self, started_at=now, since=None, after=None, full=True, resumed=False)
        return replace(fresh, part=Part.WHOLE, lively=None, skipped=False)

    def rest(self) -> Self:
        """The second part, from its beginning or from where it stopped."""
        return self if self.part is Part.REST else replace(self, part=Part.REST, after=None)


def plan(
    state: SourceState, now: int, fetch_hash: str, *, full: bool, empty: bool = False, oldest: date | None = None
) -> Plan:
    """The next pass. `now` is the tracker's clock, `empty` says that the store holds no issue of the source.

    A run that died is taken up where it stopped, with the same start, unless its settings are gone or all bodies are
    wanted and it did not fetch them all. A first sync comes in two parts unless `oldest`, the first day in scope, is
    so young that there would be no second.
    """
    same = state.fetch_hash in (None, fetch_hash)
    cursor = state.cursor
    old = state.metadata_at is None or now - state.metadata_at > METADATA_AGE
    if cursor is not None and cursor.get("fetch_hash") == fetch_hash and (not full or cursor.get("full")):
        return _resumed(cursor, fetch_hash, renew=old)
    if empty and not full and state.watermark is None:
        return _first(now, fetch_hash, oldest, rescope=not same)
    overdue = state.full_at is not None and now - state.full_at > FULL_AGE
    every = full or not same or overdue
    since = None if every or state.watermark is None else state.watermark - OVERLAP
    return Plan(now, since, None, every, False, fetch_hash, renew=every or old, rescope=not same)


def _first(now: int, fetch_hash: str, oldest: date | None, *, rescope: bool) -> Plan:
    lively = now - LIVELY_DAYS * DAY
    begins = None if oldest is None else int(datetime(oldest.year, oldest.month, oldest.day, tzinfo=UTC).timestamp())
    parted = begins is None or begins + DAY < lively  # a day's grace: the day begins elsewhere at another time
    part = Part.LIVELY if parted else Part.WHOLE
    fresh = Plan(now, None, None, False, False, fetch_hash, renew=True, rescope=rescope)
    return replace(fresh, part=part, lively=lively if parted else None)


def _resumed(cursor: Mapping[str, object], fetch_hash: str, *, renew: bool) -> Plan:
    after, part = cursor.get("after"), Part(str(cursor.get("part", Part.WHOLE.value)))
    return Plan(
        started_at=int(str(cursor["started_at"])),
        since=_instant(cursor.get("since")),
        after=None if after is None else str(after),
        full=bool(cursor.get("full")),
        resumed=after is not None or part is Part.REST,
        fetch_hash=fetch_hash,
        renew=renew,
        part=part,
        lively=_instant(cursor.get("lively")),
        rescope=bool(cursor.get("rescope")),
        skipped=bool(cursor.get("skipped")),
    )


def _instant(value: object) -> int | None:
    return None if value is None else int(str(value))
