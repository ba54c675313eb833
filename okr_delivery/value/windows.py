"""Observation windows: when the effect of a release may be looked for, and when it has to be decided upon."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from okr_delivery.model.calendar import Calendar
from okr_delivery.model.conclusion import Conclusion, Verb
from okr_delivery.model.okr import KeyResult
from okr_delivery.value.results import ObservationWindow, WindowState

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot

NOT_RELEASED = ObservationWindow(None, None, WindowState.OPEN)
DAY = 86_400
LEAST_FURTHER = 28  # days that `observe` may add in any case


def window_of(
    released: date | None, kr: KeyResult, calendar: Calendar, as_of: int, conclusion: Conclusion | None
) -> ObservationWindow:
    """From `lag` after the local day of the release, `observe` days long, its last day included.

    `observe` as a conclusion moves the end to its due date, else by the same number of days; any other ends it.
    """
    if released is None:
        return NOT_RELEASED
    start = released + timedelta(days=kr.lag_days)
    end = start + timedelta(days=max(kr.observe_days, 1) - 1)
    if conclusion is not None and conclusion.conclusion is Verb.OBSERVE:
        end = max(end, conclusion.due or end + timedelta(days=kr.observe_days))
    elif conclusion is not None:
        return ObservationWindow(start, end, WindowState.CONCLUDED)
    return ObservationWindow(start, end, WindowState.DUE if over(end, calendar, as_of) else WindowState.OPEN)


def last_observed(key_results: Iterable[KeyResult], decided: date) -> date:
    """The last day to which `observe` may put an end off: one observation of these key results from the decision on.

    Without one, or with short ones, that is LEAST_FURTHER days. Who drew no conclusion by then has to decide again.
    """
    return decided + timedelta(days=max([LEAST_FURTHER, *(kr.observe_days for kr in key_results)]))


def released_apart(snapshot: Snapshot, source: str) -> bool:
    """Whether some work of a source may reach users on another day than that on which it is finished."""
    return snapshot.config.source(source).release.from_ != ("finished",) and snapshot.releases(source).told


def over(end: date, calendar: Calendar, as_of: int) -> bool:
    """Whether the day has ended; the last second of a day counts as its end."""
    return calendar.day_end(end) <= as_of + 1


def joint(windows: Sequence[tuple[ObservationWindow, bool]], calendar: Calendar, as_of: int) -> ObservationWindow:
    """A key result's window: from the earliest start to the latest end of its requirements' windows.

    Each comes with whether its requirement needs a conclusion of its own; once the window has ended only those count.
    """
    starts = [w.start for w, _ in windows if w.start is not None]
    ends = [w.end for w, _ in windows if w.end is not None]
    if not starts or not ends:
        return NOT_RELEASED
    ended = over(max(ends), calendar, as_of)
    waiting = any(w.state is not WindowState.CONCLUDED and (needed or not ended) for w, needed in windows)
    state = (WindowState.DUE if ended else WindowState.OPEN) if waiting else WindowState.CONCLUDED
    return ObservationWindow(min(starts), max(ends), state)


def due_on(window: ObservationWindow, grace_seconds: int) -> date | None:
    """The last day on which to conclude; grace is rounded up to whole days."""
    return None if window.end is None else window.end + timedelta(days=math.ceil(grace_seconds / DAY))


@dataclass(frozen=True, slots=True)
class Stake:
    """One delivered requirement on one key result; `amount` None: the key result needs none."""

    key: tuple[str, str]  # (source and issue id, key result)
    kr: str
    amount: float | None


def need_conclusion(stakes: Sequence[Stake], cover: float, most: int) -> frozenset[tuple[str, str]]:
    """The few that hold `cover` of what was delivered on each key result, at most `most` of an iteration.

    `stakes` come in a stable order, which decides between equal ones. Without amounts every stake counts the same.
    """
    chosen: list[tuple[float, int, Stake]] = []
    for kr in dict.fromkeys(stake.kr for stake in stakes):
        mine = [(n, stake) for n, stake in enumerate(stakes) if stake.kr == kr]
        chosen += _covering(mine, cover)
    ranked = sorted(chosen, key=lambda entry: (-entry[0], entry[1]))
    return frozenset(stake.key for _, _, stake in ranked[:most])


def _covering(mine: Sequence[tuple[int, Stake]], cover: float) -> list[tuple[float, int, Stake]]:
    amounts = [abs(stake.amount) for _, stake in mine if stake.amount is not None]
    whole = sum(amounts)
    weights = [(abs(stake.amount or 0.0) / whole if whole else 1 / len(mine), n, stake) for n, stake in mine]
    taken: list[tuple[float, int, Stake]] = []
    held = 0.0
    for weight, n, stake in sorted(weights, key=lambda entry: (-entry[0], entry[1])):
        if held >= cover - 1e-9 or not weight:
            break
        taken.append((weight, n, stake))
        held += weight
    return taken
