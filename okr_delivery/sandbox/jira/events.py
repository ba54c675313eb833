"""What other people do to a tracker while it is being read, at the request where a faults file wants it."""

from __future__ import annotations

from collections.abc import Callable

from okr_delivery.sandbox.faults import Event
from okr_delivery.sandbox.tracker import Tracker

DEEDS: dict[str, Callable[[Tracker, Event], object]] = {
    "delete": lambda tracker, event: tracker.delete(event.issue),
    "hide": lambda tracker, event: tracker.hide(event.issue),
    "archive": lambda tracker, event: tracker.archive(event.issue),
    "restore": lambda tracker, event: tracker.restore(tracker.number(event.issue)),
    "move": lambda tracker, event: tracker.move(event.issue, event.project),
    "edit": lambda tracker, event: tracker.edit(event.issue, event.fields),
    "transition": lambda tracker, event: tracker.transition(event.issue, event.status),
    "hide_project": lambda tracker, event: tracker.hide_project(event.project),
    "start_sprint": lambda tracker, event: tracker.start_sprint(event.sprint),
    "close_sprint": lambda tracker, event: tracker.close_sprint(event.sprint, event.to),
    "rename_sprint": lambda tracker, event: tracker.rename_sprint(event.sprint, event.name),
}


def run(tracker: Tracker, event: Event) -> None:
    """Does it. Raises KeyError or BadValueError for what isn't there."""
    DEEDS[event.do](tracker, event)
