"""GraphQL's lists of milestones and iterations: those of several places in one query, as many as it may hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from okr_delivery.sync.workers import together
from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.client import GitLabClient, GraphQLErrors, ServerBusyError
from okr_delivery_gitlab.graphql import refusal
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.values import Row, mapping, nodes, string

AT_ONCE = 6
"""Lists a query: each costs more than thirty of the 250 that GitLab permits."""
MOST_PAGES = 1000
WHAT = "graphql timeboxes"
_PAGE = "pageInfo { hasNextPage endCursor }"
_MEMBERS = {
    "milestones": f"""fragment milestones on MilestoneConnection {{
  {_PAGE} nodes {{ id iid title description state startDate dueDate webPath }}
}}""",
    "iterations": f"""fragment iterations on IterationConnection {{
  {_PAGE} nodes {{ id title description state startDate dueDate webPath iterationCadence {{ id title }} }}
}}""",
}
_ARGUMENTS = {
    ("group", "milestones"): ("includeAncestors", "includeDescendants"),
    ("project", "milestones"): ("includeAncestors",),
    ("group", "iterations"): ("includeAncestors",),
}
_LIVE = {"milestones": "active", "iterations": "opened"}


class Listed(NamedTuple):
    """A list of one place, with what it has of the groups above it and, for a group's milestones, below it."""

    root: str  # group | project
    path: str
    name: str  # milestones | iterations


def offers(can: Capabilities, root: str, name: str) -> bool:
    """Whether a server has such a list."""
    return can.takes(root.capitalize(), name, "state", *_ARGUMENTS[root, name])


class PlannedReader:
    """Reads lists, all rows or those that are not over (`live`)."""

    def __init__(self, client: GitLabClient, *, live: bool) -> None:
        self._client = client
        self._live = live

    def read(self, wanted: Sequence[Listed]) -> list[list[Row] | None]:
        """The rows of each list; None for one that is not shown, in a tier without iterations for example.

        Raises AbortSyncError for lists that do not come to an end, and for one that is refused for another reason.
        """
        found: list[list[Row] | None] = [None for _ in wanted]
        cursors: dict[int, str | None] = dict.fromkeys(range(len(wanted)))
        for _ in range(MOST_PAGES):
            if not cursors:
                return found
            pages = {n: page for n, page in self._round(wanted, cursors).items() if page is not None}
            for n, page in pages.items():
                found[n] = [*(found[n] or ()), *nodes(page)]
            cursors = {n: after for n, page in pages.items() if (after := next_cursor(page)) is not None}
        raise broken("endless", WHAT)

    def _round(self, wanted: Sequence[Listed], cursors: Mapping[int, str | None]) -> dict[int, Row | None]:
        """The next page of each list that goes on."""
        left = list(cursors.items())
        parts = [left[start : start + AT_ONCE] for start in range(0, len(left), AT_ONCE)]
        answers = together([partial(self._asked, wanted, dict(part)) for part in parts])
        return {n: page for answer in answers for n, page in answer.items()}

    def _asked(self, wanted: Sequence[Listed], cursors: Mapping[int, str | None]) -> dict[int, Row | None]:
        """In two halves where it is too much at once."""
        lists = [(wanted[n], after) for n, after in cursors.items()]
        try:
            data = self._client.graphql(*_query(lists, live=self._live), what=WHAT)
        except GraphQLErrors as error:
            if error.hidden:
                return _pages(wanted, cursors, error.data)
            if len(lists) < 2 or not any("complex" in said for said in error.messages):
                raise refusal(error, WHAT) from error
        except ServerBusyError as error:
            if len(lists) < 2:
                raise error.__cause__ or error from None
        else:
            return _pages(wanted, cursors, data)
        half = len(lists) // 2
        rows = list(cursors.items())
        return self._asked(wanted, dict(rows[:half])) | self._asked(wanted, dict(rows[half:]))


def _pages(wanted: Sequence[Listed], cursors: Iterable[int], data: Row) -> dict[int, Row | None]:
    """The answered page of each list, None for one that is not shown."""
    places = {n: mapping(data.get(f"l{place}")) for place, n in enumerate(cursors)}
    lists = {n: place.get(wanted[n].name) for n, place in places.items()}
    return {n: mapping(found) if isinstance(found, dict) else None for n, found in lists.items()}


def _query(lists: Sequence[tuple[Listed, str | None]], *, live: bool) -> tuple[str, dict[str, object]]:
    holes = ", ".join(f"$p{n}: ID!, $a{n}: String" for n, _ in enumerate(lists))
    asked = "\n".join(f"  {_list(n, one, live=live)}" for n, (one, _) in enumerate(lists))
    variables: dict[str, object] = {}
    for n, (one, after) in enumerate(lists):
        variables |= {f"p{n}": one.path, f"a{n}": after}
    fragments = "\n".join(_MEMBERS[name] for name in sorted({one.name for one, _ in lists}))
    return f"query timeboxes({holes}) {{\n{asked}\n}}\n{fragments}", variables


def _list(n: int, one: Listed, *, live: bool) -> str:
    flags: Iterable[str] = (f"{name}: true" for name in _ARGUMENTS[one.root, one.name])
    args = ", ".join([*flags, *([f"state: {_LIVE[one.name]}"] if live else []), f"first: 100, after: $a{n}"])
    return f"l{n}: {one.root}(fullPath: $p{n}) {{ {one.name}({args}) {{ ...{one.name} }} }}"


def next_cursor(connection: Row) -> str | None:
    """Where the next page of a GraphQL connection begins; None on the last one."""
    page = mapping(connection.get("pageInfo"))
    return string(page.get("endCursor")) if page.get("hasNextPage") is True else None
