"""The one way out to the network, and the only layer that sends anything twice."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

import requests
import tenacity

from okr_delivery.sync import failures
from okr_delivery.sync.adapter import GuardedAdapter, Observer, check_address, path_of
from okr_delivery.sync.errors import SyncError
from okr_delivery.sync.network import NetworkSpec as NetworkSpec
from okr_delivery.sync.network import Origin
from okr_delivery.sync.wait import RETRIES, pause, retry_after

UNREACHED_RETRIES = 2  # while the host has never answered, a wrong address is likelier than a hiccup


class Repeat(Enum):
    """May a request be sent again when its outcome is unknown?"""

    FREE = "free"  # it only reads
    ABSOLUTE = "absolute"  # it sets a state: twice is the same as once
    CREATING = "creating"  # it creates: never again without a look


class _AgainError(Exception):
    """Inside the retry loop: worth another try, after `asked` seconds if the server named any."""

    def __init__(self, error: SyncError, asked: float | None = None, limit: int = RETRIES) -> None:
        self.error = error
        self.asked = asked
        self.limit = limit
        super().__init__(str(error))


class Transport:
    """Sends the requests of one source, from as many threads as its connector likes.

    `origin` is the source's URL: nothing is sent to another scheme, host or port. `hosts` is OKR_DELIVERY_HOSTS (None:
    not set). `deadline` is an instant of `clock` after which nothing is sent and no wait is begun. `observer` is shown
    every answer, whatever its status; it may be set later.
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
        spread: Callable[[float, float], float] = random.uniform,
        observer: Observer | None = None,
    ) -> None:
        own = Origin.of(origin)
        check_address(origin, own, allow_http=allow_http, hosts=hosts)
        self._adapter = GuardedAdapter(
            network, own, allow_http=allow_http, hosts=hosts, count=self._count, answered=self._answered
        )
        self.observer = observer
        self._network = network
        self._clock = clock
        self._sleep = sleep
        self._spread = spread
        self.deadline = deadline
        self.requests: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._here = threading.local()
        self._reached = False

    @property
    def total(self) -> int:
        """Requests sent so far."""
        with self._counting:
            return self.requests.total()

    def mount(self, session: requests.Session) -> None:
        """Takes a session over, any library's: neither the environment nor its own settings decide any more."""
        session.trust_env = False
        session.verify = True
        session.cert = None
        session.proxies.clear()
        session.adapters.clear()
        for prefix in ("https://", "http://"):
            session.mount(prefix, self._adapter)

    def call(self, send: Callable[[], requests.Response], *, repeat: Repeat, what: str) -> requests.Response:
        """Runs `send` until it is answered, and answers a response below 300.

        `send` makes one request on a mounted session; it may be run up to five times. `what` labels the endpoint
        ("GET search/jql") for counts and messages. Raises ConfigError for 401, 403, 404, 410 and an address that does
        not answer, AbortSyncError for other refusals, RetryLaterError when patience or the deadline runs out,
        UnsureError when a creating request may have been applied. Whatever else `send` raises passes through.
        """
        loop = tenacity.Retrying(
            sleep=self._sleep,
            stop=self._patience_ended,
            wait=self._wait,
            retry=tenacity.retry_if_exception_type(_AgainError),
            before_sleep=self._before_sleep,
            reraise=True,
        )
        with self._labelled(what):
            try:
                return loop(self._once, send, repeat, what)
            except _AgainError as last:
                raise last.error from last.__cause__

    def json(self, response: requests.Response, what: str) -> object:
        """The parsed body. Raises ConfigError for a login page, RetryLaterError for a body that was cut off."""
        try:
            return response.json()
        except ValueError as error:
            raise failures.not_json(response, what) from error

    def _once(self, send: Callable[[], requests.Response], repeat: Repeat, what: str) -> requests.Response:
        if self.deadline is not None and self._clock() >= self.deadline:
            raise failures.out_of_time(what)
        try:
            response = send()
        except requests.RequestException as error:
            raise self._broken(error, repeat, what) from error
        self._reached = True
        if response.status_code < 300:
            return response
        raise self._refused(response, repeat, what)

    def _broken(self, error: requests.RequestException, repeat: Repeat, what: str) -> Exception:
        problem = failures.broken(error, what, self._network)
        if not failures.passing(error):
            return problem
        if repeat is Repeat.CREATING:
            return failures.unsure(what)
        return _AgainError(problem, limit=RETRIES if self._reached else UNREACHED_RETRIES)

    def _refused(self, response: requests.Response, repeat: Repeat, what: str) -> Exception:
        problem = failures.refused(response, what)
        status = response.status_code
        if status == 429 or (status >= 500 and repeat is not Repeat.CREATING):
            return _AgainError(problem, retry_after(response, self._clock()))
        if status >= 500:
            return failures.unsure(what)
        return problem

    def _patience_ended(self, state: tenacity.RetryCallState) -> bool:
        return state.attempt_number > _last(state).limit

    def _wait(self, state: tenacity.RetryCallState) -> float:
        return pause(_last(state).asked, state.attempt_number, self._spread)

    def _before_sleep(self, state: tenacity.RetryCallState) -> None:
        again = _last(state)
        upcoming = state.next_action.sleep if state.next_action else 0.0
        if self.deadline is not None and self._clock() + upcoming >= self.deadline:
            raise failures.out_of_time(again.error.problems[0].where or "") from again.error

    @contextmanager
    def _labelled(self, what: str) -> Iterator[None]:
        before, self._here.label = getattr(self._here, "label", None), what
        try:
            yield
        finally:
            self._here.label = before

    def _count(self, request: requests.PreparedRequest) -> None:
        label = getattr(self._here, "label", None) or f"{request.method} {path_of(request.url)}"
        with self._counting:
            self.requests[label] += 1

    def _answered(self, request: requests.PreparedRequest, response: requests.Response | None) -> None:
        if self.observer is not None:
            self.observer(request, response)


def _last(state: tenacity.RetryCallState) -> _AgainError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, _AgainError):
        raise TypeError("only _AgainError is tried again")
    return error
