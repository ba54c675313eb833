"""A lint rule: one question asked of an objective, a key result or a cycle of the OKR files.

It reads the subject and the desk and nothing else, in whatever language the files are written, and answers `OK`,
`NotApplicable` with a reason, or faults. It never gives a score.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.rule import NotApplicable, Outcome, Rule
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import Cycle


@dataclass(frozen=True, slots=True)
class Undecided(NotApplicable):
    """The question makes sense, but what is there of the trackers' work can't answer it."""


def _moving() -> Mapping[str, object]:
    return {"unit": "%", "direction": "increase", "baseline": 38, "target": 50}


@dataclass(frozen=True)
class LintExample:
    """An objective with a key result as a person declares them, for tests and `explain`. The defaults are sound.

    `title` and `metric` are the key result's, `metric` as in the file. `parent` is the title of what the objective
    aligns to, `before` and `before_objective` the titles that the last cycle had under the same ids; None: there is
    none. `objectives` and `key_results` count those of the owner and of the objective. `readings` are by day.
    `worked` says whether a requirement contributes to the key result.
    """

    objective: str = "Merchants in lower-tier cities stay because checkout just works"
    title: str = "30-day merchant retention rises from 38 % to 50 %"
    metric: Mapping[str, object] = field(default_factory=_moving)
    owner: str | None = "lin"
    level: str = "team"
    kind: str = "business"
    source: str = "aligned"
    parent: str | None = "Payment volume of lower-tier cities doubles to 4 billion a quarter"
    parent_starts: str = "2026-10-01"
    rationale: str | None = "Retention is what merchants in these cities pay for"
    health: str | None = "Refund rate"
    before: str | None = None
    before_objective: str | None = None
    objectives: int = 3
    key_results: int = 3
    starts: str = "2026-10-01"
    today: str = "2026-11-21"
    readings: Mapping[str, float] = field(default_factory=lambda: {"2026-10-02": 38, "2026-11-20": 43})
    worked: bool = True

    def written(self) -> str:
        """What of it differs from a sound one, as `key: value` lines; the two titles always."""
        usual = LintExample()
        lines = [f"objective: {self.objective}", f"title: {self.title}"]
        for name in list(self.__dataclass_fields__)[2:]:
            value = getattr(self, name)
            if value != getattr(usual, name):
                lines.append(f"{name}: {_plain(value)}".rstrip())
        return "\n".join(lines)


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_plain(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_plain, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    return str(value)


class OkrRule(Rule):
    """Any question about the OKR files. Message ids follow from the id: `lint.okr101.why`, `.fix`, `.message` …"""

    stage = Stage.LINT
    severity: ClassVar[Severity | None] = Severity.WARNING
    VALID: ClassVar[Sequence[LintExample]] = ()
    INVALID: ClassVar[Sequence[LintExample]] = ()

    @classmethod
    def text(cls, part: str, /, **params: object) -> Message:
        """The rule's message `part`: why, fix, message …"""
        return msg(f"lint.{cls.id.lower()}.{part}", **params)


class LintRule(OkrRule):
    """Asked of each objective, of each key result, or of both: whatever `subjects` names."""

    subjects: ClassVar[tuple[SubjectKind, ...]] = (SubjectKind.KEY_RESULT,)

    @abstractmethod
    def check(self, subject: Subject, desk: Desk) -> Outcome:
        """Answers for one objective or key result. Faults that say nothing else are about the subject. Changes
        nothing."""


class CycleRule(OkrRule):
    """Asked once of each cycle. Its faults name the `owner` who is asked, which tells two of them apart."""

    @abstractmethod
    def check(self, cycle: Cycle, desk: Desk) -> Outcome:
        """Answers for one cycle. Changes nothing."""
