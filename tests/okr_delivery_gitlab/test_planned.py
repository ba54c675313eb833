"""Milestones and iterations of many places: as few queries as hold them, each list read to its end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from okr_delivery.sandbox.gitlab.graphql_sources import GONE
from okr_delivery.sync.errors import AbortSyncError, RetryLaterError
from okr_delivery_gitlab.client import GitLabClient, GraphQLErrors
from okr_delivery_gitlab.planned import Listed, PlannedReader
from okr_delivery_gitlab.queries import LONGEST
from tests.okr_delivery_gitlab.schemas import SPEC, faults, spec
from tests.okr_delivery_gitlab.talking import COMPLEX, busy

_LIST = re.compile(r"(?P<name>l\d+): (?P<root>\w+)\(fullPath: \$p(?P<n>\d+)\) \{ (?P<list>\w+)\(")


@dataclass
class Answering:
    """Answers with the rows of `lists` by path and name, `page` at a time; refuses what holds more than `most`."""

    lists: dict[tuple[str, str], list[int]]
    page: int = 100
    most: int = 6
    error: Exception | None = None
    queries: list[str] = field(default_factory=list)

    def graphql(self, query: str, variables: Mapping[str, object], *, what: str) -> dict[str, Any]:
        self.queries.append(query)
        asked = list(_LIST.finditer(query))
        if len(asked) > self.most:
            raise self.error or GraphQLErrors((COMPLEX,), {})
        return {found["name"]: self._place(found, variables) for found in asked}

    def _place(self, found: re.Match[str], variables: Mapping[str, object]) -> dict[str, Any] | None:
        rows = self.lists.get((str(variables[f"p{found['n']}"]), found["list"]))
        if rows is None:
            return None
        start = int(str(variables[f"a{found['n']}"] or 0))
        end = start + self.page
        info = {"hasNextPage": end < len(rows), "endCursor": str(end)}
        return {found["list"]: {"pageInfo": info, "nodes": [{"id": number} for number in rows[start:end]]}}


def read(answering: Answering, *wanted: Listed, live: bool = False) -> list[list[object] | None]:
    found = PlannedReader(cast("GitLabClient", answering), live=live).read(wanted)
    return [None if rows is None else [row["id"] for row in rows] for rows in found]


GROUP, SPRINTS = Listed("group", "acme", "milestones"), Listed("group", "acme", "iterations")
PROJECT = Listed("project", "acme/shop", "milestones")


def test_lists_of_several_places_share_a_query() -> None:
    answering = Answering(
        {("acme", "milestones"): [1, 2], ("acme", "iterations"): [7], ("acme/shop", "milestones"): []}
    )
    assert read(answering, GROUP, SPRINTS, PROJECT) == [[1, 2], [7], []]
    assert len(answering.queries) == 1


def test_lists_go_on_side_by_side() -> None:
    answering = Answering({("acme", "milestones"): [1, 2, 3, 4, 5], ("acme", "iterations"): [7, 8, 9]}, page=2)
    assert read(answering, GROUP, SPRINTS) == [[1, 2, 3, 4, 5], [7, 8, 9]]
    assert len(answering.queries) == 3


def test_many_lists_take_several_queries() -> None:
    places = [Listed("group", f"acme/{n}", "iterations") for n in range(20)]
    answering = Answering({(place.path, "iterations"): [n] for n, place in enumerate(places)})
    assert read(answering, *places) == [[n] for n in range(20)]
    assert len(answering.queries) == 4


@pytest.mark.parametrize("error", [None, busy()])
def test_a_query_that_is_too_much_comes_again_in_halves(error: Exception | None) -> None:
    places = [Listed("project", f"acme/{n}", "milestones") for n in range(6)]
    answering = Answering({(p.path, "milestones"): [n] for n, p in enumerate(places)}, most=2, error=error)
    assert read(answering, *places) == [[n] for n in range(6)]


def test_a_place_that_is_not_shown_has_none() -> None:
    assert read(Answering({("acme", "milestones"): [1]}), GROUP, PROJECT) == [[1], None]


def test_a_list_that_the_tier_has_not_got_leaves_the_others_as_they_are() -> None:
    """GitLab answers for what it shows, and says of the rest that it is not there or not for this account."""

    class Free(Answering):
        def graphql(self, query: str, variables: Mapping[str, object], *, what: str) -> dict[str, Any]:
            data = super().graphql(query, variables, what=what)
            gone = {name: place for name, place in data.items() if place and "iterations" in place}
            if gone:
                raise GraphQLErrors([self.words] * len(gone), data | {name: {"iterations": None} for name in gone})
            return data

        words = GONE

    lists = {("acme", "milestones"): [1, 2, 3], ("acme", "iterations"): [7], ("acme/shop", "milestones"): [4]}
    free = Free(lists, page=2)
    assert read(free, GROUP, SPRINTS, PROJECT) == [[1, 2, 3], None, [4]]
    assert read(free, SPRINTS) == [None]
    Free.words = "Timeout on IterationConnection.nodes"
    with pytest.raises(RetryLaterError, match="Timeout"):
        read(free, GROUP, SPRINTS)


@pytest.mark.parametrize(("error", "raised"), [(None, AbortSyncError), (busy(), RetryLaterError)])
def test_one_list_that_is_refused_ends_the_run(error: Exception | None, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        read(Answering({}, most=0, error=error), GROUP)


def test_nothing_is_asked_where_nothing_is_wanted() -> None:
    answering = Answering({})
    assert read(answering) == []
    assert answering.queries == []


@pytest.mark.skipif(not SPEC.is_file(), reason="GitLab's schema is not beside this repository")
@pytest.mark.parametrize("live", [True, False])
def test_the_queries_are_valid_and_short(live: bool) -> None:
    many = [*(place._replace(path="deep/" * 20) for place in (GROUP, SPRINTS, PROJECT))] * 2
    for wanted in ([GROUP], [SPRINTS], [PROJECT], many):
        answering = Answering({})
        read(answering, *wanted, live=live)
        assert [faults(spec(), query) for query in answering.queries] == [[]]
        assert all(len(query) < LONGEST / 3 for query in answering.queries)
