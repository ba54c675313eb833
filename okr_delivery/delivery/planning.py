"""How teams plan: what their iterations are, and which stays of an issue count for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from okr_delivery.delivery.membership import ITERATION_ID, VERSION_ID
from okr_delivery.delivery.periods import Grid
from okr_delivery.delivery.statusmap import StatusMap
from okr_delivery.delivery.teams import sources_of
from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import msg
from okr_delivery.model.work import Interval, IterationKind, Membership

if TYPE_CHECKING:
    from okr_delivery.config import Config, Team
    from okr_delivery.model.calendar import Calendar

KINDS: Mapping[str, IterationKind] = {
    "sprints": IterationKind.SPRINT,
    "versions": IterationKind.VERSION,
    "milestones": IterationKind.MILESTONE,
    "iterations": IterationKind.ITERATION,
    "calendar": IterationKind.PERIOD,
}
PREFIXES: Mapping[IterationKind, str] = {IterationKind.VERSION: VERSION_ID, IterationKind.ITERATION: ITERATION_ID}
"""Kinds whose ids begin with a word, because one field of a tracker holds iterations of several kinds."""


def kind_of(team: Team) -> IterationKind:
    """What a team's iterations are; of one whose settings don't say, sprints."""
    return IterationKind.SPRINT if team.iterations is None else KINDS[team.iterations.from_]


def uses_versions(config: Config, source: str) -> bool:
    """Whether some team plans by the versions of a source: only then are stays in them derived and shown."""
    teams = (team for team in config.effective_teams() if kind_of(team) is IterationKind.VERSION)
    return any(source in sources_of(team) for team in teams)


def planning_key(team: Team) -> str:
    """What a team's memberships depend on beside the tracker; empty for those that the tracker keeps as they are."""
    iterations = team.iterations
    if iterations is None or iterations.from_ != "calendar":
        return ""
    return f"{iterations.weeks}:{iterations.start.isoformat()}:{(iterations.commitment or '').casefold()}"


def grid_of(team: Team, calendar: Calendar) -> Grid | None:
    """The periods of a team that plans by the calendar; None for any other."""
    iterations = team.iterations
    if iterations is None or iterations.from_ != "calendar":
        return None
    return Grid(calendar, iterations.weeks, iterations.start)


@dataclass(frozen=True, slots=True)
class Planner:
    """One team in one source. `commitment` is the stage from which on work belongs to a period of the grid."""

    kind: IterationKind
    grid: Grid | None = None
    commitment: int = 0

    def stays(self, own: tuple[Membership, ...], intervals: Sequence[Interval], as_of: int) -> tuple[Membership, ...]:
        """The stays of an issue in iterations of the team's kind; `own` are those that its fields tell of."""
        if self.grid is not None:
            return self.grid.stays(intervals, self.commitment, as_of)
        return only(own, self.kind)


def only(stays: Iterable[Membership], kind: IterationKind) -> tuple[Membership, ...]:
    """Stays in versions, in iterations of cadences, or in what carries its tracker's own id: sprints and milestones."""
    wanted = PREFIXES.get(kind, "")
    return tuple(stay for stay in stays if prefix_of(stay.iteration_id) == wanted)


def prefix_of(iteration_id: str) -> str:
    """What stands before the tracker's own id; "" where nothing does."""
    return next((prefix for prefix in PREFIXES.values() if iteration_id.startswith(prefix)), "")


def commitment_of(config: Config, team: Team, source: str, rules: StatusMap) -> int:
    """The stage at which work of a source enters the team's periods.

    Raises UserError for a status that the source does not have, or that stands on none of its stages.
    """
    name = team.iterations.commitment if team.iterations is not None else None
    if name is None:
        return rules.commitment
    stage = rules.stage_of(name)
    if stage is None:
        raise _misnamed(config, team, source, name, rules)
    return stage


def _misnamed(config: Config, team: Team, source: str, name: str, rules: StatusMap) -> UserError:
    where = _where(config, team)
    known = {status.casefold(): status for status in rules.names.values()}
    if name.casefold() in known or name in rules.names:
        what = msg("delivery.period.commitment", status=name, source=source)
        return user_error(what, where=where, next_step=msg("delivery.period.commitment.next"))
    near = get_close_matches(name.casefold(), known, 1)
    step = msg("delivery.status.unknown.nearest", nearest=known[near[0]]) if near else None
    what = msg("delivery.status.unknown", status=name, source=source)
    return user_error(what, where=where, next_step=step or msg("delivery.period.unknown.next"))


def _where(config: Config, team: Team) -> str:
    for index, known in enumerate(config.teams):
        if known.id == team.id:
            return config.where("teams", index, "iterations", "commitment")
    return f"teams: {team.id}: iterations: commitment"
