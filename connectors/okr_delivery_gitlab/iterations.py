"""The milestones and iterations in scope: all of them once, afterwards those that may still change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from urllib.parse import quote

from okr_delivery.model.work import Iteration, IterationKind, IterationState
from okr_delivery.sync.workers import together
from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.client import GitLabClient, StatusError
from okr_delivery_gitlab.planned import Listed, PlannedReader, offers
from okr_delivery_gitlab.scope import HIDDEN, Place
from okr_delivery_gitlab.settings import Group, Milestone, Project, Settings
from okr_delivery_gitlab.timeboxes import Homes, in_order, iteration_of, milestone_of, titles
from okr_delivery_gitlab.values import Row, mapping, string

RENAMED = (16, 7)
"""Version from which on milestones of the groups above are called those of ancestors."""


@dataclass(frozen=True, slots=True)
class Timeboxes:
    """What was found. `milestones` are for looking up numbers; `offered` says whether the tier has iterations."""

    iterations: tuple[Iteration, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    offered: bool = False


def remembering(settings: Settings, found: Timeboxes) -> Settings:
    """Settings that can look up what was found too."""
    merged = {m.id: m for m in (*settings.milestones, *found.milestones)}
    return replace(
        settings,
        milestones=tuple(merged.values()),
        iterations={**settings.iterations, **titles(found.iterations)},
        features=settings.features | ({"iterations"} if found.offered else frozenset()),
    )


@dataclass(frozen=True, slots=True)
class TimeboxReader:
    """Reads those of one source. `today` is the server's day."""

    source: str
    client: GitLabClient
    can: Capabilities
    places: Sequence[Place]
    groups: Sequence[Group]
    projects: Sequence[Project]
    today: date
    version: str = ""
    paths: dict[str, str] = field(default_factory=dict)

    def read(self, known: Mapping[str, Iteration]) -> Timeboxes:
        """With nothing known all of them; else what is open, and what was open and is listed no more."""
        own = [i for i in known.values() if i.kind is IterationKind.MILESTONE]
        rows, cadences = self._rows(live=bool(known))
        rows += self._left([i for i in own if i.state is not IterationState.CLOSED], rows)
        homes = Homes(self.projects, {group.id: group.path for group in self.groups})
        read = [milestone_of(self.source, row, homes, self.today) for row in rows]
        iterations = [iteration_of(self.source, row, self._paths()) for row in cadences or ()]
        ended = self._ended(known.values(), {i.id for i in iterations}) if cadences is not None else []
        found = [*in_order(milestone for milestone, _ in read), *in_order([*iterations, *ended])]
        return Timeboxes(
            iterations=tuple(found),
            milestones=tuple({m.id: m for _, m in read}.values()),
            offered=cadences is not None,
        )

    def _rows(self, *, live: bool) -> tuple[list[Row], list[Row] | None]:
        """Milestones and iterations, all that GraphQL lists in as few queries as hold them."""
        roots = {"groups": "group", "projects": "project"}
        asked = [p for p in self.places if offers(self.can, roots[p.kind], "milestones")]
        leaves = self._leaves()
        bulk = leaves if offers(self.can, "group", "iterations") else []
        wanted = [Listed(roots[place.kind], place.path, "milestones") for place in asked]
        wanted += [Listed("group", path, "iterations") for path in bulk]
        found = PlannedReader(self.client, live=live).read(wanted)
        others = together([partial(self._milestones, p, live) for p in self.places if p not in asked])
        milestones = [row for rows in (*found[: len(asked)], *others) for row in rows or ()]
        return milestones, _together(found[len(asked) :]) if bulk else self._cadences(leaves, live)

    # milestones

    def _milestones(self, place: Place, live: bool) -> list[Row]:
        """Those of one place by REST."""
        state = {"state": "active"} if live else {}
        if place.kind == "projects":
            return self._listed(place.below, {self._above(): "true", **state})
        rows = self._listed(place.below, {self._above(): "true", "include_descendants": "true", **state})
        if any(string(row.get("project_id")) for row in rows):
            return rows  # a server that knows of descendants, since 16.7, has told of them
        inside = [p for p in self.projects if f"{p.path}/".casefold().startswith(f"{place.path}/".casefold())]
        lists = together([partial(self._listed, f"projects/{p.id}", state) for p in inside])
        return rows + [row for rows_of_one in lists for row in rows_of_one]

    def _above(self) -> str:
        """The parameter for milestones of the groups above; GitLab refuses both of its names together."""
        found = re.match(r"(\d+)\.(\d+)", self.version)
        older = found is not None and (int(found[1]), int(found[2])) < RENAMED
        return "include_parent_milestones" if older else "include_ancestors"

    def _listed(self, below: str, params: Mapping[str, object]) -> list[Row]:
        """A project whose issues are switched off has none, and answers 403."""
        kind = below.partition("/")[0]
        try:
            return self.client.rows(f"{below}/milestones", params, what=f"{kind}/:id/milestones", expect=HIDDEN)
        except StatusError:
            return []

    def _left(self, known: Iterable[Iteration], rows: Sequence[Row]) -> list[Row]:
        """Milestones that were open when last seen: closed since, or deleted."""
        listed = {str(row.get("id")).rpartition("/")[2] for row in rows}
        asked = [partial(self._one, i) for i in known if i.id not in listed]
        return [row for row in together(asked) if row is not None]

    def _one(self, known: Iteration) -> Row | None:
        below = f"projects/{known.project_id}" if known.project_id else f"groups/{quote(known.group or '', safe='')}"
        what = f"{below.partition('/')[0]}/:id/milestones/:id"
        try:
            return mapping(self.client.get(f"{below}/milestones/{known.id}", what=what, expect=HIDDEN))
        except StatusError:
            return None

    # iterations

    def _cadences(self, paths: Sequence[str], live: bool) -> list[Row] | None:
        """By REST; None where the tier has no iterations: that of a top-level group, as its first group tells."""
        tops: dict[str, list[str]] = {}
        for path in paths:
            tops.setdefault(path.partition("/")[0], []).append(path)
        firsts = together([partial(self._by_rest, below[0], live) for below in tops.values()])
        there = [below for below, rows in zip(tops.values(), firsts, strict=True) if rows is not None]
        others = together([partial(self._by_rest, path, live) for below in there for path in below[1:]])
        return _together([*firsts, *others])

    def _leaves(self) -> list[str]:
        """The groups in scope below which there is no other one: lists hold what their ancestors have."""
        paths = {p.group for p in self.projects if p.group} | {group.path for group in self.groups}
        return sorted(path for path in paths if not any(other.startswith(f"{path}/") for other in paths))

    def _by_rest(self, path: str, live: bool) -> list[Row] | None:
        asked = {"include_ancestors": "true", "state": "opened" if live else "all"}
        try:
            return self.client.rows(
                f"groups/{quote(path, safe='')}/iterations", asked, what="groups/:id/iterations", expect=HIDDEN
            )
        except StatusError:
            return None

    def _ended(self, known: Iterable[Iteration], listed: set[str]) -> list[Iteration]:
        """Iterations that were open when last seen end by their day; one that is not over was deleted."""
        return [
            replace(i, state=IterationState.CLOSED)
            for i in known
            if i.kind is IterationKind.ITERATION
            and i.state is not IterationState.CLOSED
            and i.id not in listed
            and i.last_day is not None
            and i.last_day < self.today
        ]

    def _paths(self) -> Mapping[str, str]:
        """Paths of groups by their ids."""
        if not self.paths:
            self.paths.update({p.group_id: p.group for p in self.projects if p.group_id and p.group})
            self.paths.update({group.id: group.path for group in self.groups})
        return self.paths


def _together(lists: Sequence[list[Row] | None]) -> list[Row] | None:
    """The rows of all lists; None where none of them is shown."""
    return None if all(rows is None for rows in lists) else [row for rows in lists for row in rows or ()]
