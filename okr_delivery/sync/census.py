"""Which issues are no more: missed by two censuses in a row and not shown when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Issue
from okr_delivery.store import Store
from okr_delivery.sync.connector import Connector
from okr_delivery.sync.ids import IdSet

VANISHED_SHARE = 0.2
VISIBLE_BLOCK = 100


@dataclass(frozen=True, slots=True)
class CensusResult:
    """`trusted` False: so much vanished at once that the token is suspected and nothing was concluded."""

    trusted: bool
    gone: tuple[str, ...] = ()
    warnings: tuple[Message, ...] = ()


def take(
    store: Store, name: str, connector: Connector, listed: IdSet, now: int, team_of: Callable[[Issue], str]
) -> CensusResult:
    """Keeps book of one count of the source, the ids `listed`. `now` is the tracker's clock.

    The token is suspected for what it is no longer shown at all; what merely left the scope may be any share. A raised
    SyncError changes nothing.
    """
    held = store.held(name)
    missing = sorted(ref for ref in held if ref not in listed)
    before = store.missed(name)
    hidden = len(missing) - len(_visible(connector, missing)) if _too_many(len(missing), len(held)) else 0
    if _too_many(hidden, len(held)):
        return CensusResult(False, warnings=(msg("sync.vanished", n=hidden, total=len(held), store=store.where),))
    twice = [ref for ref in missing if ref in before]
    shown = _visible(connector, twice)
    gone = {ref: before[ref] for ref in twice if ref not in shown}
    teams = {issue.id: team_of(issue) for issue in store.issues(name, gone)}
    with store.page(name) as tx:
        tx.found(ref for ref in before if ref in listed)
        tx.miss(missing, now)
        tx.tombstone(gone, teams)
        tx.set_state(census_at=now)
    warnings = (msg("sync.out_of_scope", n=len(shown)),) if shown else ()
    return CensusResult(True, tuple(gone), warnings)


def _too_many(missing: int, held: int) -> bool:
    return missing > 1 and missing > VANISHED_SHARE * held


def _visible(connector: Connector, ids: list[str]) -> frozenset[str]:
    blocks = [ids[i : i + VISIBLE_BLOCK] for i in range(0, len(ids), VISIBLE_BLOCK)]
    return frozenset(ref for block in blocks for ref in connector.visible(block))
