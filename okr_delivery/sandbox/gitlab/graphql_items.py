"""Resolvers of work items, their widgets and what they are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from okr_delivery.sandbox.gitlab import activity, wording
from okr_delivery.sandbox.gitlab.activity import Activity
from okr_delivery.sandbox.gitlab.graphql_lists import CursorError, Page, connection
from okr_delivery.sandbox.gitlab.graphql_sources import (
    TYPES,
    Info,
    asked,
    gid,
    listed,
    page,
    seen_item,
)
from okr_delivery.sandbox.gitlab.http import Call
from okr_delivery.sandbox.gitlab.posted import Progress
from okr_delivery.sandbox.gitlab.render import day, instant
from okr_delivery.sandbox.gitlab.state import CLOSED, EPIC, ISSUE, TASK, CustomField, Wire, WorkItem

Resolver = Callable[..., Any]
LABEL = re.compile(r"~(\d+)")
ICONS = {
    "closed": "issue-close", "opened": "issues", "label": "labels", "milestone": "milestone", "iteration": "iteration",
    "weight": "weight", "title": "pencil", "description": "pencil", "assignee": "user", "duplicate": "duplicate",
    "moved": "arrow-right", "confidential": "eye-slash", "visible": "eye", "time_tracking": "timer",
    "start_date_or_due_date": "calendar", "relate": "link", "unrelate": "unlink", "cross_reference": "comment-dots",
    "health_status": "status-health", "work_item_status": "status",
}  # fmt: skip
HEALTHS = {"on_track": "onTrack", "needs_attention": "needsAttention", "at_risk": "atRisk"}
FIELD_TYPES = {"text": "TEXT", "number": "NUMBER", "single_select": "SINGLE_SELECT", "multi_select": "MULTI_SELECT"}
LINK_FILTERS = {"relates_to": "RELATED", "blocks": "BLOCKS", "is_blocked_by": "BLOCKED_BY"}
DEFAULTS = ((1, "To do", "to_do"), (2, "In progress", "in_progress"), (3, "Done", "done"), (4, "Won't do", "canceled"), (5, "Duplicate", "canceled"))  # fmt: skip  # noqa: E501
"""The statuses of a namespace that has configured none."""
SYSTEM, CUSTOM = "WorkItems::Statuses::SystemDefined::Status", "WorkItems::Statuses::Custom::Status"


def work_item_type(kind: str) -> Wire:
    number, name, icon = TYPES[kind]
    return {"id": gid("WorkItems::Type", number), "name": name, "iconName": icon}


def _other(call: Call, number: int | None) -> str | None:
    item = call.state.items.get(number or 0)
    return call.render.web_url(item) if item else None


def _call(info: Info) -> Call:
    return asked(info).call


def user(call: Call, number: int | None) -> Wire | None:
    """A person; None for one that is not known."""
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


def _status(call: Call, item: WorkItem) -> Wire | str | None:
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


def _custom_values(source: Any, info: Info, **args: Any) -> list[Wire]:
    item, wanted = source["item"], args.get("customFieldIds")
    rows = [row for row in _call(info).state.custom_fields.values() if item.kind in row.kinds]
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


WIDGETS = {
    "ASSIGNEES": "WorkItemWidgetAssignees",
    "CUSTOM_FIELDS": "WorkItemWidgetCustomFields",
    "DESCRIPTION": "WorkItemWidgetDescription",
    "HEALTH_STATUS": "WorkItemWidgetHealthStatus",
    "HIERARCHY": "WorkItemWidgetHierarchy",
    "ITERATION": "WorkItemWidgetIteration",
    "LABELS": "WorkItemWidgetLabels",
    "LINKED_ITEMS": "WorkItemWidgetLinkedItems",
    "MILESTONE": "WorkItemWidgetMilestone",
    "NOTES": "WorkItemWidgetNotes",
    "PROGRESS": "WorkItemWidgetProgress",
    "START_AND_DUE_DATE": "WorkItemWidgetStartAndDueDate",
    "STATUS": "WorkItemWidgetStatus",
    "TIME_TRACKING": "WorkItemWidgetTimeTracking",
    "WEIGHT": "WorkItemWidgetWeight",
}
FEATURES = {
    "assignees": "ASSIGNEES", "customFields": "CUSTOM_FIELDS", "description": "DESCRIPTION",
    "healthStatus": "HEALTH_STATUS", "hierarchy": "HIERARCHY", "iteration": "ITERATION", "labels": "LABELS",
    "linkedItems": "LINKED_ITEMS", "milestone": "MILESTONE", "notes": "NOTES", "progress": "PROGRESS",
    "startAndDueDate": "START_AND_DUE_DATE", "status": "STATUS", "timeTracking": "TIME_TRACKING", "weight": "WEIGHT",
}  # fmt: skip


def _has(call: Call, item: WorkItem) -> dict[str, bool]:
    """What a plan and a kind do not always have."""
    features, planned = call.features, item.kind not in (EPIC, "objective", "key_result")
    return {
        "ITERATION": features.paid and planned,
        "WEIGHT": features.paid,
        "HEALTH_STATUS": features.ultimate,
        "STATUS": features.statuses and item.kind in (ISSUE, TASK),
        "CUSTOM_FIELDS": features.custom_fields,
        "PROGRESS": features.okr and item.kind in ("objective", "key_result"),
    }


def _widgets(
    item: WorkItem,
    info: Info,
    onlyTypes: list[str] | None = None,  # noqa: N803  # GraphQL's own names
    exceptTypes: list[str] | None = None,  # noqa: N803
) -> list[Wire]:
    has, known = _has(_call(info), item), info.schema.type_map
    return [
        _widget(item, kind)
        for kind, name in WIDGETS.items()
        if name in known
        and has.get(kind, True)
        and (onlyTypes is None or kind in onlyTypes)
        and kind not in (exceptTypes or ())
    ]


def _widget(item: WorkItem, kind: str) -> Wire:
    return {"__typename": WIDGETS[kind], "type": kind, "item": item}


def _features(item: WorkItem, info: Info) -> Wire:
    has = _has(_call(info), item)
    return {name: _widget(item, kind) for name, kind in FEATURES.items() if has.get(kind, True)}


def _discussions(source: Wire, info: Info, **args: Any) -> Wire:
    """Oldest first; pages only go forward."""
    item, call = source["item"], _call(info)
    assert isinstance(item, WorkItem)  # noqa: S101  # as `_widget` made it
    wanted = args.get("filter") or "ALL_NOTES"
    rows: list[Wire] = []
    if wanted != "ONLY_COMMENTS":
        rows += [_activity(call, row) for row in activity.of(call.state, item)]
    if wanted != "ONLY_ACTIVITY":
        rows += list(_comments(call, item))
        rows.sort(key=lambda row: str(row["createdAt"]))
    return listed(info, rows, args, lambda row: row["name"])


def _activity(call: Call, row: Activity) -> Wire:
    at, kind = instant(row.at), "SystemNoteMetadata"
    body = LABEL.sub(lambda match: _named(call, match), row.body) if call.faults.note_references == "name" else row.body
    note = {
        "id": gid(row.kind, row.id),
        "body": body,
        "system": True,
        "internal": False,
        "author": user(call, row.author),
        "createdAt": at,
        "updatedAt": at,
        "url": None,
        "resolvable": False,
        "resolved": False,
        "systemNoteIconName": ICONS.get(row.action or "", "pencil"),
        "systemNoteMetadata": {"id": gid(kind, row.id), "action": row.action} if row.action else None,
    }
    return _discussion(row.discussion, at, note)


def _named(call: Call, match: re.Match[str]) -> str:
    found = call.state.labels.get(int(match[1]))
    if found is None:
        return match[0]
    return f"~{found.name}" if re.fullmatch(r"[\w-]+", found.name) else f'~"{found.name}"'


def _comments(call: Call, item: WorkItem) -> Iterator[Wire]:
    for note in item.notes:
        if not note.system:
            at = instant(note.at)
            yield _discussion(activity.digest("Note", note.id), at, note_of(call, item, note.id))


def note_of(call: Call, item: WorkItem, number: int) -> Wire:
    """A comment."""
    note = next(row for row in item.notes if row.id == number)
    return {
        "id": gid("Note", note.id),
        "body": note.body,
        "system": note.system,
        "internal": note.internal,
        "author": user(call, note.author),
        "createdAt": instant(note.at),
        "updatedAt": instant(note.updated or note.at),
        "url": f"{call.render.web_url(item)}#note_{note.id}",
        "resolvable": False,
        "resolved": False,
        "systemNoteIconName": None,
        "systemNoteMetadata": None,
    }


def _discussion(name: str, at: str | None, note: Wire) -> Wire:
    number = gid("IndividualNoteDiscussion", name)
    found = {"id": number, "replyId": number, "createdAt": at, "resolvable": False, "resolved": False}
    return {**found, "name": name, "note": note}


def _notes(source: Wire, info: Info, **args: Any) -> Wire:
    try:
        return connection([source["note"]], page(info, args), lambda row: row["id"])  # type: ignore[index]  # a note
    except CursorError:
        return connection([], Page())


def _links(source: Any, info: Info, **args: Any) -> Wire:
    item = source["item"]
    rows = [link for link in item.links if args.get("filter") in (None, LINK_FILTERS[link.kind])]
    return listed(info, rows, args)


def _parent(source: Any, info: Info) -> WorkItem | None:
    call = _call(info)
    return seen_item(call, call.state.items.get(source["item"].parent or 0))


def _ancestors(source: Any, info: Info, **args: Any) -> Wire:
    call = _call(info)
    rows: list[WorkItem] = []
    above = call.state.items.get(source["item"].parent or 0)
    while above is not None and len(rows) < 20:
        rows.append(above)
        above = call.state.items.get(above.parent or 0)
    return listed(info, [row for row in rows[::-1] if seen_item(call, row)], args)


def _children(source: Any, info: Info, **args: Any) -> Wire:
    call = _call(info)
    return listed(info, [row for row in call.lists.children(source["item"].id) if seen_item(call, row)], args)


def _namespace(item: WorkItem, info: Info) -> object:
    state = _call(info).state
    return state.projects[item.project] if item.project is not None else state.groups[item.group or 0]


def _assignees(source: Any, info: Info, **args: Any) -> Wire:
    rows = [user(_call(info), number) for number in source["item"].assignees]
    return listed(info, rows, args, lambda row: row["id"])


def _item_labels(source: Any, info: Info, **args: Any) -> Wire:
    call = _call(info)
    rows = sorted((label(call, number) for number in source["item"].labels), key=lambda row: str(row["title"]))
    return listed(info, rows, args, lambda row: row["id"])


def _human(source: Any, info: Info) -> Wire:
    item = source["item"]
    return {"timeEstimate": wording.duration(item.time_estimate), "totalTimeSpent": wording.duration(item.time_spent)}


def _progress(call: Call, item: WorkItem) -> Progress:
    return call.posted.progress.get(item.id, Progress())


def _reference(item: WorkItem, info: Info, full: bool = False) -> str:
    text = _call(info).state.reference(item)
    return text if full else text[max(text.rfind("#"), text.rfind("&")) :]


def of_item(read: Callable[[Call, WorkItem], Any]) -> Resolver:
    """A resolver of a widget's member."""
    return lambda source, info: read(_call(info), source["item"])


