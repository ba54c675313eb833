"""Writes to one GitLab: what is so already is left alone, the rest goes out in as few calls as possible.

An issue is found by its global id, read, changed by one PUT for labels and members, and read again. Custom fields go
by GraphQL, one mutation for all. Comments are notes; a link out of GitLab is a note too, because issues have no other
place for one. Hidden state on an issue has no counterpart in GitLab: it is refused. So are epics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from okr_delivery.sync.connector import Identity
from okr_delivery.sync.writes import Edit, Outcome, SetField, Written
from okr_delivery_gitlab.client import GitLabClient
from okr_delivery_gitlab.problems import refused
from okr_delivery_gitlab.writer_calls import IssueCalls, Spot
from okr_delivery_gitlab.writer_fields import CustomFields
from okr_delivery_gitlab.writer_notes import Notes
from okr_delivery_gitlab.writer_plan import Present, Wanted
from okr_delivery_gitlab.writer_text import plain


class GitLabWriter:
    """May be called from several threads; the transport lets the writes to one issue wait for each other."""

    def __init__(self, client: GitLabClient, who: Identity, find: Callable[[str], Spot]) -> None:
        """`find` tells where the issue of a global id is; it raises ConfigError for one that is not shown."""
        self._client = client
        self._who = who
        self._find = find

    def write(self, issue_id: str, edits: Sequence[Edit]) -> Written:
        """Makes one issue so.

        Raises ConfigError for a value that GitLab takes not, an issue that is gone and a permission that is missing;
        UnsureError when it can't be learnt whether a comment was made.
        """
        wanted = Wanted.of(edits, issue_id)
        if not edits:
            return Written(issue_id, Outcome.UNCHANGED, 0)
        calls = IssueCalls(self._client, issue_id, self._find(issue_id), 1)
        changed = _put_values(calls, wanted)
        changed += CustomFields(self._client, calls).put(wanted.customs)
        notes = Notes(calls, self._who.account)
        changed += notes.put(wanted.notes)
        return Written(issue_id, Outcome.WRITTEN if changed else Outcome.UNCHANGED, calls.count, changed, notes.ids)


def _put_values(calls: IssueCalls, wanted: Wanted) -> tuple[Edit, ...]:
    """Labels and members in one PUT, confirmed by reading the issue again: GitLab ignores what it does not know."""
    if not wanted.labels and not wanted.members:
        return ()
    due = Present(calls.where, calls.issue()).due(wanted)
    if not due:
        return ()
    calls.put("", Present.body(due))
    left = Present(calls.where, calls.issue()).due(wanted)
    if left:
        raise refused("not_kept", calls.where, what=", ".join(_name(edit) for edit in left))
    return due


def _name(edit: Edit) -> str:
    return edit.field_id if isinstance(edit, SetField) else plain(str(getattr(edit, "label", "")))
