"""What changes rarely: the server, the caller, fields, statuses, types, projects and versions."""

from __future__ import annotations

from werkzeug.wrappers import Response

from okr_delivery.sandbox.jira_cloud.http import Call, RefusedError, answer, page_of
from okr_delivery.sandbox.jira_cloud.render import stamp
from okr_delivery.sandbox.site import BASE, Wire

CATEGORY_NAMES = {"new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE"}
SERVER: Wire = {
    "baseUrl": BASE,
    "displayUrl": BASE,
    "version": "1001.0.0-SNAPSHOT",
    "versionNumbers": [1001, 0, 0],
    "deploymentType": "Cloud",
    "buildNumber": 100290,
    "buildDate": "2026-11-01T08:00:00.000+0800",
    "scmInfo": "0000000000000000000000000000000000000000",
    "serverTitle": "Jira",
    "defaultLocale": {"locale": "en_US"},
}


def server_info(call: Call) -> Response:
    """`serverInfo`, for everybody; the base URL is where this server is, so that links open."""
    recorded = {
        k: v for k, v in call.tracker.site.server_info.items() if not k.endswith(("Url", "Confluence", "helpCenter"))
    }
    return answer(SERVER | recorded | {"serverTime": stamp(call.tracker.now, call.zone)})


def myself(call: Call) -> Response:
    """`myself`: 401 without a login. The zone may be hidden or wrong by a fault."""
    call.refuse_anonymous()
    user = call.render.user(call.account)
    if user is None:
        raise RefusedError(401, "Client must be authenticated to access this resource.")
    zone = call.zone if call.faults.shown_zone is None else call.faults.shown_zone
    return answer(user | {"timeZone": zone, "locale": "en_US"})


def fields(call: Call) -> Response:
    return answer(call.tracker.site.fields)


def statuses(call: Call) -> Response:
    return answer(call.tracker.site.statuses)


def status_search(call: Call) -> Response:
    """`statuses/search`: the flat form, its categories under other names."""
    rows = [_flat(row) for row in call.tracker.site.statuses if _in_project(row, call.request.args.get("projectId"))]
    return answer({"self": f"{BASE}/rest/api/{call.version}/statuses/search", **page_of(rows, call, 200)})


def _flat(row: Wire) -> object:
    category = row.get("statusCategory")
    key = str(category["key"]) if isinstance(category, dict) else "new"
    scope = row.get("scope") or {"type": "GLOBAL"}
    flat = {name: row[name] for name in ("id", "name", "description") if name in row}
    return flat | {"statusCategory": CATEGORY_NAMES.get(key, "TODO"), "scope": scope}


def _in_project(row: Wire, project: str | None) -> bool:
    scope = row.get("scope")
    owner = scope.get("project") if isinstance(scope, dict) else None
    return project is None or owner is None or owner["id"] == project


def types(call: Call) -> Response:
    return answer(call.tracker.site.types)


def priorities(call: Call) -> Response:
    return answer(call.tracker.site.priorities)


def resolutions(call: Call) -> Response:
    return answer(call.tracker.site.resolutions)


def projects(call: Call) -> Response:
    """`project`: a plain list; an anonymous caller sees what is public."""
    rows = call.tracker.site.projects
    return answer([row for number, row in rows.items() if call.projects is None or number in call.projects])


def project_search(call: Call) -> Response:
    """`project/search`: the same, paged."""
    rows: list[object] = [
        row for n, row in call.tracker.site.projects.items() if call.projects is None or n in call.projects
    ]
    return answer({"self": f"{BASE}/rest/api/{call.version}/project/search", **page_of(rows, call, 50)})


def project(call: Call, key: str) -> Response:
    return answer(_project(call, key) | {"issueTypes": call.tracker.site.types})


def versions(call: Call, key: str) -> Response:
    """`project/{key}/version`, paged."""
    number = str(_project(call, key)["id"])
    rows: list[object] = list(call.tracker.site.versions.get(number, []))
    address = f"{BASE}/rest/api/{call.version}/project/{key}/version"
    return answer({"self": address, **page_of(rows, call, 50)})


def version_list(call: Call, key: str) -> Response:
    """`project/{key}/versions`, the unpaged form."""
    return answer(call.tracker.site.versions.get(str(_project(call, key)["id"]), []))


def _project(call: Call, key: str) -> Wire:
    row = call.tracker.site.project(key)
    if row is None or (call.projects is not None and str(row["id"]) not in call.projects):
        raise RefusedError(404, f"No project could be found with key '{key}'.")
    return row
