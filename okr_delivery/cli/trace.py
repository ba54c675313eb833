"""`okr-delivery trace`."""

from __future__ import annotations

from okr_delivery.cli.app import App
from okr_delivery.cli.options import as_of_option, format_option, iteration_option, subcommand, team_option


@subcommand("trace", team_option, iteration_option, as_of_option, format_option("text", "json"))
def command(app: App, /, teams: tuple[str, ...], iteration: str | None, as_of: str | None, output_format: str) -> int:
    """Promised, delivered and observed value per key result of an iteration (default: last, else current).

    \b
    Examples:
      okr-delivery trace
      okr-delivery trace --iteration "PAY S26" --format json
    """
    from okr_delivery.cli.selecting import answerable, iterations
    from okr_delivery.output import trace as output
    from okr_delivery.output.json import dumps
    from okr_delivery.value.trace import trace

    snapshot = app.snapshot(app.instant(as_of), teams)
    scope = answerable(app, snapshot)
    traces = [
        trace(snapshot, app.readings, app.effects, app.conclusions, team, one)
        for team, one in iterations(app, snapshot, iteration, scope)
    ]
    if output_format == "json":
        app.show_document(dumps(output.document(traces, snapshot.as_of, app.t)))
    else:
        app.show(output.text(traces, app.t))
    return scope.exit_code
