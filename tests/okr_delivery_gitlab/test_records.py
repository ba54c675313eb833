"""Bodies of REST lists, read into issues; recorded ones too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.model.accounts import means
from okr_delivery.model.work import Field, Link, Value
from okr_delivery_gitlab.activity import read_row
from okr_delivery_gitlab.changes import ChangeReader
from okr_delivery_gitlab.history import Detail, item_of
from okr_delivery_gitlab.known import Known
from okr_delivery_gitlab.settings import Label, Settings
from okr_delivery_gitlab.today import UnreadableError
from okr_delivery_gitlab.told import Home, understand
from tests.okr_delivery_gitlab.histories import NOW, SETTINGS, Read, at, consistent, iso, milestone, read, row

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
recorded = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the recorded payloads are not beside this repository")


def test_a_body() -> None:
    body = row(
        "31", "21", description="Why\n\nContributes-to: GROW-KR1 +5", confidential=True, due_date="2026-10-01",
        weight=3,
        milestone=milestone("801"), iteration={"id": 51, "title": None},
    )  # fmt: skip
    issue = read(body, links=(Link("blocks", "acme/shop#3"),), complete=False).issue
    assert (issue.id, issue.key, issue.project_id, issue.project) == ("4711", "acme/shop#12", "7", "acme/shop")
    assert (issue.type_id, issue.type, issue.subtask) == ("issue", "Issue", False)
    assert (issue.title, issue.creator, issue.confidential) == ("Pay by card", "Ann", True)
    assert means("5", issue.creator_marks) and means("@ann", issue.creator_marks)
    assert (issue.created, issue.updated, issue.resolved) == (at(0), at(90), None)
    assert issue.url == "https://git.example.com/acme/shop/-/issues/12"
    assert (issue.links, issue.history_complete, issue.moved_to) == ((Link("blocks", "acme/shop#3"),), False, None)
    assert issue.value(Field.CLAIM_LINES) == Value(None, "Contributes-to: GROW-KR1 +5")
    assert issue.value(Field.ITERATION) == Value("801,iteration-51", "Sprint 1, It 51")
    assert issue.value(Field.ESTIMATE) == Value(None, "3")
    assert issue.value(Field.DUE) == Value("2026-10-01", "2026-10-01")
    assert issue.value(Field.PRIORITY) == Value("21", "high")
    assert issue.value(Field.LABELS) == Value(None, "bug priority::high")
    assert issue.value(Field.STATUS) == Value("opened", "Open")
    assert issue.value(Field.PROJECT) == Value("7", "acme/shop")
    assert issue.value(Field.KEY) == Value(None, "acme/shop#12")
    assert Field.PARENT not in issue.current


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"issue_type": "incident"}, ("incident", "Incident", False)),
        ({"issue_type": "task"}, ("task", "Task", True)),
        ({"issue_type": "test_case"}, ("test_case", "Test Case", False)),
        ({"issue_type": None, "type": "TEST_CASE"}, ("test_case", "Test Case", False)),
        ({"issue_type": None, "type": None}, ("issue", "Issue", False)),
        ({"issue_type": "ritual"}, ("ritual", "Ritual", False)),
    ],
)
def test_types(members: dict[str, Any], expected: tuple[str, str, bool]) -> None:
    issue = read(row(**members)).issue
    assert (issue.type_id, issue.type, issue.subtask) == expected


@pytest.mark.parametrize(
    ("estimate", "expected"), [("weight", "8"), ("time", "4.5"), ("field", "2.5"), ("weight-none", None)]
)
def test_estimates(estimate: str, expected: str | None) -> None:
    body = row(weight=None if estimate == "weight-none" else 8, time_stats={"time_estimate": 16_200})
    settings = replace(SETTINGS, estimate=estimate.removesuffix("-none"))
    custom = {Field.ESTIMATE: Value(None, "2.5")}
    found = read(body, settings=settings, custom=custom).issue.value(Field.ESTIMATE)
    assert found == Value(None, expected)


@pytest.mark.parametrize("absent", ["weight", "iteration", "epic", "time_stats", "milestone", "due_date", "_links",
                                    "moved_to_id", "author", "confidential", "closed_at", "updated_at", "type",
                                    "issue_type", "description", "labels", "web_url"])  # fmt: skip
@pytest.mark.parametrize("how", ["absent", "null"])
def test_members_that_versions_and_tiers_lack(absent: str, how: str) -> None:
    body = row("11")
    if how == "absent":
        del body[absent]
    else:
        body[absent] = None
    issue = read(body).issue
    assert issue.id == "4711"
    assert issue.updated == (at(0) if absent == "updated_at" else at(90))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://git.example.com/acme/shop/-/work_items/12", "https://git.example.com/acme/shop/-/work_items/12"),
        ("https://evil.example.com/acme/shop/-/issues/12", "https://git.example.com/acme/shop/-/issues/12"),
        ("http://git.example.com/acme/shop/-/issues/12", "https://git.example.com/acme/shop/-/issues/12"),
        ("javascript:alert(1)", "https://git.example.com/acme/shop/-/issues/12"),
        (None, "https://git.example.com/acme/shop/-/issues/12"),
    ],
)
def test_addresses_are_of_this_host_only(url: str | None, expected: str) -> None:
    assert read(row(web_url=url)).issue.url == expected


def test_an_epic_lies_in_its_group() -> None:
    body = row(id="epic-99", iid=3, references={"full": "acme/sub&3"}, project_id=None, web_url=None, issue_type="epic")
    issue = read(body).issue
    assert (issue.id, issue.key, issue.project_id, issue.project) == ("epic-99", "acme/sub&3", "", "acme/sub")
    assert (issue.type, issue.url) == ("Epic", "https://git.example.com/groups/acme/sub/-/epics/3")


def test_the_epic_of_a_body_is_the_parent_where_nothing_else_tells() -> None:
    epic = {"id": 5, "iid": 3, "title": "Grow", "url": "/groups/acme/sub/-/epics/3", "group_id": 9}
    assert read(row(epic=epic)).issue.parent_key == "acme/sub&3"
    assert read(row(epic=epic)).issue.parent_id is None
    assert read(row(epic={**epic, "work_item_id": 99})).issue.parent_id == "epic-99"
    told = read(row(epic=epic), parent=Value("98", "acme/shop#1")).issue
    assert (told.parent_id, told.parent_key) == ("98", "acme/shop#1")


def test_labels_may_be_names_alone() -> None:
    labels = (*SETTINGS.labels, Label("91", "twice", "project 8"), Label("92", "twice", "project 7"),
              Label("93", "above", None), Label("94", "both", "group 70"), Label("95", "both", "group 71"))  # fmt: skip
    body = row(labels=["workflow::dev", "never listed", "two words", "twice", "above", "both"])
    issue = read(body, settings=replace(SETTINGS, labels=labels)).issue
    assert issue.labels == ("above", "both", "never listed", "twice", "two words", "workflow::dev")
    assert issue.value(Field.STATUS) == Value("11", "dev")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"id": None}, "key"),
        ({"references": {}}, "key"),
        ({"state": "locked"}, "key"),
        ({"created_at": None}, "created"),
        ({"created_at": "yesterday"}, "instant"),
        ({"created_at": "2026-01-01T00:00:00"}, "instant"),
        ({"created_at": "1970-01-01T00:00:00Z"}, "instant"),
        ({"updated_at": iso(NOW + 2 * 86_400)}, "instant"),
        ({"due_date": "soon"}, "instant"),
    ],
)
def test_bodies_that_make_no_sense(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        ChangeReader(SETTINGS, NOW).read(row(**members), Detail())
    assert caught.value.reason == reason


NO_WEIGHTS: tuple[object, ...] = (None, True, "", "three", [], {}, float("nan"), float("inf"))


@pytest.mark.parametrize(
    ("members", "estimate"),
    [
        ({"weight": 2.5}, "2.5"),
        ({"weight": "3"}, "3"),
        *[({"weight": weight}, None) for weight in NO_WEIGHTS],
        ({"time_stats": {"time_estimate": 5400}}, "1.5"),
        *[({"time_stats": {"time_estimate": seconds}}, None) for seconds in (None, 0, -60, "5400", 10**40)],
        ({"time_stats": []}, None),
    ],
)
def test_an_estimate_is_a_number_or_unknown(members: dict[str, Any], estimate: str | None) -> None:
    settings = replace(SETTINGS, estimate=next(iter(members)).partition("_")[0])
    assert read(row(**members), settings=settings).issue.value(Field.ESTIMATE).name == estimate


# recorded


@cache
def lines(name: str) -> tuple[dict[str, Any], ...]:
    with (PAYLOADS / name).open(encoding="utf-8") as file:
        return tuple(json.loads(line)["payload"] for line in file)


def recorded_issues() -> Iterator[tuple[dict[str, Any], Read]]:
    settings = Settings(label_scope="workflow", features=frozenset({"weight"}), estimate="weight")
    for body in lines("gitlab-issues.jsonl"):
        path = item_of(body).path
        notes = [
            note
            for row in lines("gitlab-events-notes.jsonl")
            if row["noteable_id"] == body["id"] and (note := read_row(row, "created_at")) is not None
        ]
        told = understand(notes, Home(str(body["project_id"]), path, None), Known(settings), {})
        yield body, read(body, *told.events, settings=settings)


@recorded
def test_every_recorded_issue_is_read() -> None:
    count = 0
    for body, found in recorded_issues():
        issue = found.issue
        assert issue.id == str(body["id"])
        assert issue.key == body["references"]["full"]
        names = {name if isinstance(name, str) else name["name"] for name in body["labels"]}
        assert set(issue.labels) == {" ".join(name.split()) for name in names}
        assert issue.value(Field.ITERATION).id == (str(body["milestone"]["id"]) if body["milestone"] else None)
        assert (issue.resolved is not None) == (body["closed_at"] is not None and body["state"] == "closed")
        expected = "closed" if body["state"] == "closed" else issue.value(Field.STATUS).id
        assert issue.value(Field.STATUS).id == expected
        consistent(found)
        count += 1
    assert count == 118


@recorded
def test_a_recorded_issue_that_was_moved_lives_on() -> None:
    moved = [found.issue for body, found in recorded_issues() if body.get("moved_to_id")]
    assert [issue.value(Field.RESOLUTION).id for issue in moved] == ["moved"]
    assert moved[0].moved_to is not None