def own(read: Callable[[Call, WorkItem], Any]) -> Resolver:
    """A resolver of a work item's own member."""
    return lambda source, info: read(_call(info), source)


RESOLVERS: dict[str, Resolver] = {
    "WorkItem.archived": own(lambda call, i: i.project is not None and call.state.projects[i.project].archived),
    "WorkItem.author": own(lambda call, item: user(call, item.author)),
    "WorkItem.closedAt": own(lambda call, item: instant(item.closed)),
    "WorkItem.confidential": own(lambda call, item: item.confidential),
    "WorkItem.createdAt": own(lambda call, item: instant(item.created)),
    "WorkItem.description": own(lambda call, item: item.description),
    "WorkItem.duplicatedToWorkItemUrl": own(lambda call, item: _other(call, item.duplicated_to)),
    "WorkItem.features": _features,
    "WorkItem.hidden": own(lambda call, item: False),
    "WorkItem.id": own(lambda call, item: gid("WorkItem", item.id)),
    "WorkItem.iid": own(lambda call, item: str(item.iid)),
    "WorkItem.lockVersion": own(lambda call, item: 0),
    "WorkItem.movedToWorkItemUrl": own(lambda call, item: _other(call, item.moved_to)),
    "WorkItem.namespace": _namespace,
    "WorkItem.project": own(lambda call, i: call.state.projects[i.project] if i.project is not None else None),
    "WorkItem.promotedToEpicUrl": own(lambda call, item: None),
    "WorkItem.reference": _reference,
    "WorkItem.state": own(lambda call, item: "CLOSED" if item.state == CLOSED else "OPEN"),
    "WorkItem.title": own(lambda call, item: item.title),
    "WorkItem.updatedAt": own(lambda call, item: instant(item.updated)),
    "WorkItem.webUrl": own(lambda call, item: call.render.web_url(item)),
    "WorkItem.widgets": _widgets,
    "WorkItem.workItemType": own(lambda call, item: work_item_type(item.kind)),
    "WorkItemWidgetAssignees.allowsMultipleAssignees": of_item(lambda call, item: call.features.paid),
    "WorkItemWidgetAssignees.assignees": _assignees,
    "WorkItemWidgetCustomFields.customFieldValues": _custom_values,
    "WorkItemWidgetDescription.description": of_item(lambda call, item: item.description),
    "WorkItemWidgetDescription.edited": of_item(lambda call, item: False),
    "WorkItemWidgetHealthStatus.healthStatus": of_item(lambda call, item: HEALTHS.get(item.health or "")),
    "WorkItemWidgetHierarchy.ancestors": _ancestors,
    "WorkItemWidgetHierarchy.children": _children,
    "WorkItemWidgetHierarchy.hasChildren": of_item(lambda call, item: bool(call.lists.children(item.id))),
    "WorkItemWidgetHierarchy.hasParent": of_item(lambda call, item: item.parent is not None),
    "WorkItemWidgetHierarchy.parent": _parent,
    "WorkItemWidgetIteration.iteration": of_item(lambda call, item: iteration(call, item.iteration)),
    "WorkItemWidgetLabels.allowsScopedLabels": of_item(lambda call, item: call.features.paid),
    "WorkItemWidgetLabels.labels": _item_labels,
    "WorkItemWidgetLinkedItems.blocked": of_item(lambda call, i: any(x.kind == "is_blocked_by" for x in i.links)),
    "WorkItemWidgetLinkedItems.blockedByCount": of_item(
        lambda call, item: sum(1 for link in item.links if link.kind == "is_blocked_by")
    ),
    "WorkItemWidgetLinkedItems.linkedItems": _links,
    "WorkItemWidgetMilestone.milestone": of_item(lambda call, item: milestone(call, item.milestone)),
    "WorkItemWidgetNotes.discussionLocked": of_item(lambda call, item: None),
    "WorkItemWidgetNotes.discussions": _discussions,
    "WorkItemWidgetProgress.currentValue": of_item(lambda call, item: _progress(call, item).current),
    "WorkItemWidgetProgress.endValue": of_item(lambda call, item: _progress(call, item).end),
    "WorkItemWidgetProgress.progress": of_item(lambda call, item: _progress(call, item).percent),
    "WorkItemWidgetProgress.startValue": of_item(lambda call, item: _progress(call, item).start),
    "WorkItemWidgetProgress.updatedAt": of_item(lambda call, item: instant(_progress(call, item).at)),
    "WorkItemWidgetStartAndDueDate.dueDate": of_item(lambda call, item: day(item.due)),
    "WorkItemWidgetStartAndDueDate.isFixed": of_item(lambda call, item: True),
    "WorkItemWidgetStartAndDueDate.rollUp": of_item(lambda call, item: False),
    "WorkItemWidgetStartAndDueDate.startDate": of_item(lambda call, item: day(item.start)),
    "WorkItemWidgetStatus.status": of_item(_status),
    "WorkItemWidgetTimeTracking.humanReadableAttributes": _human,
    "WorkItemWidgetTimeTracking.timeEstimate": of_item(lambda call, item: item.time_estimate),
    "WorkItemWidgetTimeTracking.totalTimeSpent": of_item(lambda call, item: item.time_spent),
    "WorkItemWidgetWeight.weight": of_item(lambda call, item: item.weight),
    "Discussion.notes": _notes,
    "LinkedWorkItemType.linkCreatedAt": lambda link, info: instant(0),
    "LinkedWorkItemType.linkId": lambda link, info: gid("WorkItems::RelatedWorkItemLink", link.id),
    "LinkedWorkItemType.linkType": lambda link, info: link.kind,
    "LinkedWorkItemType.linkUpdatedAt": lambda link, info: instant(0),
    "LinkedWorkItemType.workItem": lambda link, info: seen_item(_call(info), _call(info).state.items.get(link.other)),
}
"""How the members of these types are found; what is not named here is read off what its parent gave."""
