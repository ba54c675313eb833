"""What stands before anything happens: groups, projects, people, labels, milestones, fields, and where each goes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from okr_delivery.sandbox.gitlab.state import (
    Cadence,
    CustomField,
    GitLab,
    Group,
    Iteration,
    Label,
    Lifecycle,
    Milestone,
    Project,
    Status,
    Tier,
    User,
)
from okr_delivery.sandbox.site import SiteIssue
from okr_delivery.sandbox.world import World
from okr_delivery.sandbox.world import setting as jira
from okr_delivery.sandbox.world.calendar import local_day

Workflow = Literal["labels", "statuses", "both"]

GROUP, PATH = 7, "acme"
PROJECTS = {"PAY": "payments", "MOB": "mobile", "OKR": "objectives", "WEB": "portal", "PLT": "platform"}
SCOPE, PRIORITY = "workflow", "priority"
KEY_RESULT, CONTRIBUTION = "customfield_10040", "customfield_10041"
FIELD_IDS = {KEY_RESULT: 1, CONTRIBUTION: 2}
REFUSED = {"10001": "Won't Do", "10002": "Duplicate"}  # resolutions that a plain `closed` does not tell
FIRST_PROJECT, FIRST_USER, FIRST_LABEL, FIRST_MILESTONE, FIRST_ITEM = 101, 11, 3_001, 801, 50_001
STATUS_CATEGORIES = ("to_do", "to_do", "in_progress", "in_progress", "in_progress", "done", "canceled")


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens at an instant. `order`: the instant, then what comes first at one instant."""

    order: tuple[int, int, int, int]
    run: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Scene:
    """The state that is being told, and where the world's things are found in it."""

    world: World
    state: GitLab
    workflow: Workflow
    issues: tuple[SiteIssue, ...]  # those told, in order of their birth
    projects: Mapping[str, Project]  # by Jira project id
    users: Mapping[str, int]  # by account
    labels: dict[str, int] = field(default_factory=dict)  # by name, all of the group
    periods: dict[str, int] = field(default_factory=dict)  # sprint or version id -> milestone, or iteration
    cadences: bool = False
    items: dict[int, int] = field(default_factory=dict)  # Jira issue id -> work item
    closers: dict[tuple[int, int], int] = field(default_factory=dict)  # (issue, instant) -> merge request's act

    @property
    def fields(self) -> bool:
        """Whether key results have fields of their own; else they stand in the description."""
        return bool(self.state.custom_fields)

    def label(self, name: str) -> int:
        """The group's label of that name; made if there is none."""
        if name not in self.labels:
            made = Label(self.state.take("label", FIRST_LABEL), name, group=GROUP)
            self.state.labels[made.id] = made
            self.labels[name] = made.id
        return self.labels[name]

    def type_of(self, issue: SiteIssue) -> str:
        """The world's own name of an issue's type."""
        return next(name for name, number in jira.TYPES.items() if number == issue.type)


def stage(
    world: World, tier: Tier, version: str, workflow: Workflow, cadences: bool, projects: Collection[str] | None
) -> Scene:
    """Everything but work items."""
    told = [key for key in PROJECTS if projects is None or key in projects]
    state = GitLab(world.site.name, world.now, FIRST_USER, tier=tier, version=version)
    state.groups[GROUP] = Group(GROUP, PATH, world.site.name)
    homes = {jira.PROJECTS[key]: _project(world, key) for key in told}
    state.projects = {home.id: home for home in homes.values()}
    state.users = _users(world)
    users = {account: FIRST_USER + place for place, account in enumerate(world.site.users)}
    scene = Scene(world, state, workflow, _told(world, homes), homes, users, cadences=cadences)
    for place, issue in enumerate(scene.issues):
        scene.items[issue.id] = FIRST_ITEM + place
    state.numbers |= {"item": FIRST_ITEM + len(scene.issues) - 1, "user": FIRST_USER + len(users) - 1}
    _words(scene)
    _periods(scene)
    return scene


def _told(world: World, homes: Mapping[str, Project]) -> tuple[SiteIssue, ...]:
    rows = [issue for issue in world.site.issues.values() if issue.project in homes]
    return tuple(sorted(rows, key=lambda issue: (issue.created, issue.id)))


def _project(world: World, key: str) -> Project:
    row = world.site.project(key)
    place = list(PROJECTS).index(key)
    name = str(row["name"]) if row else key
    first = min((i.created for i in world.site.issues.values() if i.project == jira.PROJECTS[key]), default=0)
    return Project(FIRST_PROJECT + place, path_of(key), name, GROUP, created=first)


def _users(world: World) -> dict[int, User]:
    found = {}
    for place, row in enumerate(world.site.users.values()):
        name = str(row["displayName"])
        plain = name.lower().replace(" ", ".")
        found[FIRST_USER + place] = User(FIRST_USER + place, plain if plain.isascii() else f"user{place}", name)
    return found


