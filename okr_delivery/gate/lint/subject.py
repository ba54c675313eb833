"""What a lint rule is asked about, and what it may look at to answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from okr_delivery.gate.finding import Entity
from okr_delivery.model.message import Message
from okr_delivery.model.okr import Cycle, KeyResult, Location, Objective

if TYPE_CHECKING:
    from okr_delivery.config import Config
    from okr_delivery.okrs import OkrBook, Readings


class SubjectKind(StrEnum):
    CYCLE = "cycle"
    OBJECTIVE = "objective"
    KEY_RESULT = "key_result"


@dataclass(frozen=True, slots=True)
class Subject:
    """An objective, or with `kr` one of its key results."""

    cycle: Cycle
    objective: Objective
    kr: KeyResult | None = None

    @property
    def one(self) -> Objective | KeyResult:
        """What the question is about."""
        return self.objective if self.kr is None else self.kr

    @property
    def kind(self) -> SubjectKind:
        return SubjectKind.OBJECTIVE if self.kr is None else SubjectKind.KEY_RESULT

    @property
    def title(self) -> str:
        return self.one.title

    @property
    def full_id(self) -> str:
        return self.one.full_id

    @property
    def location(self) -> Location:
        return self.one.location

    @property
    def owner(self) -> str | None:
        """Who is asked: its owner, else that of its objective."""
        return self.one.owner or self.objective.owner

    @property
    def entity(self) -> Entity:
        return Entity(None, str(self.kind), self.full_id, title=self.title)


class Work(Protocol):
    """The work of the trackers, as far as it says which key results it serves."""

    def serves(self, kr: KeyResult) -> bool:
        """Whether a requirement contributes to the key result in its cycle, or a key action stands below it."""
        ...

    def doubts(self, cycle: Cycle) -> tuple[Message, ...]:
        """Why there may be more work of a cycle than is there; empty when there can't be."""
        ...

    @property
    def computed(self) -> Mapping[str, float]:
        """Values of key results that the trackers give, by full id."""
        ...


NOTHING: Mapping[str, float] = {}


@dataclass(frozen=True)
class Desk:
    """What all questions share. `day` is the local day of the run; `work` is None without a usable store."""

    book: OkrBook
    readings: Readings
    config: Config
    day: date
    work: Work | None = None

    def subject(self, full_id: str) -> Subject:
        """The objective or key result of a full id. Raises KeyError for one that is not in the files."""
        kr = self.book.key_results.get(full_id)
        objective = self.book.objectives[full_id] if kr is None else self.book.objective_of(kr)
        return Subject(self.book.cycles[objective.cycle], objective, kr)

    def parents(self, objective: Objective) -> Iterator[Subject]:
        """The objectives and key results that an objective aligns to, whatever file or level they are of."""
        return (self.subject(ref) for ref in self.book.parents(objective.full_id))

    @cached_property
    def computed(self) -> Mapping[str, float]:
        """Values of key results that the trackers give, by full id; none without a store."""
        return NOTHING if self.work is None else self.work.computed
