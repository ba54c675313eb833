"""Lists of issues: no row is skipped or given twice, however the server pages and whatever moves meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from okr_delivery.sync.errors import AbortSyncError
from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.client import GitLabClient
from okr_delivery_gitlab.lists import IssueList, Mark, Walk, created_of, is_keyset, mark_of
from okr_delivery_gitlab.scope import Place
from okr_delivery_gitlab.values import instant
from tests.okr_delivery_gitlab.builders import NOW, URL, at, issue
from tests.okr_delivery_gitlab.site import Answer, Asked, Site, paged, spec, transport

PROJECT, GROUP = Place("projects", "7", "acme/app"), Place("groups", "3", "acme")
LIST = {"projects": "GET projects/7/issues", "groups": "GET groups/3/issues"}


def walk() -> Walk:
    token = spec().token
    assert token is not None
    return Walk(GitLabClient(spec(), token, transport()), Capabilities())


def ids(issues: IssueList, behind: Mark | None = None) -> list[str]:
    return [str(row["id"]) for page in walk().pages(issues, behind) for row in page]


def offset(rows: list[dict[str, Any]], size: int = 3) -> Callable[[Asked], Answer]:
    """A list by offset, with at most `size` rows a page, filtered by creation as GitLab does."""

    def answer(asked: Asked) -> Answer:
        since = instant(asked.query.get("created_after")) or 0
        left = [row for row in rows if (instant(row["created_at"]) or 0) >= since]
        query = {**asked.query, "per_page": str(size)}
        return paged(Asked("GET", asked.path, query, None, {}, asked.url), left)

    return answer


def keyset(rows: list[dict[str, Any]], size: int = 3) -> Callable[[Asked], Answer]:
    """A list by cursor."""

    def answer(asked: Asked) -> Answer:
        start = int(asked.query.get("cursor", 0))
        link = {"Link": f'<{URL}/api/v4/projects/7/issues?cursor={start + size}&odd=1>; rel="next"'}
        more = start + size < len(rows)
        return Answer(200, rows[start : start + size], link if more else {})

    return answer


ROWS = [issue(number) for number in range(1, 12)]
IDS = [str(row["id"]) for row in ROWS]


def test_keyset_links_are_followed_literally(site: Site) -> None:
    site.handlers[LIST["projects"]] = keyset(ROWS)
    assert ids(IssueList(PROJECT, {"state": "opened"})) == IDS
    first, *rest = site.asked
    assert first.query == {
        "scope": "all", "order_by": "created_at", "sort": "asc", "per_page": "100", "with_labels_details": "true",
        "state": "opened", "pagination": "keyset",
    }  # fmt: skip
    assert [dict(asked.query) for asked in rest] == [{"cursor": str(n), "odd": "1"} for n in (3, 6, 9)]


@pytest.mark.parametrize("status", [400, 405])
def test_a_server_without_keyset_is_asked_once_more_and_never_again(site: Site, status: int) -> None:
    plain = offset(ROWS)
    refused = Answer(status, {"error": "Keyset pagination is not yet available"})
    site.handlers[LIST["projects"]] = lambda asked: refused if "pagination" in asked.query else plain(asked)
    walker = walk()
    for _ in range(2):
        assert [str(row["id"]) for page in walker.pages(IssueList(PROJECT)) for row in page] == IDS
    assert sum("pagination" in asked.query for asked in site.asked) == 1


def test_groups_are_never_asked_for_keyset(site: Site) -> None:
    site.handlers[LIST["groups"]] = offset(ROWS)
    assert ids(IssueList(GROUP)) == IDS
    assert not any("pagination" in asked.query or "page" in asked.query for asked in site.asked)


def test_rows_that_leave_an_offset_list_hide_none_of_the_others(site: Site) -> None:
    rows = list(ROWS)
    plain = offset(rows)

    def answer(asked: Asked) -> Answer:
        found = plain(asked)
        if len(rows) > 7:
            del rows[0]
        return found

    site.handlers[LIST["groups"]] = answer
    assert ids(IssueList(GROUP)) == IDS


def test_rows_of_one_creation_that_fill_pages_come_once_each(site: Site) -> None:
    rows = [issue(number, created_at=at(NOW)) for number in range(1, 9)] + [issue(9, created_at=at(NOW + 1))]
    site.handlers[LIST["groups"]] = offset(rows)
    assert ids(IssueList(GROUP)) == [str(row["id"]) for row in rows]


@pytest.mark.parametrize("kind", ["projects", "groups"])
@pytest.mark.parametrize("number", range(len(ROWS)))
def test_behind_any_row_exactly_the_rest_comes(site: Site, kind: str, number: int) -> None:
    rows = [issue(n, created_at=at(NOW + n // 4)) for n in range(11)]
    site.handlers[LIST[kind]] = offset(rows)
    mark = mark_of(rows[number], "")
    place = PROJECT if kind == "projects" else GROUP
    assert ids(IssueList(place), mark) == [str(row["id"]) for row in rows[number + 1 :]]


def test_a_row_that_is_gone_when_a_run_goes_on_costs_no_other(site: Site) -> None:
    site.handlers[LIST["groups"]] = offset(ROWS[:4] + ROWS[5:])
    assert ids(IssueList(GROUP), mark_of(ROWS[4], "")) == IDS[5:]


@pytest.mark.parametrize(
    "rows", [[issue(1, created_at=None)], [issue(1, created_at="yesterday")], {"rows": []}],
    ids=["undated", "unreadable", "no-list"],
)  # fmt: skip
def test_what_is_no_list_of_issues_ends_the_run(site: Site, rows: Any) -> None:
    site.answer(LIST["groups"], rows)
    with pytest.raises(AbortSyncError):
        ids(IssueList(GROUP))


def test_links_in_a_circle_end_the_run(site: Site) -> None:
    link = f'<{URL}/api/v4/projects/7/issues?cursor=x>; rel="next"'
    site.handlers[LIST["projects"]] = lambda _: Answer(200, [issue(1)], {"Link": link})
    with pytest.raises(AbortSyncError, match="endless"):
        ids(IssueList(PROJECT))


def test_a_list_that_gives_the_same_page_again_and_again_ends_the_run(site: Site) -> None:
    link = f'<{URL}/api/v4/groups/3/issues?page=2>; rel="next"'
    site.handlers[LIST["groups"]] = lambda _: Answer(200, ROWS[:3], {"Link": link})
    with pytest.raises(AbortSyncError, match="endless"):
        ids(IssueList(GROUP))


def numbered(rows: list[dict[str, Any]], size: int = 3) -> Callable[[Asked], Answer]:
    """Pages by number, whatever order and beginning are asked for."""

    def answer(asked: Asked) -> Answer:
        return paged(Asked("GET", asked.path, {**asked.query, "per_page": str(size)}, None, {}, asked.url), rows)

    return answer


@pytest.mark.parametrize("rows", [ROWS, ROWS[::-1], ROWS[5:] + ROWS[:5]], ids=["ascending", "descending", "mixed"])
@pytest.mark.parametrize("kind", ["projects", "groups"])
def test_a_server_with_an_order_of_its_own_is_read_whole(site: Site, kind: str, rows: list[Any]) -> None:
    site.handlers[LIST[kind]] = numbered(rows)
    walker, place = walk(), PROJECT if kind == "projects" else GROUP
    found = [str(row["id"]) for page in walker.pages(IssueList(place)) for row in page]
    assert found == [str(row["id"]) for row in rows]
    assert not walker.ordered
    begun = len(site.asked)
    assert sum(len(page) for page in walker.pages(IssueList(place))) == len(rows)
    assert len(site.asked) - begun == 4  # nothing is tried again


def test_a_run_that_died_there_begins_at_the_beginning(site: Site) -> None:
    site.handlers[LIST["groups"]] = numbered(ROWS[::-1])
    assert ids(IssueList(GROUP), mark_of(ROWS[4], "")) == IDS[::-1]


@pytest.mark.parametrize(
    ("headers", "statistics", "count"),
    [
        ({"X-Total": "42"}, None, 42),
        ({}, {"statistics": {"counts": {"all": 12_000, "opened": 700, "closed": 11_300}}}, 700),
        ({}, {"statistics": {}}, None),
        ({}, None, None),
    ],
)
def test_totals_are_taken_where_they_are_told(site: Site, headers: Any, statistics: Any, count: int | None) -> None:
    site.handlers[LIST["projects"]] = lambda _: Answer(200, [], headers)
    if statistics is not None:
        site.answer("GET projects/7/issues_statistics", statistics)
    assert walk().count(IssueList(PROJECT, {"state": "opened"})) == count


@pytest.mark.parametrize(
    ("query", "found"),
    [("cursor=abc&page=1", True), ("id_after=12", True), ("page=2&per_page=100", False), ("order_by=id", True)],
)
def test_a_link_tells_how_the_server_pages(query: str, found: bool) -> None:
    assert is_keyset(f"{URL}/api/v4/projects/7/issues?{query}") is found


def test_a_creation_is_written_in_utc_whatever_the_server_s_zone() -> None:
    row = issue(1, created_at="2026-09-21T22:13:20.123+08:00")
    assert created_of(row, "") == "2026-09-21T14:13:20.123Z"