def _words(scene: Scene) -> None:
    """Labels of the workflow and priorities, custom fields, statuses."""
    state, names = scene.state, status_names(scene.world)
    if scene.workflow != "statuses":
        for name in (*names[1:5], names[6], *REFUSED.values()):
            scene.label(f"{SCOPE}::{name}")
    for row in scene.world.site.priorities:
        scene.label(f"{PRIORITY}::{row['name']}")
    if state.tier is Tier.ULTIMATE:
        shown = {str(row["id"]): str(row["name"]) for row in scene.world.site.fields}
        state.custom_fields = {n: CustomField(n, shown[f]) for f, n in FIELD_IDS.items()}
    if scene.workflow == "statuses":
        _statuses(state, [*zip(names, STATUS_CATEGORIES, strict=True), *((n, "canceled") for n in REFUSED.values())])
    elif scene.workflow == "both":
        own = ("To do", "to_do"), ("In progress", "in_progress"), ("Done", "done")
        _statuses(state, [*own, ("Won't do", "canceled"), ("Duplicate", "canceled")])


def _statuses(state: GitLab, rows: list[tuple[str, str]]) -> None:
    state.statuses = {n: Status(n, name, category) for n, (name, category) in enumerate(rows, start=1)}
    done = next(n for n, found in state.statuses.items() if found.category == "done")
    state.lifecycles = [Lifecycle(1, "Default", tuple(state.statuses), 1, done, len(rows))]


def status_names(world: World) -> list[str]:
    """The seven names of the workflow, in its order."""
    rows = {str(row["id"]): str(row["name"]) for row in world.site.statuses}
    return [rows[number] for number in jira.STATUS_IDS["PAY"]]


def _periods(scene: Scene) -> None:
    """Sprints by board, then the trains. The days of a sprint are those between its instants, the last one included."""
    for key, board in jira.BOARDS.items():
        if jira.PROJECTS[key] in scene.projects:
            rows = [s for s in scene.world.site.sprints.values() if s.board == board]
            for place, sprint in enumerate(sorted(rows, key=lambda s: s.id), start=1):
                first = local_day(sprint.start) if sprint.start else None
                last = local_day(sprint.end) - timedelta(days=1) if sprint.end else None
                born = sprint.created or 0
                _period(scene, str(sprint.id), key, place, sprint.name, (first, last), born, sprint.state == "closed")
                _describe(scene, str(sprint.id), sprint.goal)
    if jira.PROJECTS["WEB"] in scene.projects:
        _trains(scene)


def _trains(scene: Scene) -> None:
    born = scene.issues[0].created
    for place, row in enumerate(scene.world.site.versions.get(jira.PROJECTS["WEB"], ()), start=1):
        days = tuple(date.fromisoformat(str(row[n])) if n in row else None for n in ("startDate", "releaseDate"))
        made = _milestone(scene, "WEB", place, str(row["name"]), (days[0], days[1]), born)
        made.state = "closed" if row["released"] else "active"
        made.description = str(row.get("description", ""))
        scene.periods[str(row["id"])] = made.id


def _period(
    scene: Scene,
    number: str,
    key: str,
    place: int,
    name: str,
    days: tuple[date | None, date | None],
    born: int,
    over: bool,
) -> None:
    if not scene.cadences:
        made = _milestone(scene, key, place, name, days, born)
        made.state = "closed" if over else "active"
        scene.periods[number] = made.id
        return
    if days[0] is None or days[1] is None:
        return  # a cadence plans with dates
    cadence = jira.BOARDS[key]
    scene.state.cadences.setdefault(cadence, Cadence(cadence, f"{key} cadence", GROUP))
    today = local_day(scene.world.now * 1000)
    state = "closed" if days[1] < today else "current" if days[0] <= today else "upcoming"
    taken = scene.state.take("iteration")
    scene.state.iterations[taken] = Iteration(taken, taken, cadence, place, days[0], days[1], state, name, born, born)
    scene.periods[number] = taken


def _milestone(
    scene: Scene, key: str, place: int, name: str, days: tuple[date | None, date | None], born: int
) -> Milestone:
    number = scene.state.take("milestone", FIRST_MILESTONE)
    home = scene.projects[jira.PROJECTS[key]]
    made = Milestone(number, place, name, project=home.id, start=days[0], due=days[1], created=born, updated=born)
    scene.state.milestones[number] = made
    return made


def _describe(scene: Scene, number: str, goal: str) -> None:
    if not scene.cadences:
        scene.state.milestones[scene.periods[number]].description = goal


def keys(world: World, tier: Tier = Tier.ULTIMATE, projects: Collection[str] | None = None) -> dict[str, str]:
    """What GitLab shows instead of each Jira key: `acme/payments#12` for PAY-12, `acme&1` for the first epic."""
    found, epics = {}, 0
    told = {jira.PROJECTS[key]: path_of(key) for key in PROJECTS if projects is None or key in projects}
    for issue in sorted(world.site.issues.values(), key=lambda issue: (issue.created, issue.id)):
        if issue.project not in told:
            continue
        if tier.paid and issue.type == jira.TYPES["Epic"]:
            epics += 1
            found[issue.key] = f"{PATH}&{epics}"
        else:
            found[issue.key] = f"{told[issue.project]}#{number_of(issue)}"
    return found


def path_of(key: str) -> str:
    """The path of a Jira project: `acme/payments` of PAY."""
    return f"{PATH}/{PROJECTS[key]}"


def team_label(path: str) -> str:
    """The label by which an epic says whose it is: `team::payments`."""
    return f"team::{path.rpartition('/')[2]}"


def number_of(issue: SiteIssue) -> int:
    """The number in a Jira key."""
    return int(issue.key.rpartition("-")[2])
