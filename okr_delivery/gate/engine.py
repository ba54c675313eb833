"""Runs the gate: chooses what to look at, asks the rules, holds the findings against waivers, gives the verdict.

A team without trustworthy data has no verdict (exit code 2), the others still get theirs; the worst one is the run's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.delivery.teams import sources_of
from okr_delivery.gate import history, knowing
from okr_delivery.gate.advice import Advice, ambiguous
from okr_delivery.gate.ask import Answers, Kind, PlanAnswers, ask, ask_plan
from okr_delivery.gate.baseline import Known
from okr_delivery.gate.case import Case, case_day
from okr_delivery.gate.excepting import Looked
from okr_delivery.gate.finding import Finding, Severity, Stage
from okr_delivery.gate.planning import Place, Planning, place_of
from okr_delivery.gate.result import (
    GateInput,
    GateResult,
    Judged,
    JudgedIteration,
    RuleCount,
    Summary,
    TeamVerdict,
    Verdict,
    entity_order,
    finding_order,
)
from okr_delivery.gate.rule import STAGES, at_least
from okr_delivery.gate.scope import Target, TeamScope, scopes
from okr_delivery.gate.settings import Settings
from okr_delivery.gate.sources import doubts, unusable, uses
from okr_delivery.gate.waiving import Waived
from okr_delivery.model.message import Message, msg
from okr_delivery.value.demand import Check
from okr_delivery.value.links import links_at
from okr_delivery.value.results import Links

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item

__all__ = ["GateInput", "GateResult", "run"]


@dataclass
class _Run:
    """What one run collects on its way to the result."""

    asked: GateInput
    settings: Settings
    scopes: list[TeamScope]
    answers: list[Answers] = field(default_factory=list)
    plans: list[PlanAnswers] = field(default_factory=list)
    again: frozenset[Known] = frozenset()  # of the baseline: found again
    stale: tuple[Known, ...] = ()  # of the baseline: judged and not found again

    @property
    def everything(self) -> list[Answers | PlanAnswers]:
        return [*self.answers, *self.plans]

    @property
    def findings(self) -> list[Finding]:
        """All that was found, in order."""
        return sorted((f for answer in self.everything for f in answer.findings), key=finding_order)

    @cached_property
    def check(self) -> Check:
        """What is claimed for key results by all teams."""
        asked = self.asked
        return Check(asked.snapshot, asked.readings, asked.effects, asked.conclusions)

    def doubt(self, source: str) -> Message | None:
        """Why planned work of a source is not surely known."""
        snapshot = self.asked.snapshot
        found = unusable(source, snapshot, self.asked.now)
        problems = () if found else snapshot.rules(source).problems
        return found or next((problem.what for problem in problems), None)

    def links_of(self, item: Item, day: date | None = None) -> Links:
        """An item's links as of the run; short ids mean the key results of `day` (default: of its iteration)."""
        return links_at(self.asked.snapshot, item, day=day, readings=self.asked.readings)


def run(asked: GateInput) -> GateResult:
    """Answers one question. Raises UserError for unknown rules, issues and iterations."""
    settings = Settings.of(asked.snapshot.config)
    here = _Run(asked, settings, scopes(asked))
    _check_stages(here)
    _check_history(here)
    cases = _cases(here)
    advice = Advice(asked.snapshot, here.links_of)
    here.answers = [ask(case, advice, settings) for case in cases]
    here.plans = [ask_plan(planning, advice, settings) for planning in _plans(here, cases)]
    for plan in here.plans:
        next(scope for scope in here.scopes if scope.team.id == plan.team).notes += plan.notes
    _block_ambiguous(here)
    return _result(here, _waive(here, _recognise(here)))


def _judgeable(scope: TeamScope) -> bool:
    return not scope.blocked and scope.nothing is None


def _check_stages(here: _Run) -> None:
    """A stage at which no rule is on gives no verdict, rather than a pass that nobody checked."""
    stages = here.settings.stages()
    for scope in here.scopes:
        if scope.stage not in stages and not scope.blocked:
            names = tuple(str(stage) for stage in stages)
            scope.blocked = (msg("gate.none.no_rules", stage=str(scope.stage), stages=names),)
        elif not scope.blocked and not scope.iterations and not here.settings.requirement_rules(scope.stage):
            scope.blocked = (msg("gate.none.plan_rules", stage=str(scope.stage)),)


def _check_history(here: _Run) -> None:
    """While older history is still coming, whatever reads it gives no verdict, and the rest says so."""
    snapshot = here.asked.snapshot
    for scope in here.scopes:
        if not scope.blocked:
            scope.blocked = history.limits(scope, snapshot, here.settings, here.asked.fail_on)


