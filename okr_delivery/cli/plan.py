"""`okr-delivery plan`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import Reserved, as_of_option, format_option, iteration_option, subcommand, team_option
from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import Message, msg

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.model.work import Iteration
    from okr_delivery.value.plan import Plans

NEXT = "next"


@subcommand("plan", team_option, iteration_option, as_of_option, format_option("text", "json"))
@click.option("--final", cls=Reserved, is_flag=True)
def command(app: App, /, teams: tuple[str, ...], iteration: str | None, as_of: str | None, output_format: str) -> int:
    """The ordered requirement list of an iteration (default: next) with reasons, disputes first, and what is due.

    \b
    Examples:
      okr-delivery plan
      okr-delivery plan --team payments --iteration "PAY S28" --format json
    """
    from okr_delivery.output import plan as output
    from okr_delivery.output import plan_json

    snapshot = app.snapshot(app.instant(as_of), teams)
    if not snapshot.teams:
        raise user_error(msg("cli.no_teams"), next_step=msg("cli.no_teams.next"))
    with app.timed("plan.phase"):
        plans = _plans(app, snapshot, iteration or NEXT)
    if output_format == "json":
        app.show_document(plan_json.write(plans, app.t))
        if plans.exit_code:
            app.err.write(output.reasons(plans, app.t))
    else:
        app.show(output.write(plans, app.t, unicode=app.unicode))
    return plans.exit_code


def _plans(app: App, snapshot: Snapshot, ref: str) -> Plans:
    """Each team's plan, or why it has none."""
    from okr_delivery.value.plan import Plans
    from okr_delivery.value.planner import Planner

    blocked = {team.id: reasons for team in snapshot.teams if (reasons := _blocked(app, snapshot, team.id))}
    found = _iterations(snapshot, ref, blocked)
    planner = Planner(snapshot, app.readings, app.effects, app.conclusions)
    ready = {team: several for team, several in found.items() if team not in blocked}
    if ref == NEXT:
        _tell_beside(app, snapshot, ready)
    missing = msg("gate.nothing.no_iteration", which=msg(f"gate.iteration.{ref.rpartition(':')[2]}"))
    return Plans(
        as_of=snapshot.as_of,
        zone=str(snapshot.config.calendar.timezone),
        teams=tuple(planner.plan(team, several) for team, several in ready.items() if several),
        nothing=tuple((team, missing) for team, several in ready.items() if not several),
        blocked=tuple((team, reasons) for team, reasons in blocked.items() if team in found),
    )


def _tell_beside(app: App, snapshot: Snapshot, found: Mapping[str, tuple[Iteration, ...]]) -> None:
    """Where an empty iteration is next in line, which one holds the work."""
    from okr_delivery.delivery.beside import beside
    from okr_delivery.gate.scope import beside_note

    for team, chosen in found.items():
        empty = beside(snapshot, team, chosen)
        if empty is not None:
            app.note("plan.beside", team=team, what=beside_note(empty))


def _blocked(app: App, snapshot: Snapshot, team_id: str) -> tuple[Message, ...]:
    """Why a team can't be planned for: what the gate says of files and sources, and history that is still coming."""
    from okr_delivery.delivery.teams import sources_of
    from okr_delivery.gate.sources import before_data, no_cycles, unusable

    names = sources_of(snapshot.team(team_id))
    found = [reason for name in names if (reason := unusable(name, snapshot, app.now)) is not None]
    coming = [name for name in names if snapshot.source_states.get(name) and snapshot.source_states[name].coming]
    found = [*no_cycles(snapshot), *before_data(snapshot, snapshot.team(team_id)), *found]
    return (*found, *(msg("plan.coming", source=name, command=f"okr-delivery sync {name}") for name in coming))


def _iterations(
    snapshot: Snapshot, ref: str, blocked: Mapping[str, tuple[Message, ...]]
) -> Mapping[str, tuple[Iteration, ...]]:
    """What `ref` means for each team; an id or a name leaves out the teams that don't have it.

    A name that nobody knows is an error, unless a team that may know it can't be read.
    """
    try:
        return snapshot.resolve_all(ref)
    except UserError:
        if not blocked:
            raise
        return dict.fromkeys(blocked, ())
