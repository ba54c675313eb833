"""What work items point at, as GraphQL writes it: people, labels, timeboxes, statuses, custom fields."""

from __future__ import annotations

from typing import Any

from okr_delivery.sandbox.gitlab.graphql_sources import TYPES, Info, asked, gid
from okr_delivery.sandbox.gitlab.http import Call
from okr_delivery.sandbox.gitlab.render import day, instant
from okr_delivery.sandbox.gitlab.state import CLOSED, ISSUE, TASK, CustomField, Wire, WorkItem

FIELD_TYPES = {"text": "TEXT", "number": "NUMBER", "single_select": "SINGLE_SELECT", "multi_select": "MULTI_SELECT"}
DEFAULTS = ((1, "To do", "to_do"), (2, "In progress", "in_progress"), (3, "Done", "done"), (4, "Won't do", "canceled"), (5, "Duplicate", "canceled"))  # fmt: skip  # noqa: E501
"""The statuses of a namespace that has configured none."""
SYSTEM, CUSTOM = "WorkItems::Statuses::SystemDefined::Status", "WorkItems::Statuses::Custom::Status"


def work_item_type(kind: str) -> Wire:
    number, name, icon = TYPES[kind]
    return {"id": gid("WorkItems::Type", number), "name": name, "iconName": icon}


def user(call: Call, number: int | None) -> Wire | None:
    """A person; None for one that is not known."""
    return call.lists.kept(("user", number, call.faults.login_of), lambda: _user(call, number))


def _user(call: Call, number: int | None) -> Wire | None:
    found = call.state.users.get(number or 0)
    if found is None:
        return None
    return {
        "__typename": "UserCore",
        "id": gid("User", found.id),
        "username": found.username,
        "name": found.name,
        "state": found.state,
        "bot": call.faults.login_of in ("project", "group") and found.id == call.state.account,
        "publicEmail": "",
        "webUrl": f"{call.render.url}/{found.username}",
    }


def label(call: Call, number: int) -> Wire:
    found = call.state.labels[number]
    kind = "ProjectLabel" if found.project is not None else "GroupLabel"
    at = instant(0)
    return {
        "id": gid(kind, found.id),
        "title": found.name,
        "description": found.description,
        "color": found.color,
        "createdAt": at,
        "updatedAt": at,
    }


def milestone(call: Call, number: int | None) -> Wire | None:
    """A milestone; its days are written as instants, as GitLab does."""
    found = call.state.milestones.get(number or 0)
    if found is None:
        return None
    wire = call.render.milestone(found)
    return {
        "id": gid("Milestone", found.id),
        "iid": str(found.iid),
        "title": found.title,
        "description": found.description,
        "state": found.state,
        "expired": wire["expired"],
        "startDate": day(found.start),
        "dueDate": day(found.due),
        "createdAt": instant(found.created),
        "updatedAt": instant(found.updated),
        "projectMilestone": found.project is not None,
        "groupMilestone": found.group is not None,
        "subgroupMilestone": found.group is not None and call.state.groups[found.group].parent is not None,
        "webPath": str(wire["web_url"]).removeprefix(call.render.url),
    }


def iteration(call: Call, number: int | None) -> Wire | None:
    found = call.state.iterations.get(number or 0)
    if found is None:
        return None
    wire, cadence = call.render.iteration(found), call.state.cadences[found.cadence]
    url = str(wire["web_url"])
    return {
        "id": gid("Iteration", found.id),
        "iid": str(found.iid),
        "sequence": found.sequence,
        "title": found.title,
        "description": None,
        "state": found.state,
        "startDate": day(found.start),
        "dueDate": day(found.due),
        "createdAt": instant(found.created),
        "updatedAt": instant(found.updated),
        "webUrl": url,
        "webPath": url.removeprefix(call.render.url),
        "iterationCadence": {
            "id": gid("Iterations::Cadence", cadence.id),
            "title": cadence.title,
            "automatic": cadence.automatic,
            "rollOver": cadence.roll_over,
            "durationInWeeks": cadence.weeks,
            "active": True,
        },
    }


