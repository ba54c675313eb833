"""What a team's other requirements of the same component or label were linked to lately: a habit worth repeating."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.config.told import Meaning, folded, meanings
from okr_delivery.delivery.teams import Role
from okr_delivery.model.work import Kind
from okr_delivery.value.results import Links

if TYPE_CHECKING:
    from okr_delivery.config import Config
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot

DAYS = 90
DAY = 86_400
FEWEST = 2  # requirements that make a habit
MOST = 300
"""Issues of a team that are looked at, the newest first: advice is no reason to read years."""

SCOPES = ("workflow", "priority")
"""Of labels that say how work stands, by the trackers' own custom, whatever is configured."""

Trait = tuple[str, str]
"""component or label, and its name."""


@dataclass(frozen=True, slots=True)
class Habit:
    """So many requirements with a component or a label contribute to a key result, named by its full id."""

    kr: str
    kind: str
    name: str
    n: int


class Alike:
    """The habits of one team, worked out when they are first asked for."""

    def __init__(self, snapshot: Snapshot, team: str, links: Callable[[Item], Links]) -> None:
        self._snapshot = snapshot
        self._team = team
        self._links = links
        self._ours: dict[str, tuple[Meaning, ...]] = {}
        self._served: dict[tuple[str, str], tuple[str, ...]] = {}

    def habits(self, item: Item) -> Iterator[Habit]:
        """Those that a requirement shares, the commonest first; none of what it says itself."""
        found: dict[str, Habit] = {}
        for kind, name in self._traits(item):
            others = (other for other in self._by_trait.get((kind, name), ()) if other.ref != item.ref)
            for kr, n in Counter(kr for other in others for kr in self._krs(other)).items():
                if n >= FEWEST and (kr not in found or found[kr].n < n):
                    found[kr] = Habit(kr, kind, name, n)
        yield from sorted(found.values(), key=lambda habit: (-habit.n, habit.kr))

    @cached_property
    def _by_trait(self) -> Mapping[Trait, list[Item]]:
        found: dict[Trait, list[Item]] = {}
        for item in self._lately():
            for trait in self._traits(item):
                found.setdefault(trait, []).append(item)
        return found

    def _lately(self) -> list[Item]:
        """Requirements that were made lately, dropped ones aside; nothing is told of confidential ones."""
        found = self._snapshot.latest(self._team, self._snapshot.as_of - DAYS * DAY, MOST)
        kept = (item for item in found if item.role is Role.REQUIREMENT and not item.issue.confidential)
        return [item for item in kept if item.gone_at is None and item.fact.kind is not Kind.CANCELLED]

    def _krs(self, item: Item) -> tuple[str, ...]:
        if item.ref not in self._served:
            self._served[item.ref] = tuple(dict.fromkeys(c.kr for c in self._links(item).contributions))
        return self._served[item.ref]

    def _traits(self, item: Item) -> Iterator[Trait]:
        yield from (("component", name) for name in item.issue.components)
        yield from (("label", name) for name in item.issue.labels if not self._is_ours(item.source, name))

    def _is_ours(self, source: str, label: str) -> bool:
        """Whether a label says where work stands or what became of it, instead of what it is about."""
        if source not in self._ours:
            self._ours[source] = (_gates(self._snapshot.config), *meanings(self._snapshot.config.source(source)))
        return any(meaning.fits(folded(label)) for meaning in self._ours[source])


def _gates(config: Config) -> Meaning:
    """The labels that the gate itself gives a meaning, and the scopes that have one by custom."""
    waive, tell = config.gate.waive.label, config.gate.tell.label
    return Meaning("gate", (tell, *([waive] if waive else [])), (f"{waive}:",) if waive else (), SCOPES)