def _cases(here: _Run) -> list[Case]:
    cases = [_case(here, scope, target) for scope in here.scopes if _judgeable(scope) for target in scope.targets]
    orphans = history.orphans(cases, here.links_of)
    for scope in here.scopes:
        scope.blocked = (*scope.blocked, *orphans.get(scope.team.id, ()))
        names = () if scope.blocked else history.coming(scope.team, here.asked.snapshot)
        scope.notes += [msg("gate.note.history", source=name) for name in names]
    return [case for case in cases if case.team.id not in orphans]


def _case(here: _Run, scope: TeamScope, target: Target) -> Case:
    snapshot = here.asked.snapshot
    day = case_day(snapshot, scope.team.id, target.iteration)
    return Case(
        item=target.item,
        team=scope.team,
        stage=target.stage,
        iteration=target.iteration,
        day=day,
        links=here.links_of(target.item, day),
        snapshot=snapshot,
        readings=here.asked.readings,
    )


def _plans(here: _Run, cases: Sequence[Case]) -> Iterator[Planning]:
    """The teams whose iterations are judged, each with what stands in them."""
    asked = here.asked
    for scope in here.scopes:
        if not _judgeable(scope) or not scope.iterations or scope.stage is Stage.RELEASE:
            continue
        inside: dict[Place, list[Case]] = {place_of(iteration): [] for iteration in scope.iterations}
        for case in cases:
            place = None if case.iteration is None else place_of(case.iteration)
            if case.team.id == scope.team.id and place in inside and case.stage is not Stage.RELEASE:
                inside[place].append(case)
        held = {place: tuple(several) for place, several in inside.items()}
        given = (asked.snapshot, asked.readings, asked.effects, asked.conclusions, here.check)
        yield Planning(scope.team, scope.stage, scope.iterations, held, *given, _doubts(here, scope))


def _doubts(here: _Run, scope: TeamScope) -> tuple[Message, ...]:
    """Why the work of other teams is not surely known; the team's own sources were looked at before."""
    own = set(sources_of(scope.team))
    others = {name for team in here.asked.snapshot.config.effective_teams() for name in sources_of(team)} - own
    found = ((name, here.doubt(name)) for name in sorted(others))
    return tuple(msg("gate.none.others", source=name, reason=why) for name, why in found if why is not None)


def _block_ambiguous(here: _Run) -> None:
    """Two key results that fit one short id leave open what is meant: no verdict for that team."""
    for answer in here.answers:
        problem = ambiguous(answer.case.links)
        scope = next(s for s in here.scopes if s.team.id == answer.case.team.id)
        if problem is not None:
            reason = msg("gate.none.ambiguous", key=answer.case.item.key, reason=problem.message)
            scope.blocked = (*scope.blocked, reason)


# -- waivers -----------------------------------------------------------------------------------------------------------


def _waive(here: _Run, findings: list[Finding]) -> Waived:
    if here.asked.waivers is None:
        return Waived(findings=findings)
    snapshot = here.asked.snapshot
    trusted = not any(scope.blocked or history.coming(scope.team, snapshot) for scope in here.scopes)
    looked = Looked(snapshot, findings, here.answers, here.plans, here.settings.severity, trusted)
    out = looked.waive(here.asked.waivers)
    for scope in here.scopes:
        scope.notes += out.notes.get(scope.team.id, ())
    return out


def _recognise(here: _Run) -> list[Finding]:
    """All that was found, that of the baseline marked; what of the baseline is found no more is kept in mind."""
    found, baseline, asked = here.findings, here.asked.baseline, here.asked
    if baseline is None:
        return found
    known = knowing.recognise(baseline, found, here.answers, asked.snapshot)
    here.again = known.entries
    here.stale = knowing.stale(baseline, known.entries, here.answers, asked.snapshot, backlog=asked.backlog)
    counts = knowing.by_team(here.stale, here.answers, [scope.team.id for scope in here.scopes if _judgeable(scope)])
    for scope in here.scopes:
        if counts[scope.team.id]:
            scope.notes.append(msg("baseline.stale", n=counts[scope.team.id]))
    return known.findings


# -- the result --------------------------------------------------------------------------------------------------------