def statuses(call: Call) -> list[Wire]:
    """The statuses that work items may have here: the configured ones, or those every namespace begins with."""
    own = [(CUSTOM, row.id, row.name, row.category, row.color) for row in call.state.statuses.values()]
    rows = own or [(SYSTEM, number, name, category, "#737278") for number, name, category in DEFAULTS]
    return [
        {
            "id": gid(kind, number),
            "name": name,
            "category": category.upper(),
            "color": color,
            "iconName": f"status-{category}",
            "position": place,
            "description": None,
        }
        for place, (kind, number, name, category, color) in enumerate(rows)
    ]


def lifecycles(call: Call) -> list[Wire]:
    """Which statuses which kinds of work items go through."""
    rows = {str(row["id"]): row for row in statuses(call)}
    if not call.state.statuses:
        ends = [rows[gid(SYSTEM, number)] for number in (1, 3, 5)]
        return [_lifecycle("SystemDefined", 1, "Default", list(rows.values()), ends, [ISSUE, TASK])]
    return [
        _lifecycle(
            "Custom",
            row.id,
            row.name,
            [rows[gid(CUSTOM, number)] for number in row.statuses],
            [rows[gid(CUSTOM, number)] for number in (row.opens, row.closes, row.duplicates)],
            sorted(row.kinds),
        )
        for row in call.state.lifecycles
    ]


def _lifecycle(kind: str, number: int, name: str, rows: list[Wire], ends: list[Wire], of: list[str]) -> Wire:
    opened, closed, duplicate = ends
    return {
        "id": gid(f"WorkItems::Statuses::{kind}::Lifecycle", number),
        "name": name,
        "statuses": rows,
        "defaultOpenStatus": opened,
        "defaultClosedStatus": closed,
        "defaultDuplicateStatus": duplicate,
        "workItemTypes": [work_item_type(each) for each in of],
    }


def status_of(call: Call, item: WorkItem) -> Wire | str | None:
    rows = {str(row["id"]): row for row in statuses(call)}
    if not call.state.statuses:
        return rows[gid(SYSTEM, 3 if item.state == CLOSED else 1)]
    return rows.get(gid(CUSTOM, item.status)) if item.status is not None else None


def custom_field(row: CustomField) -> Wire:
    options = [
        {"id": gid("Issuables::CustomFieldSelectOption", number), "value": value} for number, value in row.options
    ]
    return {
        "id": gid("Issuables::CustomField", row.id),
        "name": row.name,
        "fieldType": FIELD_TYPES[row.kind],
        "active": True,
        "selectOptions": options or None,
        "workItemTypes": [work_item_type(kind) for kind in sorted(row.kinds)],
    }


def custom_values(source: Any, info: Info, **args: Any) -> list[Wire]:
    item, wanted = source["item"], args.get("customFieldIds")
    rows = [row for row in asked(info).call.state.custom_fields.values() if item.kind in row.kinds]
    return [
        _custom_value(row, item.custom.get(row.id))
        for row in rows
        if wanted is None or gid("Issuables::CustomField", row.id) in wanted
    ]


def _custom_value(row: CustomField, value: Any) -> Wire:
    made: Wire = {"customField": custom_field(row)}
    if row.kind in ("text", "number"):
        name = "WorkItemTextFieldValue" if row.kind == "text" else "WorkItemNumberFieldValue"
        return made | {"__typename": name, "value": value}
    chosen = value if isinstance(value, list | tuple) else [] if value is None else [value]
    names = dict(row.options)
    options = [{"id": gid("Issuables::CustomFieldSelectOption", n), "value": names[n]} for n in chosen]
    return made | {"__typename": "WorkItemSelectFieldValue", "selectedOptions": options or None}
