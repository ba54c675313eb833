"""The state of one served tracker: what its issues, sprints and metadata are at this moment.

Instants are epoch milliseconds, as trackers keep them. Metadata (statuses, fields, users …) is kept in wire form, with
`BASE` standing for the server's own address until an answer leaves the server.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

BASE = "https://sandbox.invalid"
"""Placeholder of the server's address inside stored wire objects."""

Wire = dict[str, object]


class Visibility(StrEnum):
    VISIBLE = "visible"
    HIDDEN = "hidden"  # exists, but not for this token
    ARCHIVED = "archived"  # left the search, still answers when asked for by id or key
    DELETED = "deleted"


@dataclass(slots=True)
class History:
    """One entry of an issue's change history; `items` in wire form. `author` None = the tracker does not say."""

    id: int
    at: int
    author: Wire | None
    items: list[Wire]


@dataclass(slots=True)
class IssueLink:
    """A link as seen from the issue that holds it; `outward` says which way its type is read."""

    id: int
    type: str  # id of a link type
    other: int
    outward: bool


@dataclass(slots=True)
class SiteIssue:
    """An issue. References are ids. `recorded` holds fields that are answered exactly as they were recorded."""

    id: int
    key: str
    project: str
    type: str
    status: str
    created: int
    updated: int
    summary: str
    description: str | Wire | None = None
    labels: list[str] = field(default_factory=list)
    priority: str | None = None
    resolution: str | None = None
    resolved: int | None = None
    status_changed: int | None = None
    parent: int | None = None
    sprints: list[int] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    components: list[str] = field(default_factory=list)
    due: str | None = None
    creator: str | None = None
    assignee: str | None = None
    custom: Wire = field(default_factory=dict)
    links: list[IssueLink] = field(default_factory=list)
    histories: list[History] = field(default_factory=list)  # oldest first
    old_keys: list[str] = field(default_factory=list)
    visibility: Visibility = Visibility.VISIBLE
    properties: dict[str, object] = field(default_factory=dict)
    comments: list[Wire] = field(default_factory=list)
    remote_links: list[Wire] = field(default_factory=list)
    recorded: Wire | None = None
    derived: frozenset[str] = frozenset()  # with `recorded`: the fields that are answered from the state all the same


@dataclass(slots=True)
class Sprint:
    """Dates are epoch milliseconds; None for what a future sprint has not got yet."""

    id: int
    board: int
    name: str
    state: str  # closed | active | future
    start: int | None = None
    end: int | None = None
    complete: int | None = None
    goal: str = ""
    created: int | None = None


@dataclass(slots=True)
class Board:
    """A board and its configuration, both in wire form (configuration without the board's own members)."""

    id: int
    name: str
    type: str  # scrum | kanban | simple
    project: str  # id
    configuration: Wire = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldIds:
    """Which custom field plays which part on this site; None = the site has none."""

    sprint: str | None = "customfield_10020"
    points: str | None = "customfield_10026"
    rank: str | None = "customfield_10019"
    flagged: str | None = "customfield_10021"
    epic_link: str | None = "customfield_10014"
    key_result: str | None = "customfield_10040"
    contribution: str | None = "customfield_10041"


@dataclass(slots=True)
class Site:
    """Everything a tracker knows. One thread changes it at a time: the server holds its lock around every request."""

    name: str
    now: int | None  # epoch seconds at which this state was taken; None = it is served as of today
    zone: str  # the account's time zone
    account: str
    fields: list[Wire] = field(default_factory=list)
    statuses: list[Wire] = field(default_factory=list)
    types: list[Wire] = field(default_factory=list)
    priorities: list[Wire] = field(default_factory=list)
    resolutions: list[Wire] = field(default_factory=list)
    link_types: list[Wire] = field(default_factory=list)
    projects: dict[str, Wire] = field(default_factory=dict)
    versions: dict[str, list[Wire]] = field(default_factory=dict)
    components: dict[str, list[Wire]] = field(default_factory=dict)
    users: dict[str, Wire] = field(default_factory=dict)
    boards: dict[int, Board] = field(default_factory=dict)
    filters: dict[str, str] = field(default_factory=dict)  # saved queries by id; boards show their issues
    sprints: dict[int, Sprint] = field(default_factory=dict)
    issues: dict[int, SiteIssue] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)  # upper case, old keys too
    ids: FieldIds = FieldIds()
    server_info: Wire = field(default_factory=dict)
    next_history: int = 1
    revision: int = 0  # grows with every write
    tree: tuple[int, dict[int, list[SiteIssue]]] | None = None  # children by parent, as of a revision

    def add(self, issue: SiteIssue) -> SiteIssue:
        """Puts an issue in its place under its key."""
        self.issues[issue.id] = issue
        self.keys[issue.key.upper()] = issue.id
        return issue

    def find(self, id_or_key: str) -> SiteIssue | None:
        """An issue by numeric id, key or former key, in any case; deleted ones are not found."""
        text = id_or_key.strip()
        number = int(text) if text.isascii() and text.isdigit() else self.keys.get(text.upper())
        issue = self.issues.get(number) if number is not None else None
        return issue if issue and issue.visibility is not Visibility.DELETED else None

    def project(self, id_or_key: str) -> Wire | None:
        """A project by id, key or name, in any case."""
        if id_or_key in self.projects:
            return self.projects[id_or_key]
        wanted = id_or_key.casefold()
        found = (p for p in self.projects.values() if wanted in (str(p["key"]).casefold(), str(p["name"]).casefold()))
        return next(found, None)

    def children(self, parent: SiteIssue) -> list[SiteIssue]:
        """Issues whose parent is this one, in id order."""
        if self.tree is None or self.tree[0] != self.revision:
            found: dict[int, list[SiteIssue]] = {}
            for issue in self.issues.values():
                if issue.parent and issue.visibility is Visibility.VISIBLE:
                    found.setdefault(issue.parent, []).append(issue)
            self.tree = (self.revision, found)
        return self.tree[1].get(parent.id, [])

    def take_history_id(self) -> int:
        """The next id of a history entry: ids grow with time over the whole site."""
        self.next_history += 1
        return self.next_history - 1


def by_id(rows: list[Wire], wanted: str | None) -> Wire | None:
    """The row with this id."""
    return next((row for row in rows if row["id"] == wanted), None) if wanted is not None else None


def named(rows: list[Wire], text: str) -> list[Wire]:
    """Rows with this id or name, in any case: one name may belong to several ids."""
    wanted = text.casefold()
    return [row for row in rows if row["id"] == text or str(row["name"]).casefold() == wanted]
