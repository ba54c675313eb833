"""The synthetic tracker's metadata: projects, fields, workflow, people, boards and sprints."""

from __future__ import annotations

from typing import Any

from okr_delivery.sandbox.site import BASE, Board, Site, Sprint, Wire
from okr_delivery.sandbox.world.calendar import Beat, local_day
from okr_delivery.sandbox.world.words import words

PROJECTS = {"PAY": "10000", "MOB": "10001", "OKR": "10002", "WEB": "10003", "PLT": "10004"}
BOARDS = {"PAY": 1, "MOB": 2}
KANBAN_BOARDS = {"WEB": 3, "PLT": 4}
STATUS_IDS = {
    "PAY": ("10010", "10011", "3", "10012", "10013", "10014", "10015"),
    "MOB": ("10110", "10111", "10112", "10113", "10114", "10115", "10116"),
    "WEB": ("10210", "10211", "10212", "10213", "10214", "10215", "10216"),
    "PLT": ("10310", "10311", "10312", "10313", "10314", "10315", "10316"),
}
CATEGORY_OF = ("new", "new", "indeterminate", "indeterminate", "indeterminate", "done", "done")
CATEGORIES: dict[str, Wire] = {
    "new": {"id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"},
    "indeterminate": {"id": 4, "key": "indeterminate", "colorName": "yellow", "name": "In Progress"},
    "done": {"id": 3, "key": "done", "colorName": "green", "name": "Done"},
}
TODO, READY, DEVELOPMENT, REVIEW, TESTING, DONE, REJECTED = range(7)
TYPES = {"Story": "10001", "Task": "10002", "Bug": "10004", "Epic": "10000", "Sub-task": "10003", "Key Result": "10005"}
LEVELS = {"Epic": 1, "Sub-task": -1}
RESOLUTIONS = {"Done": "10000", "Won't Do": "10001", "Duplicate": "10002"}
ACCOUNT = "5b10a2844c20165700ede21a"
ACTIVE_SPRINT = 27  # the number in the name of the active sprint


def site(lang: str, now: int, zone: str) -> Site:
    """An organisation's tracker without boards' sprints and issues."""
    text = words(lang)
    made = Site(name=str(text["company"]), now=now, zone=zone, account=ACCOUNT)
    made.users = _users(text)
    made.types = [_type(name, str(text["types"][name])) for name in TYPES]
    made.statuses = [_status(project, n, text) for project in STATUS_IDS for n in range(len(CATEGORY_OF))]
    made.priorities = [_named("priority", str(n), name) for n, name in enumerate(text["priorities"], start=1)]
    made.resolutions = [_named("resolution", number, name) for name, number in RESOLUTIONS.items()]
    made.link_types = [_link_type("10000", "Relates", "relates to", "relates to"), *_blocks()]
    made.projects = {number: _project(key, number, text) for key, number in PROJECTS.items()}
    made.fields = fields()
    boards = BOARDS | KANBAN_BOARDS
    made.boards = {number: _board(project, number, text) for project, number in boards.items()}
    made.filters = {_filter(number): f"project = {project} ORDER BY Rank ASC" for project, number in boards.items()}
    return made


def _users(text: dict[str, Any]) -> dict[str, Wire]:
    people = {f"712020:{n:04d}": str(name) for n, name in enumerate(text["people"], start=1)}
    return {number: _user(number, name) for number, name in ({ACCOUNT: "okr-delivery"} | people).items()}


def _user(account: str, name: str) -> Wire:
    return {
        "self": f"{BASE}/rest/api/3/user?accountId={account}",
        "accountId": account,
        "accountType": "atlassian",
        "displayName": name,
        "active": True,
    }


def _named(kind: str, number: str, name: str) -> Wire:
    return {"self": f"{BASE}/rest/api/3/{kind}/{number}", "id": number, "name": name, "description": ""}


