"""What a run is going to do, decided from the source's state before anything is fetched, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from okr_delivery.model.message import Message
from okr_delivery.store.rows import SourceState

HOUR = 3600
DAY = 24 * HOUR
OVERLAP = 2 * HOUR  # clock skew, index lag and the hour that a zone repeats
METADATA_AGE = DAY
CENSUS_AGE = 20 * HOUR  # a daily job that starts a little earlier than yesterday is still daily
FULL_AGE = 30 * DAY  # some things never move `updated`
WIDER = 26 * HOUR  # wider than the zones of the earth are apart


@dataclass(frozen=True, slots=True)
class SourceResult:
    """One source of `okr-delivery/sync/1`: what this run fetched and changed. `seconds` is wall time."""

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


@dataclass(frozen=True, slots=True)
class Plan:
    """One pass over a source. `since` None = all in scope; `after` = the last committed page of a run that died."""

    started_at: int
    since: int | None
    after: str | None
    full: bool
    resumed: bool
    fetch_hash: str
    renew: bool  # read metadata and all iterations again

    def cursor(self, after: str | None) -> dict[str, object]:
        """As it is stored with each page."""
        return {
            "started_at": self.started_at,
            "since": self.since,
            "after": after,
            "full": self.full,
            "fetch_hash": self.fetch_hash,
        }


def plan(state: SourceState, now: int, fetch_hash: str, *, full: bool) -> Plan:
    """The next pass. `now` is the tracker's clock.

    A run that died is taken up where it stopped, with the same start, unless its settings are gone or all bodies are
    wanted and it did not fetch them all.
    """
    same = state.fetch_hash in (None, fetch_hash)
    cursor = state.cursor
    old = state.metadata_at is None or now - state.metadata_at > METADATA_AGE
    if cursor is not None and cursor.get("fetch_hash") == fetch_hash and (not full or cursor.get("full")):
        return _resumed(cursor, fetch_hash, renew=old)
    overdue = state.full_at is not None and now - state.full_at > FULL_AGE
    every = full or not same or overdue
    since = None if every or state.watermark is None else state.watermark - OVERLAP
    return Plan(now, since, None, every, False, fetch_hash, renew=every or old)


def _resumed(cursor: Mapping[str, object], fetch_hash: str, *, renew: bool) -> Plan:
    since, after = cursor.get("since"), cursor.get("after")
    return Plan(
        started_at=int(str(cursor["started_at"])),
        since=None if since is None else int(str(since)),
        after=None if after is None else str(after),
        full=bool(cursor.get("full")),
        resumed=after is not None,
        fetch_hash=fetch_hash,
        renew=renew,
    )
