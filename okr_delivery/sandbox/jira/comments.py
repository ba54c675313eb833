"""Comments: listed, made, rewritten, removed. Lists leave properties out; only the one by ids is said to have them."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Response

from okr_delivery.sandbox import adf
from okr_delivery.sandbox.jira.http import Call, RefusedError, answer, nothing, page_of
from okr_delivery.sandbox.jira.issues import one, visible
from okr_delivery.sandbox.jira.write import property_value
from okr_delivery.sandbox.site import SiteIssue, Wire

MOST_IDS = 1000
NO_TEXT = "Comment body is not valid!"


def comments(call: Call, issue_id: str) -> Response:
    """`GET comment`, oldest first."""
    found = one(call, issue_id)
    page = page_of([_shown(call, row, found) for row in found.comments], call, 50)
    return answer({k: v for k, v in page.items() if k not in ("values", "isLast")} | {"comments": page["values"]})


def comment(call: Call, issue_id: str) -> Response:
    """`POST comment`; version 3 refuses a plain string, which the specification does not say."""
    call.refuse_anonymous()
    found, body = one(call, issue_id), call.body()
    if call.faults.comment_limit is not None and len(found.comments) >= call.faults.comment_limit:
        raise RefusedError(413, f"The issue has reached its limit of {call.faults.comment_limit} comments.")
    row = call.tracker.comment(found.id, _text(call, body), body.get("properties"))
    return answer(_shown(call, row, found), 201)


def get_comment(call: Call, issue_id: str, comment_id: str) -> Response:
    found = one(call, issue_id)
    return answer(_shown(call, _row(found, comment_id), found))


def update(call: Call, issue_id: str, comment_id: str) -> Response:
    """`PUT comment/{id}`: the text is replaced, of the properties those that are sent."""
    call.refuse_anonymous()
    found, body = one(call, issue_id), call.body()
    row = _row(found, comment_id)
    row["body"] = _text(call, body)
    row["editor"], row["updated"] = call.account, call.tracker.now
    sent = _by_key(body.get("properties"))
    if sent:
        merged = _by_key(row.get("properties")) | sent
        row["properties"] = [{"key": key, "value": value} for key, value in merged.items()]
    _touch(call, found)
    return answer(_shown(call, row, found))


def delete(call: Call, issue_id: str, comment_id: str) -> Response:
    call.refuse_anonymous()
    found = one(call, issue_id)
    found.comments.remove(_row(found, comment_id))
    _touch(call, found)
    return nothing()


def by_ids(call: Call) -> Response:
    """`POST comment/list`, with properties when `expand` names them (Cloud)."""
    ids = call.body().get("ids")
    if not isinstance(ids, list) or not 0 < len(ids) <= MOST_IDS:
        raise RefusedError(400, f"The list of comment IDs must hold 1 to {MOST_IDS} IDs.")
    wanted = {str(number) for number in ids}
    full = "properties" in call.request.args.get("expand", "").split(",")
    rows = [
        _shown(call, row, issue) | ({"properties": row.get("properties") or []} if full else {})
        for issue in call.tracker.site.issues.values()
        for row in issue.comments
        if str(row["id"]) in wanted
    ]
    return answer({"maxResults": MOST_IDS, "startAt": 0, "total": len(rows), "isLast": True, "values": rows})


def properties(call: Call, comment_id: str) -> Response:
    """`GET comment/{id}/properties`: the keys."""
    _, row = _anywhere(call, comment_id)
    return answer({"keys": [{"key": key} for key in _by_key(row.get("properties"))]})


def get_property(call: Call, comment_id: str, key: str) -> Response:
    known = _by_key(_anywhere(call, comment_id)[1].get("properties"))
    if key not in known:
        raise RefusedError(404, f"The property with key '{key}' does not exist.")
    return answer({"key": key, "value": known[key]})


def set_property(call: Call, comment_id: str, key: str) -> Response:
    """`PUT comment/{id}/properties/{key}`: 201 when new, 200 when replaced; no `updated` moves."""
    call.refuse_anonymous()
    _, row = _anywhere(call, comment_id)
    known = _by_key(row.get("properties"))
    status = 200 if key in known else 201
    known[key] = property_value(call)
    row["properties"] = [{"key": name, "value": value} for name, value in known.items()]
    return nothing(status)


def _anywhere(call: Call, comment_id: str) -> tuple[SiteIssue, Wire]:
    for issue in call.tracker.site.issues.values():
        for row in issue.comments:
            if str(row["id"]) == comment_id and visible(call, str(issue.id)):
                return issue, row
    raise RefusedError(404, f"Can not find a comment for the id: {comment_id}.")


def _shown(call: Call, row: Wire, issue: SiteIssue) -> Wire:
    shown = call.render.comment(row, issue)
    asked = "properties" in call.request.args.get("expand", "").split(",")
    return shown | ({"properties": row.get("properties") or []} if asked and call.faults.listed_properties else {})


def _text(call: Call, body: Mapping[str, object]) -> object:
    text = body.get("body")
    if (call.version == 3 and not adf.is_document(text)) or (call.version == 2 and not isinstance(text, str)):
        raise RefusedError(400, errors={"comment": NO_TEXT})
    if not text:
        raise RefusedError(400, errors={"comment": NO_TEXT})
    return text


def _row(issue: SiteIssue, comment_id: str) -> Wire:
    found = next((row for row in issue.comments if str(row["id"]) == comment_id), None)
    if found is None:
        raise RefusedError(404, f"Can not find a comment for the id: {comment_id}.")
    return found


def _by_key(properties: object) -> dict[str, object]:
    rows = properties if isinstance(properties, list) else []
    return {str(row["key"]): row.get("value") for row in rows if isinstance(row, Mapping) and row.get("key")}


def _touch(call: Call, issue: SiteIssue) -> None:
    """A changed comment moves `updated`, as a new one does."""
    issue.updated = max(issue.updated, call.tracker.now)
    call.tracker.site.revision += 1
