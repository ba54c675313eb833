"""Who is calling, and every way in which the answer is not good enough."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from okr_delivery.sync.errors import AbortSyncError, ConfigError
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery_jira import JiraConnector
from tests.okr_delivery_jira.builders import NOW, body
from tests.okr_delivery_jira.site import SERVER, Site, connect, spec, transport


def test_two_requests_tell_account_zone_and_clock(site: Site) -> None:
    who = connect().identity()
    assert [str(asked) for asked in site.asked] == ["GET serverInfo", "GET myself"]
    assert (who.account, who.display_name, who.timezone) == ("bot", "Sync", "Asia/Shanghai")
    assert (who.server_time, who.deployment, who.base_url) == (NOW, "cloud", "https://acme.atlassian.net")


def test_without_a_date_header_the_servers_own_time_counts(site: Site) -> None:
    site.headers = {}
    assert connect().identity().server_time == NOW


def test_without_any_clock_nothing_is_read(site: Site) -> None:
    site.headers = {}
    site.handlers["GET serverInfo"] = lambda _: {**SERVER, "serverTime": None}
    with pytest.raises(AbortSyncError, match="no_server_time"):
        connect().identity()


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus"])
def test_an_unknown_zone_is_none(site: Site, zone: str | None) -> None:
    site.zone = zone
    assert connect().identity().timezone is None


def test_user_and_token_are_basic_and_a_token_alone_is_a_bearer(site: Site) -> None:
    connect().identity()
    basic = base64.b64encode(b"bot@example.com:s3cret").decode()
    assert {asked.headers["Authorization"] for asked in site.asked} == {f"Basic {basic}"}
    site.asked.clear()
    connect(user=None).identity()
    assert {asked.headers["Authorization"] for asked in site.asked} == {"Bearer s3cret"}


def test_nothing_is_asked_before_identity(site: Site) -> None:
    connect()
    assert site.asked == []


def test_a_missing_token_is_named_with_its_variable(site: Site) -> None:
    with pytest.raises(ConfigError, match="no_token"):
        connect(token=None, user=None).identity()
    assert site.asked == []


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((401, {}), "jira.error.unauthorized"),
        ((401, {"code": 401, "message": "Unauthorized; scope does not match"}), "jira.error.scope"),
        ((403, {"message": "no"}), "jira.error.forbidden"),
        ((200, {}), "jira.error.anonymous"),
        ((200, {"accountId": None, "displayName": "Anonymous"}), "jira.error.anonymous"),
        ((200, "<html><body>Log in</body></html>"), "login_page"),
        ((404, {}), "jira.error.not_found"),
    ],
)
def test_an_answer_that_names_nobody_fails_closed(site: Site, answer: Any, problem: str) -> None:
    site.handlers["GET myself"] = lambda _: answer
    with pytest.raises(ConfigError, match=problem) as caught:
        connect().identity()
    assert caught.value.problems[0].where is not None
    assert "/myself" in str(caught.value) or "myself" in str(caught.value.problems[0].where)
    assert "s3cret" not in str(caught.value)


def test_a_captcha_is_named(site: Site) -> None:
    site.headers["X-Authentication-Denied-Reason"] = "CAPTCHA_CHALLENGE; login-url=https://x.example.com"
    site.handlers["GET myself"] = lambda _: (403, {})
    with pytest.raises(ConfigError, match="captcha"):
        connect().identity()


@pytest.mark.parametrize("kind", ["Server", "DataCenter", None])
def test_what_is_not_called_cloud_is_data_center(site: Site, kind: str | None) -> None:
    site.handlers["GET serverInfo"] = lambda _: {**SERVER, "deploymentType": kind}
    site.handlers["GET myself"] = lambda _: {"key": "JIRAUSER10047", "name": "bot", "displayName": "Sync"}
    who = connect().identity()
    assert (who.deployment, who.account) == ("datacenter", "JIRAUSER10047")


@pytest.mark.parametrize(("said", "kind"), [("Server", "cloud"), ("Cloud", "datacenter")])
def test_the_settings_decide_over_the_site(site: Site, said: str, kind: str) -> None:
    site.handlers["GET serverInfo"] = lambda _: {**SERVER, "deploymentType": said}
    site.handlers["GET myself"] = lambda _: {"accountId": "bot", "key": "bot"}
    assert connect(deployment=kind).identity().deployment == kind


def test_another_kind_of_server_is_no_jira(site: Site) -> None:
    site.handlers["GET serverInfo"] = lambda _: ["hello"]
    with pytest.raises(AbortSyncError, match="shape"):
        connect().identity()


def test_a_busy_server_is_asked_again_through_the_transport(site: Site) -> None:
    answers: Iterator[Any] = iter([(503, {}), (429, {}), SERVER])
    site.handlers["GET serverInfo"] = lambda _: next(answers)
    channel = transport()
    JiraConnector.open(spec(), channel).identity()
    assert channel.requests == {"GET serverInfo": 3, "GET myself": 1}


def test_no_secret_shows(site: Site) -> None:
    connector = connect()
    connector.identity()
    assert "s3cret" not in repr(connector) + repr(vars(connector))


def test_a_scoped_token_works_through_the_gateway_and_links_lead_to_the_site(site: Site) -> None:
    gateway = "https://api.atlassian.com/ex/jira/00000000-0000-4000-8000-000000000001"
    site.add(body(10001))
    channel = Transport(NetworkSpec(), origin=gateway)
    connector = JiraConnector.open(spec(url=gateway), channel)
    assert connector.identity().base_url == "https://acme.atlassian.net"
    connector.metadata()
    (page,) = connector.pages(None, None, lambda _: {})
    assert page.issues[0].url == "https://acme.atlassian.net/browse/PAY-1"


def test_an_answer_that_names_nobody_is_confirmed_before_nothing_is_believed(site: Site) -> None:
    del site.headers["X-AACCOUNTID"]
    connector = connect()
    connector.identity()
    connector.metadata()
    assert site.count("GET myself") == 2
    assert list(connector.pages(None, None, lambda _: {})) == []
    assert site.count("GET myself") == 3
    assert connector.visible(["1"]) == frozenset()
    assert site.count("GET myself") == 4


def test_a_token_that_dies_after_the_identity_never_looks_like_nothing(site: Site) -> None:
    connector = connect()
    connector.identity()
    connector.metadata()
    del site.headers["X-AACCOUNTID"]
    site.handlers["GET myself"] = lambda _: {}
    for call in (
        connector.metadata,
        lambda: list(connector.pages(None, None, lambda _: {})),
        lambda: connector.visible(["1"]),
    ):
        with pytest.raises(ConfigError, match="anonymous"):
            call()
