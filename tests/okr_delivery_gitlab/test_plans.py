"""Which lists a run reads, how rows become blocks, and where a run that died goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from okr_delivery.sync.errors import AbortSyncError
from okr_delivery_gitlab.blocks import MOST, Planner, Wanted, blocks, updated_of
from okr_delivery_gitlab.lists import IssueList, Mark
from okr_delivery_gitlab.scope import Place
from okr_delivery_gitlab.values import Row, instant
from tests.okr_delivery_gitlab.builders import NOW, at, issue
from tests.okr_delivery_gitlab.site import Site, connect

APP, ALL = Place("projects", "7", "acme/app"), Place("groups", "3", "acme")
THEN, LONG_AGO = "2026-09-21T14:13:20Z", "2026-09-20T10:26:40Z"  # NOW and NOW - 100,000


def lists(found: Sequence[IssueList]) -> list[tuple[str, dict[str, str], bool]]:
    return [(one.place.kind, dict(one.filters), one.epics) for one in found]


@pytest.mark.parametrize(
    ("oldest", "since", "expected"),
    [
        (None, None, [{}]),
        (None, NOW, [{"updated_after": THEN}]),
        (NOW, None, [{"state": "opened"}, {"state": "closed", "updated_after": THEN}]),
        (NOW, NOW - 100_000,
         [{"state": "opened", "updated_after": LONG_AGO}, {"state": "closed", "updated_after": THEN}]),
        (NOW - 100_000, NOW, [{"updated_after": THEN}]),
    ],
)  # fmt: skip
def test_the_first_day_bounds_what_is_closed(
    oldest: int | None, since: int | None, expected: list[dict[str, str]]
) -> None:
    planner = Planner([APP], oldest)
    plan = planner.every() if since is None else planner.window(since)
    assert [one.filters for one in plan.lists] == expected
    assert plan.windowed is (since is not None)


def test_two_parts_of_a_first_sync_leave_nothing_out() -> None:
    planner = Planner([APP])
    assert lists(planner.lively(NOW - 100_000).lists) == [
        ("projects", {"state": "opened"}, False),
        ("projects", {"state": "closed", "updated_after": LONG_AGO}, False),
    ]
    assert lists(planner.rest(NOW - 100_000, NOW + 120).lists) == [
        ("projects", {"state": "closed", "updated_before": LONG_AGO}, False),
        ("projects", {"updated_after": THEN}, False),
    ]


def test_epics_are_lists_of_groups_alone() -> None:
    found = lists(Planner([ALL, APP], epics=True).every().lists)
    assert found == [("groups", {}, False), ("projects", {}, False), ("groups", {}, True)]


class FakeWalk:
    """Pages of rows, per list; `behind` is what was asked for."""

    def __init__(self, *pages: list[list[Row]]) -> None:
        self._pages = pages
        self.behind: list[Mark | None] = []
        self.ordered = True

    def pages(self, issues: IssueList, behind: Mark | None = None) -> Iterator[list[Row]]:
        self.behind.append(behind)
        yield from self._pages[len(self.behind) - 1]


def page(start: int, count: int = 100) -> list[Row]:
    return [issue(number) for number in range(start, start + count)]


def read(walk: FakeWalk, wanted: Wanted) -> list[tuple[int, str]]:
    found = list(blocks(walk, wanted))  # type: ignore[arg-type]  # only `pages` is asked for
    assert all(0 < len(block.rows) <= MOST for block in found)
    return [(len(block.rows), block.after) for block in found]


def test_blocks_end_with_pages_and_lists_and_carry_the_row_they_end_with() -> None:
    walk = FakeWalk([page(0), page(100), page(200)], [page(300, 7)])
    planner = Planner([APP, ALL])
    assert read(walk, Wanted(planner.every(), lambda _: {})) == [
        (200, f"all:0:1199:{at(NOW - 1_000_000 + 199)}"),
        (100, f"all:0:1299:{at(NOW - 1_000_000 + 299)}"),
        (7, f"all:1:1306:{at(NOW - 1_000_000 + 306)}"),
    ]


def test_a_cursor_leads_behind_its_row_and_past_lists_before_it() -> None:
    walk = FakeWalk([page(0, 3)])
    cursor = f"all:1:1306:{at(NOW)}"
    assert len(read(walk, Wanted(Planner([APP, ALL]).every(), lambda _: {}, cursor))) == 1
    assert walk.behind == [Mark(at(NOW), "1306")]


@pytest.mark.parametrize(
    "cursor", ["window:0:1:2026", "12345", "", "all:x:1:2026", "lively:0:1006:2026-01-01T00:00:00.000Z"]
)
def test_another_plan_s_cursor_begins_at_the_beginning(cursor: str) -> None:
    walk = FakeWalk([page(0, 3)])
    assert len(read(walk, Wanted(Planner([APP]).every(), lambda _: {}, cursor))) == 1
    assert walk.behind == [None]


def test_a_cursor_of_a_server_without_order_leads_to_the_beginning() -> None:
    walk, again, plan = FakeWalk([page(0, 3)]), FakeWalk([page(0, 3)]), Planner([APP]).every()
    walk.ordered = False
    ((_, after),) = read(walk, Wanted(plan, lambda _: {}))
    read(again, Wanted(plan, lambda _: {}, after))
    assert again.behind == [None]


def test_what_is_held_as_it_is_and_what_is_to_be_left_out_does_not_come() -> None:
    rows = page(0, 4)
    held = {str(row["id"]): instant(row["updated_at"]) or 0 for row in rows[:2]}
    held["1001"] -= 1
    wanted = Wanted(Planner([APP]).window(NOW), lambda ids: {i: held[i] for i in ids if i in held}, skip={"1003"})
    (block,) = blocks(FakeWalk([rows]), wanted)  # type: ignore[arg-type]  # only `pages` is asked for
    assert [row["id"] for row in block.rows] == [1001, 1002]


@pytest.mark.parametrize("updated", [None, "", "yesterday", "1970-01-01T00:00:00Z", "2026-09-01T00:00:00"])
def test_a_row_that_does_not_say_when_it_changed_ends_the_run(updated: Any) -> None:
    with pytest.raises(AbortSyncError, match="no_updated"):
        updated_of(issue(1, updated_at=updated), "")


def test_the_second_part_reads_only_what_the_first_left_out(site: Site) -> None:
    connector = connect()
    connector.identity()
    connector.metadata()
    list(connector.pages(None, None, lambda _: {}, lively=NOW - 100_000))
    site.asked.clear()
    list(connector.pages(None, None, lambda _: {}, skip={"1"}))
    assert [asked.query.get("updated_before") for asked in site.asked] == [LONG_AGO, None]
    site.asked.clear()
    list(connector.pages(None, None, lambda _: {}, skip={"1"}))
    assert [asked.query.get("state") for asked in site.asked] == [None]


def test_a_first_part_that_another_process_began_is_not_counted_on(site: Site) -> None:
    connector = connect()
    list(connector.pages(None, f"lively:0:1001:{at(NOW)}", lambda _: {}, lively=NOW - 100_000))
    site.asked.clear()
    list(connector.pages(None, None, lambda _: {}, skip={"1"}))
    assert [asked.query.get("updated_before") for asked in site.asked] == [None]
