"""Conclusions and measured effects by issue: files name keys, and keys change when an issue moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
        self._old: dict[str, dict[str, list[str]]] = {}

    def of(self, item: Item) -> tuple[str, ...]:
        if item.source not in self._old:
            found: dict[str, list[str]] = {}
            for old, issue_id in sorted(self._snapshot.view(item.source).aliases.items()):
                found.setdefault(issue_id, []).append(old)
            self._old[item.source] = found
        return (item.key, *self._old[item.source].get(item.issue.id, ()))


class Effects:
    """The effect that counts for an issue and a key result: one measured against something, then the latest."""

    def __init__(self, snapshot: Snapshot, effects: Iterable[Effect], day: date) -> None:
        self._snapshot = snapshot
        self.by_issue: dict[tuple[str, str, str], Effect] = {}
        ids: dict[str, Mapping[str, str]] = {}
        for effect in effects:
            if effect.source not in ids:
                ids[effect.source] = _ids(snapshot, effect.source)
            issue_id = ids[effect.source].get(effect.issue.casefold())
            if issue_id is not None and effect.day <= day:
                self._keep((effect.source, issue_id, effect.kr), effect)

    def _keep(self, place: tuple[str, str, str], effect: Effect) -> None:
        before = self.by_issue.get(place)
        if before is None or (is_measured(effect), effect.day) >= (is_measured(before), before.day):
            self.by_issue[place] = effect

    def of(self, item: Item, kr: str) -> Effect | None:
        return self.by_issue.get((item.source, item.issue.id, kr))


def _ids(snapshot: Snapshot, source: str) -> dict[str, str]:
    """Issue ids by key, old keys included; a present key wins over an old one."""
    if source not in {known.name for known in snapshot.config.sources}:
        return {}
    view = snapshot.view(source)
    old = {key.casefold(): issue_id for key, issue_id in view.aliases.items()}
    return old | {item.key.casefold(): issue_id for issue_id, item in view.items.items() if not item.alias}
