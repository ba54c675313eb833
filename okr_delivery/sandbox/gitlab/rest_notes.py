"""REST: comments and stored activity of an issue. What GitLab makes of resource events is not among them."""

from __future__ import annotations

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab.events import Note
from okr_delivery.sandbox.gitlab.http import Call, answer, not_found, nothing
from okr_delivery.sandbox.gitlab.paging import listed
from okr_delivery.sandbox.gitlab.parameters import PAGE, Declared, boolean, choice, string
from okr_delivery.sandbox.gitlab.routing import Endpoint
from okr_delivery.sandbox.gitlab.state import WorkItem

NAMES = {"iid": "noteable_id"}
LIST: Declared = {
    **PAGE,
    "order_by": choice("created_at", "updated_at", default="created_at"),
    "sort": choice("asc", "desc", default="desc"),
    "activity_filter": choice("all_notes", "only_comments", "only_activity", default="all_notes"),
}
NEW: Declared = {
    "body": string(required=True),
    "internal": boolean(),
    "confidential": boolean(),
    "created_at": string(),
}


def notes(call: Call) -> Response:
    item, wanted = call.issue(), call.given["activity_filter"]
    rows = [note for note in item.notes if wanted == "all_notes" or note.system == (wanted == "only_activity")]
    by_update = call.given["order_by"] == "updated_at"
    rows.sort(key=lambda note: ((note.updated or note.at) if by_update else note.at, note.id))
    if call.given["sort"] == "desc":
        rows.reverse()
    return listed(call, rows, lambda note: call.render.note(note, item), names=NAMES)


def note(call: Call) -> Response:
    item = call.issue()
    return answer(call.render.note(_note(call, item), item))


def _note(call: Call, item: WorkItem) -> Note:
    number = call.number("note_id")
    row = next((note for note in item.notes if note.id == number), None)
    if row is None:
        raise not_found("Note")
    return row


def create(call: Call) -> Response:
    """A new comment. The limit on notes is looked at first, whatever the headers say."""
    call.limits.admit_note(call.forge.clock())
    item = call.issue()
    internal = bool(call.given["internal"] or call.given["confidential"])
    made = call.forge.comment(item.id, call.given["body"], internal=internal, user=call.caller.account)
    return answer(call.render.note(made, item), 201)


def update(call: Call) -> Response:
    item = call.issue()
    row = _own(call, item)
    changed = call.forge.edit_note(item.id, row.id, call.given["body"])
    return answer(call.render.note(changed, item))


def delete(call: Call) -> Response:
    item = call.issue()
    row = _own(call, item)
    with call.forge.writing(item):
        item.notes.remove(row)
    return nothing()


def _own(call: Call, item: WorkItem) -> Note:
    """A comment that this token may change: activity and other people's are as if they were not there."""
    row = _note(call, item)
    if row.system or row.author != call.caller.account:
        raise not_found()
    return row


ENDPOINTS = [
    Endpoint("GET", "projects/:id/issues/:iid/notes", notes, LIST),
    Endpoint("POST", "projects/:id/issues/:iid/notes", create, NEW),
    Endpoint("GET", "projects/:id/issues/:iid/notes/:note_id", note),
    Endpoint("PUT", "projects/:id/issues/:iid/notes/:note_id", update, {"body": string(required=True)}),
    Endpoint("DELETE", "projects/:id/issues/:iid/notes/:note_id", delete),
]