def _type(name: str, shown: str) -> Wire:
    row = _named("issuetype", TYPES[name], shown)
    return row | {"subtask": name == "Sub-task", "hierarchyLevel": LEVELS.get(name, 0)}


def _status(project: str, place: int, text: dict[str, Any]) -> Wire:
    row = _named("status", STATUS_IDS[project][place], str(text["statuses"][place]))
    category = CATEGORIES[CATEGORY_OF[place]]
    row["statusCategory"] = {"self": f"{BASE}/rest/api/3/statuscategory/{category['id']}"} | category
    if project == "MOB":  # a team-managed project: same names, statuses of its own
        row["scope"] = {"type": "PROJECT", "project": {"id": PROJECTS["MOB"]}}
    return row


def _link_type(number: str, name: str, inward: str, outward: str) -> Wire:
    return {"id": number, "name": name, "inward": inward, "outward": outward}


def _blocks() -> list[Wire]:
    return [_link_type("10001", "Blocks", "is blocked by", "blocks")]


def _project(key: str, number: str, text: dict[str, Any]) -> Wire:
    row: Wire = {"self": f"{BASE}/rest/api/3/project/{number}", "id": number, "key": key, "name": text["projects"][key]}
    simplified: Wire = {"simplified": key == "MOB", "style": "next-gen" if key == "MOB" else "classic"}
    return row | {"projectTypeKey": "software", "isPrivate": False} | simplified


def fields() -> list[Wire]:
    """System fields and custom ones; two custom fields share a name, as on any site that is a few years old."""
    system = {
        "summary": ("Summary", "string"),
        "description": ("Description", "string"),
        "status": ("Status", "status"),
        "issuetype": ("Issue Type", "issuetype"),
        "project": ("Project", "project"),
        "priority": ("Priority", "priority"),
        "resolution": ("Resolution", "resolution"),
        "created": ("Created", "datetime"),
        "updated": ("Updated", "datetime"),
        "resolutiondate": ("Resolved", "datetime"),
        "labels": ("Labels", "array"),
        "fixVersions": ("Fix versions", "array"),
        "components": ("Components", "array"),
        "issuelinks": ("Linked Issues", "array"),
        "parent": ("Parent", "issuelink"),
        "subtasks": ("Sub-tasks", "array"),
        "duedate": ("Due date", "date"),
        "assignee": ("Assignee", "user"),
        "creator": ("Creator", "user"),
        "reporter": ("Reporter", "user"),
        "timeoriginalestimate": ("Original estimate", "number"),
    }
    return [_system(name, *row) for name, row in system.items()] + custom_fields()


def _system(name: str, shown: str, kind: str) -> Wire:
    row: Wire = {"id": name, "key": name, "name": shown, "custom": False, "orderable": True, "navigable": True}
    return row | {"searchable": True, "clauseNames": [name], "schema": {"type": kind, "system": name}}


def custom_fields() -> list[Wire]:
    """Found by schema or configured by name; `customfield_10016` is the decoy nobody fills in."""
    greenhopper, plain = "com.pyxis.greenhopper.jira", "com.atlassian.jira.plugin.system.customfieldtypes"
    mob = {"type": "PROJECT", "project": {"id": PROJECTS["MOB"]}}
    return [
        _custom(10014, "Epic Link", "any", f"{greenhopper}:gh-epic-link"),
        _custom(10016, "Story point estimate", "number", f"{greenhopper}:jsw-story-points"),
        _custom(10019, "Rank", "any", f"{greenhopper}:gh-lexo-rank"),
        _custom(10020, "Sprint", "array", f"{greenhopper}:gh-sprint"),
        _custom(10021, "Flagged", "array", f"{plain}:multicheckboxes"),
        _custom(10026, "Story Points", "number", f"{plain}:float"),
        _custom(10040, "Key Result", "string", f"{plain}:textfield"),
        _custom(10041, "Expected contribution", "string", f"{plain}:textarea"),
        _custom(10050, "Region", "string", f"{plain}:textfield"),
        _custom(10051, "Region", "string", f"{plain}:textfield") | {"scope": mob},
    ]


