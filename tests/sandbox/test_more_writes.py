"""Sprints, remote links, properties and merges over HTTP, and the ways in which a write is refused (W14, W25)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.sandbox.client import Client
from tests.sandbox.conftest import Clock

AGILE = "/rest/agile/1.0"
KINDS = pytest.mark.parametrize("kind", ["cloud", "datacenter"])
DATES = {"startDate": "2026-12-07T09:00:00.000+08:00", "endDate": "2026-12-21T09:00:00.000+08:00"}
LINK = {"globalId": "okr=1", "object": {"url": "https://okr.example/1", "title": "KR"}}
Serving = Callable[..., RunningServer]


def _last(client: Client, key: str) -> dict[str, Any]:
    """The latest history entry."""
    issue = client.server.tracker.issue(key)
    entries: list[dict[str, Any]] = client.issue(key, expand="changelog")["changelog"]["histories"]
    return next(entry for entry in entries if entry["id"] == str(issue.histories[-1].id))


@KINDS
def test_a_sprint_from_its_plan_to_its_end(serving: Serving, clock: Clock, kind: str) -> None:
    client = Client(serving(kind=kind))
    made = client.post(f"{AGILE}/sprint", {"name": "Extra", "originBoardId": 1, "goal": "more"})
    address = f"{AGILE}/sprint/{made['id']}"
    assert (made["state"], made["originBoardId"], made["goal"]) == ("future", 1, "more")
    assert client.send("POST", f"{address}/issue", json={"issues": ["PAY-1", "PAY-2"]}).status_code == 204
    assert client.errors("POST", address, {"state": "active"})[0] == 400  # no dates yet
    assert client.post(address, {"state": "active", **DATES})["state"] == "active"
    assert client.get(address)["startDate"][:10] == "2026-12-07"
    following = client.post(f"{AGILE}/sprint", {"name": "Later", "originBoardId": 1})
    done = client.server.site.statuses[5]["id"]
    client.server.tracker.transition("PAY-2", str(done))
    clock.now += 60
    closed = client.post(address, {"state": "closed", "incompleteIssuesDestinationId": following["id"]})
    assert (closed["state"], "completeDate" in closed) == ("closed", True)
    sprints = {key: client.server.tracker.issue(key).sprints for key in ("PAY-1", "PAY-2")}
    assert sprints["PAY-1"][-2:] == [made["id"], following["id"]]
    assert sprints["PAY-2"][-1] == made["id"]
    assert client.errors("POST", f"{address}/issue", {"issues": ["PAY-1"]})[0] == 400
    assert client.errors("POST", address, {"state": "active"})[0] == 400


def test_moving_to_a_sprint_leaves_closed_ones_alone(server: RunningServer, client: Client) -> None:
    issue = next(i for i in server.site.issues.values() if len(i.sprints) == 2 and i.sprints[1] == 43)
    assert client.send("POST", f"{AGILE}/sprint/45/issue", json={"issues": [issue.key]}).status_code == 204
    assert issue.sprints[1:] == [45]
    item = _last(client, issue.key)["items"][0]
    assert (item["field"], item["to"].split(", ")[-1]) == ("Sprint", "45")
    assert client.send("POST", f"{AGILE}/backlog/issue", json={"issues": [issue.key]}).status_code == 204
    assert 45 not in issue.sprints


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "sprint", {"name": "x"}, 400),
        ("POST", "sprint", {"name": "x", "originBoardId": 99}, 404),
        ("POST", "sprint/9999", {"name": "x"}, 404),
        ("POST", "sprint/45", {"startDate": "tomorrow"}, 400),
        ("POST", "sprint/45", {"startDate": "2026-12-07T09:00:00"}, 400),
        ("POST", "sprint/45", {"state": "closed"}, 400),
        ("PUT", "sprint/45", {"name": "only"}, 400),
        ("POST", "sprint/45/issue", {"issues": []}, 400),
        ("POST", "sprint/45/issue", {"issues": ["PAY-1"] * 51}, 400),
        ("POST", "sprint/45/issue", {"issues": ["NO-1"]}, 404),
    ],
)
def test_refused_sprint_writes(client: Client, method: str, path: str, body: dict[str, object], status: int) -> None:
    assert client.send(method, f"{AGILE}/{path}", json=body).status_code == status


def test_the_whole_form_of_a_sprint_update(client: Client) -> None:
    body = {"name": "Renamed", "state": "future", **DATES}
    answer = client.send("PUT", f"{AGILE}/sprint/45", json=body)
    assert (answer.status_code, answer.json()["name"]) == (200, "Renamed")


@KINDS
def test_own_writes_come_back_as_changes_in_our_name(serving: Serving, clock: Clock, kind: str) -> None:
    client = Client(serving(kind=kind))
    clock.now += 60
    assert client.send("PUT", "issue/PAY-1", json={"update": {"labels": [{"add": "ours"}]}}).status_code == 204
    entry, me = _last(client, "PAY-1"), client.get("myself")
    assert entry["items"][0]["toString"].split()[-1] == "ours"
    identity = "accountId" if kind == "cloud" else "key"
    assert entry["author"][identity] == me[identity]
    assert client.issue("PAY-1")["fields"]["updated"].startswith("2026-11-18T10:01:00")


@KINDS
def test_w25_labels_with_spaces_are_refused_and_a_put_replaces(serving: Serving, kind: str) -> None:
    client = Client(serving(kind=kind))
    assert client.send("PUT", "issue/PAY-1", json={"fields": {"labels": ["a", "b"]}}).status_code == 204
    assert client.send("PUT", "issue/PAY-1", json={"fields": {"labels": ["c"]}}).status_code == 204
    assert client.issue("PAY-1")["fields"]["labels"] == ["c"]
    status, text = client.errors("PUT", "issue/PAY-1", {"update": {"labels": [{"add": "d e"}]}})
    assert (status, "contains spaces" in text) == (400, True)


def test_versions_and_components_can_be_added_and_removed(client: Client) -> None:
    first, second = (row["id"] for row in client.get("project/PAY/versions")[:2])
    body = {"update": {"fixVersions": [{"add": {"id": first}}, {"add": {"id": second}}]}}
    client.server.tracker.edit("PAY-1", {"fixVersions": []})
    assert client.send("PUT", "issue/PAY-1", json=body).status_code == 204
    body = {"update": {"fixVersions": [{"remove": {"id": first}}]}}
    assert client.send("PUT", "issue/PAY-1", json=body).status_code == 204
    assert [row["id"] for row in client.issue("PAY-1")["fields"]["fixVersions"]] == [second]
    item = _last(client, "PAY-1")["items"][0]
    assert (item["field"], item["from"], item["to"]) == ("Fix Version", first, None)


def test_a_full_issue_takes_no_more_comments(serving: Serving) -> None:
    client = Client(serving(faults={"comment_limit": 1}))
    statuses = [client.send("POST", "issue/PAY-1/comment", json={"body": "x"}).status_code for _ in range(2)]
    assert statuses == [201, 413]
    client.server.faults = None
    assert client.send("POST", "issue/PAY-1/comment", json={"body": "x"}).status_code == 201


def test_two_edits_at_the_same_time_conflict(serving: Serving, clock: Clock) -> None:
    client = Client(serving(faults={"conflict_window": 5}))

    def put(key: str) -> int:
        return client.send("PUT", f"issue/{key}", json={"update": {"labels": [{"add": f"l{clock.now}"}]}}).status_code

    assert [put("PAY-1"), put("PAY-1"), put("PAY-2")] == [204, 409, 204]
    clock.now += 6
    assert put("PAY-1") == 204
    client.server.faults = None
    clock.now += 1
    assert put("PAY-1") == 204


@pytest.mark.parametrize(("kind", "applied"), [("drop_before", False), ("drop_after", True)])
def test_w14_a_put_whose_answer_is_lost(serving: Serving, kind: str, applied: bool) -> None:
    row = {"endpoint": "issue/{id}", "method": "PUT", "kind": kind}
    client = Client(serving(faults={"failures": [row]}))
    assert client.send("GET", "issue/PAY-1").status_code == 200  # of another method
    with pytest.raises(requests.ConnectionError):
        client.send("PUT", "issue/PAY-1", json={"fields": {"labels": ["lost"]}})
    assert (client.issue("PAY-1")["fields"]["labels"] == ["lost"]) is applied
    assert client.send("PUT", "issue/PAY-1", json={"fields": {"labels": ["lost"]}}).status_code == 204


@KINDS
def test_remote_links_by_global_id(serving: Serving, kind: str) -> None:
    client = Client(serving(kind=kind))
    made = client.send("POST", "issue/PAY-1/remotelink", json=LINK)
    assert made.status_code == {"cloud": 201, "datacenter": 200}[kind]
    number = made.json()["id"]
    assert client.get("issue/PAY-1/remotelink", globalId="okr=1")["id"] == number
    assert client.get(f"issue/PAY-1/remotelink/{number}")["globalId"] == "okr=1"
    assert client.send("GET", "issue/PAY-1/remotelink?globalId=other").status_code == 404
    assert client.send("DELETE", "issue/PAY-1/remotelink").status_code == 400
    assert client.send("DELETE", "issue/PAY-1/remotelink?globalId=okr=1").status_code == 204
    assert client.get("issue/PAY-1/remotelink") == []
    assert client.send("DELETE", f"issue/PAY-1/remotelink/{number}").status_code == 404
    assert _last(client, "PAY-1")["items"][0]["field"] == "RemoteIssueLink"


@KINDS
def test_comments_carry_properties(serving: Serving, kind: str) -> None:
    client = Client(serving(kind=kind))
    mark = {"key": "okr", "value": {"mark": "m1"}}
    number = client.post("issue/PAY-1/comment", {"body": "ours", "properties": [mark]})["id"]
    address = f"comment/{number}/properties"
    assert client.get(f"{address}/okr")["value"] == {"mark": "m1"}
    assert client.send("PUT", f"{address}/okr", json={"mark": "m2"}).status_code == 200
    assert client.send("PUT", f"{address}/more", json=[1]).status_code == 201
    assert [row["key"] for row in client.get(address)["keys"]] == ["okr", "more"]
    assert client.send("GET", f"{address}/none").status_code == 404
    assert client.send("GET", "comment/1/properties").status_code == 404
    assert "properties" not in client.get("issue/PAY-1/comment", expand="properties")["comments"][0]
    client.server.faults = {"listed_properties": True}
    listed = client.get("issue/PAY-1/comment", expand="properties")["comments"][0]["properties"]
    assert listed[0] == {"key": "okr", "value": {"mark": "m2"}}
    assert "properties" not in client.get("issue/PAY-1/comment")["comments"][0]


def test_a_property_is_not_a_file_store(client: Client) -> None:
    assert client.send("PUT", "issue/PAY-1/properties/big", json="x" * 40_000).status_code == 400
    assert client.send("GET", "issue/PAY-1/properties/big").status_code == 404


def test_names_and_schema_of_the_fields_that_are_there(client: Client) -> None:
    row = client.issue("PAY-1", fields="summary,customfield_10026", expand="names,schema")
    assert row["names"] == {"summary": "Summary", "customfield_10026": "Story Points"}
    assert row["schema"]["customfield_10026"]["type"] == "number"


def test_an_address_can_be_too_long(client: Client) -> None:
    keys = ",".join(f"PAY-{number}" for number in range(2000))
    assert client.send("GET", "search/jql", params={"jql": f"key in ({keys})"}).status_code == 414
