"""The gate's answer as `okr-delivery/gate/1`: every key always there, lists sorted, absent values null."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from okr_delivery import __version__
from okr_delivery.gate.finding import Finding, Suggestion
from okr_delivery.gate.request import Requested
from okr_delivery.gate.result import GateResult, JudgedIteration, SourceUse, TeamVerdict, WaivedFinding
from okr_delivery.locale import Translator
from okr_delivery.output.gate_words import COUNTED, unjudged
from okr_delivery.output.json import dumps, instant

SCHEMA = "okr-delivery/gate/1"


def write(result: GateResult, t: Translator) -> str:
    """The document."""
    return dumps(document(result, t))


def document(result: GateResult, t: Translator) -> dict[str, Any]:
    """The document as data."""
    summary = result.summary
    return {
        "schema": SCHEMA,
        "tool": f"okr-delivery {__version__}",
        "verdict": str(result.verdict),
        "reasons": [{"team": team or None, "message": t.render(reason)} for team, reason in unjudged(result)],
        "as_of": instant(result.as_of, ZoneInfo(result.zone)),
        "stage": str(result.stage),
        "merge_request": _merge_request(result.requested),
        "iterations": [_iteration(one) for one in result.iterations],
        "sources": [_source(one, result.zone) for one in result.sources],
        "summary": {
            "error": summary.error,
            "warning": summary.warning,
            "info": summary.info,
            "waived": summary.waived,
            "baselined": summary.baselined,
            "ready": summary.ready,
        },
        "teams": [_team(one, t) for one in result.team_verdicts],
        "counts": [{name: getattr(one, name) for name in ("team", "rule", *COUNTED)} for one in result.counts],
        "findings": [_finding(finding, t) for finding in result.findings],
        "waived": [_waived(one, t) for one in result.waived],
        "waiver_problems": [_finding(finding, t) for finding in result.waiver_problems],
    }


def _merge_request(one: Requested | None) -> dict[str, Any] | None:
    """What the run was about, None where it was about anything else."""
    if one is None:
        return None
    request = one.request
    return {
        "source": one.source,
        "ref": request.ref,
        "title": request.title,
        "url": one.url,
        "sha": request.sha,
        "closes": list(request.closes),
        "mentions": list(request.mentions),
        "outside": list(one.outside),
        "unknown": list(one.unknown),
    }


def _team(one: TeamVerdict, t: Translator) -> dict[str, Any]:
    """How a team came out, and what a reader should know beside it."""
    counts = {"judged": one.judged, "ready": one.ready}
    notes = [t.render(note) for note in one.notes]
    return {"team": one.team, "verdict": str(one.verdict), "stage": str(one.stage), **counts, "notes": notes}


def _iteration(one: JudgedIteration) -> dict[str, Any]:
    iteration = one.iteration
    return {"team": one.team, "source": iteration.source, "id": iteration.id, "name": iteration.name}


def _source(one: SourceUse, zone: str) -> dict[str, Any]:
    fetched = instant(one.fetched_at, ZoneInfo(zone))
    return {"name": one.name, "fetched_at": fetched, "complete": one.complete, "needed": one.needed}


def _finding(finding: Finding, t: Translator) -> dict[str, Any]:
    entity, location = finding.entity, finding.location
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": str(finding.severity),
        "team": finding.team,
        "entity": {
            "source": entity.source,
            "kind": entity.kind,
            "key": entity.key,
            "url": entity.url,
            "title": entity.title,
        },
        "kr": finding.kr,
        "created_by": finding.created_by,
        "message": t.render(finding.message),
        "help": t.render(finding.help),
        "paste": finding.paste,
        "suggestion": _suggestion(finding.suggestion, t),
        "suggestions": [_suggestion(one, t) for one in finding.suggestions],
        "alternative": finding.alternative,
        "baselined": finding.baselined,
        "fingerprint": finding.fingerprint,
        "location": None if location is None else {"path": location.path, "line": location.line},
    }


def _suggestion(one: Suggestion | None, t: Translator) -> dict[str, Any] | None:
    return None if one is None else {"kr": one.kr, "title": one.title, "reason": t.render(one.reason)}


def _waived(one: WaivedFinding, t: Translator) -> dict[str, Any]:
    """The finding with the waiver that covers it."""
    waiver = one.waiver
    owner = {"owner": waiver.owner, "owner_name": waiver.named}
    reasons = {"reason": waiver.reason, **owner, "expires": str(waiver.expires)}
    return _finding(one.finding, t) | {"waiver": reasons}
