"""Milestones and iterations: rows of either interface as the model has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from okr_delivery.model.work import Iteration, IterationKind, IterationState
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.settings import Milestone, Project
from okr_delivery_gitlab.values import Row, by_number, day, mapping, number_of, string

ITERATION_ID = "iteration-"
"""Before an iteration's own number, because milestones are numbered too."""
CADENCE_ID = "cadence-"
UNDATED = 10_000_000
"""Behind the ordinals of all days."""
LAST = 2**31 - 1
_STATES = {"1": "upcoming", "2": "current", "3": "closed"}
_LIVE = {"upcoming": IterationState.FUTURE, "current": IterationState.ACTIVE}
_GROUP_PAGE = re.compile(r"/groups/(?P<path>.+)/-/milestones/")
_PROJECT_PAGE = re.compile(r"/(?P<path>[^/]+(?:/[^/]+)+)/-/milestones/")


class Homes:
    """Which project or group a milestone belongs to."""

    def __init__(self, projects: Iterable[Project], groups: Mapping[str, str]) -> None:
        """`groups` gives paths by id."""
        projects = list(projects)
        self._projects = {project.path.casefold(): project for project in projects}
        self._groups = {p.group_id: p.group for p in projects if p.group_id and p.group} | dict(groups)
        self._by_path = {str(path).casefold(): ref for ref, path in self._groups.items()}

    def of(self, row: Row) -> tuple[str | None, str | None, str | None]:
        """Project id, group id and group path. One page's address tells it where the members do not."""
        project, group = string(row.get("project_id")), string(row.get("group_id"))
        if project is None and group is None:
            return self._by_page(string(row.get("webPath")) or "")
        return project, group, self._groups.get(group) if group else None

    def _by_page(self, page: str) -> tuple[str | None, str | None, str | None]:
        above = _GROUP_PAGE.search(page)
        if above:
            return None, self._by_path.get(above["path"].casefold()), above["path"]
        found = _PROJECT_PAGE.search(page)
        path = found["path"].casefold() if found else ""
        parts = path.split("/")
        for start in range(len(parts) - 1):  # a server below a path of its own writes that path too
            project = self._projects.get("/".join(parts[start:]))
            if project is not None:
                return project.id, None, None
        return None, None, None


def milestone_of(source: str, row: Row, homes: Homes, today: date) -> tuple[Iteration, Milestone]:
    """A milestone for the store, and for looking up its number. Raises AbortSyncError for one that can't be read."""
    ref, iid = number_of(row.get("id")) or string(row.get("id")), string(row.get("iid"))
    title = string(row.get("title"))
    project, group, path = homes.of(row)
    if ref is None or iid is None or title is None:
        raise broken("shape", "milestones")
    first, last = _days(row, "start_date", "startDate", ref), _days(row, "due_date", "dueDate", ref)
    closed = string(row.get("state")) == "closed"
    known = Iteration(
        source=source,
        id=ref,
        name=title,
        state=_state(closed, first, today),
        goal=string(row.get("description")),
        kind=IterationKind.MILESTONE,
        first_day=first,
        last_day=last,
        project_id=project,
        group=path if project is None else None,
    )
    return known, Milestone(ref, iid, title, f"project {project}" if project else f"group {group or path}")


def iteration_of(source: str, row: Row, groups: Mapping[str, str]) -> Iteration:
    """An iteration of a cadence. One without a title, as automatic cadences make them, is named by cadence and days.

    Raises AbortSyncError for one that can't be read.
    """
    ref = number_of(row.get("id")) or string(row.get("id"))
    if ref is None:
        raise broken("shape", "iterations")
    first, last = _days(row, "start_date", "startDate", ref), _days(row, "due_date", "dueDate", ref)
    cadence = mapping(row.get("iterationCadence"))
    state = str(row.get("state")).lower()
    group = string(row.get("group_id"))
    return Iteration(
        source=source,
        id=f"{ITERATION_ID}{ref}",
        name=string(row.get("title")) or _named(string(cadence.get("title")), first, last, ref),
        state=_LIVE.get(_STATES.get(state, state), IterationState.CLOSED),
        goal=string(row.get("description")),
        board_id=_prefixed(CADENCE_ID, number_of(cadence.get("id"))),
        kind=IterationKind.ITERATION,
        first_day=first,
        last_day=last,
        group=groups.get(group or "") or _group_of(string(row.get("webPath"))),
    )


def in_order(iterations: Iterable[Iteration]) -> list[Iteration]:
    """Each once, by their days, those without any last; the order they are given is the same in every list."""
    known = {iteration.id: iteration for iteration in iterations}
    ordered = [replace(iteration, order=_order(iteration)) for iteration in known.values()]
    return sorted(ordered, key=lambda iteration: (iteration.order, by_number(iteration.id)))


def _order(iteration: Iteration) -> int:
    """The day it begins, else the one it ends; without either behind all days, by its number."""
    day = iteration.first_day or iteration.last_day
    if day is not None:
        return day.toordinal()
    ref = iteration.id.removeprefix(ITERATION_ID)
    return min(UNDATED + (int(ref) if ref.isdigit() else 0), LAST)


def _state(closed: bool, first: date | None, today: date) -> IterationState:
    if closed:
        return IterationState.CLOSED
    return IterationState.FUTURE if first is not None and first > today else IterationState.ACTIVE


def _days(row: Row, rest: str, graphql: str, ref: str) -> date | None:
    """A day, which GraphQL may write as an instant."""
    text = string(row.get(rest)) or string(row.get(graphql))
    try:
        return day(text[:10] if text else None)
    except ValueError as error:
        raise broken("timebox_unreadable", "milestones", timebox=ref[:40]) from error


def _named(cadence: str | None, first: date | None, last: date | None, ref: str) -> str:
    span = " – ".join(each.isoformat() for each in (first, last) if each is not None)
    return " ".join(filter(None, (cadence, span))) or ref


def _prefixed(prefix: str, ref: str | None) -> str | None:
    return f"{prefix}{ref}" if ref else None


def _group_of(page: str | None) -> str | None:
    found = re.search(r"/groups/(.+?)/-/", page or "")
    return found[1] if found else None


def titles(iterations: Sequence[Iteration]) -> dict[str, str]:
    """Names of iterations by their bare number."""
    return {i.id.removeprefix(ITERATION_ID): i.name for i in iterations if i.kind is IterationKind.ITERATION}
