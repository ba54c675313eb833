"""Every call of two syncs, held against the vendor's specifications: requests strictly, answers relaxed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from okr_delivery.sandbox import jira_datacenter
from okr_delivery.sandbox.jira_cloud import RunningServer, serve
from okr_delivery.sandbox.world import build
from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery_jira import JiraConnector
from tests.sandbox.validation import Specification

SPECS = Path(__file__).parents[3] / "shared" / "specs"

pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason="the vendor's specifications are not beside this repository")


def synced(server: RunningServer, **more: Any) -> list[requests.Response]:
    """Every answer that a first sync, a second one, a resumed one and a census get."""
    answers: list[requests.Response] = []
    transport = Transport(NetworkSpec(), origin=server.url, sleep=lambda _: None)
    transport.observer = lambda _, answer: answers.append(answer) if answer is not None else None
    given: dict[str, Any] = {"token": Secret(server.token), "projects": ("PAY", "MOB"), **more}
    connector = JiraConnector.open(SourceSpec(name="jira", type="jira", url=server.url, **given), transport)
    now = connector.identity().server_time
    connector.metadata()
    known = {iteration.id: iteration for iteration in connector.iterations({})}
    assert [issue for page in connector.pages(None, None, lambda _: {}) for issue in page.issues]
    list(connector.iterations(known))
    list(connector.iterations({}))
    list(connector.pages(now - 7 * 86_400, None, lambda _: {}))
    ids = list(connector.census())
    list(connector.pages(None, ids[50], lambda _: {}))
    connector.visible([*ids, "999999"])
    connector.ahead(None)
    list(connector.inspect())
    connector.close()
    return answers


def last_parts(answers: list[requests.Response]) -> set[str]:
    return {str(answer.request.path_url).partition("?")[0].rpartition("/")[2] for answer in answers}


def test_every_call_to_cloud_is_as_the_specification_says() -> None:
    platform = Specification.read(SPECS / "jira-cloud-v3.openapi.json")
    agile = Specification.read(SPECS / "jira-agile-cloud.openapi.json")
    with serve(build(issues=120), faults={"id_cap": 40, "history_cap": 300}) as server:
        answers = synced(server, user=server.user)
    for answer in answers:
        (agile if str(answer.request.path_url).startswith("/rest/agile/") else platform).check(answer)
    assert {"serverInfo", "myself", "field", "status", "PAY", "version", "board", "configuration", "sprint", "jql",
            "approximate-count", "bulkfetch", "mypermissions"} <= last_parts(answers)  # fmt: skip


def test_every_call_to_data_center_is_as_the_specification_says() -> None:
    specification = Specification.datacenter(SPECS / "jira-datacenter-10.3.openapi.json")
    with jira_datacenter.serve(build(issues=120), faults={"search_cap": 40, "search_history_cap": 3}) as server:
        answers = synced(server)
    for answer in answers:
        if answer.ok:
            specification.check(answer)
    assert {"serverInfo", "myself", "field", "status", "PAY", "versions", "board", "configuration", "sprint", "search",
            "mypermissions"} <= last_parts(answers)  # fmt: skip
    refused = {str(answer.request.path_url).partition("?")[0] for answer in answers if not answer.ok}
    assert refused == {"/rest/api/2/issue/999999"}
