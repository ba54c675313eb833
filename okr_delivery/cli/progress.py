"""`okr-delivery progress`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import Reserved, as_of_option, format_option, subcommand, team_option
from okr_delivery.model.errors import UserError
from okr_delivery.model.okr import Direction, KeyResult

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot


@subcommand("progress", team_option, as_of_option, format_option("text", "json"))
@click.option("--kr", "krs", multiple=True, metavar="KR", help="Only this key result; repeatable.")
@click.option("--apply", "sinks", cls=Reserved, multiple=True)
def command(
    app: App,
    /,
    teams: tuple[str, ...],
    krs: tuple[str, ...],
    as_of: str | None,
    output_format: str,
) -> int:
    """Progress, pace and verdict of key results, with the arithmetic. Reads only.

    \b
    Examples:
      okr-delivery progress
      okr-delivery progress --kr GROW-KR1 --as-of 2026-10-31
    """
    from okr_delivery.cli.selecting import lacking
    from okr_delivery.output import progress as output
    from okr_delivery.output.json import dumps
    from okr_delivery.value.progress import progress

    snapshot = app.snapshot(app.instant(as_of), teams)
    entries, objectives = progress(snapshot, app.readings, list(krs) or None)
    wanted = _objectives(snapshot) if teams else None
    if wanted is not None:
        entries = tuple(
            entry for entry in entries if wanted & {entry.kr.objective, f"{entry.kr.cycle}:{entry.kr.objective}"}
        )
        objectives = tuple(one for one in objectives if wanted & {one.id, one.id.partition(":")[2]})
    if output_format == "json":
        app.show_document(dumps(output.document(entries, objectives, snapshot.as_of, app.t)))
    elif entries:
        app.show(output.text(entries, objectives, app.t))
    else:
        app.show(app.t("output.progress.none"))
    missing = lacking(snapshot, _needed(snapshot, [entry.kr for entry in entries]))
    if missing:
        app.show_error(UserError(list(missing.values())))
    return 2 if missing else 0


def _objectives(snapshot: Snapshot) -> set[str] | None:
    """What the chosen teams work for; None when one of them names nothing, because then anything may be its."""
    if not all(team.objectives for team in snapshot.teams):
        return None
    return {objective for team in snapshot.teams for objective in team.objectives}


def _needed(snapshot: Snapshot, krs: Sequence[KeyResult]) -> set[str]:
    """Sources that key results are computed from; most are read, not computed, and need none."""
    from okr_delivery.delivery.teams import sources_of

    known = {team.id: sources_of(team) for team in snapshot.config.effective_teams()}
    metrics = [kr.metric for kr in krs]
    named = {metric.source for metric in metrics if metric.direction is Direction.ISSUES and metric.source}
    teams = {metric.team for metric in metrics if metric.direction is Direction.DELIVERY and metric.team}
    every = {source.name for source in snapshot.config.sources}
    return (named & every) | {name for team in teams for name in known.get(team, ())}
