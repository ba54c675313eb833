"""The milestones and iterations in scope: all of them once, afterwards those that may still change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from urllib.parse import quote

from okr_delivery.model.work import Iteration, IterationKind, IterationState
from okr_delivery.sync.workers import together
from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.client import GitLabClient, StatusError
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.scope import HIDDEN, Place
from okr_delivery_gitlab.settings import Group, Milestone, Project
from okr_delivery_gitlab.timeboxes import Homes, in_order, iteration_of, milestone_of
from okr_delivery_gitlab.values import Row, mapping, nodes, string

AT_ONCE = 10
"""Groups whose iterations are asked for in one query."""
MOST_PAGES = 1000
MILESTONES = """query milestones($path: ID!, $state: MilestoneStateEnum, $after: String) {
  group(fullPath: $path) {
    milestones(includeAncestors: true, includeDescendants: true, state: $state, first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { id iid title description state startDate dueDate webPath }
    }
  }
}"""
_ITERATIONS = """iterations(includeAncestors: true, state: $state, first: 100, after: %s) {
      pageInfo { hasNextPage endCursor }
      nodes { id title description state startDate dueDate webPath iterationCadence { id title } }
    }"""


@dataclass(frozen=True, slots=True)
class Timeboxes:
    """What was found. `milestones` are for looking up numbers; `offered` says whether the tier has iterations."""

    iterations: tuple[Iteration, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    offered: bool = False


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
    paths: dict[str, str] = field(default_factory=dict)

    def read(self, known: Mapping[str, Iteration]) -> Timeboxes:
        """With nothing known all of them; else what is open, and what was open and is listed no more."""
        own = [i for i in known.values() if i.kind is IterationKind.MILESTONE]
        rows = [row for place in together([partial(self._milestones, p, bool(known)) for p in self.places])
                for row in place]  # fmt: skip
        rows += self._left([i for i in own if i.state is not IterationState.CLOSED], rows)
        homes = Homes(self.projects, {group.id: group.path for group in self.groups})
        read = [milestone_of(self.source, row, homes, self.today) for row in rows]
        cadences = self._cadences(bool(known))
        iterations = [iteration_of(self.source, row, self._paths()) for row in cadences or ()]
        ended = self._ended(known.values(), {i.id for i in iterations}) if cadences is not None else []
        found = [*in_order(milestone for milestone, _ in read), *in_order([*iterations, *ended])]
        return Timeboxes(
            iterations=tuple(found),
            milestones=tuple({m.id: m for _, m in read}.values()),
            offered=cadences is not None,
        )

    # milestones

    def _milestones(self, place: Place, live: bool) -> list[Row]:
        state = {"state": "active"} if live else {}
        if place.kind == "projects":
            return self._listed(place.below, {"include_ancestors": "true", **state})
        if self.can.takes("Group", "milestones", "includeAncestors", "includeDescendants", "state"):
            return list(self._of_group(place.path, "active" if live else None))
        rows = self._listed(place.below, {"include_ancestors": "true", "include_descendants": "true", **state})
        inside = [p for p in self.projects if f"{p.path}/".casefold().startswith(f"{place.path}/".casefold())]
        lists = together([partial(self._listed, f"projects/{p.id}", state) for p in inside])
        return rows + [row for rows_of_one in lists for row in rows_of_one]

    def _listed(self, below: str, params: Mapping[str, object]) -> list[Row]:
        """A project whose issues are switched off has none, and answers 403."""
        kind = below.partition("/")[0]
        try:
            return self.client.rows(f"{below}/milestones", params, what=f"{kind}/:id/milestones", expect=HIDDEN)
        except StatusError:
            return []

    def _of_group(self, path: str, state: str | None) -> Iterator[Row]:
        after: str | None = None
        for _ in range(MOST_PAGES):
            data = self.client.demand(
                MILESTONES, {"path": path, "state": state, "after": after}, what="graphql milestones"
            )
            connection = mapping(mapping(data.get("group")).get("milestones"))
            yield from nodes(connection)
            after = next_cursor(connection)
            if after is None:
                return
        raise broken("endless", "graphql milestones")

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

    def _cadences(self, live: bool) -> list[Row] | None:
        """None where the tier has no iterations."""
        paths = self._leaves()
        if not paths:
            return None
        if self.can.takes("Group", "iterations", "includeAncestors", "state"):
            parts = [paths[start : start + AT_ONCE] for start in range(0, len(paths), AT_ONCE)]
            return [row for rows in together([partial(self._queried, part, live) for part in parts]) for row in rows]
        lists = together([partial(self._by_rest, path, live) for path in paths])
        return None if all(rows is None for rows in lists) else [row for rows in lists for row in rows or ()]

    def _leaves(self) -> list[str]:
        """The groups in scope below which there is no other one: lists hold what their ancestors have."""
        paths = {p.group for p in self.projects if p.group} | {group.path for group in self.groups}
        return sorted(path for path in paths if not any(other.startswith(f"{path}/") for other in paths))

    def _queried(self, paths: Sequence[str], live: bool) -> list[Row]:
        """The iterations of some groups; what a first page does not hold is asked for group by group."""
        found: list[Row] = []
        data = self._asked(dict.fromkeys(paths), live)
        for n, path in enumerate(paths):
            connection = mapping(mapping(data.get(f"g{n}")).get("iterations"))
            found += nodes(connection)
            after = next_cursor(connection)
            for _ in range(MOST_PAGES):
                if after is None:
                    break
                more = mapping(mapping(self._asked({path: after}, live).get("g0")).get("iterations"))
                found += nodes(more)
                after = next_cursor(more)
        return found

    def _asked(self, places: Mapping[str, str | None], live: bool) -> Row:
        holes = ", ".join(f"$p{n}: ID!, $a{n}: String" for n, _ in enumerate(places))
        asked = "\n".join(
            f"  g{n}: group(fullPath: $p{n}) {{\n    {_ITERATIONS % f'$a{n}'}\n  }}" for n, _ in enumerate(places)
        )
        variables: dict[str, object] = {"state": "opened" if live else "all"}
        for n, (path, after) in enumerate(places.items()):
            variables |= {f"p{n}": path, f"a{n}": after}
        query = f"query iterations({holes}, $state: IterationState) {{\n{asked}\n}}"
        return self.client.demand(query, variables, what="graphql iterations")

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


def next_cursor(connection: Row) -> str | None:
    """Where the next page of a GraphQL connection begins; None on the last one."""
    page = mapping(connection.get("pageInfo"))
    return string(page.get("endCursor")) if page.get("hasNextPage") is True else None
