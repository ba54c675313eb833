"""Timelines and memberships as stored: derived with the page that brought an issue, or rebuilt from stored changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from okr_delivery.delivery.membership import by_entry, replay, replay_versions
from okr_delivery.delivery.planning import uses_versions
from okr_delivery.delivery.rules import VERSIONS, derived_hash, status_map
from okr_delivery.delivery.statusmap import StatusMap
from okr_delivery.delivery.timeline import fold
from okr_delivery.model.work import Change, Issue
from okr_delivery.store.rows import Derived

if TYPE_CHECKING:
    from okr_delivery.config import Config
    from okr_delivery.store import Store, StoreTx

BLOCK = 500


def deriver(config: Config) -> Callable[[StoreTx, str, Sequence[str]], None]:
    """What the sync engine calls inside a page's transaction with the ids of the issues whose history changed."""

    def derive(tx: StoreTx, source: str, issue_ids: Sequence[str]) -> None:
        rules, versions = status_map(config.source(source), tx.statuses(source)), uses_versions(config, source)
        for block in _blocks(issue_ids):
            tx.put_derived(_derived(tx.issues(source, block), dict(tx.changes(source, block)), rules, versions))

    return derive


def derived_with(config: Config, source: str) -> str:
    """What derivations of a source depend on beside its statuses; empty for a source whose versions nobody rides."""
    return VERSIONS if uses_versions(config, source) else ""


def rebuild(store: Store, config: Config) -> int:
    """Derives every issue of every configured source again; answers how many. Each source is one transaction."""
    count = 0
    for source in config.sources:
        if store.source(source.name) is None:
            continue
        with store.page(source.name) as tx:
            ids = [issue.id for issue in tx.issues(source.name)]
            deriver(config)(tx, source.name, ids)
            count += len(ids)
    return count


def _derived(
    issues: Iterable[Issue], changes: dict[str, tuple[Change, ...]], rules: StatusMap, versions: bool
) -> list[Derived]:
    rule_hash = derived_hash(rules, versions=versions)
    return [derive_one(issue, changes.get(issue.id, ()), rules, rule_hash, versions=versions) for issue in issues]


def derive_one(
    issue: Issue, changes: Sequence[Change], rules: StatusMap, rule_hash: str, *, versions: bool = False
) -> Derived:
    """An issue's whole history, folded as of its last change; with `versions` also its stays in those."""
    last = max((change.ts for change in changes), default=issue.created)
    timeline = fold(issue, changes, rules, max(last, issue.created))
    stays = replay(issue, changes)
    if versions:
        stays = tuple(sorted((*stays, *replay_versions(issue, changes)), key=by_entry))
    return Derived(issue.id, timeline.intervals, stays, timeline.fact, rule_hash)


def _blocks(ids: Sequence[str]) -> Iterator[list[str]]:
    iterator = iter(ids)
    while block := list(islice(iterator, BLOCK)):
        yield block
