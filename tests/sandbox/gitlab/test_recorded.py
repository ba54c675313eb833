"""Recorded GitLab payloads as a state to serve: what was recorded stands, nothing is made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from okr_delivery.model.errors import UserError
from okr_delivery.sandbox.gitlab import activity
from okr_delivery.sandbox.gitlab.forge import Forge
from okr_delivery.sandbox.gitlab.recorded import load
from okr_delivery.sandbox.gitlab.state import GitLab, Tier
from okr_delivery.sandbox.site import BASE

NAMES = ("issues", "events-notes", "milestones", "merge-requests", "responses")


@pytest.fixture(scope="module")
def files(shared: Path) -> list[Path]:
    return [shared / "payloads" / f"gitlab-{name}.jsonl" for name in NAMES]


def _rows(files: list[Path], name: str, site: str) -> list[dict[str, object]]:
    path = next(path for path in files if path.name == f"gitlab-{name}.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [row["payload"] for row in rows if row["site"] == site]


@pytest.mark.parametrize("site", ["gitlab-a", "gitlab-b", "gitlab-c"])
def test_every_issue_stands_as_it_was_last_recorded(files: list[Path], site: str) -> None:
    state = load(files, site)
    rows: dict[object, dict[str, object]] = {}
    for row in _rows(files, "issues", site):
        if row["id"] not in rows or str(row["updated_at"]) >= str(rows[row["id"]]["updated_at"]):
            rows[row["id"]] = row
    assert rows.keys() == state.items.keys()
    for number, item in state.items.items():
        row = rows[number]
        assert state.reference(item) == row["references"]["full"]  # type: ignore[index]  # an object
        assert (item.state, item.title) == (row["state"], row["title"])
        assert (item.closed is None) == (row["closed_at"] is None)
        assert [state.labels[label].name for label in item.labels] == row["labels"]
        milestone = row["milestone"]
        assert item.milestone == (milestone["id"] if milestone else None)  # type: ignore[index]  # an object
        assert json.dumps(item.recorded).replace(BASE, "https://gitlab.example.com") == json.dumps(row)
        assert not item.events.state


def test_closed_without_events_and_moved(files: list[Path]) -> None:
    state = load(files, "gitlab-a")
    closed = [item for item in state.items.values() if item.state == "closed"]
    assert closed
    assert all(item.closed and item.closed >= item.created for item in closed)
    assert [item.moved_to for item in state.items.values() if item.moved_to] == [54114370]
    assert state.group("gitlab-data") is state.groups[4347861]
    assert {m.group for m in state.milestones.values()} == {4347861}
    assert state.project("gitlab-data/snowflake_spend") is state.projects[12345678]


def test_notes_stand_at_their_issues(files: list[Path]) -> None:
    state = load(files, "gitlab-b")
    rows = [row for row in _rows(files, "events-notes", "gitlab-b") if row["noteable_id"] in state.items]
    notes = [note for item in state.items.values() for note in item.notes]
    assert len(notes) == len({row["id"] for row in rows}) > 20
    told = [row for item in state.items.values() for row in activity.of(state, item)]
    assert len(told) == sum(note.system for note in notes) > 20
    assert all(row.action for row in told)


def test_merge_requests_keep_their_state(files: list[Path]) -> None:
    state = load(files, "gitlab-a")
    rows = {row["id"]: row for row in _rows(files, "merge-requests", "gitlab-a")}
    assert rows.keys() == state.merge_requests.keys()
    for number, request in state.merge_requests.items():
        assert (request.state, request.merged is None) == (rows[number]["state"], rows[number]["merged_at"] is None)


@pytest.mark.parametrize(
    ("site", "tier"), [("gitlab-a", Tier.PREMIUM), ("gitlab-b", Tier.FREE), ("gitlab-c", Tier.FREE)]
)
def test_the_plan_is_known_by_what_it_filled_in(files: list[Path], site: str, tier: Tier) -> None:
    assert load(files, site).tier is tier


def test_what_is_changed_later_is_no_longer_the_recorded(files: list[Path]) -> None:
    state: GitLab = load(files, "gitlab-b")
    forge = Forge(state, lambda: 1_800_000_000.0)
    item = next(item for item in state.items.values() if item.state == "opened")
    top = max(state.items)
    forge.edit(item.id, {"title": "Another title"})
    assert item.derived == {"title", "updated_at"}
    forge.close(item.id)
    assert item.derived == {"title", "updated_at", "state", "closed_at", "closed_by"}
    assert forge.create(item.project or 0, "next").id == top + 1


def test_an_unknown_site_names_those_there_are(files: list[Path]) -> None:
    with pytest.raises(UserError) as caught:
        load(files, "cloud-a")
    assert "gitlab-a, gitlab-b, gitlab-c" in str(caught.value.problems[0].next_step)


def test_a_line_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"site": "x"}\n[]\n', encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load([path], "x")
    assert [problem.where for problem in caught.value.problems] == [f"{path}:1", f"{path}:2"]
