"""Tokens: how they are sent, whose they are, what they open, and how a dead one is met."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sandbox.gitlab.site import Client

Serving = Callable[..., Client]


@pytest.mark.parametrize("header", ["PRIVATE-TOKEN", "Authorization"])
def test_a_token_in_either_header(small_client: Client, header: str) -> None:
    assert Client(small_client.server, header=header).get("user")["username"] == "okr-bot"


@pytest.mark.parametrize("token", ["wrong", None])
def test_a_wrong_token_and_none(small_client: Client, token: str | None) -> None:
    client = Client(small_client.server, token=token)
    answer = client.send("GET", "user")
    assert (answer.status_code, answer.json()) == (401, {"message": "401 Unauthorized"})
    told = client.post("{ currentUser { username } }")
    if token:
        assert (told.status_code, told.json()) == (401, {"errors": [{"message": "Invalid token"}]})
    else:
        assert told.json() == {"data": {"currentUser": None}}


def test_a_token_that_dies_in_between(client_of: Serving) -> None:
    client = client_of({"revoke_after": 1})
    assert client.send("GET", "user").status_code == 200
    answer = client.send("GET", "user")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert client.post("{ currentUser { id } }").status_code == 401


def test_single_sign_on_says_all_is_well(client_of: Serving) -> None:
    client = client_of({"dead_login": "sso"})
    answer = Client(client.server, token="wrong").send("GET", "user")
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (200, "text/html")


def test_a_job_token_opens_little(client_of: Serving) -> None:
    client = client_of({"login_of": "job"})
    assert client.send("GET", "job").status_code == 401
    job = Client(client.server, header="JOB-TOKEN")
    assert job.get("job")["name"] == "okr-delivery"
    assert len(job.get("projects/10/deployments")) == 1
    assert [row["iid"] for row in job.get("projects/10/merge_requests")] == [1]
    for path in ("user", "projects/10/issues", "projects/10/labels", "projects/10/issues/1/resource_label_events"):
        assert job.send("GET", path).status_code == 401
    assert job.send("POST", "projects/10/statuses/abc", json={"state": "success"}).status_code == 401
    assert job.post("{ currentUser { id } }").status_code == 401


@pytest.mark.parametrize(
    ("scopes", "reads", "writes", "asks", "knows"),
    [(["api"], 200, 201, 200, 200), (["read_api"], 200, 403, 200, 200), (["read_user"], 403, 403, 401, 200)],
)
def test_scopes(client_of: Serving, scopes: list[str], reads: int, writes: int, asks: int, knows: int) -> None:
    client = client_of({"scopes": scopes})
    read = client.send("GET", "projects/10/issues")
    assert read.status_code == reads
    assert client.send("POST", "projects/10/issues/1/notes", json={"body": "x"}).status_code == writes
    assert client.post("{ currentUser { id } }").status_code == asks
    assert client.send("GET", "user").status_code == knows
    if reads == 403:
        assert read.json()["error"] == "insufficient_scope"


def test_a_token_that_only_reads_changes_nothing_by_mutation(client_of: Serving) -> None:
    client = client_of({"scopes": ["read_api"]})
    number = client.server.forge.item("acme/shop#1").id
    text = f'mutation {{ createNote(input: {{noteableId: "gid://gitlab/WorkItem/{number}", body: "x"}}) {{ errors }} }}'
    assert "does not exist or you don't have permission" in client.query(text)["errors"][0]["message"]
    assert len(client.server.forge.item("acme/shop#1").notes) == len(client.get("projects/10/issues/1/notes"))


def test_hidden_projects_and_confidential_issues(client_of: Serving) -> None:
    client = client_of({"confidential": False, "hidden_projects": ["acme/deep/tools"]})
    client.server.forge.make_confidential("acme/shop#3", visible=True)
    assert client.send("GET", "projects/acme%2Fdeep%2Ftools").status_code == 404
    assert client.send("GET", "projects/10/issues/3").status_code == 404
    assert [row["iid"] for row in client.get("groups/acme/issues", state="opened", sort="asc")] == [4]
    found = client.data('{ project(fullPath: "acme/shop") { workItems(iids: ["3", "4"]) { nodes { iid } } } }')
    assert found["project"]["workItems"]["nodes"] == [{"iid": "4"}]
    assert client.data('{ project(fullPath: "acme/deep/tools") { id } }') == {"project": None}
    client.server.faults = {}
    assert client.get("projects/10/issues/3")["confidential"] is True


def test_a_group_out_of_sight(small_client: Client) -> None:
    small_client.server.forge.hide_group("acme/deep")
    assert small_client.send("GET", "groups/8").status_code == 404
    assert small_client.send("GET", "projects/12").status_code == 404
    assert small_client.data('{ group(fullPath: "acme/deep") { id } }') == {"group": None}
