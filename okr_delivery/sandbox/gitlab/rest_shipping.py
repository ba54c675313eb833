"""REST: environments, deployments and releases."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab.http import Call, answer, bad, not_found
from okr_delivery.sandbox.gitlab.paging import listed
from okr_delivery.sandbox.gitlab.parameters import PAGE, Declared, boolean, choice, moment, string
from okr_delivery.sandbox.gitlab.render import instant
from okr_delivery.sandbox.gitlab.requests import Deployment, Environment, Release
from okr_delivery.sandbox.gitlab.rest_requests import brief
from okr_delivery.sandbox.gitlab.routing import Endpoint
from okr_delivery.sandbox.gitlab.state import Wire

STATUSES = ("created", "running", "success", "failed", "canceled", "skipped", "blocked")
DEPLOYMENTS: Declared = {
    **PAGE,
    "order_by": choice("id", "iid", "created_at", "updated_at", "finished_at", "ref", default="id"),
    "sort": choice("asc", "desc", default="asc"),
    "updated_after": moment(),
    "updated_before": moment(),
    "finished_after": moment(),
    "finished_before": moment(),
    "environment": string(),
    "status": choice(*STATUSES),
}
ENVIRONMENTS: Declared = {**PAGE, "name": string(), "search": string(), "states": string()}
RELEASES: Declared = {
    **PAGE,
    "order_by": choice("released_at", "created_at", default="released_at"),
    "sort": choice("asc", "desc", default="desc"),
    "include_html_description": boolean(),
    "updated_after": moment(),
    "updated_before": moment(),
}


def _birth(row: Deployment) -> int:
    return row.id


KEYS: dict[str, Callable[[Deployment], int]] = {
    "iid": lambda row: row.iid,
    "created_at": lambda row: row.created,
    "updated_at": lambda row: row.updated,
    "finished_at": lambda row: row.finished or 0,
}


def environments(call: Call) -> Response:
    project = call.project()
    rows = [row for row in call.state.environments.values() if row.project == project.id]
    if call.given["name"] is not None:
        rows = [row for row in rows if row.name == call.given["name"]]
    return listed(call, rows, lambda row: _environment(call, row))


def _environment(call: Call, row: Environment) -> Wire:
    return {
        "id": row.id,
        "name": row.name,
        "slug": row.name.replace("/", "-").lower(),
        "external_url": None,
        "created_at": instant(call.state.projects[row.project].created),
        "updated_at": instant(call.state.projects[row.project].created),
        "tier": row.tier,
        "state": "available",
        "description": None,
    }


def deployments(call: Call) -> Response:
    """Those that finished within a span are only found in the order of their end, as GitLab has it."""
    project, given = call.project(), call.given
    _check_span(call)
    rows = [row for row in call.state.deployments.values() if row.project == project.id and _fits(call, row)]
    key = KEYS.get(given["order_by"], _birth)
    rows.sort(key=lambda row: (key(row), row.id), reverse=given["sort"] == "desc")
    return listed(call, rows, lambda row: _deployment(call, row))


def _check_span(call: Call) -> None:
    given = call.given
    finished = given["finished_after"] is not None or given["finished_before"] is not None
    updated = given["updated_after"] is not None or given["updated_before"] is not None
    if finished and updated:
        raise bad("The `updated_at` filter and the `finished_at` filter can not be specified at the same time")
    if updated and given["order_by"] != "updated_at":
        raise bad("`updated_at` filter requires `updated_at` sort")
    if finished and given["order_by"] != "finished_at":
        raise bad("`finished_at` filter requires `finished_at` sort")
    if finished and given["status"] not in ("success", "failed", "canceled"):
        raise bad("`finished_at` filter must be combined with a finished status filter.")


def _fits(call: Call, row: Deployment) -> bool:
    given = call.given
    name = call.state.environments[row.environment].name
    return (
        given["status"] in (None, row.status)
        and given["environment"] in (None, name)
        and (given["updated_after"] is None or row.updated >= given["updated_after"])
        and (given["updated_before"] is None or row.updated <= given["updated_before"])
        and (given["finished_after"] is None or (row.finished or 0) >= given["finished_after"])
        and (given["finished_before"] is None or (row.finished or 0) <= given["finished_before"])
    )


def deployment(call: Call) -> Response:
    return answer(_deployment(call, _one(call)))


def _one(call: Call) -> Deployment:
    project, row = call.project(), call.state.deployments.get(call.number("deployment_id"))
    if row is None or row.project != project.id:
        raise not_found("Deployment")
    return row


def _deployment(call: Call, row: Deployment) -> Wire:
    environment = call.state.environments[row.environment]
    return {
        "id": row.id,
        "iid": row.iid,
        "ref": row.ref,
        "sha": row.sha,
        "created_at": instant(row.created),
        "updated_at": instant(row.updated),
        "user": call.render.user(row.user),
        "environment": {"id": environment.id, "name": environment.name, "external_url": None},
        "deployable": {
            "id": row.id,
            "status": row.status,
            "stage": "deploy",
            "name": f"deploy {environment.name}",
            "ref": row.ref,
            "tag": False,
            "created_at": instant(row.created),
            "started_at": instant(row.created),
            "finished_at": instant(row.finished),
        },
        "status": row.status,
    }


def shipped(call: Call) -> Response:
    """The merge requests that went out with a deployment for the first time."""
    row = _one(call)
    requests = [call.state.merge_requests[number] for number in row.merge_requests]
    return listed(call, requests, lambda request: brief(call, request))


def releases(call: Call) -> Response:
    project, given = call.project(), call.given
    rows = [row for row in call.state.releases if row.project == project.id]
    by_birth = given["order_by"] == "created_at"
    rows.sort(key=lambda row: (row.created if by_birth else row.released, row.tag), reverse=given["sort"] == "desc")
    return listed(call, rows, lambda row: _release(call, row))


def release(call: Call) -> Response:
    project = call.project()
    for row in call.state.releases:
        if (row.project, row.tag) == (project.id, call.arguments["tag"]):
            return answer(_release(call, row))
    raise not_found()


def _release(call: Call, row: Release) -> Wire:
    path = call.state.projects[row.project].path
    at = instant(row.created)
    milestones = [call.state.milestones[number] for number in row.milestones if number in call.state.milestones]
    return {
        "tag_name": row.tag,
        "description": row.description,
        "name": row.name,
        "created_at": at,
        "released_at": instant(row.released),
        "upcoming_release": row.released > call.forge.now,
        "author": call.render.user(row.author),
        "commit": {"id": row.sha, "short_id": row.sha[:8], "created_at": at, "title": row.name, "committed_date": at},
        "milestones": [call.render.milestone(found) for found in milestones],
        "commit_path": f"/{path}/-/commit/{row.sha}",
        "tag_path": f"/{path}/-/tags/{row.tag}",
        "assets": {"count": 0, "sources": [], "links": []},
        "evidences": [],
        "_links": {"self": f"{call.render.url}/{path}/-/releases/{row.tag}"},
    }


PLACE = "projects/:id/deployments"
ENDPOINTS = [
    Endpoint("GET", "projects/:id/environments", environments, ENVIRONMENTS),
    Endpoint("GET", PLACE, deployments, DEPLOYMENTS),
    Endpoint("GET", f"{PLACE}/:deployment_id", deployment),
    Endpoint("GET", f"{PLACE}/:deployment_id/merge_requests", shipped, PAGE),
    Endpoint("GET", "projects/:id/releases", releases, RELEASES),
    Endpoint("GET", "projects/:id/releases/:tag", release),
]
