"""The one way out to the network, and the only layer that sends anything twice."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import requests
import tenacity

from okr_delivery.sync import failures, limits
from okr_delivery.sync.adapter import GuardedAdapter, Observer, check_address, path_of
from okr_delivery.sync.errors import RetryLaterError, SyncError
from okr_delivery.sync.network import NetworkSpec as NetworkSpec
from okr_delivery.sync.network import Origin, route
from okr_delivery.sync.pace import Hold, Lanes, Pace
from okr_delivery.sync.wait import RETRIES, date_of, pause
from okr_delivery.sync.way import Way

MAX_WAIT = 300.0  # seconds; who asks for more patience than this gets a later run
UNREACHED_RETRIES = 2  # while the host has never answered, a wrong address is likelier than a hiccup


class Repeat(Enum):
    """May a request be sent again when its outcome is unknown?"""

    FREE = "free"  # it only reads
    ABSOLUTE = "absolute"  # it sets a state: twice is the same as once
    CREATING = "creating"  # it creates: never again without a look


class _AgainError(Exception):
    """Inside the retry loop: worth another try, after `asked` seconds if the server named any.

    `limit` is what a refusal for too many requests binds; None for other failures. At most `times` repeats.
    """

    def __init__(
        self, error: SyncError, asked: float | None = None, limit: limits.Limit | None = None, times: int = RETRIES
    ) -> None:
        self.error = error
        self.asked = asked
        self.limit = limit
        self.times = times
        super().__init__(str(error))


@dataclass(frozen=True, slots=True)
class _Call:
    """One `call`: what is repeated, under which label, on which issue."""

    send: Callable[[], requests.Response]
    repeat: Repeat
    what: str
    issue: str | None
    parsed: bool = False


class Answer(NamedTuple):
    """A response and its parsed body."""

    response: requests.Response
    value: object


class TransportState(NamedTuple):
    """What a transport counted and learned, for another process to go on with."""

    requests: Mapping[str, int]
    skew: int | None
    reached: bool
    lanes: Lanes


class Transport:
    """Sends the requests of one source, from as many threads as its connector likes.

    `origin` is the source's URL: nothing is sent to another scheme, host or port. `hosts` is OKR_DELIVERY_HOSTS (None:
    not set). `deadline` is an instant of `clock` after which nothing is sent and no wait is begun; no tracker is waited
    for longer than `max_wait` seconds at a time. `observer` is shown every answer, whatever its status; it may be set
    later.
    `requests` counts what was sent, by the label of the `call` it was part of.
    """

    def __init__(
        self,
        network: NetworkSpec,
        *,
        origin: str,
        allow_http: bool = False,
        hosts: frozenset[str] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        deadline: float | None = None,
        max_wait: float = MAX_WAIT,
        spread: Callable[[float, float], float] = random.uniform,
        observer: Observer | None = None,
    ) -> None:
        own = Origin.of(origin)
        check_address(origin, own, allow_http=allow_http, hosts=hosts)
        route(network, origin)  # a proxy's address that can't be read is told before anything is sent
        self._adapter = GuardedAdapter(
            network, own, allow_http=allow_http, hosts=hosts, count=self._count, answered=self._answered,
            left=self._left,
        )  # fmt: skip
        self.observer = observer
        self._way = Way(network, origin)
        self._clock = clock
        self._sleep = sleep
        self._spread = spread
        self.deadline = deadline
        self._max_wait = max_wait
        self._pace = Pace(clock, self._patiently)
        self.requests: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._here = threading.local()
        self._reached = False
        self._skew: int | None = None

    @property
    def skew(self) -> int | None:
        """Seconds by which the server's clock was ahead of this machine's at the last answer; None before any."""
        return self._skew

    @property
    def total(self) -> int:
        """Requests sent so far."""
        with self._counting:
            return self.requests.total()

    def state(self) -> TransportState:
        """All that it counted and learned so far."""
        with self._counting:
            sent = dict(self.requests)
        return TransportState(sent, self._skew, self._reached, self._pace.state())

    def resume(self, state: TransportState) -> None:
        """Takes over the state of one that went on from where this one stands."""
        with self._counting:
            self.requests.clear()
            self.requests.update(state.requests)
        self._skew, self._reached = state.skew, state.reached
        self._pace.resume(state.lanes)

    def reconnect(self) -> None:
        """Forgets the idle connections: in a fork they are those of the other process."""
        self._adapter.close()

    def mount(self, session: requests.Session) -> None:
        """Takes a session over, any library's: neither the environment nor its own settings decide any more."""
        session.trust_env = False
        session.verify = True
        session.cert = None
        session.proxies.clear()
        session.adapters.clear()
        for prefix in ("https://", "http://"):
            session.mount(prefix, self._adapter)

    def space(self, what: str, seconds: float) -> None:
        """Sends at most one request of an endpoint in so many seconds, where a tracker does not tell of its limit."""
        self._pace.space(what, seconds)

    def call(
        self, send: Callable[[], requests.Response], *, repeat: Repeat, what: str, issue: str | None = None
    ) -> requests.Response:
        """Runs `send` until it is answered, and answers a response below 300.

        `send` makes one request on a mounted session; it may be run up to five times. `what` labels the endpoint
        ("GET search/jql") for counts, messages and limits. `issue` names the issue that is written: its calls go one
        after another, and a limit on writes to it stops only them.

        Raises ConfigError for 401, 403, 404, 407, 410 and an address that does not answer, AbortSyncError for other
        refusals, RetryLaterError when patience or the deadline runs out, UnsureError when a creating request may have
        been applied. Whatever else `send` raises passes through.
        """
        return self._run(_Call(send, repeat, what, issue)).response

    def read(
        self, send: Callable[[], requests.Response], *, repeat: Repeat, what: str, issue: str | None = None
    ) -> Answer:
        """`call` for what is answered in JSON; a body that was cut off is asked for again where that is safe.

        Raises what `call` and `json` raise.
        """
        return self._run(_Call(send, repeat, what, issue, parsed=True))

    def _run(self, call: _Call) -> Answer:
        loop = tenacity.Retrying(
            sleep=self._sleep,
            stop=self._patience_ended,
            wait=self._wait,
            retry=tenacity.retry_if_exception_type(_AgainError),
            before_sleep=lambda state: self._before_sleep(state, call),
            reraise=True,
        )
        with self._labelled(call.what), self._pace.alone(call.issue):
            try:
                return loop(self._once, call)
            except _AgainError as last:
                raise last.error from last.__cause__

    def json(self, response: requests.Response, what: str) -> object:
        """The parsed body.

        Raises ConfigError for a login page, RetryLaterError for a body that was cut off, AbortSyncError for one that
        no parser can follow.
        """
        try:
            return response.json()
        except ValueError as error:
            raise failures.not_json(response, what) from error
        except RecursionError as error:
            raise failures.too_deep(response, what) from error

    def _once(self, call: _Call) -> Answer:
        self._pace.start(call.what, call.issue)
        if self.deadline is not None and self._clock() >= self.deadline:
            raise failures.out_of_time(call.what)
        try:
            response = call.send()
        except requests.RequestException as error:
            raise self._broken(error, call) from error
        self._reached = True
        if response.status_code >= 300:
            raise self._refused(response, call)
        return Answer(response, self._parsed(response, call) if call.parsed else None)

    def _parsed(self, response: requests.Response, call: _Call) -> object:
        try:
            return self.json(response, call.what)
        except RetryLaterError as error:
            if call.repeat is Repeat.CREATING:
                raise
            raise _AgainError(error) from error.__cause__

    def _broken(self, error: requests.RequestException, call: _Call) -> Exception:
        problem = failures.broken(error, call.what, self._way)
        if not failures.passing(error):
            return problem
        if call.repeat is Repeat.CREATING:
            return failures.unsure(call.what)
        return _AgainError(problem, times=RETRIES if self._reached else UNREACHED_RETRIES)

    def _refused(self, response: requests.Response, call: _Call) -> Exception:
        status = response.status_code
        problem = failures.refused(response, call.what, self._way)
        if status != 429 and (status < 500 or call.repeat is Repeat.CREATING):
            return failures.unsure(call.what) if status >= 500 else problem
        asked = limits.asked(response, self._clock())
        if status == 429:
            return _AgainError(problem, asked, limits.reached(response))
        return _AgainError(problem, asked, limits.UNNAMED if status == 503 and asked else None)

    def _patience_ended(self, state: tenacity.RetryCallState) -> bool:
        return state.attempt_number > _last(state).times

    def _wait(self, state: tenacity.RetryCallState) -> float:
        again = _last(state)
        return pause(again.asked, state.attempt_number, self._spread, limited=again.limit is not None)

    def _before_sleep(self, state: tenacity.RetryCallState, call: _Call) -> None:
        """Tells the other threads what is held, and gives up a wait that is too long."""
        again = _last(state)
        upcoming = state.next_action.sleep if state.next_action else 0.0
        hold = None
        if again.limit is not None:
            hold = self._pace.hold(again.limit, upcoming, again.asked or upcoming, call.what, call.issue)
        try:
            self._check_patience(upcoming, again.error.problems[0].where or call.what, hold, again.asked)
        except RetryLaterError as late:
            late.status = again.error.status
            raise

    def _patiently(self, seconds: float, what: str, hold: Hold | None) -> None:
        """Sleeps before a request is begun."""
        self._check_patience(seconds, what, hold, None if hold is None else hold.asked)
        self._sleep(seconds)

    def _check_patience(self, seconds: float, place: str, hold: Hold | None, asked: float | None) -> None:
        """Raises RetryLaterError for a wait beyond the deadline or, where the tracker asked for it, beyond `max_wait`.

        What the tracker asked for may be spread a little beyond `max_wait`.
        """
        too_long = asked is not None and min(asked, seconds) > self._max_wait
        late = self.deadline is not None and self._clock() + seconds >= self.deadline
        if too_long or (late and hold is not None):
            raise failures.limited(place, seconds, self._clock() + seconds, hold.limit if hold else limits.UNNAMED)
        if late:
            raise failures.out_of_time(place)

    @contextmanager
    def _labelled(self, what: str) -> Iterator[None]:
        before, self._here.label = getattr(self._here, "label", None), what
        try:
            yield
        finally:
            self._here.label = before

    def _left(self) -> float | None:
        """Seconds until the deadline."""
        return None if self.deadline is None else self.deadline - self._clock()

    def _count(self, request: requests.PreparedRequest) -> None:
        label = getattr(self._here, "label", None) or f"{request.method} {path_of(request.url)}"
        with self._counting:
            self.requests[label] += 1

    def _answered(self, request: requests.PreparedRequest, response: requests.Response | None) -> None:
        label = getattr(self._here, "label", None)
        if response is not None:
            sent = date_of(response.headers.get("Date") or "")
            self._skew = self._skew if sent is None else round(sent - self._clock())
            if label is not None:
                self._pace.answered(label, response)
        if self.observer is not None:
            self.observer(request, response)


def _last(state: tenacity.RetryCallState) -> _AgainError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, _AgainError):
        raise TypeError("only _AgainError is tried again")
    return error
