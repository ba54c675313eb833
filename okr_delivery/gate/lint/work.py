"""The work of a store that serves key results, read only as far as a rule asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from okr_delivery.gate.sources import unusable
from okr_delivery.model.errors import UserError
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import Cycle, KeyResult
from okr_delivery.model.work import Kind
from okr_delivery.value.evidence import computed
from okr_delivery.value.links import links_at

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.okrs import Readings


class StoreWork:
    """The store's side of `Work`. How old the store is does not matter: the OKR files don't change with the hour."""

    def __init__(self, snapshot: Snapshot, readings: Readings, cycles: tuple[Cycle, ...]) -> None:
        """`cycles` are those that are looked at."""
        self._snapshot, self._readings, self._cycles = snapshot, readings, cycles

    @property
    def empty(self) -> bool:
        """Whether no source was ever synced, so that there is no work to speak of."""
        return all(state.fetched_at is None and state.cursor is None for state in self._snapshot.source_states.values())

    def serves(self, kr: KeyResult) -> bool:
        return kr.full_id in self._named or (kr.tracker is not None and self._has_actions(kr.tracker))

    def doubts(self, cycle: Cycle) -> tuple[Message, ...]:
        found = (self._doubt(source.name, cycle) for source in self._snapshot.config.sources)
        return tuple(reason for reason in found if reason is not None)

    @cached_property
    def computed(self) -> Mapping[str, float]:
        return computed(self._snapshot, self._readings)

    def _doubt(self, source: str, cycle: Cycle) -> Message | None:
        state = self._snapshot.source_states.get(source)
        fetched = state.fetched_at if state else None
        why = unusable(source, self._snapshot, fetched or self._snapshot.as_of)
        if why is not None or state is None or not state.coming:
            return why
        missing = state.whole_since is None or state.whole_since > self._begins(cycle)
        return msg("lint.work.history", source=source, command=f"okr-delivery sync {source}") if missing else None

    @cached_property
    def _named(self) -> frozenset[str]:
        """The key results that open work names, or work that was finished since the first of the cycles began."""
        links = [links_at(self._snapshot, item, readings=self._readings) for item in self._items()]
        stated = {one.kr for found in links for one in found.contributions}
        return frozenset(stated | {one.kr for found in links for one in found.problems if one.kr is not None})

    def _items(self) -> Iterator[Item]:
        since = min(map(self._begins, self._cycles), default=self._snapshot.as_of)
        for team in self._snapshot.teams:
            yield from self._snapshot.open_items(team.id)
            yield from self._snapshot.finished_since(team.id, since)

    def _begins(self, cycle: Cycle) -> int:
        zone = ZoneInfo(self._snapshot.config.calendar.timezone)
        return int(datetime.combine(cycle.start, time.min, zone).timestamp())

    def _has_actions(self, tracker: str) -> bool:
        """Whether the key result's own issue has work below it that was not given up."""
        try:
            issue = self._snapshot.find(tracker)
        except UserError:
            return False
        below = self._snapshot.children(issue)
        return any(item.gone_at is None and item.fact.kind is not Kind.CANCELLED for item in below)
