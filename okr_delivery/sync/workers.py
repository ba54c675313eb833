"""A few threads that fetch in parallel and never keep the process alive.

A pool of `concurrent.futures` is joined when the interpreter exits: Ctrl-C during a wait that the tracker asked for
would hang until that wait is over.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar, cast

Result = TypeVar("Result")
MOST = 8
"""Jobs that run side by side."""
_Job = tuple["Future[Any]", Callable[[], Any]]


class Workers:
    """Runs jobs on `count` daemon threads, started when the first job comes. Leaving the block drops what waits."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._stopped = threading.Event()
        self._stopping = threading.Lock()
        self._started = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._stopping:
            self._stopped.set()
            for _ in range(self._count):
                self._jobs.put(None)

    def submit(self, job: Callable[[], Result]) -> Future[Result]:
        """The job's future; its exception is raised by `result()`. It is cancelled when the block was left."""
        future: Future[Result] = Future()
        with self._stopping:
            if self._stopped.is_set():
                future.cancel()
                return future
            self._start()
            self._jobs.put((future, job))
        return future

    def _start(self) -> None:
        if not self._started:
            self._started = True
            for number in range(self._count):
                threading.Thread(target=self._work, name=f"fetch-{number}", daemon=True).start()

    def ordered(self, jobs: Iterator[Callable[[], Result]], ahead: int) -> Iterator[Result]:
        """The results of jobs in their order, `ahead` of them under way or done behind the one that is taken.

        A job is taken from `jobs` only when there is room for it.
        """
        waiting: deque[Future[Result]] = deque()
        for job in jobs:
            waiting.append(self.submit(job))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _work(self) -> None:
        while (item := self._jobs.get()) is not None:
            future, job = item
            if self._stopped.is_set():
                future.cancel()
            elif future.set_running_or_notify_cancel():
                _run(future, job)


def ahead(items: Iterator[Result], count: int) -> Iterator[Result]:
    """The items in their order, `count` of them made by a thread of its own before they are asked for.

    Nobody else may take from `items`. What making one raises is raised in its turn, behind those before it.
    """
    end = object()
    with Workers(1) as maker:
        waiting = deque(maker.submit(partial(next, items, end)) for _ in range(count))
        while (item := waiting.popleft().result()) is not end:
            waiting.append(maker.submit(partial(next, items, end)))
            yield cast("Result", item)


def together(jobs: Sequence[Callable[[], Result]]) -> list[Result]:
    """The results of jobs that run side by side, in the order of the jobs. Raises what the first failing one raised."""
    if len(jobs) < 2:
        return [job() for job in jobs]
    with Workers(min(len(jobs), MOST)) as workers:
        return [future.result() for future in [workers.submit(job) for job in jobs[:MOST]]] + together(jobs[MOST:])


def _run(future: Future[Any], job: Callable[[], Any]) -> None:
    try:
        future.set_result(job())
    except BaseException as error:  # noqa: BLE001  # whoever waits for the future raises it
        future.set_exception(error)
