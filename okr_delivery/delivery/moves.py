"""Issues that a tracker moved by making a new one of them, with all that had happened to the old one.

The old one is an alias of the new one where that is held, and gone from then on where it is not: never two pieces of
work, and never a delivery.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from okr_delivery.model.work import Change, Field, Issue

MOVED = "moved"  # the id of the resolution that says so


def moved_at(issue: Issue, changes: Iterable[Change]) -> int:
    """When a moved issue left: as its resolution tells, else its last status, else when the tracker closed it."""
    told: int | None = None
    status: int | None = None
    for change in changes:
        if change.field is Field.RESOLUTION and change.new.id == MOVED:
            told = change.ts
        elif change.field is Field.STATUS:
            status = change.ts
    found = (at for at in (told, status, issue.resolved) if at is not None)
    return max(next(found, issue.updated), issue.created)


def lives_on(issue_id: str, moves: Mapping[str, str]) -> tuple[str, ...]:
    """Ids of the issues that one lives on as, one after another; () for one that was not moved.

    `moves` maps the ids of moved issues to those of the new ones.
    """
    found: list[str] = []
    target = moves.get(issue_id)
    while target is not None and target not in found and target != issue_id:
        found.append(target)
        target = moves.get(target)
    return tuple(found)
