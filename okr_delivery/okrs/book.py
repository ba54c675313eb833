"""All OKRs of the user's files: look-up by id and date, the network, targets at a date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import SequenceMatcher
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.config.types import nearest
from okr_delivery.model.okr import Cycle, Direction, IterationGoal, KeyResult, Objective
from okr_delivery.okrs.network import Network

if TYPE_CHECKING:
    from okr_delivery.okrs.readings import Readings

MOVING = frozenset({Direction.INCREASE, Direction.DECREASE, Direction.DELIVERY})
ALIKE = 0.8  # of two ids, from which on one is taken for the other written with a slip
FROM_READING = frozenset({Direction.AT_LEAST, Direction.AT_MOST, Direction.ISSUES})


@dataclass(frozen=True, slots=True)
class KrFound:
    kr: KeyResult


@dataclass(frozen=True, slots=True)
class KrUnknown:
    """`nearest` is the id that was probably meant, as it would have to be written on that day."""

    nearest: str | None


@dataclass(frozen=True, slots=True)
class KrAmbiguous:
    """`candidates` are full ids."""

    candidates: tuple[str, ...]


@dataclass(frozen=True)
class OkrBook:
    """Immutable. Keys of `objectives` and `key_results` are full ids (`2026Q4:GROW-KR1`)."""

    cycles: Mapping[str, Cycle] = field(default_factory=dict)
    objectives: Mapping[str, Objective] = field(default_factory=dict)
    goals: tuple[IterationGoal, ...] = ()

    @cached_property
    def key_results(self) -> Mapping[str, KeyResult]:
        return {kr.full_id: kr for objective in self.objectives.values() for kr in objective.key_results}

    @cached_property
    def network(self) -> Network:
        return Network.of(self.cycles, self.objectives)

    # look-up

    def resolve(self, ref: str, day: date) -> KrFound | KrUnknown | KrAmbiguous:
        """The key result that `ref` names on `day`, whatever its case.

        A full id names it directly. A short one means the key result of the cycle that contains the day; if there is
        none, of the next cycle to start.
        """
        ref = ref.strip()
        if ":" in ref:
            full = self._full_by_fold.get(ref.casefold())
            return KrFound(self.key_results[full]) if full else KrUnknown(self._nearest(ref, day))
        fits = self._candidates(ref, day)
        if not fits:
            return KrUnknown(self._nearest(ref, day))
        if len(fits) > 1:
            return KrAmbiguous(tuple(sorted(kr.full_id for kr in fits)))
        return KrFound(fits[0])

    def _candidates(self, ref: str, day: date) -> list[KeyResult]:
        named = self._by_short_fold.get(ref.casefold(), [])
        now = [kr for kr in named if self.cycle_of(kr).start <= day <= self.cycle_of(kr).end]
        if now:
            return now
        ahead = [kr for kr in named if self.cycle_of(kr).start > day]
        first = min((self.cycle_of(kr).start for kr in ahead), default=None)
        return [kr for kr in ahead if self.cycle_of(kr).start == first]

    def _nearest(self, ref: str, day: date) -> str | None:
        """Preferably an id that resolves on that day as it stands, else a full one."""
        if (ref, day) not in self._nearest_found:
            self._nearest_found[ref, day] = self._search(ref, day)
        return self._nearest_found[ref, day]

    @cached_property
    def _nearest_found(self) -> dict[tuple[str, date], str | None]:
        return {}

    def _search(self, ref: str, day: date) -> str | None:
        _, _, short = ref.rpartition(":")
        if ":" not in ref and (same := self._by_short_fold.get(short.casefold())):
            return max(same, key=lambda kr: (self.cycle_of(kr).start, kr.full_id)).full_id  # of a cycle that is over
        running = self.cycle_at(day) is not None  # then a cycle that is yet to come is not what was meant
        close = _slipped(short, (kr.id for kr in self.key_results.values() if self._is_writable(kr, day, running)))
        if close is not None or ":" not in ref:
            return close  # a key result of a cycle that is over is no guess for a short id
        past = _slipped(short, (kr.id for kr in self.key_results.values()))
        full = sorted(kr.full_id for kr in self.key_results.values() if kr.id == past)
        return full[-1] if full else None

    def _is_writable(self, kr: KeyResult, day: date, running: bool) -> bool:
        """Whether its short id means one key result on that day, of a cycle that contains it where one does."""
        found = self._candidates(kr.id, day)
        return len(found) == 1 and (not running or self.cycle_of(found[0]).start <= day)

    @cached_property
    def _full_by_fold(self) -> dict[str, str]:
        return {full.casefold(): full for full in self.key_results}

    @cached_property
    def _by_short_fold(self) -> dict[str, list[KeyResult]]:
        table: dict[str, list[KeyResult]] = {}
        for kr in self.key_results.values():
            table.setdefault(kr.id.casefold(), []).append(kr)
        return table

    def short_id(self, kr: KeyResult, day: date) -> str:
        """How a person names the key result on that day: the short id where it is enough, else the full one."""
        found = self.resolve(kr.id, day)
        return kr.id if isinstance(found, KrFound) and found.kr.full_id == kr.full_id else kr.full_id

    def cycle_of(self, kr: KeyResult) -> Cycle:
        return self.cycles[kr.cycle]

    def objective_of(self, kr: KeyResult) -> Objective:
        return self.objectives[f"{kr.cycle}:{kr.objective}"]

    def cycle_at(self, day: date) -> Cycle | None:
        """The cycle that contains the day; of several the shortest, then the first by id."""
        around = [cycle for cycle in self.cycles.values() if cycle.start <= day <= cycle.end]
        return min(around, key=lambda cycle: (cycle.end - cycle.start, cycle.id), default=None)

    def goal_for(self, team: str, iteration: str) -> IterationGoal | None:
        """The declared goal of a team's iteration, by the iteration's name or id."""
        named = (team, iteration.strip().casefold())
        return next((goal for goal in self.goals if (goal.team, goal.iteration.strip().casefold()) == named), None)

    def continued_by(self, kr: KeyResult) -> tuple[KeyResult, ...]:
        """Key results of other cycles that say they continue this one."""
        return tuple(
            other for other in self.key_results.values() if self.network.continues.get(other.full_id) == kr.full_id
        )

    # the network

    def parents(self, full_id: str) -> tuple[str, ...]:
        """What an objective or key result serves: full ids."""
        return self.network.parents.get(full_id, ())

    def children(self, full_id: str) -> tuple[str, ...]:
        """What serves an objective or key result: full ids."""
        return self.network.children.get(full_id, ())

    # numbers

    def target_at(self, kr: KeyResult, day: date) -> float | None:
        """The target in force on a day; None for metrics without a target."""
        past = [amendment.target for amendment in kr.amendments if amendment.on <= day]
        return past[-1] if past else kr.metric.target

    def start_value(self, kr: KeyResult, readings: Readings) -> float | None:
        """The value at the cycle's start: the baseline, else the reading nearest to the start within one cadence."""
        if kr.metric.baseline is not None:
            return kr.metric.baseline
        if kr.metric.direction not in FROM_READING:
            return None
        start = self.cycle_of(kr).start
        before = readings.at(kr.full_id, start, kr.cadence_days)
        if before is not None:
            return before.value
        soon = start + timedelta(days=kr.cadence_days)
        return next((r.value for r in readings.series(kr.full_id) if start < r.day <= soon), None)

    def span(self, kr: KeyResult, day: date, readings: Readings) -> float | None:
        """Target minus start value, what sizes and shares are a part of; None where there is none or it is zero."""
        if kr.metric.direction not in MOVING | FROM_READING:
            return None
        target, start = self.target_at(kr, day), self.start_value(kr, readings)
        return None if target is None or start is None or target == start else target - start


def _slipped(ref: str, ids: Iterable[str]) -> str | None:
    """The id that was meant, if it was written with a slip: what is less alike is another key result."""
    close = nearest(ref, dict.fromkeys(ids))
    if close is None:
        return None
    alike = SequenceMatcher(None, close.casefold(), ref.casefold()).ratio()
    return close if alike >= ALIKE or _one_sign_apart(close.casefold(), ref.casefold()) else None


def _one_sign_apart(one: str, other: str) -> bool:
    """One sign another, too many, or missing."""
    shorter = min(len(one), len(other))
    begun = next((n for n in range(shorter) if one[n] != other[n]), shorter)
    ends = (one[begun:], other[begun:]), (one[begun + 1 :], other[begun + 1 :])
    return ends[1][0] == ends[1][1] or ends[0][0] == ends[1][1] or ends[1][0] == ends[0][1]
