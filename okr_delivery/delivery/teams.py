"""Which team owns an issue, what part it plays there, and which iterations are a team's.

An issue belongs to the first team one of whose selectors it meets. Its project counts as of the day it was finished
(so that a moved issue stays where it was delivered), everything else as of the instant asked about.

A selector's `boards`: an issue that is, or last was, in an iteration of some board belongs to that board; one that
never was in any belongs to the boards of its project.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from okr_delivery.delivery.membership import VERSION_ID
from okr_delivery.model.work import Board, Issue, Iteration, IterationKind, Membership

if TYPE_CHECKING:
    from okr_delivery.config import Selector, Source, Team

BY_DATES = frozenset({IterationKind.MILESTONE, IterationKind.ITERATION})
"""Kinds whose days alone say what they were when: their trackers keep no record of when one was closed."""


class Role(StrEnum):
    """What an issue is to the OKRs."""

    REQUIREMENT = "requirement"
    NON_OKR = "non_okr"  # of a declared class of work that serves no key result
    SUBTASK = "subtask"
    OTHER = "other"  # of another type, or excluded by label


def sources_of(team: Team) -> tuple[str, ...]:
    """Names of the sources that a team's issues come from, in the order of its selectors."""
    return tuple(dict.fromkeys(selector.source for selector in team.select))


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(str(word).casefold() for word in words)


def classify(source: Source, *, subtask: bool, types: Iterable[str], labels: Iterable[str]) -> tuple[Role, str | None]:
    """The role of an issue and its non-OKR class. `types` are the id and the name of its type, any case."""
    if subtask:
        return Role.SUBTASK, None
    mine, tags = _folded(types), _folded(labels)
    for kind in dict.fromkeys([*source.non_okr.labels, *source.non_okr.types]):
        by_label = tags & _folded(source.non_okr.labels.get(kind, ()))
        if by_label or mine & _folded(source.non_okr.types.get(kind, ())):
            return Role.NON_OKR, kind
    wanted = source.requirements.types
    if tags & _folded(source.requirements.exclude_labels) or (wanted and not mine & _folded(wanted)):
        return Role.OTHER, None
    return Role.REQUIREMENT, None


@dataclass(frozen=True, slots=True)
class Traits:
    """What selectors look at, as of the instant that counts for each."""

    project: str
    project_id: str
    type: str
    type_id: str
    labels: frozenset[str]
    components: frozenset[str]
    boards: frozenset[str]  # of the iterations it is, or last was, in; empty: never was in any


class Owners:
    """Finds the owner of an issue; `boards` and `sources` serve the selector of that name."""

    def __init__(
        self, teams: Sequence[Team], sources: Mapping[str, Source], boards: Mapping[str, Sequence[Board]]
    ) -> None:
        self._teams = teams
        self._sources = sources
        every = ((source, board) for source, found in boards.items() for board in found)
        self._projects = {(source, board.id): board.project.casefold() for source, board in every if board.project}

    def owner(self, source: str, traits: Traits) -> str | None:
        """Id of the first team that matches, None: nobody's."""
        for team in self._teams:
            if any(selector.source == source and self._meets(selector, traits) for selector in team.select):
                return team.id
        return None

    def _meets(self, selector: Selector, traits: Traits) -> bool:
        return (
            _in_place(selector, traits)
            and _any(selector.components, traits.components)
            and _any(selector.labels, traits.labels)
            and _any(selector.types, (traits.type, traits.type_id))
            and (not selector.boards or self._on_board(selector, traits))
        )

    def _on_board(self, selector: Selector, traits: Traits) -> bool:
        wanted = set(selector.boards)
        if traits.boards:
            return bool(traits.boards & wanted)
        if any(self._projects.get((selector.source, board)) == traits.project.casefold() for board in wanted):
            return True
        source = self._sources.get(selector.source)
        return source is not None and not source.projects and set(source.boards) <= wanted


def _any(wanted: Sequence[str], found: Iterable[str]) -> bool:
    return not wanted or bool(_folded(wanted) & _folded(found))


def _in_place(selector: Selector, traits: Traits) -> bool:
    """Whether an issue is in one of the projects or groups that a selector names; one without either takes all."""
    if not selector.groups:
        return _any(selector.projects, (traits.project, traits.project_id))
    inside = any(is_inside(traits.project, group) for group in selector.groups)
    return inside or bool(selector.projects and _any(selector.projects, (traits.project, traits.project_id)))


def projects_of(team: Team, source: str, projects: Iterable[tuple[str, str]]) -> list[str] | None:
    """Ids of those of a source's projects that a team's issues may be in; None: any. `projects` are (key, id)."""
    mine = [selector for selector in team.select if selector.source == source]
    if any(not selector.projects and not selector.groups for selector in mine):
        return None
    return [ref for key, ref in projects if any(_takes(selector, key, ref) for selector in mine)]


def _takes(selector: Selector, key: str, ref: str) -> bool:
    inside = any(is_inside(key, group) for group in selector.groups)
    return inside or _any(selector.projects, (key, ref)) if selector.projects else inside


