"""Issues as a Jira writes them for one reader; what differs between Cloud and Data Center is left to subclasses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from okr_delivery.sandbox import adf
from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.jira import interface
from okr_delivery.sandbox.site import BASE, History, IssueLink, Site, SiteIssue, Sprint, Wire, by_id

TEXT_FIELDS = frozenset({"description", "environment"})
TEXT_AREA = "com.atlassian.jira.plugin.system.customfieldtypes:textarea"
HIDDEN_FROM_NAVIGABLE = frozenset({"description", "comment"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(at: int | None, zone: str) -> str | None:
    """`2026-11-21T10:00:00.250+0800` in the zone; None stays None."""
    if at is None:
        return None
    text = (EPOCH + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone)).isoformat(timespec="milliseconds")
    return text[:-3] + text[-2:]


def utc(at: int | None) -> str | None:
    """`2026-11-21T02:00:00.250Z`, as the agile API writes."""
    if at is None:
        return None
    return f"{EPOCH + timedelta(milliseconds=at):%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which fields a request wants: `everything` or named ones, minus the excluded. Unknown names are ignored."""

    everything: bool
    names: frozenset[str]
    without: frozenset[str]

    @classmethod
    def of(cls, tokens: Sequence[str]) -> Choice:
        parts = [part.strip() for token in tokens for part in token.split(",") if part.strip()]
        without = frozenset(p[1:] for p in parts if p.startswith("-"))
        everything = bool({"*all", "*navigable"} & set(parts)) or bool(without and len(without) == len(parts))
        return cls(everything, frozenset(parts), without | (frozenset() if "*all" in parts else HIDDEN_FROM_NAVIGABLE))

    @property
    def only_ids(self) -> bool:
        """Whether no body is needed: nothing but `id` and `key` was asked for."""
        return not self.everything and self.names <= {"id", "key"}

    def has(self, name: str) -> bool:
        return name in self.names or (self.everything and name not in self.without)


