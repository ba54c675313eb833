"""Runs the engine for the chosen sources; shared by `sync`, `gate --sync` and `demo`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from okr_delivery.cli.app import App
from okr_delivery.cli.refusals import of_source
from okr_delivery.model.errors import UserError

if TYPE_CHECKING:
    from okr_delivery.cli.recording import Recording
    from okr_delivery.config import Source
    from okr_delivery.model.message import Message
    from okr_delivery.model.work import Issue
    from okr_delivery.sync.engine import SourceResult
    from okr_delivery.sync.single import More, Refreshed

PATIENCE = 300  # seconds for a few issues


def sync_sources(
    app: App,
    sources: Sequence[Source],
    *,
    full: bool = False,
    max_minutes: float | None = None,
    recording: Recording | None = None,
) -> tuple[list[SourceResult], dict[str, UserError]]:
    """One result per source that ran to an answer and one error per name of a source that could not."""
    minutes = app.config.network.max_minutes if max_minutes is None else max_minutes
    deadline = app.clock() + 60 * minutes if minutes else None
    results: list[SourceResult] = []
    errors: dict[str, UserError] = {}
    for source in sources:
        try:
            with app.timed("cli.phase.sync", source=source.name):
                results.append(_sync(app, source, full, deadline, recording))
        except UserError as error:
            errors[source.name] = of_source(error, source)
    return results, errors


def _sync(
    app: App, source: Source, full: bool, deadline: float | None, recording: Recording | None = None
) -> SourceResult:
    from okr_delivery.delivery.derive import derived_with, deriver
    from okr_delivery.sync.build import connector_for
    from okr_delivery.sync.engine import sync_source

    until = None if deadline is None else app.machine_instant(deadline)
    connector, transport = connector_for(app.config, source, app.env, deadline=until)
    if recording is not None:
        recording.watch(source, transport)
    show = _Progress(app)
    try:
        return sync_source(
            source,
            app.store,
            connector,
            derive=deriver(app.config),
            derived_with=derived_with(app.config, source.name),
            team_of=_team_of(app, source),
            transport=transport,
            full=full,
            deadline=deadline,
            clock=app.clock,
            on_progress=show,
            on_phase=show.phase,
            apart=True,
        )
    finally:
        show.end()


def fetch_issues(app: App, source: Source, keys: Sequence[str], more: More | None = None) -> Refreshed | None:
    """Brings single issues of a source up to date. None where only a sync of all of it can: it was never read to its
    end, or its connector reads no single issues. Raises UserError when the tracker or the store refuses.
    """
    from okr_delivery.delivery.derive import deriver
    from okr_delivery.sync.build import connector_for
    from okr_delivery.sync.single import Single

    single = Single(source, app.store, deriver(app.config), _team_of(app, source))
    if not single.whole():
        return None
    connector, _ = connector_for(app.config, source, app.env, deadline=time.time() + PATIENCE)
    return single.fetch(connector, keys, more)


def _team_of(app: App, source: Source) -> Callable[[Issue], str]:
    """Which team's ledger file a fact of an issue belongs to: its owner's, else the source's own."""
    from okr_delivery.delivery.membership import iteration_ids
    from okr_delivery.delivery.teams import Owners, traits_now
    from okr_delivery.model.work import Field

    @cache
    def inputs() -> tuple[Owners, dict[str, str | None]]:
        sources = {each.name: each for each in app.config.sources}
        boards = {name: app.store.boards(name) for name in sources}
        owners = Owners(app.config.effective_teams(), sources, boards)
        return owners, {each.id: each.board_id for each in app.store.iterations(source.name)}

    def team_of(issue: Issue) -> str:
        owners, homes = inputs()
        found = (homes.get(each) for each in iteration_ids(issue.value(Field.ITERATION).id))
        boards = frozenset(board for board in found if board is not None)
        return owners.owner(source.name, traits_now(issue, boards)) or source.name

    return team_of


LONG = frozenset({"sync.phase.lively", "sync.phase.rest", "sync.phase.all"})  # what may take minutes


class _Progress:
    """A moving line on a terminal, elsewhere one line per long phase; with -v one for each."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._shown = False
        self._phase: Message | None = None

    def phase(self, name: str, phase: Message) -> None:
        self._phase = phase
        long = phase.id in LONG and not self._app.quiet and not self._app.err.isatty()
        if self._app.verbosity or long:
            self.end()
            self._app.say("cli.sync.phase", name=name, phase=phase)

    def __call__(self, name: str, issues: int) -> None:
        if self._app.quiet or not self._app.err.isatty():
            return
        self._shown = True
        self._app.err.write("\r\x1b[K" + self._app.t("cli.sync.progress", name=name, issues=issues, phase=self._phase))
        self._app.err.flush()

    def end(self) -> None:
        if self._shown:
            self._app.err.write("\r\x1b[K")
        self._shown = False
