"""The command line behind a company's proxy that opens every connection, and beside a clock that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from okr_delivery.sandbox import TOKEN, USER
from okr_delivery.sandbox.jira_cloud import RunningServer, serve
from okr_delivery.sandbox.workspace import write
from okr_delivery.sandbox.world import build
from tests.e2e.runner import NOW, Cli, Ended
from tests.sync.corporate import AUTHORITY, ESCAPED, LOGIN, Proxy, company

HOST = "jira.corp.test"


class Office:
    """A workspace whose tracker is only reached through the company's proxy."""

    def __init__(self, cli: Cli, proxy: Proxy, bundle: Path) -> None:
        self.cli = cli
        self.proxy = proxy
        self.bundle = bundle

    def network(self, settings: str) -> None:
        path = self.cli.folder / "okr-delivery.yaml"
        path.write_text(f"{path.read_text('utf-8')}\nnetwork: {{{settings}}}\n", encoding="utf-8")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Office]]:
    """Makes offices; keywords are the tracker's faults."""
    with ExitStack() as stack:

        def make(**faults: Any) -> Office:
            running = serve(build(seed=1, now=NOW), faults=faults or None)
            stack.callback(running.stop)
            proxy = stack.enter_context(company({f"{HOST}:443": int(running.url.rpartition(":")[2])}))
            folder = tmp_path / "work"
            folder.mkdir()
            write(folder, build(seed=1, now=NOW), f"https://{HOST}", "en")
            monkeypatch.setenv("HTTPS_PROXY", proxy.url_with_login)
            return Office(Cli(folder), proxy, proxy.write_authority(tmp_path / "company.pem"))

        yield make


def silent(ended: Ended) -> str:
    """Both streams; no secret in either."""
    shown = ended.out + ended.err
    for secret in (LOGIN[1], ESCAPED, "pa%3A", TOKEN, "stolen"):
        assert secret not in shown
    return shown


def test_everything_passes_a_proxy_with_password_and_its_own_authority(
    office: Callable[..., Office], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = office()
    made.network(f"ca_bundle: {made.bundle}")
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login eve password stolen\nmachine 127.0.0.1 login eve password stolen\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    shown = silent(made.cli.ok("doctor"))
    assert f"proxy: 127.0.0.1:{made.proxy.port} (from the environment)" in shown
    assert f"trusted certificate authorities: {made.bundle} (network.ca_bundle)" in shown
    assert f"certificate of {HOST}: issued by " in shown
    assert AUTHORITY in shown
    assert "signed in as" in shown
    silent(made.cli.ok("-vv", "sync"))
    assert {first.rpartition(" ")[0] for first, _ in made.proxy.asked} == {f"CONNECT {HOST}:443"}


def test_an_authority_from_the_environment_is_enough(
    office: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = office()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.bundle))
    assert f"{made.bundle} (REQUESTS_CA_BUNDLE)" in silent(made.cli.ok("doctor"))


@pytest.mark.parametrize("command", ["doctor", "sync"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_unknown_authority_says_whose_it_is_and_what_to_set(
    office: Callable[..., Office], command: str, lang: str
) -> None:
    made = office()
    ended = made.cli("--lang", lang, command)
    assert ended.code == 2
    silent(ended)
    for part in (AUTHORITY, HOST, f"127.0.0.1:{made.proxy.port}", "network.ca_bundle"):
        assert part in ended.err
    assert made.proxy.tunnels == 0
    if command == "doctor":
        assert AUTHORITY in ended.out


@pytest.mark.parametrize("command", ["doctor", "sync"])
def test_a_proxy_that_refuses_the_login(
    office: Callable[..., Office], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    made = office()
    made.network(f"ca_bundle: {made.bundle}")
    monkeypatch.setenv("HTTPS_PROXY", f"http://lin:oldpassword@127.0.0.1:{made.proxy.port}")
    ended = made.cli(command)
    assert ended.code == 2
    assert "407" in ended.err
    assert "HTTPS_PROXY" in ended.err
    assert "oldpassword" not in silent(ended)


def test_a_login_page_in_front(office: Callable[..., Office]) -> None:
    made = office(failures=[{"kind": "html_login", "endpoint": "*", "at": 1, "times": 1000}])
    made.network(f"ca_bundle: {made.bundle}")
    for command in ("doctor", "sync"):
        ended = made.cli(command)
        assert ended.code == 2
        assert "a page for people came instead of data" in silent(ended)


def test_a_refused_token_still_shows_the_way(office: Callable[..., Office]) -> None:
    made = office()
    made.network(f"ca_bundle: {made.bundle}")
    made.cli.env = {"OKR_DELIVERY_JIRA_USER": USER, "OKR_DELIVERY_JIRA_TOKEN": "revoked-token"}
    ended = made.cli("doctor")
    assert ended.code == 2
    assert AUTHORITY in ended.out
    assert "401" in ended.err
    assert "revoked-token" not in silent(ended)


def test_a_proxy_in_the_configuration_may_hold_no_password(office: Callable[..., Office]) -> None:
    made = office()
    made.network(f'proxy: "{made.proxy.url_with_login}"')
    ended = made.cli("doctor")
    assert ended.code == 2
    assert "HTTPS_PROXY" in silent(ended)
    assert made.proxy.asked == []


def test_a_proxy_address_that_can_not_be_read(office: Callable[..., Office], monkeypatch: pytest.MonkeyPatch) -> None:
    made = office()
    monkeypatch.setenv("HTTPS_PROXY", f"http://lin:{LOGIN[1]}@127.0.0.1:{made.proxy.port}")
    for command in ("doctor", "sync"):
        ended = made.cli(command)
        assert ended.code == 2
        assert "HTTPS_PROXY" in silent(ended)


@pytest.mark.parametrize("ahead", [-600, 600])
def test_a_clock_ten_minutes_off_is_told_and_loses_nothing(server: RunningServer, cli: Cli, ahead: int) -> None:
    cli.now = NOW - ahead
    told = re.search(r"warning: .* clock .* differ by (\d+) s", cli.ok("doctor").out)
    assert told is not None
    assert 500 < int(told[1]) < 700  # the server's clock runs while ours stands
    cli.ok("sync")
    assert cli.ok("sync", "--format", "json").json["sources"][0]["issues"]["changed"] == 0
    answer = requests.put(
        f"{server.url}/rest/api/2/issue/PAY-1",
        json={"update": {"labels": [{"add": "seen"}]}},
        auth=(USER, TOKEN),
        timeout=10,
    )
    assert answer.status_code == 204
    assert cli.ok("sync", "--format", "json").json["sources"][0]["issues"]["changed"] == 1
