"""REST: issues of a project, of a group, and of everything, with their links and what closes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab.http import Call, answer, forbidden, not_found
from okr_delivery.sandbox.gitlab.paging import Key, Sorted, check_depth, keyset, listed, wants_keyset
from okr_delivery.sandbox.gitlab.parameters import (
    PAGE,
    Declared,
    boolean,
    choice,
    integer,
    integers,
    moment,
    string,
    strings,
)
from okr_delivery.sandbox.gitlab.render import instant
from okr_delivery.sandbox.gitlab.rest_requests import brief
from okr_delivery.sandbox.gitlab.routing import Endpoint
from okr_delivery.sandbox.gitlab.state import EPIC, KEY_RESULT, OBJECTIVE, Wire, WorkItem

TYPES = ("issue", "incident", "test_case", "task")
KEYSET_ORDERS = frozenset({"created_at", "updated_at", "title", "id", "weight", "due_date", "relative_position"})
ORDERS = ("created_at", "due_date", "label_priority", "milestone_due", "popularity", "priority", "relative_position")
SCOPES = ("created-by-me", "assigned-to-me", "created_by_me", "assigned_to_me", "all")
FILTERS: Declared = {
    **PAGE,
    "with_labels_details": boolean(default=False),
    "state": choice("opened", "closed", "all", default="all"),
    "order_by": choice(*ORDERS, "title", "updated_at", "weight", "id", default="created_at"),
    "sort": choice("asc", "desc", default="desc"),
    "issue_type": choice(*TYPES, "objective", "key_result"),
    "labels": strings(),
    "milestone": string(),
    "iids": integers(),
    "search": string(),
    "created_after": moment(),
    "created_before": moment(),
    "updated_after": moment(),
    "updated_before": moment(),
    "scope": choice(*SCOPES),
    "author_id": integer(),
    "assignee_id": string(),
    "confidential": boolean(),
    "iteration_id": string(),
    "weight": string(),
    "due_date": string(),
}
PROJECT_LIST: Declared = {**FILTERS, "pagination": choice("keyset", "offset"), "cursor": string()}
GROUP_LIST: Declared = {**FILTERS, "non_archived": boolean(default=True)}
OWN_LIST: Declared = {**GROUP_LIST, "scope": choice(*SCOPES, default="created_by_me")}
KEYS: dict[str, Callable[[WorkItem], object]] = {
    "created_at": lambda item: item.created,
    "updated_at": lambda item: item.updated,
    "title": lambda item: item.title,
    "weight": lambda item: item.weight,
    "due_date": lambda item: item.due.isoformat() if item.due else None,
}


def of_project(call: Call) -> Response:
    """One project's issues; with cursors where this version has them."""
    project = call.project()
    by_cursor = wants_keyset(call, KEYSET_ORDERS)
    check = _filter(call)
    ordered = _sorted(call, ("project", project.id), lambda item: item.project == project.id, check)
    body = _body(call)
    if by_cursor:
        return keyset(call, ordered, body)
    check_depth(call, "Issue")
    return listed(call, _directed(call, ordered), body)


def of_group(call: Call) -> Response:
    """The issues of a group's projects and of its subgroups'."""
    group = call.group()
    inside = {row.id for row in call.state.within(group.id) if call.sees(row) and _living(call, row.archived)}
    ordered = _sorted(call, ("group", group.id), lambda item: item.project in inside, _filter(call))
    check_depth(call, "Issue")
    return listed(call, _directed(call, ordered), _body(call))


def everywhere(call: Call) -> Response:
    """What the token's user made, unless the scope says otherwise."""
    seen = {row.id for row in call.state.projects.values() if call.sees(row) and _living(call, row.archived)}
    ordered = _sorted(call, ("all", 0), lambda item: item.project in seen, _filter(call))
    check_depth(call, "Issue")
    return listed(call, _directed(call, ordered), _body(call))


def _living(call: Call, archived: bool) -> bool:
    return not (archived and call.given["non_archived"])


def _body(call: Call) -> Callable[[WorkItem], bytes]:
    details = bool(call.given["with_labels_details"])
    return lambda item: call.render.issue_bytes(item, details=details)


def _directed(call: Call, ordered: Sorted) -> list[WorkItem]:
    rows = list(ordered.rows)
    return rows[::-1] if call.given["sort"] == "desc" else rows


def _sorted(
    call: Call, where: tuple[str, int], inside: Callable[[WorkItem], bool], check: Callable[[WorkItem], bool]
) -> Sorted:
    """All rows that fit, ascending; kept until something is written, so that the next page costs nothing."""
    key = KEYS.get(call.given["order_by"])

    def make() -> Sorted:
        rows = [item for item in call.forge.listed() if inside(item) and call.sees_item(item) and check(item)]
        pairs = sorted(((_key(key, item), item) for item in rows), key=lambda pair: pair[0])
        return Sorted([pair[0] for pair in pairs], [pair[1] for pair in pairs])

    if call.forge.lag:
        return make()
    paging = ("page", "per_page", "sort", "cursor", "pagination", "with_labels_details")
    asked = tuple(sorted((name, repr(value)) for name, value in call.given.items() if name not in paging))
    seen = (call.faults.confidential, call.features.okr, tuple(call.faults.hidden_projects))
    return call.lists.kept((where, asked, seen), make)


