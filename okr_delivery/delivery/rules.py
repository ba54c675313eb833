"""The rules that figures stand on, and their hashes: status map, points and calendar."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from okr_delivery.config.calendar import build, merged
from okr_delivery.delivery.planning import planning_key
from okr_delivery.delivery.statusmap import StatusMap, compile_map
from okr_delivery.delivery.teams import sources_of
from okr_delivery.model.calendar import Calendar

if TYPE_CHECKING:
    from okr_delivery.config import Config, Source, Team
    from okr_delivery.model.work import Status

VERSIONS = "+versions"  # stays in versions were derived too


def status_map(source: Source, statuses: Iterable[Status]) -> StatusMap:
    """The status map of a configured source, with whatever in its settings contradicts the tracker's statuses."""
    return compile_map(source.statuses, statuses, source.name)


def calendar_of(config: Config, team: Team | None = None) -> Calendar:
    """The calendar of a team, else of the whole file."""
    return build(config.calendar if team is None else merged(config.calendar, team.calendar))


def derived_hash(found: StatusMap, *, versions: bool = False) -> str:
    """What stored timelines and stays depend on. The calendar is none of it: elapsed time needs no calendar."""
    return found.fingerprint + VERSIONS * versions


def team_hash(team: Team, maps: dict[str, StatusMap], calendar: Calendar) -> str:
    """What a team's figures depend on."""
    parts = [f"{name}={maps[name].fingerprint}" for name in sources_of(team)]
    planning = [planning_key(team)] if planning_key(team) else []
    return hashlib.sha256("\x1f".join([*parts, calendar.fingerprint, *planning]).encode()).hexdigest()[:12]
