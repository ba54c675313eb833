"""Runs the lint: chooses the cycles, asks the rules of all that is in them, holds the findings against waivers.

The answer is the gate's own `GateResult`, so that every format and every exit code means the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.config.types import nearest
from okr_delivery.gate.ask import Answer, Kind
from okr_delivery.gate.baseline import Known
from okr_delivery.gate.finding import Entity, Finding, Severity, Stage
from okr_delivery.gate.lint import knowing
from okr_delivery.gate.lint.registry import rules
from okr_delivery.gate.lint.rule import CycleRule, LintRule, OkrRule, Undecided
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.result import (
    GateResult,
    Judged,
    RuleCount,
    Summary,
    TeamVerdict,
    Verdict,
    entity_order,
    finding_order,
)
from okr_delivery.gate.rule import Fault, NotApplicable, Outcome, at_least, milder
from okr_delivery.gate.settings import severities
from okr_delivery.gate.waiving import Waived
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import Cycle, CycleState, Location

if TYPE_CHECKING:
    from okr_delivery.gate.baseline import Baseline
    from okr_delivery.gate.result import SourceUse
    from okr_delivery.gate.waivers import Waivers

NO_TEAM = ""


@dataclass(frozen=True)
class LintInput:
    """One question. `cycles` are ids; none: those that are not closed. `waivers` None: every finding counts.

    `unread` says why there is no work of the trackers to look at, `sources` which there are.
    """

    desk: Desk
    as_of: int
    cycles: tuple[str, ...] = ()
    fail_on: Severity = Severity.ERROR
    waivers: Waivers | None = None
    baseline: Baseline | None = None
    unread: Message | None = None
    sources: tuple[SourceUse, ...] = ()


@dataclass
class Asked:
    """A cycle, an objective or a key result: what each rule said of it, and the findings."""

    entity: Entity
    owner: str | None
    location: Location | None
    rules: dict[str, Answer] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    undecided: dict[str, Message] = field(default_factory=dict)


def run(asked: LintInput) -> GateResult:
    """Answers one question. Raises UserError for unknown rules, cycles and for waivers that fit several."""
    return _Run(asked, severities(asked.desk.config, rules().values())).result()


def chosen(desk: Desk, names: Sequence[str]) -> tuple[Cycle, ...]:
    """The cycles that are looked at, by their start. Raises UserError for one that no file declares."""
    cycles = desk.book.cycles
    by_name = {cycle.casefold(): cycle for cycle in cycles}
    for name in names:
        if name.casefold() not in by_name:
            raise _unknown(name, list(cycles))
    wanted = {by_name[name.casefold()] for name in names}
    found = (c for c in cycles.values() if (c.id in wanted if wanted else c.state is not CycleState.CLOSED))
    return tuple(sorted(found, key=lambda cycle: (cycle.start, cycle.id)))


def _unknown(name: str, known: list[str]) -> Exception:
    close = nearest(name, known)
    step = msg("lint.cycle.near", name=close) if close else msg("lint.cycle.known", names=tuple(sorted(known)))
    return user_error(msg("lint.cycle.unknown", cycle=name), where="--cycle", next_step=step)


class _Run:
    def __init__(self, asked: LintInput, severity: Mapping[str, Severity]) -> None:
        self.asked, self.desk, self.severity = asked, asked.desk, severity
        self.rules = tuple(rule for rule in rules().values() if rule.id in severity)
        self.cycles = chosen(asked.desk, asked.cycles)
        self.again: frozenset[Known] = frozenset()

    # -- asking ----------------------------------------------------------------------------------------------------

    @cached_property
    def answers(self) -> tuple[Asked, ...]:
        """Everything in the cycles: each cycle, its objectives, their key results."""
        found: list[Asked] = []
        for cycle in self.cycles:
            subjects = list(self._subjects(cycle))
            found += [self._ask_cycle(cycle)] if subjects else []
            found += [self._ask(subject) for subject in subjects]
        return tuple(found)

    def _subjects(self, cycle: Cycle) -> Iterator[Subject]:
        for objective in self.desk.book.objectives.values():
            if objective.cycle == cycle.id:
                yield Subject(cycle, objective)
                yield from (Subject(cycle, objective, kr) for kr in objective.key_results)

    def _ask_cycle(self, cycle: Cycle) -> Asked:
        out = Asked(Entity(None, str(SubjectKind.CYCLE), cycle.id, title=cycle.id), None, self._declared(cycle))
        for rule in self.rules:
            if issubclass(rule, CycleRule):
                self._hear(out, rule, rule().check(cycle, self.desk))
        return out

    def _declared(self, cycle: Cycle) -> Location | None:
        """A cycle has no line of its own: where its first objective stands, its file begins."""
        objectives = (one for one in self.desk.book.objectives.values() if one.cycle == cycle.id)
        first = next(objectives, None)
        return Location(first.location.path, 1) if first else None

    def _ask(self, subject: Subject) -> Asked:
        out = Asked(subject.entity, subject.owner, subject.location)
        for rule in self.rules:
            if issubclass(rule, LintRule) and subject.kind in rule.subjects:
                self._hear(out, rule, rule().check(subject, self.desk))
        return out

    def _hear(self, out: Asked, rule: type[OkrRule], said: Outcome) -> None:
        if isinstance(said, Undecided):
            out.undecided[rule.id] = said.reason
        if isinstance(said, NotApplicable):
            out.rules[rule.id] = Answer(Kind.NOT_APPLICABLE, said.reason)
        elif any(out.rules.get(cause, Answer(Kind.OK)).kind is Kind.FOUND for cause in rule.requires):
            out.rules[rule.id] = Answer(Kind.SILENCED if said else Kind.OK)
        else:
            out.rules[rule.id] = Answer(Kind.FOUND if said else Kind.OK)
            out.findings += [self._finding(out, rule, fault) for fault in said]

    def _finding(self, out: Asked, rule: type[OkrRule], fault: Fault) -> Finding:
        owner = fault.owner or out.owner
        named = out.entity.key if out.entity.kind == SubjectKind.KEY_RESULT else None
        told_apart = fault.owner if out.entity.kind == SubjectKind.CYCLE else fault.ref
        return Finding(
            rule=rule.id,
            name=rule.name,
            severity=milder(self.severity[rule.id], fault.severity),
            team=NO_TEAM,
            entity=fault.about or out.entity,
            message=fault.message,
            help=msg("gate.help", lines=(fault.fix or rule.fix, self._recheck())),
            kr=named,
            created_by=owner,
            paste=fault.paste,
            suggestions=fault.suggestions,
            location=out.location,
            discriminator=told_apart or "",
        )

    def _recheck(self) -> Message:
        command = " ".join(["okr-delivery okr lint", *(f"--cycle {name}" for name in self.asked.cycles)])
        url = self.desk.config.reports.recheck_url
        return msg("gate.recheck.url", command=command, url=url) if url else msg("gate.recheck", command=command)

    # -- the result ------------------------------------------------------------------------------------------------

    @cached_property
    def stale(self) -> tuple[Known, ...]:
        """Entries of the baseline that stand for nothing any more."""
        said = {
            (rule, Known.name_of(one.entity)): told.kind for one in self.answers for rule, told in one.rules.items()
        }
        return knowing.stale(self.asked.baseline, self.again, said, self.desk)

    @cached_property
    def waived(self) -> Waived:
        from okr_delivery.gate.lint.waived import hold

        found = sorted((finding for one in self.answers for finding in one.findings), key=finding_order)
        marked, self.again = knowing.recognise(self.asked.baseline, found)
        asked = {(rule, one.entity.key) for one in self.answers for rule in one.rules}
        return hold(marked, self.asked.waivers, self.desk, asked, self.severity, narrowed=bool(self.asked.cycles))

    def result(self) -> GateResult:
        judged, waived, blind = self._judged(), self.waived, self._blind()
        nothing = () if judged else (msg("lint.none.nothing" if self.asked.cycles else "lint.none.nothing.open"),)
        problems = tuple(sorted(waived.problems, key=finding_order))
        verdict = self._verdict(bool(nothing or blind), [*waived.findings, *problems])
        ready = sum(one.ready for one in judged)
        own = TeamVerdict(NO_TEAM, verdict, Stage.LINT, len(judged), ready, blind, self._notes())
        return GateResult(
            verdict=verdict,
            as_of=self.asked.as_of,
            zone=str(self.desk.config.calendar.timezone),
            stage=Stage.LINT,
            fail_on=self.asked.fail_on,
            iterations=(),
            sources=self.asked.sources,
            summary=_summary(judged, waived),
            findings=tuple(waived.findings),
            waived=tuple(waived.waived),
            waiver_problems=problems,
            idle_waivers=waived.idle,
            team_verdicts=(own,) if judged else (),
            nothing_to_judge=(),
            judged=judged,
            rules_run=tuple(sorted({rule for one in self.answers for rule in one.rules})),
            counts=self._counts(),
            reasons=nothing,
            again=self.again,
            stale=self.stale,
        )

    def _verdict(self, blind: bool, findings: Sequence[Finding]) -> Verdict:
        if blind:
            return Verdict.NONE
        failed = any(at_least(f.severity, self.asked.fail_on) and not f.baselined for f in findings)
        return Verdict.FAIL if failed else Verdict.PASS

    def _judged(self) -> tuple[Judged, ...]:
        """Every cycle, objective and key result once; ready when nothing that counts was found."""
        failing: dict[tuple[str, str], str | None] = {}
        for f in self.waived.findings:
            if at_least(f.severity, self.asked.fail_on) and not f.baselined:
                failing.setdefault((f.entity.kind, f.entity.key), f.created_by)
        ordered = sorted(self.answers, key=lambda one: entity_order(one.entity))
        places = [(one, (one.entity.kind, one.entity.key)) for one in ordered]
        return tuple(
            Judged("", one.entity.key, NO_TEAM, failing.get(place) or one.owner, place not in failing)
            for one, place in places
        )

    def _blind(self) -> tuple[Message, ...]:
        """Rules that would count and that incomplete data leave without an answer."""
        return tuple(self._about("lint.none.undecided", rule, found) for rule, found in self._open(counting=True))

    def _notes(self) -> tuple[Message, ...]:
        """Rules that went unanswered for want of data, though nothing that they could find would fail the run."""
        told = [self._about("lint.none.undecided", rule, found) for rule, found in self._open(counting=False)]
        told += [msg("baseline.stale", n=len(self.stale))] if self.stale else []
        return (*([self.asked.unread] if self.asked.unread else []), *told)

    def _open(self, *, counting: bool) -> Iterator[tuple[type[OkrRule], list[Message]]]:
        for rule in self.rules:
            found = [one.undecided[rule.id] for one in self.answers if rule.id in one.undecided]
            if found and at_least(self.severity[rule.id], self.asked.fail_on) is counting:
                yield rule, found

    def _about(self, message_id: str, rule: type[OkrRule], reasons: list[Message]) -> Message:
        return msg(message_id, rule=rule.id, name=rule.name, n=len(reasons), reason=reasons[0])

    def _counts(self) -> tuple[RuleCount, ...]:
        waived = Counter(one.finding.rule for one in self.waived.waived)
        out = []
        for rule in self.rules:
            said = Counter(one.rules[rule.id].kind for one in self.answers if rule.id in one.rules)
            numbers = (said[Kind.OK], said[Kind.FOUND], waived[rule.id], said[Kind.NOT_APPLICABLE])
            out.append(RuleCount(NO_TEAM, rule.id, *numbers, said[Kind.SILENCED]))
        return tuple(out)


def _summary(judged: Sequence[Judged], waived: Waived) -> Summary:
    counts = Counter(f.severity for f in [*waived.findings, *waived.problems] if not f.baselined)
    return Summary(
        error=counts[Severity.ERROR],
        warning=counts[Severity.WARNING],
        info=counts[Severity.INFO],
        waived=len(waived.waived),
        baselined=sum(f.baselined for f in waived.findings),
        ready=sum(one.ready for one in judged),
        judged=len(judged),
    )
