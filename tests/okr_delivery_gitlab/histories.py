"""Small payloads of our own, in the shapes that GitLab answers, and readers for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from okr_delivery.model.work import EMPTY, Change, Field, Issue, Value
from okr_delivery_gitlab.changes import ChangeReader
from okr_delivery_gitlab.events import Action, Event, Kind
from okr_delivery_gitlab.history import Detail
from okr_delivery_gitlab.records import IssueReader
from okr_delivery_gitlab.settings import CustomStatus, Label, Milestone, Project, Settings

NOW = 1_790_000_000  # 2026-09-21
DAY = 86_400
BEGIN = NOW - 100 * DAY
LABELS = {"11": "workflow::dev", "12": "workflow::review", "13": "workflow::won't do", "21": "priority::high",
          "22": "priority::low", "31": "bug", "32": "two words"}  # fmt: skip
MILESTONES = {"801": "Sprint 1", "802": "Sprint 2"}
SETTINGS = Settings(
    projects=(Project("7", "acme/shop", "70", "acme"),),
    named=("7",),
    labels=tuple(Label(ref, name, "project 7") for ref, name in LABELS.items()),
    milestones=(
        Milestone("801", "1", "Sprint 1", "project 7"),
        Milestone("802", "2", "Sprint 2", "project 7"),
        Milestone("901", "1", "Release", "group 70"),
        Milestone("902", "2", 'The "big" one', "group 70"),
    ),
    iterations={"51": "It 51", "52": "It 52"},
    features=frozenset({"weight", "iterations", "scoped_labels"}),
    label_scope="workflow",
    priority_scope="priority",
    estimate="weight",
)
STATUSES = (CustomStatus("1", "To do", "to_do", 0), CustomStatus("2", "In progress", "in_progress", 1),
            CustomStatus("3", "Done", "done", 2), CustomStatus("4", "Won't do", "canceled", 3))  # fmt: skip


def at(day: float) -> int:
    """A day after the issue's creation."""
    return BEGIN + int(day * DAY)


def iso(ts: int) -> str:
    return datetime.fromtimestamp(ts, UTC).strftime("%Y-%m-%dT%H:%M:%S.123Z")


def row(*labels: str, number: int = 4711, iid: int = 12, **members: Any) -> dict[str, Any]:
    """An issue as the REST list answers it, with its labels as objects; `members` win over the defaults."""
    base: dict[str, Any] = {
        "id": number,
        "iid": iid,
        "project_id": 7,
        "title": "Pay by card",
        "description": None,
        "state": "opened",
        "created_at": iso(BEGIN),
        "updated_at": iso(at(90)),
        "closed_at": None,
        "labels": [{"id": int(ref), "name": LABELS[ref], "color": "#fff"} for ref in labels],
        "milestone": None,
        "author": {"id": 5, "username": "ann", "name": "Ann"},
        "type": "ISSUE",
        "issue_type": "issue",
        "due_date": None,
        "confidential": False,
        "web_url": f"https://git.example.com/acme/shop/-/issues/{iid}",
        "time_stats": {"time_estimate": 0, "total_time_spent": 0},
        "weight": None,
        "iteration": None,
        "epic": None,
        "references": {"short": f"#{iid}", "relative": f"#{iid}", "full": f"acme/shop#{iid}"},
        "moved_to_id": None,
        "_links": {"closed_as_duplicate_of": None},
    }
    return base | members


def milestone(ref: str) -> dict[str, Any]:
    return {"id": int(ref), "iid": int(ref) - 800, "project_id": 7, "title": MILESTONES[ref]}


class Telling:
    """Makes events with numbers of their own."""

    def __init__(self) -> None:
        self._number = 0

    def __call__(self, day: float, kind: Kind, action: Action, value: Value = EMPTY, **more: Any) -> Event:
        self._number += 1
        return Event(at(day), kind, self._number, action, value, more.get("old"), "x", more.get("subject", ""))

    def close(self, day: float) -> Event:
        return self(day, Kind.STATE, Action.CLOSE)

    def reopen(self, day: float) -> Event:
        return self(day, Kind.STATE, Action.REOPEN)

    def add(self, day: float, ref: str | None) -> Event:
        return self(day, Kind.LABEL, Action.ADD, Value(ref, LABELS[ref] if ref else None))

    def remove(self, day: float, ref: str | None) -> Event:
        return self(day, Kind.LABEL, Action.REMOVE, Value(ref, LABELS[ref] if ref else None))

    def plan(self, day: float, ref: str | None) -> Event:
        return self(day, Kind.MILESTONE, Action.SET, Value(ref, MILESTONES[ref] if ref else None))

    def unplan(self, day: float, ref: str | None) -> Event:
        return self(day, Kind.MILESTONE, Action.REMOVE, Value(ref, MILESTONES[ref] if ref else None))


def read(body: dict[str, Any], *events: Event, settings: Settings = SETTINGS, **more: Any) -> Read:
    """The issue and its changes; `more` are members of the detail."""
    detail = Detail(tuple(sorted(events, key=lambda event: event.order)), **more)
    told = ChangeReader(settings, NOW).read(body, detail)
    return Read(IssueReader("git", "https://git.example.com").read(body, detail, told), told.changes())


class Read:
    """What was read of one issue."""

    def __init__(self, issue: Issue, changes: tuple[Change, ...]) -> None:
        self.issue = issue
        self.changes = changes

    def of(self, kept: Field) -> list[Change]:
        return [change for change in self.changes if change.field is kept]

    def story(self, kept: Field) -> list[tuple[float, str | None]]:
        """The id (or the text) at creation as day 0, then each change's day and new id."""
        own = self.of(kept)
        first = own[0].old if own else self.issue.value(kept)
        return [(0, _shown(first)), *(((c.ts - BEGIN) / DAY, _shown(c.new)) for c in own)]

    def at(self, kept: Field, ts: int) -> Value:
        """A field as of an instant: the new value of the last change up to it, else the old one of the next."""
        own = self.of(kept)
        before = [change for change in own if change.ts <= ts]
        if before:
            return before[-1].new
        return own[0].old if own else self.issue.value(kept)


def _shown(value: Value) -> str | None:
    return value.id if value.id is not None else value.name


def consistent(read: Read, fields: Sequence[Field] = tuple(Field)) -> None:
    """Each change begins where the one before ended, none stands still, and the last one ends in what is true now."""
    for kept in fields:
        own = [] if kept is Field.LINK else read.of(kept)
        for before, after in pairwise(own):
            assert before.new == after.old, kept
        assert all(change.old != change.new for change in own), kept
        if own:
            assert own[-1].new == read.issue.value(kept), kept
    orders = [change.order for change in read.changes]
    assert orders == sorted(set(orders))
