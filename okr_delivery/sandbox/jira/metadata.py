"""What changes rarely: the server, the caller, fields, statuses, types, projects and versions."""

from __future__ import annotations

from werkzeug.wrappers import Response

from okr_delivery.sandbox.jira.http import Call, RefusedError, answer, page_of
from okr_delivery.sandbox.jira.render import stamp
from okr_delivery.sandbox.site import BASE, Wire

PERMISSIONS = ("BROWSE_PROJECTS", "ADD_COMMENTS", "EDIT_ISSUES", "LINK_ISSUES")


def server_info(call: Call) -> Response:
    """`serverInfo`, for everybody; the base URL is where this server is, so that links open."""
    recorded = {
        k: v for k, v in call.tracker.site.server_info.items() if not k.endswith(("Url", "Confluence", "helpCenter"))
    }
    return answer(call.dialect.server | recorded | {"serverTime": stamp(call.tracker.now, call.zone)})


def myself(call: Call) -> Response:
    """`myself`: 401 without a login. The zone may be hidden or wrong by a fault."""
    call.refuse_anonymous()
    user = call.render.user(call.account)
    if user is None:
        raise RefusedError(401, "Client must be authenticated to access this resource.")
    zone = call.zone if call.faults.shown_zone is None else call.faults.shown_zone
    return answer(user | {"timeZone": zone, "locale": "en_US"})


def fields(call: Call) -> Response:
    return answer([call.render.row("field", row) for row in call.tracker.site.fields])


def statuses(call: Call) -> Response:
    return answer([call.render.row("status", row) for row in call.tracker.site.statuses])


def types(call: Call) -> Response:
    return answer(_types(call))


def _types(call: Call) -> list[Wire]:
    return [call.render.row("issuetype", row) for row in call.tracker.site.types]


def priorities(call: Call) -> Response:
    return answer([call.render.row("priority", row) for row in call.tracker.site.priorities])


def resolutions(call: Call) -> Response:
    return answer([call.render.row("resolution", row) for row in call.tracker.site.resolutions])


def visible_projects(call: Call) -> list[object]:
    """The projects that this caller may see."""
    return [call.render.row("project", row) for n, row in call.tracker.site.projects.items() if call.sees(n)]


def projects(call: Call) -> Response:
    """`project`: a plain list; an anonymous caller sees what is public."""
    return answer(visible_projects(call))


def project(call: Call, key: str) -> Response:
    row = _project(call, key)
    brought = {"issueTypes": _types(call), "versions": _versions(call, str(row["id"]))}
    return answer(call.render.row("project", row) | brought)


def permissions(call: Call) -> Response:
    """`mypermissions`: this login may do everything. Cloud wants to be told which ones are meant."""
    asked = [name for name in call.request.args.get("permissions", "").split(",") if name]
    if not asked and 3 in call.dialect.versions:
        raise RefusedError(400, "The 'permissions' query parameter is required.")
    if key := call.request.args.get("projectKey"):
        _project(call, key)
    rows: dict[str, Wire] = {name: {"key": name, "name": name, "havePermission": True} for name in asked or PERMISSIONS}
    return answer({"permissions": rows})


def _versions(call: Call, project: str) -> list[object]:
    return [call.render.row("version", row) for row in call.tracker.site.versions.get(project, [])]


def versions(call: Call, key: str) -> Response:
    """`project/{key}/version`, paged."""
    number = str(_project(call, key)["id"])
    rows = _versions(call, number)
    address = f"{BASE}/rest/api/{call.version}/project/{key}/version"
    return answer({"self": address, **page_of(rows, call, 50)})


def version_list(call: Call, key: str) -> Response:
    """`project/{key}/versions`, the unpaged form."""
    return answer(_versions(call, str(_project(call, key)["id"])))


def _project(call: Call, key: str) -> Wire:
    row = call.tracker.site.project(key)
    if row is None or not call.sees(str(row["id"])):
        raise RefusedError(404, f"No project could be found with key '{key}'.")
    return row
