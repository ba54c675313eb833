"""Who, which iteration, as of when; the goal; three sentences for a reader who reads no further."""

from __future__ import annotations

from datetime import date

from okr_delivery.model.text import one_line
from okr_delivery.report.parts import Goal, Head
from okr_delivery.report.sections.context import Context


def head(c: Context, summary: tuple[str, ...]) -> Head:
    iteration, sets = c.scope.iteration, c.scope.summary.sets if c.scope.summary else None
    since = c.local(sets.window.start) if sets and sets.window.start is not None else None
    until = c.last_day(sets) if sets and c.begun else c.scope.until
    provisional = bool(sets and sets.window.provisional)
    return Head(
        team=c.team,
        team_name=one_line(next((team.name or team.id for team in c.snapshot.teams if team.id == c.team), c.team)),
        source=c.trace.source,
        iteration=c.trace.id,
        name=one_line(iteration.name if iteration else c.trace.name),
        since=since,
        until=until,
        provisional=provisional,
        as_of=c.as_of,
        day=c.today,
        rule_hash=sets.rule_hash if sets else "",
        period=_period(c, provisional, since, until),
        stamp=c.t("report.stamp", at=c.words.moment(c.snapshot.as_of, c.snapshot.calendar(c.team).zone)),
        summary=summary,
    )


def _period(c: Context, provisional: bool, since: date | None, until: date) -> str:
    if not c.begun:
        planned = "?" if since is None else since.isoformat()
        return c.t("report.period.to_come", since=planned, until=until.isoformat())
    if since is None:
        return c.t("report.period.no_start", until=until.isoformat())
    state = "open" if provisional else "closed"
    return c.t(f"report.period.{state}", since=since.isoformat(), until=until.isoformat())


def goal(c: Context) -> Goal:
    trace = c.trace.goal
    found = c.snapshot.book.objectives.get(trace.objective) if trace.objective else None
    return Goal(
        objective=trace.objective,
        objective_title=one_line(found.title) if found else None,
        text=one_line(trace.goal) if trace.goal else None,
        verdict=trace.verdict,
        verdict_text=c.t(f"terms.goal.{trace.verdict}") if trace.verdict else c.t("report.goal.no_verdict"),
        reason=one_line(trace.reason) if trace.reason else None,
    )
