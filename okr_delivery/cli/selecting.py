"""Which teams and iterations a command looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr_delivery.cli.app import App
from okr_delivery.model.errors import Problem, UserError, user_error
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.model.work import Iteration

DEFAULTS = ("last", "current")  # what a team without --iteration is asked for, in this order


@dataclass(frozen=True, slots=True)
class Scope:
    """The teams that can be answered for; `exit_code` is 2 when a team had to be left out, for lack of data."""

    teams: tuple[str, ...]
    exit_code: int


def answerable(app: App, snapshot: Snapshot) -> Scope:
    """Names every team whose sources were not synced to the end and goes on with the others; none left is an error."""
    if not snapshot.teams:
        raise user_error(msg("cli.no_teams"), next_step=msg("cli.no_teams.next"))
    from okr_delivery.delivery.teams import sources_of

    needed = {team.id: sources_of(team) for team in snapshot.teams}
    every = {name for names in needed.values() for name in names}
    missing = _undeployed(snapshot, every) | lacking(snapshot, every)
    ready = tuple(team for team, names in needed.items() if not missing.keys() & set(names))
    if not ready:
        raise UserError(list(missing.values()))
    if missing:
        app.show_error(UserError(list(missing.values())))
        app.say("cli.left_out", teams=", ".join(team for team in needed if team not in ready))
    return Scope(ready, 2 if missing else 0)


def _undeployed(snapshot: Snapshot, sources: Iterable[str]) -> dict[str, Problem]:
    """The same for deployments: figures and observation windows need them, planning does not."""
    return {
        name: Problem(msg("cli.deployments", source=name), next_step=msg("cli.never_synced.next", source=name))
        for name in sorted(sources)
        if not snapshot.deployments_read(name)
    }


def lacking(snapshot: Snapshot, sources: Iterable[str]) -> dict[str, Problem]:
    """What is wrong with those of the sources that were not synced to the end, by name."""
    found = {name: _lacking(snapshot, name) for name in sorted(set(sources))}
    return {name: problem for name, problem in found.items() if problem is not None}


def _lacking(snapshot: Snapshot, source: str) -> Problem | None:
    state = snapshot.source_states.get(source)
    if state is not None and state.coming:
        what = msg("cli.history", source=source)
    elif state is None or state.fetched_at is None:
        what = msg("cli.never_synced", source=source)
    elif not state.complete:
        what = msg("cli.incomplete", source=source)
    else:
        return None
    return Problem(what, next_step=msg("cli.never_synced.next", source=source))


def iterations(app: App, snapshot: Snapshot, ref: str | None, scope: Scope) -> list[tuple[str, Iteration]]:
    """(team, iteration) pairs in the order of teams; nothing at all is exit 2, a team without one is named.

    Without `ref`, a team's last closed iteration, else the one that is open.
    """
    found = _found(snapshot, ref, scope)
    pairs = [(team, iteration) for team, several in found.items() for iteration in several]
    if not pairs:
        raise user_error(msg("cli.no_iteration", ref=ref or DEFAULTS[0]), next_step=msg("cli.no_iteration.next"))
    for team, several in found.items():
        if not several:
            app.note("cli.nothing_to_judge", team=team, ref=ref or DEFAULTS[0])
    return pairs


def _found(snapshot: Snapshot, ref: str | None, scope: Scope) -> Mapping[str, tuple[Iteration, ...]]:
    if ref is not None:
        return {team: several for team, several in snapshot.resolve_all(ref).items() if team in scope.teams}
    return {team: default_of(snapshot, team) for team in scope.teams}


def default_of(snapshot: Snapshot, team: str) -> tuple[Iteration, ...]:
    """What is shown of a team when nobody named an iteration; empty when it has none that began."""
    return next((found for ref in DEFAULTS if (found := snapshot.resolve(team, ref))), ())
