"""The stretch of time a scope looks at, and the issues that count in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.membership import last_instant
from okr_delivery.delivery.results import Metric, MetricStatus, Percentiles
from okr_delivery.delivery.teams import sources_of
from okr_delivery.delivery.timeline import Span, spans
from okr_delivery.model.calendar import Calendar
from okr_delivery.model.work import Iteration, Kind

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot

DEFAULT_DAYS = 90
_ENDED = (Kind.DONE, Kind.CANCELLED)


@dataclass(frozen=True)
class Period:
    """The instants t with `after < t <= until`, both epoch seconds; `first` and `last` are its local days."""

    after: int
    until: int
    first: date
    last: date

    def holds(self, t: int | None) -> bool:
        return t is not None and self.after < t <= self.until

    @property
    def seconds(self) -> int:
        return max(0, self.until - self.after)


def of_days(calendar: Calendar, as_of: int, since: date | None, until: date | None) -> Period:
    """Local days, both included and not beyond `as_of`; without a first day the 90 days up to the last."""
    last = until or calendar.local_date(as_of)
    first = since or last - timedelta(days=DEFAULT_DAYS - 1)
    return Period(calendar.midnight(first) - 1, min(calendar.day_end(last) - 1, as_of), first, last)


def of_iteration(snapshot: Snapshot, team_id: str, iteration: Iteration) -> Period:
    """(start, end] of an iteration up to `as_of`, its days up to the planned end; nothing lies in one that is to come.

    One without a start reaches back to the beginning of time.
    """
    bounds, calendar = snapshot.window(team_id, iteration), snapshot.calendar(team_id)
    after = 0 if bounds.start is None else bounds.start
    end = bounds.end if iteration.end is None or not bounds.provisional else max(bounds.end, iteration.end)
    first = end if bounds.start is None else bounds.start
    last = max(first, last_instant(iteration, end))
    return Period(after, bounds.end, calendar.local_date(min(first, last)), calendar.local_date(last))


class Population:
    """A team's issues as one period's metrics see them."""

    def __init__(self, snapshot: Snapshot, team_id: str, period: Period) -> None:
        self.snapshot, self.team_id, self.period = snapshot, team_id, period
        self.calendar = snapshot.calendar(team_id)
        self.rule_hash = snapshot.rule_hash(team_id)
        self.everything = [i for i in snapshot.items(team_id) if i.issue.created <= period.until]

    @cached_property
    def counted(self) -> list[Item]:
        return [item for item in self.everything if item.counted]

    @cached_property
    def finished(self) -> list[Item]:
        return [item for item in self.counted if self.period.holds(item.fact.finished_at)]

    @cached_property
    def runs(self) -> list[tuple[Item, list[Run]]]:
        """Counted issues that were ever in progress, each with the stretches in which they were."""
        found = ((item, in_progress(item, self.snapshot.as_of)) for item in self.counted)
        return [(item, runs) for item, runs in found if runs]

    @cached_property
    def has_wait(self) -> bool:
        return any(self.snapshot.rules(name).has_wait for name in sources_of(self.snapshot.team(self.team_id)))

    def out(self, meets: Callable[[Item], bool]) -> Counter[str]:
        """Why issues that meet the condition are not counted. Broken histories prove nothing, so all of those are."""
        found: Counter[str] = Counter()
        for item in self.everything:
            if item.issue.subtask:
                found["subtask"] += meets(item)
            elif not item.issue.history_complete:
                found["history_incomplete"] += 1
        return found

    def metric(
        self,
        value: float | None,
        n: int,
        unit: str,
        definition: str,
        *,
        items: Iterable[Item] = (),
        excluded: Mapping[str, int] | None = None,
        percentiles: Percentiles | None = None,
        status: MetricStatus | None = None,
    ) -> Metric:
        """Builds a metric; without a status it is no_data for None, partial where an unmapped status is involved."""
        kept = {reason: count for reason, count in sorted((excluded or {}).items()) if count}
        if status is None:
            status = MetricStatus.NO_DATA if value is None else MetricStatus.OK
            if any("status_unmapped" in item.fact.notes for item in items):
                status = MetricStatus.PARTIAL
        as_of = self.snapshot.as_of
        return Metric(value, status, n, unit, definition, self.rule_hash, as_of, kept, percentiles)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch in progress, [since, until), until None: still. `end` is the kind it ended in, None: gone or still."""

    since: int
    until: int | None
    end: Kind | None

    def holds(self, t: int) -> bool:
        return self.since <= t and (self.until is None or t < self.until)


def in_progress(item: Item, as_of: int) -> list[Run]:
    """The stretches from the first start on in which an item was neither done, cancelled nor gone."""
    started = item.fact.started_at
    if started is None:
        return []
    gone = item.fact.gone_at
    walk, _ = spans(item.intervals, as_of if gone is None else gone)
    found: list[Run] = []
    since: int | None = None
    for span in walk:
        since = _step(span, started, since, found)
    if since is not None:
        found.append(Run(since, gone, None))
    return found


def _step(span: Span, started: int, since: int | None, found: list[Run]) -> int | None:
    kind, _, entered, _ = span
    if kind in _ENDED:
        if since is not None:
            found.append(Run(since, entered, kind))
        return None
    return entered if since is None and entered >= started else since


def reopenings(item: Item) -> list[int]:
    """The instants at which an item that was done became open again; undone clicks are none."""
    walk, _ = spans(item.intervals, item.fact.gone_at or item.intervals[-1].entered_at)
    found, done = [], False
    for kind, _, entered, _ in walk:
        if done and kind not in _ENDED:
            found.append(entered)
        done = kind is Kind.DONE or (done and kind is Kind.CANCELLED)
    return found
