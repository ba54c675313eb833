"""Every Data Center endpoint against the vendor's own specification: requests strictly, answers relaxed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_core.exceptions import OpenAPIError

from okr_delivery.sandbox.jira_cloud import RunningServer
from okr_delivery.sandbox.jira_datacenter import serve
from okr_delivery.sandbox.recorded import load
from okr_delivery.sandbox.world import build
from tests.sandbox.client import Client
from tests.sandbox.validation import Specification

AGILE = "/rest/agile/1.0"
LINK = {"globalId": "g", "object": {"url": "https://a.example", "title": "t"}}


@pytest.fixture(scope="module")
def specification(shared: Path) -> Specification:
    return Specification.datacenter(shared / "specs" / "jira-datacenter-10.3.openapi.json")


@pytest.fixture(scope="module")
def world_server() -> Iterator[RunningServer]:
    with serve(build(issues=60)) as running:
        yield running


def _search(client: Client, **body: object) -> requests.Response:
    return client.send("POST", "search", json={"jql": "project = PAY ORDER BY id", **body})


CALLS: dict[str, Callable[[Client], requests.Response]] = {
    "serverInfo": lambda c: c.send("GET", "serverInfo"),
    "myself": lambda c: c.send("GET", "myself"),
    "field": lambda c: c.send("GET", "field"),
    "status": lambda c: c.send("GET", "status"),
    "issuetype": lambda c: c.send("GET", "issuetype"),
    "priority": lambda c: c.send("GET", "priority"),
    "resolution": lambda c: c.send("GET", "resolution"),
    "project": lambda c: c.send("GET", "project"),
    "project/{key}": lambda c: c.send("GET", "project/PAY"),
    "versions": lambda c: c.send("GET", "project/PAY/versions"),
    "version": lambda c: c.send("GET", "project/PAY/version", params={"startAt": 0, "maxResults": 50}),
    "search": lambda c: _search(c, fields=["*navigable"], expand=["changelog"], maxResults=100, startAt=0),
    "search ids": lambda c: _search(c, fields=["id"], maxResults=1000, validateQuery=True),
    "search by GET": lambda c: c.send(
        "GET", "search", params={"jql": "project = PAY", "fields": "updated,id", "expand": "changelog"}
    ),
    "lenient search": lambda c: _search(c, jql="project = NOPE", validateQuery=False),
    "issue": lambda c: c.send("GET", "issue/PAY-1", params={"expand": "changelog", "fields": "*all"}),
    "transitions": lambda c: c.send("GET", "issue/PAY-1/transitions"),
    "comment": lambda c: c.send("POST", "issue/PAY-1/comment", json={"body": "text"}),
    "comments": lambda c: c.send("GET", "issue/PAY-1/comment", params={"expand": "properties"}),
    "create": lambda c: c.send(
        "POST", "issue", json={"fields": {"project": {"key": "PAY"}, "issuetype": {"id": "10001"}, "summary": "s"}}
    ),
    "edit": lambda c: c.send("PUT", "issue/PAY-1", json={"update": {"labels": [{"add": "x"}]}}),
    "property": lambda c: c.send("PUT", "issue/PAY-1/properties/okr", json={"a": 1}),
    "properties": lambda c: c.send("GET", "issue/PAY-1/properties"),
    "remotelink": lambda c: c.send("POST", "issue/PAY-1/remotelink", json=LINK),
    "unlink": lambda c: (
        c.send("POST", "issue/PAY-1/remotelink", json=LINK)
        and c.send("DELETE", "issue/PAY-1/remotelink", params={"globalId": "g"})
    ),
    "delete": lambda c: c.send("DELETE", "issue/PAY-20"),
    "board": lambda c: c.send("GET", f"{AGILE}/board", params={"type": "scrum", "projectKeyOrId": "PAY"}),
    "board/{id}": lambda c: c.send("GET", f"{AGILE}/board/1"),
    "configuration": lambda c: c.send("GET", f"{AGILE}/board/1/configuration"),
    "sprints": lambda c: c.send("GET", f"{AGILE}/board/1/sprint", params={"state": "active,future"}),
    "sprint": lambda c: c.send("GET", f"{AGILE}/sprint/31"),
    "new sprint": lambda c: c.send("POST", f"{AGILE}/sprint", json={"name": "S", "originBoardId": 1}),
    "move to a sprint": lambda c: c.send("POST", f"{AGILE}/sprint/43/issue", json={"issues": ["PAY-1"]}),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_call(specification: Specification, world_server: RunningServer, name: str) -> None:
    answer = CALLS[name](Client(world_server))
    assert answer.ok, answer.text
    specification.check(answer)


@pytest.mark.parametrize("site", ["server-a", "server-b", "server-c"])
def test_recorded_sites(specification: Specification, shared: Path, site: str) -> None:
    recording = load(sorted((shared / "payloads").glob("jira-*.jsonl")), site)
    with serve(recording) as running:
        client = Client(running)
        for path in ("field", "status", "issuetype", "project", f"{AGILE}/board"):
            specification.check(client.send("GET", path))
        page = client.send("POST", "search", json={"jql": "created >= 2000-01-01"})
        specification.check(page)
        assert page.json()["total"] == len(recording.site.issues)


REFUSED: list[dict[str, Any]] = [
    {"jql": "project = PAY", "expand": "changelog"},  # a list here, one string on Cloud
    {"jql": "project = PAY", "fields": "summary"},
    {"jql": "project = PAY", "startAt": "0"},
    {"jql": ["project = PAY"]},
]


@pytest.mark.parametrize("body", REFUSED)
def test_the_specification_and_the_sandbox_refuse_the_same(
    specification: Specification, world_server: RunningServer, body: dict[str, Any]
) -> None:
    answer = Client(world_server).send("POST", "search", json=body)
    assert answer.status_code == 400
    with pytest.raises(OpenAPIError):
        specification.check(answer)
