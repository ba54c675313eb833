"""REST: commit statuses and external status checks, the marks that a gate leaves on a merge request."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab.http import Call, RefusedError, answer, forbidden, no_route, not_found
from okr_delivery.sandbox.gitlab.paging import listed
from okr_delivery.sandbox.gitlab.parameters import PAGE, Declared, boolean, choice, integer, number, string
from okr_delivery.sandbox.gitlab.posted import CHECK, CHECK_NAME, CommitStatus
from okr_delivery.sandbox.gitlab.render import instant
from okr_delivery.sandbox.gitlab.requests import MergeRequest
from okr_delivery.sandbox.gitlab.routing import Endpoint
from okr_delivery.sandbox.gitlab.state import Project, Wire

STATES = ("pending", "running", "success", "failed", "canceled", "skipped")
VERBS = {"pending": "enqueue", "running": "run", "success": "success", "failed": "drop", "canceled": "cancel"}
NEW: Declared = {
    "state": choice(*STATES, required=True),
    "ref": string(),
    "name": string(),
    "context": string(),
    "target_url": string(),
    "description": string(),
    "coverage": number(),
    "pipeline_id": integer(),
}
LIST: Declared = {
    **PAGE,
    "ref": string(),
    "stage": string(),
    "name": string(),
    "pipeline_id": integer(),
    "all": boolean(default=False),
    "order_by": choice("id", "pipeline_id", default="id"),
    "sort": choice("asc", "desc", default="asc"),
}
RESPONSE: Declared = {
    "sha": string(required=True),
    "external_status_check_id": integer(required=True),
    "status": choice("pending", "passed", "failed", required=True),
}


def create(call: Call) -> Response:
    """A status of a commit. What says the state that already is gets refused."""
    project, sha = call.project(), call.arguments["sha"]
    _known(call, project, sha)
    given = call.given
    name = given["name"] or given["context"] or "default"
    before = call.posted.latest(project.id, sha, name)
    if before and before.state == given["state"] and call.faults.repeated_status == "400":
        raise RefusedError(400, {"message": _repeated(before.state)})
    made = _new(call, project, sha, name)
    call.posted.statuses.setdefault((project.id, sha), []).append(made)
    return answer(_status(call, made), 201)


def _repeated(state: str) -> str:
    verb = VERBS.get(state, state)
    why = f'Status cannot transition via "{verb}"'
    return f"Cannot transition status via :{verb} from :{state} (Reason(s): {why})"


def _new(call: Call, project: Project, sha: str, name: str) -> CommitStatus:
    given: dict[str, Any] = call.given
    return CommitStatus(
        call.posted.take(),
        sha,
        name,
        given["state"],
        call.forge.now,
        call.state.account,
        given["ref"] or project.default_branch,
        given["target_url"],
        given["description"],
        given["pipeline_id"] or 1,
    )


def _known(call: Call, project: Project, sha: str) -> None:
    requests = [row for row in call.state.merge_requests.values() if row.project == project.id]
    known = {commit.sha for row in requests for commit in row.commits}
    known |= {row.sha for row in requests} | {row.merge_commit for row in requests if row.merge_commit}
    known |= {row.sha for row in call.state.deployments.values() if row.project == project.id}
    if sha not in known:
        raise not_found("Commit")


def statuses(call: Call) -> Response:
    """The statuses of a commit; without `all` the newest of each name."""
    project, sha = call.project(), call.arguments["sha"]
    _known(call, project, sha)
    rows = call.posted.statuses.get((project.id, sha), [])
    if call.given["name"] is not None:
        rows = [row for row in rows if row.name == call.given["name"]]
    if not call.given["all"]:
        rows = list({row.name: row for row in rows}.values())
    ordered = sorted(rows, key=lambda row: row.id, reverse=call.given["sort"] == "desc")
    return listed(call, ordered, lambda row: _status(call, row))


def _status(call: Call, row: CommitStatus) -> Wire:
    at, ended = instant(row.at), row.state not in ("pending", "running")
    return {
        "id": row.id,
        "sha": row.sha,
        "ref": row.ref,
        "status": row.state,
        "name": row.name,
        "target_url": row.target_url,
        "description": row.description,
        "created_at": at,
        "started_at": None if row.state == "pending" else at,
        "finished_at": at if ended else None,
        "allow_failure": False,
        "coverage": None,
        "pipeline_id": row.pipeline,
        "author": call.render.user(row.author),
    }


def _request(call: Call) -> MergeRequest:
    project, iid = call.project(), call.number("iid")
    if not call.features.enterprise:
        raise no_route()
    if not call.features.ultimate:
        raise forbidden()
    for row in call.state.merge_requests.values():
        if (row.project, row.iid) == (project.id, iid):
            return row
    raise not_found()


def checks(call: Call) -> Response:
    """The external status checks of a merge request, for its newest commit."""
    row = _request(call)
    sha, state = call.posted.checks.get((row.id, CHECK), ("", "pending"))
    shown = state if sha == row.sha else "pending"
    return answer([{"id": CHECK, "name": CHECK_NAME, "external_url": "https://checks.invalid/", "status": shown}])


def respond(call: Call) -> Response:
    """A check's answer; the commit must be the head of the source branch."""
    row, given = _request(call), call.given
    if given["external_status_check_id"] != CHECK:
        raise not_found()
    if given["sha"] != row.sha:
        raise RefusedError(409, {"message": "409 Conflict - external_status_check_id does not match sha"})
    if call.posted.checks.get((row.id, CHECK)) == (row.sha, given["status"]):
        raise RefusedError(422, {"message": ["External status check has already been taken"]})
    call.posted.checks[row.id, CHECK] = (row.sha, given["status"])
    check = {"id": CHECK, "name": CHECK_NAME, "external_url": "https://checks.invalid/"}
    return answer({"id": row.id, "merge_request": {"iid": row.iid}, "external_status_check": check}, 201)


ENDPOINTS = [
    Endpoint("POST", "projects/:id/statuses/:sha", create, NEW),
    Endpoint("GET", "projects/:id/repository/commits/:sha/statuses", statuses, LIST),
    Endpoint("GET", "projects/:id/merge_requests/:iid/status_checks", checks, PAGE),
    Endpoint("POST", "projects/:id/merge_requests/:iid/status_check_responses", respond, RESPONSE),
]
