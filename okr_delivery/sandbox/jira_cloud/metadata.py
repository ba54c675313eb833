"""Metadata lists that only Cloud has."""

from __future__ import annotations

from werkzeug.wrappers import Response

from okr_delivery.sandbox.jira.http import Call, answer, page_of
from okr_delivery.sandbox.jira.metadata import visible_projects
from okr_delivery.sandbox.site import BASE, Wire

CATEGORY_NAMES = {"new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE"}


def tenant(call: Call) -> Response:
    """`/_edge/tenant_info`: the site's id at the gateway, for everybody."""
    return answer({"cloudId": call.faults.cloud_id})


def status_search(call: Call) -> Response:
    """`statuses/search`: the flat form, its categories under other names."""
    known = [call.render.row("status", row) for row in call.tracker.site.statuses]
    rows = [_flat(row) for row in known if _in_project(row, call.request.args.get("projectId"))]
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


def project_search(call: Call) -> Response:
    """`project/search`: the projects, paged."""
    address = f"{BASE}/rest/api/{call.version}/project/search"
    return answer({"self": address, **page_of(visible_projects(call), call, 50)})
