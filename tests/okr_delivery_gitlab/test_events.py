"""REST's lists of resource events: shapes that nobody has confirmed, so that members may be missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from okr_delivery.model.work import EMPTY, Value
from okr_delivery.sync.errors import AbortSyncError
from okr_delivery_gitlab.activity import Item
from okr_delivery_gitlab.client import StatusError
from okr_delivery_gitlab.events import LISTS, Action, Kind, UnreadableEventError, actor_of, ordered, read_event
from okr_delivery_gitlab.exact import ListReader
from okr_delivery_gitlab.settings import Settings
from tests.okr_delivery_gitlab.histories import SETTINGS, at, iso

ITEM = Item("4711", "4711", "acme/shop", False, "12")


def event(number: int, day: float, **members: Any) -> dict[str, Any]:
    return {"id": number, "created_at": iso(at(day)), "user": {"id": 5, "name": "Ann"}, **members}


class Lists:
    """Answers lists page by page; a status in place of rows is raised."""

    def __init__(self, **lists: Any) -> None:
        self._lists = lists
        self.asked: list[str] = []
        self.paths: list[str] = []

    def graphql(self, query: str, variables: Mapping[str, object] | None = None, *, what: str) -> dict[str, object]:
        raise AssertionError(what)

    def pages(
        self, path: str, params: Mapping[str, object] | None = None, *, what: str, expect: frozenset[int] = frozenset()
    ) -> Iterator[list[Mapping[str, object]]]:
        self.asked.append(what)
        self.paths.append(path)
        rows = self._lists.get(path.rpartition("/")[2], [])
        if isinstance(rows, int):
            raise StatusError(rows)
        yield from (rows[start : start + 2] for start in range(0, max(len(rows), 1), 2))


def reader(settings: Settings = SETTINGS, **lists: Any) -> tuple[ListReader, Lists]:
    client = Lists(**lists)
    return ListReader(client, settings), client


@pytest.mark.parametrize(
    ("kind", "members", "action", "value"),
    [
        (Kind.STATE, {"state": "closed"}, Action.CLOSE, Value(None, "closed")),
        (Kind.STATE, {"state": "reopened"}, Action.REOPEN, Value(None, "reopened")),
        (Kind.STATE, {"state": "locked"}, Action.UNKNOWN, Value(None, "locked")),
        (Kind.STATE, {}, Action.UNKNOWN, EMPTY),
        (Kind.LABEL, {"action": "add", "label": {"id": 11, "name": "a"}}, Action.ADD, Value("11", "a")),
        (Kind.LABEL, {"action": "remove", "label": None}, Action.REMOVE, EMPTY),
        (Kind.LABEL, {"action": "remove"}, Action.REMOVE, EMPTY),
        (Kind.LABEL, {"action": "archive", "label": {"id": 11}}, Action.UNKNOWN, Value("11", None)),
        (Kind.MILESTONE, {"action": "add", "milestone": {"id": 8, "title": "S"}}, Action.SET, Value("8", "S")),
        (Kind.MILESTONE, {"action": "remove", "milestone": {"id": 8, "title": "S"}}, Action.REMOVE, Value("8", "S")),
        (Kind.ITERATION, {"action": "add", "iteration": {"id": 5, "title": None}}, Action.SET, Value("5", None)),
        (Kind.WEIGHT, {"weight": 0}, Action.SET, Value(None, "0")),
        (Kind.WEIGHT, {"weight": None}, Action.REMOVE, EMPTY),
    ],
)
def test_a_row(kind: Kind, members: dict[str, Any], action: Action, value: Value) -> None:
    found = read_event(LISTS[kind], event(9, 3, **members))
    assert (found.ts, found.kind, found.number, found.action, found.value) == (at(3), kind, 9, action, value)
    assert found.actor == actor_of({"id": "gid://gitlab/User/5"})


def test_a_person_may_be_missing() -> None:
    assert read_event(LISTS[Kind.STATE], {"id": 1, "created_at": iso(at(1)), "state": "closed"}).actor is None


@pytest.mark.parametrize(
    "members",
    [
        {"id": None},
        {"id": "x"},
        {"created_at": None},
        {"created_at": "yesterday"},
        {"created_at": "1970-01-01T00:00:00Z"},
    ],
)
def test_a_row_that_makes_no_sense(members: dict[str, Any]) -> None:
    with pytest.raises(UnreadableEventError):
        read_event(LISTS[Kind.STATE], {**event(1, 1, state="closed"), **members})


def test_events_are_in_order_and_each_once() -> None:
    rows = [
        event(3, 2, state="closed"),
        event(1, 1, state="closed"),
        event(2, 1, state="reopened"),
        event(3, 2, state="closed"),
    ]
    found = ordered(read_event(LISTS[Kind.STATE], row) for row in rows)
    assert [one.number for one in found] == [1, 2, 3]


def test_all_pages_of_a_list_are_read_under_its_own_label() -> None:
    rows = [event(n, n, action="add", label={"id": n, "name": f"l{n}"}) for n in range(1, 6)]
    lists, client = reader(resource_label_events=rows)
    found = lists.events(ITEM, "7", Kind.LABEL)
    assert found is not None
    assert [one.number for one in found] == [1, 2, 3, 4, 5]
    assert client.asked == ["resource_label_events"]
    assert client.paths == ["projects/7/issues/12/resource_label_events"]


def test_the_lists_of_an_epic_go_by_a_number_that_nobody_tells_and_are_not_asked_for() -> None:
    """Neither that of its work item nor the one in its group: either may be another epic's there."""
    lists, client = reader()
    assert lists.events(Item("epic-9", "9", "acme/sub", True, "3"), "", Kind.STATE) is None
    assert client.paths == []


