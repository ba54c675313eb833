"""The network of objectives and key results: who serves whom, by full ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from okr_delivery.model.okr import Cycle, Direction, KeyResult, Objective

Edges = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Dangling:
    """A reference that names nothing. `holder` is the full id it stands at, `role` aligns_to, continues or parts."""

    holder: str
    role: str
    ref: str


@dataclass(frozen=True, slots=True)
class Network:
    """A key result serves its objective, an objective what it aligns to, a part its composite."""

    parents: Edges
    children: Edges
    continues: Mapping[str, str]
    dangling: tuple[Dangling, ...] = ()

    @classmethod
    def of(cls, cycles: Mapping[str, Cycle], objectives: Mapping[str, Objective]) -> Self:
        build = _Builder(cycles, objectives)
        for objective in objectives.values():
            build.objective(objective)
        children: dict[str, list[str]] = {}
        for child, served in build.parents.items():
            for parent in served:
                children.setdefault(parent, []).append(child)
        return cls(
            {child: tuple(served) for child, served in build.parents.items()},
            {parent: tuple(sorted(serving)) for parent, serving in children.items()},
            build.continues,
            tuple(build.dangling),
        )

    def cycle(self) -> tuple[str, ...] | None:
        """A circle as a path of ids whose last is its first; None in a sound network."""
        done: set[str] = set()
        for start in sorted(self.parents):
            path = self._walk(start, done)
            if path is not None:
                return path
        return None

    def _walk(self, start: str, done: set[str]) -> tuple[str, ...] | None:
        path: list[str] = []
        stack = [(start, iter(self.parents.get(start, ())))]
        path.append(start)
        while stack:
            here, waiting = stack[-1]
            step = next((parent for parent in waiting if parent not in done), None)
            if step is None:
                done.add(here)
                stack.pop()
                path.pop()
            elif step in path:
                return (*path[path.index(step) :], step)
            else:
                stack.append((step, iter(self.parents.get(step, ()))))
                path.append(step)
        return None


@dataclass(slots=True)
class _Builder:
    cycles: Mapping[str, Cycle]
    objectives: Mapping[str, Objective]
    parents: dict[str, list[str]] = field(default_factory=dict)
    continues: dict[str, str] = field(default_factory=dict)
    dangling: list[Dangling] = field(default_factory=list)
    _ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for objective in self.objectives.values():
            self._ids[objective.full_id.casefold()] = objective.full_id
            self._ids.update({kr.full_id.casefold(): kr.full_id for kr in objective.key_results})

    def objective(self, objective: Objective) -> None:
        self.parents.setdefault(objective.full_id, [])
        for ref in objective.aligns_to:
            self._serve(objective.full_id, self._find(ref, self._around(objective.cycle)), "aligns_to", ref)
        for kr in objective.key_results:
            self.parents.setdefault(kr.full_id, []).append(objective.full_id)
            self._key_result(kr)

    def _key_result(self, kr: KeyResult) -> None:
        if kr.continues is not None:
            earlier = self._find(kr.continues, self._before(kr.cycle))
            if earlier is None:
                self.dangling.append(Dangling(kr.full_id, "continues", kr.continues))
            else:
                self.continues[kr.full_id] = earlier
        if kr.metric.direction is Direction.COMPOSITE:
            for ref in kr.metric.parts:
                part = self._find(ref, [kr.cycle])
                if part is None or part in self.objectives:
                    self.dangling.append(Dangling(kr.full_id, "parts", ref))
                elif kr.full_id not in self.parents.setdefault(part, []):
                    self.parents[part].append(kr.full_id)

    def _serve(self, child: str, parent: str | None, role: str, ref: str) -> None:
        if parent is None:
            self.dangling.append(Dangling(child, role, ref))
        elif parent not in self.parents[child]:
            self.parents[child].append(parent)

    def _find(self, ref: str, cycles: Iterable[str]) -> str | None:
        if ":" in ref:
            return self._ids.get(ref.casefold())
        return next((full for cycle in cycles if (full := self._ids.get(f"{cycle}:{ref}".casefold()))), None)

    def _around(self, cycle: str) -> list[str]:
        """The cycle itself, then the cycles that contain its start, the shortest first."""
        start = self.cycles[cycle].start
        around = [c for c in self.cycles.values() if c.id != cycle and c.start <= start <= c.end]
        return [cycle, *(c.id for c in sorted(around, key=lambda c: (c.end - c.start, c.id)))]

    def _before(self, cycle: str) -> list[str]:
        """The other cycles that started earlier, the latest first."""
        start = self.cycles[cycle].start
        earlier = [c for c in self.cycles.values() if c.id != cycle and c.start < start]
        return [c.id for c in sorted(earlier, key=lambda c: (c.start, c.id), reverse=True)]
