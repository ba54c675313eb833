"""What doctor is told beyond the contract, and tokens that work at one address only."""

from __future__ import annotations

from typing import Any

import pytest

from okr_delivery.locale import LANGS, translator
from okr_delivery.model.message import Message
from okr_delivery.sandbox import USER
from okr_delivery.sandbox.jira_cloud import serve
from okr_delivery.sandbox.world import build
from okr_delivery.sync.connector import Inspector, Secret, SourceSpec
from okr_delivery.sync.errors import ConfigError
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery_jira import JiraConnector
from tests.okr_delivery_jira import server as datacenter
from tests.okr_delivery_jira.site import Site, connect, permissions, spec

CLOUD_ID = "0a1b2c3d-0000-4000-8000-000000000001"
GATEWAY = f"https://api.atlassian.com/ex/jira/{CLOUD_ID}"


def told(connector: JiraConnector) -> list[Message]:
    messages = list(connector.inspect())
    for lang in LANGS:
        assert all(translator(lang).render(message) for message in messages)
    return messages


def refused(connector: JiraConnector) -> JiraConnector:
    with pytest.raises(ConfigError):
        connector.identity()
    return connector


def test_nothing_is_told_when_nothing_is_missing(site: Site) -> None:
    connector = connect(projects=("PAY", "CORE"))
    assert isinstance(connector, Inspector)
    connector.identity()
    assert told(connector) == []
    asked = [one.query for one in site.asked if one.path == "mypermissions"]
    assert [one["projectKey"] for one in asked] == ["PAY", "CORE"]
    assert {one["permissions"] for one in asked} == {"BROWSE_PROJECTS,ADD_COMMENTS,EDIT_ISSUES,LINK_ISSUES"}


def test_missing_permissions_are_told_by_project_and_purpose(site: Site) -> None:
    site.handlers["GET mypermissions"] = lambda asked: (
        permissions(BROWSE_PROJECTS=False) if asked.query["projectKey"] == "PAY" else permissions(LINK_ISSUES=False)
    )
    connector = connect(projects=("PAY", "CORE"))
    connector.identity()
    read, write = told(connector)
    assert (read.id, read.params) == ("jira.inspect.read", {"project": "PAY", "permissions": "BROWSE_PROJECTS"})
    assert (write.id, write.params) == ("jira.inspect.write", {"project": "CORE", "permissions": "LINK_ISSUES"})


def test_a_permission_that_can_not_be_asked_is_told_and_not_raised(site: Site) -> None:
    site.handlers["GET mypermissions"] = lambda _: (404, {})
    connector = connect(projects=("PAY", "CORE"))
    connector.identity()
    (message,) = told(connector)
    assert (message.id, message.params["projects"]) == ("jira.inspect.unasked", "PAY, CORE")
    assert "404" in translator("en").render(message)


def test_data_center_is_asked_without_a_selection() -> None:
    with datacenter.served() as server:
        connector = datacenter.connect()
        connector.identity()
        server.handlers["GET mypermissions"] = lambda _: permissions(EDIT_ISSUES=False)
        assert [message.params["permissions"] for message in told(connector)] == ["EDIT_ISSUES"]
        assert server.last("GET mypermissions").query == {"projectKey": "PAY"}


def test_a_refused_token_is_told_which_address_may_take_it(site: Site) -> None:
    site.handlers["GET myself"] = lambda _: (401, {})
    site.handlers["GET /_edge/tenant_info"] = lambda _: {"cloudId": CLOUD_ID}
    (message,) = told(refused(connect()))
    assert (message.id, message.params) == ("jira.inspect.gateway", {"url": GATEWAY})
    asked = site.last("GET /_edge/tenant_info")
    assert "Authorization" not in asked.headers
    assert "Cookie" not in asked.headers


@pytest.mark.parametrize("answer", [(404, {}), (200, "<html>"), (200, []), (302, {}), (200, {"cloudId": None})])
def test_a_site_that_names_no_cloud_id_has_no_other_address(site: Site, answer: Any) -> None:
    site.handlers["GET myself"] = lambda _: (401, {})
    site.handlers["GET /_edge/tenant_info"] = lambda _: answer
    assert told(refused(connect())) == []


def test_behind_the_gateway_the_site_is_named_and_nothing_is_asked(site: Site) -> None:
    site.handlers["GET myself"] = lambda _: (401, {})
    connector = JiraConnector.open(spec(url=GATEWAY), Transport(NetworkSpec(), origin=GATEWAY))
    refused(connector)
    before = len(site.asked)
    (message,) = told(connector)
    assert message.id == "jira.inspect.site"
    assert len(site.asked) == before


@pytest.mark.parametrize("user", ["bot@example.com", None])
def test_a_scoped_token_reads_through_the_gateway_and_is_refused_by_the_site(user: str | None) -> None:
    faults = {"login_kind": "scoped" if user else "oauth", "self_urls": "site"}
    with serve(build(issues=20), faults=faults, user=user or USER) as server:
        gateway = f"{server.url}/ex/jira/{CLOUD_ID}"
        given: dict[str, Any] = {"user": user, "token": Secret(server.token), "projects": ("PAY",)}
        transport = Transport(NetworkSpec(), origin=gateway)
        connector = JiraConnector.open(SourceSpec(name="jira", type="jira", url=gateway, **given), transport)
        who = connector.identity()
        (*pages,) = connector.pages(None, None, lambda _: {})
        issues = [issue for page in pages for issue in page.issues]
        assert issues
        assert {str(issue.url).partition("/browse/")[0] for issue in issues} == {who.base_url}
        assert not who.base_url.startswith(gateway)
        site = JiraConnector.open(
            SourceSpec(name="jira", type="jira", url=server.url, **given), Transport(NetworkSpec(), origin=server.url)
        )
        (message,) = told(refused(site))
        assert message.params["url"] == GATEWAY