def is_inside(path: str, group: str) -> bool:
    """Whether a path is a group's own or lies in it, at any depth and in any case."""
    return f"{path.casefold()}/".startswith(f"{group.casefold()}/")


def boards_of(memberships: Iterable[Membership], iterations: Mapping[str, Iteration], as_of: int) -> frozenset[str]:
    """The boards of the iterations that hold an issue at an instant, else of the one it left last."""
    seen = [m for m in memberships if m.entered_at <= as_of and not m.iteration_id.startswith(VERSION_ID)]
    held = [m for m in seen if m.left_at is None or m.left_at > as_of]
    last = max((m.left_at for m in seen if m.left_at is not None), default=None)
    counted = held or [m for m in seen if m.left_at == last]
    known = (iterations.get(m.iteration_id) for m in counted)
    return frozenset(i.board_id for i in known if i is not None and i.board_id is not None)


def in_scope(
    team: Team, source: Source, boards: Sequence[Board], projects: Mapping[str, str], iterations: Iterable[Iteration]
) -> tuple[Iteration, ...]:
    """Those of a source's iterations that are the team's, in the order given.

    Sprints are chosen by board, versions by project, what belongs to projects and groups by where the team's issues
    lie: `projects` gives the id of each project by its key in lower case.
    """
    wanted = _wanted_boards(team, source, boards)
    homes = _wanted_projects(team, source, boards, projects)
    places = _places(team, source.name, projects)
    return tuple(
        i for i in iterations if _is_on(i, *wanted) and _is_of(i, homes) and _is_near(i, places) and _is_named(i, team)
    )


@dataclass(frozen=True, slots=True)
class Places:
    """Where a team's issues lie: ids of projects, and the paths of projects and groups, in lower case."""

    ids: frozenset[str]
    paths: frozenset[str]


def _places(team: Team, source: str, projects: Mapping[str, str]) -> Places | None:
    """None for a team that takes all of a source's projects."""
    mine = [selector for selector in team.select if selector.source == source]
    if any(not selector.projects and not selector.groups for selector in mine):
        return None
    named = _folded(name for selector in mine for name in selector.projects)
    groups = _folded(name for selector in mine for name in selector.groups)
    inside = {key for key, ref in projects.items() if ref in named or any(is_inside(key, group) for group in groups)}
    paths = named | groups | inside
    return Places(frozenset({projects[key] for key in paths if key in projects} | named), paths)


def _is_near(iteration: Iteration, places: Places | None) -> bool:
    """Whether one that is dated by its days belongs to a project of the team's, or to a group around or inside one."""
    if places is None or iteration.kind not in BY_DATES:
        return True
    if iteration.project_id is not None:
        return iteration.project_id.casefold() in places.ids
    group = iteration.group
    return group is None or any(is_inside(path, group) or is_inside(group, path) for path in places.paths)


def _wanted_projects(
    team: Team, source: Source, boards: Sequence[Board], projects: Mapping[str, str]
) -> frozenset[str] | None:
    """Keys and ids, in lower case, of the projects that a team selects, else of its source's; None: all there are."""
    found: set[str] = set()
    for selector in team.select:
        if selector.source != source.name:
            continue
        named = selector.projects or _of_boards(selector.boards, boards) or source.projects
        named = named or _of_boards(source.boards, boards)
        if not named:
            return None
        found |= _folded(named)
    return frozenset(found) | _folded(projects[key] for key in found if key in projects)


def _of_boards(wanted: Sequence[str], boards: Sequence[Board]) -> tuple[str, ...]:
    return tuple(board.project for board in boards if board.id in wanted and board.project is not None)


def _is_of(iteration: Iteration, homes: frozenset[str] | None) -> bool:
    if iteration.kind is not IterationKind.VERSION or homes is None or iteration.project_id is None:
        return True
    return iteration.project_id.casefold() in homes


def _wanted_boards(team: Team, source: Source, known: Sequence[Board]) -> tuple[frozenset[str], frozenset[str]]:
    """(boards whose iterations count, boards whose iterations don't); an empty first set: all but the second."""
    if team.iterations is not None and team.iterations.boards:
        return frozenset(team.iterations.boards), frozenset()
    if source.boards:
        return frozenset(source.boards), frozenset()
    projects = _folded(source.projects)
    foreign = (b.id for b in known if projects and b.project is not None and b.project.casefold() not in projects)
    return frozenset(), frozenset(foreign)


def _is_on(iteration: Iteration, wanted: frozenset[str], foreign: frozenset[str]) -> bool:
    return iteration.board_id in wanted if wanted else iteration.board_id not in foreign


def _is_named(iteration: Iteration, team: Team) -> bool:
    pattern = team.iterations.name if team.iterations is not None else None
    return pattern is None or fnmatchcase(iteration.name.casefold(), pattern.casefold())


def traits_now(issue: Issue, boards: frozenset[str]) -> Traits:
    """Traits from the current body."""
    return Traits(
        project=issue.project,
        project_id=issue.project_id,
        type=issue.type,
        type_id=issue.type_id,
        labels=frozenset(issue.labels),
        components=frozenset(issue.components),
        boards=boards,
    )
