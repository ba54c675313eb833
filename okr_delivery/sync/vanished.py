"""What a tracker lists no more: labels, iterations, whole projects.

They go without a change of the issues in them, so no window names those: they are looked for whenever everything that
changes rarely was read anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Field, Iteration, IterationKind, IterationState, Value, labels_of
from okr_delivery.store import Store
from okr_delivery.store.codes import natural
from okr_delivery.sync.connector import Connector, Forgets

FORGOTTEN = frozenset({IterationKind.MILESTONE, IterationKind.ITERATION})
"""Iterations that their tracker lists in full, and whose deletion it follows in the histories of issues too."""


@dataclass(frozen=True, slots=True)
class Vanished:
    """`again`: stored issues would be read otherwise now. The others are ids of what the store is to let go of."""

    again: bool = False
    iterations: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    issues: tuple[str, ...] = ()
    warnings: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """Compares what the store holds of a source with what was read of its tracker just now: `iterations` are all.

    `raw` is the connector's own state as it is still stored. Looks before anything of it is written.
    """

    store: Store
    name: str
    connector: Connector
    raw: Mapping[str, object]
    iterations: Sequence[Iteration]
    warnings: list[Message] = field(default_factory=list)

    def found(self, projects: Mapping[str, str]) -> Vanished:
        """`projects` are the names of those in scope, by id, none where the tracker does not tell. Raises SyncError."""
        left = self._left(projects.keys())
        ids = {ref for refs in left.values() for ref in refs}
        labels = self.connector.lost_labels(self.raw) if isinstance(self.connector, Forgets) else {}
        gone = self.without(closed=True)
        again = [
            self._labels(labels, ids),
            self._iterations([i for i in gone if i.project_id not in left], projects, ids),
        ]
        return Vanished(
            again=any(again),
            iterations=frozenset(iteration.id for iteration in gone),
            statuses=frozenset(labels),
            issues=tuple(natural(ids)),
            warnings=tuple(self.warnings),
        )

    def without(self, *, closed: bool) -> list[Iteration]:
        """The stored iterations that were not read; with `closed`, those that are over stay all the same.

        A milestone goes even then: its tracker lists them all, and forgets with it which issues were in it.
        """
        listed = {iteration.id for iteration in self.iterations}
        gone = [each for each in self.store.iterations(self.name) if each.id not in listed]
        if not closed:
            return gone
        return [each for each in gone if each.state is not IterationState.CLOSED or each.kind in FORGOTTEN]

    # projects

    def _left(self, projects: Set[str]) -> dict[str, list[str]]:
        """The issues of projects that are outside now, by project: a new store would not have them."""
        if not projects or not isinstance(self.connector, Forgets):
            return {}
        held = self.store.inside(self.name, {p.id for p in self.store.projects(self.name)} - projects)
        names = self.connector.left(natural(held)) if held else {}
        for ref, name in names.items():
            self.warnings.append(msg("sync.project_left", name=name, n=len(held[ref])))
        return {ref: held[ref] for ref in names}

    # labels

    def _labels(self, lost: Mapping[str, str], without: Set[str]) -> bool:
        """Whether issues speak of them; told then."""
        if not lost:
            return False
        names = set(lost.values())
        carried = self.store.speaking(self.name, Field.LABELS, lambda value: not names.isdisjoint(labels_of(value)))
        passed = self.store.speaking(self.name, Field.STATUS, lambda value: value.id in lost)
        refs = (carried | passed) - without
        if refs:
            self.warnings.append(msg("sync.labels_gone", names=", ".join(natural(names)), n=len(refs)))
        return bool(refs)

    # iterations

    def _iterations(self, gone: Sequence[Iteration], projects: Mapping[str, str], without: Set[str]) -> bool:
        """Whether issues speak of those that are forgotten. Nobody should have to notice their going by himself."""
        lost = [iteration for iteration in gone if iteration.kind in FORGOTTEN]
        if not lost:
            return False
        self._tell(lost, projects)
        ids = {iteration.id for iteration in lost}
        return bool(self.store.speaking(self.name, Field.ITERATION, lambda value: _among(value, ids)) - without)

    def _tell(self, lost: Sequence[Iteration], projects: Mapping[str, str]) -> None:
        moved = [i for i in lost if self._lives_on(i, projects.get(i.project_id or "", ""))]
        rest = [i for i in lost if i not in moved]
        asks = isinstance(self.connector, Forgets)
        deleted = self.connector.deleted(rest) if rest and isinstance(self.connector, Forgets) else frozenset()
        truly = [i for i in rest if i.id in deleted or not asks]
        left = [i for i in rest if i not in truly]
        for name, which in (("deleted", truly), ("moved", moved), ("left", left)):
            if which:
                told = ", ".join(natural({iteration.name for iteration in which}))
                self.warnings.append(msg(f"sync.iterations_{name}", names=told))

    def _lives_on(self, lost: Iteration, project: str) -> bool:
        """Whether a group around its project (a path) has one of its name: no project may have that name beside it."""
        same = [i for i in self.iterations if (i.kind, i.name) == (lost.kind, lost.name) and i.group]
        return any(f"{project}/".casefold().startswith(f"{i.group}/".casefold()) for i in same)


def _among(value: Value, ids: Set[str]) -> bool:
    """Whether one of the iterations in a value is one of these; an issue may be in several."""
    return not ids.isdisjoint(part.strip() for part in (value.id or "").split(","))
