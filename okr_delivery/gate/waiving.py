"""Holds findings against waivers, and waivers against their own end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from okr_delivery.gate.finding import Entity, Finding, Severity
from okr_delivery.gate.result import WaivedFinding
from okr_delivery.gate.rules import WAIVER_RULES
from okr_delivery.gate.waivers import Waiver
from okr_delivery.model.errors import Problem, UserError, user_error
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Iteration

SOON_DAYS = 14


class Known(StrEnum):
    """What a waiver's entity is to this run."""

    JUDGED = "judged"  # its rule was asked about it
    OUT_OF_SCOPE = "out_of_scope"  # exists, but nobody looked at it
    FINISHED = "finished"  # a requirement that nobody will look at again
    CLOSED = "closed"  # an iteration that nobody will plan again
    GONE = "gone"  # nobody knows it


@dataclass
class Waived:
    """Findings that still count, those that are waived, and what is wrong with the waivers."""

    findings: list[Finding] = field(default_factory=list)
    waived: list[WaivedFinding] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    notes: Mapping[str, Sequence[Message]] = field(default_factory=dict)  # by team: labels that don't count
    idle: dict[int, Known] = field(default_factory=dict)  # by `place`: what the file's waivers that matched nothing are


def check_length(waivers: Iterable[Waiver], today: Callable[[Waiver], date], days: int) -> None:
    """Raises UserError for waivers that end too late, each with the last day that may be written."""
    last = {waiver: _last(today(waiver), days) for waiver in waivers}
    long = [waiver for waiver in last if waiver.expires > last[waiver]]
    if long:
        steps = {waiver: msg("waivers.too_long.next", last=str(last[waiver])) for waiver in long}
        raise UserError([Problem(_too_long(waiver, days), place(waiver), steps[waiver]) for waiver in long])


def _last(today: date, days: int) -> date:
    return today + timedelta(days=min(days, (date.max - today).days))


def _too_long(waiver: Waiver, days: int) -> Message:
    said = {"rule": waiver.rule, "entity": waiver.entity, "expires": str(waiver.expires)}
    return msg("waivers.too_long", days=days, **said)


def place(waiver: Waiver) -> str:
    """`file:line` of a waiver."""
    return f"{waiver.location.path}:{waiver.location.line}"


def folded(name: str) -> str:
    """A name without what people write differently: case and blanks."""
    return " ".join(name.casefold().split())


def names(finding: Finding) -> Iterator[str]:
    """How a waiver may call what a finding is about, folded; the fullest name last."""
    entity = finding.entity
    if entity.kind == "iteration" and entity.source is not None:
        yield from _iteration_names(entity.source, entity.key, entity.title or entity.key, finding.team)
    elif entity.kind in ("key_result", "objective"):
        yield folded(entity.key.rpartition(":")[2])
    yield folded(entity.key)
    yield folded(f"{entity.source}:{entity.key}")


def names_of_iteration(iteration: Iteration, team: str) -> Iterator[str]:
    """How a waiver may call an iteration of a team, folded."""
    return _iteration_names(iteration.source, iteration.id, iteration.name, team)


def _iteration_names(source: str, ref: str, name: str, team: str) -> Iterator[str]:
    for one in (ref, name):
        yield from (folded(one), folded(f"{source}:{one}"), folded(f"{team}:{one}"))


def apply(
    findings: Sequence[Finding],
    waivers: Sequence[Waiver],
    today: Callable[[Finding], date],
    severity: Mapping[str, Severity],
    known: Callable[[Waiver], Known],
) -> Waived:
    """`today` tells the local day where something was found, `severity` holds the WVR rules that are on; `known` is
    asked about waivers that matched nothing. One has expired when it has for all that it matched.

    Raises UserError for a waiver whose name fits two things, and for two that mean the same.
    """
    out = Waived()
    by_place = _by_place(waivers)
    matched: dict[Waiver, list[Finding]] = {}
    for finding in findings:
        found = (by_place.get((finding.rule, name)) for name in names(finding))
        waiver = next((waiver for waiver in found if waiver is not None), None)
        if waiver is None:
            out.findings.append(finding)
            continue
        matched.setdefault(waiver, []).append(finding)
        if waiver.expires < today(finding):
            out.findings.append(finding)
        else:
            out.waived.append(WaivedFinding(finding, waiver))
    for waiver in waivers:
        _check_one_source(waiver, matched.get(waiver, ()))
        if waiver not in matched:
            out.idle[waiver.place] = known(waiver)
        day = min(map(today, matched.get(waiver, ())), default=None)
        problem = _expiry(waiver, day) if day is not None else _idleness(out.idle[waiver.place])
        if problem is not None and problem[0] in severity:
            out.problems.append(_finding(waiver, severity[problem[0]], *problem))
    return out


def _by_place(waivers: Sequence[Waiver]) -> Mapping[tuple[str, str], Waiver]:
    """By rule and entity. Of two for one thing, however it is written in each, nobody could tell which end counts."""
    found: dict[tuple[str, str], Waiver] = {}
    for waiver in waivers:
        first = found.setdefault((waiver.rule, folded(waiver.entity)), waiver)
        if first is not waiver:
            what = msg("gate.waiver.twice", rule=waiver.rule, entity=waiver.entity, line=first.location.line)
            raise user_error(what, where=place(waiver))
    return found


def _check_one_source(waiver: Waiver, findings: Sequence[Finding]) -> None:
    """A short name that two things have must not silence both."""
    fits = sorted({_fully(finding) for finding in findings})
    if len(fits) > 1:
        what = msg("waivers.ambiguous", entity=waiver.entity, candidates=tuple(fits))
        raise user_error(what, where=place(waiver))


def _fully(finding: Finding) -> str:
    """The name that only one thing has."""
    entity = finding.entity
    return entity.key if entity.source is None else f"{entity.source}:{entity.key}"


def _idleness(known: Known) -> tuple[str, str] | None:
    """(rule, message part) of a waiver that matched nothing; None where it can't be judged here."""
    return None if known is Known.OUT_OF_SCOPE else ("WVR001", known.value)


def _expiry(waiver: Waiver, today: date) -> tuple[str, str] | None:
    """(rule, message part) of a waiver that matched; None while it does its work."""
    if waiver.expires < today:
        return ("WVR002", "message")
    return ("WVR003", "message") if (waiver.expires - today).days < SOON_DAYS else None


def _finding(waiver: Waiver, severity: Severity, rule: str, part: str) -> Finding:
    prefix = f"gate.{rule.lower()}"
    return Finding(
        rule=rule,
        name=WAIVER_RULES[rule],
        severity=severity,
        team="",
        entity=Entity(source=None, kind="waiver", key=f"{waiver.rule} {waiver.entity}"),
        message=msg(f"{prefix}.{part}", rule=waiver.rule, entity=waiver.entity, expires=str(waiver.expires)),
        help=msg(f"{prefix}.fix", owner=waiver.owner, reason=waiver.reason),
        location=waiver.location,
    )
