"""`search/jql`: fields, pages and tokens (W01–W03), zones and relative time (W07), index lag (W08)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.sandbox.client import Client
from tests.sandbox.conftest import Clock

ALL = "project in (PAY, MOB) ORDER BY id"
Serving = Callable[..., RunningServer]


def test_w01_only_ids_unless_fields_are_asked_for(client: Client) -> None:
    row = client.search(ALL)["issues"][0]
    assert set(row) == {"expand", "id", "self", "key"}
    named = client.search(ALL, fields=["summary", "no_such_field"])["issues"][0]
    assert set(named["fields"]) == {"summary"}
    everything = client.search(ALL, fields=["*all"])["issues"][0]["fields"]
    assert {"description", "status", "customfield_10020", "created"} <= set(everything)
    without = client.search(ALL, fields=["*all", "-description"])["issues"][0]["fields"]
    assert "description" not in without


@pytest.mark.parametrize(
    ("spelling", "expected"), [("absent", {}), ("null", {"nextPageToken": None}), ("empty", {"nextPageToken": ""})]
)
def test_w02_three_spellings_of_the_end(serving: Serving, spelling: str, expected: dict[str, object]) -> None:
    client = Client(serving(faults={"last_page": spelling}))
    for jql in (ALL, "project = PAY AND labels = nobody"):
        page = client.search(jql)
        assert {k: v for k, v in page.items() if k == "nextPageToken"} == expected
        assert page["isLast"] is True


def test_w02_is_last_may_be_missing(serving: Serving) -> None:
    client = Client(serving(faults={"is_last": False}))
    assert "isLast" not in client.search(ALL)
    assert "isLast" not in client.search(ALL, maxResults=7)


def test_w02_exact_boundary_ends_without_an_empty_page(client: Client) -> None:
    first = client.search(ALL, maxResults=20)
    second = client.search(ALL, maxResults=20, nextPageToken=first["nextPageToken"])
    assert len(second["issues"]) == 20
    assert second["isLast"] is True
    assert "nextPageToken" not in second


def test_pages_are_whole_and_in_order(client: Client) -> None:
    ids = client.ids(ALL, maxResults=7)
    assert ids == sorted(set(ids), key=int)
    assert len(ids) == 40


def test_w02_same_token_loop(serving: Serving) -> None:
    client = Client(serving(faults={"loop_from_page": 2}))
    first = client.search(ALL, maxResults=10)
    second = client.search(ALL, maxResults=10, nextPageToken=first["nextPageToken"])
    third = client.search(ALL, maxResults=10, nextPageToken=second["nextPageToken"])
    assert second["nextPageToken"] == third["nextPageToken"]
    assert second["issues"] == third["issues"]


def test_w02_expired_and_foreign_tokens_are_refused(serving: Serving, clock: Clock) -> None:
    client = Client(serving(faults={"expire_from_page": 1}))
    token = client.search(ALL, maxResults=10)["nextPageToken"]
    status, text = client.errors("POST", "search/jql", {"jql": ALL, "maxResults": 10, "nextPageToken": token})
    assert (status, "expired" in text) == (400, True)
    healthy = Client(serving())
    token = healthy.search(ALL, maxResults=10)["nextPageToken"]
    other = {"jql": "project = PAY", "maxResults": 10, "nextPageToken": token}
    assert healthy.errors("POST", "search/jql", other)[0] == 400
    clock.now += 8 * 86_400
    late = {"jql": ALL, "maxResults": 10, "nextPageToken": token}
    assert "expired" in healthy.errors("POST", "search/jql", late)[1]


def test_w03_at_most_100_rows_with_fields_and_5000_ids(serving: Serving) -> None:
    client = Client(serving(issues=230))
    assert len(client.search(ALL)["issues"]) == 230
    assert len(client.search(ALL, fields=["updated"])["issues"]) == 100
    assert len(client.ids(ALL, fields=["updated"])) == 230


def test_w03_short_and_empty_middle_pages_lose_nothing(serving: Serving) -> None:
    client = Client(serving(faults={"short_pages": [1, 3], "short_rows": 2, "empty_pages": [2]}))
    first = client.search(ALL, maxResults=10)
    second = client.search(ALL, maxResults=10, nextPageToken=first["nextPageToken"])
    assert (len(first["issues"]), second["issues"], second["isLast"]) == (2, [], False)
    assert len(set(client.ids(ALL, maxResults=10))) == 40


def test_chain_that_ends_early_disagrees_with_the_count(serving: Serving) -> None:
    client = Client(serving(faults={"end_early": True}))
    assert len(client.ids(ALL, maxResults=10)) == 26
    assert client.post("search/approximate-count", {"jql": "project in (PAY, MOB)"}) == {"count": 40}


def test_deleted_issue_between_pages_skips_nothing(server: RunningServer, client: Client) -> None:
    first = client.search(ALL, maxResults=10)
    server.tracker.delete(int(first["issues"][-1]["id"]))
    second = client.search(ALL, maxResults=10, nextPageToken=first["nextPageToken"])
    assert int(second["issues"][0]["id"]) == int(first["issues"][-1]["id"]) + 1


def test_sorting_by_updated_lets_issues_jump_between_pages(server: RunningServer, client: Client) -> None:
    jql = "project = PAY ORDER BY updated DESC"
    first = client.search(jql, maxResults=5, fields=["updated"])
    last_key = client.ids(jql)[-1]
    server.tracker.edit(last_key, {"summary": "jumps to the front"})
    rest = client.search(jql, nextPageToken=first["nextPageToken"], maxResults=5, fields=["updated"])
    seen = {row["id"] for row in first["issues"]} | {row["id"] for row in rest["issues"]}
    assert last_key not in seen


def test_get_and_post_agree(client: Client) -> None:
    posted = client.search(ALL, fields=["summary", "status"], maxResults=9)
    got = client.get("search/jql", jql=ALL, fields=["summary", "status"], maxResults=9)
    joined = client.get("search/jql", jql=ALL, fields="summary,status", maxResults=9)
    assert got["issues"] == posted["issues"] == joined["issues"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"jql": ""}, "Unbounded"),
        ({"jql": "ORDER BY id"}, "Unbounded"),
        ({"jql": "project = NOPE"}, "'NOPE' does not exist for the field 'project'"),
        ({"jql": "project = PAY AND"}, "ended unexpectedly"),
        ({"jql": "project in (PAY, ORDER)"}, "got 'ORDER'"),
        ({"jql": "nonsense = 1"}, "Field 'nonsense' does not exist"),
        ({"jql": "status = Sleeping"}, "'Sleeping' does not exist"),
        ({"jql": "filter = 4711"}, "The value '4711' does not exist for the field 'filter'"),
        ({"jql": "filter ~ 10001"}, "The operator '~' is not supported by the 'filter' field"),
        ({"jql": 'updated >= "yesterday"'}, "Valid formats"),
        ({"jql": "key = PAY-99999"}, "does not exist for field 'key'"),
        ({"jql": "labels > ops"}, "operator '>' is not supported"),
        ({"jql": "project = PAY ORDER BY a, b, c, d, e, f, g, h"}, "maximum number of fields"),
        ({"jql": "project = PAY", "maxResults": 5001}, "between 1 and 5000"),
        ({"jql": "project = PAY", "properties": ["a", "b", "c", "d", "e", "f"]}, "properties"),
        ({"jql": "project = PAY", "reconcileIssues": list(range(51))}, "reconcileIssues"),
        ({"jql": "project = PAY", "expand": None}, "Invalid request payload"),
        ({"jql": "project = PAY", "startAt": 0}, "Invalid request payload"),
    ],
)
def test_what_a_search_refuses(client: Client, body: dict[str, object], text: str) -> None:
    status, said = client.errors("POST", "search/jql", body)
    assert status == 400
    assert text in said


def test_old_search_is_gone_not_missing(client: Client) -> None:
    for method in ("GET", "POST"):
        status, text = client.errors(method, "search", {} if method == "POST" else None)
        assert (status, "CHANGE-2046" in text) == (410, True)


def _literal(at: float, zone: str) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Pacific/Midway", "Pacific/Kiritimati", "America/New_York", "UTC"])
def test_w07_literals_are_read_in_the_accounts_zone(serving: Serving, clock: Clock, zone: str) -> None:
    server = serving(faults={"account_zone": zone})
    client = Client(server)
    assert client.get("myself")["timeZone"] == zone
    changed = server.tracker.edit("PAY-1", {"summary": "fresh"})
    assert changed is not None
    local = client.ids(f'updated >= "{_literal(clock.now, zone)}"')
    assert local == [str(server.tracker.issue("PAY-1").id)]
    later = client.ids(f'updated >= "{_literal(clock.now + 60, zone)}"')
    assert later == []


def test_w07_by_default_a_utc_literal_misses_what_is_fresh(server: RunningServer, clock: Clock) -> None:
    client = Client(server)
    server.tracker.edit("PAY-1", {"summary": "fresh"})
    assert server.site.zone != "UTC"
    ahead = _literal(clock.now + 8 * 3600, "UTC")  # what a client in a zone of its own would send
    assert client.ids(f'updated >= "{ahead}"') != []
    assert client.ids(f'updated >= "{_literal(clock.now + 8 * 3600 + 60, "UTC")}"') == []


def test_w07_autumn_hour_is_read_once(serving: Serving, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 1, 6, 30, tzinfo=UTC).timestamp()  # 01:30 for the second time in New York
    server = serving(faults={"account_zone": "America/New_York"})
    server.tracker.edit("PAY-1", {"summary": "in the second 01:30"})
    client = Client(server)
    number = str(server.tracker.issue("PAY-1").id)
    assert number in client.ids('updated >= "2026-11-01 01:30"')  # the literal means the first 01:30
    assert number in client.ids('updated >= "2026-11-01 01:59"')


def test_w07_zone_can_be_hidden_or_changed(serving: Serving) -> None:
    assert Client(serving(faults={"shown_zone": ""})).get("myself")["timeZone"] == ""
    client = Client(serving(faults={"zone_after": {2: "America/New_York"}}))
    zones = [client.get("myself")["timeZone"] for _ in range(4)]
    assert zones == ["Asia/Shanghai", "Asia/Shanghai", "America/New_York", "America/New_York"]


def test_relative_time_runs_on_the_servers_clock_to_the_minute(
    server: RunningServer, client: Client, clock: Clock
) -> None:
    clock.now += 59
    server.tracker.edit("PAY-1", {"summary": "fresh"})
    number = str(server.tracker.issue("PAY-1").id)
    assert client.ids("updated >= -0m") == [number]
    clock.now += 90 * 60
    assert number in client.ids("updated >= -91m")
    assert number not in client.ids("updated >= -89m")
    assert number in client.ids("updated >= -3d AND updated <= now()")


def test_epoch_literals_can_be_switched_off(serving: Serving, clock: Clock) -> None:
    jql = f"updated >= {int(clock.now - 86_400 * 30) * 1000} AND project = PAY"
    assert Client(serving()).ids(jql) != []
    status, _ = Client(serving(faults={"epoch_literals": False})).errors("POST", "search/jql", {"jql": jql})
    assert status == 400


def test_w08_index_trails_what_a_get_shows(serving: Serving, clock: Clock) -> None:
    server = serving(faults={"index_lag": 30})
    client = Client(server)
    number = str(server.tracker.issue("PAY-1").id)
    before = client.search(f"id = {number}", fields=["summary"])["issues"][0]["fields"]["summary"]
    server.tracker.edit("PAY-1", {"summary": "newer", "labels": ["fresh"]})
    made = server.tracker.create("PAY", "just made")
    assert client.issue("PAY-1")["fields"]["summary"] == "newer"
    assert client.ids("labels = fresh") == []
    assert client.search(f"id = {number}", fields=["summary"])["issues"][0]["fields"]["summary"] == before
    assert str(made.id) not in client.ids(ALL)
    assert client.ids("labels = fresh", reconcileIssues=[int(number), made.id]) == [number]
    clock.now += 31
    assert client.ids("labels = fresh") == [number]
    assert str(made.id) in client.ids(ALL)


def test_w08_a_deleted_issue_lingers_in_the_index(serving: Serving, clock: Clock) -> None:
    server = serving(faults={"index_lag": 30})
    client = Client(server)
    number = server.tracker.issue("PAY-1").id
    server.tracker.delete(number)
    assert str(number) in client.ids(ALL)
    assert client.send("GET", f"issue/{number}").status_code == 404
    clock.now += 31
    assert str(number) not in client.ids(ALL)


def test_two_lagging_edits_come_into_the_index_one_after_the_other(serving: Serving, clock: Clock) -> None:
    server = serving(faults={"index_lag": 30})
    client = Client(server)
    server.tracker.edit("PAY-1", {"labels": ["one"]})
    clock.now += 20
    server.tracker.edit("PAY-1", {"labels": ["two"]})
    clock.now += 11
    assert (client.ids("labels = one") != [], client.ids("labels = two")) == (True, [])
    clock.now += 20
    assert (client.ids("labels = one"), client.ids("labels = two") != []) == ([], True)


def test_created_day_windows_partition_the_issues(server: RunningServer, client: Client) -> None:
    middle = datetime(2026, 10, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
    for day in (middle - timedelta(days=14), middle, middle + timedelta(days=7)):
        before = client.ids(f'project in (PAY, MOB) AND created < "{day:%Y-%m-%d}"')
        after = client.ids(f'project in (PAY, MOB) AND created >= "{day:%Y-%m-%d}"')
        assert len(before) + len(after) == 40
        assert not set(before) & set(after)


def test_w02_a_token_lives_for_a_while_only(serving: Serving, clock: Clock) -> None:
    client = Client(serving(faults={"token_life": 60, "id_cap": 10}))
    query = {"jql": ALL, "fields": ["id"], "maxResults": 5000}
    token = client.post("search/jql", query)["nextPageToken"]
    clock.now += 59
    assert len(client.post("search/jql", query | {"nextPageToken": token})["issues"]) == 10
    clock.now += 2
    assert client.errors("POST", "search/jql", query | {"nextPageToken": token})[0] == 400


def test_w03_ids_alone_may_come_in_small_pages_too(serving: Serving) -> None:
    client = Client(serving(faults={"id_cap": 10}))
    assert len(client.search(ALL, fields=["id"])["issues"]) == 10
    assert len(client.search(ALL, fields=["summary"])["issues"]) > 10
