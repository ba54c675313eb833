"""Every endpoint against the vendor's own specification: our requests strictly, the sandbox's answers relaxed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_core.exceptions import OpenAPIError

from okr_delivery.sandbox.adf import document
from okr_delivery.sandbox.jira_cloud import RunningServer, serve
from okr_delivery.sandbox.recorded import load
from okr_delivery.sandbox.world import build
from tests.sandbox.client import Client
from tests.sandbox.validation import Specification


@pytest.fixture(scope="module")
def platform(shared: Path) -> Specification:
    return Specification.read(shared / "specs" / "jira-cloud-v3.openapi.json")


@pytest.fixture(scope="module")
def agile(shared: Path) -> Specification:
    return Specification.read(shared / "specs" / "jira-agile-cloud.openapi.json")


@pytest.fixture(scope="module")
def world_server() -> Iterator[RunningServer]:
    with serve(build(issues=60), faults={"last_page": "null"}) as running:
        yield running


def _search(client: Client, **body: object) -> requests.Response:
    return client.send("POST", "search/jql", json={"jql": "project = PAY ORDER BY id", **body})


CALLS: dict[str, Callable[[Client], requests.Response]] = {
    "serverInfo": lambda c: c.send("GET", "serverInfo"),
    "myself": lambda c: c.send("GET", "myself"),
    "field": lambda c: c.send("GET", "field"),
    "status": lambda c: c.send("GET", "status"),
    "statuses/search": lambda c: c.send("GET", "statuses/search", params={"maxResults": 200}),
    "issuetype": lambda c: c.send("GET", "issuetype"),
    "priority": lambda c: c.send("GET", "priority"),
    "resolution": lambda c: c.send("GET", "resolution"),
    "project": lambda c: c.send("GET", "project"),
    "project/search": lambda c: c.send("GET", "project/search"),
    "project/{key}": lambda c: c.send("GET", "project/PAY"),
    "version": lambda c: c.send("GET", "project/PAY/version", params={"startAt": 0, "maxResults": 50}),
    "search ids": lambda c: _search(c, fields=["id"], maxResults=5000),
    "search last page": lambda c: _search(c, fields=["summary", "*navigable"], maxResults=100),
    "search by GET": lambda c: c.send(
        "GET", "search/jql", params={"jql": "project = PAY", "fields": ["updated", "id"]}
    ),
    "count": lambda c: c.send("POST", "search/approximate-count", json={"jql": "project = PAY"}),
    "issue/bulkfetch": lambda c: c.send(
        "POST", "issue/bulkfetch", json={"issueIdsOrKeys": ["PAY-1", "PAY-2", "NO-1"], "fields": ["*all"]}
    ),
    "changelog/bulkfetch": lambda c: c.send(
        "POST", "changelog/bulkfetch", json={"issueIdsOrKeys": ["PAY-1", "PAY-2"], "maxResults": 10_000}
    ),
    "issue": lambda c: c.send("GET", "issue/PAY-1", params={"expand": "changelog"}),
    "changelog": lambda c: c.send("GET", "issue/PAY-1/changelog"),
    "transitions": lambda c: c.send("GET", "issue/PAY-1/transitions"),
    "comment": lambda c: c.send("POST", "issue/PAY-1/comment", json={"body": document("text")}),
    "comments": lambda c: c.send("GET", "issue/PAY-1/comment"),
    "create": lambda c: c.send(
        "POST", "issue", json={"fields": {"project": {"key": "PAY"}, "issuetype": {"id": "10001"}, "summary": "s"}}
    ),
    "edit": lambda c: c.send("PUT", "issue/PAY-1", json={"update": {"labels": [{"add": "x"}]}}),
    "property": lambda c: c.send("PUT", "issue/PAY-1/properties/okr", json={"a": 1}),
    "get property": lambda c: (
        c.send("PUT", "issue/PAY-1/properties/got", json={"a": 1}) and c.send("GET", "issue/PAY-1/properties/got")
    ),
    "properties": lambda c: c.send("GET", "issue/PAY-1/properties"),
    "remotelink": lambda c: c.send(
        "POST", "issue/PAY-1/remotelink", json={"globalId": "g", "object": {"url": "https://a.example", "title": "t"}}
    ),
    "delete": lambda c: c.send("DELETE", "issue/PAY-20"),
}


@pytest.mark.parametrize("name", CALLS)
def test_platform(platform: Specification, world_server: RunningServer, name: str) -> None:
    answer = CALLS[name](Client(world_server, version=3))
    assert answer.ok, answer.text
    platform.check(answer)


@pytest.mark.parametrize("name", [n for n in CALLS if n not in ("comment", "comments", "delete", "create")])
def test_version_2_has_the_same_shapes(platform: Specification, world_server: RunningServer, name: str) -> None:
    platform.check(CALLS[name](Client(world_server, version=2)))


AGILE = ("board", "board?type=scrum&projectKeyOrId=PAY", "board/1", "board/1/configuration")


@pytest.mark.parametrize("path", [*AGILE, "board/1/sprint?state=active,future&maxResults=50", "sprint/31"])
def test_agile(agile: Specification, world_server: RunningServer, path: str) -> None:
    answer = Client(world_server).send("GET", f"/rest/agile/1.0/{path}")
    assert answer.ok, answer.text
    agile.check(answer)


@pytest.mark.parametrize("site", ["cloud-a", "cloud-b", "cloud-c", "cloud-d", "cloud-e"])
def test_recorded_sites(platform: Specification, agile: Specification, shared: Path, site: str) -> None:
    recording = load(sorted((shared / "payloads").glob("jira-*.jsonl")), site)
    with serve(recording) as running:
        client = Client(running)
        ids = sorted(recording.site.issues)[:100]
        for path in ("field", "status", "issuetype", "project"):
            platform.check(client.send("GET", path))
        names = [str(number) for number in ids]
        platform.check(client.send("POST", "issue/bulkfetch", json={"issueIdsOrKeys": names, "fields": ["*all"]}))
        platform.check(client.send("POST", "changelog/bulkfetch", json={"issueIdsOrKeys": names}))
        agile.check(client.send("GET", "/rest/agile/1.0/board"))


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("changelog/bulkfetch", {"issueIdsOrKeys": [str(n) for n in range(1001)]}),
    ("changelog/bulkfetch", {"issueIdsOrKeys": ["1"], "fieldIds": [str(n) for n in range(11)]}),
    ("search/jql", {"jql": "project = PAY", "expand": None}),
    ("search/jql", {"jql": "project = PAY", "startAt": 0}),
    ("issue/bulkfetch", {"fields": ["summary"]}),
]


@pytest.mark.parametrize(("path", "body"), REFUSED)
def test_the_specification_and_the_sandbox_refuse_the_same(
    platform: Specification, world_server: RunningServer, path: str, body: dict[str, Any]
) -> None:
    answer = Client(world_server, version=3).send("POST", path, json=body)
    assert answer.status_code == 400
    with pytest.raises(OpenAPIError):
        platform.check(answer)
