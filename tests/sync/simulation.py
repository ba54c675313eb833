"""Real threads in a time of their own: it moves on when all of them sleep, to the first who wakes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from tests.conftest import NOW


class Simulation:
    """`clock` and `sleep` for what is tested; `run` starts one thread for each job and waits for all.

    A thread that waits for another one's lock counts as awake: let no thread sleep with a lock that others want.
    """

    def __init__(self) -> None:
        self.now = float(NOW)
        self.errors: list[BaseException] = []
        self._awake = 0
        self._wakes: list[float] = []
        self._moved = threading.Condition()

    def clock(self) -> float:
        with self._moved:
            return self.now

    @property
    def passed(self) -> float:
        """Seconds since the beginning, to the millisecond."""
        return round(self.clock() - NOW, 3)

    def sleep(self, seconds: float) -> None:
        with self._moved:
            until = self.now + seconds
            self._wakes.append(until)
            self._awake -= 1
            self._move()
            self._moved.wait_for(lambda: self.now >= until)

    def run(self, jobs: Iterable[Callable[[], object]]) -> None:
        threads = [threading.Thread(target=self._one, args=(job,), daemon=True) for job in jobs]
        self._awake = len(threads)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive(), "a thread never came back"

    def _one(self, job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001  # for the test to look at
            self.errors.append(error)
        finally:
            with self._moved:
                self._awake -= 1
                self._move()

    def _move(self) -> None:
        """With the lock held: on to the first who wakes, if nobody is awake."""
        if self._awake or not self._wakes:
            return
        self.now = min(self._wakes)
        self._awake = sum(wake <= self.now for wake in self._wakes)
        self._wakes = [wake for wake in self._wakes if wake > self.now]
        self._moved.notify_all()
