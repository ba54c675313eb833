"""Claim texts as syncs saw them, of the issues that were read so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr_delivery.model.work import Field

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.store.rows import SeenClaim
    from okr_delivery.value.carriers import Seen

NOTHING: Seen = {}


class Heard:
    """Of one source. Who asks about an issue will ask about the others that were read with it."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._claims: dict[str, dict[Field, list[SeenClaim]]] = {}
        self._asked: set[str] | None = set()  # None: all were

    def of(self, item: Item, snapshot: Snapshot) -> Seen:
        """An issue's claim texts by field, oldest first. The snapshot is not kept."""
        if self._asked is not None and item.issue.id not in self._asked:
            for claim in snapshot.store.seen_claims(self._source, self._unasked(item, snapshot, self._asked)):
                self._claims.setdefault(claim.issue_id, {}).setdefault(claim.field, []).append(claim)
        return self._claims.get(item.issue.id, NOTHING)

    def _unasked(self, item: Item, snapshot: Snapshot, asked: set[str]) -> list[str] | None:
        """Those to ask about now; None: all."""
        view = snapshot.view(self._source)
        if view.whole:
            self._claims.clear()
            self._asked = None
            return None
        fresh = [ref for ref in {**view.read, item.issue.id: item} if ref not in asked]
        asked.update(fresh)
        return fresh
