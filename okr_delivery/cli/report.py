"""`okr-delivery report …`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import Reserved, as_of_option, group, iteration_option, reserved, subcommand, team_option
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.model.work import Iteration
    from okr_delivery.report.view import IterationReport

HISTORY = 6  # closed iterations shown beside the one reported


@group("report")
def command() -> None:
    """Write a self-contained report."""


@subcommand("iteration", team_option, iteration_option, as_of_option)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["html", "markdown", "json"]),
    help="Default: by the file's ending, else html.",
)
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A file for all, or a folder for one file each; - for standard output. Default: reports/.",
)
@click.option("--due", cls=Reserved, is_flag=True)
@click.option("--charts", cls=Reserved)
def iteration_report(
    app: App,
    /,
    teams: tuple[str, ...],
    iteration: str | None,
    as_of: str | None,
    output_format: str | None,
    path: Path | None,
) -> int:
    """The iteration report (default: last, else current): value first, then delivery, then data quality.

    \b
    Examples:
      okr-delivery report iteration
      okr-delivery report iteration --iteration "PAY S26" -o report.html
      okr-delivery report iteration -o report.html      all teams in one file
      okr-delivery report iteration --format markdown -o -
    """
    from okr_delivery.cli.selecting import answerable, iterations

    kind = output_format or _kind(path)
    snapshot = app.snapshot(app.instant(as_of), teams)
    scope = answerable(app, snapshot)
    pairs = iterations(app, snapshot, iteration, scope)
    views = [_view(app, snapshot, team, one) for team, one in pairs]
    target = None if path is None else app.cwd / path
    if path is not None and str(path) == "-":
        app.show_document(_render(app, views, kind))
    elif target is not None and not target.is_dir():
        _write(app, target, _render(app, views, kind))
    else:
        for (team, one), view in zip(pairs, views, strict=True):
            _write(app, _file(target or app.config.root / "reports", team, one, kind), _render(app, [view], kind))
    return scope.exit_code


def _kind(path: Path | None) -> str:
    return {".md": "markdown", ".json": "json"}.get(path.suffix if path else "", "html")


def _file(folder: Path, team: str, iteration: Iteration, kind: str) -> Path:
    """One of its own for each team and iteration: several never overwrite each other."""
    from okr_delivery.output.safe import slug

    ending = {"html": ".html", "markdown": ".md", "json": ".json"}[kind]
    return folder / f"{slug(team)}-{slug(iteration.name)}-{slug(iteration.id)}{ending}"


def _view(app: App, snapshot: Snapshot, team: str, iteration: Iteration) -> IterationReport:
    from okr_delivery.delivery.metrics import measure
    from okr_delivery.report.view import iteration_view
    from okr_delivery.value.progress import progress
    from okr_delivery.value.trace import trace

    krs, objectives = progress(snapshot, app.readings)
    return iteration_view(
        snapshot,
        measure(snapshot, team, iteration),
        trace(snapshot, app.readings, app.effects, app.conclusions, team, iteration),
        krs,
        objectives,
        app.readings,
        [snapshot.sets(team, one) for one in _earlier(snapshot, team, iteration)],
        app.t,
    )


def _earlier(snapshot: Snapshot, team: str, iteration: Iteration) -> list[Iteration]:
    """The last closed iterations up to the one reported, oldest first."""
    from okr_delivery.model.work import IterationState

    ends = {one.id: snapshot.window(team, one).end for one in snapshot.iterations(team)}
    closed = [one for one in snapshot.iterations(team) if snapshot.state(one) is IterationState.CLOSED]
    closed.sort(key=lambda one: (ends[one.id], one.id))
    upto = [one for one in closed if ends[one.id] <= ends[iteration.id] and one.id != iteration.id]
    return [*upto[-(HISTORY - 1) :], iteration]


def _render(app: App, views: Sequence[IterationReport], kind: str) -> str:
    from okr_delivery.report.view import document

    report = document(views)
    if kind == "json":
        from okr_delivery.output.json import dumps
        from okr_delivery.report.json import render as to_dict

        return dumps(to_dict(report))
    if kind == "markdown":
        from okr_delivery.report.markdown import render as to_markdown

        return to_markdown(report, app.t)
    from okr_delivery.report.html import render as to_html

    return to_html(report, app.t)


def _write(app: App, path: Path, text: str) -> None:
    from okr_delivery.cli.files import write_text

    try:
        write_text(path, text)
    except OSError as error:
        raise user_error(msg("cli.cannot_write", reason=error.strerror or ""), where=str(path)) from error
    app.show(str(path))


command.add_command(iteration_report)
for _name in ("weekly", "monthly", "quarterly"):
    command.add_command(reserved(_name, f"report {_name}"))
