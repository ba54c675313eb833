"""Who sees what: moves (W09), deleted, hidden and archived issues, anonymous and dead logins (W10)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.sandbox.client import Client

ALL = "project in (PAY, MOB) ORDER BY id"
Serving = Callable[..., RunningServer]


def test_w09_a_move_keeps_the_id_and_the_old_key_answers(server: RunningServer, client: Client) -> None:
    number = server.tracker.issue("PAY-2").id
    moved = server.tracker.move("PAY-2", "MOB")
    assert (moved.id, moved.key.split("-")[0]) == (number, "MOB")
    answer = client.send("GET", "issue/PAY-2")
    assert (answer.status_code, answer.json()["key"]) == (200, moved.key)
    body = client.post("issue/bulkfetch", {"issueIdsOrKeys": ["pay-2"], "fields": ["project"]})["issues"][0]
    assert (body["key"], body["fields"]["project"]["key"]) == (moved.key, "MOB")
    items = client.get(f"issue/{number}/changelog")["values"][-1]["items"]
    assert [(i["field"], i.get("fieldId"), i["fromString"]) for i in items] == [
        ("project", "project", "Payments"),
        ("Key", None, "PAY-2"),
    ]
    assert client.ids("key = PAY-2 AND project = MOB") == [str(number)]


def test_w09_a_key_is_never_given_twice(server: RunningServer) -> None:
    last = max(int(i.key.split("-")[1]) for i in server.site.issues.values() if i.key.startswith("MOB"))
    moved = server.tracker.move(server.tracker.move("PAY-2", "MOB").id, "PAY")
    again = server.tracker.create("MOB", "after the one that came and went")
    assert again.key == f"MOB-{last + 2}"
    assert moved.key != "PAY-2"


@pytest.mark.parametrize(
    ("what", "in_search", "by_id"), [("delete", False, 404), ("hide", False, 404), ("archive", False, 200)]
)
def test_w10_three_ways_to_be_gone(
    client: Client, server: RunningServer, what: str, in_search: bool, by_id: int
) -> None:
    number = server.tracker.issue("PAY-3").id
    getattr(server.tracker, what)(number)
    assert (str(number) in client.ids(ALL)) is in_search
    assert client.send("GET", f"issue/{number}").status_code == by_id
    body = client.post("issue/bulkfetch", {"issueIdsOrKeys": [str(number)], "fields": ["summary"]})
    assert (len(body["issues"]), len(body["issueErrors"])) == ((1, 0) if by_id == 200 else (0, 1))
    server.tracker.restore(number)
    assert str(number) in client.ids(ALL)


def test_deleting_over_http_asks_about_subtasks(server: RunningServer, client: Client) -> None:
    parent = next(i for i in server.site.issues.values() if server.site.children(i))
    assert client.errors("DELETE", f"issue/{parent.id}")[0] == 400
    children = [child.id for child in server.site.children(parent)]
    assert client.send("DELETE", f"issue/{parent.id}", params={"deleteSubtasks": "true"}).status_code == 204
    assert all(client.send("GET", f"issue/{number}").status_code == 404 for number in (parent.id, *children))


def test_a_wrong_login_is_refused(server: RunningServer) -> None:
    for user, token in (("demo@example.com", "wrong"), ("somebody@example.com", "sandbox-token")):
        client = Client(server, user, token)
        assert client.send("GET", "myself").status_code == 401
        assert client.send("POST", "search/jql", json={"jql": ALL}).status_code == 401


def test_bearer_is_a_login_too(server: RunningServer) -> None:
    client = Client(server, user=None)
    answer = client.send("GET", "myself", headers={"Authorization": f"Bearer {server.token}"})
    assert answer.json()["accountId"] == server.site.account


def test_w10_anonymous_search_is_legal_and_empty(server: RunningServer) -> None:
    nobody = Client(server, user=None)
    assert nobody.send("GET", "serverInfo").status_code == 200
    assert nobody.send("GET", "myself").status_code == 401
    assert nobody.search(ALL)["issues"] == []
    assert nobody.post("search/approximate-count", {"jql": "project = PAY"}) == {"count": 0}
    assert nobody.send("POST", "changelog/bulkfetch", json={"issueIdsOrKeys": ["PAY-1"]}).status_code == 401
    assert nobody.send("GET", "issue/PAY-1").status_code == 404
    assert nobody.send("PUT", "issue/PAY-1", json={"fields": {}}).status_code == 401


def test_w10_anonymous_sees_public_projects_only(serving: Serving) -> None:
    server = serving(faults={"anonymous_projects": ["MOB"]})
    nobody, somebody = Client(server, user=None), Client(server)
    assert 0 < len(nobody.ids(ALL)) < len(somebody.ids(ALL))
    assert [row["key"] for row in nobody.get("project")] == ["MOB"]
    assert [row["id"] for row in nobody.get("/rest/agile/1.0/board")["values"]] == [2]


def test_w10_a_dead_token_may_look_like_a_smaller_site(serving: Serving) -> None:
    server = serving(faults={"dead_login": "anonymous", "anonymous_projects": ["MOB"]})
    dead = Client(server, "demo@example.com", "revoked")
    found = dead.send("POST", "search/jql", json={"jql": ALL, "maxResults": 5000})
    assert found.status_code == 200
    assert {row["key"].split("-")[0] for row in found.json()["issues"]} == {"MOB"}
    assert dead.send("GET", "myself").status_code == 401


def test_a_token_can_die_in_mid_run(serving: Serving) -> None:
    client = Client(serving(faults={"revoke_after": 2}))
    statuses = [client.send("GET", "myself").status_code for _ in range(4)]
    assert statuses == [200, 200, 401, 401]
