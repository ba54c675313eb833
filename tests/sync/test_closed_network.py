"""Behind a company's proxy: what is used, what is ignored, and what is said when it does not work."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from okr_delivery.locale import translator
from okr_delivery.sync.errors import ConfigError, RetryLaterError, SyncError
from okr_delivery.sync.network import CA_VARIABLES, NetworkSpec, address_of, authorities, route, trust
from okr_delivery.sync.transport import Repeat, Transport
from okr_delivery.sync.way import Way
from tests.conftest import FrozenClock
from tests.sync.corporate import AUTHORITY, ESCAPED, LOGIN, Proxy, company, expired
from tests.sync.web import CERTIFICATE, Reply, Web, serving

HOST = "jira.corp.test"
SITE = f"https://{HOST}"
PASSWORD = LOGIN[1]
TOKEN = "s3cr3t-token"


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as made:
        yield made


@pytest.fixture
def proxy(web: Web) -> Iterator[Proxy]:
    with company({f"{HOST}:443": int(web.url.rpartition(":")[2])}) as made:
        yield made


@pytest.fixture
def bundle(proxy: Proxy, tmp_path: Path) -> str:
    return str(proxy.write_authority(tmp_path / "company.pem"))


def ask(clock: FrozenClock, spec: NetworkSpec, site: str = SITE, **options: Any) -> Transport:
    way = Transport(spec, origin=site, clock=clock, sleep=clock.sleep, **options)
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {TOKEN}"
    way.mount(session)
    answer = way.call(lambda: session.get(f"{site}/rest/api/2/myself"), repeat=Repeat.FREE, what="GET myself")
    assert way.json(answer, "GET myself") is not None
    return way


def refused(clock: FrozenClock, spec: NetworkSpec, **options: Any) -> SyncError:
    with pytest.raises(SyncError) as caught:
        ask(clock, spec, **options)
    assert clock.slept == []
    return caught.value


def told(error: SyncError) -> str:
    texts = [text for p in error.problems for text in (p.what, p.next_step) if text is not None]
    assert all(translator("zh").render(text) for text in texts)
    shown = "; ".join(translator("en").render(text) for text in texts)
    for secret in (PASSWORD, ESCAPED, "pa%3A", TOKEN):
        assert secret not in shown + str(error)
    return shown


# what is used


def test_a_proxy_with_a_password_from_the_environment(
    clock: FrozenClock, web: Web, proxy: Proxy, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url_with_login)
    ask(clock, NetworkSpec(ca_bundle=bundle))
    (first, _), *more = proxy.asked
    assert (first.rpartition(" ")[0], more) == (f"CONNECT {HOST}:443", [])
    assert web.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Proxy-Authorization" not in web.asked[0].headers
    assert route(NetworkSpec(), SITE).shown.params["proxy"] == f"127.0.0.1:{proxy.port}"


def test_a_proxy_from_the_configuration(clock: FrozenClock, web: Web, proxy: Proxy, bundle: str) -> None:
    proxy.login = None
    ask(clock, NetworkSpec(proxy=proxy.url, ca_bundle=bundle))
    assert len(web.asked) == 1


def test_an_address_without_a_scheme_is_a_proxy_too(
    clock: FrozenClock, web: Web, proxy: Proxy, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url_with_login.removeprefix("http://"))
    ask(clock, NetworkSpec(ca_bundle=bundle))
    assert len(web.asked) == 1


def test_a_proxy_that_is_reached_by_https_itself(clock: FrozenClock) -> None:
    with serving(tls=True) as secure:
        options: dict[str, Any] = {"site": "http://jira.corp.test", "allow_http": True}
        ask(clock, NetworkSpec(proxy=secure.url, ca_bundle=str(CERTIFICATE)), **options)
        assert [asked.target for asked in secure.asked] == ["http://jira.corp.test/rest/api/2/myself"]
        error = refused(clock, NetworkSpec(proxy=secure.url), **options)
        assert error.problems[0].what.id == "sync.proxy_certificate"
        assert "network.ca_bundle" in told(error)
        assert len(secure.asked) == 1


def test_netrc_gives_no_login_to_tracker_or_proxy(
    clock: FrozenClock, web: Web, proxy: Proxy, bundle: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login eve password stolen\nmachine 127.0.0.1 login eve password stolen\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url_with_login)
    ask(clock, NetworkSpec(ca_bundle=bundle))
    assert web.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert len({login for _, login in proxy.asked}) == 1


@pytest.mark.parametrize("name", [name for name in CA_VARIABLES if name != "SSL_CERT_DIR"])
def test_system_honours_what_the_machine_s_owner_set(
    clock: FrozenClock, web: Web, proxy: Proxy, bundle: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    proxy.login = None
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv(name, bundle)
    ask(clock, NetworkSpec())
    assert len(web.asked) == 1
    assert translator("en").render(authorities(NetworkSpec()).shown) == f"{bundle} ({name})"


def test_a_bundle_in_the_configuration_wins_over_every_variable(
    clock: FrozenClock, web: Web, proxy: Proxy, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url_with_login)
    for name in CA_VARIABLES:
        monkeypatch.setenv(name, "/nowhere.pem")
    ask(clock, NetworkSpec(ca_bundle=bundle))
    assert len(web.asked) == 1


@pytest.mark.parametrize("name", CA_VARIABLES)
def test_a_variable_that_names_nothing_is_told_before_anything_is_sent(
    clock: FrozenClock, web: Web, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "/nowhere.pem")
    error = refused(clock, NetworkSpec())
    assert error.problems[0].where == name
    assert "/nowhere.pem" in told(error)
    assert "network.ca_bundle" in told(error)
    assert web.asked == []


def test_a_folder_of_authorities(
    clock: FrozenClock, web: Web, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    monkeypatch.setenv("HTTPS_PROXY", proxy.url_with_login)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder))
    assert refused(clock, NetworkSpec()).problems[0].what.id == "sync.certificate"
    assert web.asked == []


def test_an_issuing_authority_without_its_root_is_enough(
    clock: FrozenClock, web: Web, proxy: Proxy, tmp_path: Path
) -> None:
    proxy.login = None
    middle = proxy.ca.create_child_ca()
    proxy.certificates[HOST] = middle.issue_cert(HOST)
    path = tmp_path / "middle.pem"
    middle.cert_pem.write_to_path(str(path))
    ask(clock, NetworkSpec(proxy=proxy.url, ca_bundle=str(path)))
    assert len(web.asked) == 1


def test_a_machine_s_authorities_are_read_once_however_many_sources_there_are(bundle: str) -> None:
    assert trust(NetworkSpec()) is trust(NetworkSpec(read_timeout=5))
    assert trust(NetworkSpec()) is not trust(NetworkSpec(ca_bundle=bundle))


# what is said


def test_an_unknown_authority_is_named_with_proxy_and_what_to_set(
    clock: FrozenClock, web: Web, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url_with_login)
    error = refused(clock, NetworkSpec())
    shown = told(error)
    assert isinstance(error, ConfigError)
    assert error.problems[0].what.id == "sync.certificate"
    assert AUTHORITY in shown
    assert f"127.0.0.1:{proxy.port} (from the environment)" in shown
    assert "this machine's authorities" in shown
    assert "network.ca_bundle" in shown
    assert (web.asked, proxy.tunnels) == ([], 0)  # not a byte went through, the token least of all


def test_the_authorities_of_another_company_are_named_with_their_source(
    clock: FrozenClock, web: Web, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url_with_login)
    assert f"trusted: {other} (REQUESTS_CA_BUNDLE)" in told(refused(clock, NetworkSpec()))
    assert f"trusted: {other} (network.ca_bundle)" in told(refused(clock, NetworkSpec(ca_bundle=str(other))))
    assert web.asked == []


def test_an_expired_certificate(clock: FrozenClock, web: Web, proxy: Proxy, bundle: str) -> None:
    proxy.login = None
    proxy.certificates[HOST] = expired(proxy.ca, HOST)
    error = refused(clock, NetworkSpec(proxy=proxy.url, ca_bundle=bundle))
    assert error.problems[0].what.id == "sync.certificate_dates"
    assert "clock" in told(error)
    assert AUTHORITY in told(error)


def test_a_certificate_for_another_name(clock: FrozenClock, web: Web, proxy: Proxy, bundle: str) -> None:
    proxy.login = None
    proxy.certificates[HOST] = proxy.ca.issue_cert("portal.corp.test")
    error = refused(clock, NetworkSpec(proxy=proxy.url, ca_bundle=bundle))
    assert error.problems[0].what.id == "sync.certificate_name"
    assert HOST in told(error)
    assert web.asked == []


@pytest.mark.parametrize("login", ["", "lin:wrong@"])
def test_a_proxy_login_that_is_missing_or_wrong_is_tried_once(
    clock: FrozenClock, web: Web, proxy: Proxy, bundle: str, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", f"//{login}"))
    error = refused(clock, NetworkSpec(ca_bundle=bundle))
    assert isinstance(error, ConfigError)
    shown = told(error)
    assert "407" in shown
    assert "HTTPS_PROXY" in shown
    assert f"127.0.0.1:{proxy.port}" in shown
    assert "wrong" not in shown
    assert len(proxy.asked) == 1


def test_a_407_without_encryption(clock: FrozenClock) -> None:
    with serving(Reply(407)) as plain:
        spec = NetworkSpec(proxy=plain.url)
        error = refused(clock, spec, site="http://jira.corp.test", allow_http=True)
        assert error.problems[0].what.id == "sync.proxy_login"
        assert len(plain.asked) == 1


def test_a_proxy_that_lets_nobody_out(clock: FrozenClock, proxy: Proxy, bundle: str) -> None:
    proxy.login, proxy.refuse = None, 403
    error = refused(clock, NetworkSpec(proxy=proxy.url, ca_bundle=bundle))
    assert f"the proxy refuses the way to {HOST}" in told(error)
    assert "403" in told(error)
    assert len(proxy.asked) == 1


def test_a_proxy_that_can_not_reach_the_tracker_just_now_is_asked_again(
    clock: FrozenClock, proxy: Proxy, bundle: str
) -> None:
    proxy.login, proxy.refuse = None, 503
    with pytest.raises(ConfigError):
        ask(clock, NetworkSpec(proxy=proxy.url, ca_bundle=bundle))
    assert len(proxy.asked) == 3


def test_a_login_page_in_front_of_the_tracker(clock: FrozenClock, web: Web, proxy: Proxy, bundle: str) -> None:
    proxy.login = None
    web.replies[:] = [Reply(body=b"<html><title>Sign in</title>", headers={"Content-Type": "text/html; charset=utf-8"})]
    error = refused(clock, NetworkSpec(proxy=proxy.url, ca_bundle=bundle))
    assert isinstance(error, ConfigError)
    assert error.problems[0].what.id == "sync.login_page"


def test_a_redirect_to_single_sign_on_is_not_followed(clock: FrozenClock, web: Web, proxy: Proxy, bundle: str) -> None:
    proxy.login = None
    web.replies[:] = [Reply(302, {"Location": "https://sso.corp.test/login"})]
    error = refused(clock, NetworkSpec(proxy=proxy.url, ca_bundle=bundle))
    assert error.problems[0].what.id == "sync.redirect"
    assert "sso.corp.test" in told(error)
    assert {first.split()[1] for first, _ in proxy.asked} == {f"{HOST}:443"}


def test_a_dead_proxy_is_named_without_its_login(
    clock: FrozenClock, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://{ESCAPED}@127.0.0.1:{port}")
    with pytest.raises(ConfigError) as caught:
        ask(clock, NetworkSpec(ca_bundle=bundle))
    assert caught.value.problems[0].what.id == "sync.proxy"
    assert f"127.0.0.1:{port}" in told(caught.value)


@pytest.mark.parametrize(
    "address",
    ["http://lin:pa#ss@proxy:80", "http://lin:12/34@proxy:80", "http://lin:1?2@proxy:80", "http://:80", "http://[::1"],
)
def test_an_unescaped_password_is_refused_without_showing_a_sign_of_it(
    clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    error = refused(clock, NetworkSpec())
    shown = told(error)
    assert error.problems[0].where == "HTTPS_PROXY"
    assert "%40" in shown
    for part in ("lin", "pa#", "12", "34"):
        assert part not in shown
    assert address_of(address) is None


# how it is described


@pytest.mark.parametrize(
    ("setting", "env", "shown"),
    [
        ("env", {}, "none (HTTPS_PROXY is not set)"),
        ("env", {"HTTPS_PROXY": "http://u:p@corp:8080"}, "corp:8080 (from the environment)"),
        ("env", {"ALL_PROXY": "corp:8080"}, "corp:8080 (from the environment)"),
        ("env", {"HTTP_PROXY": "http://corp:8080"}, "none (HTTPS_PROXY is not set)"),
        ("env", {"HTTPS_PROXY": "http://corp", "NO_PROXY": ".corp.test"}, f"none (NO_PROXY names {HOST})"),
        ("none", {"HTTPS_PROXY": "http://corp:8080"}, "none (network.proxy: none)"),
        ("http://corp:3128", {"NO_PROXY": "*"}, "corp:3128 (network.proxy)"),
    ],
)
def test_which_proxy(setting: str, env: dict[str, str], shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert translator("en").render(route(NetworkSpec(proxy=setting), SITE).shown) == shown


def test_the_issuer_is_learnt_without_trusting_it(
    proxy: Proxy, web: Web, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url_with_login)
    for spec in (NetworkSpec(), NetworkSpec(ca_bundle=bundle)):
        assert AUTHORITY in (Way(spec, SITE).issuer or "")
    assert Way(NetworkSpec(), web.url).issuer is None
    assert (web.asked, proxy.tunnels) == ([], 0)


def test_a_clock_that_is_wrong_is_noticed(clock: FrozenClock) -> None:
    with serving(Reply(headers={"Date": "Wed, 18 Nov 2026 11:16:40 GMT"})) as web:
        assert ask(clock, NetworkSpec(), site=web.url).skew == 600


def test_a_tracker_that_hangs_up_in_the_handshake(clock: FrozenClock, proxy: Proxy, bundle: str) -> None:
    proxy.login = None
    proxy.routes = {f"{HOST}:443": 1}  # nobody listens there
    with pytest.raises(RetryLaterError) as caught:
        ask(clock, NetworkSpec(proxy=proxy.url, ca_bundle=bundle))
    assert caught.value.problems[0].what.id == "sync.cut_off"
