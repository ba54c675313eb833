"""The value trace of an iteration: promised, delivered, observed; who moved it; what is left to decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.results import Member
from okr_delivery.model.message import Message, msg
from okr_delivery.model.numbers import less, tidy
from okr_delivery.model.numbers import total as added
from okr_delivery.model.okr import Effect, KeyResult, Reading
from okr_delivery.value.attribution import Attribution, Part, attribute
from okr_delivery.value.calibration import Realised, calibration, past, ratio
from okr_delivery.value.effects import Effects, is_measured
from okr_delivery.value.evidence import COMPUTED, value_at
from okr_delivery.value.goal import goal_of
from okr_delivery.value.hits import Due, hit_rate
from okr_delivery.value.krs import UNCOUNTABLE, wanted_sign
from okr_delivery.value.progress import one
from okr_delivery.value.results import (
    IterationTrace,
    KrTrace,
    ObservationWindow,
    RequirementTrace,
    Unlinked,
)
from okr_delivery.value.stakes import Row, Stakes
from okr_delivery.value.windows import joint, over

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
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
        self.stakes = Stakes(snapshot, readings, conclusions, team_id, iteration)

    def result(self) -> IterationTrace:
        stakes, collected = self.stakes, self.stakes.collected
        here = {item.ref for item, _, _ in stakes.members}
        realised = past(self.snapshot, stakes.links, self.effects, self.team_id, here)
        return IterationTrace(
            team=self.team_id,
            source=self.iteration.source,
            id=self.iteration.id,
            name=self.iteration.name,
            goal=goal_of(self.snapshot, self.conclusions, self.team_id, self.iteration),
            key_results=tuple(
                self._key_result(kr, rows, realised, collected.notes.get(kr, ()))
                for kr, rows in sorted(collected.rows.items(), key=lambda entry: natural(entry[0]))
            ),
            unlinked=unlinked(collected.unlinked, [member for _, member, _ in stakes.members]),
            hits=hit_rate([due for rows in collected.rows.values() for due in self._due(rows)]),
        )

    def _due(self, rows: Sequence[Row]) -> Iterable[Due]:
        """Delivered requirements whose window has ended, decided upon or not."""
        for row in rows:
            if row.window.end is not None and self._over(row.window.end):
                effect = self._effect(row)
                yield Due(row.stated.amount, effect if is_measured(effect) else None)

    def _effect(self, row: Row) -> Effect | None:
        return self.effects.of(row.item, row.stated.kr)

    def _lift(self, row: Row) -> float | None:
        """The measured effect, if it was measured against something."""
        effect = self._effect(row)
        return effect.value if effect is not None and is_measured(effect) else None

    # -- one key result --------------------------------------------------------------------------------------------

    def _key_result(
        self,
        full_id: str,
        rows: Sequence[Row],
        realised: Sequence[Realised],
        notes: Sequence[Message],
    ) -> KrTrace:
        kr = self.snapshot.book.key_results[full_id]
        done = [row for row in rows if row.delivered]
        windows = [(row.window, row.key in self.stakes.needed) for row in done]
        window = joint(windows, self.calendar, self.snapshot.as_of)
        observed = self._observed(kr, window)
        parts = [Part(row.key[0], row.stated.amount, self._lift(row)) for row in done]
        shares = attribute(observed, parts, wanted_sign(kr))
        progress = one(self.snapshot, self.readings, full_id)
        measured = [(row.stated.amount, self._lift(row)) for row in done]
        return KrTrace(
            kr=kr,
            unit=kr.metric.unit,
            promised=total([row.stated.amount for row in rows if row.committed]),
            delivered=total([row.stated.amount for row in done]),
            observed=observed,
            realisation=None if shares.over else ratio((e, r) for e, r in measured if e is not None and r is not None),
            window=window,
            requirements=tuple(self._requirement(row, shares) for row in rows),
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

    def _requirement(self, row: Row, shares: Attribution) -> RequirementTrace:
        effect = self._effect(row)
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
            measured=effect.value if effect is not None else None,
            allocated=allocated,
            method=_method(row, effect, shares, allocated),
            conclusion=row.conclusion,
            due=self.stakes.due(row),
            late=row.stated.late,
        )


def _method(row: Row, effect: Effect | None, shares: Attribution, allocated: float | None) -> str | None:
    if effect is not None:
        return effect.method
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
