"""What each field of the query language means: which operators it takes, what its operands and its values are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from okr_delivery.sandbox.jql.dates import called, instant
from okr_delivery.sandbox.jql.parser import Call, JqlError, Operand
from okr_delivery.sandbox.site import SiteIssue, Wire, named

if TYPE_CHECKING:
    from okr_delivery.sandbox.jql.evaluate import Scope

Values = Callable[[SiteIssue], Iterable[object]]
Sort = Callable[[SiteIssue], Any]

EQUALITY = frozenset({"=", "!=", "in", "not in", "is", "is not"})
ORDER = frozenset({"=", "!=", "<", "<=", ">", ">=", "is", "is not"})
TEXT = frozenset({"~", "!~", "is", "is not"})
CATEGORIES = {
    "new": "new",
    "to do": "new",
    "indeterminate": "indeterminate",
    "in progress": "indeterminate",
    "done": "done",
}
TYPE_NAMES = frozenset({"type", "issuetype"})
TYPE_FUNCTIONS = {"standardissuetypes": False, "subtaskissuetypes": True}
RELEASES = {"releasedversions": True, "unreleasedversions": False}
CATEGORY_IDS = {"1": "undefined", "2": "new", "4": "indeterminate", "3": "done"}


@dataclass(frozen=True, slots=True)
class FieldRule:
    """`values`: what an issue holds, empty when nothing. `operand`: the set of values that an operand stands for."""

    operators: frozenset[str]
    values: Values
    operand: Callable[[Operand, str, Scope], frozenset[Any]]
    sort: Sort | None = None


def rule(field: str, scope: Scope) -> FieldRule:
    """The rule of a field by clause name, any case; custom fields also as `cf[10016]` or by their name."""
    name = field.casefold()
    if name in SYSTEM:
        return SYSTEM[name](scope)
    for row in scope.site.fields:
        if row.get("custom") and name in _clause_names(row):
            return _sprint(scope) if row["id"] == scope.site.ids.sprint else _custom(row)
    raise JqlError(f"Field '{field}' does not exist or you do not have permission to view it.")


def _clause_names(row: Wire) -> set[str]:
    number = str(row["id"]).removeprefix("customfield_")
    return {str(row["name"]).casefold(), str(row["id"]), f"cf[{number}]"}


def _plain(operand: Operand, field: str) -> str:
    if isinstance(operand, str):
        return operand
    what = operand.name if isinstance(operand, Call) else "EMPTY"
    raise JqlError(f"Unable to find JQL function '{what}()' for the field '{field}'.")


def _missing(text: str, field: str) -> JqlError:
    return JqlError(f"The value '{text}' does not exist for the field '{field}'.")


def _project(scope: Scope) -> FieldRule:
    def operand(value: Operand, field: str, at: Scope) -> frozenset[str]:
        text = _plain(value, field)
        row = at.site.project(text)
        if row is None or str(row["id"]) in at.gone:
            raise _missing(text, field)
        return frozenset({str(row["id"])})

    return FieldRule(
        EQUALITY, lambda issue: (issue.project,), operand, lambda issue: scope.site.projects[issue.project]["key"]
    )


def _key(_: Scope) -> FieldRule:
    def operand(value: Operand, field: str, at: Scope) -> frozenset[int]:
        text = _plain(value, field)
        issue = at.site.find(text)
        if issue is None or issue.project in at.gone or (at.projects is not None and issue.project not in at.projects):
            raise JqlError(_unknown_issue(text, field))
        return frozenset({issue.id})

    return FieldRule(EQUALITY | ORDER, lambda issue: (issue.id,), operand, lambda issue: issue.id)


def _unknown_issue(text: str, field: str) -> str:
    if text.isdigit():
        return f"A value with ID '{text}' does not exist for the field '{field}'."
    return f"An issue with key '{text}' does not exist for field '{field}'."


def _date(read: Callable[[SiteIssue], int | None]) -> Callable[[Scope], FieldRule]:
    def values(issue: SiteIssue) -> tuple[int, ...]:
        at = read(issue)
        return () if at is None else (at,)

    def operand(value: Operand, field: str, at: Scope) -> frozenset[int]:
        if isinstance(value, Call):
            return frozenset({called(value, field, at.zone, at.now)})
        text = _plain(value, field)
        return frozenset({instant(text, field, at.zone, at.now, epoch_allowed=at.epoch_allowed)})

    found = FieldRule(ORDER, values, operand, lambda issue: read(issue) or 0)
    return lambda _: found


def _rows(rows: Callable[[Scope], list[Wire]], read: Callable[[SiteIssue], str | None]) -> Callable[[Scope], FieldRule]:
    """A field that refers to a row of a metadata list, by id or name; an unknown name is an error."""

    def operand(value: Operand, field: str, at: Scope) -> frozenset[str]:
        if isinstance(value, Call) and value.name.casefold() in TYPE_FUNCTIONS and field.casefold() in TYPE_NAMES:
            wanted = TYPE_FUNCTIONS[value.name.casefold()]
            return frozenset(str(row["id"]) for row in rows(at) if row.get("subtask") is wanted)
        text = _plain(value, field)
        ids = frozenset(str(row["id"]) for row in named(rows(at), text))
        if not ids:
            raise _missing(text, field)
        return ids

    def values(issue: SiteIssue) -> tuple[str, ...]:
        found = read(issue)
        return () if found is None else (found,)

    ready = FieldRule(EQUALITY, values, operand, lambda issue: read(issue) or "")
    return lambda _: ready


def _category(scope: Scope) -> FieldRule:
    kinds = {str(row["id"]): _category_key(row) for row in scope.site.statuses}

    def operand(value: Operand, field: str, _: Scope) -> frozenset[str]:
        text = _plain(value, field)
        found = CATEGORIES.get(text.casefold()) or CATEGORY_IDS.get(text)
        if found is None:
            raise _missing(text, field)
        return frozenset({found})

    return FieldRule(EQUALITY, lambda issue: (kinds.get(issue.status, "undefined"),), operand)


def _category_key(row: Wire) -> str:
    category = row.get("statusCategory")
    return str(category["key"]) if isinstance(category, dict) else "undefined"


def _labels(_: Scope) -> FieldRule:
    return FieldRule(
        EQUALITY,
        lambda issue: [label.casefold() for label in issue.labels],
        lambda value, field, _scope: frozenset({_plain(value, field).casefold()}),
    )


def _sprint(_: Scope) -> FieldRule:
    states = {"opensprints": "active", "closedsprints": "closed", "futuresprints": "future"}

    def operand(value: Operand, field: str, at: Scope) -> frozenset[int]:
        sprints = at.site.sprints.values()
        if isinstance(value, Call) and value.name.casefold() in states:
            return frozenset(s.id for s in sprints if s.state == states[value.name.casefold()])
        text = _plain(value, field)
        found = frozenset(s.id for s in sprints if text in (str(s.id), s.name))
        if not found:
            shown = f"ID '{text}'" if text.isdigit() else f"name '{text}'"
            raise JqlError(f"Sprint with {shown} does not exist or you do not have permission to view it.")
        return found

    return FieldRule(EQUALITY, lambda issue: issue.sprints, operand)


def _parent(scope: Scope) -> FieldRule:
    return FieldRule(EQUALITY, lambda issue: (issue.parent,) if issue.parent else (), _key(scope).operand)


def _lists(rows: str, attribute: str) -> Callable[[Scope], FieldRule]:
    """Versions and components: lists kept by project, one name in several projects."""

    def operand(value: Operand, field: str, at: Scope) -> frozenset[str]:
        tables: dict[str, list[Wire]] = getattr(at.site, rows)
        if isinstance(value, Call) and value.name.casefold() in RELEASES and rows == "versions":
            wanted = RELEASES[value.name.casefold()]
            return frozenset(str(r["id"]) for table in tables.values() for r in table if r.get("released") is wanted)
        text = _plain(value, field)
        ids = frozenset(str(row["id"]) for table in tables.values() for row in named(table, text))
        if not ids:
            raise _missing(text, field)
        return ids

    found = FieldRule(EQUALITY, lambda issue: getattr(issue, attribute), operand)
    return lambda _: found


def _text(read: Callable[[SiteIssue], str]) -> Callable[[Scope], FieldRule]:
    def operand(value: Operand, field: str, _: Scope) -> frozenset[str]:
        return frozenset({_plain(value, field)})

    found = FieldRule(TEXT, lambda issue: (read(issue),) if read(issue) else (), operand, read)
    return lambda _: found


def _user(read: Callable[[SiteIssue], str | None]) -> Callable[[Scope], FieldRule]:
    def operand(value: Operand, field: str, at: Scope) -> frozenset[str]:
        if isinstance(value, Call) and value.name.casefold() == "currentuser":
            return frozenset({at.site.account})
        account = at.person(_plain(value, field))
        if account is None:
            raise _missing(_plain(value, field), field)
        return frozenset({account})

    def values(issue: SiteIssue) -> tuple[str, ...]:
        who = read(issue)
        return (who,) if who else ()

    found = FieldRule(EQUALITY, values, operand, lambda issue: read(issue) or "")
    return lambda _: found


def _custom(row: Wire) -> FieldRule:
    field_id = str(row["id"])
    schema = row.get("schema")
    number = isinstance(schema, dict) and schema.get("type") == "number"

    def values(issue: SiteIssue) -> tuple[object, ...]:
        held = issue.custom.get(field_id)
        return () if held in (None, "", []) else (held,)

    def operand(value: Operand, field: str, _: Scope) -> frozenset[object]:
        text = _plain(value, field)
        try:
            return frozenset({float(text) if number else text})
        except ValueError as error:
            raise JqlError(f"The value '{text}' for field '{field}' is not a number.") from error

    return FieldRule(
        ORDER | EQUALITY if number else TEXT, values, operand, lambda issue: str(issue.custom.get(field_id))
    )


def _description(issue: SiteIssue) -> str:
    return issue.description if isinstance(issue.description, str) else ""


SYSTEM: dict[str, Callable[[Scope], FieldRule]] = {
    "project": _project,
    "key": _key,
    "issuekey": _key,
    "id": _key,
    "issue": _key,
    "updated": _date(lambda issue: issue.updated),
    "updateddate": _date(lambda issue: issue.updated),
    "created": _date(lambda issue: issue.created),
    "createddate": _date(lambda issue: issue.created),
    "resolved": _date(lambda issue: issue.resolved),
    "resolutiondate": _date(lambda issue: issue.resolved),
    "statuscategorychangeddate": _date(lambda issue: issue.status_changed),
    "status": _rows(lambda s: s.site.statuses, lambda issue: issue.status),
    "statuscategory": _category,
    "type": _rows(lambda s: s.site.types, lambda issue: issue.type),
    "issuetype": _rows(lambda s: s.site.types, lambda issue: issue.type),
    "priority": _rows(lambda s: s.site.priorities, lambda issue: issue.priority),
    "resolution": _rows(lambda s: s.site.resolutions, lambda issue: issue.resolution),
    "labels": _labels,
    "sprint": _sprint,
    "parent": _parent,
    "fixversion": _lists("versions", "versions"),
    "component": _lists("components", "components"),
    "summary": _text(lambda issue: issue.summary),
    "description": _text(_description),
    "text": _text(lambda issue: f"{issue.summary}\n{_description(issue)}"),
    "creator": _user(lambda issue: issue.creator),
    "reporter": _user(lambda issue: issue.creator),
    "assignee": _user(lambda issue: issue.assignee),
}
"""System fields by clause name."""
