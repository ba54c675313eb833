"""What the search index answers: a query's issues, kept from page to page while nothing changes."""

from __future__ import annotations

from okr_delivery.sandbox import jql
from okr_delivery.sandbox.jira.http import Call
from okr_delivery.sandbox.site import SiteIssue, Visibility
from okr_delivery.sandbox.tracker import Found


def found(text: str, reconcile: tuple[int, ...], call: Call) -> Found:
    """The issues that the index would answer; the reconciled ones as they really are. Raises JqlError."""
    tracker = call.tracker
    site, dialect = tracker.site, call.dialect
    scope = jql.Scope(
        site,
        call.zone,
        tracker.now // 1000,
        call.faults.epoch_literals,
        call.projects,
        call.gone,
        lambda who: dialect.account(site, who),
    )
    key = (
        text,
        reconcile,
        call.zone,
        tracker.site.revision,
        scope.now // 60,
        call.projects,
        call.gone,
        scope.epoch_allowed,
    )
    if tracker.lagging:
        return Found(_evaluate(text, _candidates(reconcile, call), scope))
    if key not in tracker.results:
        tracker.results = {key: Found(_evaluate(text, _candidates(reconcile, call), scope))}
    return tracker.results[key]


def _evaluate(text: str, issues: list[SiteIssue], scope: jql.Scope) -> list[SiteIssue]:
    return jql.search(jql.parse(text), issues, scope)


def _candidates(reconcile: tuple[int, ...], call: Call) -> list[SiteIssue]:
    site = call.tracker.site
    rows = {issue.id: issue for issue in call.tracker.indexed()}
    for number in reconcile:
        rows.pop(number, None)
        live = site.issues.get(number)
        if live is not None and live.visibility is Visibility.VISIBLE:
            rows[number] = live
    return [issue for issue in rows.values() if call.sees(issue.project)]
