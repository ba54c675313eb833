"""Deployments of a source whose settings name environments: read behind the last page, with a mark of their own.

What they are needed for is incomplete until they were read to the end; the issues are whole all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from okr_delivery.config import deployments_hash
from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.model.work import Deployment
from okr_delivery.store import DeploymentMark
from okr_delivery.sync.connector import Deploys
from okr_delivery.sync.errors import ConfigError
from okr_delivery.sync.failures import out_of_time
from okr_delivery.sync.pages import Run
from okr_delivery.sync.run import OVERLAP

if TYPE_CHECKING:
    from okr_delivery.model.message import Message

BATCH = 50  # deployments of one transaction
SETTLED = 600  # seconds after its end in which a tracker may still find out what a deployment brought


def bring(run: Run, now: int, *, full: bool, on_phase: Callable[[Message], None]) -> None:
    """Brings the source's deployments up to date; forgets them where the settings name no environment any more.

    `now` is the tracker's clock. Raises ConfigError for a tracker that tells of none, RetryLaterError at the deadline,
    and whatever SyncError the connector raises; what was committed stays.
    """
    if run.source.deployments is None:
        _forget(run)
        return
    connector = run.connector
    if not isinstance(connector, Deploys):
        what = msg("sync.no_deployments", type=connector.type)
        raise ConfigError([Problem(what, run.name, msg("sync.no_deployments_help"))])
    on_phase(msg("sync.phase.deployments"))
    mark = _begin(run, now)
    since = None if full or mark.read_at is None else mark.read_at - OVERLAP
    for batch in _batches(connector.deployments(since, frozenset() if full else _held(run, mark))):
        _commit(run, batch)
    with run.store.page(run.name) as tx:
        tx.mark_deployments(replace(mark, complete=True, begun_at=now, read_at=now))


def _begin(run: Run, now: int) -> DeploymentMark:
    """Notes that a reading has begun; other settings begin anew. Answers the mark to go on from."""
    asked, before = deployments_hash(run.source), run.store.deployment_mark(run.name)
    known = before is not None and before.settings == asked
    begun = before.begun_at if known and before is not None and not before.complete else now
    mark = DeploymentMark(asked, False, begun, before.read_at if known and before is not None else None)
    with run.store.page(run.name) as tx:
        if not known:
            tx.forget_deployments()
        tx.mark_deployments(mark)
    return mark


def _held(run: Run, mark: DeploymentMark) -> frozenset[str]:
    """The stored ones about which nothing new can be learnt."""
    stored = run.store.deployments(run.name)
    return frozenset(d.id for d in stored if d.finished_at < mark.settled_by - SETTLED)


def _commit(run: Run, batch: list[Deployment]) -> None:
    with run.store.page(run.name) as tx:
        tx.put_deployments(batch)
    if run.deadline is not None and run.clock() >= run.deadline:
        raise out_of_time(run.name)


def _batches(found: Iterable[Deployment]) -> Iterator[list[Deployment]]:
    left = iter(found)
    while batch := list(islice(left, BATCH)):
        yield batch


def _forget(run: Run) -> None:
    if run.store.deployment_mark(run.name) is not None:
        with run.store.page(run.name) as tx:
            tx.forget_deployments()
