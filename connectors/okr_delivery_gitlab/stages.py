"""The statuses that a source can have: open and closed, the labels of a scope, custom ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from okr_delivery.model.work import Category, Change, Field, Status, Value
from okr_delivery_gitlab.settings import Settings
from okr_delivery_gitlab.statuses import CLOSED, CUSTOM, OPEN, in_scope, short

CATEGORIES = {
    "triage": Category.NEW,
    "to_do": Category.NEW,
    "in_progress": Category.INDETERMINATE,
    "done": Category.DONE,
    "canceled": Category.CANCELLED,
}


def statuses_of(source: str, settings: Settings) -> tuple[Status, ...]:
    """Every status that the settings list, in their order: open, those in between, closed."""
    rows = [(OPEN.id, OPEN.name, Category.NEW), *_between(settings), (CLOSED.id, CLOSED.name, Category.DONE)]
    return tuple(
        Status(source, ref or "", name or "", category, order) for order, (ref, name, category) in enumerate(rows)
    )


def _between(settings: Settings) -> Iterator[tuple[str, str, Category]]:
    if settings.label_scope is not None:
        for label in settings.labels:
            if in_scope(label.name, settings.label_scope):
                yield label.id, short(label.name), Category.INDETERMINATE
        return
    for status in sorted(settings.statuses, key=lambda one: one.order):
        yield f"{CUSTOM}{status.id}", status.name, CATEGORIES.get(status.category, Category.UNDEFINED)


def met(source: str, changes: Iterable[Change], current: Iterable[Value], listed: set[str]) -> Iterator[Status]:
    """Statuses of a block that are not `listed`, which grows by them. A label's number is one in progress."""
    sides = [side for change in changes if change.field is Field.STATUS for side in (change.old, change.new)]
    for side in (*sides, *current):
        if side.id is not None and side.id not in listed:
            listed.add(side.id)
            category = Category.INDETERMINATE if side.id.isdigit() else Category.UNDEFINED
            yield Status(source, side.id, side.name or side.id, category)
