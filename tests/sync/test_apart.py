"""Pages made by another process come as they were made, and only where that is safe."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.sync import apart
from okr_delivery.sync.apart import Apart, Reading
from okr_delivery.sync.connector import Page
from okr_delivery.sync.errors import SkipRecordError
from tests.sync.alone import alone
from tests.sync.fake import FakeTracker, issue
from tests.sync.made_apart import (
    elsewhere,
    made,
    no_children,
    numbered,
    read,
    sleeping,
    transport,
)


def whole(tracker: FakeTracker) -> list[Page]:
    """Pages with everything that a page may hold."""
    issues = tracker.scope
    changes = tuple(change for each in issues for change in tracker.changes[each.id])
    skipped = SkipRecordError([Problem(msg("sync.out_of_time"), "PAY-9")])
    full = Page(tuple(issues), changes, issues[-1].id, ("7",), (msg("sync.loop", after="7"),), tuple(tracker.statuses))
    return [full, replace(full, skipped=(skipped,), after="8"), Page((), (), None, warnings=full.warnings)]


# what comes


def test_the_pages_come_as_they_were_made() -> None:
    pages = whole(FakeTracker.of(9, old=3))

    def scenario() -> tuple[list[Page], bool, bool]:
        return read(made(*pages)), elsewhere(), no_children()

    found, other, ended = alone(scenario)
    assert [replace(page, skipped=()) for page in found] == [replace(page, skipped=()) for page in pages]
    assert [[each.problems for each in page.skipped] for page in found] == [[], [pages[1].skipped[0].problems], []]
    assert other
    assert ended


def test_it_runs_ahead_only_by_what_the_pipe_holds() -> None:
    """Pages of some hundred kilobytes: a few lie in the pipe, and the next waits for room."""
    big = issue(1, title="x" * 300_000)
    count = mmap.mmap(-1, 8)

    def make() -> Iterator[Page]:
        for number in range(40):
            struct.pack_into("q", count, 0, number + 1)
            yield Page((big,), (), str(number))

    def begun() -> int:
        return int(struct.unpack_from("q", count)[0])

    def scenario() -> tuple[list[int], int]:
        seen: list[int] = []
        with Apart("jira", None, wanted=True).pages(Reading(1, make), closed=True) as pages:
            for page in pages:
                until = time.monotonic() + 0.2
                while len(seen) < 3 and time.monotonic() < until:
                    time.sleep(0.01)
                seen.append(begun() - int(page.after or 0))
        return seen, begun()

    ahead, all_of_them = alone(scenario)
    most = 3 + apart.AHEAD // 300_000
    assert (len(ahead), all_of_them) == (40, 40)
    assert 2 <= max(ahead[:3]) <= max(ahead) <= most


def test_it_goes_on_with_what_is_wanted_next() -> None:
    def scenario() -> tuple[bool, list[str | None], bool, list[str | None], bool]:
        here = Apart("jira", None, wanted=True)
        parts = Reading("first", lambda: numbered(2)), Reading("second", lambda: numbered(3))
        with here.pages(*parts, closed=True) as pages:
            first = [page.after for page in pages]
        waits = here.has("second") and not here.has("third") and not no_children()
        again = Reading("second", sleeping)
        with here.pages(again, closed=True) as pages:
            second = [page.after for page in pages]
        here.end()
        return waits, first, here.has("second"), second, no_children()

    waits, first, still, second, ended = alone(scenario)
    makers = {str(after).split()[-1] for after in (*first, *second)}
    assert (waits, len(first), len(second), len(makers)) == (True, 2, 3, 1)
    assert (still, ended) == (False, True)


def test_what_goes_on_is_ended_where_something_else_is_wanted() -> None:
    def scenario() -> tuple[list[str | None], bool]:
        here = Apart("jira", None, wanted=True)
        with here.pages(Reading(1, lambda: numbered(1)), Reading(2, sleeping), closed=True) as pages:
            list(pages)
        with here.pages(Reading(3, made(Page((), (), "other"))), closed=True) as pages:
            return [page.after for page in pages], here.has(2)

    assert alone(scenario) == (["other"], False)


def test_a_part_that_was_left_early_is_not_gone_on_with() -> None:
    def scenario() -> tuple[bool, bool]:
        here = Apart("jira", None, wanted=True)
        with here.pages(Reading(1, lambda: numbered(2)), Reading(2, sleeping), closed=True) as pages:
            next(pages)
        return here.has(2), no_children()

    assert alone(scenario) == (False, True)


# where they are made


def test_another_thread_keeps_them_here() -> None:
    def scenario() -> tuple[bool, bool]:
        halt = threading.Event()
        began_before = Apart("jira", None, wanted=True)
        thread = threading.Thread(target=halt.wait, daemon=True)
        thread.start()
        with began_before.pages(Reading(1, lambda: numbered(1)), closed=True) as pages:
            late = str(next(pages).after).endswith(f" {os.getpid()}")
        early = not elsewhere()
        halt.set()
        return late, early

    assert alone(scenario) == (True, True)


def test_threads_that_are_ending_are_waited_for() -> None:
    def scenario() -> bool:
        here = Apart("jira", None, wanted=True)
        threading.Thread(target=time.sleep, args=(0.05,), daemon=True).start()
        with here.pages(Reading(1, lambda: numbered(1)), closed=True) as pages:
            return str(next(pages).after).endswith(f" {os.getpid()}")

    assert alone(scenario) is False


def one_core() -> None:
    os.sched_getaffinity = lambda _: {3}


def no_process() -> None:
    def fork() -> NoReturn:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    os.fork = fork


def no_files() -> None:
    apart._TASKS = "/nowhere"


@pytest.mark.parametrize("lack", [one_core, no_process, no_files])
def test_a_machine_that_lacks_something_makes_them_here(lack: Callable[[], None]) -> None:
    def scenario() -> tuple[bool, bool]:
        lack()
        return elsewhere(), no_children()

    assert alone(scenario) == (False, True)


def test_they_are_made_here_unless_that_is_wanted_and_possible() -> None:
    def scenario() -> tuple[bool, bool, bool]:
        watched = transport("http://127.0.0.1:1")
        watched.observer = lambda *_: None
        return elsewhere(wanted=False), elsewhere(closed=False), elsewhere(transport=watched)

    assert alone(scenario) == (False, False, False)


def test_what_is_made_here_is_closed_when_it_is_left() -> None:
    ended = []

    def make() -> Iterator[Page]:
        try:
            yield from numbered(5)
        finally:
            ended.append(True)

    with Apart("jira", None, wanted=False).pages(Reading(1, make), closed=True) as pages:
        kept = next(pages), pages
    assert kept
    assert ended == [True]


def test_an_open_file_and_a_lock_stay_with_the_one_that_has_them(tmp_path: Path) -> None:
    """Numbers stay taken, so that nothing that is closed there closes what was opened since."""

    def scenario() -> tuple[str | None, bool]:
        handle = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

        def make() -> Iterator[Page]:
            yield Page((), (), str(Path(f"/proc/self/fd/{handle}").readlink()))
            sleeping()

        with Apart("jira", None, wanted=True).pages(Reading(1, make), closed=True) as pages:
            link = next(pages).after
            os.close(handle)
            with (tmp_path / "lock").open() as other:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return link, no_children()

    assert alone(scenario) == ("/dev/null", True)
