"""Boards and sprints of `/rest/agile/1.0`."""

from __future__ import annotations

from werkzeug.wrappers import Response

from okr_delivery.sandbox.jira.http import Call, RefusedError, answer, page_of
from okr_delivery.sandbox.site import BASE, Board, Site, Sprint, Wire

ORDER = {"closed": 0, "active": 1, "future": 2}
AGILE = f"{BASE}/rest/agile/1.0"


def boards(call: Call) -> Response:
    """`board`, narrowed by project, type and name; 50 a page."""
    args, site = call.request.args, call.tracker.site
    found = [b for b in site.boards.values() if call.sees(b.project)]
    if "projectKeyOrId" in args:
        row = site.project(args["projectKeyOrId"])
        if row is None or not call.sees(str(row["id"])):
            text = f"No project could be found with key or id '{args['projectKeyOrId']}'."
            raise RefusedError(400, text)
        found = [b for b in found if b.project == row["id"]]
    if "type" in args:
        found = [b for b in found if b.type in args["type"].split(",")]
    found = [b for b in found if args.get("name", "").casefold() in b.name.casefold()]
    rows: list[object] = [_row(site, b) for b in sorted(found, key=lambda b: b.id)]
    return answer(page_of(rows, call, 50))


def board(call: Call, board_id: int) -> Response:
    return answer(_row(call.tracker.site, board_of(call, board_id)))


def configuration(call: Call, board_id: int) -> Response:
    """`board/{id}/configuration`: columns and, on a scrum board, the field of the estimate."""
    found = board_of(call, board_id)
    row: Wire = {
        "id": found.id,
        "name": found.name,
        "type": found.type,
        "self": f"{AGILE}/board/{found.id}/configuration",
    }
    return answer(row | found.configuration)


def sprints(call: Call, board_id: int) -> Response:
    """`board/{id}/sprint`: closed, active, future; 400 on boards without sprints."""
    found = board_of(call, board_id)
    if found.type != "scrum":
        raise RefusedError(400, "The board does not support sprints")
    wanted = call.request.args.get("state")
    states = wanted.split(",") if wanted else list(ORDER)
    if not set(states) <= set(ORDER):
        raise RefusedError(400, "The state must be one of: future, active, closed.")
    rows = [s for s in call.tracker.site.sprints.values() if s.board == board_id and s.state in states]
    rows.sort(key=lambda s: (ORDER[s.state], s.start is None, s.start or 0, s.id))
    return answer(page_of([call.render.sprint_bean(s) for s in rows], call, 50))


def sprint(call: Call, sprint_id: int) -> Response:
    return answer(call.render.sprint_bean(sprint_of(call, sprint_id)))


def sprint_of(call: Call, sprint_id: int) -> Sprint:
    """The sprint, or 404 where it isn't, or isn't for this caller."""
    found = call.tracker.site.sprints.get(sprint_id)
    board = call.tracker.site.boards.get(found.board) if found else None
    if found is None or (board is not None and not call.sees(board.project)):
        raise RefusedError(404, "Sprint does not exist or you do not have permission to view it.")
    return found


def board_of(call: Call, board_id: int) -> Board:
    """The board, or 404 where it isn't, or isn't for this caller."""
    found = call.tracker.site.boards.get(board_id)
    if found is None or not call.sees(found.project):
        raise RefusedError(
            404, "The requested board cannot be viewed because it either does not exist or you do not have permission."
        )
    return found


def _row(site: Site, board: Board) -> Wire:
    project = site.projects[board.project]
    location: Wire = {
        "projectId": int(board.project),
        "displayName": f"{project['name']} ({project['key']})",
        "projectName": project["name"],
        "projectKey": project["key"],
        "projectTypeKey": "software",
        "name": f"{project['name']} ({project['key']})",
    }
    row: Wire = {"id": board.id, "self": f"{AGILE}/board/{board.id}", "name": board.name, "type": board.type}
    return row | {"location": location, "isPrivate": False}
