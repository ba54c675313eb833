"""Links between work items, which are written at both ends. Instants are epoch milliseconds."""

from __future__ import annotations

from okr_delivery.sandbox.gitlab import changes, wording
from okr_delivery.sandbox.gitlab.events import Note
from okr_delivery.sandbox.gitlab.state import GitLab, Link, WorkItem

OPPOSITE = {"relates_to": "relates_to", "blocks": "is_blocked_by", "is_blocked_by": "blocks"}


def link(state: GitLab, left: WorkItem, right: WorkItem, kind: str, at: int, user: int) -> Link:
    """Links two work items. Raises BadValueError for two that are linked already."""
    if any(found.other == right.id for found in left.links):
        raise changes.BadValueError("target_issue_iid", "Issue(s) already assigned")
    number = state.take("link")
    for here, there, seen in ((left, right, kind), (right, left, OPPOSITE[kind])):
        here.links.append(Link(number, there.id, seen))
        note(state, here, wording.linked(state, here, there, seen), "relate", at, user)
    return left.links[-1]


def unlink(state: GitLab, left: WorkItem, number: int, at: int, user: int) -> None:
    """Takes a link away at both ends. Raises KeyError."""
    found = next((row for row in left.links if row.id == number), None)
    if found is None:
        raise KeyError(number)
    right = state.items[found.other]
    for here, there in ((left, right), (right, left)):
        here.links = [row for row in here.links if row.id != number]
        note(state, here, wording.unlinked(state, here, there), "unrelate", at, user)


def note(state: GitLab, item: WorkItem, body: str, action: str, at: int, user: int) -> None:
    """A stored system note, which moves `updated`."""
    item.notes.append(Note(state.take("note"), at, user, body, True, action))
    changes.touch(state, item, at)
