"""The state of one served GitLab: groups, projects, work items with their events, merge requests, deployments.

Instants are epoch milliseconds, dates are days without a zone, references are ids. Nothing is in wire form: an answer
is made of this when it is asked for, and what a version or a tier has not got is left out there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from okr_delivery.sandbox.gitlab.events import Events, Note
from okr_delivery.sandbox.gitlab.requests import Deployment, Environment, MergeRequest, Release

Wire = dict[str, object]

ISSUE, INCIDENT, TASK, TEST_CASE, EPIC = "issue", "incident", "task", "test_case", "epic"
OBJECTIVE, KEY_RESULT = "objective", "key_result"
OPENED, CLOSED = "opened", "closed"


class Tier(StrEnum):
    """The plan, lowest first."""

    FREE = "free"
    PREMIUM = "premium"
    ULTIMATE = "ultimate"

    @property
    def paid(self) -> bool:
        """Whether weights, iterations, epics, statuses and exclusive scoped labels exist."""
        return self is not Tier.FREE


class Visibility(StrEnum):
    VISIBLE = "visible"
    HIDDEN = "hidden"  # exists, but not for this token
    DELETED = "deleted"


@dataclass(slots=True)
class User:
    id: int
    username: str
    name: str
    state: str = "active"


@dataclass(slots=True)
class Group:
    """`path` is the full path; `old_paths` redirect to it."""

    id: int
    path: str
    name: str
    parent: int | None = None
    archived: bool = False
    hidden: bool = False
    old_paths: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Project:
    """`path` is the path with its namespace; `old_paths` answer 301 with the new one."""

    id: int
    path: str
    name: str
    group: int | None = None
    archived: bool = False
    hidden: bool = False
    issues_enabled: bool = True
    default_branch: str = "main"
    created: int = 0
    old_paths: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Label:
    """Of a project or of a group, never of both."""

    id: int
    name: str
    project: int | None = None
    group: int | None = None
    color: str = "#6699cc"
    description: str = ""

    @property
    def scope(self) -> str | None:
        """`workflow` of `workflow::ready`; the last `::` divides. None for a plain label."""
        head, sign, _ = self.name.rpartition("::")
        return head if sign and head else None


@dataclass(slots=True)
class Milestone:
    """`due` is the last day of it. Numbered per project or group."""

    id: int
    iid: int
    title: str
    project: int | None = None
    group: int | None = None
    state: str = "active"  # active | closed
    start: date | None = None
    due: date | None = None
    description: str = ""
    created: int = 0
    updated: int = 0


@dataclass(slots=True)
class Cadence:
    id: int
    title: str
    group: int
    automatic: bool = True
    roll_over: bool = True
    weeks: int = 2


@dataclass(slots=True)
class Iteration:
    """`title` is None in automatic cadences. `state` changes on the server's day, not on the team's."""

    id: int
    iid: int
    cadence: int
    sequence: int
    start: date
    due: date
    state: str = "upcoming"  # upcoming | current | closed
    title: str | None = None
    created: int = 0
    updated: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    id: int
    other: int  # work item id
    kind: str = "relates_to"  # relates_to | blocks | is_blocked_by


@dataclass(slots=True)
class WorkItem:
    """An issue, task, incident, epic … `id` is the work item's and for all but epics also REST's global id.

    An epic belongs to a group and has an `epic_id` for the older epic interface; everything else belongs to a project.
    `recorded` is answered exactly as it was recorded but for the members named in `derived`.
    """

    id: int
    iid: int
    kind: str
    title: str
    created: int
    updated: int
    author: int
    project: int | None = None
    group: int | None = None
    epic_id: int | None = None
    description: str = ""
    state: str = OPENED
    closed: int | None = None
    closed_by: int | None = None
    assignees: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    milestone: int | None = None
    iteration: int | None = None
    weight: int | None = None
    time_estimate: int = 0  # seconds
    time_spent: int = 0
    start: date | None = None
    due: date | None = None
    health: str | None = None  # on_track | needs_attention | at_risk
    status: int | None = None
    custom: dict[int, object] = field(default_factory=dict)  # by custom field id: text, number, or option ids
    parent: int | None = None
    links: list[Link] = field(default_factory=list)
    confidential: bool = False
    moved_to: int | None = None
    duplicated_to: int | None = None
    events: Events = field(default_factory=Events)
    notes: list[Note] = field(default_factory=list)  # stored ones, oldest first
    visibility: Visibility = Visibility.VISIBLE
    recorded: Wire | None = None
    derived: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CustomField:
    """`kind`: text, number, single_select, multi_select. `options` are (id, value). `kinds` of work items having it."""

    id: int
    name: str
    kind: str = "text"
    options: tuple[tuple[int, str], ...] = ()
    kinds: frozenset[str] = frozenset({ISSUE, TASK, EPIC})


@dataclass(frozen=True, slots=True)
class Status:
    """`category`: triage, to_do, in_progress, done, canceled. The last two close the item."""

    id: int
    name: str
    category: str
    color: str = "#737278"

    @property
    def closes(self) -> bool:
        return self.category in ("done", "canceled")


@dataclass(frozen=True, slots=True)
class Lifecycle:
    id: int
    name: str
    statuses: tuple[int, ...]
    opens: int
    closes: int
    duplicates: int
    kinds: frozenset[str] = frozenset({ISSUE, TASK})


@dataclass(slots=True)
class GitLab:
    """Everything a server knows. One thread changes it at a time: the server holds its lock around every request."""

    name: str
    now: int | None  # epoch seconds at which this state was taken; None = it is served as of today
    account: int  # the token's user
    zone: str = "UTC"  # of the server, whose days iterations follow
    tier: Tier = Tier.ULTIMATE
    version: str = "18.5.0"
    users: dict[int, User] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    projects: dict[int, Project] = field(default_factory=dict)
    labels: dict[int, Label] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    cadences: dict[int, Cadence] = field(default_factory=dict)
    iterations: dict[int, Iteration] = field(default_factory=dict)
    items: dict[int, WorkItem] = field(default_factory=dict)  # by work item id
    custom_fields: dict[int, CustomField] = field(default_factory=dict)
    statuses: dict[int, Status] = field(default_factory=dict)  # empty = none configured
    lifecycles: list[Lifecycle] = field(default_factory=list)
    merge_requests: dict[int, MergeRequest] = field(default_factory=dict)
    environments: dict[int, Environment] = field(default_factory=dict)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)  # the last id handed out, by kind
    revision: int = 0  # grows with every write
    places: dict[tuple[str, int, int], int] = field(default_factory=dict)  # ("project"|"group", its id, iid) -> item

    @property
    def release(self) -> tuple[int, ...]:
        """The version as numbers, the patch left out: (18, 5)."""
        return tuple(int(part) for part in self.version.split(".")[:2])

    def home(self, project: int | None, group: int | None) -> str:
        """The path of what something belongs to: its project, else its group."""
        return self.projects[project].path if project is not None else self.groups[group or 0].path

    def take(self, kind: str, first: int = 1) -> int:
        """The next id of a kind (`note`, `label_event` …); ids grow with time and are never used again."""
        self.numbers[kind] = max(self.numbers.get(kind, first - 1) + 1, first)
        return self.numbers[kind]

    def add(self, item: WorkItem) -> WorkItem:
        """Puts a work item in its place under its iid."""
        self.items[item.id] = item
        self.places[self._place(item.project, item.group, item.iid)] = item.id
        return item

    def next_iid(self, project: int | None, group: int | None) -> int:
        """The number of the next work item in a project or group; deleted ones keep theirs."""
        kind, number, _ = self._place(project, group, 0)
        return max((iid for k, n, iid in self.places if (k, n) == (kind, number)), default=0) + 1

    def issue(self, project: int, iid: int) -> WorkItem | None:
        """A project's work item, deleted ones excluded."""
        return self._alive(self.places.get(("project", project, iid)))

    def epic(self, group: int, iid: int) -> WorkItem | None:
        """A group's epic, deleted ones excluded."""
        return self._alive(self.places.get(("group", group, iid)))

    def project(self, id_or_path: str | int) -> Project | None:
        """A project by id or path, in any case; former paths are `moved_project`'s."""
        text = str(id_or_path)
        if text.isascii() and text.isdigit():
            return self.projects.get(int(text))
        return next((p for p in self.projects.values() if p.path.casefold() == text.casefold()), None)

    def moved_project(self, path: str) -> Project | None:
        """The project that once had this path."""
        wanted = path.casefold()
        return next((p for p in self.projects.values() if wanted in map(str.casefold, p.old_paths)), None)

    def group(self, id_or_path: str | int) -> Group | None:
        """A group by id or full path, in any case."""
        text = str(id_or_path)
        if text.isascii() and text.isdigit():
            return self.groups.get(int(text))
        return next((g for g in self.groups.values() if g.path.casefold() == text.casefold()), None)

    def ancestors(self, group: int | None) -> Iterator[Group]:
        """The group itself and those above it, nearest first."""
        while group is not None and group in self.groups:
            yield self.groups[group]
            group = self.groups[group].parent

    def within(self, group: int) -> list[Project]:
        """The projects of a group and of its subgroups, in id order; archived and hidden ones too."""
        return [p for p in self.projects.values() if any(g.id == group for g in self.ancestors(p.group))]

    def reference(self, item: WorkItem) -> str:
        """`group/project#12`, of an epic `group&3`."""
        return f"{self.home(item.project, item.group)}{'#' if item.project is not None else '&'}{item.iid}"

    def _alive(self, number: int | None) -> WorkItem | None:
        item = self.items.get(number) if number is not None else None
        return item if item and item.visibility is not Visibility.DELETED else None

    @staticmethod
    def _place(project: int | None, group: int | None, iid: int) -> tuple[str, int, int]:
        return ("group", group or 0, iid) if project is None else ("project", project, iid)
