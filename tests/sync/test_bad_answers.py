"""Answers that break off, lie or are no answers, on real sockets."""

from __future__ import annotations

import gzip
import json

import pytest
import requests

from okr_delivery.sync.errors import ConfigError, RetryLaterError, SyncError, UnsureError
from okr_delivery.sync.network import NetworkSpec
from okr_delivery.sync.transport import Repeat, Transport
from tests.conftest import FrozenClock
from tests.sync.web import Reply, Web, serving

WHOLE = json.dumps({"issues": [{"id": str(n)} for n in range(2000)]}).encode()
ZIPPED = gzip.compress(WHOLE, mtime=0)  # the same bytes in every process that collects tests
PACKED = {"Content-Encoding": "gzip"}
SAFE = [Repeat.FREE, Repeat.ABSOLUTE]


def send(clock: FrozenClock, web: Web, method: str, repeat: Repeat) -> object:
    way = Transport(NetworkSpec(), origin=web.url, clock=clock, sleep=clock.sleep, spread=lambda low, high: 1.0)
    session = requests.Session()
    way.mount(session)
    with session:
        return way.read(
            lambda: session.request(method, f"{web.url}/x", data=b'{"a": 1}'), repeat=repeat, what=f"{method} x"
        ).value


def failed(clock: FrozenClock, web: Web, method: str = "GET", repeat: Repeat = Repeat.FREE) -> SyncError:
    with pytest.raises(SyncError) as caught:
        send(clock, web, method, repeat)
    assert caught.value.problems[0].next_step is not None
    return caught.value


