"""What other people do to a GitLab while it is being read, at the request where a faults file wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from okr_delivery.sandbox.faults import Event
from okr_delivery.sandbox.gitlab import changes
from okr_delivery.sandbox.gitlab.forge import Forge
from okr_delivery.sandbox.gitlab.state import Label, Milestone

Row = TypeVar("Row")


def _touch(forge: Forge, event: Event) -> None:
    item = forge.item(event.issue)
    with forge.writing(item):
        changes.touch(forge.state, item, forge.now)


def _restore(forge: Forge, event: Event) -> None:
    project, _, iid = event.issue.rpartition("#")
    found = [
        item for item in forge.state.items.values() if item.project == forge.place(project).id and item.iid == int(iid)
    ]
    forge.restore(found[0].id)


def _of_project(forge: Forge, event: Event, row: Label | Milestone) -> bool:
    project = forge.place(event.project)
    groups = {group.id for group in forge.state.ancestors(project.group)}
    return row.project == project.id or row.group in groups


def _delete_label(forge: Forge, event: Event) -> None:
    rows = [row for row in forge.state.labels.values() if row.name == event.name and _of_project(forge, event, row)]
    forge.delete_label(_one(rows, event).id)


def _delete_milestone(forge: Forge, event: Event) -> None:
    rows = [
        row for row in forge.state.milestones.values() if row.title == event.name and _of_project(forge, event, row)
    ]
    forge.delete_milestone(_one(rows, event).id)


def _one(rows: list[Row], event: Event) -> Row:
    if not rows:
        raise KeyError(event.name)
    return rows[0]


DEEDS: dict[str, Callable[[Forge, Event], object]] = {
    "delete": lambda forge, event: forge.delete(event.issue),
    "hide": lambda forge, event: forge.hide(event.issue),
    "restore": _restore,
    "archive": lambda forge, event: forge.archive_project(event.project),
    "move": lambda forge, event: forge.move(event.issue, event.project),
    "edit": lambda forge, event: forge.edit(event.issue, event.fields),
    "label": lambda forge, event: forge.label(event.issue, event.name),
    "unlabel": lambda forge, event: forge.unlabel(event.issue, event.name),
    "close": lambda forge, event: forge.close(event.issue),
    "reopen": lambda forge, event: forge.reopen(event.issue),
    "touch": _touch,
    "hide_project": lambda forge, event: forge.hide_project(event.project),
    "rename_project": lambda forge, event: forge.rename_project(event.project, event.name),
    "delete_label": _delete_label,
    "delete_milestone": _delete_milestone,
}


def run(forge: Forge, event: Event) -> None:
    """Does it. Raises KeyError or BadValueError for what isn't there."""
    DEEDS[event.do](forge, event)
