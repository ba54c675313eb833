"""REST: changes to an issue, as GitLab takes and refuses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab.changes import BadValueError
from okr_delivery.sandbox.gitlab.http import Call, RefusedError, answer, bad, not_found
from okr_delivery.sandbox.gitlab.parameters import (
    Declared,
    boolean,
    choice,
    day,
    integer,
    integers,
    moment,
    string,
    strings,
)
from okr_delivery.sandbox.gitlab.rest_issues import TYPES
from okr_delivery.sandbox.gitlab.routing import Endpoint
from okr_delivery.sandbox.gitlab.state import CLOSED, EPIC, OPENED, WorkItem

UPDATE: Declared = {
    "title": string(),
    "description": string(),
    "state_event": choice("reopen", "close"),
    "labels": strings(),
    "add_labels": strings(),
    "remove_labels": strings(),
    "milestone_id": integer(),
    "weight": integer(),
    "due_date": day(),
    "confidential": boolean(),
    "assignee_ids": integers(),
    "assignee_id": integer(),
    "issue_type": choice(*TYPES),
    "epic_id": integer(),
    "epic_iid": integer(),
    "discussion_locked": boolean(),
    "updated_at": moment(),
}
PAID = ("weight", "epic_id", "epic_iid")
TOO_FEW = (
    ", ".join(name for name in UPDATE if name != "updated_at") + " are missing, at least one parameter must be provided"
)
Write = Callable[[Call, WorkItem, Any], Mapping[str, object]]


def update(call: Call) -> Response:
    """Changes an issue in one save. Labels that are not there are made, as GitLab does."""
    item, sent = call.issue(), _allowed(call)
    if not sent:
        raise bad(TOO_FEW)
    fields: dict[str, object] = {}
    for name, value in sent.items():
        fields |= WRITES[name](call, item, value)
    if item.parent is not None and fields.get("parent", "") is None and call.state.items[item.parent].kind != EPIC:
        del fields["parent"]
    try:
        call.forge.edit(item.id, fields, call.caller.account)
    except BadValueError as error:
        raise RefusedError(400, {"message": {error.field: [error.reason]}}) from error
    return answer(call.render.issue_bytes(item, alone=True))


def _allowed(call: Call) -> dict[str, Any]:
    """What was sent and counts; what needs a plan is dropped without a word, as GitLab does."""
    return {
        name: value
        for name, value in call.sent.items()
        if name != "updated_at" and (call.features.paid or name not in PAID)
    }


def _numbers(call: Call, item: WorkItem, names: list[str]) -> list[int]:
    return [call.forge.label_id(name, item) for name in names]


def _known(call: Call, item: WorkItem, names: list[str]) -> list[int]:
    """Labels that the item has, by name: what is not there can't be taken away."""
    return [number for number in item.labels if call.state.labels[number].name in names]


def _milestone(call: Call, item: WorkItem, value: int | None) -> Mapping[str, object]:
    """A milestone of somewhere else is not taken, without a word."""
    row = call.state.milestones.get(value or 0)
    project = call.state.projects[item.project or 0]
    groups = {group.id for group in call.state.ancestors(project.group)}
    fits = row is not None and (row.project == project.id or row.group in groups)
    return {"milestone": value if fits else None} if fits or not value else {}


def _epic(call: Call, item: WorkItem, value: int | None) -> Mapping[str, object]:
    if not value:
        return {"parent": None}
    for row in call.state.items.values():
        if row.kind == EPIC and value in (row.epic_id, row.iid):
            return {"parent": row.id}
    raise not_found("Epic")


WRITES: dict[str, Write] = {
    "title": lambda call, item, value: {"title": value},
    "description": lambda call, item, value: {"description": value or ""},
    "state_event": lambda call, item, value: {"state": CLOSED if value == "close" else OPENED},
    "labels": lambda call, item, value: {"labels": _numbers(call, item, value or [])},
    "add_labels": lambda call, item, value: {"add_labels": _numbers(call, item, value or [])},
    "remove_labels": lambda call, item, value: {"remove_labels": _known(call, item, value or [])},
    "milestone_id": _milestone,
    "weight": lambda call, item, value: {"weight": value},
    "due_date": lambda call, item, value: {"due": value},
    "confidential": lambda call, item, value: {"confidential": value},
    "assignee_ids": lambda call, item, value: {"assignees": [number for number in value or [] if number]},
    "assignee_id": lambda call, item, value: {"assignees": [value] if value else []},
    "issue_type": lambda call, item, value: {"kind": value},
    "epic_id": _epic,
    "epic_iid": _epic,
    "discussion_locked": lambda call, item, value: {},
}


def move(call: Call) -> Response:
    """Moves an issue to another project: the answer is the new one."""
    item = call.issue()
    home = call.state.projects.get(call.given["to_project_id"])
    if home is None or not call.sees(home):
        raise not_found("Project")
    if home.id == item.project:
        raise RefusedError(400, {"message": "Cannot move issue to project it originates from!"})
    return answer(call.render.issue_bytes(call.forge.move(item.id, home.id), alone=True), 201)


ENDPOINTS = [
    Endpoint("PUT", "projects/:id/issues/:iid", update, UPDATE),
    Endpoint("POST", "projects/:id/issues/:iid/move", move, {"to_project_id": integer(required=True)}),
]
