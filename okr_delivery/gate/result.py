"""What a run of the gate is given and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from okr_delivery.delivery.natural import natural
from okr_delivery.gate.finding import Entity, Finding, Severity, Stage
from okr_delivery.gate.rule import at_least
from okr_delivery.model.message import Message
from okr_delivery.model.okr import Effect
from okr_delivery.model.work import Iteration
from okr_delivery.value.conclusions import Conclusions

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.gate.baseline import Baseline, Known
    from okr_delivery.gate.request import Requested
    from okr_delivery.gate.waivers import Waiver, Waivers
    from okr_delivery.gate.waiving import Known as Idle
    from okr_delivery.okrs import Readings
    from okr_delivery.sync.single import Refreshed


class Verdict(StrEnum):
    """Ordered: the worst of several teams is the greatest exit code."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    NONE = "none"

    @property
    def exit_code(self) -> int:
        return list(Verdict).index(self)


@dataclass(frozen=True)
class GateInput:
    """One question to the gate.

    `stage` None: each team's adopted stage. `iteration`, `issues` and `backlog` replace the plain choice;
    with `dormant`, what nobody touched for long is judged with the backlog. `now` is the
    wall clock (epoch seconds), only for the age of the data. `waivers` None: every finding counts. `refused` holds the
    sources that could not be refreshed just now though the run was asked to, and why; `refreshed`, by source, the
    single issues that were: they are fresh whatever the age of the rest. `requested` is the merge request whose issues
    `issues` are. `effects` and `conclusions` are what value traces rest on; `baseline` holds the findings that are
    known and don't count, None: there is none.
    """

    snapshot: Snapshot
    readings: Readings
    now: int
    stage: Stage | None = None
    iteration: str | None = None
    issues: tuple[str, ...] = ()
    backlog: bool = False
    dormant: bool = False
    fail_on: Severity = Severity.ERROR
    waivers: Waivers | None = None
    refused: Mapping[str, Message] = field(default_factory=dict)
    refreshed: Mapping[str, Refreshed] = field(default_factory=dict)
    requested: Requested | None = None
    effects: tuple[Effect, ...] = ()
    conclusions: Conclusions = field(default_factory=Conclusions)
    baseline: Baseline | None = None


@dataclass(frozen=True, slots=True)
class JudgedIteration:
    team: str
    iteration: Iteration


@dataclass(frozen=True, slots=True)
class SourceUse:
    """A configured source; `fetched_at` is the tracker's time that its data is as new as, None = never whole.

    `needed`: this answer needs the source whole. While its older history is still coming, planning needs the open work
    alone, so that no verdict ever stands beside a source that is needed and not complete.
    """

    name: str
    fetched_at: int | None
    complete: bool
    needed: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A requirement that was looked at. `owner` is who is asked when it is not ready, None for confidential ones."""

    source: str
    key: str
    team: str
    owner: str | None
    ready: bool
    issue_id: str = ""
    labels: tuple[str, ...] = ()
    updated: int = 0  # the tracker's instant, epoch seconds
    stage: Stage = Stage.INTAKE  # up to which it was asked


@dataclass(frozen=True, slots=True)
class RuleCount:
    """One row of the preview: what a rule answered for a team.

    `ok`, `not_applicable` and `silenced` (what the rule requires is missing, which was said) count answers: one for
    each requirement, and one for a team's plan. `found` counts answers too, but for rules about plans findings, as
    `waived`, `baselined` and `fresh` (those that a baseline could take in) do for all rules.
    """

    team: str
    rule: str
    ok: int = 0
    found: int = 0
    waived: int = 0
    not_applicable: int = 0
    silenced: int = 0
    baselined: int = 0
    fresh: int = 0


@dataclass(frozen=True, slots=True)
class TeamVerdict:
    """`reasons` say why there is no verdict, `notes` what a reader should know beside one."""

    team: str
    verdict: Verdict
    stage: Stage
    judged: int
    ready: int
    reasons: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class WaivedFinding:
    finding: Finding
    waiver: Waiver


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of findings that are neither waived nor in the baseline, problems with waivers included.

    `ready` of `judged` requirements.
    """

    error: int
    warning: int
    info: int
    waived: int
    baselined: int
    ready: int
    judged: int


@dataclass(frozen=True, slots=True)
class GateResult:
    """Everything that a writer needs; a pure function of the question.

    `nothing_to_judge` holds the teams that had nothing selected, with the reason; `rules_run` the rules that were
    asked, also those that found nothing. `zone` is the IANA zone in which instants are written.
    """

    verdict: Verdict
    as_of: int
    zone: str
    stage: Stage
    fail_on: Severity
    iterations: tuple[JudgedIteration, ...]
    sources: tuple[SourceUse, ...]
    summary: Summary
    findings: tuple[Finding, ...]
    waived: tuple[WaivedFinding, ...]
    waiver_problems: tuple[Finding, ...]
    team_verdicts: tuple[TeamVerdict, ...]
    nothing_to_judge: tuple[tuple[str, Message], ...]
    judged: tuple[Judged, ...]
    rules_run: tuple[str, ...]
    counts: tuple[RuleCount, ...]
    reasons: tuple[Message, ...] = ()  # why there is no verdict, when that is no single team's matter
    requested: Requested | None = None
    idle_waivers: Mapping[int, Idle] = field(default_factory=dict)  # by place in the file: those that matched nothing
    again: frozenset[Known] = frozenset()  # of the baseline: found again
    stale: tuple[Known, ...] = ()  # of the baseline: judged and not found again

    @property
    def exit_code(self) -> int:
        return self.verdict.exit_code

    @property
    def answered(self) -> bool:
        """Whether every team got a verdict, or has nothing that one could be about."""
        return self.verdict is not Verdict.NONE or bool(self.nothing_to_judge and not self.team_verdicts)

    @property
    def not_ready(self) -> tuple[Judged, ...]:
        return tuple(one for one in self.judged if not one.ready)

    def fails(self, finding: Finding) -> bool:
        """Whether this finding alone makes the verdict `fail`."""
        return not finding.baselined and at_least(finding.severity, self.fail_on)


def nothing_judged(reasons: Sequence[Message], as_of: int) -> GateResult:
    """The answer of a run that ended before anything could be judged."""
    return GateResult(
        verdict=Verdict.NONE,
        as_of=as_of,
        zone="UTC",
        stage=Stage.INTAKE,
        fail_on=Severity.ERROR,
        iterations=(),
        sources=(),
        summary=Summary(error=0, warning=0, info=0, waived=0, baselined=0, ready=0, judged=0),
        findings=(),
        waived=(),
        waiver_problems=(),
        team_verdicts=(),
        nothing_to_judge=(),
        judged=(),
        rules_run=(),
        counts=(),
        reasons=tuple(reasons),
    )


def entity_order(entity: Entity) -> tuple[object, ...]:
    return (natural(entity.key), entity.source or "", entity.kind)


def finding_order(finding: Finding) -> tuple[object, ...]:
    """(rule, entity), then what tells two findings of one rule on one entity apart."""
    return (finding.rule, *entity_order(finding.entity), finding.discriminator)
