"""Writes change what is read: bodies, histories, the search and `updated`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from okr_delivery.sandbox.adf import document
from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.sandbox.client import Client
from tests.sandbox.conftest import Clock


def _last_items(client: Client, key: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"issue/{key}/changelog", maxResults=100)["values"][-1]["items"]
    return items


def _put(client: Client, key: str, **body: object) -> int:
    return client.send("PUT", f"issue/{key}", json=body).status_code


def test_put_replaces_fields_and_writes_one_history_entry(server: RunningServer, client: Client, clock: Clock) -> None:
    before = client.get("issue/PAY-1/changelog")["total"]
    clock.now += 60
    fields = {
        "summary": "new",
        "labels": ["b", "a"],
        "customfield_10026": 13,
        "customfield_10040": "GROW-KR1",
        "duedate": "2026-12-24",
    }
    assert _put(client, "PAY-1", fields=fields) == 204
    body = client.issue("PAY-1")["fields"]
    assert (body["summary"], body["labels"], body["customfield_10026"], body["duedate"]) == (
        "new",
        ["a", "b"],
        13,
        "2026-12-24",
    )
    assert body["updated"] == "2026-11-18T10:01:00.000+0800"
    assert client.get("issue/PAY-1/changelog")["total"] == before + 1
    items = {item["field"]: item for item in _last_items(client, "PAY-1")}
    assert set(items) == {"summary", "labels", "Story Points", "Key Result", "duedate"}
    assert (items["Story Points"]["fieldId"], items["Story Points"]["to"], items["Story Points"]["toString"]) == (
        "customfield_10026",
        None,
        "13",
    )
    assert client.ids("labels = b") == [body and client.issue("PAY-1")["id"]]


def test_update_merges_labels(client: Client) -> None:
    assert _put(client, "PAY-1", fields={"labels": ["keep", "drop"]}) == 204
    assert _put(client, "PAY-1", update={"labels": [{"add": "kr:GROW-KR1"}, {"remove": "drop"}]}) == 204
    assert client.issue("PAY-1")["fields"]["labels"] == ["keep", "kr:GROW-KR1"]
    item = _last_items(client, "PAY-1")[0]
    assert (item["fromString"], item["toString"]) == ("drop keep", "keep kr:GROW-KR1")


def test_writing_the_same_again_is_no_change(client: Client) -> None:
    assert _put(client, "PAY-1", fields={"labels": ["x"]}) == 204
    before = client.get("issue/PAY-1/changelog")["total"], client.issue("PAY-1")["fields"]["updated"]
    assert _put(client, "PAY-1", fields={"labels": ["x"]}) == 204
    assert (client.get("issue/PAY-1/changelog")["total"], client.issue("PAY-1")["fields"]["updated"]) == before


def test_return_issue(client: Client) -> None:
    answer = client.send("PUT", "issue/PAY-1", json={"fields": {"summary": "s"}}, params={"returnIssue": "true"})
    assert (answer.status_code, answer.json()["fields"]["summary"]) == (200, "s")


def test_a_refused_put_changes_nothing(client: Client) -> None:
    before = client.issue("PAY-1")["fields"]
    for fields in (
        {"summary": "x", "labels": ["has space"]},
        {"summary": "x", "customfield_99999": "?"},
        {"summary": "x", "customfield_10026": "five"},
        {"summary": "x", "priority": {"name": "Nope"}},
        {"summary": ""},
        {"summary": "x", "customfield_10020": [9999]},
        {"summary": "x", "parent": {"key": "PAY-99999"}},
        {"summary": "x", "description": {"type": "doc"}},
    ):
        assert _put(client, "PAY-1", fields=fields) == 400, fields
    assert client.issue("PAY-1")["fields"] == before


def test_put_ignores_the_status_silently(client: Client) -> None:
    before = client.issue("PAY-1")["fields"]["status"]["id"]
    assert _put(client, "PAY-1", fields={"status": {"id": "10014"}, "labels": ["seen"]}) == 204
    after = client.issue("PAY-1")["fields"]
    assert (after["status"]["id"], after["labels"]) == (before, ["seen"])


def test_transitions_move_the_status_and_the_resolution(server: RunningServer, client: Client) -> None:
    made = server.tracker.create("MOB", "to be done")
    offered = {row["name"]: row["id"] for row in client.get(f"issue/{made.key}/transitions")["transitions"]}
    assert "To Do" not in offered
    assert (
        client.send("POST", f"issue/{made.key}/transitions", json={"transition": {"id": offered["Done"]}}).status_code
        == 204
    )
    body = client.issue(made.key)["fields"]
    assert (body["status"]["id"], body["resolution"]["name"], body["resolutiondate"] is None) == (
        "10115",
        "Done",
        False,
    )
    assert {i["field"] for i in _last_items(client, made.key)} == {"status", "resolution"}
    back = {row["name"]: row["id"] for row in client.get(f"issue/{made.key}/transitions")["transitions"]}
    client.send("POST", f"issue/{made.key}/transitions", json={"transition": {"id": back["In Development"]}})
    body = client.issue(made.key)["fields"]
    assert (body["status"]["statusCategory"]["key"], body["resolution"], body["resolutiondate"]) == (
        "indeterminate",
        None,
        None,
    )
    assert client.send("POST", f"issue/{made.key}/transitions", json={"transition": {"id": "4711"}}).status_code == 400


def test_a_resolution_can_come_with_the_transition(server: RunningServer, client: Client) -> None:
    made = server.tracker.create("PAY", "not worth it")
    number = next(r["id"] for r in client.get(f"issue/{made.key}/transitions")["transitions"] if r["name"] == "Done")
    body = {"transition": {"id": number}, "fields": {"resolution": {"name": "Won't Do"}}}
    assert client.send("POST", f"issue/{made.key}/transitions", json=body).status_code == 204
    assert client.issue(made.key)["fields"]["resolution"]["name"] == "Won't Do"


def test_comments_have_no_history_but_move_updated(client: Client, clock: Clock) -> None:
    before = client.get("issue/PAY-1/changelog")["total"]
    clock.now += 60
    made = client.post("issue/PAY-1/comment", {"body": "hello", "properties": [{"key": "mark", "value": 1}]})
    assert made["body"] == "hello"
    assert [row["body"] for row in client.get("issue/PAY-1/comment")["comments"]] == ["hello"]
    assert client.get("issue/PAY-1/changelog")["total"] == before
    assert client.issue("PAY-1")["fields"]["updated"] == "2026-11-18T10:01:00.000+0800"
    assert client.issue("PAY-1", fields="comment")["fields"]["comment"]["total"] == 1


def test_version_3_wants_documents(server: RunningServer) -> None:
    client = Client(server, version=3)
    assert client.send("POST", "issue/PAY-1/comment", json={"body": "plain"}).status_code == 400
    assert client.post("issue/PAY-1/comment", {"body": document("rich")})["body"]["type"] == "doc"
    assert _put(client, "PAY-1", fields={"description": "plain"}) == 400
    assert _put(client, "PAY-1", fields={"description": document("one\ntwo")}) == 204
    assert Client(server).issue("PAY-1")["fields"]["description"] == "one\ntwo"
    item = _last_items(client, "PAY-1")[0]
    assert (item["fieldId"], item["toString"], item["to"][:14]) == ("description", "one\ntwo", '{"type": "doc"')


def test_properties_are_upserts_and_silent(client: Client, clock: Clock) -> None:
    before = client.issue("PAY-1")["fields"]["updated"]
    clock.now += 60
    statuses = [client.send("PUT", "issue/PAY-1/properties/okr", json={"n": n}).status_code for n in (1, 2)]
    assert statuses == [201, 200]
    assert client.get("issue/PAY-1/properties/okr")["value"] == {"n": 2}
    assert client.issue("PAY-1", properties="okr")["properties"] == {"okr": {"n": 2}}
    assert client.issue("PAY-1")["fields"]["updated"] == before
    assert client.send("DELETE", "issue/PAY-1/properties/okr").status_code == 204
    assert client.send("GET", "issue/PAY-1/properties/okr").status_code == 404


def test_remote_links_are_replaced_whole_by_global_id(client: Client) -> None:
    link = {"globalId": "okr=1", "relationship": "serves", "object": {"url": "https://okr.example/1", "title": "KR"}}
    assert client.send("POST", "issue/PAY-1/remotelink", json=link).status_code == 201
    again = {"globalId": "okr=1", "object": {"url": "https://okr.example/2", "title": "KR 2"}}
    assert client.send("POST", "issue/PAY-1/remotelink", json=again).status_code == 200
    rows = client.get("issue/PAY-1/remotelink")
    assert [(row["object"]["title"], "relationship" in row) for row in rows] == [("KR 2", False)]
    assert [i.get("fieldId") for i in _last_items(client, "PAY-1")] == [None]


def test_creating_over_http(client: Client) -> None:
    fields = {"project": {"key": "PAY"}, "issuetype": {"name": "Story"}, "summary": "made", "labels": ["kr:GROW-KR1"]}
    made = client.post("issue", {"fields": fields})
    body = client.issue(made["key"])["fields"]
    assert (body["summary"], body["labels"], body["status"]["name"]) == ("made", ["kr:GROW-KR1"], "To Do")
    assert client.get(f"issue/{made['key']}/changelog")["total"] == 0
    assert client.errors("POST", "issue", {"fields": fields | {"project": {"key": "NOPE"}}})[0] == 400
    assert client.errors("POST", "issue", {"fields": fields | {"issuetype": {"name": "Nope"}}})[0] == 400


def test_links_write_both_histories_without_a_field_id(server: RunningServer, client: Client) -> None:
    server.tracker.link("PAY-1", "OKR-1", "10000")
    link = client.issue("PAY-1")["fields"]["issuelinks"][-1]
    assert link["outwardIssue"]["key"] == "OKR-1"
    assert "inwardIssue" not in link
    for key, other in (("PAY-1", "OKR-1"), ("OKR-1", "PAY-1")):
        item = _last_items(client, key)[0]
        assert (item["field"], item.get("fieldId"), item["to"]) == ("Link", None, other)


def test_closing_a_sprint_carries_open_work_within_the_second(
    serving: Callable[..., RunningServer], clock: Clock
) -> None:
    server = serving(issues=80)
    client = Client(server)
    active = next(s for s in server.site.sprints.values() if s.state == "active" and s.board == 1)
    following = next(s for s in server.site.sprints.values() if s.state == "future" and s.board == 1)
    open_ids = client.ids(f"sprint = {active.id} AND statusCategory != Done")
    done_ids = client.ids(f"sprint = {active.id} AND statusCategory = Done")
    clock.now += 3600
    server.tracker.close_sprint(active.id, following.id)
    assert open_ids
    assert set(open_ids) <= set(client.ids(f"sprint = {following.id}"))
    assert not set(done_ids) & set(client.ids(f"sprint = {following.id}"))
    bean = client.get(f"/rest/agile/1.0/sprint/{active.id}")
    assert (bean["state"], active.complete) == ("closed", int(clock.now) * 1000)
    entry = client.get(f"issue/{open_ids[0]}/changelog", maxResults=100)["values"][-1]
    item = entry["items"][0]
    assert (item["fieldId"], item["to"]) == ("customfield_10020", f"{active.id}, {following.id}")
    assert entry["created"].endswith(".500+0800")


def test_starting_a_sprint_touches_no_issue(server: RunningServer, client: Client, clock: Clock) -> None:
    following = next(s for s in server.site.sprints.values() if s.state == "future" and s.board == 1)
    clock.now += 60
    server.tracker.start_sprint(following.id)
    assert client.ids('updated >= "2026-11-18 10:01"') == []
    active = client.get("/rest/agile/1.0/board/1/sprint", state="active")["values"]
    assert following.id in [row["id"] for row in active]


def test_a_new_sprint_is_listed_and_can_be_filled(server: RunningServer, client: Client) -> None:
    made = server.tracker.add_sprint(1, "PAY S99, extra", goal="GROW: one more")
    rows = client.get("/rest/agile/1.0/board/1/sprint", state="future")["values"]
    assert rows[-1] == {
        "id": made.id,
        "self": f"{server.url}/rest/agile/1.0/sprint/{made.id}",
        "state": "future",
        "name": "PAY S99, extra",
        "createdDate": "2026-11-18T02:00:00.000Z",
        "originBoardId": 1,
        "goal": "GROW: one more",
    }
    server.tracker.edit("PAY-1", {"customfield_10020": [made.id]})
    assert client.ids('sprint = "PAY S99, extra"') == [client.issue("PAY-1")["id"]]
    assert _last_items(client, "PAY-1")[0]["toString"] == "PAY S99, extra"


def test_parallel_requests_are_all_answered_and_counted(serving: Callable[..., RunningServer]) -> None:
    server = serving(faults={"issue_writes": []})

    def edit(number: int) -> int:
        return _put(Client(server), "PAY-1", update={"labels": [{"add": f"label-{number}"}]})

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(edit, range(40)))
    assert statuses == [204] * 40
    assert server.requests["issue/{id}"] == 40
    issue = server.tracker.issue("PAY-1")
    assert {f"label-{number}" for number in range(40)} <= set(issue.labels)
    assert len({history.id for history in issue.histories}) == len(issue.histories)


@pytest.mark.parametrize("query", [{}, {"state": "active,future"}, {"state": "closed"}])
def test_sprints_come_closed_active_future(client: Client, query: dict[str, str]) -> None:
    rows = client.get("/rest/agile/1.0/board/1/sprint", **query)["values"]
    states = [row["state"] for row in rows]
    order = ["closed", "active", "future"]
    assert states == sorted(states, key=order.index)
    assert set(states) == set(query.get("state", "closed,active,future").split(","))
    assert all("startDate" in row for row in rows if row["state"] != "future")


def test_boards_by_project_and_a_board_without_sprints(server: RunningServer, client: Client) -> None:
    assert [row["id"] for row in client.get("/rest/agile/1.0/board", projectKeyOrId="MOB")["values"]] == [2]
    assert client.errors("GET", "/rest/agile/1.0/board?projectKeyOrId=NOPE")[0] == 400
    server.site.boards[2].type = "kanban"
    assert client.errors("GET", "/rest/agile/1.0/board/2/sprint") == (400, "The board does not support sprints")
    assert client.get("/rest/agile/1.0/board/1/configuration")["estimation"]["field"]["fieldId"] == "customfield_10026"
    assert client.errors("GET", "/rest/agile/1.0/board/99")[0] == 404


def test_metadata_of_two_projects_side_by_side(client: Client) -> None:
    done = [row for row in client.get("status") if row["name"] == "Done"]
    assert {(row["id"], (row.get("scope") or {}).get("type")) for row in done} == {
        ("10014", None),
        ("10115", "PROJECT"),
        ("10215", None),
        ("10315", None),
    }
    flat = client.get("statuses/search", projectId="10001")["values"]
    assert {row["statusCategory"] for row in flat} == {"TODO", "IN_PROGRESS", "DONE"}
    region = [row for row in client.get("field") if row["name"] == "Region"]
    assert len(region) == 2
    assert client.get("project/PAY")["id"] == "10000"
    versions = client.get("project/PAY/version")["values"]
    assert [row["released"] for row in versions] == [True] * 6 + [False]
    assert versions[5]["releaseDate"] == "2026-11-09"
    assert client.ids('fixVersion = "PAY 4.25"', maxResults=5) == []
    assert client.errors("GET", "project/NOPE")[0] == 404
    info = client.get("serverInfo")
    assert (info["deploymentType"], info["baseUrl"]) == ("Cloud", client.server.url)


def test_browse_page_escapes_the_title(server: RunningServer, client: Client) -> None:
    server.tracker.edit("PAY-1", {"summary": "<script>alert(1)</script>"})
    page = client.send("GET", "/browse/PAY-1")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
