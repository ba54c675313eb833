"""`okr-delivery metrics`."""

from __future__ import annotations

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import as_of_option, format_option, iteration_option, subcommand, team_option


@subcommand("metrics", team_option, iteration_option, as_of_option, format_option("text", "json"))
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
    """Delivery metrics of an iteration (default: last) or of a period.

    \b
    Examples:
      okr-delivery metrics --iteration last
      okr-delivery metrics --team payments --since 2026-10-01 --until 2026-10-31
    """
    if iteration and (since or until):
        raise click.UsageError("--iteration and --since/--until exclude each other.")
    from okr_delivery.cli.selecting import iterations, require_complete
    from okr_delivery.delivery.metrics import measure
    from okr_delivery.output import metrics as output
    from okr_delivery.output.json import dumps

    snapshot = app.snapshot(app.instant(as_of), teams)
    require_complete(snapshot, [team.id for team in snapshot.teams])
    if since or until:
        first = app.day(since, "--since") if since else None
        last = app.day(until, "--until") if until else None
        scopes = [measure(snapshot, team.id, since=first, until=last) for team in snapshot.teams]
    else:
        scopes = [measure(snapshot, team, one) for team, one in iterations(app, snapshot, iteration, "last")]
    if output_format == "json":
        app.show(dumps(output.document(scopes, snapshot.as_of)))
    else:
        app.show(output.text(scopes, app.t))
    return 0
