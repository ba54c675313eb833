"""What a rule about iterations may look at: a team with the iterations that are judged, and the run it is judged in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.delivery.teams import sources_of
from okr_delivery.gate.case import case_day
from okr_delivery.gate.finding import Entity, Stage
from okr_delivery.model.message import Message
from okr_delivery.model.okr import Effect, KeyResult
from okr_delivery.model.work import Iteration, IterationKind, IterationState
from okr_delivery.value.capacity import Capacity, Load, capacity, load
from okr_delivery.value.demand import Check, Demand
from okr_delivery.value.due import DueTrace, asked_since, due

if TYPE_CHECKING:
    from okr_delivery.config import Config, Team
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.gate.case import Case
    from okr_delivery.okrs import OkrBook, Readings
    from okr_delivery.value.conclusions import Conclusions

Place = tuple[str, str]  # source and id of an iteration: ids of two sources overlap


@dataclass(frozen=True)
class Planning:
    """A team's iterations as they are judged. `cases` are their open requirements, by the iteration's place.

    `check` knows what is claimed, for all teams of a run. `doubts` say why what other teams plan is not surely known.
    """

    team: Team
    stage: Stage
    iterations: tuple[Iteration, ...]
    cases: Mapping[Place, tuple[Case, ...]]
    snapshot: Snapshot
    readings: Readings
    effects: tuple[Effect, ...]
    conclusions: Conclusions
    check: Check
    doubts: tuple[Message, ...] = ()

    @property
    def book(self) -> OkrBook:
        return self.snapshot.book

    @property
    def config(self) -> Config:
        return self.snapshot.config

    # -- iterations ------------------------------------------------------------------------------------------------

    @property
    def planned(self) -> tuple[Iteration, ...]:
        """Those that are not over."""
        return tuple(i for i in self.iterations if self.snapshot.state(i) is not IterationState.CLOSED)

    def inside(self, iteration: Iteration) -> tuple[Case, ...]:
        """The open requirements in one of them."""
        return self.cases.get(place_of(iteration), ())

    def day(self, iteration: Iteration) -> date:
        """The local day on which its key results must be active."""
        return case_day(self.snapshot, self.team.id, iteration)

    @staticmethod
    def pulls(iteration: Iteration) -> bool:
        """Whether it is a period of the calendar, which nobody plans beforehand: work is pulled into it."""
        return iteration.kind is IterationKind.PERIOD

    # -- what is known of them, each worked out once ---------------------------------------------------------------

    @cached_property
    def capacity(self) -> Capacity | None:
        return capacity(self.snapshot, self.team.id)

    def load(self, iteration: Iteration) -> Load:
        """The open work in it, non-OKR work too."""
        return load(self.snapshot, self.team.id, iteration)

    @cached_property
    def demands(self) -> tuple[Demand, ...]:
        """What is claimed for each key result that the team works for, and what it still needs."""
        return self.check.demands(self.team.id, self.iterations)

    @cached_property
    def overdue(self) -> tuple[DueTrace, ...]:
        """What was delivered since `gate.since` and waited too long for a conclusion."""
        given = (self.snapshot, self.readings, self.effects, self.conclusions)
        return due(*given, self.team.id, since=asked_since(self.snapshot, self.team.id), overdue=True)

    @property
    def unread_deployments(self) -> tuple[str, ...]:
        """The team's sources whose releases are deployments that were not all read yet."""
        names = sources_of(self.team)
        by_deployment = (name for name in names if "deployment" in self.config.source(name).release.from_)
        return tuple(name for name in by_deployment if not self.snapshot.deployments_read(name))

    # -- what a finding is about -----------------------------------------------------------------------------------

    @staticmethod
    def entity(iteration: Iteration) -> Entity:
        """The iteration as what a finding is about."""
        return Entity(iteration.source, "iteration", iteration.id, title=iteration.name)

    @staticmethod
    def declared(kr: KeyResult) -> Entity:
        """A key result as what a finding is about."""
        return Entity(None, "key_result", kr.full_id, title=kr.title)

    def issue(self, item: Item) -> Entity:
        """An issue as what a finding is about; of a confidential one only the key."""
        found = item.issue
        if found.confidential:
            return Entity(found.source, "issue", found.key)
        return Entity(found.source, "issue", found.key, self.snapshot.link(found.source, found.url), found.title)


def place_of(iteration: Iteration) -> Place:
    return iteration.source, iteration.id
