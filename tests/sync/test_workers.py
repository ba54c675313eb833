"""Parallel fetching: results and errors come back, and nothing that waits holds the process."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from functools import partial

import pytest

from okr_delivery.sync.workers import Workers, ahead, together


def test_results_and_errors_come_back() -> None:
    with Workers(2) as workers:
        good = [workers.submit(lambda n=n: n * n) for n in range(20)]  # type: ignore[misc]  # a default binds the loop's value
        bad = workers.submit(lambda: 1 // 0)
        assert [future.result(5) for future in good] == [n * n for n in range(20)]
        with pytest.raises(ZeroDivisionError):
            bad.result(5)


def test_jobs_run_side_by_side() -> None:
    meeting = threading.Barrier(3)
    with Workers(3) as workers:
        futures = [workers.submit(lambda: meeting.wait(10)) for _ in range(3)]
        assert sorted(future.result(10) for future in futures) == [0, 1, 2]


def test_results_come_in_the_order_of_the_jobs_and_no_job_is_taken_too_early() -> None:
    taken: list[int] = []

    def jobs() -> Iterator[Callable[[], int]]:
        for number in range(10):
            taken.append(number)
            yield partial(_later, number)

    with Workers(4) as workers:
        for place, found in enumerate(workers.ordered(jobs(), 3)):
            assert found == place
            assert len(taken) == min(place + 4, 10)
        with pytest.raises(ZeroDivisionError):
            list(workers.ordered(iter([lambda: 1, lambda: 1 // 0]), 3))
        assert list(workers.ordered(iter(()), 3)) == []


def test_items_are_made_before_they_are_asked_for_and_no_more_than_so_many() -> None:
    made: list[int] = []
    asked = threading.Semaphore(0)

    def items() -> Iterator[int]:
        for number in range(6):
            made.append(number)
            asked.release()
            yield number

    found = ahead(items(), 2)
    assert next(found) == 0
    for _ in range(3):
        assert asked.acquire(timeout=5)
    assert made == [0, 1, 2]
    assert list(found) == [1, 2, 3, 4, 5]
    assert list(ahead(iter(()), 2)) == []


def test_what_ends_the_items_comes_behind_those_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ZeroDivisionError

    found = ahead(items(), 5)
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_a_job_that_comes_after_the_end_is_cancelled() -> None:
    with Workers(1) as workers:
        pass
    with pytest.raises(CancelledError):
        workers.submit(lambda: 1).result(5)


@pytest.mark.parametrize("count", [0, 1, 3, 20])
def test_jobs_together_answer_in_their_order(count: int) -> None:
    assert together([partial(_later, number) for number in range(count)]) == list(range(count))
    with pytest.raises(ZeroDivisionError):
        together([partial(_later, number) for number in range(count)] + [lambda: 1 // 0])


def _later(number: int) -> int:
    time.sleep(0.02 if number % 3 == 0 else 0)
    return number


def test_what_still_waits_is_dropped() -> None:
    running, release, ran = threading.Event(), threading.Event(), threading.Event()

    def hold() -> bool:
        running.set()
        return release.wait(10)

    with Workers(1) as workers:
        first, second = workers.submit(hold), workers.submit(ran.set)
        assert running.wait(10)
    release.set()
    assert first.result(10) is True
    with pytest.raises(CancelledError):
        second.result(10)
    assert not ran.is_set()


def test_a_job_that_waits_does_not_hold_the_process() -> None:
    code = (
        "import time\nfrom okr_delivery.sync.workers import Workers, ahead, together\n"
        "with Workers(2) as workers:\n    workers.submit(lambda: time.sleep(60))\n    time.sleep(0.2)\n"
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=50)
    assert time.monotonic() - began < 40
