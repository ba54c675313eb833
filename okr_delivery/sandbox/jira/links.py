"""Remote links of an issue: one for each `globalId`."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Response

from okr_delivery.sandbox.jira.http import Call, RefusedError, answer, nothing
from okr_delivery.sandbox.jira.issues import one
from okr_delivery.sandbox.site import SiteIssue, Wire

NO_LINK = "The remote issue link does not exist."


def remote_links(call: Call, issue_id: str) -> Response:
    """`GET remotelink`: all of them as a plain list, or the one with a `globalId`."""
    found, wanted = one(call, issue_id), call.request.args.get("globalId")
    if wanted is None:
        return answer([_shown(call, found, row) for row in found.remote_links])
    return answer(_shown(call, found, _row(found, "globalId", wanted)))


def get(call: Call, issue_id: str, link_id: str) -> Response:
    found = one(call, issue_id)
    return answer(_shown(call, found, _row(found, "id", link_id)))


def put(call: Call, issue_id: str) -> Response:
    """`POST remotelink`: an upsert by `globalId`; what is not sent is gone."""
    call.refuse_anonymous()
    found, body = one(call, issue_id), call.body()
    target = body.get("object")
    if not isinstance(target, Mapping) or not target.get("url") or not target.get("title"):
        raise RefusedError(400, errors={"title": "'title' is required.", "url": "'url' is required."})
    row, new = call.tracker.set_remote_link(found.id, body)
    return answer({"id": row["id"], "self": _shown(call, found, row)["self"]}, call.dialect.link_made if new else 200)


def delete(call: Call, issue_id: str, link_id: str) -> Response:
    return _delete(call, issue_id, "id", link_id)


def delete_by_global_id(call: Call, issue_id: str) -> Response:
    """`DELETE remotelink?globalId=…`."""
    wanted = call.request.args.get("globalId")
    if not wanted:
        raise RefusedError(400, "The globalId parameter is required.")
    return _delete(call, issue_id, "globalId", wanted)


def _delete(call: Call, issue_id: str, member: str, wanted: str) -> Response:
    call.refuse_anonymous()
    found = one(call, issue_id)
    call.tracker.remove_remote_link(found.id, _row(found, member, wanted))
    return nothing()


def _row(issue: SiteIssue, member: str, wanted: str) -> Wire:
    found = next((row for row in issue.remote_links if str(row.get(member)) == wanted), None)
    if found is None:
        raise RefusedError(404, NO_LINK)
    return found


def _shown(call: Call, issue: SiteIssue, row: Wire) -> Wire:
    return row | {"self": f"{call.render.address(issue)}/remotelink/{row['id']}"}
