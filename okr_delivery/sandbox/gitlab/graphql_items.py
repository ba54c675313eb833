"""Resolvers of work items, their widgets and what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from okr_delivery.sandbox.gitlab import wording
from okr_delivery.sandbox.gitlab.graphql_notes import discussions, notes
from okr_delivery.sandbox.gitlab.graphql_sources import Info, asked, gid, listed, seen_item
from okr_delivery.sandbox.gitlab.graphql_values import (
    custom_values,
    iteration,
    label,
    milestone,
    status_of,
    user,
    work_item_type,
)
from okr_delivery.sandbox.gitlab.http import Call
from okr_delivery.sandbox.gitlab.posted import Progress
from okr_delivery.sandbox.gitlab.render import day, instant
from okr_delivery.sandbox.gitlab.state import CLOSED, EPIC, ISSUE, TASK, Wire, WorkItem

Resolver = Callable[..., Any]
HEALTHS = {"on_track": "onTrack", "needs_attention": "needsAttention", "at_risk": "atRisk"}
LINK_FILTERS = {"relates_to": "RELATED", "blocks": "BLOCKS", "is_blocked_by": "BLOCKED_BY"}


def _other(call: Call, number: int | None) -> str | None:
    item = call.state.items.get(number or 0)
    return call.render.web_url(item) if item else None


def _call(info: Info) -> Call:
    return asked(info).call


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
    "WorkItemWidgetCustomFields.customFieldValues": custom_values,
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
    "WorkItemWidgetNotes.discussions": discussions,
    "WorkItemWidgetProgress.currentValue": of_item(lambda call, item: _progress(call, item).current),
    "WorkItemWidgetProgress.endValue": of_item(lambda call, item: _progress(call, item).end),
    "WorkItemWidgetProgress.progress": of_item(lambda call, item: _progress(call, item).percent),
    "WorkItemWidgetProgress.startValue": of_item(lambda call, item: _progress(call, item).start),
    "WorkItemWidgetProgress.updatedAt": of_item(lambda call, item: instant(_progress(call, item).at)),
    "WorkItemWidgetStartAndDueDate.dueDate": of_item(lambda call, item: day(item.due)),
    "WorkItemWidgetStartAndDueDate.isFixed": of_item(lambda call, item: True),
    "WorkItemWidgetStartAndDueDate.rollUp": of_item(lambda call, item: False),
    "WorkItemWidgetStartAndDueDate.startDate": of_item(lambda call, item: day(item.start)),
    "WorkItemWidgetStatus.status": of_item(status_of),
    "WorkItemWidgetTimeTracking.humanReadableAttributes": _human,
    "WorkItemWidgetTimeTracking.timeEstimate": of_item(lambda call, item: item.time_estimate),
    "WorkItemWidgetTimeTracking.totalTimeSpent": of_item(lambda call, item: item.time_spent),
    "WorkItemWidgetWeight.weight": of_item(lambda call, item: item.weight),
    "Discussion.notes": notes,
    "LinkedWorkItemType.linkCreatedAt": lambda link, info: instant(0),
    "LinkedWorkItemType.linkId": lambda link, info: gid("WorkItems::RelatedWorkItemLink", link.id),
    "LinkedWorkItemType.linkType": lambda link, info: link.kind,
    "LinkedWorkItemType.linkUpdatedAt": lambda link, info: instant(0),
    "LinkedWorkItemType.workItem": lambda link, info: seen_item(_call(info), _call(info).state.items.get(link.other)),
}
"""How the members of these types are found; what is not named here is read off what its parent gave."""
