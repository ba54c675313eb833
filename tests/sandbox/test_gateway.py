"""Scoped tokens and OAuth (W18): the gateway, the site, scopes, and addresses that lead elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.sandbox.client import Client

Serving = Callable[..., RunningServer]


def _gateway(server: RunningServer, bearer: bool = False) -> Client:
    client = Client(server, user=None if bearer else "")
    if bearer:
        client.session.headers["Authorization"] = f"Bearer {server.token}"
    client.root = server.gateway_url
    return client


def test_w18_a_scoped_token_works_at_the_gateway_only(serving: Serving) -> None:
    server = serving(faults={"login_kind": "scoped"})
    assert _gateway(server).get("myself")["accountId"] == server.site.account
    assert _gateway(server, bearer=True).send("GET", "myself").status_code == 401
    site = Client(server)
    assert site.send("GET", "myself").status_code == 401
    assert site.send("POST", "search/jql", json={"jql": "project = PAY"}).status_code == 401


def test_w18_oauth_is_a_bearer_at_the_gateway(serving: Serving) -> None:
    server = serving(faults={"login_kind": "oauth"})
    assert _gateway(server, bearer=True).get("myself")["accountId"] == server.site.account
    assert _gateway(server).send("GET", "myself").status_code == 401


def test_w18_a_classic_token_works_at_the_site_only(server: RunningServer) -> None:
    assert Client(server).send("GET", "myself").status_code == 200
    assert _gateway(server).send("GET", "myself").status_code == 401


def test_w18_the_site_tells_its_id_to_everybody(serving: Serving) -> None:
    server = serving(faults={"login_kind": "scoped", "cloud_id": "of-this-site"})
    cloud_id = Client(server, user=None).get("/_edge/tenant_info")["cloudId"]
    assert server.gateway_url == f"{server.url}/ex/jira/{cloud_id}"
    assert cloud_id == "of-this-site"
    stranger = _gateway(server)
    stranger.root = f"{server.url}/ex/jira/another-id"
    assert stranger.send("GET", "myself").status_code == 404


def test_w18_links_for_people_name_the_site(serving: Serving) -> None:
    server = serving(faults={"login_kind": "scoped", "site_url": "https://acme.example"})
    client = _gateway(server)
    assert client.get("serverInfo")["baseUrl"] == server.site_url == "https://acme.example"
    assert client.issue("PAY-1")["self"].startswith(f"{server.gateway_url}/rest/api/2/issue/")
    server.faults = {"login_kind": "scoped", "site_url": "https://acme.example", "self_urls": "site"}
    assert client.issue("PAY-1")["self"].startswith("https://acme.example/rest/api/2/issue/")


def test_behind_the_gateway_the_site_is_another_host_that_opens(serving: Serving) -> None:
    server = serving(faults={"login_kind": "scoped"})
    assert server.site_url != server.url
    page = Client(server).session.get(f"{server.site_url}/browse/PAY-1", timeout=10)
    assert page.status_code == 401  # this site wants a login that the scoped token isn't
    assert Client(server, user=None).session.get(f"{server.site_url}/_edge/tenant_info", timeout=10).ok


def test_w18_a_missing_scope_is_a_401_of_its_own(serving: Serving) -> None:
    scopes = ["read:jira-work", "read:jira-user"]
    client = _gateway(serving(faults={"login_kind": "scoped", "scopes": scopes}))
    assert client.send("GET", "myself").status_code == 200
    assert client.send("POST", "search/jql", json={"jql": "project = PAY"}).status_code == 200
    refused = client.send("GET", "/rest/agile/1.0/board")
    assert (refused.status_code, refused.json()["message"]) == (401, "Unauthorized; scope does not match")
    assert client.send("PUT", "issue/PAY-1", json={"fields": {"summary": "x"}}).status_code == 401
    assert client.send("GET", "serverInfo").status_code == 200


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("read:jira-user", ("GET", "myself")),
        ("write:jira-work", ("PUT", "issue/PAY-1/properties/a")),
        ("read:board-scope:jira-software", ("GET", "/rest/agile/1.0/board/1/configuration")),
        ("read:sprint:jira-software", ("GET", "/rest/agile/1.0/board/1/sprint")),
        ("write:sprint:jira-software", ("POST", "/rest/agile/1.0/sprint/43")),
    ],
)
def test_each_scope_opens_its_own_door(serving: Serving, scope: str, allowed: tuple[str, str]) -> None:
    server = serving(faults={"scopes": [scope]})
    assert Client(server).send(*allowed, json={"goal": "g"}).ok
    server.faults = {"scopes": ["read:something-else"]}
    assert Client(server).send(*allowed, json={"goal": "g"}).status_code == 401


def test_w18_paged_answers_may_lead_to_a_foreign_host(serving: Serving) -> None:
    client = Client(serving(faults={"foreign_link": "https://evil.example"}))
    answer = client.send("GET", "/rest/agile/1.0/board", params={"maxResults": 1})
    assert answer.headers["Link"].startswith("<https://evil.example/")
    assert answer.json()["nextPage"].startswith("https://evil.example/")
    client.server.faults = None
    answer = client.send("GET", "/rest/agile/1.0/board", params={"maxResults": 1})
    assert "Link" not in answer.headers
    assert "nextPage" not in answer.json()


def test_w18_a_redirect_to_a_foreign_host(serving: Serving) -> None:
    row = {"endpoint": "myself", "kind": "redirect", "to": "https://evil.example/login"}
    client = Client(serving(faults={"failures": [row]}))
    answer = client.send("GET", "myself", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://evil.example/login")
