"""The value trace of an iteration: promised, delivered, observed; who moved it; what is left to decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.results import IterationSets, Member
from okr_delivery.delivery.teams import Role
from okr_delivery.model.contribution import Contribution
from okr_delivery.model.message import Message, msg
from okr_delivery.model.numbers import less, tidy
from okr_delivery.model.numbers import total as added
from okr_delivery.model.okr import Effect, KeyResult, Reading
from okr_delivery.value.attribution import Attribution, Part, attribute
from okr_delivery.value.calibration import Realised, calibration, past, ratio
from okr_delivery.value.effects import Effects, Keys, is_measured
from okr_delivery.value.evidence import COMPUTED, value_at
from okr_delivery.value.goal import goal_of
from okr_delivery.value.hits import Due, hit_rate
from okr_delivery.value.krs import UNCOUNTABLE, wanted_sign
from okr_delivery.value.links import LinkReader, reader
from okr_delivery.value.progress import one
from okr_delivery.value.results import (
    IterationTrace,
    KrTrace,
    ObservationWindow,
    RequirementTrace,
    Unlinked,
    WindowState,
)
from okr_delivery.value.windows import Stake, due_on, joint, need_conclusion, over, window_of

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.model.conclusion import Conclusion
    from okr_delivery.model.work import Iteration
    from okr_delivery.okrs import Readings
    from okr_delivery.value.conclusions import Conclusions

UNREAD = frozenset({*COMPUTED, *UNCOUNTABLE})  # key results that have no readings


def trace(
    snapshot: Snapshot,
    readings: Readings,
    effects: Iterable[Effect],
    conclusions: Conclusions,
    team_id: str,
    iteration: Iteration,
) -> IterationTrace:
    """The trace of one team's iteration, as known at the snapshot's instant; nothing later is looked at."""
    return _Tracing(snapshot, readings, effects, conclusions, team_id, iteration).result()


@dataclass(slots=True)
class _Row:
    """One requirement on one key result."""

    item: Item
    member: Member
    stated: Contribution
    committed: bool
    delivered: bool
    window: ObservationWindow
    conclusion: Conclusion | None
    effect: Effect | None

    @property
    def key(self) -> tuple[str, str]:
        return f"{self.item.source}:{self.item.issue.id}", self.stated.kr

    @property
    def lift(self) -> float | None:
        """The measured effect, if it was measured against something."""
        return self.effect.value if self.effect is not None and is_measured(self.effect) else None


@dataclass(slots=True)
class _Collected:
    """What the members of the iteration say."""

    rows: dict[str, list[_Row]] = field(default_factory=dict)
    notes: dict[str, list[Message]] = field(default_factory=dict)
    unlinked: list[tuple[Item, Member]] = field(default_factory=list)


class _Tracing:
    def __init__(
        self,
        snapshot: Snapshot,
        readings: Readings,
        effects: Iterable[Effect],
        conclusions: Conclusions,
        team_id: str,
        iteration: Iteration,
    ) -> None:
        self.snapshot, self.readings, self.conclusions = snapshot, readings, conclusions
        self.team_id, self.iteration = team_id, iteration
        self.calendar = snapshot.calendar(team_id)
        self.effects = Effects(snapshot, effects, snapshot.day(team_id))
        self.keys = Keys(snapshot)
        self.links: LinkReader = reader(snapshot, readings)
        self.sets: IterationSets = snapshot.sets(team_id, iteration)

    @property
    def members(self) -> list[tuple[Item, Member, bool]]:
        """(item, member, committed) of everything that was committed or added, in the order people count."""
        both = [(m, True) for m in self.sets.committed] + [(m, False) for m in self.sets.added]
        found = [(self.snapshot.item(m.source, m.issue_id), m, committed) for m, committed in both]
        known = [(item, m, committed) for item, m, committed in found if item is not None]
        return sorted(known, key=lambda entry: (natural(entry[0].key), entry[0].source))

    def result(self) -> IterationTrace:
        members = self.members
        collected = self._collect(members)
        stakes = [
            Stake(row.key, kr, row.stated.amount)
            for kr in sorted(collected.rows, key=natural)
            for row in collected.rows[kr]
            if row.delivered
        ]
        settings = self.snapshot.config.trace.conclude
        needed = need_conclusion(stakes, settings.cover, settings.max)
        here = {item.ref for item, _, _ in members}
        realised = past(self.snapshot, self.links, self.effects, self.team_id, here)
        return IterationTrace(
            team=self.team_id,
            source=self.iteration.source,
            id=self.iteration.id,
            name=self.iteration.name,
            goal=goal_of(self.snapshot, self.conclusions, self.team_id, self.iteration),
            key_results=tuple(
                self._key_result(kr, rows, needed, realised, collected.notes.get(kr, ()))
                for kr, rows in sorted(collected.rows.items(), key=lambda entry: natural(entry[0]))
            ),
            unlinked=unlinked(collected.unlinked, [member for _, member, _ in members]),
            hits=hit_rate([due for rows in collected.rows.values() for due in self._due(rows)]),
        )

    def _due(self, rows: Sequence[_Row]) -> Iterable[Due]:
        """Delivered requirements whose window has ended, decided upon or not."""
        for row in rows:
            if row.window.end is not None and self._over(row.window.end):
                yield Due(row.stated.amount, row.effect if is_measured(row.effect) else None)

    # -- who says what ---------------------------------------------------------------------------------------------

    def _day(self, member: Member) -> date:
        """The day on which short ids are read: the iteration's start, else the joining."""
        start = self.sets.window.start
        return self.calendar.local_date(member.joined_at if start is None else start)

    def _collect(self, members: Sequence[tuple[Item, Member, bool]]) -> _Collected:
        found = _Collected()
        delivered = {m.ref for m in self.sets.delivered}
        for item, member, committed in members:
            stated, notes = self._stated(item, member)
            if not stated:
                found.unlinked.append((item, member))
            for one_stated in stated:
                if self.links.is_split(item, one_stated.kr, member.joined_at, self._day(member)):
                    continue
                done = item.ref in delivered
                found.rows.setdefault(one_stated.kr, []).append(self._row(item, member, one_stated, committed, done))
                said = found.notes.setdefault(one_stated.kr, [])
                said += [note for note in notes if note not in said]
        return found

    def _stated(self, item: Item, member: Member) -> tuple[tuple[Contribution, ...], tuple[Message, ...]]:
        if item.role is not Role.REQUIREMENT:
            return (), ()
        links = self.links.frozen(item, member.joined_at, day=self._day(member))
        return links.contributions, links.notes

    def _row(self, item: Item, member: Member, stated: Contribution, committed: bool, delivered: bool) -> _Row:
        kr = self.snapshot.book.key_results[stated.kr]
        conclusion = self.conclusions.latest(item.source, self.keys.of(item), stated.kr, self.snapshot.as_of)
        released = self._released(item, member) if delivered else None
        window = window_of(released, kr, self.calendar, self.snapshot.as_of, conclusion)
        effect = self.effects.of(item, stated.kr)
        return _Row(item, member, stated, committed, delivered, window, conclusion, effect)

    def _released(self, item: Item, member: Member) -> date | None:
        """The day of its release; of one that is open again, the day on which the iteration delivered it."""
        found = self.snapshot.released(item)
        if found is not None:
            return found.day
        return None if member.finished_at is None else self.calendar.local_date(member.finished_at)

    # -- one key result --------------------------------------------------------------------------------------------

    def _key_result(
        self,
        full_id: str,
        rows: Sequence[_Row],
        needed: frozenset[tuple[str, str]],
        realised: Sequence[Realised],
        notes: Sequence[Message],
    ) -> KrTrace:
        kr = self.snapshot.book.key_results[full_id]
        done = [row for row in rows if row.delivered]
        windows = [(row.window, row.key in needed) for row in done]
        window = joint(windows, self.calendar, self.snapshot.as_of)
        observed = self._observed(kr, window)
        parts = [Part(row.key[0], row.stated.amount, row.lift) for row in done]
        shares = attribute(observed, parts, wanted_sign(kr))
        progress = one(self.snapshot, self.readings, full_id)
        measured = [(row.stated.amount, row.lift) for row in done]
        return KrTrace(
            kr=kr,
            unit=kr.metric.unit,
            promised=total([row.stated.amount for row in rows if row.committed]),
            delivered=total([row.stated.amount for row in done]),
            observed=observed,
            realisation=None if shares.over else ratio((e, r) for e, r in measured if e is not None and r is not None),
            window=window,
            requirements=tuple(self._requirement(row, shares, needed) for row in rows),
            calibration=calibration(realised, full_id),
            verdict=progress.verdict,
            health=progress.health,
            progress=progress,
            unexplained=shares.unexplained,
            over_attributed=shares.over,
            notes=(*notes, *self._missing(kr, window)),
        )

    def _observed(self, kr: KeyResult, window: ObservationWindow) -> float | None:
        """The key result's change over the window; None before its end and without a reading at either side.

        One and the same reading at both sides is none: it says nothing about a change.
        """
        if window.start is None or window.end is None or not self._over(window.end):
            return None
        if kr.metric.direction in COMPUTED:
            before, after = (self._computed(kr, day) for day in (window.start, window.end))
            return None if before is None or after is None else tidy(less(after, before))
        first, last = self._reading(kr, window.start), self._reading(kr, window.end)
        return None if first is None or last is None or first == last else less(last.value, first.value)

    def _over(self, day: date) -> bool:
        return over(day, self.calendar, self.snapshot.as_of)

    def _computed(self, kr: KeyResult, day: date) -> float | None:
        """What the tracker itself counts."""
        value = value_at(self.snapshot, kr, day)
        return value if isinstance(value, float) else None

    def _reading(self, kr: KeyResult, day: date) -> Reading | None:
        """The reading in force on a day, not older than a cadence."""
        return self.readings.at(kr.full_id, day, kr.cadence_days)

    def _missing(self, kr: KeyResult, window: ObservationWindow) -> Iterable[Message]:
        """Names the side of an ended window that has no reading of its own."""
        if window.start is None or window.end is None or not self._over(window.end) or kr.metric.direction in UNREAD:
            return
        first, last = self._reading(kr, window.start), self._reading(kr, window.end)
        for day, found in ((window.start, first), (window.end, last)):
            if found is None:
                yield msg("value.trace.no_reading", kr=kr.id, day=day.isoformat(), days=kr.cadence_days)
        if first is not None and first == last:
            start, end = window.start.isoformat(), window.end.isoformat()
            yield msg("value.trace.same_reading", kr=kr.id, day=first.day.isoformat(), start=start, end=end)

    def _requirement(self, row: _Row, shares: Attribution, needed: frozenset[tuple[str, str]]) -> RequirementTrace:
        grace = self.snapshot.config.trace.conclude.grace
        undecided = row.key in needed and row.window.state is not WindowState.CONCLUDED
        allocated = shares.allocated.get(row.key[0]) if row.delivered else None
        issue = row.item.issue
        return RequirementTrace(
            source=issue.source,
            issue_id=issue.id,
            key=issue.key,
            title="" if issue.confidential else issue.title,
            url=self.snapshot.link(issue.source, issue.url),
            expected=row.stated.amount,
            low=row.stated.low,
            high=row.stated.high,
            confidence=row.stated.confidence,
            delivered=row.delivered,
            committed=row.committed,
            window=row.window,
            measured=row.effect.value if row.effect is not None else None,
            allocated=allocated,
            method=self._method(row, shares, allocated),
            conclusion=row.conclusion,
            due=due_on(row.window, grace) if undecided else None,
            late=row.stated.late,
        )

    @staticmethod
    def _method(row: _Row, shares: Attribution, allocated: float | None) -> str | None:
        if row.effect is not None:
            return row.effect.method
        if allocated is not None:
            return "allocated"
        return "group" if shares.group and row.delivered else None


def total(amounts: Sequence[float | None]) -> float | None:
    """The sum of the stated amounts: 0 of nothing at all, None when something is linked but nothing is stated."""
    stated = [amount for amount in amounts if amount is not None]
    return added(stated) if stated or not amounts else None


def unlinked(without: Sequence[tuple[Item, Member]], members: Sequence[Member]) -> Unlinked:
    """Work that names no key result, and its share of the estimated effort."""
    keys = tuple(item.key for item, _ in without)
    whole = added(member.estimate_in or 0.0 for member in members)
    part = added(member.estimate_in or 0.0 for _, member in without)
    return Unlinked(len(keys), tidy(part / whole) if whole else None, keys)
