"""Queries are built from what a server has: every one that can be built is valid there and small enough."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from graphql import GraphQLSchema

from okr_delivery.sync.errors import RetryLaterError
from okr_delivery_gitlab.capabilities import LOOKED_AT, Capabilities, Member, discover, introspection
from okr_delivery_gitlab.client import GraphQLErrors
from okr_delivery_gitlab.queries import LONGEST, Place, Queries, Wish
from tests.okr_delivery_gitlab.schemas import SPEC, Server, faults, own, small, spec

WISHES = [Wish(*wanted) for wanted in product((True, False), repeat=4)]
ONE = [Place("acme/shop", False, ("12",))]
REFERRED = Place("acme/shop", False, tuple(f"acme/{'deep/' * 10}project#{n}" for n in range(10)), references=True)
MANY = [Place(f"acme/{'deep/' * 10}project-{n}", False, tuple(str(iid) for iid in range(50))) for n in range(10)]
recorded = pytest.mark.skipif(not SPEC.is_file(), reason="GitLab's schema is not beside this repository")

SCHEMAS = [
    pytest.param(lambda: own(), id="smallest"),
    pytest.param(lambda: own(newer=True), id="newest"),
    pytest.param(lambda: own(newer=True, widgets=False), id="features"),
    pytest.param(lambda: spec(), id="2023-08", marks=recorded),
    pytest.param(lambda: spec(newer=True), id="2023-08-and-newer", marks=recorded),
]


@pytest.fixture(params=SCHEMAS)
def schema(request: pytest.FixtureRequest) -> GraphQLSchema:
    found: GraphQLSchema = request.param()
    return found


def test_every_query_that_can_be_built_is_valid(schema: GraphQLSchema) -> None:
    assert faults(schema, introspection()) == []
    found = discover(Server(schema))
    assert found.activity
    groups = [Place("acme", True, ("3",))] if found.group_items else []
    groups += [REFERRED] * 3 if Queries(found, Wish()).references else []
    for wish in WISHES:
        queries = Queries(found, wish)
        texts = [queries.items([*ONE, *groups], 50)[0], queries.items(MANY, 50)[0], queries.more(ONE[0], "x", 100)[0]]
        for text in texts:
            assert faults(schema, text) == []
            assert len(text) < LONGEST / 3


ALWAYS = {"Query": {"project"}, "WorkItem": {"id", "iid", "title", "reference"}}
"""What every server with work items has."""


def test_a_server_that_lacks_any_one_field_is_not_asked_for_it() -> None:
    """Community editions and old versions: each field that we know of, taken away one by one."""
    full = discover(Server(own(newer=True)))
    taken = 0
    for owner, members in full.types.items():
        for member in sorted(set(members) - ALWAYS.get(owner, {"type", "customField"})):  # interfaces demand these
            schema = small(newer=True)
            del schema.type_map[owner].fields[member]  # type: ignore[attr-defined]  # objects all
            found = discover(Server(schema))
            if found.activity:
                taken += 1
                places = [*ONE, Place("acme", True, ("3",))] if found.group_items else ONE
                places = [*places, REFERRED] if Queries(found, Wish()).references else places
                query = Queries(found, Wish(custom=True)).items(places, 50)[0]
                assert faults(schema, query) == [], (owner, member)
    assert taken > 40


@pytest.mark.parametrize(
    "widget", ["Hierarchy", "LinkedItems", "Status", "CustomFields"],
)  # fmt: skip
def test_a_server_that_lacks_a_widget_is_not_asked_for_it(widget: str) -> None:
    full = discover(Server(own(newer=True)))
    name = f"WorkItemWidget{widget}"
    left = Capabilities(full.types, full.filters, tuple(other for other in full.widgets if other != name))
    assert name in Queries(full, Wish(custom=True)).items(ONE, 50)[0]
    assert name not in Queries(left, Wish(custom=True)).items(ONE, 50)[0]


@pytest.mark.parametrize("lacking", ["iids", "filter", "ONLY_ACTIVITY", "widget"])
def test_without_activity_in_bulk_there_is_no_query(lacking: str) -> None:
    full = discover(Server(own()))
    types = {owner: dict(members) for owner, members in full.types.items()}
    if lacking == "iids":
        types["Project"]["workItems"] = Member("", ("first",))
    if lacking == "filter":
        types["WorkItemWidgetNotes"]["discussions"] = Member("", ("first", "after"))
    filters = () if lacking == "ONLY_ACTIVITY" else full.filters
    widgets = () if lacking == "widget" else full.widgets
    assert full.activity
    assert not Capabilities(types, filters, widgets).activity


def test_what_newer_servers_have_is_asked_for() -> None:
    found = discover(Server(own(newer=True)))
    query = Queries(found, Wish(custom=True)).items([*ONE, Place("acme", True, ("3",))], 50)[0]
    for wanted in ("linkedItems(first: 50)", "status { id name }", "customFieldValues", "number: value", "namespace(",
                   "queryComplexity { score limit }"):  # fmt: skip
        assert wanted in query
    assert "customFieldValues" not in Queries(found, Wish()).items(ONE, 50)[0]


def test_a_custom_status_that_is_a_text_is_left_alone() -> None:
    found = discover(Server(own(newer=True)))
    types = {**found.types, "WorkItemWidgetStatus": {"status": Member("String")}}
    text = Capabilities(types, found.filters, found.widgets)
    assert "status" not in Queries(text, Wish()).items(ONE, 50)[0]


def test_capabilities_survive_a_trip_through_json() -> None:
    found = discover(Server(own(newer=True)))
    assert Capabilities.from_json(found.to_json()) == found
    assert Capabilities.from_json({}) == Capabilities()
    assert not Capabilities().activity


class Refusing(Server):
    """Refuses introspection that asks for more than `most` types, in GitLab's words."""

    def __init__(self, most: int) -> None:
        super().__init__(own(newer=True))
        self._most = most
        self.asked = 0

    def graphql(self, query: str, variables: object = None, *, what: str) -> dict[str, object]:
        self.asked += 1
        if query.count("__type") - 2 > self._most:
            raise GraphQLErrors(("Query has complexity of 300, which exceeds max complexity of 250",), {})
        return dict(super().graphql(query, what=what))


