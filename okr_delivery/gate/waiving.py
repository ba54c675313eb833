"""Holds findings against waivers, and waivers against their own end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from okr_delivery.gate.finding import Entity, Finding, Severity
from okr_delivery.gate.result import WaivedFinding
from okr_delivery.gate.rules import WAIVER_RULES
from okr_delivery.gate.waivers import Waiver
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

SOON_DAYS = 14


class Known(StrEnum):
    """What a waiver's entity is to this run."""

    JUDGED = "judged"  # its rule was asked about it
    OUT_OF_SCOPE = "out_of_scope"  # exists, but nobody looked at it
    FINISHED = "finished"  # nobody will look at it again
    GONE = "gone"  # nobody knows it


@dataclass
class Waived:
    """Findings that still count, those that are waived, and what is wrong with the waivers."""

    findings: list[Finding] = field(default_factory=list)
    waived: list[WaivedFinding] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)


def apply(
    findings: Sequence[Finding],
    waivers: Sequence[Waiver],
    today: date,
    severity: Mapping[str, Severity],
    known: Callable[[Waiver], Known],
) -> Waived:
    """`severity` holds the WVR rules that are on; `known` is asked about waivers that matched nothing.

    Raises UserError for a waiver whose key fits findings of two sources.
    """
    out = Waived()
    by_place = {(waiver.rule, waiver.entity): waiver for waiver in waivers}
    matched: dict[Waiver, list[Finding]] = {}
    for finding in findings:
        waiver = by_place.get((finding.rule, finding.entity.key)) or by_place.get((finding.rule, _full(finding)))
        if waiver is None:
            out.findings.append(finding)
            continue
        matched.setdefault(waiver, []).append(finding)
        if waiver.expires < today:
            out.findings.append(finding)
        else:
            out.waived.append(WaivedFinding(finding, waiver))
    for waiver in waivers:
        _check_one_source(waiver, matched.get(waiver, ()))
        problem = _problem(waiver, today, Known.JUDGED if waiver in matched else known(waiver), waiver in matched)
        if problem is not None and problem[0] in severity:
            out.problems.append(_finding(waiver, severity[problem[0]], *problem))
    return out


def _full(finding: Finding) -> str:
    return f"{finding.entity.source}:{finding.entity.key}"


def _check_one_source(waiver: Waiver, findings: Sequence[Finding]) -> None:
    """A bare key that two sources know must not silence both."""
    sources = sorted({f.entity.source or "" for f in findings})
    if len(sources) > 1:
        place = f"{waiver.location.path}:{waiver.location.line}"
        fits = tuple(f"{source}:{waiver.entity}" for source in sources)
        raise user_error(msg("gate.waiver.ambiguous", entity=waiver.entity, candidates=fits), where=place)


def _problem(waiver: Waiver, today: date, known: Known, matched: bool) -> tuple[str, str] | None:
    """(rule, message part); None while the waiver does its work or can't be judged here."""
    if not matched:
        return None if known is Known.OUT_OF_SCOPE else ("WVR001", known.value)
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
