"""REST's lists of one issue: the events of a kind with their ids, and its notes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

from okr_delivery_gitlab.activity import Item, read_row
from okr_delivery_gitlab.client import StatusError
from okr_delivery_gitlab.events import LISTS, Action, Event, Kind, UnreadableEventError, ordered, read_event
from okr_delivery_gitlab.graphql import Asks
from okr_delivery_gitlab.notes import Note
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.settings import Settings
from okr_delivery_gitlab.values import Row

NOTES = "notes"
MOST_LISTS = 5
"""Requests an issue where its activity can't be read in bulk."""
MOST_MISSED = 3
"""Issues that a list was not there for, and there for none, before it is taken for one that the tier has not got: an
issue that was just deleted answers alike."""
_NOT_THERE = frozenset({403, 404})


class ListReader:
    """Reads lists; a list that the tier has not got is not asked for again and again.

    `unknown` collects what events were said to be that this version does not know, as `list: word`.
    """

    def __init__(self, client: Asks, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._there: set[str] = set()  # names of lists
        self._missed: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.unknown: set[str] = set()

    def kinds(self) -> tuple[Kind, ...]:
        """The lists that make up a history here, without those that hold nothing on this tier."""
        features = self._settings.features
        wanted = [Kind.STATE, Kind.LABEL, Kind.MILESTONE]
        wanted += [Kind.ITERATION] if "iterations" in features or self._settings.iterations else []
        wanted += [Kind.WEIGHT] if "weight" in features else []
        return tuple(kind for kind in wanted if LISTS[kind].everywhere or self._hoped(LISTS[kind].name))

    def with_notes(self) -> bool:
        """Whether the notes, which alone tell of titles, due dates and time estimates, are within the budget."""
        return len(self.kinds()) < MOST_LISTS and self._hoped(NOTES)

    def events(self, item: Item, project_id: str, kind: Kind) -> tuple[Event, ...] | None:
        """The events of one kind; None where the list is not to be had: 403 and 404 do not mean that it is empty.

        Raises AbortSyncError for rows without id or instant.
        """
        listed = LISTS[kind]
        rows = self._rows(item, project_id, listed.name, listed.name)
        if rows is None:
            return None
        try:
            found = ordered(read_event(listed, row) for row in rows)
        except UnreadableEventError as error:
            raise broken("history_unreadable", f"{item.path} {item.iid}", list=listed.name) from error
        self._report(listed.name, rows, found)
        return found

    def notes(self, item: Item, project_id: str) -> tuple[Note, ...] | None:
        """The stored activity notes, oldest first; those of label, milestone and state events are not among them."""
        rows = self._rows(item, project_id, NOTES, "issue notes")
        if rows is None:
            return None
        found = (read_row(row, "created_at") for row in rows)
        return tuple(sorted((note for note in found if note is not None), key=lambda note: note.ts))

    def _rows(self, item: Item, project_id: str, name: str, what: str) -> list[Row] | None:
        if item.group:  # REST lists what happened to an epic under a number of its own, which no work item tells
            return None
        only = {"activity_filter": "only_activity", "sort": "asc", "order_by": "created_at"} if name == NOTES else {}
        try:
            pages = self._client.pages(
                f"projects/{project_id}/issues/{item.iid}/{name}", only, what=what, expect=_NOT_THERE
            )
            rows = [row for page in pages for row in page]
        except StatusError:
            with self._lock:
                self._missed[name] += 1
            return None
        with self._lock:
            self._there.add(name)
        return rows

    def _hoped(self, name: str) -> bool:
        """Whether a list may still be there."""
        return name in self._there or self._missed[name] < MOST_MISSED

    def _report(self, name: str, rows: Sequence[Row], events: Sequence[Event]) -> None:
        if any(event.action is Action.UNKNOWN for event in events):
            words = {str(row.get("action", row.get("state")))[:40] for row in rows}
            with self._lock:
                self.unknown |= {f"{name}: {word}" for word in words - _WORDS}


_WORDS = frozenset({"add", "remove", "closed", "reopened", "opened"})
