"""`search/jql` and `search/approximate-count`: token pages over the search index."""

from __future__ import annotations

from dataclasses import replace

from werkzeug.wrappers import Response

from okr_delivery.sandbox import jql
from okr_delivery.sandbox.jira import index
from okr_delivery.sandbox.jira.http import Call, RefusedError, answer, checked, strings
from okr_delivery.sandbox.jira.render import Choice
from okr_delivery.sandbox.jira.tokens import Place, fingerprint
from okr_delivery.sandbox.tracker import Found

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
    return answer({"count": len(_found(str(body.get("jql") or ""), (), call).rows)})


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


def _found(text: str, reconcile: tuple[int, ...], call: Call) -> Found:
    try:
        return index.found(text, reconcile, call)
    except jql.JqlError as error:
        raise RefusedError(400, *error.messages) from error


def _page(found: Found, place: Place, size: int, what: str, choice: Choice, call: Call) -> dict[str, object]:
    faults = call.faults
    end = len(found.rows)
    if faults.end_early and end > size:
        end = end * 2 // 3
    size = min(size, faults.short_rows) if place.page in faults.short_pages else size
    start = found.behind(place.after)
    rows = [] if place.page in faults.empty_pages else found.rows[start : min(end, start + size)]
    data: dict[str, object] = {"issues": [call.render.issue(issue, choice) for issue in rows]}
    if start + len(rows) >= end:
        return data | _end(call)
    after = rows[-1].id if rows else place.after
    following = Place(place.page + 1, after, call.tracker.now // 1000, place.page == faults.expire_from_page)
    if faults.loop_from_page is not None and place.page >= faults.loop_from_page:
        following = replace(place, page=faults.loop_from_page)  # leads to where it was handed out
    return data | _more(call, call.tokens.make(what, following))


def _more(call: Call, token: str) -> dict[str, object]:
    return {"nextPageToken": token} | ({"isLast": False} if call.faults.is_last else {})


def _end(call: Call) -> dict[str, object]:
    spelling: dict[str, dict[str, object]] = {
        "absent": {},
        "null": {"nextPageToken": None},
        "empty": {"nextPageToken": ""},
    }
    return spelling[call.faults.last_page] | ({"isLast": True} if call.faults.is_last else {})
