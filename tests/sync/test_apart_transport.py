"""What the transport of another process sent, learned and waited for counts here."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import requests

from okr_delivery.sync.apart import Make
from okr_delivery.sync.connector import Page
from okr_delivery.sync.errors import RetryLaterError
from okr_delivery.sync.transport import NetworkSpec, Repeat, Transport
from tests.sync.alone import alone
from tests.sync.made_apart import (
    cut_short,
    read,
    transport,
)
from tests.sync.web import Reply, serving

# the transport


def asking(way: Transport, url: str, times: int) -> Make:
    """A page for each request, by a session that was used before."""
    session = requests.Session()
    way.mount(session)
    way.call(lambda: session.get(f"{url}/first"), repeat=Repeat.FREE, what="GET first")

    def make() -> Iterator[Page]:
        for number in range(times):
            way.call(lambda: session.get(f"{url}/page"), repeat=Repeat.FREE, what="GET page")
            yield Page((), (), str(number))
        way.call(lambda: session.get(f"{url}/last"), repeat=Repeat.FREE, what="GET last")

    return make


def test_what_it_asked_and_learned_counts_here() -> None:
    ahead = {"Date": "Wed, 21 Oct 2099 07:28:00 GMT"}
    near = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "1"}
    with serving(Reply(headers=ahead), *[Reply(headers=ahead | near)] * 4) as web:

        def scenario() -> tuple[dict[str, int], int, int | None, set[float]]:
            way = transport(web.url)
            pages = read(asking(way, web.url, 3), way)
            gaps = {gap for _, gap, _ in way.state().lanes.values()}
            return dict(way.requests), way.total + len(pages), way.skew, gaps

        requests_sent, total, skew, gaps = alone(scenario)
    assert requests_sent == {"GET first": 1, "GET page": 3, "GET last": 1}
    assert total == len(web.asked) + 3 == 8
    assert skew is not None
    assert skew > 10**9
    assert max(gaps) > 0


def test_a_limit_that_it_ran_into_binds_here() -> None:
    """The refusal, how often it was tried and how long to wait are those of one process."""
    with serving(Reply(), Reply(), Reply(429, {"Retry-After": "9000"})) as web:

        def scenario() -> tuple[list[int], RetryLaterError, list[float]]:
            way = transport(web.url)
            make = asking(way, web.url, 3)
            try:
                read(make, way)
            except RetryLaterError as error:
                holds = [hold.asked for hold, _, _ in way.state().lanes.values() if hold is not None]
                return list(way.requests.values()), error, holds
            raise AssertionError("nothing was refused")

        counts, error, holds = alone(scenario)
    assert (counts, holds) == ([1, 2], [9000.0])
    assert (error.status, error.problems[0].what.id) == (429, "sync.limited")


def test_its_time_ends_with_the_run_s() -> None:
    with serving(Reply()) as web:

        def scenario() -> tuple[list[str | None], str]:
            now = [1000.0]
            way = Transport(NetworkSpec(), origin=web.url, clock=lambda: now[0], deadline=1050.0)
            make = asking(way, web.url, 9)

            def late() -> Iterator[Page]:
                for page in make():
                    yield page
                    now[0] += 20

            return cut_short(late)[0], cut_short(late)[1].problems[0].what.id

        assert alone(scenario) == (["0", "1", "2"], "sync.out_of_time")


def test_an_answer_leaves_no_thread_behind() -> None:
    """Its body is watched by one while a deadline is set; a process with two threads can't be forked safely."""
    with serving(Reply(body=b"x" * 100_000)) as web:

        def scenario() -> list[int]:
            way = transport(web.url, deadline=time.time() + 900)
            session = requests.Session()
            way.mount(session)
            return [threading.active_count() for _ in range(20) if session.get(web.url).content]

        assert alone(scenario) == [1] * 20
