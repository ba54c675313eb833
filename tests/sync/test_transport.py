"""The one way out: how often anything is sent, where it may go and what is said when it fails."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from okr_delivery.locale import translator
from okr_delivery.model.message import msg
from okr_delivery.sync import adapter
from okr_delivery.sync.errors import AbortSyncError, ConfigError, RetryLaterError, SyncError, UnsureError
from okr_delivery.sync.network import NetworkSpec, proxies, route
from okr_delivery.sync.transport import Repeat, Transport
from okr_delivery.sync.way import Way
from tests.conftest import FrozenClock
from tests.sync.web import CERTIFICATE, Reply, serving

SITE = "https://acme.example"
SECRET = "s3cr3t-token"


def transport(clock: FrozenClock, url: str = SITE, spec: NetworkSpec | None = None, **options: Any) -> Transport:
    settings: dict[str, Any] = {"clock": clock, "sleep": clock.sleep, "spread": lambda low, high: 1.0} | options
    return Transport(spec or NetworkSpec(), origin=url, **settings)


def session_on(way: Transport) -> requests.Session:
    session = requests.Session()
    session.headers.update({"Authorization": f"Bearer {SECRET}", "PRIVATE-TOKEN": SECRET})
    session.cookies.set("session", SECRET)
    way.mount(session)
    return session


def sender(way: Transport, url: str, method: str = "GET") -> Callable[[], requests.Response]:
    session = session_on(way)
    return lambda: session.request(method, url)


def get(way: Transport, url: str, repeat: Repeat = Repeat.FREE) -> requests.Response:
    return way.call(sender(way, url), repeat=repeat, what="GET search/jql")


# how often


@responses.activate
@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ("3", 3.0),
        ("2.5", 2.5),
        ("Wed, 18 Nov 2026 11:07:10 GMT", 30.0),
        (None, 2.0),
        ("soon", 2.0),
        ("-4", 2.0),
        ("0", 2.0),
        ("inf", 2.0),
    ],
)
def test_a_429_is_sent_again_exactly_once_when_the_second_is_answered(
    clock: FrozenClock, said: str | None, waits: float
) -> None:
    responses.get(f"{SITE}/x", status=429, headers={"Retry-After": said} if said else {})
    responses.get(f"{SITE}/x", json={"ok": True})
    way = transport(clock)
    assert way.json(get(way, f"{SITE}/x?jql=secret"), "GET search/jql") == {"ok": True}
    assert len(responses.calls) == 2
    assert clock.slept == [waits]
    assert way.requests == {"GET search/jql": 2}
    assert way.total == 2


@responses.activate
def test_a_date_counts_from_the_servers_own_clock(clock: FrozenClock) -> None:
    dates = {"Retry-After": "Wed, 18 Nov 2026 09:00:20 GMT", "Date": "Wed, 18 Nov 2026 09:00:00 GMT"}
    responses.get(f"{SITE}/x", status=429, headers=dates)
    responses.get(f"{SITE}/x", json={})
    get(transport(clock), f"{SITE}/x")
    assert clock.slept == [20.0]


@responses.activate
@pytest.mark.parametrize(
    ("status", "said", "waits"),
    [
        *((status, None, [1.0, 2.0, 4.0, 8.0]) for status in (500, 502, 503, 504)),
        (429, "3", [3.0] * 4),
        (429, None, [2.0, 6.0, 18.0, 54.0]),  # longer than the minute that such limits count
    ],
)
def test_five_times_and_no_more(clock: FrozenClock, status: int, said: str | None, waits: list[float]) -> None:
    headers = {"Retry-After": said} if said else {}
    responses.get(f"{SITE}/x", status=status, body="stack trace with s3cr3t-token", headers=headers)
    with pytest.raises(RetryLaterError) as caught:
        get(transport(clock), f"{SITE}/x?jql=secret")
    assert len(responses.calls) == len(waits) + 1
    assert clock.slept == waits
    assert caught.value.status == status
    assert caught.value.problems[0].where == "GET search/jql /x"


@responses.activate
@pytest.mark.parametrize(("spread", "wait"), [(0.7, 10.0), (1.3, 13.0)])
def test_waits_are_spread_but_never_shorter_than_asked(clock: FrozenClock, spread: float, wait: float) -> None:
    given: list[tuple[float, float]] = []

    def chosen(low: float, high: float) -> float:
        given.append((low, high))
        return spread

    responses.get(f"{SITE}/x", status=503, headers={"Retry-After": "10"})
    responses.get(f"{SITE}/x", json={})
    get(transport(clock, spread=chosen), f"{SITE}/x")
    assert given == [(0.7, 1.3)]
    assert clock.slept == [wait]


@responses.activate
def test_what_creates_is_never_sent_again_in_doubt(clock: FrozenClock) -> None:
    responses.post(f"{SITE}/comment", status=502)
    way = transport(clock)
    with pytest.raises(UnsureError):
        way.call(sender(way, f"{SITE}/comment", "POST"), repeat=Repeat.CREATING, what="POST comment")
    assert len(responses.calls) == 1
    responses.reset()
    responses.post(f"{SITE}/comment", body=requests.ConnectionError("reset by peer"))
    with pytest.raises(UnsureError):
        way.call(sender(way, f"{SITE}/comment", "POST"), repeat=Repeat.CREATING, what="POST comment")
    assert len(responses.calls) == 1


@responses.activate
@pytest.mark.parametrize("repeat", list(Repeat))
def test_a_429_was_not_applied_and_may_always_be_sent_again(clock: FrozenClock, repeat: Repeat) -> None:
    responses.get(f"{SITE}/x", status=429)
    responses.get(f"{SITE}/x", json={})
    get(transport(clock), f"{SITE}/x", repeat)
    assert len(responses.calls) == 2


@responses.activate
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, ConfigError),
        (403, ConfigError),
        (404, ConfigError),
        (410, ConfigError),
        (400, AbortSyncError),
        (409, AbortSyncError),
    ],
)
def test_refusals_are_told_once_by_status_and_path_alone(
    clock: FrozenClock, status: int, kind: type[SyncError]
) -> None:
    responses.get(
        f"{SITE}/rest/api/3/search/jql", status=status, body=f"{SECRET} in the body", headers={"X-Secret": SECRET}
    )
    with pytest.raises(kind) as caught:
        get(transport(clock), f"{SITE}/rest/api/3/search/jql?jql=project%3DPAY&token={SECRET}")
    assert len(responses.calls) == 1
    assert caught.value.status == status
    shown = str(caught.value) + "".join(
        translator(lang).render(text)
        for lang in ("en", "zh")
        for problem in caught.value.problems
        for text in (problem.what, problem.next_step)
        if text is not None
    )
    assert str(status) in shown
    assert "/rest/api/3/search/jql" in shown
    assert SECRET not in shown
    assert "project" not in shown.replace("projects in scope", "")
    assert "acme" not in shown


@responses.activate
def test_a_wait_beyond_the_deadline_is_not_begun(clock: FrozenClock) -> None:
    responses.get(f"{SITE}/x", status=429, headers={"Retry-After": "1800"})
    way = transport(clock, deadline=clock.now + 600)
    with pytest.raises(RetryLaterError) as caught:
        get(way, f"{SITE}/x")
    assert (len(responses.calls), clock.slept) == (1, [])
    assert caught.value.problems[0].what.id == "sync.limited"
    clock.now += 600
    with pytest.raises(RetryLaterError):
        get(way, f"{SITE}/x")
    assert len(responses.calls) == 1


def test_a_body_that_comes_drop_by_drop_ends_one_time_out_behind_the_deadline() -> None:
    body = b"[" + b" " * 100 + b"]"
    with serving(Reply(body=body, drop=0.1)) as web:
        transport = Transport(NetworkSpec(read_timeout=0.5), origin=web.url, deadline=time.time() + 0.3)
        session = requests.Session()
        transport.mount(session)
        began = time.monotonic()
        with pytest.raises(RetryLaterError) as caught:
            transport.read(lambda: session.get(f"{web.url}/x"), repeat=Repeat.FREE, what="GET x")
        assert time.monotonic() - began < 3
    assert caught.value.problems[0].what.id == "sync.out_of_time"


def test_a_body_that_unpacks_to_more_than_any_page_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "LARGEST", 1024**2)
    packed = gzip.compress(b"[" + b" " * 8 * 1024**2 + b"]")
    with serving(
        Reply(body=packed, headers={"Content-Encoding": "gzip"}), Reply(body=b"[" + b" " * 1000 + b"]")
    ) as web:
        way = Transport(NetworkSpec(), origin=web.url)
        with pytest.raises(AbortSyncError) as caught:
            get(way, f"{web.url}/x")
        assert get(way, f"{web.url}/x").content == b"[" + b" " * 1000 + b"]"
    assert (len(packed) < 100_000, len(web.asked)) == (True, 2)
    assert caught.value.problems[0].what == msg("sync.too_large", most=1)
    assert caught.value.problems[0].where == "/x"


@responses.activate
def test_a_body_that_no_parser_can_follow_is_refused(clock: FrozenClock) -> None:
    responses.get(f"{SITE}/x", body="[" * 100_000 + "]" * 100_000, content_type="application/json")
    way = transport(clock)
    with pytest.raises(AbortSyncError) as caught:
        way.read(sender(way, f"{SITE}/x"), repeat=Repeat.FREE, what="GET x")
    assert (caught.value.problems[0].what, len(responses.calls)) == (msg("sync.too_deep"), 1)


@responses.activate
def test_a_login_page_and_a_cut_off_answer_are_no_data(clock: FrozenClock) -> None:
    way = transport(clock)
    responses.get(f"{SITE}/login", body="<!doctype html><title>Sign in</title>", content_type="text/html")
    responses.get(f"{SITE}/plain", body="\n <html>", content_type="application/json")
    responses.get(f"{SITE}/cut", body='{"issues": [{"id": "1', content_type="application/json")
    for path in ("login", "plain"):
        with pytest.raises(ConfigError) as caught:
            way.json(get(way, f"{SITE}/{path}"), "GET x")
        assert caught.value.problems[0].what.id == "sync.login_page"
    with pytest.raises(RetryLaterError) as cut:
        way.json(get(way, f"{SITE}/cut"), "GET x")
    assert cut.value.problems[0].what.id == "sync.truncated"


def test_a_body_that_broke_off_is_fetched_again(clock: FrozenClock) -> None:
    with serving(Reply(body=b'{"a":', missing=50), Reply(body=b'{"a": 1}')) as web:
        way = transport(clock, web.url)
        assert way.json(get(way, f"{web.url}/x"), "GET x") == {"a": 1}
        assert len(web.asked) == 2


def test_a_server_that_does_not_answer_in_time(clock: FrozenClock) -> None:
    with serving(Reply(), Reply(delay=2)) as web:
        way = transport(clock, web.url, NetworkSpec(read_timeout=0.05))
        get(way, f"{web.url}/x")
        with pytest.raises(RetryLaterError) as caught:
            get(way, f"{web.url}/x")
        assert caught.value.problems[0].what.id == "sync.slow"
        assert len(web.asked) == 6


def test_requests_are_counted_across_threads(clock: FrozenClock) -> None:
    with serving() as web, ThreadPoolExecutor(8) as pool:
        way = transport(clock, web.url)
        list(pool.map(lambda n: way.call(sender(way, web.url), repeat=Repeat.FREE, what=f"GET {n % 2}"), range(40)))
    assert way.requests == {"GET 0": 20, "GET 1": 20}
    assert len(web.asked) == 40


def test_an_observer_sees_every_answer_with_its_body_and_what_got_none(clock: FrozenClock) -> None:
    seen: list[tuple[int, bytes] | None] = []
    with serving(Reply(503), Reply(body=b'{"a":', missing=50), Reply(body=b'{"a": 1}')) as web:
        way = transport(clock, web.url)
        way.observer = lambda _, answer: seen.append(None if answer is None else (answer.status_code, answer.content))
        get(way, f"{web.url}/x")
    assert seen == [(503, b"{}"), None, (200, b'{"a": 1}')]


# where to


def test_the_token_goes_to_the_own_origin(clock: FrozenClock) -> None:
    with serving() as web:
        get(transport(clock, web.url), f"{web.url}/jira/x")
    assert web.asked[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_a_redirect_to_another_origin_is_refused_and_nothing_arrives_there(clock: FrozenClock) -> None:
    with serving() as other, serving(Reply(302, {"Location": f"{other.url}/catch"})) as web:
        with pytest.raises(ConfigError) as caught:
            get(transport(clock, web.url), f"{web.url}/x")
        assert caught.value.problems[0].what.id == "sync.redirect"
        assert (len(web.asked), other.asked) == (1, [])


def test_a_redirect_within_the_origin_is_followed(clock: FrozenClock) -> None:
    with serving(Reply(302, {"Location": "/y"}), Reply(body=b'{"y": 1}')) as web:
        way = transport(clock, web.url)
        assert way.json(get(way, f"{web.url}/x"), "GET x") == {"y": 1}
        assert [asked.target for asked in web.asked] == ["/x", "/y"]
        assert way.total == 2


@pytest.mark.parametrize("other", ["https://127.0.0.1:{port}", "http://localhost:{port}", "http://127.0.0.1:1"])
def test_a_link_to_another_scheme_host_or_port_gets_no_byte(clock: FrozenClock, other: str) -> None:
    with serving() as web:
        link = other.format(port=web.url.rpartition(":")[2])
        with pytest.raises(ConfigError) as caught:
            get(transport(clock, web.url), f"{link}/x")
        assert caught.value.problems[0].what.id == "sync.foreign"
        assert web.asked == []


@pytest.mark.parametrize("hosts", [{"tracker.example"}, {"127.0.0.1:1"}, set()])
def test_hosts_outside_the_list_are_refused_before_anything_is_sent(clock: FrozenClock, hosts: set[str]) -> None:
    with serving() as web:
        with pytest.raises(ConfigError) as caught:
            transport(clock, web.url, hosts=frozenset(hosts))
        assert caught.value.problems[0].what.id == "sync.host_not_allowed"
        assert web.asked == []


def test_hosts_in_the_list_are_reached(clock: FrozenClock) -> None:
    with serving() as web:
        port = web.url.rpartition(":")[2]
        for hosts in ({"127.0.0.1"}, {f"127.0.0.1:{port}"}, {"other", "127.0.0.1"}):
            get(transport(clock, web.url, hosts=frozenset(hosts)), f"{web.url}/x")
        assert len(web.asked) == 3
    transport(clock, "https://Acme.Example", hosts=frozenset({"ACME.example"}))


def test_plain_http_is_for_this_machine_or_for_who_allows_it(clock: FrozenClock) -> None:
    with pytest.raises(ConfigError) as caught:
        transport(clock, "http://acme.example")
    assert caught.value.problems[0].what.id == "sync.not_https"
    for url in ("http://localhost:1", "http://127.8.8.8", "http://[::1]:9"):
        transport(clock, url)
    transport(clock, "http://acme.example", allow_http=True)
    with pytest.raises(ConfigError):
        transport(clock, "ftp://acme.example", allow_http=True)


# what the environment may not decide


def test_netrc_is_not_read(clock: FrozenClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password stolen\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with serving() as web:
        way = transport(clock, web.url)
        session = requests.Session()
        way.mount(session)
        way.call(lambda: session.get(web.url), repeat=Repeat.FREE, what="GET x")
    assert "Authorization" not in web.asked[0].headers


def test_the_configured_proxy_is_used_and_no_other(clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy, serving() as other:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, other.url)
        spec = NetworkSpec(proxy=proxy.url)
        get(transport(clock, "http://tracker.example", spec, allow_http=True), "http://tracker.example/x")
        assert [asked.target for asked in proxy.asked] == ["http://tracker.example/x"]
        assert other.asked == []
        get(transport(clock, "http://tracker.example", NetworkSpec(), allow_http=True), "http://tracker.example/y")
        assert [asked.target for asked in other.asked] == ["http://tracker.example/y"]


def test_this_machine_is_reached_without_a_proxy(clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy, serving() as web:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        get(transport(clock, web.url), f"{web.url}/x")
        get(transport(clock, web.url, NetworkSpec(proxy=proxy.url)), f"{web.url}/x")
        assert (len(web.asked), proxy.asked) == (2, [])


def test_proxies_by_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://corp:8080")
    monkeypatch.setenv("NO_PROXY", "internal.example")
    assert proxies(NetworkSpec(), "https://acme.example")["https"] == "http://corp:8080"
    assert proxies(NetworkSpec(), "https://internal.example") == {}
    assert proxies(NetworkSpec(proxy="none"), "https://acme.example") == {}


def test_a_password_of_a_proxy_is_in_no_printed_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://lin:hunter22@corp:8080")
    spec = NetworkSpec(proxy="http://lin:hunter22@corp:8080")
    for each in (spec, Way(spec, "https://acme.example"), route(spec, "https://acme.example")):
        assert "hunter22" not in repr(each)
    found = route(NetworkSpec(), "https://acme.example")
    assert "hunter22" not in f"{found!r} {found.shown!r}"
    assert found.proxy == "http://lin:hunter22@corp:8080"


def test_only_the_configured_authorities_are_trusted(clock: FrozenClock) -> None:
    with serving(tls=True) as web:
        way = transport(clock, web.url)
        session = session_on(way)
        session.verify = False
        with pytest.raises(ConfigError) as caught:
            way.call(lambda: session.get(web.url, verify=str(CERTIFICATE)), repeat=Repeat.FREE, what="GET x")
        problem = caught.value.problems[0]
        assert problem.what.id == "sync.certificate"
        assert problem.next_step is not None
        assert "network.ca_bundle" in translator("en").render(problem.next_step)
        assert (web.asked, clock.slept) == ([], [])


def test_the_configured_authorities_are_trusted(clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    with serving(tls=True) as web:
        get(transport(clock, web.url, NetworkSpec(ca_bundle=str(CERTIFICATE))), f"{web.url}/x")
        assert len(web.asked) == 1


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_ca_bundle_that_can_not_be_read(clock: FrozenClock, tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        transport(clock, spec=NetworkSpec(ca_bundle=str(path)))
    assert caught.value.problems[0].what.id == "sync.ca_bundle"


# addresses that do not answer


def test_a_refused_connection_is_named(clock: FrozenClock) -> None:
    with serving() as web:
        url = web.url
    way = transport(clock, url)
    with pytest.raises(ConfigError) as caught:
        get(way, f"{url}/x")
    assert caught.value.problems[0].what.id == "sync.connection_refused"
    assert caught.value.problems[0].where == "GET search/jql /x"
    assert way.total == 3


def test_an_unknown_name_is_named(clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ConfigError) as caught:
        get(transport(clock), f"{SITE}/x")
    problem = caught.value.problems[0]
    assert (problem.what.id, problem.what.params) == ("sync.no_such_host", {"host": "acme.example"})


def test_a_dead_proxy_is_named(clock: FrozenClock) -> None:
    with serving() as web:
        dead = web.url
    with pytest.raises(ConfigError) as caught:
        get(transport(clock, spec=NetworkSpec(proxy=dead)), f"{SITE}/x")
    assert caught.value.problems[0].what.id == "sync.proxy"


def test_an_http_server_behind_an_https_address_is_named(clock: FrozenClock) -> None:
    with serving() as web:
        url = web.url.replace("http://", "https://")
        with pytest.raises(ConfigError) as caught:
            get(transport(clock, url), f"{url}/x")
        assert caught.value.problems[0].what.id == "sync.tls"
