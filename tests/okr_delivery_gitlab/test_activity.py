"""Activity in bulk: few queries, none with a hole, and a way out of whatever a server answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from okr_delivery.sync.errors import AbortSyncError, RetryLaterError
from okr_delivery.sync.workers import Workers
from okr_delivery_gitlab.activity import Activity, ActivityReader, Item
from okr_delivery_gitlab.capabilities import Capabilities, discover
from okr_delivery_gitlab.client import GraphQLErrors
from okr_delivery_gitlab.queries import Queries, Wish
from tests.okr_delivery_gitlab.talking import COMPLEX, Talking, Work, busy, impatient, note, refuses


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(2) as found:
        yield found


def items(count: int, path: str = "acme/shop") -> list[Item]:
    return [Item(str(1000 + n), str(1000 + n), path, False, str(n)) for n in range(count)]


def site(count: int, notes: int = 1, path: str = "acme/shop") -> Talking:
    works = [Work(1000 + n, str(n), [note(day, "closed") for day in range(notes)]) for n in range(count)]
    return Talking({path: works})


def reader(talking: Talking, capabilities: Capabilities | None = None) -> ActivityReader:
    def renewed() -> Queries | None:
        found = discover(talking)
        return Queries(found, Wish()) if found.activity else None

    return ActivityReader(talking, Queries(capabilities or talking.capabilities(), Wish()), renewed)


def whole(found: dict[str, Activity], count: int, notes: int = 1) -> bool:
    return len(found) == count and all(len(activity.notes) == notes for activity in found.values())


def test_fifty_work_items_take_one_query(workers: Workers) -> None:
    talking = site(120)
    assert whole(reader(talking).read(items(120), workers), 120)
    assert talking.asked == {"graphql activity": 3}
    assert sorted(talking.sizes) == [20, 50, 50]


def test_several_projects_share_a_query_as_many_as_the_server_allows(workers: Workers) -> None:
    talking = Talking(
        {f"p{n}": [Work(1000 + n, str(n), [note(1, "closed")])] for n in range(24)}, score=66, newer=False
    )
    mixed = [item for n in range(24) for item in [Item(str(1000 + n), str(1000 + n), f"p{n}", False, str(n))]]
    found = reader(talking)
    assert whole(found.read(mixed, workers), 24)
    assert talking.asked["graphql activity"] <= 8
    before = talking.asked["graphql activity"]
    assert whole(found.read(mixed, workers), 24)
    assert talking.asked["graphql activity"] - before == 3


def test_work_items_of_one_project_come_together_however_they_are_mixed(workers: Workers) -> None:
    talking = Talking({f"p{n}": [Work(1000 * n + m, str(m)) for m in range(50)] for n in range(4)}, score=198)
    mixed = [Item(str(1000 * n + m), str(1000 * n + m), f"p{n}", False, str(m)) for m in range(50) for n in range(4)]
    assert whole(reader(talking).read(mixed, workers), 200, notes=0)
    assert talking.sizes == [50, 50, 50, 50]


def test_pages_that_overflow_are_read_to_their_end(workers: Workers) -> None:
    talking = site(3, notes=260)
    assert whole(reader(talking).read(items(3), workers), 3, notes=260)
    assert talking.asked == {"graphql activity": 1, "graphql activity page": 9}


def test_a_cursor_that_comes_again_ends_the_sync(workers: Workers) -> None:
    talking = site(1, notes=160)
    real = talking._node
    talking._node = lambda work, variables: real(work, {**variables, "after": None})  # type: ignore[method-assign]
    with pytest.raises(AbortSyncError):
        reader(talking).read(items(1), workers)


@pytest.mark.parametrize("bad", ["0", "17", "49"])
def test_one_work_item_that_breaks_the_query_is_left_out_alone(workers: Workers, bad: str) -> None:
    talking = site(50)
    talking.mood = refuses(bad)
    found = reader(talking).read(items(50), workers)
    assert sorted(found) == sorted(item.id for item in items(50) if item.iid != bad)
    assert talking.asked["graphql activity"] <= 2 * 6 + 2


def test_a_query_that_is_too_complex_comes_again_in_parts_and_the_next_are_smaller(workers: Workers) -> None:
    talking = site(100)

    def mood(iids: Sequence[str], discussions: int) -> None:
        if len(iids) > 25:
            raise GraphQLErrors((COMPLEX,), {})

    talking.mood = mood
    with Workers(1) as one:
        assert whole(reader(talking).read(items(100), one), 100)
    assert max(talking.sizes[-2:]) <= 25


def test_fewer_discussions_are_tried_for_a_work_item_that_is_too_much_by_itself(workers: Workers) -> None:
    talking = site(1, notes=30)

    def mood(iids: Sequence[str], discussions: int) -> None:
        if discussions > 10:
            raise GraphQLErrors((COMPLEX,), {})

    talking.mood = mood
    assert whole(reader(talking).read(items(1), workers), 1, notes=30)


def test_a_query_near_the_limit_is_followed_by_ones_with_fewer_projects() -> None:
    talking = Talking({f"p{n}": [Work(1000 + n, str(n))] for n in range(12)}, score=240, newer=False)
    mixed = [Item(str(1000 + n), str(1000 + n), f"p{n}", False, str(n)) for n in range(12)]
    found = reader(talking)
    with Workers(1) as one:
        assert whole(found.read(mixed[:3], one), 3, notes=0)
        assert talking.sizes == [3]
        assert whole(found.read(mixed, one), 12, notes=0)
    assert talking.sizes[1] == 2


@pytest.mark.parametrize("most", [2, 1])
def test_projects_that_are_too_many_are_asked_for_in_parts_and_fewer_from_then_on(most: int) -> None:
    talking = Talking({f"p{n}": [Work(1000 + 10 * n + m, str(m)) for m in range(5)] for n in range(6)})
    mixed = [Item(str(1000 + 10 * n + m), str(1000 + 10 * n + m), f"p{n}", False, str(m))
             for m in range(5) for n in range(6)]  # fmt: skip

    def mood(iids: Sequence[str], discussions: int) -> None:
        if len(iids) > 5 * most:
            raise GraphQLErrors((COMPLEX,), {})

    talking.mood, talking.score = mood, 200
    found = reader(talking)
    with Workers(1) as one:
        assert whole(found.read(mixed, one), 30, notes=0)
        before = talking.asked["graphql activity"]
        assert whole(found.read(mixed, one), 30, notes=0)
    assert talking.asked["graphql activity"] - before <= 6
    assert min(talking.sizes) >= 5


def test_one_project_that_is_too_complex_is_read_with_fewer_discussions_a_page(workers: Workers) -> None:
    talking = site(200, notes=12)

    def mood(iids: Sequence[str], discussions: int) -> None:
        if discussions > 30:
            raise GraphQLErrors((COMPLEX,), {})

    talking.mood = mood
    found = reader(talking)
    assert whole(found.read(items(100), workers), 100, notes=12)
    before = talking.asked["graphql activity"]
    assert whole(found.read(items(100), workers), 100, notes=12)
    assert talking.asked["graphql activity"] - before == 2


def test_a_server_that_breaks_under_a_query_gets_smaller_ones(workers: Workers) -> None:
    talking = site(50)

    def mood(iids: Sequence[str], discussions: int) -> None:
        if len(iids) > 13:
            raise busy()

    talking.mood = mood
    assert whole(reader(talking).read(items(50), workers), 50)


@pytest.mark.parametrize("status", [None, 429])
def test_a_server_that_asks_for_patience_ends_the_run(workers: Workers, status: int | None) -> None:
    talking = site(5)

    def mood(iids: Sequence[str], discussions: int) -> None:
        raise impatient(status)

    talking.mood = mood
    with pytest.raises(RetryLaterError):
        reader(talking).read(items(5), workers)
    assert talking.asked["graphql activity"] == 1


def test_a_server_that_has_lost_a_field_is_asked_anew_what_it_knows(workers: Workers) -> None:
    talking = site(60)
    before = talking.capabilities()
    talking.newer = False
    assert whole(reader(talking, before).read(items(60), workers), 60)
    assert talking.asked["graphql schema"] == 1
    assert talking.asked["graphql activity"] <= 4


def test_a_server_that_can_do_nothing_is_soon_left_alone(workers: Workers) -> None:
    talking = site(500)

    def mood(iids: Sequence[str], discussions: int) -> None:
        raise GraphQLErrors(("Internal error",), {})

    talking.mood = mood
    found = reader(talking)
    assert found.read(items(500), workers) == {}
    assert found.useless
    assert talking.asked["graphql activity"] < 40
    assert found.read(items(5), workers) == {}


def test_a_server_that_breaks_at_a_following_page_leaves_the_item_to_its_lists(workers: Workers) -> None:
    talking = site(1, notes=60)
    real = talking._node

    def node(work: Work, variables: dict[str, object]) -> dict[str, object]:
        if variables.get("after"):
            raise busy()
        return real(work, variables)

    talking._node = node  # type: ignore[method-assign]
    assert reader(talking).read(items(1), workers) == {}
    assert talking.asked["graphql activity page"] == 2


def test_a_server_that_breaks_when_asked_what_it_knows_ends_the_run() -> None:
    talking = site(1)
    talking.graphql = lambda *_, **__: (_ for _ in ()).throw(busy())  # type: ignore[method-assign]
    with pytest.raises(RetryLaterError):
        discover(talking)


def test_what_the_server_does_not_show_is_left_out(workers: Workers) -> None:
    talking = site(3)
    elsewhere = Item("77", "77", "acme/hidden", False, "1")
    other = Item("78", "78", "acme/shop", False, "2")  # the number of another work item than the one in its place
    found = reader(talking).read([*items(2), elsewhere, other], workers)
    assert sorted(found) == ["1000", "1001"]


def test_a_discussion_with_more_notes_than_a_page_is_not_half_read(workers: Workers) -> None:
    talking = site(1)
    row = {"notes": {"pageInfo": {"hasNextPage": True}, "nodes": [note(1, "closed")]}}
    page = {"pageInfo": {"hasNextPage": False}, "nodes": [row]}
    talking._node = lambda work, variables: {  # type: ignore[method-assign]
        "id": "gid://gitlab/WorkItem/1000", "iid": "0", "widgets": [{"discussions": page}],
    }  # fmt: skip
    assert reader(talking).read(items(1), workers) == {}


def test_a_note_without_an_instant_ends_the_sync(workers: Workers) -> None:
    talking = Talking({"acme/shop": [Work(1000, "0", [{**note(1, "closed"), "createdAt": "today"}])]})
    with pytest.raises(AbortSyncError):
        reader(talking).read(items(1), workers)


def test_newer_servers_answer_features_instead_of_widgets(workers: Workers) -> None:
    talking = site(1)
    real = talking._node

    def node(work: Work, variables: dict[str, object]) -> dict[str, object]:
        found = real(work, variables)
        return {**found, "widgets": None, "features": {"notes": found["widgets"][0]}}

    talking._node = node  # type: ignore[method-assign]
    assert whole(reader(talking).read(items(1), workers), 1)


def scattered(projects: int, **more: Any) -> tuple[Talking, list[Item]]:
    """Two work items in each of some projects, in an order that mixes them."""
    numbers = [(n, m) for m in (1, 2) for n in range(projects)]
    works = {f"acme/p{n}": [Work(10 * n + m, str(m), [note(1, "closed")]) for m in (1, 2)] for n in range(projects)}
    asked = [Item(str(10 * n + m), str(10 * n + m), f"acme/p{n}", False, str(m)) for n, m in numbers]
    return Talking(works, **more), asked


def test_what_lies_scattered_takes_as_many_queries_whatever_the_number_of_projects(workers: Workers) -> None:
    talking, asked = scattered(100, score=237)
    assert whole(reader(talking).read(asked, workers), 200)
    assert talking.asked == {"graphql activity": 7}
    assert sum(talking.sizes) == 200
    assert max(talking.sizes) <= 30


def test_a_project_with_many_is_asked_for_beside_what_lies_scattered(workers: Workers) -> None:
    talking, asked = scattered(10)
    talking.places["acme/big"] = [Work(5000 + n, str(n), [note(1, "closed")]) for n in range(30)]
    big = [Item(str(5000 + n), str(5000 + n), "acme/big", False, str(n)) for n in range(30)]
    assert whole(reader(talking).read([*asked, *big], workers), 50)
    assert talking.asked == {"graphql activity": 1}


def test_few_projects_are_asked_for_by_themselves(workers: Workers) -> None:
    talking, asked = scattered(3, referring=None)
    assert whole(reader(talking).read(asked, workers), 6)
    assert talking.asked == {"graphql activity": 1}


def test_what_is_not_found_by_its_reference_is_by_its_project(workers: Workers) -> None:
    talking, asked = scattered(20, score=237, referring=lambda work: work.number % 50 != 1)
    assert whole(reader(talking).read(asked, workers), 40)
    assert sum(talking.sizes) == 40 + len({1, 51, 101, 151})


@pytest.mark.parametrize("referring", [None, lambda work: False], ids=["refused", "empty"])
def test_a_server_on_which_references_are_no_use_is_asked_by_project_from_then_on(referring: Any) -> None:
    talking, asked = scattered(24, referring=referring, score=66)
    found = reader(talking)
    with Workers(1) as one:
        assert whole(found.read(asked, one), 48)
        before = talking.asked["graphql activity"]
        assert whole(found.read(asked, one), 48)
    assert before <= 10
    assert talking.asked["graphql activity"] - before <= 4


def test_a_server_that_lost_its_references_is_asked_anew_what_it_knows(workers: Workers) -> None:
    talking, asked = scattered(12)
    before = talking.capabilities()
    talking.newer = False
    assert whole(reader(talking, before).read(asked, workers), 24)
    assert talking.asked["graphql schema"] == 1


def test_references_that_are_too_complex_come_in_parts() -> None:
    talking, asked = scattered(25, score=200)

    def mood(iids: Sequence[str], discussions: int) -> None:
        if len(iids) > 10:
            raise GraphQLErrors((COMPLEX,), {})

    talking.mood = mood
    with Workers(1) as one:
        assert whole(reader(talking).read(asked, one), 50)
    assert min(talking.sizes) >= 10
