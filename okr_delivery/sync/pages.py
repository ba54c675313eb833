"""From a connector's pages to the store: each in one transaction with its cursor, what it says and what is derived."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.model.work import Issue
from okr_delivery.store import Store, StoreTx
from okr_delivery.store.codes import natural
from okr_delivery.sync.apart import Apart, Reading
from okr_delivery.sync.claims import claim_texts
from okr_delivery.sync.connector import Connector, Held, Page
from okr_delivery.sync.errors import AbortSyncError
from okr_delivery.sync.failures import out_of_time
from okr_delivery.sync.garbage import swept
from okr_delivery.sync.ids import IdSet
from okr_delivery.sync.run import Part, Plan
from okr_delivery.sync.tally import Tally

if TYPE_CHECKING:
    from okr_delivery.config import Source

Derive = Callable[[StoreTx, str, Sequence[str]], None]


@dataclass(frozen=True)
class Run:
    """What every step of one call of `sync_source` works with. See there for what each is."""

    source: Source
    store: Store
    connector: Connector
    derive: Derive
    derived_with: str
    team_of: Callable[[Issue], str]
    deadline: float | None
    clock: Callable[[], float]
    on_progress: Callable[[str, int], None] | None
    tally: Tally
    apart: Apart

    @property
    def name(self) -> str:
        return self.source.name


class Pages:
    """Reads pages and commits them. `skipped` once a record could not be read.

    `met` holds the ids that the connector named while a window was read: nothing else can tell that one is missing.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self.skipped = False
        self.met = IdSet()

    def read(
        self,
        todo: Plan,
        settled: int | None = None,
        *,
        skip: Container[str] = (),
        keep: Plan | None = None,
        then: Plan | None = None,
    ) -> str | None:
        """All pages of a plan. `settled`: what was updated before that instant and is stored need not be sent again.

        `keep` is the plan whose cursor stays while these pages come, `then` the one that will be read next, without
        what these bring. Answers the `after` of the last page. Raises RetryLaterError at the deadline, after the page
        that was under way, AbortSyncError for pages that can't be stored without losing data.
        """
        after, seen = todo.after, {todo.after}
        closed = todo.since is None and (todo.full or settled is None)
        reading = Reading(todo, partial(self._made, todo, settled, skip))
        with self._run.apart.pages(*self._both(reading, then), closed=closed) as pages:
            for page in swept(pages):
                self._check(page, seen)
                seen.add(page.after)
                after = page.after or after
                self.skipped = self.skipped or bool(page.skipped)
                stands = keep.cursor(keep.after, skipped=self.skipped) if keep else None
                self._commit(page, todo, stands or todo.cursor(after, skipped=self.skipped))
                self._goes_on()
        return after

    def _made(self, todo: Plan, settled: int | None, skip: Container[str]) -> Iterator[Page]:
        lively = todo.lively if todo.part is Part.LIVELY else None
        held = self._held(todo, settled)
        return self._run.connector.pages(todo.since, todo.after, held, lively=lively, skip=skip)

    def _both(self, reading: Reading, then: Plan | None) -> tuple[Reading, Reading | None]:
        """What is read now and what behind it: the one keeps note for the other of what need not come again."""
        if then is None:
            return reading, None
        known = IdSet(self._run.store.held_ids(self._run.name))

        def noted() -> Iterator[Page]:
            for page in reading.make():
                known.update(issue.id for issue in page.issues)
                yield page

        return reading._replace(make=noted), Reading(then, partial(self._made, then, None, known))

    def _goes_on(self) -> None:
        """Behind each page. Raises RetryLaterError at the deadline."""
        run = self._run
        if run.on_progress is not None:
            run.on_progress(run.name, run.tally.fetched)
        if run.deadline is not None and run.clock() >= run.deadline:
            raise out_of_time(run.name)

    def _held(self, todo: Plan, settled: int | None) -> Held:
        """What need not be sent again: `updated` before the second in which the last whole run began.

        What was changed in that second or later may have been read in the same second as the change, and changed once
        more in the rest of it: equal instants then say nothing, and it is read again once.
        """

        def held(ids: Sequence[str]) -> Mapping[str, int]:
            self._meet(todo, ids)
            if todo.full or settled is None:
                return {}
            return {ref: at for ref, at in self._run.store.held(self._run.name, ids).items() if at < settled}

        return held

    def _meet(self, todo: Plan, ids: Sequence[str]) -> None:
        if todo.since is not None:
            self.met.update(ids)

    def _check(self, page: Page, seen: set[str | None]) -> None:
        if page.after is not None and page.after in seen:
            name = self._run.name
            raise AbortSyncError([Problem(msg("sync.loop", after=page.after), name, msg("sync.report_bug"))])
        check(page, self._run.name)

    def _commit(self, page: Page, todo: Plan, cursor: Mapping[str, object]) -> None:
        run = self._run
        with run.store.page(run.name) as tx:
            changed, added = put(tx, page, run, at=todo.started_at)
            tx.set_state(cursor=cursor)
        self._meet(todo, [*(issue.id for issue in page.issues), *page.not_visible])
        run.tally.page(page, changed, added)


class Keeping(Protocol):
    """What is needed to keep a page. See `sync_source` for what each is."""

    @property
    def source(self) -> Source: ...
    @property
    def derive(self) -> Derive: ...
    @property
    def team_of(self) -> Callable[[Issue], str]: ...


def check(page: Page, name: str) -> None:
    """Raises AbortSyncError for a page that can't be stored without losing data."""
    ids = {issue.id for issue in page.issues}
    strange = {change.issue_id for change in page.changes} - ids
    foreign = {issue.source for issue in page.issues} - {name}
    if strange or foreign or (page.issues and page.after is None):
        raise AbortSyncError([Problem(msg("sync.broken_page"), name, msg("sync.report_bug"))])


def put(tx: StoreTx, page: Page, keeping: Keeping, *, at: int) -> tuple[Sequence[str], int]:
    """What a page says, the claims as they are seen `at` the tracker's instant, and what is derived of both.

    Answers the ids that are other than they were and how many history entries are new.
    """
    tx.add_statuses(page.statuses)
    bodies = tx.put_issues(page.issues)
    histories, added = tx.put_changes([issue.id for issue in page.issues], page.changes)
    prefixes = keeping.source.links.labels
    tx.see_claims({i.id: (i.key, keeping.team_of(i), claim_texts(i, prefixes)) for i in page.issues}, at)
    changed = natural(bodies | histories)
    if changed:
        keeping.derive(tx, keeping.source.name, changed)
    return changed, added
