"""Bodies, sprints and statuses -> model types."""

from __future__ import annotations

from typing import Any

import pytest

from okr_delivery.model.accounts import means
from okr_delivery.model.work import Category, Field, IterationState, Link, Value
from okr_delivery_jira.fields import EVERYWHERE, Role
from okr_delivery_jira.records import IssueReader, UnreadableError, read_sprint, read_status
from okr_delivery_jira.settings import Settings
from tests.okr_delivery_jira.builders import AMOUNT, EPIC, FLAG, KR, NOW, POINTS, SPRINT, TEAM_POINTS, body

SETTINGS = Settings(
    roles={
        "iteration": Role({EVERYWHERE: SPRINT}),
        "estimate": Role({"10000": POINTS, "10099": TEAM_POINTS}, "number"),
        "key_result": Role({EVERYWHERE: KR}),
        "contribution": Role({EVERYWHERE: AMOUNT}, "number"),
        "flagged": Role({EVERYWHERE: FLAG}, "options"),
        "epic_link": Role({EVERYWHERE: EPIC}),
    }
)


def reader() -> IssueReader:
    return IssueReader("jira", SETTINGS, "https://acme.atlassian.net/", NOW)


def test_a_whole_body() -> None:
    payload = body(
        10112,
        summary="Three-step checkout",
        created="2026-09-01T08:00:00.999+0800",
        updated="2026-09-20T02:00:00.500+0200",
        resolutiondate="2026-09-19T23:59:59.999Z",
        resolution={"id": "10000", "name": "Done"},
        status={"id": "5", "name": "Done", "statusCategory": {"key": "done"}},
        parent={"id": "10009", "key": "PAY-9", "fields": {"summary": "Epic"}},
        duedate="2026-10-01",
        labels=["spike", "kr:GROW-KR1"],
        components=[{"id": "7", "name": "web"}, {"id": "12", "name": "api"}],
        fixVersions=[{"id": "12", "name": "R12, final"}, {"id": "7", "name": "R7"}],
        creator={"accountId": "abc", "displayName": "Lin", "emailAddress": "lin@example.com"},
        security={"id": "1", "name": "Management"},
        description="Words that stay in Jira.\n* Contributes-to: GROW-KR1 +1.5pp",
        issuelinks=[
            {"type": {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
             "outwardIssue": {"key": "OKR-17", "fields": {"summary": "GROW-KR1 retention"}}},
            {"type": {"name": "Blocks", "inward": "is blocked by"}, "inwardIssue": {"key": "OKR-1"}},
            {"type": {"name": "Blocks"}},
        ],
        **{
            SPRINT: [{"id": 40, "name": "S40", "state": "active", "boardId": 1}, {"id": 7, "name": "S7, late"}],
            POINTS: 5.0,
            TEAM_POINTS: 99,
            KR: "GROW-KR1",
            AMOUNT: 1.5,
            FLAG: [{"id": "10019", "value": "Impediment"}],
        },
    )  # fmt: skip
    issue = reader().read(payload)
    assert (issue.id, issue.key, issue.project, issue.project_id) == ("10112", "PAY-112", "PAY", "10000")
    assert (issue.created, issue.updated, issue.resolved) == (1788220800, 1789862400, 1789862399)
    assert issue.url == "https://acme.atlassian.net/browse/PAY-112"
    assert (issue.parent_id, issue.parent_key, issue.subtask) == ("10009", "PAY-9", False)
    assert (issue.components, issue.labels) == (("api", "web"), ("kr:GROW-KR1", "spike"))
    assert issue.links == (Link("is blocked by", "OKR-1"), Link("blocks", "OKR-17", "GROW-KR1 retention"))
    assert (issue.confidential, issue.creator) == (True, "Lin")
    assert means("abc", issue.creator_marks)
    assert dict(issue.current) == {
        Field.STATUS: Value("5", "Done"),
        Field.ITERATION: Value("7,40", "S7, late, S40"),
        Field.ESTIMATE: Value(None, "5"),
        Field.TYPE: Value("10001", "Story"),
        Field.PARENT: Value("10009", "PAY-9"),
        Field.FIX_VERSION: Value("7,12", "R7\nR12, final"),
        Field.COMPONENTS: Value("7,12", "web\napi"),
        Field.RESOLUTION: Value("10000", "Done"),
        Field.PRIORITY: Value("3", "Medium"),
        Field.DUE: Value("2026-10-01", "2026-10-01"),
        Field.LABELS: Value(None, "kr:GROW-KR1 spike"),
        Field.FLAGGED: Value("10019", "Impediment"),
        Field.PROJECT: Value("10000", "Payments"),
        Field.KEY: Value(None, "PAY-112"),
        Field.KEY_RESULT: Value(None, "GROW-KR1"),
        Field.CONTRIBUTION: Value(None, "1.5"),
        Field.CLAIM_LINES: Value(None, "Contributes-to: GROW-KR1 +1.5pp"),
        Field.TITLE: Value(None, "Three-step checkout"),
    }
    assert "Words that stay" not in repr(issue)
    assert "lin@example.com" not in repr(issue)


def test_what_is_null_is_unknown_and_not_zero() -> None:
    issue = reader().read(body(10001, priority=None, resolutiondate=None, **{POINTS: None, SPRINT: None, FLAG: None}))
    assert issue.resolved is None
    for field in (Field.ESTIMATE, Field.ITERATION, Field.FLAGGED, Field.PRIORITY, Field.RESOLUTION, Field.CLAIM_LINES):
        assert issue.value(field).empty


def test_the_estimate_is_that_of_the_issues_own_project() -> None:
    project = {"id": "10099", "key": "TEAM", "name": "Team"}
    issue = reader().read(body(10001, project=project, **{POINTS: 5, TEAM_POINTS: 8}))
    assert issue.value(Field.ESTIMATE) == Value(None, "8")


def test_a_rich_text_description_gives_its_claims() -> None:
    text = {"type": "text", "text": "贡献: GROW-KR1 +1.5个百分点 把握60%"}
    document = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [text]}]}
    claims = reader().read(body(10001, description=document)).value(Field.CLAIM_LINES).name
    assert claims is not None
    assert "GROW-KR1" in claims


