"""Limits (W11, W12): four reasons, each form of saying how long to wait, and the counting behind it."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest
import requests

from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.sandbox.client import Client
from tests.sandbox.conftest import Clock

ALL = "project in (PAY, MOB) ORDER BY id"
Serving = Callable[..., RunningServer]
OAUTH = {"login_kind": "oauth"}


def _label(client: Client, key: str, number: int) -> requests.Response:
    return client.send("PUT", f"issue/{key}", json={"update": {"labels": [{"add": f"label-{number}"}]}})


def _behind_the_gateway(server: RunningServer) -> Client:
    """Bearer at the gateway."""
    client = Client(server, user=None)
    client.session.headers["Authorization"] = f"Bearer {server.token}"
    client.root = server.gateway_url
    return client


def test_w11_a_burst_delays_its_own_endpoint_only(serving: Serving, clock: Clock) -> None:
    client = Client(serving(faults={"burst": 3}))
    answers = [client.send("GET", "field") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
    assert [answer.headers["X-RateLimit-NearLimit"] for answer in answers] == ["false", "false", "true", "true", "true"]
    assert answers[3].headers["RateLimit-Reason"] == "jira-burst-based"
    assert client.send("GET", "status").status_code == 200
    clock.now += 1
    assert client.send("GET", "field").status_code == 200


def test_what_is_said_of_a_limit_that_nobody_enforces(serving: Serving) -> None:
    headers = Client(serving(faults={"rate_limit": 350})).send("GET", "field").headers
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("350", "349")


def test_without_the_switch_no_burst_is_too_much(client: Client) -> None:
    assert {client.send("GET", "serverInfo").status_code for _ in range(30)} == {200}


def test_w11_points_belong_to_the_hour_and_to_apps(serving: Serving, clock: Clock) -> None:
    clock.now = clock.now // 3600 * 3600 + 600
    server = serving(faults={"points_per_hour": 12, **OAUTH})
    app = _behind_the_gateway(server)
    first = app.send("POST", "search/jql", json={"jql": ALL, "maxResults": 10})
    assert first.status_code == 200  # 11 points: the call and ten issues
    assert app.send("GET", "myself").status_code == 200
    stopped = app.send("GET", "status")
    assert (stopped.status_code, stopped.headers["RateLimit-Reason"]) == (429, "jira-quota-global-based")
    assert stopped.headers["Retry-After"] == "3000"
    assert app.send("GET", "field").status_code == 429  # all endpoints at once
    clock.now += 3000
    assert app.send("GET", "field").status_code == 200


def test_w11_the_quota_may_be_the_tenants(serving: Serving) -> None:
    app = _behind_the_gateway(serving(faults={"points_per_hour": 1, "points_of": "tenant", **OAUTH}))
    app.send("GET", "myself")
    assert app.send("GET", "myself").headers["RateLimit-Reason"] == "jira-quota-tenant-based"


def test_w11_api_tokens_have_no_quota(serving: Serving) -> None:
    client = Client(serving(faults={"points_per_hour": 1}))
    assert {client.send("GET", "myself").status_code for _ in range(5)} == {200}


def test_w11_every_form_of_a_429(serving: Serving, clock: Clock) -> None:
    clock.now = clock.now // 3600 * 3600 + 600
    seen = {}
    for form in ("seconds", "date", "reset", "structured", "missing"):
        app = _behind_the_gateway(serving(faults={"points_per_hour": 1, "limit_form": form, **OAUTH}))
        app.send("GET", "myself")
        headers = app.send("GET", "myself").headers
        names = ("Retry-After", "X-RateLimit-Reset", "Beta-RateLimit")
        seen[form] = {name: headers[name] for name in names if name in headers}
    until = clock.now + 3000
    assert seen["seconds"]["Retry-After"] == "3000"
    assert parsedate_to_datetime(seen["date"]["Retry-After"]).timestamp() == until
    assert list(seen["reset"]) == ["X-RateLimit-Reset", "Beta-RateLimit"]
    assert seen["structured"]["Beta-RateLimit"] == '"jira-quota-global-based";r=0;t=3000'
    assert "Retry-After" not in {**seen["missing"], **seen["structured"]}


@pytest.mark.parametrize(("spelling", "prefix"), [("beta", "Beta-"), ("plain", "")])
def test_w11_structured_headers_lose_their_prefix_one_day(serving: Serving, spelling: str, prefix: str) -> None:
    headers = Client(serving(faults={"structured": spelling})).send("GET", "myself").headers
    assert headers[f"{prefix}RateLimit"] == '"jira-burst-based";r=99;t=1'
    assert headers[f"{prefix}RateLimit-Policy"] == '"jira-burst-based";q=100;w=1'


def test_w11_structured_headers_may_be_missing(serving: Serving) -> None:
    headers = Client(serving(faults={"structured": "off"})).send("GET", "myself").headers
    assert not [name for name in headers if name.startswith(("Beta-", "RateLimit"))]


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ("seconds", {"Retry-After", "X-RateLimit-Reset"}),
        ("date", {"Retry-After"}),
        ("reset", {"X-RateLimit-Reset"}),
        ("missing", set()),
    ],
)
def test_a_single_failure_takes_the_same_forms(serving: Serving, form: str, names: set[str]) -> None:
    row = {"endpoint": "field", "status": 429, "retry_after": 30, "form": form, "reason": "jira-per-issue-on-write"}
    headers = Client(serving(faults={"failures": [row]})).send("GET", "field").headers
    assert {name for name in ("Retry-After", "X-RateLimit-Reset") if name in headers} == names
    assert headers["RateLimit-Reason"] == "jira-per-issue-on-write"


def test_w12_an_issue_takes_20_writes_in_2_seconds_and_100_in_30(serving: Serving, clock: Clock) -> None:
    client = Client(serving())
    assert [_label(client, "PAY-1", n).status_code for n in range(21)] == [204] * 20 + [429]
    refused = _label(client, "PAY-1", 21)
    assert (refused.headers["RateLimit-Reason"], refused.headers["Retry-After"]) == ("jira-per-issue-on-write", "2")
    assert _label(client, "PAY-2", 1).status_code == 204  # another issue is free
    for _ in range(4):
        clock.now += 2.5
        assert {_label(client, "PAY-1", n).status_code for n in range(20)} == {204}
    clock.now += 2.5
    refused = _label(client, "PAY-1", 100)
    assert refused.status_code == 429  # the hundredth within half a minute
    clock.now += int(refused.headers["Retry-After"])
    assert _label(client, "PAY-1", 100).status_code == 204


def test_w12_comments_and_properties_are_writes_too_and_reads_are_none(serving: Serving) -> None:
    client = Client(serving(faults={"issue_writes": [[2, 60]]}))
    number = client.issue("PAY-1")["id"]
    assert client.send("POST", "issue/PAY-1/comment", json={"body": "x"}).status_code == 201
    assert client.send("PUT", f"issue/{number}/properties/a", json={"n": 1}).status_code == 201
    assert _label(client, "PAY-1", 1).status_code == 429
    assert client.send("GET", "issue/PAY-1").status_code == 200


def test_w12_belongs_to_cloud(serving: Serving) -> None:
    client = Client(serving(kind="datacenter"))
    assert {_label(client, "PAY-1", n).status_code for n in range(25)} == {204}
