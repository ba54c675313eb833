"""What a sync would take, asked of the tracker before any issue is: `sync --plan`. Nothing is stored."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from okr_delivery.config import fetch_hash
from okr_delivery.model.message import Message
from okr_delivery.store import SourceState, Store
from okr_delivery.store.codes import id_order
from okr_delivery.sync.connector import Ahead, Connector, Metadata
from okr_delivery.sync.engine import PACE
from okr_delivery.sync.run import Part, Plan, plan

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.sync.transport import Transport

SECONDS = 0.5  # a request takes so long where no run has measured it
SWEEP = 2  # requests that list ids once more
BYTES = 14_000  # the mean of 135 recorded issues of Jira Cloud and Server with their histories, not compressed


@dataclass(frozen=True, slots=True)
class Estimate:
    """One source of `okr-delivery/sync-plan/1`. Counts are None where the tracker does not tell.

    `kind` first | full | changed | resumed; `since` is the window's begin (epoch seconds) of `changed`. `seconds` is
    wall time; `pace` the wall seconds per request it was reckoned with, `measured` in the last long run or assumed.
    """

    name: str
    kind: str
    since: int | None
    parts: int
    issues: int | None
    requests: int | None
    seconds: float | None
    bytes: int | None
    points: int | None
    pace: float
    measured: bool
    warnings: tuple[Message, ...] = ()


def look(
    source: Source, store: Store | None, connector: Connector, transport: Transport, *, full: bool = False
) -> Estimate:
    """Authenticates, reads metadata where the run would, and asks how much lies ahead. `store` None: there is none yet.

    Raises SyncError as the run would.
    """
    state = (store.source(source.name) if store else None) or SourceState(source.name, complete=False)
    now = connector.identity().server_time
    empty = store is None or store.issue_count(source.name) == len(store.gone(source.name))
    todo = plan(state, now, fetch_hash(source), full=full, empty=empty, oldest=source.history.since)
    metadata = _metadata(source.name, store, connector, todo)
    parts = 1 if todo.part is Part.WHOLE else 2
    before = transport.total + len(metadata.boards) + SWEEP * (parts - 1)  # each board's iterations are listed too
    ahead = connector.ahead(todo.since)
    issues = None if ahead.issues is None else max(ahead.issues - _done(store, source.name, todo), 0)
    requests = _requests(ahead, issues, before)
    pace = _measured(store, source.name)
    waits = pace if pace is not None else SECONDS / max(ahead.concurrency, 1)
    return Estimate(
        name=source.name,
        kind=todo.kind,
        since=todo.since,
        parts=parts,
        issues=issues,
        requests=requests,
        seconds=None if requests is None else requests * waits,
        bytes=None if issues is None else issues * BYTES,
        points=ahead.points,
        pace=waits,
        measured=pace is not None,
        warnings=metadata.warnings,
    )


def _metadata(name: str, store: Store | None, connector: Connector, todo: Plan) -> Metadata:
    raw = store.metadata(name) if store else None
    if store is not None and raw is not None and not todo.renew:
        stored = Metadata(store.statuses(name), store.boards(name), store.found_fields(name), (), raw)
        with suppress(ValueError):  # it must be read anew
            connector.use(stored)
            return stored
    return connector.metadata()


def _done(store: Store | None, name: str, todo: Plan) -> int:
    """How many of the issues in question the run that died has stored."""
    if store is None or not todo.resumed or todo.since is not None:
        return 0
    if todo.part is not Part.WHOLE or todo.after is None:
        return sum(1 for _ in store.held_ids(name))
    upto = id_order(todo.after)
    return sum(id_order(ref) <= upto for ref in store.held_ids(name))


def _requests(ahead: Ahead, issues: int | None, before: int) -> int | None:
    """Those of the issues that are left, and what every run asks first."""
    if ahead.requests is None:
        return None
    share = 1.0 if not ahead.issues or issues is None else issues / ahead.issues
    return before + max(ceil(ahead.requests * share), 1)


def _measured(store: Store | None, name: str) -> float | None:
    noted = store.noted(PACE + name) if store else None
    return None if noted is None else float(noted)
