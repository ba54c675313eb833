"""Earlier requirements whose observation window has ended: what was delivered must end in a conclusion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.teams import sources_of
from okr_delivery.model.okr import Effect, KeyResult
from okr_delivery.model.work import Iteration, IterationState
from okr_delivery.value.effects import Effects
from okr_delivery.value.results import ObservationWindow, WindowState
from okr_delivery.value.stakes import Row, Stakes
from okr_delivery.value.windows import released_apart

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.okrs import Readings
    from okr_delivery.value.conclusions import Conclusions


@dataclass(frozen=True, slots=True)
class DueTrace:
    """One requirement on one key result that waits for a conclusion.

    `due` is the last day for it, `overdue` whether that day has passed. `effect` is what was measured, if anything.
    """

    item: Item
    kr: KeyResult
    window: ObservationWindow
    iteration: Iteration
    due: date
    overdue: bool
    expected: float | None = None
    effect: Effect | None = None


def due(
    snapshot: Snapshot,
    readings: Readings,
    effects: Iterable[Effect],
    conclusions: Conclusions,
    team_id: str,
    *,
    since: int | None,
    overdue: bool = False,
) -> tuple[DueTrace, ...]:
    """What the traces of the team's iterations wait for, the most urgent first, each requirement and key result once.

    Only what was delivered since an instant counts; None: since the day of its source's first sync. Short of that it is
    exactly what `trace` shows as due: the few of each iteration that `trace.conclude` asks about. `overdue`: only what
    is.
    """
    measured = Effects(snapshot, effects, snapshot.day(team_id))
    found: dict[tuple[str, str], DueTrace] = {}
    late = timedelta(seconds=snapshot.config.trace.conclude.grace, days=1) if overdue else timedelta()
    for iteration in _begun(snapshot, team_id, since, late):
        stakes = Stakes(snapshot, readings, conclusions, team_id, iteration)
        for row in _waiting(stakes, team_id, since):
            one = _made(stakes, row, iteration, team_id, measured)
            if one is None or (overdue and not one.overdue):
                continue
            if row.key not in found or one.due < found[row.key].due:
                found[row.key] = one
    return tuple(sorted(found.values(), key=_urgency))


def _urgency(one: DueTrace) -> tuple[object, ...]:
    return one.due, natural(one.item.key), one.item.source, natural(one.kr.full_id)


def asked_since(snapshot: Snapshot, team_id: str) -> int | None:
    """The instant that `gate.since` means for a team; None where it is not set."""
    since = snapshot.config.gate.since
    return None if since is None else snapshot.calendar(team_id).midnight(since)


def _begun(snapshot: Snapshot, team_id: str, since: int | None, late: timedelta) -> Iterator[Iteration]:
    """The team's iterations in which something may have been delivered since then whose window is over by so much."""
    for iteration in snapshot.iterations(team_id):
        if snapshot.state(iteration) is not IterationState.FUTURE:
            start, bounds = _since(snapshot, team_id, iteration.source, since), snapshot.window(team_id, iteration)
            if start is None or bounds.end < start:
                continue
            if _may_be_over(snapshot, team_id, max(start, bounds.start or start), late):
                yield iteration


def _may_be_over(snapshot: Snapshot, team_id: str, finished: int, late: timedelta) -> bool:
    """Whether the window of what was finished at an instant, or later, may have ended that long ago."""
    if any(released_apart(snapshot, source) for source in sources_of(snapshot.team(team_id))):
        return True
    shortest = min((kr.lag_days + max(kr.observe_days, 1) for kr in snapshot.book.key_results.values()), default=0)
    end = snapshot.calendar(team_id).local_date(finished) + timedelta(days=shortest - 1)
    return end + late <= snapshot.day(team_id)


def _since(snapshot: Snapshot, team_id: str, source: str, since: int | None) -> int | None:
    """`since`, else the day of the source's first sync; None before that."""
    if since is not None:
        return since
    state = snapshot.source_states.get(source)
    first = None if state is None else state.first_synced_at
    calendar = snapshot.calendar(team_id)
    return None if first is None else calendar.midnight(calendar.local_date(first))


def _waiting(stakes: Stakes, team_id: str, since: int | None) -> Iterator[Row]:
    """The rows of what was delivered late enough; where nothing was, no claim is read."""
    late = set()
    for member in stakes.sets.delivered:
        start = _since(stakes.snapshot, team_id, member.source, since)
        if start is not None and member.finished_at is not None and member.finished_at >= start:
            late.add(member.ref)
    if late:
        for rows in stakes.collected.rows.values():
            yield from (row for row in rows if row.delivered and row.member.ref in late)


def _made(stakes: Stakes, row: Row, iteration: Iteration, team_id: str, measured: Effects) -> DueTrace | None:
    day = stakes.due(row)
    if day is None or row.window.state is not WindowState.DUE:
        return None
    overdue = day < stakes.snapshot.day(team_id)
    effect = measured.of(row.item, row.kr.full_id)
    return DueTrace(row.item, row.kr, row.window, iteration, day, overdue, row.stated.amount, effect)
