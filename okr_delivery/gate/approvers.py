"""Whose labels count: who put a label on, and whether that is one of the accounts that the settings name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr_delivery.model.accounts import means
from okr_delivery.model.work import Field, Value, labels_of

if TYPE_CHECKING:
    from okr_delivery.config import Config
    from okr_delivery.delivery.item import Item


@dataclass(frozen=True, slots=True)
class PutOn:
    """When a label that stands on an issue was put there, and the marks of who did it; None: nobody can tell."""

    at: int
    by: str | None


class Approvers:
    """The accounts of `gate.waive.approvers`; false where there is none."""

    def __init__(self, config: Config) -> None:
        self._accounts = config.gate.waive.approvers
        self._sources = frozenset(source.name for source in config.sources)

    def __bool__(self) -> bool:
        return bool(self._accounts)

    def named(self, found: str, source: str) -> str | None:
        """The approver, as written, that an account of a source (its marks) is; None: it is none."""
        return next((written for written in self._accounts if self._is(written, found, source)), None)

    def _is(self, written: str, found: str, of: str) -> bool:
        """Ids and names of two trackers overlap, so a source may stand before an account."""
        source, colon, account = written.partition(":")
        if colon and source in self._sources:
            return source == of and means(account.strip(), found)
        return means(written, found)


def put_on(item: Item, label: str, as_of: int) -> PutOn:
    """Who put on a label that stands on an issue as of an instant, and when.

    One that stood there from the beginning is its creator's. Whoever puts on again what stands there does nothing.
    """
    found = PutOn(item.issue.created, item.issue.creator_marks if item.issue.history_complete else None)
    there: bool | None = None
    for change in item.changes:
        if change.field is not Field.LABELS or change.ts > as_of:
            continue
        before, after = _has(change.old, label), _has(change.new, label)
        there = before if there is None else there
        if after and not before:
            found = PutOn(change.ts, change.actor)
        elif after and not there:
            found = PutOn(change.ts, None)
        there = after
    return PutOn(found.at, None) if there is False else found


def _has(value: Value, label: str) -> bool:
    return label in labels_of(value)
