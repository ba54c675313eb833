"""REST: projects and groups."""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab.http import Call, answer
from okr_delivery.sandbox.gitlab.paging import listed
from okr_delivery.sandbox.gitlab.parameters import PAGE, Declared, boolean, choice, integer, string
from okr_delivery.sandbox.gitlab.routing import Endpoint
from okr_delivery.sandbox.gitlab.state import Group, Project

ORDERS = ("id", "name", "path", "created_at", "updated_at", "last_activity_at", "similarity", "star_count")
LIST: Declared = {
    **PAGE,
    "archived": boolean(),
    "visibility": choice("public", "internal", "private"),
    "search": string(),
    "order_by": choice(*ORDERS, default="created_at"),
    "sort": choice("asc", "desc", default="desc"),
    "simple": boolean(default=False),
    "with_issues_enabled": boolean(default=False),
    "min_access_level": integer(),
}
PROJECTS: Declared = {
    **LIST,
    "membership": boolean(default=False),
    "owned": boolean(default=False),
    "pagination": choice("keyset", "offset"),
    "id_after": integer(),
}
GROUP_PROJECTS: Declared = {
    **LIST,
    "include_subgroups": boolean(default=False),
    "with_shared": boolean(default=True),
    "include_ancestor_groups": boolean(default=False),
}
GROUPS: Declared = {
    **PAGE,
    "search": string(),
    "order_by": choice("name", "path", "id", "similarity", default="name"),
    "sort": choice("asc", "desc", default="asc"),
    "all_available": boolean(),
    "owned": boolean(default=False),
    "top_level_only": boolean(),
    "min_access_level": integer(),
}
ALONE: Declared = {"statistics": boolean(), "license": boolean(), "with_custom_attributes": boolean()}
SIMPLE = ("id", "description", "name", "name_with_namespace", "path", "path_with_namespace", "created_at")
MORE = ("default_branch", "tag_list", "topics", "web_url", "last_activity_at", "namespace")


def project(call: Call) -> Response:
    return answer(call.render.project(call.project()))


def projects(call: Call) -> Response:
    """Every project this token sees."""
    return _projects(call, call.state.projects.values())


def of_group(call: Call) -> Response:
    """A group's own projects, or those of its subgroups too. Shared ones there are none."""
    group = call.group()
    if call.given["include_subgroups"]:
        return _projects(call, call.state.within(group.id))
    return _projects(call, (row for row in call.state.projects.values() if row.group == group.id))


def _projects(call: Call, rows: Iterable[Project]) -> Response:
    seen = [row for row in rows if call.sees(row) and _wanted(call, row)]
    by_name = call.given["order_by"] in ("name", "path")
    seen.sort(key=lambda row: (row.name.casefold() if by_name else "", row.id), reverse=call.given["sort"] == "desc")
    return listed(call, seen, lambda row: _shown(call, row))


def _wanted(call: Call, row: Project) -> bool:
    archived, search = call.given["archived"], call.given["search"]
    if archived is not None and row.archived is not archived:
        return False
    if call.given["with_issues_enabled"] and not row.issues_enabled:
        return False
    return search is None or search.casefold() in f"{row.name} {row.path}".casefold()


def _shown(call: Call, row: Project) -> object:
    body = call.render.project(row)
    return {name: body[name] for name in (*SIMPLE, *MORE)} if call.given["simple"] else body


def group(call: Call) -> Response:
    return answer(call.render.group(call.group()))


def groups(call: Call) -> Response:
    return _groups(call, call.state.groups.values())


def subgroups(call: Call) -> Response:
    """The groups right below."""
    above = call.group()
    return _groups(call, (row for row in call.state.groups.values() if row.parent == above.id))


def descendants(call: Call) -> Response:
    """The groups below, however deep."""
    above = call.group()
    inside = [row for row in call.state.groups.values() if row.id != above.id]
    return _groups(call, (row for row in inside if above in call.state.ancestors(row.id)))


def _groups(call: Call, rows: Iterable[Group]) -> Response:
    search = (call.given["search"] or "").casefold()
    seen = [row for row in rows if call.sees_group(row) and search in f"{row.name} {row.path}".casefold()]
    if call.given["top_level_only"]:
        seen = [row for row in seen if row.parent is None]
    seen.sort(key=lambda row: (row.name.casefold(), row.id), reverse=call.given["sort"] == "desc")
    return listed(call, seen, call.render.group)


ENDPOINTS = [
    Endpoint("GET", "projects", projects, PROJECTS),
    Endpoint("GET", "projects/:id", project, ALONE),
    Endpoint("GET", "groups", groups, GROUPS),
    Endpoint("GET", "groups/:id", group, {**ALONE, "with_projects": boolean(default=True)}),
    Endpoint("GET", "groups/:id/projects", of_group, GROUP_PROJECTS),
    Endpoint("GET", "groups/:id/subgroups", subgroups, GROUPS),
    Endpoint("GET", "groups/:id/descendant_groups", descendants, GROUPS),
]
