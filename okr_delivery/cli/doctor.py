"""`okr-delivery doctor`."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from okr_delivery import __version__
from okr_delivery.cli.app import App
from okr_delivery.cli.options import subcommand
from okr_delivery.cli.refusals import of_source
from okr_delivery.model.errors import UserError
from okr_delivery.output.safe import terminal

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.sync.connector import Ahead, Connector, Identity, Metadata
    from okr_delivery.sync.way import Way

SKEW_LIMIT = 120  # seconds
PATIENCE = 120  # seconds for one source
FOUND_BY = {
    "board": "cli.doctor.by_board",
    "id": "cli.doctor.by_id",
    "name": "cli.doctor.by_name",
    "schema": "cli.doctor.by_schema",
}


@subcommand("doctor")
def command(app: App, /) -> int:
    """Show what the tool sees: configuration, connectors, tokens, connections, fields, store. Exit 0 or 2.

    \b
    Examples:
      okr-delivery doctor
      okr-delivery doctor --lang zh
    """
    app.show(app.t("cli.doctor.version", version=__version__, python=platform.python_version()))
    app.show(app.t("cli.doctor.config", path=str(app.config.path)))
    failed = [*_book(app)]
    app.show(app.t("cli.doctor.connectors", names=", ".join(_connectors()) or "–"))
    hosts = app.config.allowed_hosts
    app.show(
        app.t("cli.doctor.hosts", hosts=", ".join(sorted(hosts)) or "–")
        if hosts is not None
        else app.t("cli.doctor.no_hosts")
    )
    failed.extend(of_source(error, source) for source in app.config.sources for error in _source(app, source))
    failed.extend(_store(app))
    for error in failed:
        app.show_error(error)
    return 2 if failed else 0


def _book(app: App) -> Iterator[UserError]:
    """The OKR files; what is wrong in them says nothing about connections, which are looked at all the same."""
    try:
        app.show(app.t("cli.doctor.book", objectives=len(app.book.objectives), krs=len(app.book.key_results)))
    except UserError as error:
        yield error


def _connectors() -> tuple[str, ...]:
    from okr_delivery.sync.registry import names

    return names()


def _source(app: App, source: Source) -> Iterator[UserError]:
    from okr_delivery.sync.build import connector_for, network_of
    from okr_delivery.sync.way import Way

    app.show(app.t("cli.doctor.source", name=source.name, type=source.type, url=source.url))
    _token(app, source)
    way = Way(network_of(app.config), source.url)
    try:
        _way(app, way)
        connector, transport = connector_for(app.config, source, app.env, deadline=time.time() + PATIENCE)
    except UserError as error:
        yield error
        return
    if way.encrypted:
        issuer = way.issuer or app.t("cli.doctor.no_issuer")
        app.show("  " + app.t("cli.doctor.issuer", host=way.host, issuer=terminal(issuer)))
    refused = None
    try:
        _identity(app, connector.identity())
        _metadata(app, connector.metadata())
        _scope(app, connector.ahead(None))
    except UserError as error:
        _skew(app, transport.skew)
        refused = error
        yield error
    yield from _inspected(app, connector, refused)


def _way(app: App, way: Way) -> None:
    """The proxy, without its login, and whom encrypted connections trust. Raises ConfigError for an unreadable one."""
    trusted = app.t.render(way.authorities.shown) if way.encrypted else app.t("cli.doctor.plain")
    app.show("  " + app.t("cli.doctor.network", proxy=way.route.shown, ca=trusted))


def _inspected(app: App, connector: Connector, refused: UserError | None) -> Iterator[UserError]:
    """What the connector can tell about permissions and addresses, also when it was refused; nothing twice."""
    from okr_delivery.sync.connector import Inspector

    if not isinstance(connector, Inspector):
        return
    said = [problem.what for problem in refused.problems] if refused is not None else []
    before = len(said)
    try:
        for told in connector.inspect():
            if told not in said:
                said.append(told)
                app.show("  " + terminal(app.t.render(told)))
    except UserError as error:
        yield error
        return
    if refused is None and len(said) == before:
        app.show("  " + app.t("cli.doctor.permitted"))


def _token(app: App, source: Source) -> None:
    """Which variables hold the login, and whether they are set; never what is in them."""
    from okr_delivery.config.secrets import variables

    for name in variables(source):
        if name is not None:
            there = app.env.get(name) or app.env.get(f"{name}_FILE")
            app.show(
                "  " + app.t("cli.doctor.variable", name=name, there=app.t("output.yes" if there else "output.no"))
            )


def _identity(app: App, identity: Identity) -> None:
    skew = identity.server_time - app.now
    app.show(
        "  "
        + app.t(
            "cli.doctor.identity",
            name=terminal(identity.display_name),
            zone=identity.timezone or app.t("cli.doctor.no_zone"),
            deployment=identity.deployment,
            skew=skew,
        )
    )
    _skew(app, skew)


def _skew(app: App, seconds: int | None) -> None:
    if seconds is not None and abs(seconds) > SKEW_LIMIT:
        app.show("  " + app.t("cli.doctor.skew", seconds=abs(seconds)))


def _metadata(app: App, metadata: Metadata) -> None:
    app.show("  " + app.t("cli.doctor.found", statuses=len(metadata.statuses), boards=len(metadata.boards)))
    for field in metadata.fields:
        reason = app.t(FOUND_BY[field.reason]) if field.reason in FOUND_BY else terminal(field.reason)
        found = {"role": field.role, "id": terminal(field.id), "name": terminal(field.name), "reason": reason}
        if field.project is None:
            app.show("    " + app.t("cli.doctor.field", **found))
        else:
            app.show("    " + app.t("cli.doctor.field_of", **found, project=terminal(field.project)))
    for warning in metadata.warnings:
        app.show("  " + terminal(app.t.render(warning)))


def _scope(app: App, ahead: Ahead) -> None:
    """How much the source's query finds: the first request that a wrong one fails at."""
    if ahead.issues is not None:
        app.show("  " + app.t("cli.doctor.scope", issues=ahead.issues))


def _store(app: App) -> Iterator[UserError]:
    try:
        states = app.store.sources()
    except UserError as error:
        yield error
        return
    app.show(app.t("cli.doctor.store", url=app.config.store_url.split("@")[-1]))
    for state in states:
        at = datetime.fromtimestamp(state.fetched_at, UTC).isoformat() if state.fetched_at else "–"
        complete = app.t("output.yes") if state.complete else app.t("output.no")
        app.show("  " + app.t("cli.doctor.state", name=state.name, complete=complete, fetched_at=at))
    _ledger(app)


def _ledger(app: App) -> None:
    from okr_delivery.cli.ledger import state, uncommitted

    app.show(state(app))
    pending = uncommitted(app.config.root / app.config.ledger) if app.config.ledger != "store" else None
    if pending:
        app.show(app.t("cli.ledger.pending", n=len(pending)))
