"""Joins a connector and the store: one transaction per page, with the cursor, the claims seen and the derivations.

A source is incomplete from its first commit of a run until the last; a run that dies leaves its cursor and the next
one goes on behind the last committed page with the same start, so both together leave what one would have left.

A first sync comes in two parts: what is open or was updated lately, which is enough for planning and is recorded as
`whole_since`, then the rest. While the rest comes, run after run, what planning needs is brought up to date first.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from okr_delivery.config import fetch_hash, settings_hash
from okr_delivery.model.message import msg
from okr_delivery.model.work import Issue, Iteration
from okr_delivery.store import SourceState, Store, StoreTx
from okr_delivery.store.codes import dumps, natural
from okr_delivery.sync import census, deploys
from okr_delivery.sync.apart import Apart
from okr_delivery.sync.connector import Connector, Identity, Metadata, Outgrows
from okr_delivery.sync.errors import SyncError
from okr_delivery.sync.garbage import frugal
from okr_delivery.sync.ids import IdSet
from okr_delivery.sync.pages import Derive as Derive
from okr_delivery.sync.pages import Pages, Run
from okr_delivery.sync.run import CENSUS_AGE, DAY, OVERLAP, STALE, WIDER, Part, Plan, plan
from okr_delivery.sync.run import SourceResult as SourceResult
from okr_delivery.sync.tally import Tally
from okr_delivery.sync.vanished import Look, Vanished

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.model.message import Message
    from okr_delivery.sync.transport import Transport

OnPhase = Callable[[str, "Message"], None]
BLOCK = 500
FEW = 50  # issues with a cut history that are asked for again with each census
MARGIN = 120  # seconds inside the window that the canary leaves out: minutes are floored
MEASURED = 30  # requests from which on a run tells how long one takes
PACE = "pace:"  # what the store notes it under, with the source's name behind


def sync_source(
    source: Source,
    store: Store,
    connector: Connector,
    *,
    derive: Derive,
    derived_with: str = "",
    team_of: Callable[[Issue], str],
    transport: Transport | None,
    full: bool = False,
    deadline: float | None = None,
    clock: Callable[[], float] = time.time,
    on_progress: Callable[[str, int], None] | None = None,
    on_phase: OnPhase | None = None,
    apart: bool = False,
) -> SourceResult:
    """Brings one source up to date.

    `derive` is called inside each page's transaction with the ids whose body or history changed; `derived_with` names
    what its answers depend on beside the meaning of statuses: another one has everything derived again. `team_of` names
    the ledger file of an issue's facts. `deadline` is an instant of `clock`: pages committed before it stay, a later
    run resumes. `transport` is asked how many requests were sent; None counts none. `on_progress` hears the issues
    fetched after each page, `on_phase` what comes next. `apart` lets a process of its own make the pages of a first
    sync where that is safe. Raises SyncError, with what was `done`, when the source could not be read to the end,
    UserError when another sync of it runs or the store can't be written. KeyboardInterrupt passes through with the
    committed pages kept.
    """
    tally = Tally(source.name)
    elsewhere = Apart(source.name, transport, wanted=apart)
    given = Run(source, store, connector, derive, derived_with, team_of, deadline, clock, on_progress, tally, elsewhere)
    sync = _Sync(given, on_phase)
    begun, sent = clock(), transport.total if transport else 0

    def done() -> SourceResult:
        return sync.result(clock() - begun, (transport.total if transport else 0) - sent)

    try:
        with store.lock(source.name), frugal():
            sync.go(full)
    except SyncError as error:
        error.done = _measured(store, done())
        raise
    finally:
        elsewhere.end()
        close = getattr(connector, "close", None)
        if callable(close):
            close()
    return _measured(store, done())


def _measured(store: Store, result: SourceResult) -> SourceResult:
    """Notes how long a request takes, for the estimate of a later run."""
    if result.requests >= MEASURED and result.seconds > 0:
        store.note(PACE + result.name, f"{result.seconds / result.requests:.4f}")
    return result


class _Sync:
    """One call of `sync_source`: usually one pass, two after resuming an old run."""

    def __init__(self, run: Run, on_phase: OnPhase | None) -> None:
        self._run = run
        self._source, self._name, self._store, self._connector = run.source, run.name, run.store, run.connector
        self._tally = run.tally
        self._pages = Pages(run)
        self._on_phase = on_phase
        self._fetch_hash = fetch_hash(run.source)
        self._complete = False
        self._resumed = False
        self._whole_since: int | None = None

    def go(self, full: bool) -> None:
        """Passes until the source is as new as this call."""
        self._store.read_ledger()
        problems = self._store.ledger_problems
        self._tally.warn(*(msg("sync.skipped", where=p.where or "", what=p.what) for p in problems))
        identity = self._connector.identity()
        first = self._pass(identity, full)
        if self._complete and identity.server_time - first.started_at > STALE:
            self._pass(identity, False)
        deploys.bring(self._run, identity.server_time, full=full, on_phase=self._phase)

    def result(self, seconds: float, requests: int) -> SourceResult:
        return self._tally.result(
            seconds, requests, complete=self._complete, resumed=self._resumed, whole_since=self._whole_since
        )

    def _pass(self, identity: Identity, full: bool) -> Plan:
        state, now = self._state(), identity.server_time
        oldest = self._source.history.since
        todo = plan(state, now, self._fetch_hash, full=full, empty=self._is_empty(), oldest=oldest)
        self._resumed = self._resumed or todo.resumed
        self._complete, self._pages.skipped = False, todo.skipped
        todo = self._begin(todo, identity)
        todo = self._window(todo, state.watermark) if todo.part is Part.WHOLE else self._parts(todo, now)
        trusted = self._take_stock(todo, state, now)
        self._rederive()
        self._finish(todo, trusted)
        return todo

    def _state(self) -> SourceState:
        return self._store.source(self._name) or SourceState(self._name, complete=False)

    def _is_empty(self) -> bool:
        """Whether the store holds nothing of the source but what its ledger remembers of gone issues."""
        return self._store.issue_count(self._name) == len(self._store.gone(self._name))

    def _phase(self, message: Message) -> None:
        if self._on_phase is not None:
            self._on_phase(self._name, message)

    # before the first page

    def _begin(self, todo: Plan, identity: Identity) -> Plan:
        """Answers the plan: everything, where issues are read otherwise now than the stored ones were."""
        before, raw = self._fields_read(), self._store.metadata(self._name)
        fresh = self._metadata(todo)
        if fresh is not None and before is not None and self._otherwise(before, raw or {}, fresh):
            todo = todo.anew(identity.server_time)
        renew = todo.renew or fresh is not None
        known = {} if renew else {i.id: i for i in self._store.iterations(self._name)}
        iterations = list(self._connector.iterations(known))
        vanished = self._vanished(todo, fresh, raw or {}, iterations)
        if vanished.again:
            todo = todo.anew(identity.server_time)
        with self._store.page(self._name) as tx:
            if fresh is not None:
                parts = (fresh.statuses, fresh.boards, fresh.fields, fresh.raw)
                tx.put_metadata(*parts, at=identity.server_time)
                tx.rename_projects(fresh.projects)
            tx.put_iterations(iterations)
            tx.drop_iterations(vanished.iterations)
            tx.drop_statuses(vanished.statuses)
            tx.drop(vanished.issues)
            self._open(tx, todo, identity)
            if tx.issue_count(self._name) == 0:
                tx.set_state(derived_hash=self._derived_hash(tx))
        return todo

    def _vanished(
        self, todo: Plan, fresh: Metadata | None, raw: Mapping[str, object], iterations: Sequence[Iteration]
    ) -> Vanished:
        """What the tracker lists no more, told; nothing where not everything was listed.

        Where other settings ask for less, what they leave out has not vanished: the issues are looked through for that.
        """
        if fresh is None and not todo.renew:
            return Vanished()
        look = Look(self._store, self._name, self._connector, raw, iterations)
        if todo.rescope or fresh is None:
            return Vanished(iterations=frozenset(i.id for i in look.without(closed=not todo.rescope)))
        found = look.found(fresh.projects)
        self._tally.warn(*found.warnings)
        return found

    def _fields_read(self) -> set[tuple[str, str]] | None:
        """Who plays which role in the stored issues; None when there are none."""
        if self._is_empty() or self._store.metadata(self._name) is None:
            return None
        return {(field.role, field.id) for field in self._store.found_fields(self._name)}

    def _otherwise(self, before: set[tuple[str, str]], raw: Mapping[str, object], fresh: Metadata) -> bool:
        """Whether other fields are read now, or names that stored issues hold are others."""
        connector = self._connector
        fields = {(field.role, field.id) for field in fresh.fields}
        return before != fields or (isinstance(connector, Outgrows) and connector.outgrown(raw))

    def _open(self, tx: StoreTx, todo: Plan, identity: Identity) -> None:
        """Marks the source incomplete; what planning needs stays whole if it was whole just now."""
        tx.set_state(
            complete=0,
            started_at=todo.started_at,
            account=identity.account,
            base_url=identity.base_url,
            fetch_hash=todo.fetch_hash,
            cursor=todo.cursor(todo.after, skipped=todo.skipped),
        )
        if todo.part is not Part.REST or identity.server_time - todo.started_at > STALE:
            tx.set_state(reason="sync.reason.unfinished", whole_since=None)

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
        self._tally.warn(*fresh.warnings)
        return fresh

    # pages

    def _window(self, todo: Plan, settled: int | None, keep: Plan | None = None) -> Plan:
        """Everything, or what changed since an instant."""
        self._phase(msg("sync.phase.all") if todo.since is None else msg("sync.phase.changed"))
        self._pages.met = IdSet()
        after = self._pages.read(todo, settled, keep=keep)
        self._canary(todo, settled, keep)
        return replace(todo, after=after)

    def _parts(self, todo: Plan, now: int) -> Plan:
        """A first sync, or what is left of one. Answers the plan with the start that the whole is as new as."""
        stale = now - todo.started_at > STALE
        if todo.part is Part.LIVELY:
            days = (todo.started_at - (todo.lively or 0)) // DAY
            self._phase(msg("sync.phase.lively", days=days))
            self._pages.read(todo, then=None if stale else todo.rest())
        if stale:
            todo = self._refresh(todo, now)
        todo = todo.rest()
        self._mark_whole(todo)
        self._phase(msg("sync.phase.rest"))
        known = () if self._run.apart.has(todo) else IdSet(self._store.held_ids(self._name))
        return replace(todo, after=self._pages.read(todo, skip=known))

    def _refresh(self, todo: Plan, now: int) -> Plan:
        """Brings what an earlier run stored up to date, so that planning does not wait for the rest."""
        window = replace(todo, since=todo.started_at - OVERLAP, started_at=now, after=None, part=Part.WHOLE)
        self._window(replace(window, resumed=False), todo.started_at, keep=todo)
        return replace(todo, started_at=now)

    def _mark_whole(self, todo: Plan) -> None:
        """From now on planning may judge. A record that could not be read may be what it lacks."""
        skipped = self._pages.skipped
        first = self._state().first_synced_at
        with self._store.page(self._name) as tx:
            tx.set_state(cursor=todo.cursor(todo.after, skipped=skipped), started_at=todo.started_at)
            if skipped:
                return
            tx.set_state(reason="sync.reason.history", whole_since=todo.lively, fetched_at=todo.started_at)
            tx.set_state(first_synced_at=tx.first_sync(todo.started_at if first is None else first))
        self._whole_since = todo.lively

    def _canary(self, todo: Plan, settled: int | None, keep: Plan | None) -> None:
        """An issue that lies inside the window and was not named says that the window is wrong: read a wider one."""
        if todo.since is None or todo.resumed:
            return
        inside = self._store.updated_between(self._name, todo.since + MARGIN, todo.started_at)
        missing = natural(ref for ref in inside if ref not in self._pages.met)
        if missing and self._connector.visible(missing[:BLOCK]):
            wide = replace(todo, since=todo.since - WIDER, after=None)
            with self._store.page(self._name) as tx:
                tx.set_state(cursor=(keep or wide).cursor((keep or wide).after, skipped=self._pages.skipped))
            self._pages.read(wide, settled, keep=keep)
            late = sum(ref in self._pages.met for ref in missing)
            self._tally.warn(*([msg("sync.window", n=late)] if late else []))  # the others left the scope

    # after the last page

    def _take_stock(self, todo: Plan, state: SourceState, now: int) -> bool:
        """Drops what other settings left behind and looks for what is gone, when either is due.

        True unless so much vanished that the answers are not believed.
        """
        due = state.census_at is not None and (todo.full or now - state.census_at >= CENSUS_AGE)
        if not (due or todo.rescope):
            return True
        self._phase(msg("sync.phase.census"))
        listed = IdSet(self._connector.census())
        if todo.rescope:
            self._leave_scope(listed)
        if not due:
            return True
        self._read_unread(todo, listed)
        return self._census(listed, now)

    def _read_unread(self, todo: Plan, listed: IdSet) -> None:
        """Reads what a window can't name: issues that came into sight without a change, and histories that came cut.

        Cut ones only where they are few: a server that cuts them all would be read whole every day.
        """
        cut = frozenset() if todo.full else frozenset(self._store.cut_ids(self._name))
        again = cut if len(cut) <= FEW else frozenset()
        known = sum(ref in listed for ref in self._store.held_ids(self._name))
        if again or known < len(listed):
            skip = IdSet(ref for ref in self._store.held_ids(self._name) if ref not in again)
            self._pages.read(replace(todo, since=None, after=None, part=Part.WHOLE), skip=skip, keep=todo)

    def _leave_scope(self, listed: IdSet) -> None:
        """After a change of the settings: drops issues that are no longer asked for, as a new store would.

        Those are what is alive elsewhere, and what belongs to a project that was taken out of the settings, alive or
        not: a project that was deleted or closed to the token is left in just this way.
        """
        missing = natural(ref for ref in self._store.held_ids(self._name) if ref not in listed)
        taken_out = {
            issue.id
            for issue in self._store.issues(self._name, missing)
            if not self._source.boards and not self._source.may_hold(issue.project, issue.project_id)
        }
        rest = [ref for ref in missing if ref not in taken_out]
        alive = {ref for part in _blocks(rest) for ref in self._connector.visible(part)}
        with self._store.page(self._name) as tx:
            tx.drop(natural(taken_out | alive))

    def _census(self, listed: IdSet, now: int) -> bool:
        found = census.take(self._store, self._name, self._connector, listed, now, self._run.team_of)
        self._tally.deleted += len(found.gone)
        self._tally.warn(*found.warnings)
        return found.trusted

    def _rederive(self) -> None:
        """Derives everything again when what it depends on changed since: the meaning of statuses, how teams plan."""
        now = self._derived_hash(self._store)
        if self._state().derived_hash == now:
            return
        self._phase(msg("sync.phase.derive"))
        rederive(self._store, self._name, self._run.derive)
        with self._store.page(self._name) as tx:
            tx.set_state(derived_hash=now)

    def _derived_hash(self, reads: Store | StoreTx) -> str:
        statuses = [asdict(status) for status in reads.statuses(self._name)]
        known = [settings_hash(self._source), statuses, *filter(None, [self._run.derived_with])]
        return hashlib.sha256(dumps(known).encode()).hexdigest()[:16]

    def _finish(self, todo: Plan, trusted: bool) -> None:
        self._complete = trusted and not self._pages.skipped
        state = self._state()
        with self._store.page(self._name) as tx:
            tx.set_state(cursor=None, whole_since=None)
            if not self._complete:
                tx.set_state(reason="sync.reason.skipped" if trusted else "sync.reason.vanished")
                if self._pages.skipped and todo.since is None:
                    tx.set_state(watermark=None)  # no window would name what could not be read
                return
            tx.set_state(complete=1, reason=None, fetched_at=todo.started_at, watermark=todo.started_at)
            tx.set_state(settings_hash=settings_hash(self._source))
            first = todo.started_at if state.first_synced_at is None else state.first_synced_at
            tx.set_state(first_synced_at=tx.first_sync(first))
            if state.census_at is None:
                tx.set_state(census_at=todo.started_at)
            if todo.since is None:
                tx.set_state(full_at=todo.started_at)


def rederive(store: Store, name: str, derive: Derive) -> int:
    """Derives every stored issue of a source again, in blocks of their own; answers how many. No network."""
    ids = natural(issue.id for issue in store.issues(name))
    for part in _blocks(ids):
        with store.page(name) as tx:
            derive(tx, name, part)
    return len(ids)


def _blocks(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + BLOCK] for start in range(0, len(ids), BLOCK)]
