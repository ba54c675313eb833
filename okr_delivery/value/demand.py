"""The planning check: what is claimed for a key result against what it still needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.delivery.membership import started
from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.rules import calendar_of
from okr_delivery.delivery.teams import Role
from okr_delivery.model.contribution import Contribution
from okr_delivery.model.numbers import less, tidy, total
from okr_delivery.model.okr import Effect, KeyResult
from okr_delivery.model.work import Iteration, IterationState
from okr_delivery.okrs import KrFound
from okr_delivery.value.calibration import Realised, calibration, past
from okr_delivery.value.effects import Effects, Keys
from okr_delivery.value.evidence import COMPUTED, value_at
from okr_delivery.value.goal import named_objective
from okr_delivery.value.krs import is_active, needs_amount, span_of, wanted_sign
from okr_delivery.value.links import reader
from okr_delivery.value.results import WindowState
from okr_delivery.value.windows import window_of

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.okrs import Readings
    from okr_delivery.value.conclusions import Conclusions

UNDER = 0.8
OVER = 1.5


@dataclass(frozen=True, slots=True)
class Demand:
    """One key result that a team serves. Amounts are toward the target, so never negative, in its unit.

    `claimed` is Σ expected × confidence × calibration of planned work, and of delivered work that is still observed;
    `calibration` what the claims were multiplied by on the whole, None where nothing is known of it. `needed` is None
    when no number says where the key result stands, 0 when nothing is left; `ratio` is None for both. `unread`: there
    is no reading yet, so the whole span is needed. `requirements` are the keys of those who claim.
    """

    kr: KeyResult
    claimed: float
    needed: float | None
    ratio: float | None
    calibration: float | None
    unread: bool
    requirements: tuple[str, ...] = ()


def demands(
    snapshot: Snapshot,
    readings: Readings,
    effects: Iterable[Effect],
    conclusions: Conclusions,
    team_id: str,
    iterations: Sequence[Iteration],
) -> tuple[Demand, ...]:
    """The key results with a number to move that a team serves in these iterations, by id.

    Served are those that the iterations' goals and the team's objectives name, and those that work in them claims.
    Only what is active at the start of one of the iterations counts.
    """
    check = Check(snapshot, readings, effects, conclusions)
    judged = [item for iteration in iterations for item in check.open_in(team_id, iteration)]
    return tuple(check.demand(kr, judged) for kr in check.served(team_id, iterations))


class Check:
    """Works out what is claimed and needed; all teams' work is read once."""

    def __init__(
        self, snapshot: Snapshot, readings: Readings, effects: Iterable[Effect], conclusions: Conclusions
    ) -> None:
        self.snapshot, self.readings, self.conclusions = snapshot, readings, conclusions
        self.links = reader(snapshot, readings)
        self.today = calendar_of(snapshot.config).local_date(snapshot.as_of)
        self._effects = Effects(snapshot, effects, self.today)
        self._keys = Keys(snapshot)
        self._past: dict[str, list[Realised]] = {}

    # -- which key results -----------------------------------------------------------------------------------------

    def served(self, team_id: str, iterations: Sequence[Iteration]) -> list[KeyResult]:
        """The key results that the team serves, active and with a number to move, by id."""
        found: dict[str, KeyResult] = {}
        for iteration in iterations:
            day = self.start(team_id, iteration)
            every = (*self._named(team_id, iteration, day), *self._claimed_in(team_id, iteration))
            found |= {kr.full_id: kr for kr in every if is_active(kr, self.snapshot.book, day) and _moves(kr)}
        return [found[full] for full in sorted(found, key=natural)]

    def start(self, team_id: str, iteration: Iteration) -> date:
        """The local day on which an iteration begins; of one without a start, the day of the snapshot."""
        start = started(iteration)
        return self.snapshot.calendar(team_id).local_date(self.snapshot.as_of if start is None else start)

    def _named(self, team_id: str, iteration: Iteration, day: date) -> Iterator[KeyResult]:
        """What the iteration's goal and the team's objectives name."""
        book = self.snapshot.book
        goal = book.goal_for(team_id, iteration.name) or book.goal_for(team_id, iteration.id)
        for ref in goal.key_results if goal is not None else ():
            answer = book.resolve(ref, day)
            if isinstance(answer, KrFound):
                yield answer.kr
        wanted = {name.casefold() for name in self.snapshot.team(team_id).objectives}
        wanted |= {goal.objective.casefold()} if goal is not None and goal.objective else set()
        told = named_objective(self.snapshot, iteration.goal, day) if iteration.goal and goal is None else None
        for objective in book.objectives.values():
            if {objective.id.casefold(), objective.full_id.casefold()} & wanted or objective.full_id == told:
                yield from objective.key_results

    def _claimed_in(self, team_id: str, iteration: Iteration) -> Iterator[KeyResult]:
        for item in self.open_in(team_id, iteration):
            yield from (self.snapshot.book.key_results[c.kr] for c in self.promise(item))

    # -- what is claimed -------------------------------------------------------------------------------------------

    def promise(self, item: Item) -> tuple[Contribution, ...]:
        """What an issue promises: as frozen at its commitment, else as it stands; split parents promise nothing."""
        at = self.links.frozen_at(item)
        if at is not None:
            day = self.links.day(item, at)
            found = self.links.frozen(item, at, day=day).contributions
        else:
            at = self.snapshot.as_of
            day = self.links.day(item, at)
            found = self.links.links(item, at, day=day).contributions
        return tuple(c for c in found if not self.links.is_split(item, c.kr, at, day))

    @cached_property
    def _planned(self) -> dict[tuple[str, str], Item]:
        """Open requirements of all teams that stand in an iteration which is not closed."""
        found: dict[tuple[str, str], Item] = {}
        for team in self.snapshot.config.effective_teams():
            for iteration in self.snapshot.iterations(team.id):
                if self.snapshot.state(iteration) is not IterationState.CLOSED:
                    found |= {item.ref: item for item in self.open_in(team.id, iteration)}
        return found

    def open_in(self, team_id: str, iteration: Iteration) -> list[Item]:
        """The open requirements that stand in an iteration."""
        members = self.snapshot.members(team_id, iteration, self.snapshot.as_of)
        return [item for item in members if _is_open_requirement(item)]

    def _observed(self, kr: KeyResult) -> Iterator[Item]:
        """Finished requirements of all teams whose effect on the key result is still to be seen."""
        first = self.snapshot.book.cycle_of(kr).start - timedelta(days=kr.lag_days + max(kr.observe_days, 1))
        since = calendar_of(self.snapshot.config).midnight(first)
        for team in self.snapshot.config.effective_teams():
            for item in self.snapshot.finished_since(team.id, since):
                if item.role is Role.REQUIREMENT and item.gone_at is None and self._is_watched(item, kr):
                    yield item

    def _is_watched(self, item: Item, kr: KeyResult) -> bool:
        """Whether the window of its effect has not ended; that of what was not released has not begun."""
        release = self.snapshot.released(item)
        keys, as_of = self._keys.of(item), self.snapshot.as_of
        said = self.conclusions.latest(item.source, keys, kr.full_id, as_of)
        day = None if release is None else release.day
        return window_of(day, kr, self.links.calendar(item), as_of, said).state is WindowState.OPEN

    def demand(self, kr: KeyResult, judged: Iterable[Item] = ()) -> Demand:
        """What is claimed for a key result and what it needs. `judged` count wherever they stand."""
        parts = sorted(self._parts(kr, judged), key=lambda part: natural(part[2]))
        plain = total(weight for _, weight, _ in parts)
        claimed = tidy(total(tidy(weight * self._trust(team, kr)) for team, weight, _ in parts))
        needed, unread = self.needed(kr)
        ratio = tidy(claimed / needed) if needed else None
        known = any(self.calibration(team, kr) is not None for team, _, _ in parts)
        discount = tidy(claimed / plain) if plain and known else None
        return Demand(kr, claimed, needed, ratio, discount, unread, tuple(key for _, _, key in parts))

    def _parts(self, kr: KeyResult, judged: Iterable[Item]) -> Iterator[tuple[str, float, str]]:
        """(team, |expected| × confidence, key) of each that promises the key result something toward its target."""
        every = self._planned | {item.ref: item for item in (*judged, *self._observed(kr))}
        for item in every.values():
            for stated in self.promise(item):
                weight = self.weight(stated, kr) if stated.kr == kr.full_id else 0.0
                if weight:
                    yield item.team, weight, item.key

    def weight(self, stated: Contribution, kr: KeyResult) -> float:
        """The amount toward the target × confidence; 0 for one that leads away, or without an amount."""
        confidence = self.confidence(stated)
        return tidy(max(wanted_sign(kr) * (stated.amount or 0.0), 0.0) * confidence)

    def confidence(self, stated: Contribution) -> float:
        default = self.snapshot.config.contribution.default_confidence
        return default if stated.confidence is None else stated.confidence

    def calibration(self, team_id: str, kr: KeyResult) -> float | None:
        """How much of what the team claimed came true; None while too little was measured."""
        if team_id not in self._past:
            self._past[team_id] = past(self.snapshot, self.links, self._effects, team_id, ())
        return calibration(self._past[team_id], kr.full_id)

    def _trust(self, team_id: str, kr: KeyResult) -> float:
        """What the team's claims are multiplied by: 1 while nothing is known, never below 0."""
        found = self.calibration(team_id, kr)
        return 1.0 if found is None else max(found, 0.0)

    # -- what is needed --------------------------------------------------------------------------------------------

    def needed(self, kr: KeyResult) -> tuple[float | None, bool]:
        """(what is missing to the target in force, whether that is the whole span for want of a reading)."""
        target, value = self.snapshot.book.target_at(kr, self.today), self._value(kr)
        if value is None or target is None:
            span = span_of(kr, self.snapshot.book, self.today, self.readings)
            return (None if span is None else abs(span)), True
        return max(tidy(wanted_sign(kr) * less(target, value)), 0.0), False

    def _value(self, kr: KeyResult) -> float | None:
        """Where the key result stands: the latest reading, or what the tracker counts."""
        if kr.metric.direction in COMPUTED:
            value = value_at(self.snapshot, kr)
            return value if isinstance(value, float) else None
        reading = self.readings.latest(kr.full_id, self.today)
        return None if reading is None else reading.value


def _is_open_requirement(item: Item) -> bool:
    return item.role is Role.REQUIREMENT and item.open and item.gone_at is None


def _moves(kr: KeyResult) -> bool:
    """Whether it has a number to move and contributions state how far."""
    return needs_amount(kr) and wanted_sign(kr) != 0