def _custom(number: int, name: str, kind: str, custom: str) -> Wire:
    field_id = f"customfield_{number}"
    items = "option" if custom.endswith(":multicheckboxes") else "json"
    schema: Wire = {"type": kind, "custom": custom, "customId": number} | ({"items": items} if kind == "array" else {})
    row: Wire = {"id": field_id, "key": field_id, "name": name, "custom": True, "orderable": True, "navigable": True}
    return row | {"searchable": True, "clauseNames": [f"cf[{number}]", name], "schema": schema}


def _filter(board: int) -> str:
    return str(10_000 + board)


def _board(project: str, number: int, text: dict[str, Any]) -> Board:
    columns = [
        {"name": name, "statuses": [{"id": status, "self": f"{BASE}/rest/api/2/status/{status}"}]}
        for name, status in zip(text["statuses"], STATUS_IDS[project], strict=True)
    ]
    configuration: Wire = {
        "location": {"type": "project", "projectKeyOrId": project},
        "filter": {"id": _filter(number), "self": f"{BASE}/rest/api/2/filter/{_filter(number)}"},
        "columnConfig": {"columns": columns, "constraintType": "none"},
        "ranking": {"rankCustomFieldId": 10019},
    }
    if project in BOARDS:  # only scrum boards estimate
        estimate = {"fieldId": "customfield_10026", "displayName": "Story Points"}
        configuration["estimation"] = {"type": "field", "field": estimate}
    kind = "scrum" if project in BOARDS else "kanban"
    return Board(number, str(text["boards"][project]), kind, PROJECTS[project], configuration)


def add_sprints(made: Site, beats: list[Beat], lang: str) -> dict[tuple[str, int], Sprint]:
    """The boards' sprints by (project, offset). Ids alternate between boards and are not in the boards' own order."""
    text, found = words(lang), {}
    for place, beat in enumerate(beats):
        for project, board in BOARDS.items():
            number = 30 + place * len(BOARDS) + board
            name = str(text["sprints"][project]).format(number=ACTIVE_SPRINT + beat.offset)
            goal = str(text["goals"][project][place % len(text["goals"][project])])
            found[project, beat.offset] = made.sprints[number] = _sprint(number, board, name, goal, beat)
    return found


def version_id(project: str, offset: int) -> str:
    """The id of the version that a sprint's work was released with."""
    return str(10_400 + 100 * BOARDS[project] + offset)


def add_versions(made: Site, beats: list[Beat]) -> None:
    """A version for each sprint up to the active one, released on the day the sprint was closed."""
    for project in BOARDS:
        rows = [_version(project, beat) for beat in beats if beat.offset <= 0]
        made.versions[PROJECTS[project]] = rows


def _version(project: str, beat: Beat) -> Wire:
    number, day = version_id(project, beat.offset), local_day(beat.closed(0))
    row: Wire = {"self": f"{BASE}/rest/api/3/version/{number}", "id": number, "archived": False}
    row |= {"name": f"{project} 4.{ACTIVE_SPRINT + beat.offset}", "projectId": int(PROJECTS[project])}
    return row | ({"released": True, "releaseDate": day.isoformat()} if beat.offset < 0 else {"released": False})


def _sprint(number: int, board: int, name: str, goal: str, beat: Beat) -> Sprint:
    state = "closed" if beat.offset < 0 else "active" if beat.offset == 0 else "future"
    made = Sprint(number, board, name, state, goal=goal, created=beat.at(-30, number))
    if beat.offset < 2:  # only the next sprint is planned with dates, the later one has none
        made.start, made.end = beat.start + (0 if beat.by_day else number), beat.end
    if beat.offset < 0:
        made.complete = beat.closed(number)
    return made