def test_introspection_that_is_too_complex_is_asked_in_halves() -> None:
    server = Refusing(len(LOOKED_AT) // 2 + 1)
    assert discover(server) == discover(Server(own(newer=True)))
    assert server.asked == 3


def test_a_server_that_refuses_introspection_knows_nothing() -> None:
    server = Refusing(0)
    assert discover(server) == Capabilities()


class Troubled(Server):
    """Answers 200 with these words instead of data, `times` times."""

    def __init__(self, said: str, times: int) -> None:
        super().__init__(own(newer=True))
        self._said, self._times = said, times

    def graphql(self, query: str, variables: object = None, *, what: str) -> dict[str, object]:
        self._times -= 1
        if self._times >= 0:
            raise GraphQLErrors((self._said,), {})
        return dict(super().graphql(query, what=what))


@pytest.mark.parametrize("said", ["Internal server error", "Request timed out. Please try a smaller set of records."])
def test_a_server_in_trouble_is_asked_again_and_not_taken_for_one_that_knows_nothing(said: str) -> None:
    assert discover(Troubled(said, 1)) == discover(Server(own(newer=True)))
    with pytest.raises(RetryLaterError, match="graphql"):
        discover(Troubled(said, 2))


class Silent:
    """A server that has introspection switched off; else it answers what is valid."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.asked: list[str] = []

    def graphql(self, query: str, variables: Any = None, *, what: str) -> dict[str, Any]:
        self.asked.append(query)
        if "__type" in query:
            raise GraphQLErrors(("GraphQL introspection is not allowed",), {})
        if wrong := faults(self._schema, query):
            raise GraphQLErrors(tuple(wrong), {})
        return {"project": None, "group": None}

    def pages(self, path: str, params: Any = None, *, what: str, expect: frozenset[int] = frozenset()) -> Any:
        raise AssertionError(path)


@recorded
@pytest.mark.parametrize("newer", [False, True])
def test_of_a_server_that_refuses_introspection_the_least_is_assumed(newer: bool) -> None:
    silent, told = Silent(spec(newer=newer)), discover(Server(spec(newer=newer)))
    found = discover(silent)
    assert found.activity
    assert len(silent.asked) == 2
    for owner, known in found.types.items():
        for name, member in known.items():
            assert told.takes(owner, name, *member.args), (owner, name)
    for wish in WISHES:
        assert faults(spec(newer=newer), Queries(found, wish).items(ONE, 50)[0]) == []


def test_a_server_without_work_items_that_refuses_introspection_has_nothing() -> None:
    schema = small()
    del schema.type_map["Note"].fields["system"]  # type: ignore[attr-defined]  # an object
    assert discover(Silent(schema)) == Capabilities()


@pytest.mark.parametrize(("newer", "known"), [(False, False), (True, True)])
def test_work_items_are_asked_for_by_reference_only_where_that_is_known(newer: bool, known: bool) -> None:
    found = discover(Server(own(newer=newer)))
    assert Queries(found, Wish()).references is known
    without = Capabilities({**found.types, "Query": {"project": Member("")}}, found.filters, found.widgets)
    assert not Queries(without, Wish()).references