def test_an_epic_is_the_parent_where_nothing_newer_says_so() -> None:
    issue = reader().read(body(10001, **{EPIC: "PAY-9"}))
    assert (issue.parent_id, issue.parent_key) == (None, "PAY-9")
    assert issue.value(Field.PARENT) == Value(None, "PAY-9")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"fields": None}, "fields"),
        ({"key": None}, "key"),
        ({"created": None}, "created"),
        ({"created": "some day"}, "instant"),
        ({"updated": "1970-01-21T00:00:00.000Z"}, "instant"),
        ({"resolutiondate": "2099-01-01T00:00:00.000Z"}, "instant"),
    ],
)
def test_an_issue_that_makes_no_sense_is_named(change: dict[str, Any], reason: str) -> None:
    payload = body(10001)
    if {"fields", "key"} & change.keys():
        payload |= change
    else:
        payload["fields"] |= change
    with pytest.raises(UnreadableError) as caught:
        reader().read(payload)
    assert caught.value.reason == reason


def test_a_sprint() -> None:
    sprint = read_sprint("jira", {
        "id": 37, "state": "closed", "name": "PAY S1", "goal": "", "originBoardId": 5,
        "startDate": "2026-09-01T15:22:00.000+10:00", "endDate": "2026-09-14T01:22:00.000Z",
        "completeDate": "2026-09-14T09:20:58.937+0000",
    }, 3)  # fmt: skip
    assert (sprint.id, sprint.state, sprint.board_id, sprint.order) == ("37", IterationState.CLOSED, "5", 3)
    assert (sprint.start, sprint.end, sprint.closed_at) == (1788240120, 1789348920, 1789377658)
    assert (sprint.goal, sprint.activated_at) == (None, None)


@pytest.mark.parametrize("payload", [{"state": "active"}, {"id": 1, "state": "paused"}, {"id": 1}])
def test_a_sprint_without_id_or_state_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="sprint"):
        read_sprint("jira", payload, 0)


@pytest.mark.parametrize(
    ("key", "category"),
    [("new", Category.NEW), ("indeterminate", Category.INDETERMINATE), ("done", Category.DONE),
     ("undefined", Category.UNDEFINED), ("other", Category.UNDEFINED)],
)  # fmt: skip
def test_a_status_has_the_category_of_its_key_whatever_the_names_say(key: str, category: Category) -> None:
    payload = {"id": "10001", "name": "Done", "statusCategory": {"id": 3, "key": key, "name": "完成"}}
    status = read_status("jira", payload, 4)
    assert status is not None
    assert (status.id, status.name, status.category, status.order) == ("10001", "Done", category, 4)


def test_a_status_without_category_is_undefined_and_one_without_id_is_none() -> None:
    bare = read_status("jira", {"id": 7, "name": "QA"}, 0)
    assert bare is not None
    assert bare.category is Category.UNDEFINED
    assert read_status("jira", {"name": "QA"}, 0) is None
