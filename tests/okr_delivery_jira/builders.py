"""Small payloads of our own, in the shapes that Jira Cloud answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOW = 1_790_000_000  # 2026-09-21T14:13:20Z
MS = NOW * 1000

SPRINT, POINTS, TEAM_POINTS, KR, AMOUNT, FLAG, EPIC, PARENT = (
    "customfield_10020", "customfield_10034", "customfield_10016", "customfield_10100", "customfield_10101",
    "customfield_10021", "customfield_10014", "customfield_10018",
)  # fmt: skip


def custom(field_id: str, name: str, schema: str, kind: str = "any", **more: Any) -> dict[str, Any]:
    items = {"items": more.pop("items")} if "items" in more else {}
    return {"id": field_id, "key": field_id, "name": name, "custom": True,
            "schema": {"type": kind, "custom": schema, **items}, **more}  # fmt: skip


FIELDS: list[dict[str, Any]] = [
    {"id": "status", "key": "status", "name": "Status", "custom": False, "schema": {"type": "status"}},
    {"id": "priority", "key": "priority", "name": "Priority", "custom": False, "schema": {"type": "priority"}},
    custom(SPRINT, "Sprint", "com.pyxis.greenhopper.jira:gh-sprint", "array", items="json"),
    custom(POINTS, "Story Points", "com.atlassian.jira.plugin.system.customfieldtypes:float", "number"),
    custom(TEAM_POINTS, "Story point estimate", "com.pyxis.greenhopper.jira:jsw-story-points", "number"),
    custom(KR, "Key Result", "com.atlassian.jira.plugin.system.customfieldtypes:textfield", "string"),
    custom(AMOUNT, "Expected contribution", "com.atlassian.jira.plugin.system.customfieldtypes:float", "number"),
    custom(FLAG, "已标记", "com.atlassian.jira.plugin.system.customfieldtypes:multicheckboxes", "array",
           items="option", untranslatedName="Flagged"),
    custom(EPIC, "Epic Link", "com.pyxis.greenhopper.jira:gh-epic-link"),
    custom(PARENT, "Parent Link", "com.atlassian.jpo:jpo-custom-field-parent"),
]  # fmt: skip

STATUSES = [
    {"id": "1", "name": "To Do", "statusCategory": {"id": 2, "key": "new", "name": "待办"}},
    {"id": "3", "name": "In Progress", "statusCategory": {"id": 4, "key": "indeterminate", "name": "处理中"}},
    {"id": "5", "name": "Done", "statusCategory": {"id": 3, "key": "done", "name": "完成"}},
]


def body(number: int, **fields: Any) -> dict[str, Any]:
    """An issue body as `issue/bulkfetch` gives it; `fields` win over the defaults."""
    base: dict[str, Any] = {
        "summary": f"Issue {number}",
        "issuetype": {"id": "10001", "name": "Story", "subtask": False},
        "project": {"id": "10000", "key": "PAY", "name": "Payments"},
        "status": STATUSES[0],
        "created": "2026-09-01T08:00:00.000+0800",
        "updated": "2026-09-20T08:00:00.500+0800",
        "labels": [],
        "components": [],
        "fixVersions": [],
        "issuelinks": [],
        "priority": {"id": "3", "name": "Medium"},
    }
    return {"id": str(number), "key": f"PAY-{number - 10000}", "self": "https://x.example.com/1",
            "fields": base | fields}  # fmt: skip


def item(
    field: str, old: Any = None, new: Any = None, *, field_id: str | None = None, kind: str = "jira", **ids: Any
) -> dict[str, Any]:
    """One history item; `old` and `new` are the texts, `was` and `now` the ids."""
    named = {"fieldId": field_id} if field_id else {}
    return {"field": field, "fieldtype": kind, "from": ids.get("was"), "fromString": old, "to": ids.get("now"),
            "toString": new, **named}  # fmt: skip


def history(number: int, created: Any, *items: Mapping[str, Any], author: Any = None) -> dict[str, Any]:
    who = {} if author is None else {"author": {"accountId": author, "displayName": "Somebody"}}
    return {"id": str(number), "created": created, "items": list(items), **who}
