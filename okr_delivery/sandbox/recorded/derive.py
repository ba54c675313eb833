"""What a recording does not say outright, taken from its issues and their histories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from okr_delivery.sandbox.recorded import servers
from okr_delivery.sandbox.site import BASE, Board, FieldIds, Site, Sprint, Wire

if TYPE_CHECKING:
    from okr_delivery.sandbox.recorded.lines import Payloads

UNDEFINED: Wire = {
    "self": f"{BASE}/rest/api/3/statuscategory/1",
    "id": 1,
    "key": "undefined",
    "colorName": "medium-gray",
    "name": "No Category",
}
GREENHOPPER = "com.pyxis.greenhopper.jira"
PLAIN = "com.atlassian.jira.plugin.system.customfieldtypes"
POINTS = ("story points", "story point estimate")
FIRST_PROJECT = 90_001  # ids for projects that the recording only names
FIRST_FILTER = 90_000  # ids for filters of boards whose configuration was not recorded


def body(row: Wire) -> Wire:
    """An issue's fields."""
    fields = row.get("fields")
    return fields if isinstance(fields, dict) else {}


def histories(row: Wire) -> list[Wire]:
    """An issue's inline history entries, in recorded order."""
    changelog = row.get("changelog")
    found = changelog.get("histories") if isinstance(changelog, Mapping) else None
    return found if isinstance(found, list) else []


def items(rows: Iterable[Wire]) -> Iterator[Wire]:
    """All history items of all issues."""
    for row in rows:
        for entry in histories(row):
            found = entry.get("items")
            yield from found if isinstance(found, list) else []


def reference(value: object) -> str | None:
    """The id of a nested object."""
    return str(value["id"]) if isinstance(value, Mapping) and "id" in value else None


def user(account: str, name: str) -> Wire:
    return {"accountId": account, "accountType": "atlassian", "displayName": name, "active": True}


def users(rows: list[Wire]) -> dict[str, Wire]:
    """People met in bodies and histories, by account."""
    found: dict[str, Wire] = {}
    for row in rows:
        people = [body(row).get(name) for name in ("creator", "reporter", "assignee")]
        people += [entry.get("author") for entry in histories(row)]
        for person in people:
            if isinstance(person, dict) and (account := person.get("accountId") or person.get("key")):
                found.setdefault(str(account), person)
    return found


def statuses(recorded: list[Wire], rows: list[Wire]) -> list[Wire]:
    """The recorded list, the statuses of bodies, and those only histories know, which have no category."""
    found = {str(row["id"]): row for row in recorded}
    for row in rows:
        for status in _nested_statuses(body(row)):
            found.setdefault(str(status["id"]), status)
    for item in items(rows):
        if item.get("field") == "status":
            for number, name in ((item.get("from"), item.get("fromString")), (item.get("to"), item.get("toString"))):
                if number:
                    address = f"{BASE}/rest/api/3/status/{number}"
                    unknown: Wire = {"self": address, "id": str(number), "name": name, "statusCategory": UNDEFINED}
                    found.setdefault(str(number), unknown)
    return list(found.values())


