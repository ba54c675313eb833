"""`okr-delivery export`."""

from __future__ import annotations

from pathlib import Path

import click

from okr_delivery.cli.app import App, later
from okr_delivery.cli.options import as_of_option, subcommand, team_option
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg


@subcommand("export", team_option, as_of_option)
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Where the tables go."
)
@click.option("--format", "output_format", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
def command(app: App, /, folder: Path, teams: tuple[str, ...], as_of: str | None, output_format: str) -> int:
    """Write the synced and derived tables, one file each.

    \b
    Examples:
      okr-delivery export --to tables/
      okr-delivery export --to tables/ --as-of 2026-10-31
    """
    if output_format == "parquet":
        raise later("export --format parquet", msg("cli.export.csv_next"))
    from okr_delivery.cli.selecting import answerable
    from okr_delivery.delivery.export import tables as delivery_tables
    from okr_delivery.output.csv_table import write
    from okr_delivery.value.export import tables as value_tables

    snapshot = app.snapshot(app.instant(as_of), teams)
    scope = answerable(app, snapshot)
    tables = {**delivery_tables(snapshot), **value_tables(snapshot, app.readings, app.effects, app.conclusions)}
    target = app.cwd / folder
    try:
        target.mkdir(parents=True, exist_ok=True)
        counts = {name: write(target / f"{name}.csv", columns, rows) for name, (columns, rows) in tables.items()}
    except OSError as error:
        raise user_error(msg("cli.cannot_write", reason=error.strerror or ""), where=str(target)) from error
    for name, count in counts.items():
        app.note("cli.exported", path=str(folder / f"{name}.csv"), n=count)
    return scope.exit_code
