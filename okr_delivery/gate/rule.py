"""A rule: one question asked of one subject, with its reason, its remedy and its own examples.

The subject is a requirement (`Case`), a team's iterations (`Planning`) or the OKR files (`gate.lint`); a rule reads it
and nothing else. It answers `OK`, `NotApplicable` with a reason, or faults. What it `requires` silences it: a
requirement without a link is told so once, not once per rule that needs the link.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from okr_delivery.gate.finding import Entity, Severity, Stage, Suggestion
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import KeyResult, Location

if TYPE_CHECKING:
    from okr_delivery.config import Team
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.gate.advice import Advice
    from okr_delivery.gate.case import Case
    from okr_delivery.gate.planning import Planning

STAGES = tuple(stage for stage in Stage if stage is not Stage.LINT)
"""What a team can adopt, in order."""
SEVERITIES = (Severity.INFO, Severity.WARNING, Severity.ERROR)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that a rule found. The engine adds the requirement, the team and how to check again.

    `ref` names the key result as it should be shown; with `kr` its declaration becomes the location. `severity` can
    only soften the rule's own. `fix` replaces the rule's general remedy. `about` is what was found wanting where that
    is not the subject itself, `owner` who is asked then, and `place` where it is to be settled. Two faults of one rule
    about one thing differ in key result, or in `turn`, which holds apart what can happen again.
    """

    message: Message
    kr: KeyResult | None = None
    ref: str | None = None
    severity: Severity | None = None
    paste: str | None = None
    suggestions: tuple[Suggestion, ...] = ()
    alternative: bool = False  # a Non-OKR line would be a legal answer
    fix: Message | None = None
    about: Entity | None = None
    owner: str | None = None
    place: Location | None = None
    turn: str = ""


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """The question makes no sense here, and why. `missing`: for want of data, which is said beside the verdict."""

    reason: Message
    missing: bool = False


OK: tuple[Fault, ...] = ()

Outcome = tuple[Fault, ...] | NotApplicable


@dataclass(frozen=True)
class Example:
    """A requirement as a person writes it, for tests and `explain`. The key results are those of the example files."""

    description: str = "Contributes-to: GROW-KR1 +1.5pp 60%"
    labels: tuple[str, ...] = ()
    estimate: str | None = "3"
    priority: str | None = "High"
    user_value: str | None = None
    iteration: bool = True  # planned for the iteration that begins in the example cycle
    added: bool = False  # instead joined the running iteration, after its start
    released: bool = False  # done and released

    def written(self) -> str:
        """What of it differs from a ready requirement, as `key: value` lines; the description always."""
        lines = [f"description: {line}" for line in self.description.splitlines() or [""]]
        lines += [f"labels: {', '.join(self.labels)}"] if self.labels else []
        for name in ("estimate", "priority", "user_value"):
            value, usual = getattr(self, name), type(self).__dataclass_fields__[name].default
            lines += [f"{name}: {value or ''}".rstrip()] if value != usual else []
        lines += [] if self.iteration else ["iteration:"]
        said = {"added after the start": self.added, "released": self.released}
        return "\n".join([*lines, *(f"{name}: yes" for name, true in said.items() if true)])


@dataclass(frozen=True)
class PlanExample:
    """A team's next iteration as a person describes it, for tests and `explain`. Key results as in `Example`.

    `goal` is the tracker's goal text, `entry` the objective of an `iterations:` entry in the OKR files. `work` stands
    in the iteration; `delivered` was released so long ago that its window has ended, and needs a conclusion each.
    `capacity` is the effort that fits in, None: not configured, and there is no history.
    """

    goal: str | None = "GROW: checkout in three steps"
    entry: str | None = None
    work: tuple[Example, ...] = (Example("Contributes-to: GROW-KR1 +12pp 90%"),)
    delivered: tuple[Example, ...] = ()
    concluded: bool = True
    capacity: float | None = 30

    def written(self) -> str:
        """As `key: value` lines."""
        lines = [f"goal: {self.goal or ''}".rstrip()]
        lines += [f"iterations entry: objective {self.entry}"] if self.entry else []
        for name in ("work", "delivered"):
            for n, one in enumerate(getattr(self, name), 1):
                lines += [f"{name} {n}: {line}" for line in one.written().splitlines()]
        lines += [f"capacity: {self.capacity:g}"] if self.capacity is not None else []
        lines += [f"conclusions: {'one each' if self.concluded else 'none'}"] if self.delivered else []
        return "\n".join(lines)


class Written(Protocol):
    """Anything that a rule may be shown with."""

    def written(self) -> str:
        """It as `key: value` lines."""
        ...


class Rule(ABC):
    """Message ids follow from the id: `gate.kr101.why`, `.fix` and whatever its messages need."""

    id: ClassVar[str]
    name: ClassVar[str]
    stage: ClassVar[Stage]
    severity: ClassVar[Severity | None]  # None: off unless configured
    since: ClassVar[str] = "0.1"
    requires: ClassVar[tuple[str, ...]] = ()
    why: ClassVar[Message]
    fix: ClassVar[Message]
    VALID: ClassVar[Sequence[Written]] = ()
    INVALID: ClassVar[Sequence[Written]] = ()
    options: ClassVar[Sequence[str]] = ()  # keys of okr-delivery.yaml that change what it asks for

    def __init_subclass__(cls) -> None:
        if hasattr(cls, "id"):
            cls.why, cls.fix = cls.text("why"), cls.text("fix")

    @classmethod
    def text(cls, part: str, /, **params: object) -> Message:
        """The rule's message `part`: why, fix, message …"""
        return msg(f"gate.{cls.id.lower()}.{part}", **params)


class RequirementRule(Rule):
    """Asked of each requirement in scope."""

    VALID: ClassVar[Sequence[Example]] = ()
    INVALID: ClassVar[Sequence[Example]] = ()

    @abstractmethod
    def check(self, case: Case, advice: Advice) -> Outcome:
        """Answers for one requirement; `advice` knows what to propose. Changes nothing."""


class PlanRule(Rule):
    """Asked once of each team whose iterations are judged. Its faults say what they are `about`."""

    VALID: ClassVar[Sequence[PlanExample]] = ()
    INVALID: ClassVar[Sequence[PlanExample]] = ()

    @classmethod
    def reads_history(cls, team: Team, snapshot: Snapshot) -> bool:
        """Whether its answer for a team rests on finished work that a first sync brings last."""
        return False

    @abstractmethod
    def check(self, planning: Planning, advice: Advice) -> Outcome:
        """Answers for a team's iterations; `advice` knows what to propose. Changes nothing."""


def milder(one: Severity, other: Severity | None) -> Severity:
    """The less severe of the two."""
    return one if other is None else min(one, other, key=SEVERITIES.index)


def at_least(severity: Severity, threshold: Severity) -> bool:
    return SEVERITIES.index(severity) >= SEVERITIES.index(threshold)


def includes(stage: Stage, rule_stage: Stage) -> bool:
    """Stages add up (pitch includes intake, iteration includes pitch); release stands alone."""
    if Stage.RELEASE in (stage, rule_stage):
        return stage is rule_stage
    return STAGES.index(rule_stage) <= STAGES.index(stage)
