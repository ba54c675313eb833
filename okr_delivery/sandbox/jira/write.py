"""Requests that change issues."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Response

from okr_delivery.sandbox import adf
from okr_delivery.sandbox.edits import BadValueError
from okr_delivery.sandbox.jira.http import Call, RefusedError, answer, checked, nothing
from okr_delivery.sandbox.jira.issues import issue as issue_body
from okr_delivery.sandbox.jira.issues import one
from okr_delivery.sandbox.site import BASE, SiteIssue, Wire, by_id
from okr_delivery.sandbox.tracker import statuses_of

MOST_VALUE = 32_768  # bytes of an entity property
IGNORED = frozenset({"status", "resolution"})  # a PUT that names them is answered 204 and changes nothing of them
UPDATE: dict[str, type | tuple[type, ...]] = {
    "fields": dict,
    "update": dict,
    "historyMetadata": dict,
    "properties": list,
    "transition": dict,
}


def update(call: Call, issue_id: str) -> Response:
    """`PUT issue/{id}`: `fields` replaces, `update` merges; the status is silently ignored."""
    call.refuse_anonymous()
    found, body = one(call, issue_id), call.body()
    checked(body, UPDATE)
    if call.tracker.edited_within(found.id, call.faults.conflict_window):
        raise RefusedError(409, "The issue could not be updated due to a conflicting update.")
    try:
        call.tracker.edit(found.id, _changes(call, found, body), call.account)
    except BadValueError as error:
        raise RefusedError(400, errors={error.field: error.reason}) from error
    if call.request.args.get("returnIssue") == "true":
        return issue_body(call, issue_id)
    return nothing()


def _changes(call: Call, found: SiteIssue, body: Mapping[str, object]) -> dict[str, object]:
    fields, verbs = body.get("fields") or {}, body.get("update") or {}
    if not isinstance(fields, Mapping) or not isinstance(verbs, Mapping):
        raise RefusedError(400, "fields and update must be objects.")
    both = set(fields) & set(verbs)
    if both:
        name = sorted(both)[0]
        raise RefusedError(400, errors={name: f"Field '{name}' cannot be in both fields and update."})
    changes = {name: _incoming(call, name, value) for name, value in fields.items() if name not in IGNORED}
    for name, operations in verbs.items():
        changes[name] = _merged(found, name, operations)
    return changes


def _incoming(call: Call, name: str, value: object) -> object:
    """Version 3 takes only documents for text fields, version 2 only strings; people go by their names here."""
    if name == "assignee" and value is not None:
        account = call.dialect.account(call.tracker.site, value)
        if account is None:
            raise RefusedError(400, errors={name: f"User '{_person(value)}' does not exist."})
        return {"accountId": account}
    if value is None or not call.render.is_text(name):
        return value
    if call.version == 3 and not adf.is_document(value):
        text = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
        raise RefusedError(400, errors={name: text})
    if call.version == 2 and not isinstance(value, str):
        raise RefusedError(400, errors={name: "Operation value must be a string"})
    return value


def _person(value: object) -> str:
    return str(next(iter(value.values()), "")) if isinstance(value, Mapping) else str(value)


LISTS = {"labels": "labels", "fixVersions": "versions", "components": "components"}  # fields that can be added to


def _merged(found: SiteIssue, name: str, operations: object) -> object:
    if name not in LISTS or not isinstance(operations, list):
        return _last_set(name, operations)
    values: list[object] = list(getattr(found, LISTS[name]))
    for operation in operations:
        for verb, value in dict(operation).items():
            if verb == "add":
                values.append(value)
            elif verb == "remove":
                values = [held for held in values if held != value and held != _id(value)]
            else:
                values = list(value)
    return values


def _id(value: object) -> object:
    return value.get("id") if isinstance(value, Mapping) else value


def _last_set(name: str, operations: object) -> object:
    if isinstance(operations, list) and operations and isinstance(operations[-1], Mapping) and "set" in operations[-1]:
        return operations[-1]["set"]
    raise RefusedError(400, errors={name: "Only the operation set is supported for this field."})


def transitions(call: Call, issue_id: str) -> Response:
    """`GET transitions`: to every status of the workflow but the present one."""
    found = one(call, issue_id)
    return answer({"expand": "transitions", "transitions": [_transition(s) for s in _targets(call, found)]})


def _targets(call: Call, issue: SiteIssue) -> list[Wire]:
    return [s for s in statuses_of(call.tracker.site, issue.project) if s["id"] != issue.status]


def _transition(status: Wire) -> Wire:
    number = str(int(str(status["id"])) % 10_000 + 11)
    row: Wire = {"id": number, "name": status["name"], "to": status, "hasScreen": False, "isGlobal": True}
    return row | {"isInitial": False, "isConditional": False, "isAvailable": True, "isLooped": False}


def transition(call: Call, issue_id: str) -> Response:
    """`POST transitions`; fields that a transition screen would hold may set the resolution."""
    call.refuse_anonymous()
    found, body = one(call, issue_id), call.body()
    wanted = body.get("transition")
    number = str(wanted.get("id")) if isinstance(wanted, Mapping) else ""
    target = next((s for s in _targets(call, found) if _transition(s)["id"] == number), None)
    if target is None:
        raise RefusedError(400, f"It seems that you have tried to perform an illegal workflow operation ({number}).")
    fields = body.get("fields")
    resolution = fields.get("resolution") if isinstance(fields, Mapping) else None
    named = (resolution.get("id") or resolution.get("name")) if isinstance(resolution, Mapping) else None
    call.tracker.transition(found.id, str(target["id"]), str(named) if named else None)
    return nothing()


def properties(call: Call, issue_id: str) -> Response:
    """`GET properties`: the keys."""
    found = one(call, issue_id)
    address = f"{call.render.address(found)}/properties"
    return answer({"keys": [{"self": f"{address}/{key}", "key": key} for key in sorted(found.properties)]})


def get_property(call: Call, issue_id: str, key: str) -> Response:
    found = one(call, issue_id)
    if key not in found.properties:
        raise RefusedError(404, f"The property with key '{key}' does not exist.")
    return answer({"key": key, "value": found.properties[key]})


def set_property(call: Call, issue_id: str, key: str) -> Response:
    """`PUT properties/{key}`: 201 when new, 200 when replaced."""
    call.refuse_anonymous()
    found = one(call, issue_id)
    value = property_value(call)
    return nothing(201 if call.tracker.set_property(found.id, key, value) else 200)


def property_value(call: Call) -> object:
    """The value of an entity property in a request: any JSON of at most 32,768 bytes."""
    value = call.request.get_json(force=True, silent=True)
    if value is None:
        raise RefusedError(400, "The property value must be valid, non-empty JSON.")
    if len(call.request.get_data()) > MOST_VALUE:
        raise RefusedError(400, f"The property value cannot be longer than {MOST_VALUE} bytes.")
    return value


def delete_property(call: Call, issue_id: str, key: str) -> Response:
    call.refuse_anonymous()
    found = one(call, issue_id)
    if found.properties.pop(key, None) is None:
        raise RefusedError(404, f"The property with key '{key}' does not exist.")
    return nothing()


def create(call: Call) -> Response:
    """`POST issue`."""
    call.refuse_anonymous()
    body = call.body()
    checked(body, UPDATE)
    fields = body.get("fields")
    if not isinstance(fields, Mapping):
        raise RefusedError(400, "fields is required.")
    project, kind = fields.get("project"), fields.get("issuetype")
    values = {n: _incoming(call, n, v) for n, v in fields.items() if n not in ("project", "issuetype", "summary")}
    if not fields.get("summary"):
        raise RefusedError(400, errors={"summary": "You must specify a summary of the issue."})
    try:
        made = call.tracker.create(_reference(project), str(fields["summary"]), type_id=_type(call, kind), **values)
    except BadValueError as error:
        raise RefusedError(400, errors={error.field: error.reason}) from error
    return answer({"id": str(made.id), "key": made.key, "self": f"{BASE}/rest/api/{call.version}/issue/{made.id}"}, 201)


def _reference(value: object) -> str:
    return str(value.get("id") or value.get("key") or "") if isinstance(value, Mapping) else ""


def _type(call: Call, value: object) -> str | None:
    types = call.tracker.site.types
    wanted = (value.get("id") or value.get("name")) if isinstance(value, Mapping) else None
    row = by_id(types, str(wanted)) or next((t for t in types if t["name"] == wanted), None)
    if row is None:
        raise RefusedError(400, errors={"issuetype": "Specify a valid issue type"})
    return str(row["id"])


def delete(call: Call, issue_id: str) -> Response:
    """`DELETE issue/{id}`: refused while it has sub-tasks, unless they go with it."""
    call.refuse_anonymous()
    found = one(call, issue_id)
    subtasks = call.tracker.site.children(found)
    if subtasks and call.request.args.get("deleteSubtasks") != "true":
        raise RefusedError(
            400, f"The issue '{found.key}' has subtasks. You must specify the 'deleteSubtasks' parameter."
        )
    for child in [*subtasks, found]:
        call.tracker.delete(child.id)
    return nothing()
