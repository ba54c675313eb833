"""A sync that could not be read to its end says how far it came."""

from __future__ import annotations

from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.e2e.runner import Cli


def test_the_document_counts_what_was_done_before_the_failure(cli: Cli, server: RunningServer) -> None:
    server.faults = {"failures": [{"endpoint": "changelog/bulkfetch", "status": 401}]}
    ended = cli("sync", "--format", "json")
    assert ended.code == 2
    (source,) = ended.json["sources"]
    assert (source["complete"], source["requests"]) == (False, server.requests.total())
    assert source["requests"] > 10
    assert any("401" in warning for warning in source["warnings"])
    server.faults = {}
    assert cli.ok("sync", "--format", "json").json["sources"][0]["complete"]


def test_one_line_names_the_source_that_failed(cli: Cli, server: RunningServer) -> None:
    """Another run would not help, so it is not asked for before the login is put right."""
    server.faults = {"failures": [{"endpoint": "changelog/bulkfetch", "status": 401}]}
    ended = cli("sync")
    assert ended.code == 2
    (line,) = ended.out.splitlines()
    assert line.startswith("jira: STOPPED after 0 issues")
    assert "where: jira: /rest/api" in ended.err
    assert ended.err.count("401") == 1


def test_a_source_that_nothing_was_asked_of_has_no_line(cli: Cli) -> None:
    cli.env = {}
    ended = cli("sync")
    assert (ended.code, ended.out) == (2, "")
    assert "OKR_DELIVERY_JIRA_TOKEN" in ended.err
