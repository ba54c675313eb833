"""Whatever JSON stands where a payload should: a named error or a whole record, never a crash."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.model.work import Change, Issue
from okr_delivery.sync.errors import AbortSyncError
from okr_delivery_jira.changes import ChangeReader
from okr_delivery_jira.fields import EVERYWHERE, Role, read_fields
from okr_delivery_jira.records import IssueReader, UnreadableError, read_sprint, read_status
from okr_delivery_jira.settings import Settings
from tests.okr_delivery_jira.builders import (
    AMOUNT,
    EPIC,
    FIELDS,
    FLAG,
    KR,
    MS,
    NOW,
    POINTS,
    SPRINT,
    STATUSES,
    body,
    history,
    item,
)  # fmt: skip

KEYS = st.sampled_from(["id", "name", "key", "value", "type"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**16), 10**16) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=6,
)
ROLES = {
    "iteration": SPRINT,
    "estimate": POINTS,
    "key_result": KR,
    "contribution": AMOUNT,
    "flagged": FLAG,
    "epic_link": EPIC,
}
SETTINGS = Settings(roles={name: Role({EVERYWHERE: field_id}) for name, field_id in ROLES.items()})
BODY = body(
    10001,
    resolutiondate="2026-09-19T23:59:59.999Z",
    parent={"id": "10009", "key": "PAY-9"},
    description={"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "x"}]}]},
    components=[{"id": "7", "name": "web"}],
    fixVersions=[{"id": "7", "name": "R7"}],
    issuelinks=[{"type": {"name": "Blocks", "outward": "blocks"}, "outwardIssue": {"key": "OKR-17"}}],
    creator={"displayName": "Lin"},
    **{
        SPRINT: [{"id": 40, "name": "S40"}],
        POINTS: 5.0,
        KR: "A",
        AMOUNT: 1,
        FLAG: [{"id": "1", "value": "x"}],
        EPIC: "PAY-9",
    },
)
HISTORY = history(
    7, MS,
    item("status", "A", "B", field_id="status", was="1", now="3"),
    item("Sprint", "A", "B", field_id=SPRINT, was="38", now="38, 40"),
    item("Fix Version", None, "R7", field_id="fixVersions", now="7"),
    item("Link", None, "blocks A-1", now="A-1"),
    item("IssueParentAssociation", None, "PAY-9", now="10009"),
    item("duedate", None, "2026-01-01", field_id="duedate", now="2026-01-01"),
    author="abc",
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, payload: Any) -> Any:
    """A payload with one to three of its nodes replaced by any JSON, or left out."""
    whole = {"root": copy.deepcopy(payload)}
    for _ in range(draw(st.integers(1, 3))):
        parent, key = draw(st.sampled_from(_places(whole)))
        if isinstance(parent, dict) and draw(st.booleans()) and parent is not whole:
            del parent[key]
        else:
            parent[key] = draw(JSON)
    return whole["root"]


def _places(node: Any) -> list[tuple[Any, Any]]:
    keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    return [(node, key) for key in keys] + [place for key in keys for place in _places(node[key])]


@settings(deadline=None)
@given(damaged(BODY))
def test_a_damaged_body(payload: Any) -> None:
    if not isinstance(payload, dict):
        return
    with suppress(UnreadableError):
        issue = IssueReader("jira", SETTINGS, "https://x.example.com", NOW).read(payload)
        assert isinstance(issue, Issue)
        assert all(not value.empty for value in issue.current.values())
        hash(tuple(issue.current.items()))


@settings(deadline=None)
@given(damaged(HISTORY))
def test_a_damaged_history(payload: Any) -> None:
    if not isinstance(payload, dict):
        return
    with suppress(AbortSyncError):
        changes = ChangeReader(SETTINGS, NOW).read("10001", "10000", {}, [payload])
        assert all(isinstance(change, Change) for change in changes)
        assert len({change.order for change in changes}) == len(changes)
        hash(changes)


@settings(deadline=None)
@given(
    damaged(FIELDS), damaged(STATUSES[0]), damaged({"id": 1, "state": "active", "startDate": "2026-09-01T00:00:00Z"})
)
def test_damaged_metadata(fields: Any, status: Any, sprint: Any) -> None:
    read_fields(fields)
    if isinstance(status, dict):
        read_status("jira", status, 0)
    if isinstance(sprint, dict):
        with suppress(ValueError):
            read_sprint("jira", sprint, 0)
