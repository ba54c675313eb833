"""Long lists of issues, read in stretches of their creation side by side: each page waits for the one before it only
within a stretch. The rows come as a walk gives them, in the same order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from queue import SimpleQueue
from typing import NamedTuple

from okr_delivery.sync.workers import Workers
from okr_delivery_gitlab.lists import PAGE, IssueList, Mark, Walk, created_of, mark_of
from okr_delivery_gitlab.values import Row, instant, written

AT_ONCE = 3
"""Stretches that are read side by side."""
STRIDE = 4
"""Pages that a stretch should have; more of one wait until it is its turn."""
LONG = 12
"""Pages that a list must seem to have for that: its last page in each stretch is not full."""
MOST_STRIDES = 64
"""Of equal length, as the first page foretells them: it may be denser by far than what follows."""


_Came = SimpleQueue[Iterator[list[Row]] | None]
"""Pages as they come, None behind the last ones."""


class _Stretch(NamedTuple):
    """`end` in epoch seconds, None for the last one."""

    end: int | None
    pages: Iterator[list[Row]]


@dataclass(slots=True)
class _Emitted:
    """What was handed on last: stretches share the instant at which they meet."""

    last: Mark
    border: set[str] = field(default_factory=set)  # ids of the rows of that creation

    def fresh(self, rows: Sequence[Row], what: str) -> list[Row]:
        """Those that were not handed on; they are from now on."""
        found: list[Row] = []
        for row in rows:
            mark = mark_of(row, what)
            if mark.created == self.last.created and mark.id in self.border:
                continue
            self.border = {*(self.border if mark.created == self.last.created else ()), mark.id}
            self.last = mark
            found.append(row)
        return found


class Strides:
    """Reads lists of one walk. `now` (epoch seconds): no issue was created later, but for some moments."""

    def __init__(self, walk: Walk, workers: Workers, now: int) -> None:
        self._walk = walk
        self._workers = workers
        self._now = now

    def pages(self, issues: IssueList, behind: Mark | None = None) -> Iterator[list[Row]]:
        """As `Walk.pages`."""
        pages = self._walk.pages(issues, behind)
        first = next(pages, None)
        if first is None:
            return
        yield first
        width = None if issues.epics or not self._walk.ordered else self._width(first, issues.what)
        yield from pages if width is None else self._side_by_side(issues, first, width)

    def _width(self, rows: Sequence[Row], what: str) -> int | None:
        """Seconds of a stretch; None for a list that does not seem to be long."""
        begin, end = (_second(created_of(row, what)) for row in (rows[0], rows[-1]))
        page, left = max(1, end - begin), self._now - end
        if len(rows) < PAGE - 1 or left < LONG * page:
            return None
        return max(STRIDE * page, left // MOST_STRIDES)

    def _side_by_side(self, issues: IssueList, first: Sequence[Row], width: int) -> Iterator[list[Row]]:
        emitted = _Emitted(Mark("", ""))
        emitted.fresh(first, issues.what)
        waiting: deque[_Stretch] = deque()
        begin: Mark | None = emitted.last
        while begin is not None or waiting:
            while begin is not None and len(waiting) < AT_ONCE:
                stretch = self._begun(issues, begin, width)
                waiting.append(stretch)
                begin = None if stretch.end is None else Mark(written(stretch.end).replace("Z", ".000Z"), "")
            stretch = waiting.popleft()
            count = 0
            for rows in stretch.pages:
                if not self._heeded(rows, stretch.end, issues.what):
                    yield from self._walk.pages(issues, emitted.last)
                    return
                count += 1
                if fresh := emitted.fresh(rows, issues.what):
                    yield fresh
            width = _adapted(width, count)

    def _begun(self, issues: IssueList, begin: Mark, width: int) -> _Stretch:
        end: int | None = _second(begin.created) + width
        end = None if end is None or end >= self._now else end
        bound = {} if end is None else {"created_before": written(end)}
        part = replace(issues, filters={**issues.filters, **bound})
        came: _Came = SimpleQueue()
        self._workers.submit(partial(self._read, part, begin, came)).add_done_callback(partial(_ended, came))
        return _Stretch(end, chain.from_iterable(iter(came.get, None)))

    def _read(self, part: IssueList, begin: Mark, came: _Came) -> None:
        """The first pages of a stretch as they come; the others when they are asked for."""
        pages = self._walk.pages(part, begin)
        for page in islice(pages, STRIDE):
            came.put(iter([page]))
        came.put(pages)

    def _heeded(self, rows: Sequence[Row], end: int | None, what: str) -> bool:
        """Whether the server gave what it was asked for; one that does not is read page after page."""
        return self._walk.ordered and (end is None or _second(created_of(rows[-1], what)) <= end)


def _ended(came: _Came, done: Future[None]) -> None:
    """What broke a stretch off comes in its turn, behind the pages before it."""
    error = CancelledError() if done.cancelled() else done.exception()
    if error is not None:
        came.put(_raising(error))
    came.put(None)


def _raising(error: BaseException) -> Iterator[list[Row]]:
    raise error
    yield []


def _second(created: str) -> int:
    return instant(created) or 0


def _adapted(width: int, pages: int) -> int:
    """A stretch that would have had the right number of pages."""
    if pages <= STRIDE // 2:
        return width * (4 if pages <= 1 else 2)
    return max(1, width // 2) if pages > 2 * STRIDE else width
