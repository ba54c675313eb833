"""Discussions of work items: comments, and the activity that REST does not show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from okr_delivery.sandbox.gitlab import activity
from okr_delivery.sandbox.gitlab.activity import Activity
from okr_delivery.sandbox.gitlab.graphql_lists import CursorError, Page, connection
from okr_delivery.sandbox.gitlab.graphql_sources import Info, asked, gid, listed, page
from okr_delivery.sandbox.gitlab.graphql_values import user
from okr_delivery.sandbox.gitlab.http import Call
from okr_delivery.sandbox.gitlab.render import instant
from okr_delivery.sandbox.gitlab.state import Wire, WorkItem

LABEL = re.compile(r"~(\d+)")
ICONS = {
    "closed": "issue-close", "opened": "issues", "label": "labels", "milestone": "milestone", "iteration": "iteration",
    "weight": "weight", "title": "pencil", "description": "pencil", "assignee": "user", "duplicate": "duplicate",
    "moved": "arrow-right", "confidential": "eye-slash", "visible": "eye", "time_tracking": "timer",
    "start_date_or_due_date": "calendar", "relate": "link", "unrelate": "unlink", "cross_reference": "comment-dots",
    "health_status": "status-health", "work_item_status": "status",
}  # fmt: skip


def discussions(source: Wire, info: Info, **args: Any) -> Wire:
    """Oldest first; pages only go forward."""
    item, call = source["item"], asked(info).call
    assert isinstance(item, WorkItem)  # noqa: S101  # as `_widget` made it
    wanted = args.get("filter") or "ALL_NOTES"
    rows: list[Wire] = []
    if wanted != "ONLY_COMMENTS":
        rows += [_activity(call, row) for row in activity.of(call.state, item)]
    if wanted != "ONLY_ACTIVITY":
        rows += list(_comments(call, item))
        rows.sort(key=lambda row: str(row["createdAt"]))
    return listed(info, rows, args, lambda row: row["name"])


def _activity(call: Call, row: Activity) -> Wire:
    at, kind = instant(row.at), "SystemNoteMetadata"
    body = LABEL.sub(lambda match: _named(call, match), row.body) if call.faults.note_references == "name" else row.body
    note = {
        "id": gid(row.kind, row.id),
        "body": body,
        "system": True,
        "internal": False,
        "author": user(call, row.author),
        "createdAt": at,
        "updatedAt": at,
        "url": None,
        "resolvable": False,
        "resolved": False,
        "systemNoteIconName": ICONS.get(row.action or "", "pencil"),
        "systemNoteMetadata": {"id": gid(kind, row.id), "action": row.action} if row.action else None,
    }
    return _discussion(row.discussion, at, note)


def _named(call: Call, match: re.Match[str]) -> str:
    found = call.state.labels.get(int(match[1]))
    if found is None:
        return match[0]
    return f"~{found.name}" if re.fullmatch(r"[\w-]+", found.name) else f'~"{found.name}"'


def _comments(call: Call, item: WorkItem) -> Iterator[Wire]:
    for note in item.notes:
        if not note.system:
            at = instant(note.at)
            yield _discussion(activity.digest("Note", note.id), at, note_of(call, item, note.id))


def note_of(call: Call, item: WorkItem, number: int) -> Wire:
    """A comment."""
    note = next(row for row in item.notes if row.id == number)
    return {
        "id": gid("Note", note.id),
        "body": note.body,
        "system": note.system,
        "internal": note.internal,
        "author": user(call, note.author),
        "createdAt": instant(note.at),
        "updatedAt": instant(note.updated or note.at),
        "url": f"{call.render.web_url(item)}#note_{note.id}",
        "resolvable": False,
        "resolved": False,
        "systemNoteIconName": None,
        "systemNoteMetadata": None,
    }


def _discussion(name: str, at: str | None, note: Wire) -> Wire:
    number = gid("IndividualNoteDiscussion", name)
    found = {"id": number, "replyId": number, "createdAt": at, "resolvable": False, "resolved": False}
    return {**found, "name": name, "note": note}


def notes(source: Wire, info: Info, **args: Any) -> Wire:
    try:
        return connection([source["note"]], page(info, args), lambda row: row["id"])  # type: ignore[index]  # a note
    except CursorError:
        return connection([], Page())
