"""`okr-delivery sync --plan`: what a sync would take, without one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from okr_delivery.cli.app import App
from okr_delivery.cli.refusals import of_source
from okr_delivery.model.errors import UserError

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.store import Store
    from okr_delivery.sync.estimate import Estimate


def show_plan(app: App, sources: Sequence[Source], output_format: str, *, full: bool) -> int:
    """Prints the estimates. Exit code 2 when a source gave no answer; the others are still told."""
    from okr_delivery.output import sync_plan as output
    from okr_delivery.output.json import dumps

    found: list[Estimate] = []
    errors: dict[str, UserError] = {}
    store = _store(app)
    for source in sources:
        try:
            found.append(_look(app, source, store, full))
        except UserError as error:
            errors[source.name] = of_source(error, source)
    if output_format == "json":
        app.show_document(dumps(output.document(found, errors, app.t)))
    elif found:
        app.show(output.text(found, app.t))
    for refused in errors.values():
        app.show_error(refused)
    return 2 if errors else 0


def _look(app: App, source: Source, store: Store | None, full: bool) -> Estimate:
    from okr_delivery.sync.build import connector_for
    from okr_delivery.sync.estimate import look

    minutes = app.config.network.max_minutes
    deadline = time.time() + 60 * minutes if minutes else None
    connector, transport = connector_for(app.config, source, app.env, deadline=deadline)
    try:
        return look(source, store, connector, transport, full=full)
    finally:
        close = getattr(connector, "close", None)
        if callable(close):
            close()


def _store(app: App) -> Store | None:
    """The store if there is one: a plan makes none."""
    from okr_delivery.store.engine import parse

    url = parse(app.config.store_url)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return None
    return app.store
