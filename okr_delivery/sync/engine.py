"""Joins a connector and the store: one transaction per page, with the cursor, the claims seen and the derivations.

A source is incomplete from its first commit of a run until the last; a run that dies leaves its cursor and the next
one goes on behind the last committed page with the same start, so both together leave what one would have left.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from okr_delivery.config import fetch_hash, settings_hash
from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Issue
from okr_delivery.store import SourceState, Store, StoreTx
from okr_delivery.store.codes import dumps, natural
from okr_delivery.sync import census
from okr_delivery.sync.claims import claim_texts
from okr_delivery.sync.connector import Connector, Identity, Metadata, Page
from okr_delivery.sync.errors import AbortSyncError, SyncError
from okr_delivery.sync.failures import out_of_time
from okr_delivery.sync.run import CENSUS_AGE, WIDER, Plan, plan
from okr_delivery.sync.run import SourceResult as SourceResult

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.sync.transport import Transport

Derive = Callable[[StoreTx, str, Sequence[str]], None]
STALE = 600  # seconds after which a resumed run is followed by a pass of its own
BLOCK = 500
MARGIN = 120  # seconds inside the window that the canary leaves out: minutes are floored


def sync_source(
    source: Source,
    store: Store,
    connector: Connector,
    *,
    derive: Derive,
    team_of: Callable[[Issue], str],
    transport: Transport | None,
    full: bool = False,
    deadline: float | None = None,
    clock: Callable[[], float] = time.time,
    on_progress: Callable[[str, int], None] | None = None,
) -> SourceResult:
    """Brings one source up to date.

    `derive` is called inside each page's transaction with the ids whose body or history changed. `team_of` names the
    ledger file of an issue's facts. `deadline` is an instant of `clock`: pages committed before it stay, a later run
    resumes. `transport` is asked how many requests were sent; None counts none. Raises SyncError, with what was `done`,
    when the source could not be read to the end, UserError when another sync of it runs or the store can't be written.
    KeyboardInterrupt passes through with the committed pages kept.
    """
    run = _Run(source, store, connector, derive, team_of, deadline, clock, on_progress)
    begun, sent = clock(), transport.total if transport else 0
    try:
        with store.lock(source.name):
            run.go(full)
    except SyncError as error:
        error.done = run.result(clock() - begun, (transport.total if transport else 0) - sent)
        raise
    finally:
        close = getattr(connector, "close", None)
        if callable(close):
            close()
    return run.result(clock() - begun, (transport.total if transport else 0) - sent)


class _Run:
    """One call of `sync_source`: usually one pass, two after resuming an old run."""

    def __init__(
        self,
        source: Source,
        store: Store,
        connector: Connector,
        derive: Derive,
        team_of: Callable[[Issue], str],
        deadline: float | None,
        clock: Callable[[], float],
        on_progress: Callable[[str, int], None] | None,
    ) -> None:
        self._source = source
        self._name = source.name
        self._store = store
        self._connector = connector
        self._derive = derive
        self._team_of = team_of
        self._deadline = deadline
        self._clock = clock
        self._progress = on_progress
        self._fetch_hash = fetch_hash(source)
        self._warnings: list[Message] = []
        self._fetched: set[str] = set()
        self._changed: set[str] = set()
        self._met: set[str] = set()  # ids the connector named: the canary's other half
        self._deleted = 0
        self._changes = 0
        self._partial = 0
        self._complete = False
        self._resumed = False
        self._skipped = False

    def go(self, full: bool) -> None:
        """Passes until the source is as new as this call."""
        self._store.read_ledger()
        self._warn(*(msg("sync.skipped", where=p.where or "", what=p.what) for p in self._store.ledger_problems))
        identity = self._connector.identity()
        first = self._pass(identity, full)
        if self._complete and identity.server_time - first.started_at > STALE:
            self._pass(identity, False)

    def result(self, seconds: float, requests: int) -> SourceResult:
        if self._partial:
            self._warn(msg("sync.history_incomplete", n=self._partial))
        return SourceResult(
            name=self._name,
            complete=self._complete,
            resumed=self._resumed,
            fetched=len(self._fetched),
            changed=len(self._changed),
            deleted=self._deleted,
            changes=self._changes,
            requests=requests,
            seconds=seconds,
            warnings=tuple(self._warnings),
        )

    def _pass(self, identity: Identity, full: bool) -> Plan:
        state = self._state()
        todo = plan(state, identity.server_time, self._fetch_hash, full=full)
        self._resumed = self._resumed or todo.resumed
        self._complete = self._skipped = False
        self._begin(todo, identity)
        self._pages(todo)
        self._canary(todo)
        if state.fetch_hash not in (None, todo.fetch_hash) and not todo.resumed:
            self._leave_scope()
        trusted = self._census(todo, state, identity.server_time)
        self._rederive()
        self._finish(todo, trusted)
        return todo

    def _state(self) -> SourceState:
        return self._store.source(self._name) or SourceState(self._name, complete=False)

    # before the first page

    def _begin(self, todo: Plan, identity: Identity) -> None:
        fresh = self._metadata(todo)
        renew = todo.renew or fresh is not None
        known = {} if renew else {i.id: i for i in self._store.iterations(self._name)}
        iterations = list(self._connector.iterations(known))
        with self._store.page(self._name) as tx:
            if fresh is not None:
                parts = (fresh.statuses, fresh.boards, fresh.fields, fresh.raw)
                tx.put_metadata(*parts, at=identity.server_time)
            tx.put_iterations(iterations)
            tx.set_state(
                complete=0,
                reason="sync.reason.unfinished",
                started_at=todo.started_at,
                account=identity.account,
                fetch_hash=todo.fetch_hash,
                cursor=todo.cursor(todo.after),
            )
            if tx.issue_count(self._name) == 0:
                tx.set_state(derived_hash=self._derived_hash(tx))

    def _metadata(self, todo: Plan) -> Metadata | None:
        """Metadata read anew, None when the stored one was handed back."""
        raw = self._store.metadata(self._name)
        if raw is not None and not todo.renew:
            store, name = self._store, self._name
            stored = Metadata(store.statuses(name), store.boards(name), store.found_fields(name), (), raw)
            with suppress(ValueError):  # another version of the connector wrote it, or teams name other boards now
                self._connector.use(stored)
                return None
        fresh = self._connector.metadata()
        self._warn(*fresh.warnings)
        return fresh

    # pages

    def _pages(self, todo: Plan) -> None:
        after, seen = todo.after, {todo.after}
        for page in self._connector.pages(todo.since, todo.after, self._held(todo, self._state().watermark)):
            self._check(page, seen)
            seen.add(page.after)
            after = page.after or after
            self._commit(page, todo, after)
            if self._progress is not None:
                self._progress(self._name, len(self._fetched))
            if self._deadline is not None and self._clock() >= self._deadline:
                raise out_of_time(self._name)

    def _held(self, todo: Plan, settled: int | None) -> Callable[[Sequence[str]], Mapping[str, int]]:
        """What need not be sent again: `updated` before the second in which the last whole run began.

        What was changed in that second or later may have been read in the same second as the change, and changed once
        more in the rest of it: equal instants then say nothing, and it is read again once.
        """

        def held(ids: Sequence[str]) -> Mapping[str, int]:
            self._met.update(ids)
            if todo.full or settled is None:
                return {}
            return {ref: at for ref, at in self._store.held(self._name, ids).items() if at < settled}

        return held

    def _check(self, page: Page, seen: set[str | None]) -> None:
        """Refuses what can't be stored without losing data."""
        ids = {issue.id for issue in page.issues}
        strange = {change.issue_id for change in page.changes} - ids
        foreign = {issue.source for issue in page.issues} - {self._name}
        if page.after is not None and page.after in seen:
            raise AbortSyncError([Problem(msg("sync.loop", after=page.after), self._name, msg("sync.report_bug"))])
        if strange or foreign or (page.issues and page.after is None):
            raise AbortSyncError([Problem(msg("sync.broken_page"), self._name, msg("sync.report_bug"))])

    def _commit(self, page: Page, todo: Plan, after: str | None) -> None:
        with self._store.page(self._name) as tx:
            tx.add_statuses(page.statuses)
            bodies = tx.put_issues(page.issues)
            histories, added = tx.put_changes([issue.id for issue in page.issues], page.changes)
            self._see(tx, page, todo.started_at)
            changed = natural(bodies | histories)
            if changed:
                self._derive(tx, self._name, changed)
            tx.set_state(cursor=todo.cursor(after))
        self._note(page, changed, added)

    def _see(self, tx: StoreTx, page: Page, at: int) -> None:
        prefixes = self._source.links.labels
        texts = {i.id: (i.key, self._team_of(i), claim_texts(i, prefixes)) for i in page.issues}
        tx.see_claims(texts, at)

    def _note(self, page: Page, changed: Sequence[str], added: int) -> None:
        ids = [issue.id for issue in page.issues]
        self._fetched.update(ids)
        self._met.update(ids, page.not_visible)
        self._changed.update(changed)
        self._changes += added
        self._partial += sum(not issue.history_complete for issue in page.issues)
        self._warn(*page.warnings)
        for skipped in page.skipped:
            self._skipped = True
            self._warn(*(msg("sync.skipped", where=p.where or "", what=p.what) for p in skipped.problems))

    # after the last page

    def _canary(self, todo: Plan) -> None:
        """An issue that lies inside the window and was not named says that the window is wrong: read a wider one."""
        if todo.since is None or todo.resumed:
            return
        inside = self._store.updated_between(self._name, todo.since + MARGIN, todo.started_at)
        missing = natural(inside - self._met)
        if missing and self._connector.visible(missing[:BLOCK]):
            self._warn(msg("sync.window", n=len(missing)))
            self._pages(replace(todo, since=todo.since - WIDER, after=None))

    def _leave_scope(self) -> None:
        """After a change of the settings: drops issues that are no longer asked for, as a new store would.

        Those are what is alive elsewhere, and what belongs to a project that was taken out of the settings, alive or
        not: a project that was deleted or closed to the token is left in just this way.
        """
        missing = natural(self._store.held(self._name).keys() - self._met)
        named = {name.casefold() for name in self._source.projects}
        taken_out = {
            issue.id
            for issue in self._store.issues(self._name, missing)
            if named and not self._source.boards and not named & {issue.project.casefold(), issue.project_id}
        }
        rest = [ref for ref in missing if ref not in taken_out]
        alive = {ref for part in _blocks(rest) for ref in self._connector.visible(part)}
        with self._store.page(self._name) as tx:
            tx.drop(natural(taken_out | alive))

    def _rederive(self) -> None:
        """Derives everything again when the meaning of statuses changed since it was derived."""
        now = self._derived_hash(self._store)
        if self._state().derived_hash == now:
            return
        rederive(self._store, self._name, self._derive)
        with self._store.page(self._name) as tx:
            tx.set_state(derived_hash=now)

    def _derived_hash(self, reads: Store | StoreTx) -> str:
        statuses = [asdict(status) for status in reads.statuses(self._name)]
        return hashlib.sha256(dumps([settings_hash(self._source), statuses]).encode()).hexdigest()[:16]

    def _census(self, todo: Plan, state: SourceState, now: int) -> bool:
        """True unless so much vanished that the answers are not believed."""
        if state.census_at is None or not (todo.full or now - state.census_at >= CENSUS_AGE):
            return True
        found = census.take(self._store, self._name, self._connector, now, self._team_of)
        self._deleted += len(found.gone)
        self._warn(*found.warnings)
        if found.returned_since is not None:
            self._pages(replace(todo, since=found.returned_since - MARGIN, after=None))
        return found.trusted

    def _finish(self, todo: Plan, trusted: bool) -> None:
        self._complete = trusted and not self._skipped
        state = self._state()
        with self._store.page(self._name) as tx:
            tx.set_state(cursor=None)
            if not self._complete:
                tx.set_state(reason="sync.reason.skipped" if trusted else "sync.reason.vanished")
                return
            tx.set_state(complete=1, reason=None, fetched_at=todo.started_at, watermark=todo.started_at)
            tx.set_state(settings_hash=settings_hash(self._source))
            first = todo.started_at if state.first_synced_at is None else state.first_synced_at
            tx.set_state(first_synced_at=tx.first_sync(first))
            if state.census_at is None:
                tx.set_state(census_at=todo.started_at)
            if todo.since is None:
                tx.set_state(full_at=todo.started_at)

    def _warn(self, *messages: Message) -> None:
        for message in messages:
            if message not in self._warnings:
                self._warnings.append(message)


def rederive(store: Store, name: str, derive: Derive) -> int:
    """Derives every stored issue of a source again, in blocks of their own; answers how many. No network."""
    ids = natural(issue.id for issue in store.issues(name))
    for part in _blocks(ids):
        with store.page(name) as tx:
            derive(tx, name, part)
    return len(ids)


def _blocks(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + BLOCK] for start in range(0, len(ids), BLOCK)]
