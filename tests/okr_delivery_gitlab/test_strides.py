"""Long lists read in stretches side by side give what the walk of one list gives, row for row."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from okr_delivery.sync.errors import AbortSyncError
from okr_delivery.sync.workers import Workers
from okr_delivery_gitlab.lists import PAGE, IssueList, Mark, Walk
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.scope import Place
from okr_delivery_gitlab.strides import AT_ONCE, STRIDE, Strides
from okr_delivery_gitlab.values import Row, instant

NOW = 1_790_000_000
ISSUES = IssueList(Place("projects", "7", "acme/shop"), {"state": "opened"})


def row(number: int, ts: float) -> dict[str, Any]:
    created = datetime.fromtimestamp(ts, UTC)
    return {"id": number, "created_at": created.strftime("%Y-%m-%dT%H:%M:%S.") + f"{created.microsecond // 1000:03}Z"}


class Served:
    """A walk over rows in memory, in pages of a hundred. `heeds`: it knows `created_before`."""

    def __init__(self, rows: list[dict[str, Any]], *, heeds: bool = True) -> None:
        self._rows = rows
        self._heeds = heeds
        self.ordered = True
        self.requests = 0
        self.most = self._now = 0
        self._lock = threading.Lock()
        self.broken_at: int | None = None

    def pages(self, issues: IssueList, behind: Mark | None = None) -> Iterator[list[Row]]:
        assert issues.filters["state"] == "opened"
        rows = [r for r in self._rows if self._meets(r, issues, behind)]
        if behind is not None and behind.id in (ids := [str(r["id"]) for r in rows]):
            rows = rows[ids.index(behind.id) + 1 :]
        for start in range(0, max(1, len(rows)), PAGE):
            with self._lock:
                self.requests += 1
                if self.requests == self.broken_at:
                    raise broken("shape", "issues")
            if part := rows[start : start + PAGE]:
                yield cast("list[Row]", part)

    def _meets(self, found: dict[str, Any], issues: IssueList, behind: Mark | None) -> bool:
        until = issues.filters.get("created_before")
        ts = datetime.fromisoformat(found["created_at"])
        if until is not None and self._heeds and ts > datetime.fromisoformat(until):
            return False
        return behind is None or ts >= datetime.fromisoformat(behind.created)


class Held(Served):
    """Its fourth page is not given before `go`."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        super().__init__(rows)
        self.waits, self.go = threading.Event(), threading.Event()

    def pages(self, issues: IssueList, behind: Mark | None = None) -> Iterator[list[Row]]:
        for page in super().pages(issues, behind):
            if self.requests == 4:
                self.waits.set()
                assert self.go.wait(5)
            yield page


def read(served: Served, behind: Mark | None = None) -> list[int]:
    with Workers(AT_ONCE) as workers:
        strides = Strides(cast("Walk", served), workers, NOW)
        return [cast("int", found["id"]) for page in strides.pages(ISSUES, behind) for found in page]


def steady(count: int) -> list[dict[str, Any]]:
    return [row(n, NOW - (count - n) * 3600 + 0.25) for n in range(count)]


def crowded(seed: int, count: int = 2500) -> list[dict[str, Any]]:
    """Bursts of one second, long silences, and rows at whole seconds, where stretches meet."""
    rng = random.Random(seed)
    ts, found = float(NOW - 400 * 86_400), []
    for number in range(count):
        ts += rng.choice((0, 0, 0.25, 1, 60, 3600, 86_400 * rng.random()))
        found.append(row(number, min(ts, NOW)))
    return found


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1150, 3000])
def test_rows_come_once_and_in_order(count: int) -> None:
    assert read(Served(steady(count))) == list(range(count))


@pytest.mark.parametrize("seed", range(8))
def test_whatever_their_distribution(seed: int) -> None:
    rows = crowded(seed)
    assert read(Served(rows)) == list(range(len(rows)))


def test_a_short_list_costs_no_request_more() -> None:
    for count in (90, 350, 1000):
        served = Served(steady(count))
        assert len(read(served)) == count
        assert served.requests == max(1, -(-count // PAGE))


def test_a_long_one_costs_few() -> None:
    served = Served(steady(10_000))
    assert len(read(served)) == 10_000
    assert served.requests <= 100 + 100 // STRIDE + AT_ONCE


def test_a_project_that_began_with_an_import_costs_few() -> None:
    rows = [row(n, NOW - 900 * 86_400 + n * 0.01) for n in range(1000)]
    rows += [row(1000 + n, NOW - 890 * 86_400 + n * 86_400 * 0.8) for n in range(1000)]
    served = Served(rows)
    assert read(served) == list(range(2000))
    assert served.requests <= 20 + 30


def test_a_run_that_died_goes_on_behind_its_row() -> None:
    rows = steady(3000)
    assert read(Served(rows), Mark(rows[700]["created_at"], "700")) == list(range(701, 3000))


def test_a_server_that_does_not_know_the_bound_is_read_page_after_page() -> None:
    rows = steady(3000)
    assert read(Served(rows, heeds=False)) == list(range(3000))


def test_what_ends_a_stretch_ends_the_list_behind_the_rows_before_it() -> None:
    served = Served(steady(5000))
    served.broken_at = 20
    found: list[int] = []
    with Workers(AT_ONCE) as workers, pytest.raises(AbortSyncError):
        for page in Strides(cast("Walk", served), workers, NOW).pages(ISSUES):
            found += [cast("int", each["id"]) for each in page]
    assert found == list(range(len(found)))
    assert len(found) >= (20 - AT_ONCE * 2 * STRIDE // 2) * PAGE // 2


def test_the_first_page_of_a_stretch_waits_for_none_behind_it() -> None:
    """The third page of the first stretch is held back until the second has been handed on."""
    served = Held(steady(5000))
    with Workers(1) as workers:
        pages = Strides(cast("Walk", served), workers, NOW).pages(ISSUES)
        assert [page[0]["id"] for page in (next(pages), next(pages))] == [0, 100]
        served.go.set()
        assert [found["id"] for page in pages for found in page] == list(range(200, 5000))


def test_a_reader_that_waits_for_a_stretch_ends_with_its_workers() -> None:
    served = Held(steady(5000))
    found: list[Row] = []

    def reads(strides: Strides) -> None:
        with suppress(CancelledError):
            found.extend(row for page in strides.pages(ISSUES) for row in page)

    with Workers(1) as workers:
        reader = threading.Thread(target=reads, args=(Strides(cast("Walk", served), workers, NOW),))
        reader.start()
        assert served.waits.wait(5)
    served.go.set()
    reader.join(5)
    assert not reader.is_alive()
    assert 0 < len(found) < 5000


def test_issues_that_are_made_meanwhile_are_there() -> None:
    rows = [*steady(3000), row(3000, NOW + 30)]
    assert read(Served(rows))[-1] == 3000
    assert instant(rows[-1]["created_at"]) == NOW + 30
