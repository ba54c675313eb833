"""Faults: a wire that breaks, a server that is busy, and the switches that say so."""

from __future__ import annotations

import http.client
import importlib
import importlib.util
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests

from okr_delivery.locale import translator
from okr_delivery.model.errors import UserError
from okr_delivery.sandbox.faults import Failure, Faults, load
from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.sandbox.client import Client
from tests.sandbox.conftest import Clock

ALL = {"jql": "project = PAY ORDER BY id"}
Serving = Callable[..., RunningServer]


def _failing(serving: Serving, **row: object) -> Client:
    return Client(serving(faults={"failures": [row]}))


def test_without_werkzeug_the_error_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("okr_delivery.sandbox.jira")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        importlib.import_module("okr_delivery.sandbox.jira_cloud")
    assert "pip install 'okr-delivery[all]'" in _said(caught.value)


def test_a_page_that_fails_once(serving: Serving) -> None:
    client = _failing(serving, endpoint="search/jql", at=2, status=503)
    statuses = [client.send("POST", "search/jql", json=ALL).status_code for _ in range(4)]
    assert statuses == [200, 503, 200, 200]
    assert client.send("GET", "myself").status_code == 200


def test_failures_count_per_endpoint_or_over_all(serving: Serving) -> None:
    client = _failing(serving, endpoint="*", at=2, times=2, status=500)
    statuses = [client.send("GET", path).status_code for path in ("myself", "field", "status", "field")]
    assert statuses == [200, 500, 500, 200]


@pytest.mark.parametrize(("given", "expected"), [(7, "7"), (None, None)])
def test_429_with_and_without_retry_after(serving: Serving, given: int | None, expected: str | None) -> None:
    client = _failing(serving, endpoint="field", status=429, retry_after=given, reason="jira-quota-global-based")
    answer = client.send("GET", "field")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, expected)
    assert answer.headers["RateLimit-Reason"] == "jira-quota-global-based"
    assert answer.headers["X-RateLimit-Remaining"] == "0"


def test_429_with_a_date(serving: Serving, clock: Clock) -> None:
    answer = _failing(serving, endpoint="field", status=429, retry_after="date").send("GET", "field")
    assert parsedate_to_datetime(answer.headers["Retry-After"]).timestamp() == int(clock.now) + 1


def test_login_page_with_200(serving: Serving) -> None:
    answer = _failing(serving, endpoint="myself", kind="html_login").send("GET", "myself")
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (200, "text/html")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_truncated_json_looks_complete_to_http(serving: Serving) -> None:
    client = _failing(serving, endpoint="field", kind="truncated_json")
    broken = client.send("GET", "field")
    assert broken.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        broken.json()
    assert len(client.send("GET", "field").json()) > 20


@pytest.mark.parametrize(("kind", "applied"), [("drop_before", 0), ("drop_after", 1)])
def test_a_lost_connection_may_have_done_its_work(serving: Serving, kind: str, applied: int) -> None:
    server = serving(faults={"failures": [{"endpoint": "issue/{id}/comment", "kind": kind}]})
    client = Client(server)
    with pytest.raises(requests.ConnectionError):
        client.send("POST", "issue/PAY-1/comment", json={"body": "once?"})
    assert len(server.tracker.issue("PAY-1").comments) == applied


def test_faults_can_change_while_the_server_runs(server: RunningServer, client: Client) -> None:
    assert client.send("GET", "field").status_code == 200
    server.faults = Faults(failures=(Failure("field", at=2, status=503),))
    assert client.send("GET", "field").status_code == 503
    server.faults = None
    assert client.send("GET", "field").status_code == 200


def test_latency_is_paid_by_every_request(serving: Serving) -> None:
    client = Client(serving(faults={"latency": 0.05}))
    began = time.monotonic()
    for _ in range(3):
        client.get("myself")
    assert time.monotonic() - began >= 0.15


def test_requests_are_counted_by_endpoint(server: RunningServer, client: Client) -> None:
    client.get("myself")
    client.search("project = PAY")
    client.get("issue/PAY-1")
    client.get("issue/PAY-2")
    client.send("GET", "no/such/thing")
    assert server.requests == {"myself": 1, "search/jql": 1, "issue/{id}": 2, "(unknown)": 1}
    assert [(row.method, row.status) for row in server.log][-1] == ("GET", 404)
    server.reset()
    assert not server.requests


def test_every_answer_has_the_servers_date_and_limits(server: RunningServer, client: Client, clock: Clock) -> None:
    clock.now += 3600
    for path in ("myself", "field", "issue/NOPE-1"):
        headers = client.send("GET", path).headers
        assert parsedate_to_datetime(headers["Date"]).timestamp() == int(clock.now)
        assert int(headers["X-RateLimit-Limit"]) == int(headers["X-RateLimit-Remaining"]) + 1


def test_connections_stay_open(server: RunningServer) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.connect()
    first = connection.sock
    for path, status in (("serverInfo", 200), ("myself", 401), ("issue/NOPE-1", 404), ("serverInfo", 200)):
        connection.request("GET", f"/rest/api/2/{path}")
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, connection.sock is first) == (status, True)
    connection.close()


def _said(error: UserError) -> str:
    t = translator("en")
    parts = [(p.where or "", t.render(p.what), t.render(p.next_step) if p.next_step else "") for p in error.problems]
    return " | ".join(" ".join(part) for part in parts)


def test_an_unknown_switch_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("page_caps: 5\nlatensy: 1\nfailures: [{endpoint: field, stauts: 500}]\n", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load(path)
    said = _said(caught.value)
    for name, nearest in (("page_caps", "page_cap"), ("latensy", "latency"), ("stauts", "status")):
        assert f"`{name}`" in said
        assert f"`{nearest}`" in said
    assert str(path) in said


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[1, 2]", "name: value"),
        ("last_page: [", "YAML"),
        ("last_page: maybe", "absent, null, empty"),
        ("page_cap: many", "page_cap"),
        ("latency: fast", "latency"),
        ("failures: [{kind: explode}]", "html_login"),
        ("failures: [503]", "failures"),
    ],
)
def test_other_mistakes_in_a_faults_file(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load(path)
    assert part in _said(caught.value)


def test_a_missing_faults_file(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load(tmp_path / "none.yaml")
    assert "No such file" in _said(caught.value)


def test_a_faults_file_with_everything(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(
        "last_page: 'null'\nshort_pages: [1]\nzone_after: {3: UTC}\nlatency: 1\nrevoke_after: null\n"
        "failures: [{endpoint: search/jql, at: 2, status: 429, retry_after: date}]\n",
        encoding="utf-8",
    )
    read = load(path)
    assert (read.last_page, list(read.short_pages), read.zone_after, read.latency) == ("null", [1], {3: "UTC"}, 1)
    assert read.failures == (Failure("search/jql", 2, 1, "status", 429, "date"),)
    empty = tmp_path / "empty.yaml"
    empty.write_text("", encoding="utf-8")
    assert load(empty) == Faults()


def test_every_switch_is_turned_by_some_test() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.rglob("test_*.py"))
    assert [spec.name for spec in fields(Faults) if f'"{spec.name}"' not in tests] == []
