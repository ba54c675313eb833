"""What a rule about iterations may look at: a team with the iterations that are judged, and the run it is judged in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr_delivery.gate.finding import Entity, Stage
from okr_delivery.model.okr import Effect
from okr_delivery.model.work import Iteration

if TYPE_CHECKING:
    from okr_delivery.config import Config, Team
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.gate.case import Case
    from okr_delivery.okrs import OkrBook, Readings
    from okr_delivery.value.conclusions import Conclusions


@dataclass(frozen=True)
class Planning:
    """A team's iterations as they are judged. `cases` are their open requirements, by the iteration's id."""

    team: Team
    stage: Stage
    iterations: tuple[Iteration, ...]
    cases: Mapping[str, tuple[Case, ...]]
    snapshot: Snapshot
    readings: Readings
    effects: tuple[Effect, ...]
    conclusions: Conclusions

    @property
    def book(self) -> OkrBook:
        return self.snapshot.book

    @property
    def config(self) -> Config:
        return self.snapshot.config

    @staticmethod
    def entity(iteration: Iteration) -> Entity:
        """The iteration as what a finding is about."""
        return Entity(iteration.source, "iteration", iteration.id, title=iteration.name)
