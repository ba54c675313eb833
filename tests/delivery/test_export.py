"""The exported tables: columns, instants, order and who is in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from okr_delivery.config import Config
from okr_delivery.delivery.export import tables
from okr_delivery.model.work import Field
from okr_delivery.store import Store, open_store
from tests.delivery.world import Story, at, config, fill, snapshot, sprint

COLUMNS = {
    "issues": "source id key project type title status category kind created updated resolved parent_key estimate"
    " priority labels team url gone_at",
    "changes": "source issue_id issue_key history_id item at field from_id from_name to_id to_name",
    "intervals": "source issue_key status_id status kind entered_at left_at",
    "iterations": "source id name goal state start end closed_at",
    "memberships": "source issue_key iteration_id entered_at left_at",
    "facts": "source issue_key committed_at started_at first_finished_at finished_at cancelled_at gone_at lead_seconds"
    " cycle_seconds active_seconds wait_seconds parked_seconds unmapped_seconds reopened",
}
DAY = 86_400

STORIES = [
    Story(
        "PAY-10",
        "B0 D2 F7 D9",
        fields={
            Field.ESTIMATE: ("3", [(4, "5")]),
            Field.LABELS: (None, [(1, "kr:GROW-KR1 紧急")]),
            Field.ITERATION: ("7", [(5, "7,8"), (8, "8")]),
        },
    ),
    Story("PAY-2", "B0 D1 ?3", gone=12),
    Story("PAY-3", "B0 D3", subtask_of="PAY-10", type="Sub-task"),
    Story("PAY-4", "B0 D2 F6", fields={Field.RESOLUTION: (None, [(6, "Won't Do")])}),
    Story("PAY-5", "B0", complete=False),
]
SPRINTS = [sprint("7", 1, 8, closed=8), sprint("8", 8, 15)]


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return config(tmp_path)


@pytest.fixture
def store(database_url: str, settings: Config) -> Iterator[Store]:
    with open_store(database_url, ledger=None) as opened:
        fill(opened, settings, STORIES, SPRINTS)
        with opened.page("jira") as tx:
            tx.tombstone({"10002": at(12)}, {})
        yield opened


def rows(store: Store, settings: Config, table: str, day: float = 20, **more: object) -> list[dict[str, object]]:
    columns, found = tables(snapshot(store, settings, day, **more))[table]  # type: ignore[arg-type]  # teams
    return [dict(zip(columns, row, strict=True)) for row in found]


def test_columns_and_keys(store: Store, settings: Config) -> None:
    found = tables(snapshot(store, settings, 20))
    assert {name: " ".join(columns) for name, (columns, _) in found.items()} == COLUMNS


@pytest.mark.parametrize("table", ["issues", "facts"])
def test_every_synced_issue_has_its_row_in_natural_order(store: Store, settings: Config, table: str) -> None:
    key = "key" if table == "issues" else "issue_key"
    assert [row[key] for row in rows(store, settings, table)] == ["PAY-2", "PAY-3", "PAY-4", "PAY-5", "PAY-10"]


def test_an_issue_as_of_the_day(store: Store, settings: Config) -> None:
    issue = rows(store, settings, "issues")[-1]
    assert issue == {
        "source": "jira", "id": "10010", "key": "PAY-10", "project": "PAY", "type": "Story", "title": "Title of PAY-10",
        "status": "D", "category": "indeterminate", "kind": "active", "created": "2026-03-02T00:00:00Z",
        "updated": "2026-04-01T00:00:00Z", "resolved": None, "parent_key": None, "estimate": 5, "priority": None,
        "labels": '["kr:GROW-KR1", "紧急"]', "team": "jira", "url": None, "gone_at": None,
    }  # fmt: skip


def test_an_issue_as_of_an_earlier_day(store: Store, settings: Config) -> None:
    issue = rows(store, settings, "issues", 0.5)[-1]
    assert (issue["status"], issue["kind"], issue["estimate"], issue["labels"]) == ("B", "queue", 3, "[]")


def test_type_title_and_parent_are_those_of_the_day(tmp_path: Path, database_url: str) -> None:
    settings = config(tmp_path)
    fields = {
        Field.TYPE: ("Story", [(4.0, "Epic")]),
        Field.TITLE: ("First title", [(5.0, "Second title")]),
        Field.PARENT: (None, [(6.0, "10002")]),
    }
    with open_store(database_url, ledger=None) as store:
        fill(store, settings, [Story("PAY-1", "B0", fields=fields), Story("PAY-2", "B0")])
        found = [rows(store, settings, "issues", day)[0] for day in (3, 5, 6)]
    assert [(row["type"], row["title"], row["parent_key"]) for row in found] == [
        ("Story", "First title", None),
        ("Epic", "Second title", None),
        ("Epic", "Second title", "PAY-2"),
    ]


def test_gone_and_unmapped(store: Store, settings: Config) -> None:
    issue = rows(store, settings, "issues")[0]
    assert (issue["status"], issue["category"], issue["kind"], issue["gone_at"]) == (
        "?", None, "unmapped", "2026-03-14T00:00:00Z",
    )  # fmt: skip
    assert rows(store, settings, "issues", 11)[0]["gone_at"] is None


def test_durations_of_open_items_run_to_the_day(store: Store, settings: Config) -> None:
    fact = rows(store, settings, "facts")[-1]
    assert (fact["started_at"], fact["finished_at"], fact["reopened"]) == ("2026-03-04T00:00:00Z", None, True)
    assert (fact["active_seconds"], fact["parked_seconds"]) == ((5 + 11) * DAY, 2 * DAY)
    assert (fact["lead_seconds"], fact["cycle_seconds"]) == (None, None)


def test_not_delivered_is_cancelled(store: Store, settings: Config) -> None:
    fact = rows(store, settings, "facts")[2]
    assert (fact["cancelled_at"], fact["finished_at"], fact["first_finished_at"]) == (
        "2026-03-08T00:00:00Z",
        None,
        None,
    )


def test_a_gone_item_stops_when_it_went(store: Store, settings: Config) -> None:
    fact = rows(store, settings, "facts")[0]
    assert (fact["active_seconds"], fact["unmapped_seconds"]) == (2 * DAY, 9 * DAY)
    stays = [r["left_at"] for r in rows(store, settings, "intervals") if r["issue_key"] == "PAY-2"]
    assert stays[-1] == "2026-03-14T00:00:00Z"


def test_intervals_name_statuses_that_only_history_knows(store: Store, settings: Config) -> None:
    found = [(r["status"], r["kind"]) for r in rows(store, settings, "intervals") if r["issue_key"] == "PAY-2"]
    assert found == [("B", "queue"), ("D", "active"), ("?", "unmapped")]


def test_memberships_are_as_the_field_had_them(store: Store, settings: Config) -> None:
    found = [(r["iteration_id"], r["entered_at"], r["left_at"]) for r in rows(store, settings, "memberships")]
    assert found == [
        ("7", "2026-03-02T00:00:00Z", "2026-03-10T00:00:00Z"),
        ("8", "2026-03-07T00:00:00Z", None),
    ]


def test_a_past_day_knows_no_later_leave(store: Store, settings: Config) -> None:
    assert [r["left_at"] for r in rows(store, settings, "memberships", 6)] == [None, None]


def test_iterations_as_of_the_day(store: Store, settings: Config) -> None:
    def states(day: float) -> list[tuple[object, object]]:
        return [(row["state"], row["closed_at"]) for row in rows(store, settings, "iterations", day)]

    assert states(20) == [("closed", "2026-03-10T00:00:00Z"), ("active", None)]
    assert states(5) == [("active", None), ("future", None)]


def test_changes_up_to_the_day(store: Store, settings: Config) -> None:
    found = [r for r in rows(store, settings, "changes", 4) if r["issue_key"] == "PAY-10"]
    assert [(r["field"], r["at"]) for r in found] == [
        ("labels", "2026-03-03T00:00:00Z"),
        ("status", "2026-03-04T00:00:00Z"),
        ("estimate", "2026-03-06T00:00:00Z"),
    ]
    assert (found[1]["from_id"], found[1]["to_name"]) == ("B", "D")


def test_an_issue_created_later_is_not_there_yet(tmp_path: Path, database_url: str) -> None:
    settings = config(tmp_path)
    with open_store(database_url, ledger=None) as store:
        fill(store, settings, [Story("PAY-1", "B5 D6", created=5)])
        assert rows(store, settings, "issues", 4) == []
        assert len(rows(store, settings, "issues", 5)) == 1


def test_no_team_chosen_brings_the_unowned_along(tmp_path: Path, database_url: str) -> None:
    text = (
        "version: 1\nsources: [{name: jira, type: jira, url: https://acme.example.com, projects: [PAY]}]\n"
        "teams: [{id: a, select: [{source: jira, types: [Bug]}]}, {id: b, select: [{source: jira, types: [Task]}]}]\n"
    )
    settings = config(tmp_path, text)
    stories = [Story("PAY-1", "B0"), Story("PAY-2", "B0", type="Bug"), Story("PAY-3", "B0", type="Task")]
    with open_store(database_url, ledger=None) as store:
        fill(store, settings, stories)
        assert [r["team"] for r in rows(store, settings, "issues")] == [None, "a", "b"]
        assert [r["key"] for r in rows(store, settings, "issues", teams=["b"])] == ["PAY-3"]
