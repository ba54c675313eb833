"""What `gate --apply tracker` wrote on the requirements of a source, kept in the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from okr_delivery.gate.finding import Stage
from okr_delivery.gate.retelling import Remembered, labelled
from okr_delivery.gate.telling import UNKNOWN, Told

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.store import Store

SAVED = 20  # writes after which the record is kept, so that a run that dies looks again at a few only


class Record:
    """By issue id. Losing it costs requests, and the comments of requirements whose label is gone too.

    A store without one is asked once for the issues that carry the label: whoever put it there wrote a comment too.
    """

    def __init__(self, store: Store, source: str, snapshot: Snapshot, label: str) -> None:
        self._store = store
        self._source = source
        self._told, self._whole = _read(store.noted(self._name))
        self._fresh = 0
        state = snapshot.source_states.get(source)
        if not self._whole and state is not None and state.complete:
            for ref in labelled(snapshot, source, label):
                self._told.setdefault(ref, Told(UNKNOWN, 0, label))
            self._whole, self._fresh = True, 1

    @property
    def _name(self) -> str:
        return f"told {self._source}"

    def get(self, issue_id: str) -> Told | None:
        return self._told.get(issue_id)

    def standing(self) -> Iterator[Remembered]:
        """Where something of ours may be."""
        for ref, told in self._told.items():
            if told.stands:
                yield Remembered(self._source, ref, told.stage)

    def put(self, issue_id: str, told: Told) -> None:
        self._told[issue_id] = told
        self._changed()

    def forget(self, issue_id: str) -> None:
        self._told.pop(issue_id, None)
        self._changed()

    def _changed(self) -> None:
        self._fresh += 1
        if self._fresh >= SAVED:
            self.save()

    def save(self) -> None:
        """Keeps what is new, unless the store is only read."""
        if self._fresh and not self._store.read_only:
            rows = {ref: _row(told) for ref, told in sorted(self._told.items())}
            self._store.note(self._name, json.dumps({"whole": self._whole, "told": rows}))
        self._fresh = 0


def _row(told: Told) -> list[object]:
    return [told.essence, told.at, told.label, told.comment, told.stage]


def _read(text: str | None) -> tuple[dict[str, Told], bool]:
    """The record, and whether the issues that carry the label are among it."""
    try:
        kept = json.loads(text or "{}")
        rows: Mapping[str, list[object]] = kept.get("told", kept)  # earlier versions kept the rows alone
        return {str(ref): _told(row) for ref, row in rows.items()}, kept.get("whole") is True
    except (ValueError, TypeError, AttributeError):  # another version's: whatever it holds, a look is safe
        return {}, False


def _told(row: list[object]) -> Told:
    """Of five values; earlier versions kept the first two."""
    essence, at, label, comment, stage = (*row, None, None, None)[:5]
    place = None if stage is None else Stage(str(stage))
    return Told(str(essence), int(str(at)), str(label or ""), None if comment is None else str(comment), place)