@pytest.mark.parametrize("status", [403, 404])
def test_a_list_that_is_not_to_be_had_is_not_empty(status: int) -> None:
    lists, _ = reader(resource_weight_events=status)
    assert lists.events(ITEM, "7", Kind.WEIGHT) is None
    assert Kind.WEIGHT in lists.kinds(), "the issue itself may be gone"
    for _ in range(2):
        lists.events(ITEM, "7", Kind.WEIGHT)
    assert Kind.WEIGHT not in lists.kinds(), "a tier without it need not be asked for every issue"
    assert lists.events(ITEM, "7", Kind.LABEL) == ()


def test_a_broken_row_ends_the_sync() -> None:
    lists, _ = reader(resource_state_events=[{"id": 1}])
    with pytest.raises(AbortSyncError):
        lists.events(ITEM, "7", Kind.STATE)


def test_words_that_nobody_knows_are_reported() -> None:
    rows = [event(1, 1, action="archive", label={"id": 11, "name": "a"}), event(2, 2, action="add", label=None)]
    lists, _ = reader(resource_label_events=rows)
    lists.events(ITEM, "7", Kind.LABEL)
    assert lists.unknown == {"resource_label_events: archive"}


@pytest.mark.parametrize(
    ("features", "iterations", "lists", "notes"),
    [
        ((), {}, 3, True),
        (("weight",), {}, 4, True),
        (("weight", "iterations"), {"5": "It"}, 5, False),
    ],
    ids=["free", "no-iterations", "premium"],
)
def test_an_issue_takes_five_lists_at_most(
    features: tuple[str, ...], iterations: dict[str, str], lists: int, notes: bool
) -> None:
    found, _ = reader(Settings(features=frozenset(features), iterations=iterations))
    assert (len(found.kinds()), found.with_notes()) == (lists, notes)


def test_notes_are_read_oldest_first_without_comments() -> None:
    rows = [
        {"system": True, "body": "changed due date to May 2, 2026", "created_at": iso(at(5)), "author": {"id": 5}},
        {"system": False, "body": "closed", "created_at": iso(at(4))},
        {"system": True, "body": "removed due date", "created_at": iso(at(3)), "author": None},
    ]
    lists, client = reader(notes=rows)
    found = lists.notes(ITEM, "7")
    assert found is not None
    assert [note.body for note in found] == ["removed due date", "changed due date to May 2, 2026"]
    assert client.asked == ["issue notes"]
