"""Mutations: changes to work items, and comments. A refusal is told in `errors` of the payload, with status 200."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from graphql import GraphQLError

from okr_delivery.sandbox.gitlab.changes import BadValueError
from okr_delivery.sandbox.gitlab.graphql_items import HEALTHS, Resolver
from okr_delivery.sandbox.gitlab.graphql_notes import note_of
from okr_delivery.sandbox.gitlab.graphql_sources import GONE, Info, asked, number_of, seen_item
from okr_delivery.sandbox.gitlab.http import Call
from okr_delivery.sandbox.gitlab.posted import Progress
from okr_delivery.sandbox.gitlab.state import CLOSED, OPENED, Wire, WorkItem

Input = Mapping[str, Any]


def _writable(info: Info, text: str) -> WorkItem:
    """The item, if this token may write to it."""
    call = asked(info).call
    scopes = call.faults.scopes
    item = seen_item(call, call.state.items.get(number_of(text, "WorkItem", "Issue")))
    if item is None or call.caller.account is None or (scopes is not None and "api" not in scopes):
        raise GraphQLError(GONE)
    return item


def _update(root: object, info: Info, input: Input) -> Wire:  # noqa: A002  # GraphQL's name
    """Changes a work item in one save."""
    call, item = asked(info).call, _writable(info, input["id"])
    try:
        call.forge.edit(item.id, _fields(item, input), call.caller.account)
    except BadValueError as error:
        said = f"{error.field.replace('_', ' ').capitalize()} {error.reason}"
        return {"errors": [said], "workItem": None, "clientMutationId": input.get("clientMutationId")}
    if input.get("progressWidget"):
        _progress(call, item, input["progressWidget"])
    return {"errors": [], "workItem": item, "clientMutationId": input.get("clientMutationId")}


def _fields(item: WorkItem, given: Input) -> dict[str, object]:
    fields: dict[str, object] = {name: given[name] for name in ("title", "confidential") if given.get(name) is not None}
    if given.get("stateEvent"):
        fields["state"] = CLOSED if given["stateEvent"] == "CLOSE" else OPENED
    for name, read in _WIDGETS.items():
        if given.get(name) is not None:
            fields |= read(given[name])
    return fields


def _labels(given: Input) -> dict[str, object]:
    """Added first, then taken away."""
    kinds = ("Label", "ProjectLabel", "GroupLabel")
    sides = {"add_labels": given.get("addLabelIds"), "remove_labels": given.get("removeLabelIds")}
    return {name: [number_of(text, *kinds) for text in rows] for name, rows in sides.items() if rows}


def _one(member: str, name: str, *kinds: str) -> Callable[[Input], dict[str, object]]:
    """A reference that may be taken away with null."""

    def read(given: Input) -> dict[str, object]:
        if name not in given:
            return {}
        return {member: number_of(given[name], *kinds) if given[name] is not None else None}

    return read


def _dates(given: Input) -> dict[str, object]:
    sides = {"start": "startDate", "due": "dueDate"}
    return {
        member: date.fromisoformat(given[name]) if given[name] else None
        for member, name in sides.items()
        if name in given
    }


def _health(given: Input) -> dict[str, object]:
    spelled = {name: own for own, name in HEALTHS.items()}
    return {"health": spelled.get(given.get("healthStatus") or "")}


def _custom(given: list[Input]) -> dict[str, object]:
    return {"custom": {number_of(row["customFieldId"], "Issuables::CustomField"): _custom_value(row) for row in given}}


def _custom_value(row: Input) -> object:
    if row.get("selectedOptionIds") is not None:
        return [number_of(text) for text in row["selectedOptionIds"]]
    number = row.get("numberValue")
    return number if number is not None else row.get("textValue")


_WIDGETS: dict[str, Callable[[Any], dict[str, object]]] = {
    "assigneesWidget": lambda given: {"assignees": [number_of(text, "User") for text in given["assigneeIds"]]},
    "customFieldsWidget": _custom,
    "descriptionWidget": lambda given: {"description": given["description"]},
    "healthStatusWidget": _health,
    "hierarchyWidget": _one("parent", "parentId", "WorkItem"),
    "iterationWidget": _one("iteration", "iterationId", "Iteration"),
    "labelsWidget": _labels,
    "milestoneWidget": _one("milestone", "milestoneId", "Milestone"),
    "startAndDueDateWidget": _dates,
    "statusWidget": _one("status", "status", "WorkItems::Statuses::Custom::Status"),
    "weightWidget": lambda given: {"weight": given.get("weight")},
}


def _progress(call: Call, item: WorkItem, given: Input) -> None:
    """Writes an item's progress and averages those above it anew, over whatever was written there by hand."""
    row = call.posted.progress.setdefault(item.id, Progress())
    for name in ("current", "start", "end"):
        if given.get(f"{name}Value") is not None:
            setattr(row, name, given[f"{name}Value"])
    row.at = call.forge.now
    with call.forge.writing(item):
        item.updated = call.forge.now
    _average(call, item.parent)


def _average(call: Call, number: int | None) -> None:
    item = call.state.items.get(number or 0)
    if item is None:
        return
    parts = [call.posted.progress.get(child.id, Progress()).percent for child in call.lists.children(item.id)]
    call.posted.progress[item.id] = Progress(round(sum(parts) / len(parts)), at=call.forge.now)
    with call.forge.writing(item):
        item.updated = call.forge.now
    _average(call, item.parent)


def _note(root: object, info: Info, input: Input) -> Wire:  # noqa: A002  # GraphQL's name
    """A comment; the limit on notes counts these too."""
    call, item = asked(info).call, _writable(info, input["noteableId"])
    call.limits.admit_note(call.forge.clock())
    if not input["body"].strip():
        return {"errors": ["Note can't be blank"], "note": None, "clientMutationId": input.get("clientMutationId")}
    made = call.forge.comment(item.id, input["body"], internal=bool(input.get("internal")), user=call.caller.account)
    return {"errors": [], "note": note_of(call, item, made.id), "clientMutationId": input.get("clientMutationId")}


RESOLVERS: dict[str, Resolver] = {"Mutation.workItemUpdate": _update, "Mutation.createNote": _note}
