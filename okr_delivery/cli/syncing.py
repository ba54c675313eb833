"""Runs the engine for the chosen sources; shared by `sync`, `gate --sync` and `demo`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from okr_delivery.cli.app import App
from okr_delivery.model.errors import UserError

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.model.work import Issue
    from okr_delivery.sync.engine import SourceResult


def sync_sources(
    app: App, sources: Sequence[Source], *, full: bool = False, max_minutes: float | None = None
) -> tuple[list[SourceResult], list[UserError]]:
    """One result per source that ran to an answer and one error per source that could not; others still run."""
    minutes = app.config.network.max_minutes if max_minutes is None else max_minutes
    deadline = app.clock() + 60 * minutes if minutes else None
    results: list[SourceResult] = []
    errors: list[UserError] = []
    for source in sources:
        try:
            results.append(_sync(app, source, full, deadline))
        except UserError as error:
            errors.append(error)
    return results, errors


def _sync(app: App, source: Source, full: bool, deadline: float | None) -> SourceResult:
    from okr_delivery.delivery.derive import deriver
    from okr_delivery.sync.build import connector_for
    from okr_delivery.sync.engine import sync_source

    connector, _ = connector_for(app.config, source, app.env, deadline=deadline)
    return sync_source(
        source,
        app.store,
        connector,
        derive=deriver(app.config),
        team_of=team_of(app),
        full=full,
        deadline=deadline,
        clock=app.clock,
        on_progress=progress(app),
    )


def team_of(app: App) -> Callable[[Issue], str]:
    """Which team's ledger file a fact of an issue belongs to."""
    from okr_delivery.delivery.teams import owner_of

    return owner_of(app.config, app.store)


def progress(app: App) -> Callable[[str, int], None] | None:
    """A moving line on a terminal, nothing elsewhere."""
    if app.quiet or not app.err.isatty():
        return None

    def show(name: str, issues: int) -> None:
        app.err.write("\r\x1b[K" + app.t("cli.sync.progress", name=name, issues=issues))
        app.err.flush()

    return show
