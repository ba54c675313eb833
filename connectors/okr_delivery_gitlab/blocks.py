"""What a run reads, list after list, cut into blocks of rows with a cursor each: never all bodies at once."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from operator import itemgetter

from okr_delivery.sync.connector import Held
from okr_delivery.sync.workers import ahead
from okr_delivery_gitlab.lists import IssueList, Mark, Walk, mark_of
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.scope import Place
from okr_delivery_gitlab.values import Row, instant, written

Pages = Callable[[IssueList, Mark | None], Iterator[list[Row]]]
"""The pages of a list, all of them or those behind a row."""
MOST = 250
"""Rows of a block: what a page of the contract may hold."""
AHEAD = 3
"""Pages of lists that are read while what came before them is worked on: a block's and a bit."""
SLACK = 120
"""Seconds by which a list of what changed reaches back behind the run's beginning."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Lists to read one after another. `name` is part of each cursor: another plan's cursor says nothing of this one.

    `windowed`: the lists are bounded by a time of change, so that what the store holds need not come again.
    """

    name: str
    lists: tuple[IssueList, ...]
    windowed: bool = False


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans of one source. `oldest` (epoch seconds): closed issues not updated since are out of scope. `epics`: the
    groups have some."""

    places: Sequence[Place]
    oldest: int | None = None
    epics: bool = False

    def every(self) -> Plan:
        """All issues in scope."""
        return Plan("all", self._split(None))

    def window(self, since: int) -> Plan:
        """What was updated since an instant."""
        return Plan("window", self._split(since), windowed=True)

    def lively(self, lively: int) -> Plan:
        """What is open or was updated since `lively`."""
        return Plan("lively", self._open_and_closed({}, max(lively, self.oldest or lively)))

    def rest(self, lively: int, begun: int) -> Plan:
        """What `lively` left out, and what may have moved between its lists while they were read."""
        old = {"state": "closed", "updated_before": written(lively)}
        if self.oldest is not None:
            old |= {"updated_after": written(self.oldest)}
        moved = {"updated_after": written(begun - SLACK)}
        return Plan("rest", self._lists(old, moved))

    def _split(self, since: int | None) -> tuple[IssueList, ...]:
        opened = {} if since is None else {"updated_after": written(since)}
        if self.oldest is None or (since is not None and since >= self.oldest):
            return self._lists(opened)
        return self._open_and_closed(opened, self.oldest)

    def _open_and_closed(self, opened: dict[str, str], closed_since: int) -> tuple[IssueList, ...]:
        return self._lists({"state": "opened", **opened}, {"state": "closed", "updated_after": written(closed_since)})

    def _lists(self, *filters: dict[str, str]) -> tuple[IssueList, ...]:
        """These filters for the issues of each place, and for the epics of each group."""
        issues = [IssueList(place, one) for place in self.places for one in filters]
        groups = [place for place in self.places if place.kind == "groups"] if self.epics else []
        return (*issues, *(IssueList(place, one, epics=True) for place in groups for one in filters))


def first_instant(oldest: date | None) -> int | None:
    """The begin of a day in UTC."""
    return None if oldest is None else int(datetime(oldest.year, oldest.month, oldest.day, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a plan are to be read: those behind a cursor, not in `skip`, not held as they are now."""

    plan: Plan
    held: Held
    resume: str | None = None
    skip: Container[str] = field(default_factory=tuple)

    def fresh(self, rows: Sequence[Row], what: str) -> list[Row]:
        """Raises AbortSyncError for rows without an instant of their last update."""
        left = [row for row in rows if str(row["id"]) not in self.skip]
        if not self.plan.windowed or not left:
            return left
        updated = {str(row["id"]): updated_of(row, what) for row in left}
        have = self.held(list(updated))
        return [row for row in left if have.get(str(row["id"])) != updated[str(row["id"])]]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows whose histories are read together, and the cursor behind them."""

    rows: tuple[Row, ...]
    after: str


def blocks(walk: Walk, wanted: Wanted, pages: Pages | None = None) -> Iterator[Block]:
    """The rows to read, in the plan's order, at most MOST at a time. `pages` reads a list, else `walk` itself does.

    The lists go on in a thread of their own; who asks for blocks sorts out the rows.
    """
    every = ahead(_listed(wanted, pages or walk.pages), AHEAD)
    for number, found in groupby(every, key=itemgetter(0)):
        own = (page for _, page in found)
        yield from _cut(own, wanted, wanted.plan.lists[number], f"{wanted.plan.name}:{number}", walk)


def _listed(wanted: Wanted, pages: Pages) -> Iterator[tuple[int, list[Row]]]:
    """The pages of one list after the other, each with the number of its list."""
    start, mark = _resumed(wanted)
    for number, issues in enumerate(wanted.plan.lists[start:], start):
        for page in pages(issues, mark if number == start else None):
            yield number, page


def _cut(
    pages: Iterator[list[Row]], wanted: Wanted, issues: IssueList, name: str, walk: Walk
) -> Iterator[Block]:  # fmt: skip
    waiting: list[Row] = []
    after = ""
    for page in pages:
        fresh = wanted.fresh(page, issues.what)
        if len(waiting) + len(fresh) > MOST:
            yield Block(tuple(waiting), after)
            waiting = []
        waiting += fresh
        mark = mark_of(page[-1], issues.what)
        after = f"{name}:{mark.id}:{mark.created if walk.ordered else ''}"
    if waiting:
        yield Block(tuple(waiting), after)


def _resumed(wanted: Wanted) -> tuple[int, Mark | None]:
    """Where a run that died goes on: the list and the row in it. From the beginning behind another plan's cursor."""
    name, _, rest = (wanted.resume or "").partition(":")
    number, _, place = rest.partition(":")
    ref, _, created = place.partition(":")
    if name != wanted.plan.name or not number.isdigit() or not created:
        return 0, None
    return int(number), Mark(created, ref)


def updated_of(row: Row, what: str) -> int:
    """When a row says that its issue was updated last (epoch seconds). Raises AbortSyncError for a row that doesn't."""
    try:
        ts = instant(row.get("updated_at"))
    except ValueError:
        ts = None
    if ts is None:
        raise broken("no_updated", what)
    return ts
