"""`okr-delivery progress`."""

from __future__ import annotations

import click

from okr_delivery.cli.app import App, later
from okr_delivery.cli.options import as_of_option, format_option, subcommand, team_option


@subcommand("progress", team_option, as_of_option, format_option("text", "json"))
@click.option("--kr", "krs", multiple=True, metavar="KR", help="Only this key result; repeatable.")
@click.option("--apply", "sinks", multiple=True, hidden=True)
def command(
    app: App,
    /,
    teams: tuple[str, ...],
    krs: tuple[str, ...],
    sinks: tuple[str, ...],
    as_of: str | None,
    output_format: str,
) -> int:
    """Progress, pace and verdict of key results, with the arithmetic. Reads only.

    \b
    Examples:
      okr-delivery progress
      okr-delivery progress --kr GROW-KR1 --as-of 2026-10-31
    """
    if sinks:
        raise later("progress --apply")
    from okr_delivery.output import progress as output
    from okr_delivery.output.json import dumps
    from okr_delivery.value.progress import progress

    snapshot = app.snapshot(app.instant(as_of), teams)
    entries, objectives = progress(snapshot, app.readings, list(krs) or None)
    if output_format == "json":
        app.show(dumps(output.document(entries, objectives, snapshot.as_of, app.t)))
    elif entries:
        app.show(output.text(entries, objectives, app.t))
    else:
        app.show(app.t("output.progress.none"))
    return 0