class Renderer(ABC):
    """Writes issues for one reader: `version` of the API and the reader's zone. A subclass for each kind of Jira."""

    newest_first = False  # inline histories
    inline_comments: int | None = None  # how many a body holds
    constant_names = False  # whether histories name system fields in English, whatever the language

    def __init__(self, site: Site, zone: str, version: int, faults: Faults) -> None:
        self.site, self.zone, self.version, self.faults = site, zone, version, faults
        self._rich = TEXT_FIELDS | {str(f["id"]) for f in site.fields if _custom_type(f) == TEXT_AREA}
        self._fields = self._field_table()
        language = faults.interface_language != "en"
        self._plain = not (language or faults.bare_items or faults.sprint_names != "plain")
        self._plain = self._plain and faults.empty_sides == "as_is"

    @abstractmethod
    def person(self, user: Wire) -> Wire:
        """A user object, kept as Cloud writes it."""

    def row(self, kind: str, row: Wire) -> Wire:
        """A metadata object: `kind` is field, status, issuetype, priority, resolution, project, version, component."""
        return interface.named(row, kind, self.faults.interface_language)

    def items(self, issue: SiteIssue, rows: list[Wire]) -> list[Wire]:
        """The items of a history entry."""
        return rows if self._plain else [self._odd(row) for row in rows]

    def _odd(self, row: Wire) -> Wire:
        """An item as the switches have it."""
        faults = self.faults
        if faults.sprint_names != "plain" and self.is_sprint_item(row):
            row = row | {f"{side}String": self._sprint_names(row.get(side)) for side in ("from", "to")}
        row = interface.item(row, faults.interface_language, constant=self.constant_names)
        if row.get("fieldId") in faults.bare_items:
            row = {name: value for name, value in row.items() if name != "fieldId"}
        return interface.sided(row, faults)

    def is_sprint_item(self, row: Wire) -> bool:
        return row.get("fieldId") == self.site.ids.sprint or ("fieldId" not in row and row.get("field") == "Sprint")

    def _sprint_names(self, side: object) -> str:
        numbers = [int(part) for part in str(side or "").split(",") if part.strip().isdigit()]
        known = (self.site.sprints[number] for number in numbers if number in self.site.sprints)
        return ", ".join(interface.sprint_name(sprint, self.faults) for sprint in known)

    @abstractmethod
    def sprint(self, sprint: Sprint) -> object:
        """A sprint inside an issue."""

    @abstractmethod
    def sprint_bean(self, sprint: Sprint) -> Wire:
        """A sprint of the agile API; dates that are not known are left out."""

    def issue(self, issue: SiteIssue, choice: Choice) -> Wire:
        """Id, key and address, and `fields` only when some were asked for."""
        row: Wire = {"expand": "operations,versionedRepresentations,editmeta,changelog,renderedFields"}
        row |= {"id": str(issue.id), "self": self.address(issue), "key": issue.key}
        return row if choice.only_ids else row | {"fields": self.fields(issue, choice)}

    def address(self, issue: SiteIssue) -> str:
        return f"{BASE}/rest/api/{self.version}/issue/{issue.id}"

    def history(self, issue: SiteIssue, history: History, created: object = None) -> Wire:
        """A history entry; the author is left out when the tracker does not know one."""
        author = {"author": self.person(history.author)} if history.author else {}
        when = stamp(history.at, self.zone) if created is None else created
        return {"id": str(history.id), **author, "created": when, "items": self.items(issue, history.items)}

    def inline(self, issue: SiteIssue, cap: int | None) -> Wire:
        """The history inside a body: at most `cap` entries, with the true total."""
        rows = issue.histories[::-1] if self.newest_first else issue.histories
        shown = [self.history(issue, entry) for entry in rows[:cap]]
        return {"startAt": 0, "maxResults": len(shown), "total": len(rows), "histories": shown}

    def fields(self, issue: SiteIssue, choice: Choice) -> Wire:
        """The wanted fields that this issue has; recorded ones exactly as they were recorded."""
        recorded = issue.recorded or {}
        found = {name: self.text(name, value) for name, value in recorded.items() if choice.has(name)}
        for name, read in self._fields.items():
            if name not in recorded and choice.has(name) and (issue.recorded is None or name in issue.derived):
                found[name] = self.text(name, read(issue))
        return found

    def is_text(self, name: str) -> bool:
        """Whether a field holds text that is a document in version 3."""
        return name in self._rich

    def text(self, name: str, value: object) -> object:
        """Text fields are strings in version 2 and documents in version 3, however they are kept."""
        if value is None or not self.is_text(name):
            return value
        if self.version == 2:
            return adf.text(value) if isinstance(value, Mapping) else value
        return value if isinstance(value, Mapping) else adf.document(str(value))

    def user(self, account: str | None) -> Wire | None:
        found = self.site.users.get(account) if account else None
        return self.person(found) if found else None

    def _field_table(self) -> dict[str, Callable[[SiteIssue], object]]:
        site = self.site
        table: dict[str, Callable[[SiteIssue], object]] = {
            "summary": lambda i: i.summary,
            "description": lambda i: i.description,
            "status": lambda i: self._row("status", site.statuses, i.status),
            "issuetype": lambda i: self._row("issuetype", site.types, i.type),
            "project": lambda i: self.row("project", site.projects[i.project]),
            "priority": lambda i: self._row("priority", site.priorities, i.priority),
            "resolution": lambda i: self._row("resolution", site.resolutions, i.resolution),
            "created": lambda i: stamp(i.created, self.zone),
            "updated": lambda i: stamp(i.updated, self.zone),
            "resolutiondate": lambda i: stamp(i.resolved, self.zone),
            "statuscategorychangedate": lambda i: stamp(i.status_changed, self.zone),
            "labels": lambda i: list(i.labels),
            "creator": lambda i: self.user(i.creator),
            "reporter": lambda i: self.user(i.creator),
            "assignee": lambda i: self.user(i.assignee),
            "parent": self._parent,
            "subtasks": lambda i: [self._brief(c) for c in self._subtasks(i)],
            "issuelinks": lambda i: [self._link(link) for link in i.links],
            "fixVersions": lambda i: self._rows("version", site.versions.get(i.project, []), i.versions),
            "components": lambda i: self._rows("component", site.components.get(i.project, []), i.components),
            "duedate": lambda i: i.due,
            "timeoriginalestimate": lambda i: None,
            "comment": self._comments,
        }
        for row in site.fields:
            if row.get("custom"):
                table[str(row["id"])] = self._custom(str(row["id"]))
        return table

    def _custom(self, field_id: str) -> Callable[[SiteIssue], object]:
        if field_id == self.site.ids.sprint:
            return lambda issue: [self.sprint(self.site.sprints[number]) for number in issue.sprints] or None
        if field_id == self.site.ids.epic_link:
            return self._epic_key
        return lambda issue: issue.custom.get(field_id)

    def _row(self, kind: str, rows: list[Wire], wanted: str | None) -> Wire | None:
        found = by_id(rows, wanted)
        return self.row(kind, found) if found else None

    def _rows(self, kind: str, rows: list[Wire], ids: list[str]) -> list[Wire]:
        return [self.row(kind, row) for row in rows if row["id"] in ids]

    def _epic_key(self, issue: SiteIssue) -> str | None:
        parent = self.site.issues.get(issue.parent) if issue.parent else None
        if parent is None:
            return None
        row = by_id(self.site.types, parent.type)
        return parent.key if row and row.get("hierarchyLevel") == 1 else None

    def _parent(self, issue: SiteIssue) -> Wire | None:
        parent = self.site.issues.get(issue.parent) if issue.parent else None
        return self._brief(parent) if parent else None

    def _subtasks(self, issue: SiteIssue) -> list[SiteIssue]:
        row = by_id(self.site.types, issue.type)
        if row is None or row.get("subtask") or row.get("hierarchyLevel") == 1:
            return []
        return list(self.site.children(issue))

    def _brief(self, issue: SiteIssue) -> Wire:
        fields = {
            "summary": issue.summary,
            "status": self._row("status", self.site.statuses, issue.status),
            "priority": self._row("priority", self.site.priorities, issue.priority),
            "issuetype": self._row("issuetype", self.site.types, issue.type),
        }
        return {"id": str(issue.id), "key": issue.key, "self": self.address(issue), "fields": fields}

    def _link(self, link: IssueLink) -> Wire:
        side = "outwardIssue" if link.outward else "inwardIssue"
        row: Wire = {"id": str(link.id), "self": f"{BASE}/rest/api/{self.version}/issueLink/{link.id}"}
        return row | {"type": by_id(self.site.link_types, link.type), side: self._brief(self.site.issues[link.other])}

    def _comments(self, issue: SiteIssue) -> Wire:
        rows = [self.comment(row, issue) for row in issue.comments]
        shown = rows[: self.inline_comments]
        return {"comments": shown, "maxResults": len(shown), "total": len(rows), "startAt": 0}

    def comment(self, row: Wire, issue: SiteIssue) -> Wire:
        """A comment; its body follows the version as text fields do."""
        made, changed = (self._written(row.get(name)) for name in ("created", "updated"))
        return {
            "self": f"{self.address(issue)}/comment/{row['id']}",
            "id": row["id"],
            "author": self.user(str(row["author"])),
            "updateAuthor": self.user(str(row.get("editor") or row["author"])),
            "body": self.text("description", row["body"]),
            "created": made,
            "updated": changed or made,
        }

    def _written(self, at: object) -> object:
        return stamp(at, self.zone) if isinstance(at, int) else at


def _custom_type(field: Wire) -> object:
    schema = field.get("schema")
    return schema.get("custom") if isinstance(schema, Mapping) else None
