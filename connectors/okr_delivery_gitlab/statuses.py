"""Values of GitLab's statuses: open and closed, the labels of a scope, custom ones; and of resolutions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from okr_delivery.model.work import EMPTY, Category, Change, Field, Status, Value
from okr_delivery_gitlab.known import Known
from okr_delivery_gitlab.settings import Settings
from okr_delivery_gitlab.values import by_number

OPEN = Value("opened", "Open")
CLOSED = Value("closed", "Closed")
DELETED = Value("label-deleted", "(deleted label)")
MOVED = Value("moved", "Moved")
DUPLICATE = Value("duplicate", "Duplicate")
CUSTOM = "status-"
"""Before a custom status's own number, because labels that stand for statuses are numbered too."""
CACHED = 4096
"""Names of labels that were divided lately: the same few come again and again."""
CLOSING = frozenset({"done", "canceled"})
_CATEGORIES = {
    "triage": Category.NEW,
    "to_do": Category.NEW,
    "in_progress": Category.INDETERMINATE,
    "done": Category.DONE,
    "canceled": Category.CANCELLED,
}


def statuses_of(source: str, settings: Settings) -> tuple[Status, ...]:
    """Every status that the settings list, in their order: open, labels or custom ones, closed."""
    every = [(OPEN, Category.NEW), *_between(settings), (CLOSED, Category.DONE)]
    return tuple(
        Status(source, value.id or "", value.name or "", category, order)
        for order, (value, category) in enumerate(every)
    )


def _between(settings: Settings) -> Iterator[tuple[Value, Category]]:
    scope = settings.label_scope
    if scope is not None:
        labels = [label for label in settings.labels if in_scope(label.name, scope)]
        for label in sorted(labels, key=lambda one: (short(one.name).casefold(), by_number(one.id))):
            yield label_value(label.id, label.name), Category.INDETERMINATE
        return
    for status in sorted(settings.statuses, key=lambda one: one.order):
        category = _CATEGORIES.get(status.category.lower(), Category.UNDEFINED)
        yield Value(f"{CUSTOM}{status.id}", status.name), category


def met(source: str, changes: Iterable[Change], current: Iterable[Value], listed: set[str]) -> Iterator[Status]:
    """Statuses of a block that were not listed; `listed` grows by them.

    The number of a label stands for work in progress; what was deleted and what is unknown goes by a word.
    """
    sides = (side for change in changes if change.field is Field.STATUS for side in (change.old, change.new))
    for value in (*sides, *current):
        if value.id is not None and value.id not in listed:
            listed.add(value.id)
            category = Category.INDETERMINATE if value.id.isdigit() else Category.UNDEFINED
            yield Status(source, value.id, value.name or value.id, category)


@lru_cache(maxsize=CACHED)
def scope_of(name: str) -> tuple[str, str]:
    """Scope and rest of a label's name; the last `::` divides them. The scope is "" for a plain label."""
    scope, sign, rest = name.rpartition("::")
    return (scope, rest) if sign and scope else ("", name)


@lru_cache(maxsize=CACHED)
def in_scope(name: str, scope: str) -> bool:
    """Whether a label is one of a scope, such as `workflow::doing` of `workflow`."""
    return scope_of(name)[0].casefold() == scope.casefold()


def short(name: str) -> str:
    """A scoped label's name without its scope."""
    return scope_of(name)[1]


def label_value(ref: str, name: str) -> Value:
    """A label as a status, a resolution or a priority."""
    return DELETED if ref == DELETED.id else Value(ref, short(name))


def custom_value(value: Value, known: Known) -> Value:
    """A custom status by its id in the store; one that is listed no more goes by its name, mapped to nothing."""
    found = known.status(value.id) if value.id is not None else None
    return Value(f"{CUSTOM}{value.id if value.id is not None else value.name}", found.name if found else value.name)


def closes(value: Value, known: Known) -> bool | None:
    """Whether a custom status closes its item; None for one that is not listed."""
    found = known.status(value.id) if value.id is not None else None
    return None if found is None else found.category.lower() in CLOSING


def resolution(*, moved: bool, duplicate: bool, label: Value) -> Value:
    """Why a closed issue is closed, as far as GitLab knows."""
    if moved:
        return MOVED
    if duplicate:
        return DUPLICATE
    return EMPTY if label == DELETED else label
