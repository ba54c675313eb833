"""The activity of a work item: stored system notes, and those that GitLab makes of the resource events when asked.

REST shows only the stored ones; GraphQL's discussions show both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from okr_delivery.sandbox.gitlab import wording
from okr_delivery.sandbox.gitlab.state import GitLab, WorkItem


@dataclass(frozen=True, slots=True)
class Activity:
    """One note. `kind` is its class (`Note`, `LabelNote` …); `id` of a made one is a digest, else the note's number."""

    id: str
    kind: str
    at: int
    author: int
    body: str
    action: str | None
    discussion: str


def of(state: GitLab, item: WorkItem) -> list[Activity]:
    """Everything that is no comment, oldest first; at one instant in a fixed order."""
    stored = [
        Activity(str(n.id), "Note", n.at, n.author, n.body, n.action, digest("Note", n.id))
        for n in item.notes
        if n.system
    ]
    return sorted([*stored, *_made(state, item)], key=lambda found: found.at)


def _made(state: GitLab, item: WorkItem) -> Iterator[Activity]:
    events = item.events
    for (at, user), group in groupby(events.label, key=lambda event: (event.at, event.user)):
        rows = sorted(group, key=lambda event: _name(state, event.label))
        yield _note("LabelNote", at, user, wording.of_labels(state, rows), "label")
    for milestone in events.milestone:
        yield _note("MilestoneNote", milestone.at, milestone.user, wording.of_milestone(state, milestone), "milestone")
    for change in events.state:
        action = "opened" if change.state == "reopened" else change.state
        yield _note("StateNote", change.at, change.user, wording.of_state(state, item, change), action)
    if not state.tier.paid:
        return
    for iteration in events.iteration:
        yield _note("IterationNote", iteration.at, iteration.user, wording.of_iteration(iteration), "iteration")
    for weight in events.weight:
        yield _note("WeightNote", weight.at, weight.user, wording.of_weight(weight), "weight")


def _name(state: GitLab, label: int | None) -> str:
    found = state.labels.get(label) if label is not None else None
    return found.name if found else ""


def _note(kind: str, at: int, user: int, body: str, action: str) -> Activity:
    number = digest(kind, at, user)
    return Activity(number, kind, at, user, body.rstrip(), action, number)


def digest(*parts: object) -> str:
    """Forty hexadecimal digits that stand for these parts, as ids of discussions do."""
    return hashlib.sha1("-".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()
