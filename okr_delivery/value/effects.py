"""Conclusions and measured effects by issue: files name keys, and keys change when an issue moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from okr_delivery.model.okr import Effect

if TYPE_CHECKING:
    from datetime import date

    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot

BEFORE_AFTER = "before_after"  # a change that was observed, not an effect that was measured against something


def is_measured(effect: Effect | None) -> bool:
    return effect is not None and effect.method != BEFORE_AFTER


class Keys:
    """The keys an issue has and had; files may name any of them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def of(self, item: Item) -> tuple[str, ...]:
        return (item.key, *self._snapshot.view(item.source).former_keys(item))


class Effects:
    """The effect that counts for an issue and a key result: one measured against something, then the latest."""

    def __init__(self, snapshot: Snapshot, effects: Iterable[Effect], day: date) -> None:
        self._snapshot = snapshot
        self.by_issue: dict[tuple[str, str, str], Effect] = {}
        ids: dict[tuple[str, str], str | None] = {}
        for effect in effects:
            place = (effect.source, effect.issue.casefold())
            if place not in ids:
                ids[place] = _id_of(snapshot, *place)
            issue_id = ids[place]
            if issue_id is not None and effect.day <= day:
                self._keep((effect.source, issue_id, effect.kr), effect)

    def _keep(self, place: tuple[str, str, str], effect: Effect) -> None:
        before = self.by_issue.get(place)
        if before is None or (is_measured(effect), effect.day) >= (is_measured(before), before.day):
            self.by_issue[place] = effect

    def of(self, item: Item, kr: str) -> Effect | None:
        return self.by_issue.get((item.source, item.issue.id, kr))


def _id_of(snapshot: Snapshot, source: str, key: str) -> str | None:
    """The id of the issue that a key in any case means; a present key wins over an old one."""
    if source not in {known.name for known in snapshot.config.sources}:
        return None
    item = snapshot.view(source).named(key)
    return None if item is None else item.issue.id
