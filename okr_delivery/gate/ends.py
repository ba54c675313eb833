"""On which day it is for a waiver: the local one of the teams that it may speak of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.delivery.rules import calendar_of
from okr_delivery.gate import waiving
from okr_delivery.gate.baseline import suitable
from okr_delivery.gate.lint import registry as lint
from okr_delivery.model.errors import UserError

if TYPE_CHECKING:
    from okr_delivery.config import Config
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.gate.finding import Finding
    from okr_delivery.gate.waivers import Waiver


@dataclass(frozen=True)
class Days:
    """The local days at an instant (epoch seconds).

    A waiver of an issue or an iteration speaks of its team, any other of every team, and so does each without a
    `snapshot` to look it up in. One for the OKR files speaks of no team: the file's calendar counts.
    """

    config: Config
    at: int
    snapshot: Snapshot | None = None

    def of(self, finding: Finding) -> date:
        """The day of the team that something was found for."""
        return self._by_team[finding.team]

    def earliest(self, waiver: Waiver) -> date:
        """The day where it is earliest: what is over then is over for everybody whom the waiver speaks of."""
        return min(self._days(waiver))

    def latest(self, waiver: Waiver) -> date:
        """The day where it is latest: nobody whom the waiver speaks of could count further from today."""
        return max(self._days(waiver))

    @cached_property
    def _by_team(self) -> Mapping[str, date]:
        teams = self.config.effective_teams()
        return {team.id: calendar_of(self.config, team).local_date(self.at) for team in teams}

    def _days(self, waiver: Waiver) -> Collection[date]:
        if waiver.rule in lint.ids() or not self._by_team:
            return {calendar_of(self.config).local_date(self.at)}
        every = set(self._by_team.values())
        if len(every) == 1 or self.snapshot is None:
            return every
        return {self._by_team[team] for team in self._teams(waiver, self.snapshot)} or every

    def _teams(self, waiver: Waiver, snapshot: Snapshot) -> Collection[str]:
        """Whom it speaks of; empty: of nobody more than of others."""
        found = () if suitable(waiver.rule) else self._with_iteration(waiver, snapshot)
        return found or self._with_issue(waiver, snapshot)

    def _with_iteration(self, waiver: Waiver, snapshot: Snapshot) -> Collection[str]:
        name = waiving.folded(waiver.entity)
        return [
            team
            for team in self._by_team
            if any(name in waiving.names_of_iteration(i, team) for i in snapshot.iterations(team))
        ]

    def _with_issue(self, waiver: Waiver, snapshot: Snapshot) -> Collection[str]:
        try:
            team = snapshot.find(waiver.entity).team
        except UserError:
            return ()
        return [team] if team in self._by_team else ()
