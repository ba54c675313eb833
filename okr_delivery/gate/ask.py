"""Asks one subject all rules of its stage and completes what they found into findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

from okr_delivery.gate import history
from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Entity, Finding, Severity
from okr_delivery.gate.planning import Planning
from okr_delivery.gate.rule import Fault, NotApplicable, Rule, milder
from okr_delivery.gate.settings import Settings
from okr_delivery.model.claims import has_blank
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import Location


class Kind(StrEnum):
    OK = "ok"
    FOUND = "found"
    NOT_APPLICABLE = "not_applicable"
    SILENCED = "silenced"  # what it needs is missing, and that was said already


@dataclass(frozen=True, slots=True)
class Answer:
    kind: Kind
    reason: Message | None = None
    missing: bool = False  # not applicable for want of data


@dataclass
class Answers:
    """One requirement: what each rule said, and the findings. `owner` is who is asked, None for confidential ones."""

    case: Case
    entity: Entity
    owner: str | None
    rules: dict[str, Answer] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def team(self) -> str:
        return self.case.team.id


@dataclass
class PlanAnswers:
    """A team's iterations: what each rule said, and the findings."""

    planning: Planning
    rules: dict[str, Answer] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def team(self) -> str:
        return self.planning.team.id

    @property
    def notes(self) -> list[Message]:
        """The rules that could not be asked for want of data, by what is missing."""
        missing = [(rule, answer.reason) for rule, answer in self.rules.items() if answer.missing]
        return [
            msg("gate.note.unasked", rules=tuple(rule for rule, _ in several), reason=reason)
            for reason, several in groupby(missing, key=lambda pair: pair[1])
        ]


def ask(case: Case, advice: Advice, settings: Settings) -> Answers:
    """Every rule up to the case's stage, in order, so that what a rule requires was asked before it."""
    out = Answers(case, _entity(case), None if case.issue.confidential else case.issue.creator)
    heard: dict[str, tuple[Fault, ...]] = {}
    for rule in settings.requirement_rules(case.stage):
        said = rule().check(case, advice)
        if isinstance(said, NotApplicable):
            out.rules[rule.id] = Answer(Kind.NOT_APPLICABLE, said.reason)
            continue
        faults = tuple(fault for fault in said if not _silenced(rule, fault, heard))
        heard[rule.id] = tuple(f for f in faults if milder(settings.severity[rule.id], f.severity) is Severity.ERROR)
        out.rules[rule.id] = Answer(Kind.FOUND if faults else Kind.SILENCED if said else Kind.OK)
        out.findings += [_finding(out, rule, fault, settings.severity, advice) for fault in faults]
    return out


def ask_plan(planning: Planning, advice: Advice, settings: Settings) -> PlanAnswers:
    """Every rule about iterations up to the team's stage."""
    out = PlanAnswers(planning)
    for rule in settings.plan_rules(planning.stage):
        unread = history.unread(rule, planning.team, planning.snapshot)
        said = rule().check(planning, advice) if unread is None else NotApplicable(unread, missing=True)
        if isinstance(said, NotApplicable):
            out.rules[rule.id] = Answer(Kind.NOT_APPLICABLE, said.reason, said.missing)
            continue
        out.rules[rule.id] = Answer(Kind.FOUND if said else Kind.OK)
        out.findings += [_plan_finding(planning, rule, fault, settings.severity, advice) for fault in said]
    return out


def _plan_finding(
    planning: Planning, rule: type[Rule], fault: Fault, severity: Mapping[str, Severity], advice: Advice
) -> Finding:
    """One team's finding: iterations and key results are shared, so the team tells two of them apart."""
    if fault.about is None:
        raise ValueError(f"{rule.id} does not say what it is about")
    named = fault.kr.full_id if fault.kr else fault.ref
    return Finding(
        rule=rule.id,
        name=rule.name,
        severity=milder(severity[rule.id], fault.severity),
        team=planning.team.id,
        entity=fault.about,
        message=fault.message,
        help=msg("gate.help", lines=(fault.fix or rule.text("fix"), advice.recheck_plan(planning))),
        kr=named,
        created_by=fault.owner,
        paste=fault.paste,
        suggestions=fault.suggestions,
        location=fault.kr.location if fault.kr else fault.place or _declared(planning),
        discriminator=" ".join(part for part in (planning.team.id, named) if part),
    )


def _declared(planning: Planning) -> Location:
    """Where okr-delivery.yaml declares the team; without teams, where it begins."""
    config = planning.config
    index = next((i for i, team in enumerate(config.teams) if team.id == planning.team.id), None)
    return Location(config.path.name, 1) if index is None else config.location("teams", index)


def _silenced(rule: type[Rule], fault: Fault, heard: Mapping[str, tuple[Fault, ...]]) -> bool:
    """Whether an error on what this rule requires says it all: about the same key result, or about the whole issue."""
    causes = (cause for required in rule.requires for cause in heard.get(required, ()))
    return any(_names(cause) in (None, _names(fault)) for cause in causes)


def _names(fault: Fault) -> str | None:
    return fault.kr.full_id if fault.kr else fault.ref


def _entity(case: Case) -> Entity:
    issue = case.issue
    if issue.confidential:
        return Entity(issue.source, "issue", issue.key)
    return Entity(issue.source, "issue", issue.key, case.snapshot.link(issue.source, issue.url), issue.title)


def _finding(out: Answers, rule: type[Rule], fault: Fault, severity: Mapping[str, Severity], advice: Advice) -> Finding:
    case = out.case
    return Finding(
        rule=rule.id,
        name=rule.name,
        severity=milder(severity[rule.id], fault.severity),
        team=case.team.id,
        entity=out.entity,
        message=fault.message,
        help=_help(rule, fault, case, advice),
        kr=fault.kr.full_id if fault.kr else fault.ref,
        created_by=out.owner,
        paste=fault.paste,
        suggestions=fault.suggestions,
        alternative=advice.alternative(case)[0] if fault.alternative else None,
        location=fault.kr.location if fault.kr else _source_line(case),
        discriminator=(fault.kr.full_id if fault.kr else fault.ref) or fault.turn,
    )


def _help(rule: type[Rule], fault: Fault, case: Case, advice: Advice) -> Message:
    """How to settle it, the legal way out, and how to check again: one line each."""
    lines = [fault.fix or rule.text("fix")]
    if fault.paste and has_blank(fault.paste):
        lines.append(msg("gate.help.blank"))
    if fault.alternative:
        lines.append(advice.alternative(case)[1])
    lines.append(advice.recheck(case))
    return msg("gate.help", lines=tuple(lines))


def _source_line(case: Case) -> Location:
    """Where okr-delivery.yaml declares the issue's source."""
    config = case.config
    index = next(i for i, source in enumerate(config.sources) if source.name == case.issue.source)
    return Location(config.path.name, config.lines.get(("sources", index), (1, 1))[0])
