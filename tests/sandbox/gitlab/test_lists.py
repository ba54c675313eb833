"""Lists over REST: choices, order, pages by number and by cursor, totals, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sandbox.gitlab.site import Client

Serving = Callable[..., Client]
SHOP = "projects/acme%2Fshop/issues"


def _iids(rows: list[dict[str, int]]) -> list[int]:
    return [row["iid"] for row in rows]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, [4, 3, 2, 1]),
        ({"sort": "asc"}, [1, 2, 3, 4]),
        ({"state": "opened", "sort": "asc"}, [3, 4]),
        ({"state": "closed", "order_by": "updated_at", "sort": "asc"}, [1, 2]),
        ({"labels": "priority::high,workflow::doing"}, [1]),
        ({"labels": "needs love"}, []),
        ({"milestone": "Sprint 1"}, [1]),
        ({"iids[]": [2, 4]}, [4, 2]),
        ({"search": "second"}, [2]),
        ({"scope": "assigned_to_me"}, []),
        ({"issue_type": "task"}, []),
        ({"created_after": "2026-11-18T02:03:00.000Z"}, [4, 3]),
        ({"created_before": "2026-11-18T02:02:00Z"}, [2, 1]),
        ({"updated_after": "2026-11-18T03:08:00+01:00", "state": "closed"}, [2, 1]),
        ({"updated_before": "2026-11-18T02:05:00Z"}, [4]),
        ({"order_by": "title", "sort": "asc"}, [2, 1, 3, 4]),
    ],
)
def test_issues_are_chosen_and_ordered(small_client: Client, params: dict[str, object], expected: list[int]) -> None:
    assert _iids(small_client.get(SHOP, **params)) == expected


def test_a_group_shows_its_subgroups_but_nothing_archived(small_client: Client) -> None:
    shown = small_client.get("groups/acme/issues", scope="all")
    assert {row["references"]["full"].rpartition("#")[0] for row in shown} == {"acme/shop", "acme/deep/tools"}
    assert len(small_client.get("groups/acme/issues", non_archived="false")) == len(shown) + 1
    assert {row["project_id"] for row in small_client.get("groups/8/issues")} == {12}


def test_the_list_of_everything_shows_own_work_unless_asked(small_client: Client) -> None:
    for item in small_client.server.state.items.values():
        item.author = 2 if item.iid == 3 else 1
    assert 3 not in _iids(small_client.get("issues"))
    assert 3 in _iids(small_client.get("issues", scope="all"))


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"state": "open"}, "state does not have a valid value"),
        ({"per_page": "many"}, "per_page is invalid"),
        ({"updated_after": "yesterday"}, "updated_after is invalid"),
        ({"updated_after": "2026-11-18T02:00:00 01:00"}, "updated_after is invalid"),
        ({"with_labels_details": "perhaps"}, "with_labels_details is invalid"),
        ({"order_by": "colour"}, "order_by does not have a valid value"),
    ],
)
def test_what_does_not_fit_is_refused(small_client: Client, params: dict[str, str], error: str) -> None:
    answer = small_client.send("GET", SHOP, params=params)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_unknown_parameters_pass_unread_and_are_counted(small_client: Client) -> None:
    assert len(small_client.get(SHOP, updated_since="2026-11-18")) == 4
    assert small_client.server.ignored == {("projects/:id/issues", "updated_since"): 1}


def test_pages_by_number_carry_totals_and_links(small_client: Client) -> None:
    answer = small_client.send("GET", SHOP, params={"per_page": 3, "state": "all"})
    headers = answer.headers
    assert (headers["X-Total"], headers["X-Total-Pages"], headers["X-Next-Page"], headers["X-Prev-Page"]) == (
        "4",
        "2",
        "2",
        "",
    )
    assert set(answer.links) == {"next", "first", "last"}
    assert answer.links["next"]["url"] == (
        f"{small_client.server.url}/api/v4/{SHOP}"
        "?id=acme%2Fshop&order_by=created_at&page=2&per_page=3&sort=desc&state=all&with_labels_details=false"
    )
    assert _iids(small_client.rows(SHOP, per_page=3)) == [4, 3, 2, 1]


def test_an_empty_list_has_one_page(small_client: Client) -> None:
    headers = small_client.send("GET", SHOP, params={"search": "nothing like it"}).headers
    assert (headers["X-Total"], headers["X-Total-Pages"]) == ("0", "1")


@pytest.mark.parametrize("sort", ["asc", "desc"])
@pytest.mark.parametrize("order", ["created_at", "updated_at", "title", "weight", "due_date", "relative_position"])
def test_cursors_lead_through_every_order(small_client: Client, order: str, sort: str) -> None:
    by_number = small_client.get(SHOP, order_by=order, sort=sort)
    by_cursor = small_client.rows(SHOP, order_by=order, sort=sort, pagination="keyset", per_page=1)
    assert _iids(by_cursor) == _iids(by_number)
    headers = small_client.send("GET", SHOP, params={"pagination": "keyset"}).headers
    assert "X-Total" not in headers
    assert "Link" not in headers


def test_a_row_that_moves_comes_again_behind_a_cursor(small_client: Client) -> None:
    asked = {"order_by": "updated_at", "sort": "asc", "pagination": "keyset", "per_page": 2, "state": "opened"}
    first = small_client.send("GET", SHOP, params=asked)
    small_client.server.forge.comment(f"acme/shop#{first.json()[0]['iid']}", "again")
    rest = small_client.rows(SHOP, **asked)
    assert first.json()[0]["iid"] in _iids(rest)


def test_a_row_that_goes_is_skipped_by_number(small_client: Client) -> None:
    asked = {"per_page": 2, "sort": "asc"}
    first = _iids(small_client.get(SHOP, **asked))
    small_client.server.forge.hide("acme/shop#1")
    assert first + _iids(small_client.get(SHOP, page=2, **asked)) == [1, 2, 4]


@pytest.mark.parametrize(
    ("version", "mode", "expected"),
    [("18.5.0", "version", 200), ("18.2.0", "version", 405), ("18.5.0", "405", 405), ("18.5.0", "off", 200)],
)
def test_servers_without_cursors(client_of: Serving, version: str, mode: str, expected: int) -> None:
    answer = client_of({"keyset": mode}, version=version).send("GET", SHOP, params={"pagination": "keyset"})
    assert answer.status_code == expected
    assert ("X-Total" in answer.headers) is (mode == "off")


def test_some_orders_have_no_cursors(small_client: Client) -> None:
    answer = small_client.send("GET", SHOP, params={"pagination": "keyset", "order_by": "popularity"})
    assert (answer.status_code, answer.json()["error"][:25]) == (405, "Keyset pagination is not ")


def test_a_bad_cursor(small_client: Client) -> None:
    answer = small_client.send("GET", SHOP, params={"pagination": "keyset", "cursor": "zzz"})
    assert answer.status_code == 400


def test_totals_vanish_above_a_bound(client_of: Serving) -> None:
    client = client_of({"count_bound": 3})
    answer = client.send("GET", SHOP, params={"per_page": 2})
    assert "X-Total" not in answer.headers
    assert set(answer.links) == {"next", "first"}
    assert _iids(client.rows(SHOP, per_page=2)) == [4, 3, 2, 1]


def test_numbers_reach_only_so_deep(client_of: Serving) -> None:
    client = client_of({"offset_limit": 3})
    assert client.send("GET", SHOP, params={"per_page": 1, "page": 3}).status_code == 200
    answer = client.send("GET", SHOP, params={"per_page": 1, "page": 4})
    assert answer.status_code == 405
    assert "maximum allowed offset of 3" in answer.json()["error"]


def test_pages_hold_no_more_than_the_server_gives(client_of: Serving) -> None:
    answer = client_of({"page_most": 2}).send("GET", SHOP, params={"per_page": 100})
    assert (len(answer.json()), answer.headers["X-Per-Page"]) == (2, "2")


def test_links_may_lead_elsewhere(client_of: Serving) -> None:
    answer = client_of({"foreign_link": "https://elsewhere.invalid"}).send("GET", SHOP, params={"per_page": 1})
    assert answer.links["next"]["url"].startswith("https://elsewhere.invalid/api/v4/projects/")


def test_a_list_that_trails_its_writes(client_of: Serving, small_clock: object) -> None:
    client = client_of({"index_lag": 30})
    client.server.forge.edit("acme/shop#3", {"title": "Fresh"})
    assert client.get(f"{SHOP}/3")["title"] == "Fresh"
    assert "Fresh" not in {row["title"] for row in client.get(SHOP)}
    small_clock.now += 31  # type: ignore[attr-defined]  # the fixture's own clock
    assert "Fresh" in {row["title"] for row in client.get(SHOP)}
