"""The plan as `okr-delivery/plan/1`: every key always there, absent values null, lists in the order of the plan."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from okr_delivery import __version__
from okr_delivery.locale import Translator
from okr_delivery.output.json import day, dumps, instant, number
from okr_delivery.value.capacity import Capacity
from okr_delivery.value.plan import Closing, Entry, IterationPlan, KrNeed, Owed, Plans, TeamPlan

SCHEMA = "okr-delivery/plan/1"


def write(plans: Plans, t: Translator) -> str:
    """The document."""
    return dumps(document(plans, t))


def document(plans: Plans, t: Translator) -> dict[str, Any]:
    """The document as data. Messages follow the language, everything else is English."""
    return {
        "schema": SCHEMA,
        "tool": f"okr-delivery {__version__}",
        "as_of": instant(plans.as_of, ZoneInfo(plans.zone)),
        "teams": [_team(team, t) for team in plans.teams],
        "nothing": [{"team": team, "message": t.render(reason)} for team, reason in plans.nothing],
        "no_plan": [
            {"team": team, "message": t.render(reason)} for team, several in plans.blocked for reason in several
        ],
    }


def _team(team: TeamPlan, t: Translator) -> dict[str, Any]:
    return {
        "team": team.team,
        "capacity": _capacity(team.capacity),
        "iterations": [_iteration(one, t) for one in team.iterations],
        "due": None if team.blind else [_due(owed) for owed in team.due],
    }


def _capacity(room: Capacity | None) -> dict[str, Any] | None:
    if room is None:
        return None
    names = list(room.iterations)
    return {"amount": number(room.amount), "unit": room.unit, "basis": room.basis, "iterations": names}


def _iteration(one: IterationPlan, t: Translator) -> dict[str, Any]:
    return {
        "source": one.iteration.source,
        "id": one.iteration.id,
        "name": one.iteration.name,
        "start": day(one.start),
        "end": day(one.end),
        "settled": one.settled,
        "load": {"effort": number(one.load.effort), "unestimated": list(one.load.unestimated)},
        "key_results": [_need(need) for need in one.needs],
        "disputes": [_entry(entry, t) for entry in one.disputes],
        "ranked": [_entry(entry, t) for entry in one.ranked],
        "unranked": [_entry(entry, t) for entry in one.unranked],
        "non_okr": {
            "effort": number(one.reserved),
            "share": number(one.load.non_okr),
            "budget": number(one.budget),
            "issues": [_entry(entry, t) for entry in one.non_okr],
        },
    }


def _need(one: KrNeed) -> dict[str, Any]:
    return {
        "kr": one.kr.id,
        "cycle": one.kr.cycle,
        "title": one.kr.title,
        "unit": one.kr.metric.unit,
        "weight": number(one.kr.weight),
        "missing": number(one.gap.missing),
        "unread": one.gap.unread,
        "promised": number(one.promised),
    }


def _entry(entry: Entry, t: Translator) -> dict[str, Any]:
    return {
        "source": entry.source,
        "key": entry.key,
        "title": entry.title,
        "url": entry.url,
        "rank": entry.rank,
        "effort": number(entry.effort),
        "cumulated": number(entry.cumulated),
        "fits": entry.fits,
        "score": number(entry.score),
        "reason": None if entry.reason is None else t.render(entry.reason),
        "class": entry.work,
        "key_results": [_closing(closing) for closing in entry.closings],
        "missing": [{"message": t.render(one.message), "paste": one.paste} for one in entry.missing],
    }


def _closing(one: Closing) -> dict[str, Any]:
    return {
        "kr": one.kr.id,
        "cycle": one.kr.cycle,
        "unit": one.kr.metric.unit,
        "expected": number(one.amount),
        "low": number(one.low),
        "high": number(one.high),
        "confidence": number(one.confidence),
        "calibration": number(one.calibration),
        "weight": number(one.kr.weight),
        "missing": number(one.gap),
        "unread": one.unread,
        "share": number(one.share),
        "worth": number(one.worth),
    }


def _due(owed: Owed) -> dict[str, Any]:
    one, issue = owed.trace, owed.trace.item.issue
    effect = None if one.effect is None else {"value": number(one.effect.value), "method": one.effect.method}
    return {
        "source": issue.source,
        "key": issue.key,
        "title": None if issue.confidential else issue.title,
        "url": owed.url,
        "kr": one.kr.id,
        "cycle": one.kr.cycle,
        "unit": one.kr.metric.unit,
        "iteration": {"source": one.iteration.source, "id": one.iteration.id, "name": one.iteration.name},
        "window": {"start": day(one.window.start), "end": day(one.window.end)},
        "due": day(one.due),
        "overdue": one.overdue,
        "expected": number(one.expected),
        "measured": effect,
        "owner": one.kr.owner,
        "command": owed.command,
    }