def _key(key: Callable[[WorkItem], object] | None, item: WorkItem) -> Key:
    """Rows without the value come last; the number settles what is equal."""
    value = key(item) if key else item.id
    return (1, item.id) if value is None else (0, value, item.id)


def _filter(call: Call) -> Callable[[WorkItem], bool]:
    """Whether an issue fits the parameters."""
    given = call.given
    checks = [check for name, check in _checks(call).items() if given.get(name) is not None]
    kinds = {*TYPES, *((OBJECTIVE, KEY_RESULT) if call.features.okr else ())} - {EPIC}
    return lambda item: item.kind in kinds and all(check(item) for check in checks)


def _checks(call: Call) -> Mapping[str, Callable[[WorkItem], bool]]:
    given: Mapping[str, Any] = call.given
    state = call.state
    return {
        "state": lambda item: given["state"] in ("all", item.state),
        "issue_type": lambda item: item.kind == given["issue_type"],
        "labels": lambda item: set(given["labels"]) <= {state.labels[number].name for number in item.labels},
        "milestone": lambda item: (
            item.milestone is not None and state.milestones[item.milestone].title == given["milestone"]
        ),
        "iids": lambda item: item.iid in given["iids"],
        "search": lambda item: given["search"].casefold() in f"{item.title} {item.description}".casefold(),
        "created_after": lambda item: item.created >= given["created_after"],
        "created_before": lambda item: item.created <= given["created_before"],
        "updated_after": lambda item: item.updated >= given["updated_after"],
        "updated_before": lambda item: item.updated <= given["updated_before"],
        "scope": lambda item: _scoped(call, item),
        "author_id": lambda item: item.author == given["author_id"],
        "assignee_id": lambda item: given["assignee_id"] in _assignees(item),
        "confidential": lambda item: item.confidential is given["confidential"],
        "iteration_id": lambda item: str(item.iteration) == given["iteration_id"],
        "weight": lambda item: str(item.weight) == given["weight"],
        "due_date": lambda item: given["due_date"] != "0" or item.due is None,
    }


def _assignees(item: WorkItem) -> set[str]:
    return {"Any", *map(str, item.assignees)} if item.assignees else {"None"}


def _scoped(call: Call, item: WorkItem) -> bool:
    scope = call.given["scope"].replace("-", "_")
    if scope == "created_by_me":
        return item.author == call.caller.account
    return scope == "all" or call.caller.account in item.assignees


def issue(call: Call) -> Response:
    """One issue by its number in the project."""
    return answer(call.render.issue_bytes(call.issue(), alone=True))


def by_id(call: Call) -> Response:
    """One issue by its global id: for administrators only."""
    if not call.faults.administrator:
        raise forbidden()
    item = call.state.items.get(call.number("issue_id"))
    if item is None or item.project is None or not call.sees_item(item):
        raise not_found()
    return answer(call.render.issue_bytes(item, alone=True))


def links(call: Call) -> Response:
    """The issues this one is linked to; those that can't be seen are left out."""
    item = call.issue()
    rows = [(link, call.state.items[link.other]) for link in item.links]
    seen = [(link, other) for link, other in rows if other.project is not None and call.sees_item(other)]
    return answer([_link(call, link.id, link.kind, other) for link, other in seen])


def _link(call: Call, number: int, kind: str, other: WorkItem) -> Wire:
    at = instant(other.created)
    more: Wire = {"issue_link_id": number, "link_type": kind, "link_created_at": at, "link_updated_at": at}
    return call.render.issue(other) | more


def related(call: Call) -> Response:
    """The merge requests that name an issue."""
    rows = call.lists.mentioning(call.issue().id)
    return listed(call, rows, lambda request: brief(call, request), names={"iid": "issue_iid"})


def closed_by(call: Call) -> Response:
    """The merge requests that close an issue when they are merged."""
    rows = call.lists.closing(call.issue().id)
    return listed(call, rows, lambda request: brief(call, request), names={"iid": "issue_iid"})


ENDPOINTS = [
    Endpoint("GET", "issues", everywhere, OWN_LIST),
    Endpoint("GET", "issues/:issue_id", by_id),
    Endpoint("GET", "projects/:id/issues", of_project, PROJECT_LIST),
    Endpoint("GET", "groups/:id/issues", of_group, GROUP_LIST),
    Endpoint("GET", "projects/:id/issues/:iid", issue),
    Endpoint("GET", "projects/:id/issues/:iid/links", links),
    Endpoint("GET", "projects/:id/issues/:iid/related_merge_requests", related, PAGE),
    Endpoint("GET", "projects/:id/issues/:iid/closed_by", closed_by, PAGE),
]
