"""Comments can be rewritten, removed and asked for by id; only the list by id shows what is kept with them."""

from __future__ import annotations

from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.sandbox.client import Client
from tests.sandbox.conftest import Clock


def test_a_comment_is_rewritten_and_removed(server: RunningServer, client: Client, clock: Clock) -> None:
    made = client.post("issue/PAY-1/comment", {"body": "one", "properties": [{"key": "mark", "value": 1}]})
    path = f"issue/PAY-1/comment/{made['id']}"
    clock.now += 60
    body = {"body": "two", "properties": [{"key": "more", "value": 2}]}
    assert client.send("PUT", path, json=body).status_code == 200
    shown = client.get(path)
    assert (shown["body"], shown["created"] == made["created"], shown["updated"]) == (
        "two", True, "2026-11-18T10:01:00.000+0800",
    )  # fmt: skip
    assert client.issue("PAY-1")["fields"]["updated"] == "2026-11-18T10:01:00.000+0800"
    listed = client.post("comment/list?expand=properties", {"ids": [int(made["id"])]})["values"]
    assert {row["key"]: row["value"] for row in listed[0]["properties"]} == {"mark": 1, "more": 2}
    assert client.send("DELETE", path).status_code == 204
    assert client.errors("GET", path)[0] == 404
    assert client.errors("DELETE", path)[0] == 404
    assert client.get("issue/PAY-1/comment")["total"] == 0


def test_lists_of_an_issue_leave_properties_out(client: Client) -> None:
    client.post("issue/PAY-1/comment", {"body": "one", "properties": [{"key": "mark", "value": 1}]})
    assert "properties" not in client.get("issue/PAY-1/comment", expand="properties")["comments"][0]
    assert client.errors("POST", "comment/list", {"ids": []})[0] == 400
    assert client.errors("POST", "comment/list", {"ids": list(range(1001))})[0] == 400


def test_new_comments_get_new_ids_after_one_was_removed(client: Client) -> None:
    first, second = (client.post("issue/PAY-1/comment", {"body": text})["id"] for text in ("one", "two"))
    client.send("DELETE", f"issue/PAY-1/comment/{first}")
    assert client.post("issue/PAY-1/comment", {"body": "three"})["id"] not in (first, second)
