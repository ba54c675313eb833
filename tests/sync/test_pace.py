"""The four kinds of 429, near limits and deadlines, with eight threads on a tracker that counts."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
import requests
import responses

from okr_delivery.locale import translator
from okr_delivery.sync.errors import RetryLaterError, UnsureError
from okr_delivery.sync.limits import UNNAMED
from okr_delivery.sync.network import NetworkSpec
from okr_delivery.sync.pace import Pace
from okr_delivery.sync.transport import Repeat, Transport
from tests.conftest import NOW, FrozenClock
from tests.sync.simulation import Simulation

SITE = "https://acme.example"
THREADS = 8
GLOBAL, TENANT, BURST, ISSUE = (
    "jira-quota-global-based",
    "jira-quota-tenant-based",
    "jira-burst-based",
    "jira-per-issue-on-write",
)


class Tracker:
    """Answers without a network; `refusals` are used up by the path they are for, then all is well."""

    def __init__(self, time: Simulation, **options: Any) -> None:
        self.time = time
        self.refusals: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
        self.headers: Mapping[str, str] = {}
        self.started: list[tuple[float, str]] = []
        self.together: threading.Barrier | None = None  # refusals are not answered before so many have come
        self._lock = threading.Lock()
        settings: dict[str, Any] = {"clock": time.clock, "sleep": time.sleep, "spread": lambda low, high: 1.0} | options
        self.transport = Transport(NetworkSpec(), origin=SITE, **settings)
        self.session = requests.Session()
        self.transport.mount(self.session)

    def serve(self) -> responses.RequestsMock:
        mock = responses.RequestsMock(assert_all_requests_are_fired=False)
        for method in ("GET", "PUT", "POST"):
            mock.add_callback(method, re.compile(f"{SITE}/.*"), callback=self._answer)
        return mock

    def _answer(self, request: requests.PreparedRequest) -> tuple[int, Mapping[str, str], str]:
        with self._lock:
            path = (request.path_url or "").lstrip("/")
            self.started.append((self.time.passed, path))
            waiting = self.refusals.get(path) or []
            status, headers = waiting.pop(0) if waiting else (200, self.headers)
        if status == 429 and self.together is not None:
            self.together.wait(30)
        return status, headers, "{}"

    def get(self, path: str, **more: Any) -> Callable[[], object]:
        given: dict[str, Any] = {"repeat": Repeat.FREE, "what": f"GET {path}"} | more
        return lambda: self.transport.call(lambda: self.session.get(f"{SITE}/{path}"), **given)

    def put(self, path: str, issue: str) -> Callable[[], object]:
        return self.get(path, repeat=Repeat.ABSOLUTE, what="PUT issue", issue=issue)

    def times(self, path: str) -> list[float]:
        return sorted(at for at, asked in self.started if asked == path)


def refused(reason: str | None, **headers: str) -> tuple[int, dict[str, str]]:
    named = {} if reason is None else {"RateLimit-Reason": reason}
    return 429, named | {name.replace("_", "-"): value for name, value in headers.items()}


def after(seconds: float, *jobs: Callable[[], object], time: Simulation) -> Callable[[], None]:
    def job() -> None:
        time.sleep(seconds)
        for each in jobs:
            each()

    return job


# 429, by its reason


@pytest.mark.parametrize("reason", [GLOBAL, TENANT])
def test_a_quota_stops_every_call_until_it_is_reset(reason: str) -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.refusals["search"] = [refused(reason, Retry_After="120")]
    others = [after(1, tracker.get(f"other-{n}"), time=time) for n in range(THREADS - 1)]
    with tracker.serve():
        time.run([tracker.get("search"), *others])
    assert time.errors == []
    assert tracker.times("search") == [0.0, 120.0]
    assert {at for at, path in tracker.started if path != "search"} == {120.0}
    assert len(tracker.started) == 1 + THREADS
    assert tracker.transport.total == 1 + THREADS


@pytest.mark.parametrize("reason", [BURST, None, "jira-new-kind"])
def test_a_burst_stops_only_its_endpoint_and_every_thread_on_it(reason: str | None) -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.refusals["search"] = [refused(reason, Retry_After="30")]
    same = [after(1, tracker.get("search"), time=time) for _ in range(3)]
    others = [after(1, tracker.get("bulk"), tracker.get("bulk"), time=time) for _ in range(4)]
    with tracker.serve():
        time.run([tracker.get("search"), *same, *others])
    assert time.errors == []
    assert tracker.times("bulk") == [1.0] * 8
    first, *rest = tracker.times("search")
    assert (first, len(rest), rest[0]) == (0.0, 4, 30.0)
    assert rest[-1] <= 30.3  # after a refusal not all at once


def test_eight_refusals_at_once_slow_an_endpoint_no_more_than_one() -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.refusals["search"] = [refused(BURST, Retry_After="5")] * THREADS
    tracker.together = threading.Barrier(THREADS)
    with tracker.serve():
        time.run([tracker.get("search")] * THREADS)
    assert time.errors == []
    times = tracker.times("search")
    assert len(times) == 2 * THREADS
    assert times[:THREADS] == [0.0] * THREADS
    assert times[THREADS] == 5.0
    assert times[-1] <= 5.0 + 0.1 * THREADS


def test_a_write_limit_stops_only_its_issue() -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.refusals["a"] = [refused(ISSUE, Retry_After="20")]
    first = after(0, tracker.put("a", "10001"), tracker.put("a", "10001"), time=time)
    others = [after(1, tracker.put(f"b{n}", f"1010{n}"), tracker.put(f"b{n}", f"1010{n}"), time=time) for n in range(4)]
    with tracker.serve():
        time.run([first, *others, after(1, tracker.get("search"), time=time)])
    assert time.errors == []
    assert tracker.times("a") == [0.0, 20.0, 20.0]
    assert {at for at, path in tracker.started if path != "a"} == {1.0}


def test_a_write_limit_without_a_named_issue_stops_the_endpoint() -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.refusals["a"] = [refused(ISSUE, Retry_After="20")]
    with tracker.serve():
        time.run([tracker.get("a"), after(1, tracker.get("a"), time=time), after(1, tracker.get("b"), time=time)])
    assert tracker.times("a")[:2] == [0.0, 20.0]
    assert len(tracker.times("a")) == 3
    assert tracker.times("b") == [1.0]


def test_without_retry_after_the_waits_outlast_a_minute() -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.refusals["search"] = [refused(BURST)] * 9
    with tracker.serve():
        time.run([tracker.get("search")])
    assert tracker.times("search") == [0.0, 2.0, 8.0, 26.0, 80.0]
    (error,) = time.errors
    assert isinstance(error, RetryLaterError)
    assert error.status == 429
    assert "jira-burst-based" in translator("en").render(error.problems[0].what)


def test_the_reset_counts_where_retry_after_is_missing() -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.refusals["search"] = [refused(TENANT, X_RateLimit_Reset="2026-11-18T11:08Z")]
    with tracker.serve():
        time.run([tracker.get("search"), after(1, tracker.get("other"), time=time)])
    assert (tracker.times("search"), tracker.times("other")) == ([0.0, 80.0], [80.0])


def test_an_unavailable_endpoint_with_retry_after_is_left_alone_by_all() -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.refusals["search"] = [(503, {"Retry-After": "10"})]
    tracker.refusals["bulk"] = [(503, {})]
    same = [after(1, tracker.get("search"), time=time), after(0.5, tracker.get("bulk"), time=time)]
    with tracker.serve():
        time.run([tracker.get("search"), tracker.get("bulk"), *same])
    assert tracker.times("search")[:2] == [0.0, 10.0]
    assert len(tracker.times("search")) == 3
    assert tracker.times("bulk") == [0.0, 0.5, 1.0]


def test_a_refused_comment_may_be_sent_again_but_not_a_doubtful_one() -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.refusals["comment"] = [refused(ISSUE, Retry_After="2"), (503, {"Retry-After": "1"})]
    with tracker.serve():
        time.run([tracker.get("comment", repeat=Repeat.CREATING, issue="10001")])
    assert tracker.times("comment") == [0.0, 2.0]
    assert [type(error) for error in time.errors] == [UnsureError]


# patience


def test_half_an_hour_is_for_a_later_run_and_the_message_says_until_when() -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.refusals["search"] = [refused(TENANT, Retry_After="1800")]
    with tracker.serve():
        time.run([tracker.get("search"), *[after(1, tracker.get("other"), time=time)] * (THREADS - 1)])
    assert [path for _, path in tracker.started] == ["search"]
    assert time.passed == 1.0
    assert len(time.errors) == THREADS
    for error in time.errors:
        assert isinstance(error, RetryLaterError)
        said = translator("en").render(error.problems[0].what)
        assert "until 2026-11-18 11:36:40 UTC" in said
        assert "the app's hourly quota for this site is used up" in said
        assert error.problems[0].next_step is not None
    assert {getattr(error, "status", None) for error in time.errors} == {429, None}


def test_a_long_wait_is_taken_by_who_has_that_patience() -> None:
    time = Simulation()
    tracker = Tracker(time, max_wait=3600)
    tracker.refusals["search"] = [refused(GLOBAL, Retry_After="1800")]
    with tracker.serve():
        time.run([tracker.get("search")])
    assert tracker.times("search") == [0.0, 1800.0]


def test_a_spread_wait_just_within_patience_is_taken_by_all() -> None:
    time = Simulation()
    tracker = Tracker(time, spread=lambda low, high: high)
    tracker.refusals["search"] = [refused(GLOBAL, Retry_After="290")]
    with tracker.serve():
        time.run([tracker.get("search"), after(1, tracker.get("other"), time=time)])
    assert time.errors == []
    assert (tracker.times("search"), tracker.times("other")) == ([0.0, 377.0], [377.0])


def test_no_wait_of_any_kind_goes_beyond_the_deadline() -> None:
    time = Simulation()
    tracker = Tracker(time, deadline=NOW + 60.0)
    tracker.refusals["burst"] = [refused(BURST, Retry_After="90")]
    tracker.refusals["down"] = [(503, {})] * 9
    tracker.headers = {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "5"} | {
        "X-RateLimit-FillRate": "1",
        "X-RateLimit-Interval-Seconds": "50",
    }
    paced = after(1, *[tracker.get("paced")] * 3, time=time)
    with tracker.serve():
        time.run([tracker.get("burst"), after(58, tracker.get("down"), time=time), paced])
    assert time.passed <= 60
    assert {error.problems[0].what.id for error in time.errors if isinstance(error, RetryLaterError)} == {
        "sync.limited",
        "sync.out_of_time",
    }
    assert len(time.errors) == 3
    assert tracker.times("paced") == [1.0, 51.0]


# near limits


def near(left: int, **more: str) -> dict[str, str]:
    told = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": str(left), "X-RateLimit-NearLimit": "true"}
    return told | {name.replace("_", "-"): value for name, value in more.items()}


def one_after_the_other(tracker: Tracker, path: str, count: int) -> list[float]:
    for _ in range(count):
        tracker.get(path)()
    times = tracker.times(path)
    return [round(b - a, 3) for a, b in pairwise(times)]


def test_no_header_no_pacing(clock: FrozenClock) -> None:
    tracker = tracker_at(clock)
    with tracker.serve():
        assert one_after_the_other(tracker, "search", 50) == [0.0] * 49
    assert clock.slept == []


def tracker_at(clock: FrozenClock, **options: Any) -> Tracker:
    """For tests of one thread: the frozen clock, moved by whoever sleeps."""
    time = Simulation()
    time.clock, time.sleep = clock, clock.sleep  # type: ignore[method-assign]  # one thread needs no scheduling
    return Tracker(time, **options)


@pytest.mark.parametrize("extra", [{}, {"Retry_After": "0"}, {"Retry_After": "30"}])
def test_a_near_limit_slows_its_endpoint_and_a_far_one_lets_it_recover(
    clock: FrozenClock, extra: dict[str, str]
) -> None:
    tracker = tracker_at(clock)
    with tracker.serve():
        tracker.headers = near(5, **extra)
        assert one_after_the_other(tracker, "search", 4) == [0.2, 0.2, 0.2]
        tracker.headers = {}
        assert one_after_the_other(tracker, "other", 3) == [0.0, 0.0]
        tracker.headers = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "99", "X-RateLimit-NearLimit": "false"}
        assert one_after_the_other(tracker, "search", 6)[-6:] == [0.2, 0.1, 0.05, 0.025, 0.0, 0.0]


def test_eight_threads_near_a_limit_start_one_after_the_other() -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.headers = near(10)
    with tracker.serve():
        time.run([tracker.get("search"), *[after(1, tracker.get("search"), time=time)] * 7])
    assert tracker.times("search") == [0.0, *(pytest.approx(1 + 0.1 * n) for n in range(7))]


def test_an_empty_bucket_is_never_waited_for_longer_than_one_refill(clock: FrozenClock) -> None:
    tracker = tracker_at(clock)
    tracker.headers = {
        "X-RateLimit-Limit": "50",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-FillRate": "10",
        "X-RateLimit-Interval-Seconds": "60",
        "Retry-After": "0",
    }
    with tracker.serve():
        assert one_after_the_other(tracker, "search", 3) == [6.0, 6.0]
        tracker.get("board")()
    assert tracker.times("board") == [18.0]  # one bucket for the account, whatever is asked


def test_an_announced_quota_of_zero_slows_but_does_not_stop(clock: FrozenClock) -> None:
    tracker = tracker_at(clock)
    tracker.headers = {"Beta-RateLimit": '"tenant-app-quota";r=0;t=2788'}
    with tracker.serve():
        assert one_after_the_other(tracker, "search", 3) == [2.0, 2.0]


# one issue at a time


def test_calls_to_one_issue_go_one_after_another() -> None:
    time = Simulation()
    tracker = Tracker(time)
    under_way: Counter[str] = Counter()
    most: Counter[str] = Counter()
    lock = threading.Lock()
    barrier = threading.Barrier(2)

    def send(issue: str) -> requests.Response:
        with lock:
            under_way[issue] += 1
            most[issue] = max(most[issue], under_way[issue])
        with suppress(threading.BrokenBarrierError):
            barrier.wait(0.2)  # both issues are under way at once
        with lock:
            under_way[issue] -= 1
        answer = requests.Response()
        answer.status_code = 204
        return answer

    def write(issue: str) -> Callable[[], object]:
        return lambda: tracker.transport.call(
            lambda: send(issue), repeat=Repeat.ABSOLUTE, what="PUT issue", issue=issue
        )

    time.run([write("1"), write("2")] * 4)
    assert time.errors == []
    assert most == {"1": 1, "2": 1}
    assert not barrier.broken


def test_a_failed_write_lets_the_next_one_go() -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.refusals["a"] = [(400, {})]
    with tracker.serve():
        time.run([tracker.put("a", "1"), tracker.put("a", "1")])
    assert len(time.errors) == 1
    assert len(tracker.started) == 2


class Jumping:
    """A clock that moves on at every look, as it does between threads."""

    def __init__(self, *instants: float) -> None:
        self._instants = list(instants)

    def __call__(self) -> float:
        return self._instants.pop(0) if len(self._instants) > 1 else self._instants[0]


@pytest.mark.parametrize("look", range(4))
def test_a_hold_that_ends_between_two_looks_is_no_negative_wait(look: int) -> None:
    waits: list[float] = []
    pace = Pace(Jumping(100.0, 100.0, *[100.5] * look, 101.5), lambda seconds, *_: waits.append(seconds))
    pace.hold(UNNAMED, 1.0, 1.0, "GET x")
    pace.start("GET x")
    assert all(0 <= seconds <= 1 for seconds in waits)


def test_a_clock_that_is_set_back_holds_nobody_for_hours() -> None:
    waits: list[float] = []
    pace = Pace(Jumping(10_000.0, 10_000.0, 6_400.0), lambda seconds, *_: waits.append(seconds))
    pace.hold(UNNAMED, 5.0, 5.0, "GET x")
    pace.start("GET x")
    assert sum(waits) <= 6


@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "1e308"}, {"Retry-After": "99999999999999"}, {"X-RateLimit-Reset": "1764000000000"},
     {"RateLimit": '"x";r=0;t=1e300'}],
    ids=str,
)  # fmt: skip
def test_a_wait_beyond_any_calendar_is_told_and_not_begun(headers: Mapping[str, str]) -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.refusals["x"] = [(429, headers)]
    with tracker.serve(), pytest.raises(RetryLaterError) as told:
        tracker.transport.call(lambda: tracker.session.get(f"{SITE}/x"), repeat=Repeat.FREE, what="GET x")
    assert told.value.problems[0].what.id == "sync.limited"
    assert "9999" in str(told.value.problems[0].what.params["at"])


def test_an_endpoint_with_a_limit_that_no_answer_tells_of_is_spaced_and_no_other_one_is() -> None:
    time = Simulation()
    tracker = Tracker(time)
    tracker.transport.space("GET notes", 1.0)
    with tracker.serve():
        time.run([tracker.get(path) for path in ["notes"] * 5 + ["issues"] * 5])
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(tracker.times("notes")))
    assert tracker.times("issues")[-1] < 1.0