def _result(here: _Run, waived: Waived) -> GateResult:
    asked, snapshot = here.asked, here.asked.snapshot
    judged = _judged(here, waived.findings)
    teams = tuple(_team_verdict(here, scope, judged, waived.findings) for scope in here.scopes if not scope.nothing)
    unsaid = doubts(asked)
    reasons = unsaid or (() if teams else (msg("gate.none.nothing"),))
    problems = tuple(sorted(waived.problems, key=finding_order))
    bad_waiver = any(at_least(p.severity, asked.fail_on) for p in problems)
    verdicts = [t.verdict for t in teams] + [Verdict.FAIL] * bad_waiver + [Verdict.NONE] * bool(unsaid)
    return GateResult(
        verdict=Verdict.NONE if not teams else max(verdicts, key=lambda v: v.exit_code),
        as_of=snapshot.as_of,
        zone=str(snapshot.config.calendar.timezone),
        stage=_stage(here),
        fail_on=asked.fail_on,
        iterations=tuple(JudgedIteration(s.team.id, i) for s in here.scopes if _judgeable(s) for i in s.iterations),
        sources=uses(snapshot.config, snapshot, _needed(here)),
        summary=_summary(judged, waived),
        findings=tuple(waived.findings),
        waived=tuple(waived.waived),
        waiver_problems=problems,
        team_verdicts=teams,
        nothing_to_judge=tuple((s.team.id, s.nothing) for s in here.scopes if s.nothing),
        judged=judged,
        rules_run=tuple(sorted({rule for answer in here.everything for rule in answer.rules})),
        counts=_counts(here, waived),
        reasons=reasons,
        requested=asked.requested,
        idle_waivers=waived.idle,
        again=here.again,
        stale=here.stale,
    )


def _needed(here: _Run) -> frozenset[str]:
    """The sources that had to be whole for this answer: of one that is coming, planning needs the open work alone."""
    enough = {
        scope.team.id: history.coming(scope.team, here.asked.snapshot) for scope in here.scopes if not scope.blocked
    }
    return frozenset(name for s in here.scopes for name in s.sources if name not in enough.get(s.team.id, ()))


def _stage(here: _Run) -> Stage:
    """The stage asked for, else the furthest that one of the teams has adopted."""
    return max((scope.stage for scope in here.scopes), key=STAGES.index, default=here.asked.stage or Stage.INTAKE)


def _judged(here: _Run, findings: Sequence[Finding]) -> tuple[Judged, ...]:
    """Every requirement once, naturally sorted; ready when nothing that counts was found, at whatever stage."""
    fail_on = here.asked.fail_on
    failing = {(f.entity.source, f.entity.key) for f in findings if at_least(f.severity, fail_on) and not f.baselined}
    once = {(answer.entity.source, answer.entity.key): answer for answer in here.answers}
    ordered = sorted(once.values(), key=lambda answer: entity_order(answer.entity))
    return tuple(
        Judged(
            source=answer.case.issue.source,
            key=answer.entity.key,
            team=answer.case.team.id,
            owner=answer.owner,
            ready=(answer.entity.source, answer.entity.key) not in failing,
            issue_id=answer.case.issue.id,
            labels=answer.case.issue.labels,
            updated=answer.case.issue.updated,
            stage=answer.case.stage,
        )
        for answer in ordered
    )


def _team_verdict(here: _Run, scope: TeamScope, judged: Sequence[Judged], findings: Sequence[Finding]) -> TeamVerdict:
    mine = [one for one in judged if one.team == scope.team.id]
    counting = (f for f in findings if f.team == scope.team.id and not f.baselined)
    failed = any(at_least(f.severity, here.asked.fail_on) for f in counting)
    verdict = Verdict.NONE if scope.blocked else Verdict.FAIL if failed else Verdict.PASS
    ready = sum(one.ready for one in mine)
    return TeamVerdict(scope.team.id, verdict, scope.stage, len(mine), ready, scope.blocked, tuple(scope.notes))


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


def _counts(here: _Run, waived: Waived) -> tuple[RuleCount, ...]:
    """How each rule answered for each team, in the order of teams and rules; a plan's answer holds many findings."""
    waived_by = Counter((w.finding.team, w.finding.rule) for w in waived.waived)
    known = Counter((f.team, f.rule) for f in waived.findings if f.baselined)
    fresh = Counter((f.team, f.rule) for f in waived.findings if knowing.is_new(f))
    planned = Counter((f.team, f.rule) for plan in here.plans for f in plan.findings)
    out = []
    for scope in here.scopes:
        answers = [answer for answer in here.everything if answer.team == scope.team.id]
        for rule in sorted({rule for answer in answers for rule in answer.rules}):
            said = Counter(answer.rules[rule].kind for answer in answers if rule in answer.rules)
            place = scope.team.id, rule
            row = _row(*place, said, waived_by[place])
            found = planned[place] or row.found
            out.append(replace(row, found=found, baselined=known[place], fresh=fresh[place]))
    return tuple(out)


def _row(team: str, rule: str, said: Counter[Kind], waived: int) -> RuleCount:
    numbers = (said[Kind.OK], said[Kind.FOUND], waived, said[Kind.NOT_APPLICABLE], said[Kind.SILENCED])
    return RuleCount(team, rule, *numbers)
