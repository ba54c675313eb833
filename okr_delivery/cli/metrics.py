"""`okr-delivery metrics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import Reserved, as_of_option, format_option, iteration_option, subcommand, team_option
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.cli.selecting import Scope
    from okr_delivery.delivery.results import Scope as Measured
    from okr_delivery.delivery.snapshot import Snapshot


@subcommand("metrics", team_option, iteration_option, as_of_option, format_option("text", "json"))
@click.option("--explain", cls=Reserved, is_flag=True)
@click.option("--since", metavar="DATE", help="First day of the period.")
@click.option("--until", metavar="DATE", help="Last day of the period, included.")
def command(
    app: App,
    /,
    teams: tuple[str, ...],
    iteration: str | None,
    as_of: str | None,
    since: str | None,
    until: str | None,
    output_format: str,
) -> int:
    """Delivery metrics of an iteration (default: last, else current) or of a period (default: 90 days).

    \b
    Examples:
      okr-delivery metrics --iteration last
      okr-delivery metrics --team payments --since 2026-10-01 --until 2026-10-31
    """
    if iteration and (since or until):
        raise click.UsageError("--iteration and --since/--until exclude each other.")
    from okr_delivery.cli.selecting import answerable
    from okr_delivery.output import metrics as output
    from okr_delivery.output.json import dumps

    snapshot = app.snapshot(app.instant(as_of), teams)
    scope = answerable(app, snapshot)
    scopes = (
        _period(app, snapshot, scope, since, until) if since or until else _iterations(app, snapshot, scope, iteration)
    )
    if output_format == "json":
        app.show_document(dumps(output.document(scopes, snapshot.as_of)))
    else:
        app.show(output.text(scopes, app.t))
    return scope.exit_code


def _period(app: App, snapshot: Snapshot, scope: Scope, since: str | None, until: str | None) -> list[Measured]:
    from okr_delivery.delivery.metrics import measure

    first = app.day(since, "--since") if since else None
    last = app.day(until, "--until") if until else None
    if first and last and last < first:
        raise user_error(
            msg("cli.empty_period", since=str(first), until=str(last)), next_step=msg("cli.empty_period.next")
        )
    return [measure(snapshot, team, since=first, until=last) for team in scope.teams]


def _iterations(app: App, snapshot: Snapshot, scope: Scope, ref: str | None) -> list[Measured]:
    """A team that has no iterations at all is shown over the default period, unless one was asked for."""
    from okr_delivery.cli.selecting import default_of, iterations
    from okr_delivery.delivery.metrics import measure

    if ref is not None:
        return [measure(snapshot, team, one) for team, one in iterations(app, snapshot, ref, scope)]
    return [measure(snapshot, team, one) for team in scope.teams for one in default_of(snapshot, team) or (None,)]
