"""Single issues brought up to date between two syncs: what is asked about, and nothing else of its source.

A page comes in as any page of a sync does. Neither cursor nor watermark nor completeness is touched, so that the next
sync reads all it would have read, these issues among it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr_delivery.config import fetch_hash
from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.model.work import Issue
from okr_delivery.store import Store
from okr_delivery.sync.connector import Connector, Fetched, Fetches, Metadata, Page
from okr_delivery.sync.errors import SkipRecordError
from okr_delivery.sync.pages import Derive, check, put

if TYPE_CHECKING:
    from okr_delivery.config import Source


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of a source: the ids of its issues that are as new as the tracker's instant `at` (epoch seconds)."""

    source: str
    at: int
    ids: frozenset[str]

    def and_also(self, other: Refreshed) -> Refreshed:
        """Both, as new as the older one."""
        return Refreshed(self.source, min(self.at, other.at), self.ids | other.ids)


More = Callable[[Refreshed], Sequence[str]]
"""Further keys, asked for when the first ones are in the store."""


@dataclass(frozen=True)
class Single:
    """One source from which single issues are wanted. `derive` and `team_of` are those of `sync_source`."""

    source: Source
    store: Store
    derive: Derive
    team_of: Callable[[Issue], str]

    @property
    def name(self) -> str:
        return self.source.name

    def whole(self) -> bool:
        """Whether the source was read to its end, as far as planning goes, with the settings of today."""
        state = self.store.source(self.name)
        if state is None or state.fetched_at is None or not (state.complete or state.coming):
            return False
        return state.fetch_hash in (None, fetch_hash(self.source))

    def fetch(self, connector: Connector, keys: Sequence[str], more: More | None = None) -> Refreshed | None:
        """Brings the issues of these keys in, then those that `more` names in the light of them.

        None where only a sync can: the connector reads no single issues, or has no use for what it found out when it
        was asked last. Raises SyncError when the tracker gave no whole answer, UserError while a sync of the source
        runs. The connector is closed.
        """
        try:
            with self.store.lock(self.name):
                if not isinstance(connector, Fetches) or not self._use(connector):
                    return None
                self.store.read_ledger()
                found = self._bring(connector, keys)
                others = more(found) if more is not None else ()
                return found.and_also(self._bring(connector, others)) if others else found
        finally:
            close = getattr(connector, "close", None)
            if callable(close):
                close()

    def _use(self, connector: Connector) -> bool:
        store, name = self.store, self.name
        raw = store.metadata(name)
        if raw is None:
            return False
        with suppress(ValueError):  # another version of the connector wrote it, or teams name other boards now
            connector.use(Metadata(store.statuses(name), store.boards(name), store.found_fields(name), (), raw))
            return True
        return False

    def _bring(self, connector: Fetches, keys: Sequence[str]) -> Refreshed:
        return self._keep(connector.fetch(keys, {each.id: each for each in self.store.iterations(self.name)}))

    def _keep(self, found: Fetched) -> Refreshed:
        page = found.page
        check(page, self.name)
        if page.skipped:
            raise _unread(page)
        if page.issues:
            with self.store.page(self.name) as tx:
                tx.put_iterations(found.iterations)
                put(tx, page, self, at=found.server_time)
        return Refreshed(self.name, found.server_time, frozenset(issue.id for issue in page.issues))


def _unread(page: Page) -> SkipRecordError:
    problems = [problem for skipped in page.skipped for problem in skipped.problems]
    told = [Problem(msg("sync.skipped", where=p.where or "", what=p.what), None, p.next_step) for p in problems]
    return SkipRecordError(told)
