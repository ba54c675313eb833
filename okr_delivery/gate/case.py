"""What a rule may look at: one requirement with its links, its iteration and the run it is judged in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.delivery.membership import started
from okr_delivery.gate.finding import Stage
from okr_delivery.model.contribution import Contribution
from okr_delivery.model.okr import KeyResult
from okr_delivery.model.work import Field, Issue, Iteration, Value, labels_of
from okr_delivery.value.krs import Way, way_of
from okr_delivery.value.results import LinkProblem, Links

if TYPE_CHECKING:
    from okr_delivery.config import Config, Source, Team
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.okrs import OkrBook, Readings


@dataclass(frozen=True)
class Case:
    """A requirement as it is judged.

    `day` is the local date on which its key results must be active: the iteration's start, else the day of `as_of`.
    `iteration` is None for a requirement that is planned nowhere.
    """

    item: Item
    team: Team
    stage: Stage
    iteration: Iteration | None
    day: date
    links: Links
    snapshot: Snapshot
    readings: Readings

    @property
    def issue(self) -> Issue:
        return self.item.issue

    @property
    def book(self) -> OkrBook:
        return self.snapshot.book

    @property
    def config(self) -> Config:
        return self.snapshot.config

    @property
    def planned(self) -> bool:
        """Whether it is known when the work begins."""
        return self.iteration is not None and started(self.iteration) is not None

    @cached_property
    def source(self) -> Source:
        return self.config.source(self.issue.source)

    @cached_property
    def krs(self) -> Mapping[str, KeyResult]:
        """The key results it contributes to, by full id, in the order of the links."""
        found = (self.book.key_results.get(c.kr) for c in self.links.contributions)
        return {kr.full_id: kr for kr in found if kr is not None}

    @property
    def non_okr(self) -> bool:
        """Declared to serve no key result, and naming none."""
        return bool(self.links.non_okr) and not self.links.contributions and not self.named

    @property
    def named(self) -> tuple[LinkProblem, ...]:
        """The faulty links that at least name a key result."""
        return tuple(problem for problem in self.links.problems if problem.kr)

    def value(self, field: Field) -> Value:
        """A field as of the run."""
        return self.item.at(field, self.snapshot.as_of)

    def has_label(self, label: str) -> bool:
        """Whether it carries a label, in any case, as of the run."""
        return bool(self.spellings(label))

    def spellings(self, label: str) -> tuple[str, ...]:
        """A label as it stands on the requirement as of the run, in any case; empty: it does not."""
        return tuple(name for name in labels_of(self.value(Field.LABELS)) if name.casefold() == label.casefold())

    def local_day(self, at: int) -> str:
        """An instant as a date of the team's calendar."""
        return self.snapshot.calendar(self.team.id).local_date(at).isoformat()

    def stated_confidence(self, stated: Contribution) -> float | None:
        """The confidence to repeat in a line; the configured default need not be written."""
        default = self.config.contribution.default_confidence
        return None if stated.confidence == default else stated.confidence

    def quote(self, text: str) -> str:
        """Text out of the tracker, except that nothing of a confidential issue is repeated."""
        return "…" if self.issue.confidential else text

    def offered(self, problem: LinkProblem) -> str | None:
        """The corrected line of a faulty link; none for a confidential issue, whose words it would repeat.

        At intake an amount that nobody stated may stay open.
        """
        if self.issue.confidential:
            return None
        return problem.pending if self.stage is Stage.INTAKE else problem.paste

    def way(self, kr: KeyResult) -> Way:
        """How the key result is to move, at the case's day."""
        return way_of(kr, self.book, self.day, self.readings)


def case_day(snapshot: Snapshot, team: str, iteration: Iteration | None) -> date:
    """The local day on which a requirement's key results must be active."""
    start = None if iteration is None else started(iteration)
    return snapshot.day(team) if start is None else snapshot.calendar(team).local_date(start)
