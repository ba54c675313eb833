"""Data Center at the HTTP edge: who is calling, offset pages, metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from okr_delivery.sync.connector import Page
from okr_delivery.sync.errors import AbortSyncError, ConfigError, SyncError
from tests.okr_delivery_jira.builders import NOW, POINTS, SPRINT, body
from tests.okr_delivery_jira.server import Server, connect, ready, served
from tests.okr_delivery_jira.site import Asked, page


@pytest.fixture
def server() -> Iterator[Server]:
    with served() as running:
        yield running


def nothing_held(_: Sequence[str]) -> Mapping[str, int]:
    return {}


def read(server: Server, since: int | None = None, resume: str | None = None, **more: Any) -> list[Page]:
    skip = more.pop("skip", ())
    connector = ready(**more)
    server.asked.clear()
    try:
        return list(connector.pages(since, resume, nothing_held, skip=skip))
    finally:
        connector.close()


def ids(pages: Sequence[Page]) -> list[str]:
    return [issue.id for page in pages for issue in page.issues]


def filled(server: Server, count: int) -> list[str]:
    server.add(*(body(10_001 + number) for number in range(count)))
    return [str(10_001 + number) for number in range(count)]


def searches(server: Server) -> list[Any]:
    return [asked.body for asked in server.asked if str(asked) == "POST search"]


# who


def test_the_account_is_the_key_which_no_new_name_changes(server: Server) -> None:
    who = connect().identity()
    assert (who.account, who.deployment, who.timezone) == ("JIRAUSER10047", "datacenter", "Asia/Shanghai")
    assert who.base_url == "https://jira.acme.example/jira"
    assert server.asked[0].headers["Authorization"] == "Bearer s3cret"


def test_an_older_server_names_its_users_only(server: Server) -> None:
    server.handlers["GET myself"] = lambda _: {"name": "bot"}
    assert connect(user="bot").identity().account == "bot"


@pytest.mark.parametrize(
    ("headers", "status", "problem"),
    [
        ({"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}, 200, "login_failed"),
        ({"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}, 200, "login_failed"),
        ({"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=x"}, 403, "captcha"),
        ({}, 401, "unauthorized"),
    ],
)
def test_a_login_that_was_not_taken_is_refused_whatever_the_status(
    server: Server, headers: dict[str, str], status: int, problem: str
) -> None:
    server.headers |= headers
    server.handlers["GET myself"] = lambda _: (status, {"key": "JIRAUSER10047"})
    with pytest.raises(ConfigError, match=problem) as caught:
        connect().identity()
    assert all(one.next_step for one in caught.value.problems)


# pages


def test_a_thousand_issues_take_ten_requests_of_a_hundred(server: Server) -> None:
    wanted = filled(server, 1000)
    pages = read(server)
    assert ids(pages) == wanted
    assert [page.after for page in pages] == wanted[99::100]
    asked = searches(server)
    assert len(asked) == 10
    assert asked[0]["jql"] == '(project in ("PAY")) ORDER BY id ASC'
    assert (asked[0]["startAt"], asked[0]["maxResults"], asked[0]["expand"]) == (0, 100, ["changelog"])
    assert {"summary", "updated", SPRINT} <= set(asked[0]["fields"])
    assert sorted((one["startAt"], one["maxResults"]) for one in asked[1:]) == [(99 + 100 * n, 101) for n in range(9)]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 102, 250])
@pytest.mark.parametrize("cap", [1, 2, 7, 40, 99, 100, 101, 1000])
def test_pages_of_any_size_are_whole(server: Server, count: int, cap: int) -> None:
    wanted, server.cap = filled(server, count), cap
    assert ids(read(server)) == wanted


def test_a_row_that_goes_while_pages_are_read_takes_no_other_along(server: Server) -> None:
    wanted = filled(server, 350)

    def deletes(asked: Asked) -> Any:
        if asked.body["startAt"] == 99:
            server.issues.pop("10001", None)
        return server._found(asked)

    server.handlers["POST search"] = deletes
    found = ids(read(server))
    assert found == wanted
    assert [asked["fields"] for asked in searches(server) if asked["maxResults"] == 1000] == [["id"]]


def test_a_row_that_goes_while_another_comes_is_noticed_though_the_total_stays(server: Server) -> None:
    wanted = filled(server, 350)

    def swaps(asked: Asked) -> Any:
        if asked.body["startAt"] == 99 and server.issues.pop("10001", None):
            server.add(body(20_000))
        return server._found(asked)

    server.handlers["POST search"] = swaps
    assert ids(read(server)) == [*wanted, "20000"]


def test_an_empty_page_before_the_end_is_not_the_end(server: Server) -> None:
    wanted = filled(server, 250)

    def hollow(asked: Asked) -> Any:
        second = (asked.body["startAt"], asked.body["maxResults"]) == (99, 101)
        return server._found(asked) | ({"issues": []} if second else {})

    server.handlers["POST search"] = hollow
    assert ids(read(server)) == wanted


def test_an_empty_page_of_ids_is_asked_for_again(server: Server) -> None:
    wanted, empty = filled(server, 250), [0, 50]
    server.cap = 50

    def hiccups(asked: Asked) -> Any:
        answer = server._found(asked)
        if asked.body["fields"] == ["id"] and asked.body["startAt"] in empty:
            empty.remove(asked.body["startAt"])
            return answer | {"issues": []}
        return answer

    server.handlers["POST search"] = hiccups
    assert list(ready().census()) == wanted
    assert empty == []


def test_positions_that_nobody_sees_are_stepped_over(server: Server) -> None:
    """Two hundred rows in view, and between them a page of fifty that are counted and not shown."""
    wanted = filled(server, 200)
    server.cap = 50

    def gap(asked: Asked) -> Any:
        places: list[Any] = [*wanted[:100], *[None] * 3, *wanted[100:]]
        part = places[asked.body["startAt"] : asked.body["startAt"] + 3]
        rows = [{"id": ref} for ref in part if ref is not None]
        return {"startAt": asked.body["startAt"], "maxResults": 3, "total": 203, "issues": rows}

    server.handlers["POST search"] = gap
    assert list(ready().census()) == wanted


def test_a_few_rows_that_are_counted_and_never_shown_are_told(server: Server) -> None:
    wanted, server.counted = filled(server, 250), 252
    (*pages, last) = read(server)
    assert ids([*pages, last]) == wanted
    (warning,) = [warning for page in (*pages, last) for warning in page.warnings]
    assert (warning.id, warning.params) == ("jira.warning.short_search", {"found": 250, "count": 252})


def test_many_that_are_counted_and_never_shown_end_the_run(server: Server) -> None:
    filled(server, 250)
    server.counted = 400
    with pytest.raises(AbortSyncError, match="count"):
        read(server)


@pytest.mark.parametrize("answer", [[], {}, {"issues": [], "total": None}, {"issues": [{"key": "PAY-1"}], "total": 1}])
def test_an_answer_that_is_no_page_ends_the_run(server: Server, answer: Any) -> None:
    server.handlers["POST search"] = lambda _: answer
    with pytest.raises(AbortSyncError, match="shape"):
        read(server)


def test_a_resumed_run_asks_for_ids_and_reads_no_committed_issue_again(server: Server) -> None:
    wanted = filled(server, 350)
    assert ids(read(server, resume=wanted[199])) == wanted[200:]
    sweep, *bodies = searches(server)
    assert (sweep["fields"], sweep["maxResults"], "expand" in sweep) == (["id"], 1000, False)
    assert [one["validateQuery"] for one in bodies] == [False, False]
    assert min(one["jql"] for one in bodies).startswith(f"id in ({wanted[200]}, ")


def test_what_came_before_is_left_out_unasked(server: Server) -> None:
    wanted = filled(server, 250)
    assert ids(read(server, skip=frozenset(wanted[::2]))) == wanted[1::2]
    assert len(searches(server)) == 3


def test_an_issue_that_left_between_list_and_body_is_not_visible(server: Server) -> None:
    wanted = filled(server, 20)

    def search(asked: Asked) -> Any:
        answer = server._found(asked)
        if "expand" in asked.body:
            server.issues.pop(wanted[7], None)
            return server._found(asked)
        return answer

    server.handlers["POST search"] = search
    (page,) = read(server, skip=frozenset(wanted[:3]))
    assert (page.not_visible, len(page.issues), page.after) == ((wanted[7],), 16, wanted[19])


def test_the_window_holds_back_what_the_store_has(server: Server) -> None:
    server.add(body(10001), body(10002, updated="2026-09-21T22:00:00.000+0800"))
    connector = ready()
    server.asked.clear()
    pages = list(connector.pages(NOW - 7200, None, lambda _: {"10001": 1_789_862_400}))
    assert ids(pages) == ["10002"]
    (asked,) = searches(server)
    assert 'AND (updated >= "2026-09-21 20:13" OR updated >= -180m)' in asked["jql"]


def test_a_server_that_names_nobody_is_asked_who_is_calling_before_any_page_counts(server: Server) -> None:
    filled(server, 150)
    connector = ready()
    server.headers["X-AUSERNAME"] = "anonymous"
    server.handlers["GET myself"] = lambda _: (401, {})
    with pytest.raises(ConfigError, match="unauthorized"):
        list(connector.pages(None, None, nothing_held))


def test_census_and_visible(server: Server) -> None:
    wanted = filled(server, 1500)
    connector = ready()
    server.asked.clear()
    assert list(connector.census()) == wanted
    assert [(one["startAt"], one["maxResults"], one["fields"]) for one in searches(server)] == [
        (0, 1000, ["id"]), (1000, 1000, ["id"]),
    ]  # fmt: skip
    server.archived = {wanted[0]}
    server.asked.clear()
    assert connector.visible([wanted[0], wanted[1], "9"]) == {wanted[0], wanted[1]}
    assert [str(asked) for asked in server.asked] == ["POST search", f"GET issue/{wanted[0]}", "GET issue/9"]
    assert server.asked[1].query == {"fields": "updated"}


def test_what_lies_ahead_is_counted_exactly(server: Server) -> None:
    filled(server, 250)
    ahead = ready().ahead(None)
    assert (ahead.issues, ahead.requests) == (250, 3)
    assert searches(server)[-1]["maxResults"] == 0


@pytest.mark.parametrize("status", [404, 405])
def test_a_site_without_this_search_is_of_the_other_kind(server: Server, status: int) -> None:
    server.handlers["POST search"] = lambda _: (status, {})
    with pytest.raises(ConfigError, match="wrong_kind"):
        read(server)


def test_a_project_that_is_gone_in_mid_run_is_named(server: Server) -> None:
    said = "The value 'PAY' does not exist for the field 'project'."
    server.handlers["POST search"] = lambda _: (400, {"errorMessages": [said]})
    with pytest.raises(ConfigError, match="PAY"):
        read(server)


# metadata


def test_six_requests_of_metadata_and_boards_that_do_not_say_where_they_belong(server: Server) -> None:
    server.sprints = [{"id": 1, "state": "active", "name": "S", "originBoardId": 1}]
    server.handlers["GET project/PAY"] = lambda _: {"id": "10000", "key": "PAY", "versions": [{"id": "5", "name": "V"}]}
    connector = connect()
    connector.identity()
    server.asked.clear()
    metadata = connector.metadata()
    list(connector.iterations({}))
    assert sorted(str(asked) for asked in server.asked) == [
        "GET board", "GET board/1/configuration", "GET board/1/sprint", "GET field", "GET project/PAY", "GET status",
    ]  # fmt: skip
    assert [(b.type, b.project, b.estimate_field) for b in metadata.boards] == [("scrum", "PAY", POINTS)]


def test_a_configured_board_is_read_for_its_type(server: Server) -> None:
    connector = connect(boards=("1",))
    connector.identity()
    server.asked.clear()
    assert connector.metadata().boards[0].type == "scrum"
    assert server.count("GET board/1") == 1


def test_an_unknown_project_is_named_with_those_that_are_known(server: Server) -> None:
    connector = connect(projects=("PAYX",))
    connector.identity()
    with pytest.raises(ConfigError, match="project_unknown") as caught:
        connector.metadata()
    assert "CORE, PAY" in str(caught.value)


def test_metadata_of_another_kind_of_site_is_read_anew(server: Server) -> None:
    stored = ready().metadata()
    other = connect(deployment="cloud")
    server.handlers["GET myself"] = lambda _: {"accountId": "bot"}
    other.identity()
    with pytest.raises(ValueError, match="another kind"):
        other.use(stored)


def test_a_busy_server_is_asked_again_and_a_calm_one_is_not(server: Server) -> None:
    left = [503, 429]
    server.add(body(10001))
    server.handlers["POST search"] = lambda asked: (left.pop(), {}) if left else server._found(asked)
    (page,) = read(server)
    assert (len(page.issues), server.count("POST search")) == (1, 3)


def test_a_failure_that_lasts_is_no_shorter_success(server: Server) -> None:
    filled(server, 350)
    server.handlers["POST search"] = lambda asked: (500, {}) if asked.body["startAt"] > 150 else server._found(asked)
    with pytest.raises(SyncError):
        read(server)


def test_a_project_without_boards_has_the_points_of_all_who_are_not_team_managed(server: Server) -> None:
    server.handlers["GET board"] = lambda _: page([])
    connector = connect()
    connector.identity()
    metadata = connector.metadata()
    assert metadata.warnings == ()
    assert [(entry.id, entry.reason) for entry in metadata.fields if entry.role == "estimate"] == [(POINTS, "schema")]
