"""Offset pages of a search whose rows may move while it is read: how to notice, and how to read on without a gap."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from okr_delivery.sync.workers import Workers
from okr_delivery_jira.problems import broken
from okr_delivery_jira.text import by_number, listed, members, string

PAGE = 100
"""Issues a page with their bodies and histories."""
IDS = 1000
"""Issues a page without bodies: what servers allow unless told otherwise."""
AHEAD = 3
"""Pages that may be under way, or in memory, behind the one that is read."""
TOLERANCE = 0.02
MOST_PAGES = 100_000

Row = Mapping[str, object]
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class OffsetPage:
    """`total` and `size` (the greatest number of rows the server gives) are what the server said with this page."""

    rows: Sequence[Row]
    total: int
    size: int

    @property
    def ids(self) -> list[str]:
        return [str(row["id"]) for row in self.rows]


Ask = Callable[[int, int], OffsetPage]
"""A page from an offset on, with at most so many rows."""


def read_page(payload: object, asked: int, where: str) -> OffsetPage:
    """Raises AbortSyncError for an answer that is no page of issues."""
    if not isinstance(payload, dict) or not isinstance(payload.get("issues"), list):
        raise broken("shape", where)
    rows, total, size = members(payload["issues"]), payload.get("total"), payload.get("maxResults")
    if not isinstance(total, int) or any(string(row.get("id")) is None for row in rows):
        raise broken("shape", where)
    if len(rows) != len(listed(payload["issues"])):
        raise broken("shape", where)
    return OffsetPage(rows, total, size if isinstance(size, int) and size > 0 else asked)


class Scan:
    """All pages of a search sorted by id, the next ones under way while one is read.

    Each page begins with the last row of the one before. Where it does not, where the total fell or a page came empty
    before the end, rows have moved under the offset: the scan stops behind `last` with `moved` set, and the rest must
    be found by a list of ids.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._total = 0
        self.last: str | None = None
        self.moved = False

    def __iter__(self) -> Iterator[Sequence[Row]]:
        """The rows of each page that did not come before; never an empty list."""
        with Workers(AHEAD) as workers:
            plan = _Plan(self._ask, workers)
            start = 0
            while True:
                page = plan.take(start)
                rows = self._new(page, start)
                if rows is None:
                    self.moved = True
                    return
                if rows:
                    self.last = str(rows[-1]["id"])
                    start += len(rows)
                    plan.order(start, page)
                    yield rows
                if start >= page.total:
                    return

    def _new(self, page: OffsetPage, start: int) -> Sequence[Row] | None:
        """The rows behind the one that is known; None when they do not join on to it."""
        fell, self._total = page.total < self._total, page.total
        rows = page.rows if start == 0 else page.rows[1:]
        joined = start == 0 or page.ids[:1] == [self.last]
        ordered = all(by_number(a) < by_number(b) for a, b in zip(page.ids, page.ids[1:], strict=False))
        if fell or not joined or not ordered or (not rows and start < page.total):
            return None
        return rows


class _Plan:
    """Pages ordered before they are needed, as long as pages come as full as the server lets them be."""

    def __init__(self, ask: Ask, workers: Workers) -> None:
        self._ask = ask
        self._workers = workers
        self._waiting: deque[tuple[int, Future[OffsetPage]]] = deque()
        self._even = True

    def take(self, start: int) -> OffsetPage:
        """The page whose first new row has this offset."""
        if self._waiting and self._waiting[0][0] == start:
            return self._waiting.popleft()[1].result()
        self._waiting.clear()
        return self._page(start)

    def order(self, start: int, page: OffsetPage) -> None:
        """Asks for what follows `page`, up to the end that it named. `start` is the offset of its next row."""
        self._even = self._even and (len(page.rows) >= min(PAGE, page.size) or start >= page.total)
        step = min(PAGE, page.size - 1) if page.size != PAGE or start > PAGE else PAGE
        following = self._waiting[-1][0] + step if self._waiting else start
        while self._even and step > 0 and len(self._waiting) < AHEAD and following < page.total:
            self._waiting.append((following, self._workers.submit(partial(self._page, following))))
            following += step

    def _page(self, start: int) -> OffsetPage:
        return self._ask(0, PAGE) if start == 0 else self._ask(start - 1, PAGE + 1)


def sweep(
    ask: Ask, keep: Callable[[Row], Kept], warn: Callable[[int, int], None], where: str, *, joined: bool = True
) -> dict[str, Kept]:
    """What is to be kept of each row, by id in numeric order; read twice where rows moved or fewer came than counted.

    `joined` has each page begin with the last row of the one before, so that a row that goes while another comes is
    noticed too. Raises AbortSyncError when many are missing still; `warn` is told of a few.
    """
    rows, total, moved = _pass(ask, keep, where, joined)
    if moved or len(rows) < total:
        more, total, _ = _pass(ask, keep, where, joined)
        rows |= more
    if len(rows) < total:
        if len(rows) < total * (1 - TOLERANCE) - 1:
            raise broken("count", where, found=len(rows), count=total)
        warn(len(rows), total)
    return {issue_id: rows[issue_id] for issue_id in sorted(rows, key=by_number)}


def _pass(ask: Ask, keep: Callable[[Row], Kept], where: str, joined: bool) -> tuple[dict[str, Kept], int, bool]:
    """One pass: the rows, the total that the last page named, and whether rows moved under the offset."""
    rows: dict[str, Kept] = {}
    start, total, size, last, moved, again = 0, 0, IDS, "", False, False
    for _ in range(MOST_PAGES):
        back = 1 if joined and last and size > 1 else 0
        page = ask(start - back, IDS)
        moved = moved or page.total < total or (back == 1 and page.ids[:1] != [last])
        total, size, new = page.total, page.size, page.ids[back:]
        rows.update(zip(page.ids, map(keep, page.rows), strict=True))
        if start + len(new) >= total:
            return rows, total, moved
        if not new and not again:  # a hiccup, or rows that the server counts and does not show
            again = True
            continue
        start, last, again = start + (len(new) or page.size), new[-1] if new else "", False
    raise broken("endless", where)
