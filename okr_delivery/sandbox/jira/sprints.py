"""Requests that change sprints and what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from werkzeug.wrappers import Response

from okr_delivery.sandbox.jira.agile import board_of, sprint_of
from okr_delivery.sandbox.jira.http import Call, RefusedError, answer, nothing
from okr_delivery.sandbox.jira.issues import one
from okr_delivery.sandbox.site import Sprint

MOST_ISSUES = 50
STATES = {"future": ("active",), "active": ("closed",), "closed": ()}
DATES = {"startDate": "start", "endDate": "end"}


def create(call: Call) -> Response:
    """`POST sprint`: a future sprint on a board, with dates or without."""
    call.refuse_anonymous()
    body = call.body()
    number = body.get("originBoardId")
    if not isinstance(number, int) or not body.get("name"):
        raise RefusedError(400, errors={"name": "The sprint name and its board are required."})
    found = board_of(call, number)
    if found.type != "scrum":
        raise RefusedError(400, "The board does not support sprints")
    made = call.tracker.add_sprint(found.id, str(body["name"]), goal=str(body.get("goal") or ""), **_dates(body))
    return answer(call.render.sprint_bean(made), 201)


def update(call: Call, sprint_id: int) -> Response:
    """`POST sprint/{id}` changes what is sent; `state` starts a future sprint or completes the active one."""
    call.refuse_anonymous()
    found, body = sprint_of(call, sprint_id), call.body()
    wanted = str(body.get("state") or found.state)
    if wanted != found.state and wanted not in STATES[found.state]:
        raise RefusedError(400, f"A sprint can't go from {found.state} to {wanted}.")
    with call.tracker.lock:
        _set(found, body)
        if wanted == "active" != found.state:
            _start(call, found)
        elif wanted == "closed" != found.state:
            destination = body.get("incompleteIssuesDestinationId")
            call.tracker.close_sprint(found.id, destination if isinstance(destination, int) else None)
        call.tracker.site.revision += 1
    return answer(call.render.sprint_bean(found))


def replace(call: Call, sprint_id: int) -> Response:
    """`PUT sprint/{id}`: as the partial form, but everything has to be there."""
    missing = [name for name in ("name", "state", "startDate", "endDate") if not call.body().get(name)]
    if missing:
        raise RefusedError(400, errors={missing[0]: f"The sprint's {missing[0]} is required."})
    return update(call, sprint_id)


def _start(call: Call, sprint: Sprint) -> None:
    if sprint.start is None or sprint.end is None:
        raise RefusedError(400, errors={"startDate": "A sprint needs a start date and an end date to be started."})
    call.tracker.start_sprint(sprint.id, keep_dates=True)


def _set(sprint: Sprint, body: Mapping[str, object]) -> None:
    dates = _dates(body)
    sprint.name = str(body.get("name") or sprint.name)
    sprint.goal = str(body["goal"] or "") if "goal" in body else sprint.goal
    sprint.start, sprint.end = dates.get("start", sprint.start), dates.get("end", sprint.end)


def _dates(body: Mapping[str, object]) -> dict[str, int]:
    found = {}
    for name, ours in DATES.items():
        if body.get(name):
            found[ours] = _moment(name, str(body[name]))
    return found


def _moment(name: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RefusedError(400, errors={name: f"The date '{text}' can't be read."}) from error
    if moment.tzinfo is None:
        raise RefusedError(400, errors={name: f"The date '{text}' has no zone."})
    return round(moment.timestamp() * 1000)


def put_issues(call: Call, sprint_id: int) -> Response:
    """`POST sprint/{id}/issue`: moves at most 50 issues into a sprint that isn't over; closed ones stay in theirs."""
    found = sprint_of(call, sprint_id)
    if found.state == "closed":
        raise RefusedError(400, "Issues can only be moved to open or future sprints.")
    return _move(call, [found.id])


def to_backlog(call: Call) -> Response:
    """`POST backlog/issue`: takes issues out of every sprint that isn't over."""
    return _move(call, [])


def _move(call: Call, target: list[int]) -> Response:
    call.refuse_anonymous()
    names, field = call.body().get("issues"), call.tracker.site.ids.sprint
    if not isinstance(names, list) or not 0 < len(names) <= MOST_ISSUES or field is None:
        raise RefusedError(400, f"The number of issues must be between 1 and {MOST_ISSUES}.")
    sprints = call.tracker.site.sprints
    for issue in [one(call, str(name)) for name in names]:
        kept = [number for number in issue.sprints if sprints[number].state == "closed"]
        call.tracker.edit(issue.id, {field: kept + target}, call.account)
    return nothing()
