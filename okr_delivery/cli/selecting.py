"""Which teams and iterations a command looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr_delivery.cli.app import App
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.model.work import Iteration


def iterations(app: App, snapshot: Snapshot, ref: str | None, default: str) -> list[tuple[str, Iteration]]:
    """(team, iteration) pairs in the order of teams; nothing at all is exit 2, a team without one is named."""
    if not snapshot.teams:
        raise user_error(msg("cli.no_teams"), next_step=msg("cli.no_teams.next"))
    found = snapshot.resolve_all(ref or default)
    pairs = [(team, iteration) for team, several in found.items() for iteration in several]
    if not pairs:
        raise user_error(msg("cli.no_iteration", ref=ref or default), next_step=msg("cli.no_iteration.next"))
    for team, several in found.items():
        if not several:
            app.note("cli.nothing_to_judge", team=team, ref=ref or default)
    return pairs


def require_complete(snapshot: Snapshot, teams: list[str]) -> None:
    """Refuses to answer for teams whose sources were never synced to the end."""
    from okr_delivery.delivery.teams import sources_of

    for team in snapshot.teams:
        if team.id not in teams:
            continue
        for name in sources_of(team):
            state = snapshot.source_states.get(name)
            if state is None or state.fetched_at is None:
                raise user_error(
                    msg("cli.never_synced", source=name), next_step=msg("cli.never_synced.next", source=name)
                )
            if not state.complete:
                raise user_error(
                    msg("cli.incomplete", source=name), next_step=msg("cli.never_synced.next", source=name)
                )
