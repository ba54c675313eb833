"""The planning check: what is claimed for a key result against what it still needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.delivery.membership import started
from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.rules import calendar_of
from okr_delivery.delivery.teams import Role
from okr_delivery.model.conclusion import Verb
from okr_delivery.model.contribution import Contribution
from okr_delivery.model.numbers import tidy, total
from okr_delivery.model.okr import Direction, Effect, IterationGoal, KeyResult
from okr_delivery.model.work import Iteration, IterationKind, IterationState, Membership
from okr_delivery.okrs import KrFound
from okr_delivery.value.calibration import Realised, calibration, past
from okr_delivery.value.effects import Effects, Keys
from okr_delivery.value.gap import Gap, gap_of
from okr_delivery.value.goal import named_objective
from okr_delivery.value.krs import is_active, needs_amount, wanted_sign
from okr_delivery.value.links import reader
from okr_delivery.value.mentions import Mentions
from okr_delivery.value.results import Links, WindowState
from okr_delivery.value.windows import released_apart, window_of

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.delivery.sourceview import Sieve
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
    return Check(snapshot, readings, effects, conclusions).demands(team_id, iterations)


class Check:
    """Works out what is claimed and needed, for one team after another; all teams' work is read once."""

    def __init__(
        self, snapshot: Snapshot, readings: Readings, effects: Iterable[Effect], conclusions: Conclusions
    ) -> None:
        self.snapshot, self.readings, self.conclusions = snapshot, readings, conclusions
        self.links = reader(snapshot, readings)
        self.today = calendar_of(snapshot.config).local_date(snapshot.as_of)
        self._effects = Effects(snapshot, effects, self.today)
        self._keys = Keys(snapshot)
        self._past: dict[str, list[Realised]] = {}
        self._gaps: dict[str, Gap] = {}
        self._promises: dict[tuple[str, str], Links] = {}
        self._mentions = Mentions(snapshot)
        self._claimants: dict[str, dict[tuple[str, str], Item]] = {}
        self._watched: dict[str, list[Item]] = {}

    def demands(self, team_id: str, iterations: Sequence[Iteration]) -> tuple[Demand, ...]:
        """See `demands`."""
        judged = [item for iteration in iterations for item in self.open_in(team_id, iteration)]
        return tuple(self.demand(kr, judged) for kr in self.served(team_id, iterations))

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

    def of_goal(self, team_id: str, iteration: Iteration, day: date) -> list[KeyResult]:
        """The key results that the OKR files name for an iteration, in their order."""
        goal = self._goal(team_id, iteration)
        answers = [self.snapshot.book.resolve(ref, day) for ref in goal.key_results] if goal is not None else []
        return [answer.kr for answer in answers if isinstance(answer, KrFound)]

    def _goal(self, team_id: str, iteration: Iteration) -> IterationGoal | None:
        book = self.snapshot.book
        return book.goal_for(team_id, iteration.name) or book.goal_for(team_id, iteration.id)

    def _named(self, team_id: str, iteration: Iteration, day: date) -> Iterator[KeyResult]:
        """What the iteration's goal and the team's objectives name."""
        yield from self.of_goal(team_id, iteration, day)
        book, goal = self.snapshot.book, self._goal(team_id, iteration)
        wanted = {name.casefold() for name in self.snapshot.team(team_id).objectives}
        wanted |= {goal.objective.casefold()} if goal is not None and goal.objective else set()
        told = named_objective(self.snapshot, iteration.goal, day) if iteration.goal and goal is None else None
        for objective in book.objectives.values():
            if {objective.id.casefold(), objective.full_id.casefold()} & wanted or objective.full_id == told:
                yield from objective.key_results

    def _claimed_in(self, team_id: str, iteration: Iteration) -> Iterator[KeyResult]:
        for item in self.open_in(team_id, iteration):
            yield from (self.snapshot.book.key_results[c.kr] for c in self.promise(item).contributions)

    # -- what is claimed -------------------------------------------------------------------------------------------

    def promise(self, item: Item) -> Links:
        """What an issue says: as frozen where it is committed, else as it stands, without what its children carry."""
        if item.ref not in self._promises:
            at = self._committed_at(item)
            t = self.snapshot.as_of if at is None else at
            day = self.links.day(item, t)
            found = self.links.links(item, t, day=day) if at is None else self.links.frozen(item, t, day=day)
            kept = (c for c in found.contributions if not self.links.is_split(item, c.kr, t, day))
            self._promises[item.ref] = replace(found, contributions=tuple(kept))
        return self._promises[item.ref]

    def _committed_at(self, item: Item) -> int | None:
        """When the running iteration took it in that it stands in; of finished work, the last one that had it.

        What was carried over waits for its next commitment, so its claims are those of today.
        """
        if item.open and not any(self._runs(item, stay) for stay in item.memberships):
            return None
        return self.links.frozen_at(item)

    def _runs(self, item: Item, stay: Membership) -> bool:
        """Whether an issue stands in an iteration that has begun and is not closed."""
        iteration = self.snapshot.planned(item).get(stay.iteration_id)
        here = stay.left_at is None or stay.left_at > self.snapshot.as_of
        return here and iteration is not None and self.snapshot.state(iteration) is IterationState.ACTIVE

    @cached_property
    def _teams(self) -> tuple[str, ...]:
        """All teams, whichever the snapshot is narrowed to: a key result is served by whoever claims it."""
        return tuple(team.id for team in self.snapshot.config.effective_teams())

    def _planned(self, kr: KeyResult) -> dict[tuple[str, str], Item]:
        """Open requirements of all teams that stand in an iteration which is not closed and promise the key result."""
        if kr.full_id not in self._claimants:
            sieve = self._mentions.sieve(kr)
            for source, iterations in self._coming_of.items():
                self.snapshot.view(source).expect(iterations, sieve)
            every = [i for team, iteration in self._coming for i in self.open_in(team, iteration, sieve)]
            self._claimants[kr.full_id] = {item.ref: item for item in every if self._claims(item, kr)}
        return self._claimants[kr.full_id]

    @cached_property
    def _coming(self) -> list[tuple[str, Iteration]]:
        """The iterations of all teams that are not closed."""
        every = ((team, iteration) for team in self._teams for iteration in self.snapshot.iterations(team))
        return [pair for pair in every if self.snapshot.state(pair[1]) is not IterationState.CLOSED]

    @cached_property
    def _coming_of(self) -> dict[str, list[str]]:
        """Their ids by source, but for periods, which no tracker has."""
        found: dict[str, list[str]] = {}
        for _, iteration in self._coming:
            if iteration.kind is not IterationKind.PERIOD:
                found.setdefault(iteration.source, []).append(iteration.id)
        return found

    def _claims(self, item: Item, kr: KeyResult) -> bool:
        return any(stated.kr == kr.full_id for stated in self.promise(item).contributions)

    def open_in(self, team_id: str, iteration: Iteration, sieve: Sieve | None = None) -> list[Item]:
        """The open requirements that stand in an iteration; with a sieve at least those that it keeps."""
        members = self.snapshot.members(team_id, iteration, self.snapshot.as_of, sieve)
        return [item for item in members if _is_open_requirement(item)]

    def _observed(self, kr: KeyResult) -> list[Item]:
        """Finished requirements of all teams that promised the key result and whose effect is still to be seen."""
        if kr.full_id not in self._watched:
            every = self.snapshot.finished_anywhere(self._watched_since(kr), self._mentions.sieve(kr))
            mine = (i for i in every if i.role is Role.REQUIREMENT and i.gone_at is None and self._claims(i, kr))
            self._watched[kr.full_id] = [item for item in mine if self._is_watched(item, kr)]
        return self._watched[kr.full_id]

    def _watched_since(self, kr: KeyResult) -> int:
        """What was finished before this instant is looked at no more: a window's length before the cycle began.

        Where work reaches users when it is finished and nothing is observed longer, no window reaches further back.
        """
        calendar, days = calendar_of(self.snapshot.config), timedelta(days=kr.lag_days + max(kr.observe_days, 1))
        first = self.snapshot.book.cycle_of(kr).start - days
        return calendar.midnight(first if self._drawn_out else max(first, self.today - days))

    @cached_property
    def _drawn_out(self) -> bool:
        """Whether some windows end later than a window's length after the work was finished."""
        apart = any(released_apart(self.snapshot, source.name) for source in self.snapshot.config.sources)
        return apart or any(one.conclusion is Verb.OBSERVE for one in self.conclusions.all)

    def _is_watched(self, item: Item, kr: KeyResult) -> bool:
        """Whether the window of its effect has not ended; that of what was not released has not begun."""
        as_of, release = self.snapshot.as_of, self.snapshot.released(item)
        said = self.conclusions.latest(item.source, self._keys.of(item), kr.full_id, as_of)
        day = None if release is None else release.day
        return window_of(day, kr, self.links.calendar(item), as_of, said).state is WindowState.OPEN

    def demand(self, kr: KeyResult, judged: Iterable[Item] = ()) -> Demand:
        """What is claimed for a key result and what it needs. `judged` count wherever they stand."""
        parts = sorted(self._parts(kr, judged), key=lambda part: natural(part[2]))
        plain = total(weight for _, weight, _ in parts)
        claimed = tidy(total(tidy(weight * self._trust(team, kr)) for team, weight, _ in parts))
        gap = self.gap(kr)
        known = any(self.calibration(team, kr) is not None for team, _, _ in parts)
        discount = tidy(claimed / plain) if plain and known else None
        keys = tuple(key for _, _, key in parts)
        return Demand(kr, claimed, gap.missing, _ratio(claimed, gap.missing), discount, gap.unread, keys)

    def _parts(self, kr: KeyResult, judged: Iterable[Item]) -> Iterator[tuple[str, float, str]]:
        """(team, |expected| × confidence, key) of each that promises the key result something toward its target."""
        others = {item.ref: item for item in (*judged, *self._observed(kr))}
        for item in (others | self._planned(kr)).values():
            for stated in self.promise(item).contributions:
                weight = self.weight(stated, kr) if stated.kr == kr.full_id else 0.0
                if weight:
                    yield item.team, weight, item.key

    def weight(self, stated: Contribution, kr: KeyResult) -> float:
        """The amount toward the target × confidence; 0 for one that leads away, or without an amount."""
        confidence = self.confidence(stated)
        return tidy(max(self.gap(kr).way * (stated.amount or 0.0), 0.0) * confidence)

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

    def gap(self, kr: KeyResult) -> Gap:
        """What the key result still needs."""
        if kr.full_id not in self._gaps:
            self._gaps[kr.full_id] = gap_of(self.snapshot, self.readings, kr)
        return self._gaps[kr.full_id]


def _ratio(claimed: float, needed: float | None) -> float | None:
    return tidy(claimed / needed) if needed else None


def _is_open_requirement(item: Item) -> bool:
    return item.role is Role.REQUIREMENT and item.open and item.gone_at is None


def _moves(kr: KeyResult) -> bool:
    """Whether it has a number to move and contributions state how far."""
    return needs_amount(kr) and (wanted_sign(kr) != 0 or kr.metric.direction is Direction.RANGE)
