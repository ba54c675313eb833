"""`okr-delivery trace`."""

from __future__ import annotations

from okr_delivery.cli.app import App
from okr_delivery.cli.options import as_of_option, format_option, iteration_option, subcommand, team_option


@subcommand("trace", team_option, iteration_option, as_of_option, format_option("text", "json"))
def command(app: App, /, teams: tuple[str, ...], iteration: str | None, as_of: str | None, output_format: str) -> int:
    """Promised, delivered and observed value per key result of an iteration (default: last).

    \b
    Examples:
      okr-delivery trace
      okr-delivery trace --iteration "PAY S26" --format json
    """
    from okr_delivery.cli.selecting import iterations, require_complete
    from okr_delivery.output import trace as output
    from okr_delivery.output.json import dumps
    from okr_delivery.value.trace import trace

    snapshot = app.snapshot(app.instant(as_of), teams)
    require_complete(snapshot, [team.id for team in snapshot.teams])
    traces = [
        trace(snapshot, app.readings, app.effects, app.conclusions, team, one)
        for team, one in iterations(app, snapshot, iteration, "last")
    ]
    if output_format == "json":
        app.show(dumps(output.document(traces, snapshot.as_of, app.t)))
    else:
        app.show(output.text(traces, app.t))
    return 0