@pytest.mark.parametrize("reset", ["before", "after"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("repeat", SAFE)
def test_a_reset_is_followed_by_one_more_request_where_twice_is_once(
    clock: FrozenClock, reset: str, method: str, repeat: Repeat
) -> None:
    with serving(Reply(), Reply(reset=reset), Reply()) as web:
        send(clock, web, method, repeat)
        assert send(clock, web, method, repeat) == {}
        assert len(web.asked) == 3
        assert len(web.applied) == (2 if reset == "before" else 3)


@pytest.mark.parametrize(("reset", "applied"), [("before", []), ("after", ["POST"])])
def test_a_reset_of_what_creates_is_left_to_a_look(clock: FrozenClock, reset: str, applied: list[str]) -> None:
    with serving(Reply(reset=reset), Reply()) as web:
        assert type(failed(clock, web, "POST", Repeat.CREATING)) is UnsureError
        assert (len(web.asked), web.applied, clock.slept) == (1, applied, [])


def test_an_answer_to_what_creates_that_breaks_off_is_in_doubt_too(clock: FrozenClock) -> None:
    with serving(Reply(body=b'{"id":', missing=50), Reply()) as web:
        assert type(failed(clock, web, "POST", Repeat.CREATING)) is UnsureError
        assert len(web.asked) == 1
    with serving(Reply(body=b'{"id":', missing=50)) as web:
        assert failed(clock, web).problems[0].where == "GET x /x"


@pytest.mark.parametrize("repeat", SAFE)
@pytest.mark.parametrize("cut", [Reply(body=WHOLE[:5000]), Reply(body=ZIPPED[:-2000], headers=PACKED)])
def test_json_that_was_cut_short_is_asked_for_again(clock: FrozenClock, cut: Reply, repeat: Repeat) -> None:
    with serving(cut, cut, Reply(body=ZIPPED, headers=PACKED)) as web:
        assert send(clock, web, "POST", repeat) == json.loads(WHOLE)
        assert (len(web.asked), clock.slept) == (3, [1.0, 2.0])


@pytest.mark.parametrize("body", [WHOLE[:5000], WHOLE[:20], b"{", b"  [1,", ZIPPED[:-2000], ZIPPED[:12]])
def test_json_that_is_always_cut_short_is_for_a_later_run(clock: FrozenClock, body: bytes) -> None:
    packed = PACKED if body[:2] == b"\x1f\x8b" else {}
    with serving(Reply(body=body, headers=packed)) as web:
        error = failed(clock, web)
        assert isinstance(error, RetryLaterError)
        assert error.problems[0].what.id == "sync.truncated"


def test_bytes_that_are_not_packed_as_they_claim(clock: FrozenClock) -> None:
    with serving(Reply(body=WHOLE, headers=PACKED), Reply()) as web:
        assert send(clock, web, "GET", Repeat.FREE) == {}
        assert len(web.asked) == 2


@pytest.mark.parametrize("body", [b"", b"   ", b"\xef\xbb\xbf"])
def test_an_empty_body_is_no_data(clock: FrozenClock, body: bytes) -> None:
    with serving(Reply(body=body)) as web:
        assert isinstance(failed(clock, web), RetryLaterError)
        assert len(web.asked) == 5
    with serving(Reply(body=body)) as web:
        assert isinstance(failed(clock, web, "POST", Repeat.CREATING), RetryLaterError)
        assert len(web.asked) == 1


@pytest.mark.parametrize("kind", ["text/html", "application/json", "TEXT/HTML; charset=GBK"])
def test_a_login_page_with_200_is_no_data_and_no_reason_to_ask_again(clock: FrozenClock, kind: str) -> None:
    page = "<!DOCTYPE html><html><title>登录</title>".encode()
    with serving(Reply(body=page, headers={"Content-Type": kind})) as web:
        error = failed(clock, web)
        assert isinstance(error, ConfigError)
        assert error.problems[0].what.id == "sync.login_page"
        assert (len(web.asked), clock.slept) == (1, [])


@pytest.mark.parametrize(
    "said", ["", "soon", "-1", "1e999", "NaN", "Thu, 99 Foo 2026", "0x10", "\u0663".encode().hex()]
)
def test_nonsense_about_when_to_come_back(clock: FrozenClock, said: str) -> None:
    with serving(Reply(503, {"Retry-After": said}), Reply(429, {"Retry-After": said}), Reply()) as web:
        assert send(clock, web, "GET", Repeat.FREE) == {}
        assert clock.slept == [1.0, 6.0]


@pytest.mark.parametrize("said", ["0", "30", "Wed, 18 Nov 2026 12:00:00 GMT", "soon"])
def test_when_to_come_back_means_nothing_on_a_success(clock: FrozenClock, said: str) -> None:
    with serving(Reply(headers={"Retry-After": said})) as web:
        for _ in range(3):
            send(clock, web, "GET", Repeat.FREE)
        assert (len(web.asked), clock.slept) == (3, [])


# the token's own origin


@pytest.mark.parametrize("repeat", list(Repeat))
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_behind_a_gateway_the_site_s_own_host_is_foreign(clock: FrozenClock, status: int, repeat: Repeat) -> None:
    with serving() as site, serving(Reply(status, {"Location": f"{site.url}/rest/api/2/issue/1"})) as web:
        gateway = f"{web.url}/ex/jira/1a2b"
        way = Transport(NetworkSpec(), origin=gateway, clock=clock, sleep=clock.sleep)
        session = requests.Session()
        session.headers["Authorization"] = "Bearer s3cr3t"
        way.mount(session)
        with session:
            with pytest.raises(ConfigError) as caught:
                way.call(lambda: session.get(f"{gateway}/rest/api/2/issue/1"), repeat=repeat, what="GET issue")
            assert caught.value.problems[0].what.id == "sync.redirect"
            for link in (f"{site.url}/rest/api/2/issue/1", f"{site.url}/rest/api/2/search?page=2"):  # `self`, `Link`
                with pytest.raises(ConfigError) as foreign:
                    way.call(lambda url=link: session.get(url), repeat=repeat, what="GET link")  # type: ignore[misc]  # bound per turn
                assert foreign.value.problems[0].what.id == "sync.foreign"
        assert site.asked == []
        assert [asked.target for asked in web.asked] == ["/ex/jira/1a2b/rest/api/2/issue/1"]
