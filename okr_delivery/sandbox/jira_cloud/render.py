"""Wire forms of Jira Cloud: accounts, sprints as objects, history items with the ids of fields."""

from __future__ import annotations

from okr_delivery.sandbox.jira.interface import sprint_name
from okr_delivery.sandbox.jira.render import Renderer, utc
from okr_delivery.sandbox.site import BASE, Sprint, Wire


class CloudRenderer(Renderer):
    """The site is kept in Cloud's own forms, so most of it leaves as it is."""

    newest_first = True
    inline_comments = 20

    def person(self, user: Wire) -> Wire:
        return user

    def sprint(self, sprint: Sprint) -> Wire:
        row: Wire = {"id": sprint.id, "name": sprint_name(sprint, self.faults), "state": sprint.state}
        row |= {"boardId": sprint.board, "goal": sprint.goal}
        dates = {"startDate": sprint.start, "endDate": sprint.end, "completeDate": sprint.complete}
        return row | {name: utc(at) for name, at in dates.items() if at is not None}

    def sprint_bean(self, sprint: Sprint) -> Wire:
        address = f"{BASE}/rest/agile/1.0/sprint/{sprint.id}"
        row: Wire = {"id": sprint.id, "self": address, "state": sprint.state, "name": sprint_name(sprint, self.faults)}
        dates = {
            "startDate": sprint.start,
            "endDate": sprint.end,
            "completeDate": sprint.complete,
            "createdDate": sprint.created,
        }
        row |= {name: utc(at) for name, at in dates.items() if at is not None}
        return row | {"originBoardId": sprint.board, "goal": sprint.goal}
