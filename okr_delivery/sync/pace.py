"""When a request of one source may start: not while a limit is used up, and not too fast while one is near.

A lane is what one limit binds: the whole source, one endpoint or one issue. A lane that is held starts nothing until
its instant has come; a paced lane starts one request after the other with a gap in between. Without a word from the
tracker nothing is held and nothing is paced.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from okr_delivery.sync.limits import Limit, Scope, allowances

AFTER_REFUSAL = 0.1  # the first gap of a lane that was refused; doubled by each refusal that follows
LONGEST = 5.0  # a gap that came of refusals alone
SHORTEST = 0.02  # a gap below this is none


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing starts for `seconds`, until `until`, an instant of the clock; the tracker named `asked` seconds."""

    limit: Limit
    until: float
    asked: float
    seconds: float

    def left(self, now: float) -> float:
        """Seconds that it still holds; 0 when it is over, and after a clock was set back, when nobody can tell."""
        left = self.until - now
        return left if 0 < left <= self.seconds + 1 else 0.0


@dataclass(slots=True)
class _Lane:
    hold: Hold | None = None
    gap: float = 0.0
    last: float = float("-inf")  # the latest start on it, which may lie ahead

    def take(self, gap: float) -> None:
        """A healthy answer halves the gap, so that a limit that is near again and again is not run into each time."""
        slower = self.gap / 2 if self.gap / 2 > SHORTEST else 0.0
        self.gap = max(gap, slower)

    def take_hold(self, held: Hold, now: float) -> None:
        """A burst that was too fast goes on more slowly; all the refusals of what was under way count once."""
        if held.limit.scope is not Scope.SOURCE and not (self.hold and self.hold.left(now)):
            self.gap = max(self.gap, min(max(2 * self.gap, AFTER_REFUSAL), LONGEST))
        if self.hold is None or self.hold.left(now) < held.left(now):
            self.hold = held


@dataclass(slots=True)
class _Turn:
    lock: threading.RLock = field(default_factory=threading.RLock)
    users: int = 0


_Key = tuple[Scope, str]
Lanes = Mapping[_Key, tuple[Hold | None, float, float]]
"""Of each lane its hold, its gap and its latest start."""
_ALL: _Key = (Scope.SOURCE, "")


class Pace:
    """The lanes of one source, for all its threads.

    `wait` is given seconds, the endpoint and the hold that causes them (None: pacing), and either sleeps or raises.
    """

    def __init__(self, clock: Callable[[], float], wait: Callable[[float, str, Hold | None], None]) -> None:
        self._clock = clock
        self._wait = wait
        self._lanes: dict[_Key, _Lane] = {}
        self._turns: dict[str, _Turn] = {}
        self._least: dict[str, float] = {}
        self._lock = threading.Lock()

    def space(self, what: str, seconds: float) -> None:
        """Lets starts of an endpoint be at least so far apart: for limits that answers do not tell of."""
        with self._lock:
            self._least[what] = seconds

    def start(self, what: str, issue: str | None = None) -> None:
        """Returns when a request may start. Raises what `wait` raises."""
        self._sit_out(what, issue)
        seconds = self._reserve(what)
        if seconds > 0:
            self._wait(seconds, what, None)
            self._sit_out(what, issue)

    def answered(self, what: str, response: requests.Response) -> None:
        """Learns from what an answer says about limits that are near. Refusals come by `hold`."""
        if response.status_code >= 400:
            return
        told = {each.scope: each.gap for each in allowances(response, self._clock())}
        with self._lock:
            for key in (_ALL, (Scope.ENDPOINT, what)):
                self._lanes.setdefault(key, _Lane()).take(told.get(key[0], 0.0))

    def hold(self, limit: Limit, seconds: float, asked: float, what: str, issue: str | None = None) -> Hold:
        """Holds what the limit binds for `seconds`, longer if it is held longer already."""
        held = Hold(limit, self._clock() + seconds, asked, seconds)
        with self._lock:
            self._forget()
            lane = self._lanes.setdefault(_bound(limit.scope, what, issue), _Lane())
            lane.take_hold(held, now=self._clock())
        return held

    def state(self) -> Lanes:
        """What binds now."""
        with self._lock:
            return {key: (lane.hold, lane.gap, lane.last) for key, lane in self._lanes.items()}

    def resume(self, lanes: Lanes) -> None:
        """Goes on with what binds another one."""
        with self._lock:
            self._lanes = {key: _Lane(*lane) for key, lane in lanes.items()}

    @contextmanager
    def alone(self, issue: str | None) -> Iterator[None]:
        """One after another for each issue; no order among those that wait."""
        if issue is None:
            yield
            return
        with self._lock:
            turn = self._turns.setdefault(issue, _Turn())
            turn.users += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._lock:
                turn.users -= 1
                if not turn.users:
                    del self._turns[issue]

    def _sit_out(self, what: str, issue: str | None) -> None:
        while (hold := self._longest(what, issue)) is not None:
            self._wait(hold.left(self._clock()), what, hold)

    def _longest(self, what: str, issue: str | None) -> Hold | None:
        keys = [_ALL, (Scope.ENDPOINT, what), *([] if issue is None else [(Scope.ISSUE, issue)])]
        with self._lock:
            lanes = (self._lanes.get(key) for key in keys)
            holds = [lane.hold for lane in lanes if lane is not None and lane.hold is not None]
            now = self._clock()
            return max((h for h in holds if h.left(now)), key=lambda h: h.until, default=None)

    def _reserve(self, what: str) -> float:
        """Seconds until the start that is free on every lane, which is taken by this."""
        with self._lock:
            lanes = [self._lanes.setdefault(key, _Lane()) for key in (_ALL, (Scope.ENDPOINT, what))]
            now = self._clock()
            gaps = [lanes[0].gap, max(lanes[1].gap, self._least.get(what, 0.0))]
            start = max([now, *(lane.last + gap for lane, gap in zip(lanes, gaps, strict=True) if gap)])
            for lane in lanes:
                lane.last = max(lane.last, start)
            return start - now

    def _forget(self) -> None:
        """Issues whose hold is over: there may be thousands in one run."""
        now = self._clock()
        over = [
            k for k, v in self._lanes.items() if k[0] is Scope.ISSUE and v.hold is not None and not v.hold.left(now)
        ]
        for key in over:
            del self._lanes[key]


def _bound(scope: Scope, what: str, issue: str | None) -> _Key:
    """The lane of a refusal; an issue that nobody named is bound by its endpoint."""
    if scope is Scope.SOURCE:
        return _ALL
    return (Scope.ISSUE, issue) if scope is Scope.ISSUE and issue is not None else (Scope.ENDPOINT, what)