def _nested_statuses(value: object) -> Iterator[Wire]:
    """Statuses anywhere in a body: the issue's own, its parent's, those of linked issues and sub-tasks."""
    if isinstance(value, dict):
        if "statusCategory" in value:
            yield value
        for inner in value.values():
            yield from _nested_statuses(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nested_statuses(inner)


def from_bodies(recorded: list[Wire], rows: list[Wire], name: str) -> list[Wire]:
    """The recorded list and what bodies hold in this field."""
    found = {str(row["id"]): row for row in recorded}
    for row in rows:
        value = body(row).get(name)
        if isinstance(value, dict):
            found.setdefault(str(value["id"]), value)
    return list(found.values())


def link_types(rows: list[Wire]) -> list[Wire]:
    """Types of the links in bodies."""
    found: dict[str, Wire] = {}
    for row in rows:
        links = body(row).get("issuelinks")
        for link in links if isinstance(links, list) else []:
            found.setdefault(str(link["type"]["id"]), link["type"])
    return list(found.values()) or [{"id": "10000", "name": "Relates", "inward": "relates to", "outward": "relates to"}]


def projects(rows: list[Wire]) -> dict[str, Wire]:
    """Projects of bodies; where bodies hold none, of the key, with the id that a move may have left in history."""
    found: dict[str, Wire] = {}
    for row in rows:
        value = body(row).get("project")
        if isinstance(value, dict):
            found.setdefault(str(value["id"]), value)
    named = {str(row["key"]) for row in found.values()}
    for place, key in enumerate(sorted({_prefix(row) for row in rows} - named)):
        number, name = _moved_to(rows, key) or (str(FIRST_PROJECT + place), key)
        address = f"{BASE}/rest/api/3/project/{number}"
        found[number] = {"self": address, "id": number, "key": key, "name": name, "projectTypeKey": "software"}
    return found


def project_id(known: Mapping[str, Wire], row: Wire) -> str:
    """The project of an issue."""
    number = reference(body(row).get("project"))
    return number or next(number for number, project in known.items() if project["key"] == _prefix(row))


def _prefix(row: Wire) -> str:
    return str(row["key"]).rpartition("-")[0]


def _moved_to(rows: list[Wire], key: str) -> tuple[str, str] | None:
    for row in rows:
        if _prefix(row) == key:
            for item in items([row]):
                if item.get("field") == "project" and item.get("to"):
                    return str(item["to"]), str(item["toString"])
    return None


def by_project(site: Site, rows: list[Wire], name: str) -> dict[str, list[Wire]]:
    """Versions or components that bodies hold, by project."""
    found: dict[str, dict[str, Wire]] = {}
    for row in rows:
        values = body(row).get(name)
        table = found.setdefault(site.issues[int(str(row["id"]))].project, {})
        for value in values if isinstance(values, list) else []:
            table.setdefault(str(value["id"]), value)
    return {project: list(table.values()) for project, table in found.items()}


def fields(recorded: list[Wire], rows: list[Wire]) -> list[Wire]:
    """The recorded list, else one made of the fields in bodies, named as histories name them."""
    found = {str(row["id"]): row for row in recorded}
    names = servers.custom_names(rows, {str(row["id"]): body(row) for row in rows})
    names |= {str(i["fieldId"]): str(i["field"]) for i in items(rows) if i.get("fieldId")}
    values: dict[str, object] = {}
    for row in rows:
        for name, value in body(row).items():
            values[name] = values.get(name) or value
    for name in sorted(values.keys() | names.keys()):
        plain = servers.SPRINT if _holds_sprints(values.get(name)) else name
        found.setdefault(name, _field(name, names.get(name, plain), values.get(name)))
    return list(found.values())


def _field(field_id: str, name: str, value: object) -> Wire:
    custom = field_id.startswith("customfield_")
    row: Wire = {"id": field_id, "key": field_id, "name": name, "custom": custom, "orderable": True}
    clause = f"cf[{field_id.removeprefix('customfield_')}]" if custom else field_id
    row |= {"navigable": True, "searchable": True, "clauseNames": [clause]}
    if not custom:
        return row | {"schema": {"type": _type(value), "system": field_id}}
    number = int(field_id.removeprefix("customfield_"))
    schema: Wire = {"type": _type(value), "custom": _custom_type(name, value), "customId": number}
    return row | {"schema": schema | ({"items": _items(value)} if isinstance(value, list) else {})}


def _items(value: list[object]) -> str:
    """What a list field holds, from the first of its values."""
    if _is_options(value):
        return "option"
    return "string" if value and isinstance(value[0], str) else "json"


def _is_options(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping) and "value" in value[0]


def _type(value: object) -> str:
    kinds = {list: "array", dict: "any", int: "number", float: "number"}
    return kinds.get(type(value), "string")


def _custom_type(name: str, value: object) -> str:
    if name == servers.SPRINT or _holds_sprints(value):
        return f"{GREENHOPPER}:gh-sprint"
    if name.casefold() in POINTS or isinstance(value, int | float):
        return f"{PLAIN}:float"
    return f"{PLAIN}:multicheckboxes" if _is_options(value) else f"{PLAIN}:textfield"


def _holds_sprints(value: object) -> bool:
    return isinstance(value, list) and bool(value) and _is_sprint(value[0])


def _is_sprint(value: object) -> bool:
    if isinstance(value, Mapping):
        return "boardId" in value and "state" in value
    return "greenhopper.service.sprint" in str(value)


def field_ids(known: list[Wire]) -> FieldIds:
    """The parts that custom fields play, by schema, the estimate by name."""

    def find(custom: str) -> str | None:
        return next((str(f["id"]) for f in known if _schema(f).get("custom") == custom), None)

    points = next((str(f["id"]) for f in known if f.get("custom") and str(f["name"]).casefold() in POINTS), None)
    return FieldIds(
        sprint=find(f"{GREENHOPPER}:gh-sprint"),
        points=points,
        rank=find(f"{GREENHOPPER}:gh-lexo-rank"),
        flagged=None,
        epic_link=find(f"{GREENHOPPER}:gh-epic-link"),
        key_result=None,
        contribution=None,
    )


def _schema(field: Wire) -> Mapping[str, object]:
    schema = field.get("schema")
    return schema if isinstance(schema, Mapping) else {}


def add_boards(site: Site, payloads: Payloads, rows: list[Wire]) -> None:
    """Recorded sprints and boards, sprints that only bodies hold, and a scrum board for every sprint without one."""
    for row in payloads.sprints:
        _add_sprint(site, row, int(str(row["originBoardId"])))
    for row in rows:
        values = body(row).get(site.ids.sprint or "")
        for value in values if isinstance(values, list) else []:
            told = value if isinstance(value, dict) else servers.sprint_members(value)
            if told is not None and int(str(told["id"])) not in site.sprints:
                _add_sprint(site, told, int(str(told.get("boardId") or told.get("originBoardId") or 1)))
    configurations = {int(str(c["id"])): c for c in payloads.configurations}
    for board in (*payloads.boards, *payloads.configurations):
        _add_board(site, board, configurations.get(int(str(board["id"])), {}))
    for sprint in list(site.sprints.values()):
        if sprint.board not in site.boards:
            project = _project_of(site, sprint.id)
            name = f"{site.projects[project]['key']} board"
            site.boards[sprint.board] = Board(sprint.board, name, "scrum", project, _configuration(site, {}))
    for made in site.boards.values():
        _add_filter(site, made)


def _add_filter(site: Site, board: Board) -> None:
    """Every board shows what a saved query finds; no recording holds the query, so it is all of the board's project."""
    number = reference(board.configuration.get("filter")) or str(FIRST_FILTER + board.id)
    board.configuration.setdefault("filter", {"id": number, "self": f"{BASE}/rest/api/2/filter/{number}"})
    site.filters[number] = f'project = "{site.projects[board.project]["key"]}"'


def _project_of(site: Site, sprint: int) -> str:
    holders = (issue.project for issue in site.issues.values() if sprint in issue.sprints)
    return next(holders, next(iter(site.projects)))


def _add_sprint(site: Site, row: Wire, board: int) -> None:
    from okr_delivery.sandbox.recorded.load import milliseconds

    number = int(str(row["id"]))
    made = Sprint(number, board, str(row["name"]), str(row["state"]).lower(), goal=str(row.get("goal") or ""))
    made.start, made.end = milliseconds(row.get("startDate")), milliseconds(row.get("endDate"))
    made.complete = milliseconds(row.get("completeDate"))
    site.sprints[number] = made


def _add_board(site: Site, row: Wire, configuration: Wire) -> None:
    number, location = int(str(row["id"])), row.get("location")
    place = location if isinstance(location, Mapping) else {}
    project = site.project(str(place.get("projectKey") or place.get("key") or ""))
    project_number = str(project["id"]) if project else next(iter(site.projects))
    made = Board(number, str(row["name"]), str(row["type"]), project_number, _configuration(site, configuration))
    site.boards.setdefault(number, made)


def _configuration(site: Site, recorded: Wire) -> Wire:
    kept = {k: v for k, v in recorded.items() if k not in ("id", "name", "type", "self")}
    if recorded or site.ids.points is None:
        return kept
    name = next(str(f["name"]) for f in site.fields if f["id"] == site.ids.points)
    return {"estimation": {"type": "field", "field": {"fieldId": site.ids.points, "displayName": name}}}
