"""Wire forms of Jira Data Center: sprints as strings, history items without ids of fields, users by name and key."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.jira.interface import sprint_name
from okr_delivery.sandbox.jira.render import EPOCH, Choice, Renderer
from okr_delivery.sandbox.jira_datacenter import people
from okr_delivery.sandbox.site import BASE, Site, SiteIssue, Sprint, Wire, by_id

FIELD_NAMES = {"fixVersions": "Fix Version/s", "components": "Component/s", "issuelinks": "Linked Issues"}
CLOUD_ONLY = {
    "field": frozenset({"key", "scope"}),
    "status": frozenset({"scope"}),
    "issuetype": frozenset({"hierarchyLevel", "scope", "entityId"}),
    "project": frozenset({"simplified", "style", "isPrivate", "entityId", "uuid"}),
}
SPRINT_CLASS = "com.atlassian.greenhopper.service.sprint.Sprint"


class DataCenterRenderer(Renderer):
    """Turns a site, which is kept in Cloud's forms, into what a Data Center says of it."""

    constant_names = True

    def __init__(self, site: Site, zone: str, version: int, faults: Faults) -> None:
        super().__init__(site, zone, version, faults)
        self._people: dict[str, Wire] = {}  # an answer names the same few people again and again

    def person(self, user: Wire) -> Wire:
        account = user.get("accountId")
        if not isinstance(account, str):
            return user
        if account not in self._people:
            self._people[account] = people.person(user, self.zone)
        return self._people[account]

    def row(self, kind: str, row: Wire) -> Wire:
        shown = {name: value for name, value in row.items() if name not in CLOUD_ONLY.get(kind, frozenset())}
        if kind == "field" and row["id"] in FIELD_NAMES:
            shown["name"] = FIELD_NAMES[str(row["id"])]
        return super().row(kind, shown)

    def items(self, issue: SiteIssue, rows: list[Wire]) -> list[Wire]:
        return [self._item(row) for row in super().items(issue, rows)]

    def _item(self, row: Wire) -> Wire:
        shown = {name: value for name, value in row.items() if name not in DROPPED}
        if row.get("field") == "IssueParentAssociation":
            return shown | self._parent_item(row)
        if row.get("fieldId") == "assignee":
            sides = {side: people.key_of(str(row[side])) for side in ("from", "to") if row.get(side)}
            return shown | sides
        return shown | ({"from": None, "to": None} if row.get("fieldId") in TEXT else {})

    def _parent_item(self, row: Wire) -> Wire:
        """A parent is the epic of a story, in a field of its own, or the issue that a sub-task is part of."""
        number = str(row.get("to") or row.get("from") or "0")
        parent = self.site.issues.get(int(number)) if number.isdigit() else None
        epic = parent is not None and self._is_epic(parent)
        return {"field": "Epic Link", "fieldtype": "custom"} if epic else {"field": "Parent", "fieldtype": "jira"}

    def _is_epic(self, issue: SiteIssue) -> bool:
        row = by_id(self.site.types, issue.type)
        return row is not None and row.get("hierarchyLevel") == 1

    def fields(self, issue: SiteIssue, choice: Choice) -> Wire:
        """As on Cloud, but for the parent, which only sub-tasks have."""
        found = super().fields(issue, choice)
        found.pop("statuscategorychangedate", None)
        parent = self.site.issues.get(issue.parent) if issue.parent else None
        if issue.recorded is None and (parent is None or self._is_epic(parent)):
            found.pop("parent", None)
        return found

    def sprint(self, sprint: Sprint) -> str:
        """The text that Jira Software's own object prints; the order of its members differs from sprint to sprint."""
        members = {
            "id": str(sprint.id),
            "rapidViewId": str(sprint.board),
            "state": sprint.state.upper(),
            "name": sprint_name(sprint, self.faults),
            "startDate": self._moment(sprint.start) or "<null>",
            "endDate": self._moment(sprint.end) or "<null>",
            "completeDate": self._moment(sprint.complete) or "<null>",
            "activatedDate": self._moment(sprint.start) if sprint.state != "future" else "<null>",
            "sequence": str(sprint.id),
            "goal": sprint.goal,
            "synced": "false",
            "autoStartStop": "false",
        }
        order = ORDERS[sprint.id % len(ORDERS)]
        text = ",".join(f"{name}={members[name]}" for name in (*order, *(m for m in members if m not in order)))
        return f"{SPRINT_CLASS}@{(sprint.id * 2_654_435_761) % 2**32:x}[{text}]"

    def sprint_bean(self, sprint: Sprint) -> Wire:
        address = f"{BASE}/rest/agile/1.0/sprint/{sprint.id}"
        row: Wire = {"id": sprint.id, "self": address, "state": sprint.state, "name": sprint_name(sprint, self.faults)}
        dates = {"startDate": sprint.start, "endDate": sprint.end, "completeDate": sprint.complete}
        dates["activatedDate"] = sprint.start if sprint.state != "future" else None
        row |= {name: self._moment(at) for name, at in dates.items() if at is not None}
        return row | {"originBoardId": sprint.board, "goal": sprint.goal, "synced": False, "autoStartStop": False}

    def _moment(self, at: int | None) -> str | None:
        """`2026-11-21T10:00:00.250+08:00` in the reader's zone: with a colon, as only sprints are written."""
        if at is None:
            return None
        return (EPOCH + timedelta(milliseconds=at)).astimezone(ZoneInfo(self.zone)).isoformat(timespec="milliseconds")


DROPPED = frozenset({"fieldId", "tmpFromAccountId", "tmpToAccountId"})
TEXT = frozenset({"description", "environment"})
ORDERS = (
    ("id", "rapidViewId", "state", "name"),
    ("rapidViewId", "state", "name", "startDate", "endDate", "completeDate", "sequence", "goal", "id"),
    ("autoStartStop", "state", "goal", "name", "startDate", "id"),
)
"""Ways in which versions of the product order the members of a sprint's text; what isn't named follows."""
