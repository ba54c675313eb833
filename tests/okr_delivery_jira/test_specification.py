"""Every call of two syncs, held against the vendor's specifications: requests strictly, answers relaxed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from okr_delivery.sandbox.jira_cloud import serve
from okr_delivery.sandbox.world import build
from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery_jira import JiraConnector
from tests.sandbox.validation import Specification

SPECS = Path(__file__).parents[3] / "shared" / "specs"

pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason="the vendor's specifications are not beside this repository")


def test_every_call_is_as_the_specification_says() -> None:
    platform = Specification.read(SPECS / "jira-cloud-v3.openapi.json")
    agile = Specification.read(SPECS / "jira-agile-cloud.openapi.json")
    with serve(build(issues=120), faults={"id_cap": 40, "history_cap": 300}) as server:
        answers: list[requests.Response] = []
        transport = Transport(NetworkSpec(), origin=server.url, sleep=lambda _: None)
        transport.observer = lambda _, answer: answers.append(answer) if answer is not None else None
        given: dict[str, Any] = {"user": server.user, "token": Secret(server.token), "projects": ("PAY", "MOB")}
        spec = SourceSpec(name="jira", type="jira", url=server.url, **given)
        connector = JiraConnector.open(spec, transport)
        now = connector.identity().server_time
        connector.metadata()
        known = {iteration.id: iteration for iteration in connector.iterations({})}
        assert [issue for page in connector.pages(None, None, lambda _: {}) for issue in page.issues]
        list(connector.iterations(known))
        list(connector.pages(now - 7 * 86_400, None, lambda _: {}))
        connector.visible(list(connector.census()))
        connector.close()
    seen = set()
    for answer in answers:
        path = str(answer.request.path_url).partition("?")[0]
        (agile if path.startswith("/rest/agile/") else platform).check(answer)
        seen.add(path.rpartition("/")[2])
    assert {"serverInfo", "myself", "field", "status", "PAY", "board", "configuration", "sprint", "jql",
            "approximate-count", "bulkfetch"} <= seen  # fmt: skip
