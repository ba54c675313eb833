"""Ids, bodies and histories at the HTTP edge: every way in which an answer may be less than it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from okr_delivery.model.work import Category, Field
from okr_delivery.sync.connector import Page
from okr_delivery.sync.errors import AbortSyncError, ConfigError, RetryLaterError, SyncError
from okr_delivery_jira import JiraConnector, cloud
from tests.okr_delivery_jira.builders import MS, NOW, SPRINT, body, history, item
from tests.okr_delivery_jira.site import Asked, Site, connect

STATUS = {"field_id": "status", "was": "1", "now": "3"}


def ready(**more: Any) -> JiraConnector:
    connector = connect(**more)
    connector.identity()
    connector.metadata()
    return connector


def nothing_held(_: Sequence[str]) -> Mapping[str, int]:
    return {}


def read(site: Site, since: int | None = None, resume: str | None = None, **more: Any) -> list[Page]:
    connector = ready(**more)
    site.asked.clear()
    try:
        return list(connector.pages(since, resume, nothing_held))
    finally:
        connector.close()


def ids(pages: Sequence[Page]) -> list[str]:
    return [issue.id for page in pages for issue in page.issues]


def sweep(site: Site, *pages: Any) -> None:
    """Serves these search pages, one after the other."""
    left = list(pages)
    site.handlers["POST search/jql"] = lambda _: left.pop(0)


def rows(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": str(number)} for number in numbers]


# ids


def test_the_search_asks_for_ids_only_and_for_the_greatest_page(site: Site) -> None:
    site.add(body(10001))
    read(site)
    assert site.last("POST search/jql").body == {
        "jql": '(project in ("PAY")) ORDER BY id ASC', "fields": ["id"], "maxResults": 5000,
    }  # fmt: skip


@pytest.mark.parametrize(
    "last", [{}, {"nextPageToken": None}, {"nextPageToken": ""}, {"isLast": True, "nextPageToken": None}]
)
def test_the_last_page_is_the_one_without_a_token_however_that_is_spelt(site: Site, last: dict[str, Any]) -> None:
    site.add(*(body(number) for number in (10001, 10002, 10003)))
    sweep(
        site,
        {"issues": rows(10003), "nextPageToken": "a", "isLast": False},
        {"issues": [], "nextPageToken": "b"},
        {"issues": rows(10001, 10002), **last},
    )
    assert ids(read(site)) == ["10001", "10002", "10003"]
    assert [asked.body.get("nextPageToken") for asked in site.asked if asked.path == "search/jql"] == [None, "a", "b"]


@pytest.mark.parametrize(
    ("pages", "problem"),
    [
        ([{"issues": rows(10001), "isLast": False}], "last_page"),
        ([{"issues": rows(10001), "nextPageToken": "a"}, {"issues": [], "nextPageToken": "a"}], "same_token"),
        ([{"issues": rows(10001), "isLast": True, "warnings": ["The result was truncated"]}], "cut_short"),
        ([{"issues": rows(10001), "isLast": True, "warnings": [{"message": "limit reached"}]}], "cut_short"),
        ([["not", "an", "object"]], "shape"),
        ([{"issues": [{"key": "PAY-1"}], "isLast": True}], "shape"),
    ],
)
def test_a_search_that_can_not_be_whole_ends_the_run(site: Site, pages: list[Any], problem: str) -> None:
    site.add(body(10001))
    sweep(site, *pages)
    with pytest.raises(AbortSyncError, match=problem):
        read(site)


def test_other_warnings_are_passed_on(site: Site) -> None:
    sweep(site, {"issues": [], "isLast": True, "warnings": ["The field Rank is deprecated"]})
    (page,) = read(site)
    assert [(w.id, w.params["said"]) for w in page.warnings] == [
        ("jira.warning.server", "The field Rank is deprecated")
    ]
    assert page.after is None


def test_a_chain_that_ends_early_is_noticed_by_the_count(site: Site) -> None:
    site.add(*(body(number) for number in range(10001, 10101)))
    sweep(site, {"issues": rows(*range(10001, 10051)), "nextPageToken": "a"}, {"issues": rows(*range(10051, 10068))})
    with pytest.raises(AbortSyncError, match="count"):
        read(site)
    assert site.last("POST search/approximate-count").body == {"jql": '(project in ("PAY"))'}


@pytest.mark.parametrize(("approximate", "believed"), [(100, True), (102, True), (98, True), (110, False), ("?", True)])
def test_the_count_is_approximate(site: Site, approximate: Any, believed: bool) -> None:
    site.add(*(body(number) for number in range(10001, 10101)))
    site.approximate = approximate
    if believed:
        assert len(ids(read(site))) == 100
        return
    with pytest.raises(AbortSyncError, match="count"):
        read(site)


def test_ids_are_in_numeric_order_and_a_resumed_run_goes_on_behind_the_last(site: Site) -> None:
    site.add(*(body(number) for number in (10010, 9999, 10002)))
    assert ids(read(site)) == ["9999", "10002", "10010"]
    assert ids(read(site, resume="9999")) == ["10002", "10010"]
    assert read(site, resume="10010") == []


@pytest.mark.parametrize(
    ("answer", "kind", "problem"),
    [
        ((400, {"errorMessages": ["The value 'PAYX' does not exist for the field 'project'."]}), ConfigError, "PAYX"),
        ((400, {"message": "no list"}), ConfigError, "jira.error.jql"),
        ((400, "<html>"), ConfigError, "jira.error.jql"),
        ((400, {"errorMessages": ["The nextPageToken is invalid or has expired."]}), RetryLaterError, "token_expired"),
        ((410, {"errorMessages": ["The requested API has been removed."]}), ConfigError, "old_search"),
        ((401, {}), ConfigError, "unauthorized"),
        ((401, {"message": "scope does not match"}), ConfigError, "read:jira-work"),
        ((500, {}), RetryLaterError, "server_error"),
    ],
)
def test_a_refused_search_says_why(site: Site, answer: Any, kind: type[SyncError], problem: str) -> None:
    site.handlers["POST search/jql"] = lambda _: answer
    with pytest.raises(kind, match=problem) as caught:
        read(site)
    assert "/rest/api/2/search/jql" in str(caught.value.problems[0].where)


# the window


def test_a_window_is_asked_in_the_callers_zone_and_what_is_held_is_not_read_again(site: Site) -> None:
    site.add(body(10001), body(10002), body(10003, updated="2026-09-21T22:00:00.000+0800"))
    connector = ready()
    site.asked.clear()
    asked: list[Sequence[str]] = []

    def held(wanted: Sequence[str]) -> Mapping[str, int]:
        asked.append(wanted)
        return {"10001": 1_789_862_400, "10002": 1_789_862_399}

    pages = list(connector.pages(NOW - 7200, None, held))
    assert asked == [["10001", "10002", "10003"]]
    assert ids(pages) == ["10002", "10003"]
    search = site.last("POST search/jql").body
    assert search["fields"] == ["updated"]
    assert 'AND (updated >= "2026-09-21 20:13" OR updated >= -180m)' in search["jql"]


def test_nothing_changed_is_one_request_and_no_page(site: Site) -> None:
    sweep(site, {"issues": [], "isLast": True})
    assert read(site, since=NOW - 7200) == []
    assert [str(asked) for asked in site.asked] == ["POST search/jql"]


def test_an_unknown_zone_widens_the_window_and_says_so(site: Site) -> None:
    site.zone = ""
    sweep(site, {"issues": [], "isLast": True})
    (page,) = read(site, since=NOW - 7200)
    assert [warning.id for warning in page.warnings] == ["jira.warning.zone_unknown"]
    assert 'updated >= "2026-09-20 10:13"' in site.last("POST search/jql").body["jql"]


@pytest.mark.parametrize(
    "row", [{"id": "10001"}, {"id": "10001", "fields": {}}, {"id": "10001", "fields": {"updated": "x"}}]
)
def test_a_row_without_its_update_is_an_error_and_not_an_old_issue(site: Site, row: dict[str, Any]) -> None:
    sweep(site, {"issues": [row], "isLast": True})
    with pytest.raises(AbortSyncError, match="no_updated"):
        read(site, since=NOW)


# bodies


def test_bodies_come_by_the_hundred_with_named_fields_and_pages_of_250(site: Site) -> None:
    site.add(*(body(number) for number in range(10001, 10702)))
    pages = read(site, fields={"key_result": "Key Result"})
    assert [len(page.issues) for page in pages] == [250, 250, 201]
    assert [page.after for page in pages] == ["10250", "10500", "10701"]
    assert ids(pages) == [str(number) for number in range(10001, 10702)]
    bodies = [asked.body for asked in site.asked if asked.path == "issue/bulkfetch"]
    assert sorted(len(asked["issueIdsOrKeys"]) for asked in bodies) == [1, 100, 100, 100, 100, 100, 100, 100]
    assert {"summary", "updated", SPRINT, "customfield_10100"} <= set(bodies[0]["fields"])
    assert not {"*all", "comment", "assignee", "reporter"} & set(bodies[0]["fields"])
    assert site.count("POST changelog/bulkfetch") == 3


def test_every_id_asked_for_is_accounted_for(site: Site) -> None:
    site.add(*(body(number) for number in (10001, 10002, 10003)))

    def bodies(asked: Asked) -> Any:
        return {"issues": [site.issues["10001"]], "issueErrors": [{"id": "10002", "errorMessage": "no"}]}

    site.handlers["POST issue/bulkfetch"] = bodies
    (page,) = read(site)
    assert (ids([page]), page.not_visible, page.after) == (["10001"], ("10002", "10003"), "10003")
    assert site.last("POST changelog/bulkfetch").body["issueIdsOrKeys"] == ["10001"]


def test_a_block_of_which_nothing_shows_asks_for_no_history(site: Site) -> None:
    sweep(site, {"issues": rows(10001), "isLast": True})
    (page,) = read(site)
    assert (page.issues, page.not_visible, page.after) == ((), ("10001",), "10001")
    assert site.count("POST changelog/bulkfetch") == 0


def test_a_moved_issue_keeps_its_id_under_its_new_key(site: Site) -> None:
    site.add({**body(10001), "key": "CORE-7"})
    site.histories["10001"] = [history(1, MS, item("Key", "PAY-1", "CORE-7"))]
    (page,) = read(site)
    assert (page.issues[0].id, page.issues[0].key) == ("10001", "CORE-7")
    assert [(c.field, c.old.name) for c in page.changes] == [(Field.KEY, "PAY-1")]


def test_bodies_without_fields_are_a_bug_and_not_empty_issues(site: Site) -> None:
    site.add(body(10001))
    site.handlers["POST issue/bulkfetch"] = lambda _: {"issues": [{"id": "10001", "key": "PAY-1"}]}
    with pytest.raises(AbortSyncError, match="no_fields"):
        read(site)


def test_an_unreadable_issue_is_named_and_the_others_are_kept(site: Site) -> None:
    site.add(body(10001), body(10002, created=None))
    (page,) = read(site)
    assert ids([page]) == ["10001"]
    (skipped,) = page.skipped
    assert (skipped.problems[0].where, skipped.problems[0].what.id) == ("PAY-2", "jira.unreadable.created")


# history


def test_one_history_spread_over_three_pages_is_whole(site: Site) -> None:
    site.add(body(10001), body(10002), body(10003))
    steps = [("10001", 0), ("10002", 1), ("10001", 2), ("10002", 3), ("10001", 4)]
    for number, (issue_id, at) in enumerate(steps, start=1):
        entry = history(number, MS - 100_000 + at * 1000, item("status", "A", "B", **STATUS))
        site.histories.setdefault(issue_id, []).append(entry)
    site.history_page = 2
    (page,) = read(site)
    assert [(c.issue_id, c.history_id) for c in page.changes] == [
        ("10001", 1), ("10001", 3), ("10001", 5), ("10002", 2), ("10002", 4),
    ]  # fmt: skip
    assert site.count("POST changelog/bulkfetch") == 3
    assert site.last("POST changelog/bulkfetch").body["maxResults"] == 10_000
    assert all("fieldIds" not in asked.body for asked in site.asked if asked.path == "changelog/bulkfetch")


def test_an_entry_that_comes_twice_counts_once(site: Site) -> None:
    site.add(body(10001))
    entry = history(7, MS, item("status", "A", "B", **STATUS))
    site.histories["10001"] = [entry, entry]
    (page,) = read(site)
    assert len(page.changes) == 1


def test_a_history_chain_that_loops_ends_the_run(site: Site) -> None:
    site.add(body(10001))
    site.handlers["POST changelog/bulkfetch"] = lambda _: {"issueChangeLogs": [], "nextPageToken": "a"}
    with pytest.raises(AbortSyncError, match="same_token"):
        read(site)


def test_an_impossible_date_in_a_history_ends_the_run(site: Site) -> None:
    site.add(body(10001))
    site.histories["10001"] = [history(1, NOW, item("status", "A", "B", **STATUS))]
    with pytest.raises(AbortSyncError, match="instant"):
        read(site)


def test_statuses_that_the_site_no_longer_lists_come_with_the_page(site: Site) -> None:
    retired = {"id": "77", "name": "QA", "statusCategory": {"key": "indeterminate"}}
    site.add(body(10001, status=retired))
    site.histories["10001"] = [
        history(1, MS - 5000, item("status", "Raised", "QA", field_id="status", was="66", now="77")),
        history(2, MS, item("status", "QA", "QA", field_id="status", was="77", now="77")),
    ]
    (page,) = read(site)
    assert [(s.id, s.name, s.category) for s in page.statuses] == [
        ("77", "QA", Category.INDETERMINATE), ("66", "Raised", Category.UNDEFINED),
    ]  # fmt: skip


# census


def test_the_census_is_the_whole_scope_and_visible_asks_by_id(site: Site) -> None:
    site.add(body(10010), body(9999))
    connector = ready(since=None)
    assert list(connector.census()) == ["9999", "10010"]
    assert connector.visible(["9999", "10010", "10011"]) == {"9999", "10010"}


def test_a_census_that_can_not_be_whole_is_an_error(site: Site) -> None:
    connector = ready()
    sweep(site, {"issues": rows(10001), "isLast": False})
    with pytest.raises(AbortSyncError, match="last_page"):
        connector.census()


def test_a_dropped_iterator_leaves_no_worker_behind(site: Site) -> None:
    site.add(*(body(number) for number in range(10001, 11501)))
    connector = ready()
    pages = connector.pages(None, None, nothing_held)
    assert len(next(iter(pages)).issues) == 250
    pages.close()  # type: ignore[attr-defined]  # a generator, whatever the contract calls it
    connector.close()
    assert site.count("POST changelog/bulkfetch") <= 1 + cloud.HISTORIES_AHEAD
    assert site.count("POST issue/bulkfetch") < 15


def test_short_histories_are_asked_for_together_and_long_ones_are_not(site: Site) -> None:
    site.add(*(body(number) for number in range(10001, 13001)))
    short = [len(asked.body["issueIdsOrKeys"]) for asked in _histories(site, entries=2)]
    assert short == [250] * (1 + cloud.HISTORIES_AHEAD) + [500] * 5
    site.asked.clear()
    assert [len(asked.body["issueIdsOrKeys"]) for asked in _histories(site, entries=12)] == [250] * 12


def _histories(site: Site, entries: int) -> list[Asked]:
    """What was asked when each issue has so many entries; all of them came, in pages of 250."""
    one = [history(n, MS, item("status", "A", "B", **STATUS)) for n in range(entries)]
    site.histories = dict.fromkeys(site.issues, one)
    pages = read(site)
    assert [len(page.issues) for page in pages] == [250] * 12
    assert {(c.issue_id, c.history_id) for page in pages for c in page.changes} == {
        (ref, n) for ref in site.issues for n in range(entries)
    }
    return sorted((a for a in site.asked if a.path == "changelog/bulkfetch"), key=lambda a: a.body["issueIdsOrKeys"])
