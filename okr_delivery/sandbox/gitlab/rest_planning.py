"""REST: labels, milestones and iterations of projects and groups."""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab.http import Call, answer, forbidden, no_route, not_found
from okr_delivery.sandbox.gitlab.paging import listed
from okr_delivery.sandbox.gitlab.parameters import PAGE, Declared, boolean, choice, integers, moment, string
from okr_delivery.sandbox.gitlab.routing import Endpoint
from okr_delivery.sandbox.gitlab.state import Iteration, Label, Milestone, Wire

LABELS: Declared = {
    **PAGE,
    "with_counts": boolean(default=False),
    "include_ancestor_groups": boolean(default=True),
    "search": string(),
    "archived": boolean(),
}
GROUP_LABELS: Declared = {
    **LABELS,
    "include_descendant_groups": boolean(default=False),
    "only_group_labels": boolean(default=True),
}
MILESTONES: Declared = {
    **PAGE,
    "state": choice("active", "closed", "all", default="all"),
    "iids": integers(),
    "title": string(),
    "search": string(),
    "include_ancestors": boolean(default=False),
    "include_parent_milestones": boolean(),
    "updated_after": moment(),
    "updated_before": moment(),
    "containing_date": string(),
}
GROUP_MILESTONES: Declared = {**MILESTONES, "include_descendants": boolean(default=False)}
STATES = ("opened", "upcoming", "current", "closed", "all", "started")
ITERATIONS: Declared = {
    **PAGE,
    "state": choice(*STATES, default="all"),
    "search": string(),
    "include_ancestors": boolean(default=True),
    "include_descendants": boolean(default=False),
    "updated_after": moment(),
    "updated_before": moment(),
}


def _above(call: Call, group: int | None) -> set[int]:
    return {row.id for row in call.state.ancestors(group)}


def project_labels(call: Call) -> Response:
    project = call.project()
    groups = _above(call, project.group) if call.given["include_ancestor_groups"] else set()
    rows = (row for row in call.state.labels.values() if row.project == project.id or row.group in groups)
    return _labels(call, rows, own=project.id)


def group_labels(call: Call) -> Response:
    group = call.group()
    groups = _above(call, group.id) if call.given["include_ancestor_groups"] else {group.id}
    below: set[int] = set()
    if call.given["include_descendant_groups"]:
        groups |= {row.id for row in call.state.groups.values() if group in call.state.ancestors(row.id)}
    if not call.given["only_group_labels"]:
        below = {row.id for row in call.state.projects.values() if row.group in groups}
    return _labels(
        call, (row for row in call.state.labels.values() if row.group in groups or row.project in below), own=None
    )


def _labels(call: Call, rows: Iterable[Label], own: int | None) -> Response:
    search = (call.given["search"] or "").casefold()
    seen = sorted((row for row in rows if search in row.name.casefold()), key=lambda row: (row.name, row.id))
    return listed(call, seen, lambda row: _label(call, row, own))


def _label(call: Call, row: Label, own: int | None) -> Wire:
    made = call.render.label(row) | {"subscribed": False}
    if call.given["with_counts"]:
        made |= {"open_issues_count": 0, "closed_issues_count": 0, "open_merge_requests_count": 0}
    return made | ({"priority": None, "is_project_label": row.project is not None} if own is not None else {})


def project_milestones(call: Call) -> Response:
    project = call.project()
    groups = _above(call, project.group) if _ancestors(call) else set()
    return _milestones(
        call, (row for row in call.state.milestones.values() if row.project == project.id or row.group in groups)
    )


def group_milestones(call: Call) -> Response:
    group = call.group()
    groups = _above(call, group.id) if _ancestors(call) else {group.id}
    below: set[int] = set()
    if call.given["include_descendants"]:
        groups |= {row.id for row in call.state.groups.values() if group in call.state.ancestors(row.id)}
        below = {row.id for row in call.state.within(group.id) if call.sees(row)}
    return _milestones(
        call, (row for row in call.state.milestones.values() if row.group in groups or row.project in below)
    )


def _ancestors(call: Call) -> bool:
    return bool(call.given["include_ancestors"] or call.given["include_parent_milestones"])


def _milestones(call: Call, rows: Iterable[Milestone]) -> Response:
    """Latest due date first, those without one at the end, as GitLab lists them."""
    seen = sorted((row for row in rows if _fits(call, row)), key=lambda row: row.id, reverse=True)
    seen.sort(key=lambda row: (row.due is not None, row.due.isoformat() if row.due else ""), reverse=True)
    return listed(call, seen, call.render.milestone)


def _fits(call: Call, row: Milestone) -> bool:
    given = call.given
    return (
        given["state"] in ("all", row.state)
        and (given["iids"] is None or row.iid in given["iids"])
        and (given["title"] is None or row.title == given["title"])
        and (given["search"] or "").casefold() in row.title.casefold()
        and (given["updated_after"] is None or row.updated >= given["updated_after"])
        and (given["updated_before"] is None or row.updated <= given["updated_before"])
    )


def project_milestone(call: Call) -> Response:
    project, number = call.project(), call.number("milestone_id")
    row = call.state.milestones.get(number)
    if row is None or row.project != project.id:
        raise not_found("Milestone")
    return answer(call.render.milestone(row))


def group_milestone(call: Call) -> Response:
    group, number = call.group(), call.number("milestone_id")
    row = call.state.milestones.get(number)
    if row is None or row.group != group.id:
        raise not_found("Milestone")
    return answer(call.render.milestone(row))


def project_iterations(call: Call) -> Response:
    project = call.project()
    _licensed(call)
    return _iterations(call, _above(call, project.group))


def group_iterations(call: Call) -> Response:
    group = call.group()
    _licensed(call)
    groups = _above(call, group.id) if call.given["include_ancestors"] else {group.id}
    if call.given["include_descendants"]:
        groups |= {row.id for row in call.state.groups.values() if group in call.state.ancestors(row.id)}
    return _iterations(call, groups)


def _licensed(call: Call) -> None:
    """Community Edition has no such address; elsewhere the plan is missing."""
    if not call.features.enterprise:
        raise no_route()
    if not call.features.paid:
        raise forbidden()


def _iterations(call: Call, groups: set[int]) -> Response:
    given = call.given
    rows = [
        row
        for row in call.state.iterations.values()
        if call.state.cadences[row.cadence].group in groups
        and _in_state(given["state"], row)
        and (given["updated_after"] is None or row.updated >= given["updated_after"])
        and (given["updated_before"] is None or row.updated <= given["updated_before"])
        and (given["search"] or "").casefold() in (row.title or "").casefold()
    ]
    rows.sort(key=lambda row: (row.due, row.id))
    return listed(call, rows, call.render.iteration)


def _in_state(wanted: str, row: Iteration) -> bool:
    if wanted == "opened":
        return row.state != "closed"
    return wanted == "all" or row.state == ("current" if wanted == "started" else wanted)


ENDPOINTS = [
    Endpoint("GET", "projects/:id/labels", project_labels, LABELS),
    Endpoint("GET", "groups/:id/labels", group_labels, GROUP_LABELS),
    Endpoint("GET", "projects/:id/milestones", project_milestones, MILESTONES),
    Endpoint("GET", "projects/:id/milestones/:milestone_id", project_milestone),
    Endpoint("GET", "groups/:id/milestones", group_milestones, GROUP_MILESTONES),
    Endpoint("GET", "groups/:id/milestones/:milestone_id", group_milestone),
    Endpoint("GET", "projects/:id/iterations", project_iterations, ITERATIONS),
    Endpoint("GET", "groups/:id/iterations", group_iterations, ITERATIONS),
]
