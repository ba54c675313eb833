"""`search/jql` and `search/approximate-count`: token pages over the search index."""

from __future__ import annotations

from dataclasses import replace

from werkzeug.wrappers import Response

from okr_delivery.sandbox import jql
from okr_delivery.sandbox.jira.http import Call, RefusedError, answer, checked, strings
from okr_delivery.sandbox.jira.render import Choice
from okr_delivery.sandbox.jira.tokens import Place, fingerprint
from okr_delivery.sandbox.site import SiteIssue, Visibility

MAX_ROWS, DEFAULT_ROWS = 5000, 50
MAX_RECONCILE, MAX_PROPERTIES = 50, 5
BODY: dict[str, type | tuple[type, ...]] = {
    "jql": str,
    "nextPageToken": str,
    "maxResults": int,
    "fields": list,
    "expand": str,
    "properties": list,
    "fieldsByKeys": bool,
    "reconcileIssues": list,
}


def gone(call: Call) -> Response:
    """The old search, which is no more."""
    text = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
    raise RefusedError(410, f"{text} A full migration guideline is available as CHANGE-2046.")


def search(call: Call) -> Response:
    """`search/jql`, GET or POST."""
    asked = _from_body(call) if call.request.method == "POST" else _from_query(call)
    query = str(asked.get("jql") or "")
    choice = Choice.of(strings(asked.get("fields", []), "fields") or ["id"])
    size = _size(asked, choice, call)
    reconcile = _reconcile(asked.get("reconcileIssues", []))
    _few(asked.get("properties", []), MAX_PROPERTIES, "properties")
    what = fingerprint(query, sorted(choice.names), reconcile, call.account, call.version)
    token = asked.get("nextPageToken")
    place = call.tokens.read(what, str(token) if token else None, call.tracker.now // 1000, call.faults.token_life)
    found = _found(query, reconcile, call)
    return answer(_page(found, place, size, what, choice, call))


def count(call: Call) -> Response:
    """`search/approximate-count`: over the index, so as late as the search."""
    body = call.body()
    checked(body, {"jql": str})
    return answer({"count": len(_found(str(body.get("jql") or ""), (), call))})


def _from_body(call: Call) -> dict[str, object]:
    body = call.body()
    checked(body, BODY)
    return body


def _from_query(call: Call) -> dict[str, object]:
    args = call.request.args
    asked: dict[str, object] = {name: args[name] for name in ("jql", "nextPageToken", "expand") if name in args}
    asked["fields"] = args.getlist("fields")
    asked["properties"] = args.getlist("properties")
    asked["reconcileIssues"] = [
        int(v) for part in args.getlist("reconcileIssues") for v in part.split(",") if v.isdigit()
    ]
    if "maxResults" in args:
        asked["maxResults"] = call.number("maxResults", DEFAULT_ROWS)
    return asked


def _size(asked: dict[str, object], choice: Choice, call: Call) -> int:
    wanted = asked.get("maxResults", DEFAULT_ROWS)
    if not isinstance(wanted, int) or not 1 <= wanted <= MAX_ROWS:
        raise RefusedError(400, f"The value of maxResults must be between 1 and {MAX_ROWS}.")
    return min(wanted, call.faults.id_cap if choice.only_ids else call.faults.page_cap)


def _few(value: object, most: int, name: str) -> None:
    if not isinstance(value, list) or len(value) > most:
        raise RefusedError(400, f"The number of {name} must not be more than {most}.")


def _reconcile(value: object) -> tuple[int, ...]:
    _few(value, MAX_RECONCILE, "reconcileIssues")
    if not isinstance(value, list) or not all(isinstance(v, int) and not isinstance(v, bool) for v in value):
        raise RefusedError(400, "reconcileIssues must be a list of issue ids.")
    return tuple(value)


def _found(text: str, reconcile: tuple[int, ...], call: Call) -> list[SiteIssue]:
    """The issues that the index would answer; the reconciled ones as they really are."""
    tracker = call.tracker
    scope = jql.Scope(tracker.site, call.zone, tracker.now // 1000, call.faults.epoch_literals, call.projects)
    key = (text, reconcile, call.zone, tracker.site.revision, scope.now // 60, call.projects, scope.epoch_allowed)
    if tracker.lagging:
        return _evaluate(text, _candidates(reconcile, call), scope)
    if key not in tracker.results:
        tracker.results = {key: _evaluate(text, _candidates(reconcile, call), scope)}
    return tracker.results[key]


def _evaluate(text: str, issues: list[SiteIssue], scope: jql.Scope) -> list[SiteIssue]:
    try:
        return jql.search(jql.parse(text), issues, scope)
    except jql.JqlError as error:
        raise RefusedError(400, *error.messages) from error


def _candidates(reconcile: tuple[int, ...], call: Call) -> list[SiteIssue]:
    site = call.tracker.site
    rows = {issue.id: issue for issue in call.tracker.indexed()}
    for number in reconcile:
        rows.pop(number, None)
        live = site.issues.get(number)
        if live is not None and live.visibility is Visibility.VISIBLE:
            rows[number] = live
    return [issue for issue in rows.values() if call.projects is None or issue.project in call.projects]


def _page(found: list[SiteIssue], place: Place, size: int, what: str, choice: Choice, call: Call) -> dict[str, object]:
    faults = call.faults
    if faults.end_early and len(found) > size:
        found = found[: len(found) * 2 // 3]
    size = min(size, faults.short_rows) if place.page in faults.short_pages else size
    rest = found[_start(found, place.after) :]
    rows = [] if place.page in faults.empty_pages else rest[:size]
    data: dict[str, object] = {"issues": [call.render.issue(issue, choice) for issue in rows]}
    if len(rows) == len(rest):
        return data | _end(call)
    after = rows[-1].id if rows else place.after
    following = Place(place.page + 1, after, call.tracker.now // 1000, place.page == faults.expire_from_page)
    if faults.loop_from_page is not None and place.page >= faults.loop_from_page:
        following = replace(place, page=faults.loop_from_page)  # leads to where it was handed out
    return data | _more(call, call.tokens.make(what, following))


def _start(found: list[SiteIssue], after: int) -> int:
    """Behind the last issue that was sent; where that one is gone, behind where its id belongs."""
    if not after:
        return 0
    places = {issue.id: number for number, issue in enumerate(found)}
    if after in places:
        return places[after] + 1
    return sum(1 for issue in found if issue.id <= after)


def _more(call: Call, token: str) -> dict[str, object]:
    return {"nextPageToken": token} | ({"isLast": False} if call.faults.is_last else {})


def _end(call: Call) -> dict[str, object]:
    spelling: dict[str, dict[str, object]] = {
        "absent": {},
        "null": {"nextPageToken": None},
        "empty": {"nextPageToken": ""},
    }
    return spelling[call.faults.last_page] | ({"isLast": True} if call.faults.is_last else {})
