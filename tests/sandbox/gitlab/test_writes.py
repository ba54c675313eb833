"""Writes over REST: changes to issues, comments, commit statuses, status checks, and how each is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from okr_delivery.sandbox.gitlab.posted import CHECK
from okr_delivery.sandbox.gitlab.state import Tier
from tests.sandbox.gitlab.site import ANNA, Client

Serving = Callable[..., Client]
ONE = "projects/10/issues/1"


def _put(client: Client, path: str = ONE, **body: object) -> dict[str, object]:
    answer = client.send("PUT", path, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_labels_are_changed_by_what_comes_and_goes(small_client: Client) -> None:
    body = _put(small_client, add_labels="workflow::todo,kr:GROW-KR1", remove_labels="priority::high,unknown")
    assert body["labels"] == ["kr:GROW-KR1", "workflow::todo"]
    assert _put(small_client, labels=["one", "two"])["labels"] == ["one", "two"]
    assert _put(small_client, labels="")["labels"] == []


def test_scoped_labels_stand_side_by_side_on_the_free_plan(client_of: Serving) -> None:
    labels = _put(client_of(tier=Tier.FREE), add_labels="workflow::todo")["labels"]
    assert labels == ["priority::high", "workflow::doing", "workflow::todo"]


def test_one_save_changes_many_members(small_client: Client) -> None:
    number = next(row.id for row in small_client.server.state.milestones.values() if row.title == "Quarter")
    body = _put(
        small_client,
        title="New",
        description="Text",
        state_event="reopen",
        weight=5,
        due_date="2026-12-01",
        milestone_id=number,
        assignee_ids=[ANNA],
        confidential=True,
        epic_id=0,
    )
    assert (body["title"], body["description"], body["state"], body["weight"]) == ("New", "Text", "opened", 5)
    assert (body["due_date"], body["confidential"], body["epic"]) == ("2026-12-01", True, None)
    assert body["milestone"]["title"] == "Quarter"  # type: ignore[index]  # an object
    assert [row["id"] for row in body["assignees"]] == [ANNA]  # type: ignore[attr-defined]  # a list
    assert _put(small_client, milestone_id=0, assignee_id=0)["milestone"] is None
    assert _put(small_client, state_event="close")["state"] == "closed"


def test_own_writes_come_back_as_changes(small_client: Client) -> None:
    _put(small_client, add_labels="needs love")
    last = small_client.get(f"{ONE}/resource_label_events")[-1]
    assert (last["label"]["name"], last["user"]["username"]) == ("needs love", "okr-bot")


def test_a_milestone_of_elsewhere_is_not_taken(small_client: Client) -> None:
    other = small_client.server.forge.add_milestone("Theirs", project="acme/deep/tools")
    assert _put(small_client, milestone_id=other.id)["milestone"]["title"] == "Sprint 1"  # type: ignore[index]


def test_an_epic_is_set_by_its_number(small_client: Client) -> None:
    assert _put(small_client, "projects/10/issues/3", epic_iid=1)["epic_iid"] == 1
    assert small_client.send("PUT", ONE, json={"epic_iid": 77}).status_code == 404


def test_what_a_plan_has_not_got_is_dropped(client_of: Serving) -> None:
    assert "weight" not in _put(client_of(tier=Tier.FREE), title="Kept", weight=3)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"state_event": "explode"}, 400),
        ({"title": " "}, 400),
        ({"weight": -1}, 400),
        ({"weight": "much"}, 400),
        ({"due_date": "soon"}, 400),
        ({"assignee_ids": [777]}, 400),
    ],
)
def test_refused_changes_change_nothing(small_client: Client, body: dict[str, object], status: int) -> None:
    before = small_client.get(ONE)
    assert small_client.send("PUT", ONE, json=body).status_code == status
    assert small_client.get(ONE) == before


def test_a_body_that_is_no_json(small_client: Client) -> None:
    headers = {"PRIVATE-TOKEN": small_client.server.token, "Content-Type": "application/json"}
    url = f"{small_client.server.url}/api/v4/{ONE}"
    assert requests.put(url, data="{", headers=headers, timeout=10).status_code == 400


def test_an_issue_that_moves(small_client: Client) -> None:
    answer = small_client.send("POST", "projects/10/issues/3/move", json={"to_project_id": 12})
    made = answer.json()
    assert (answer.status_code, made["project_id"]) == (201, 12)
    old = small_client.get("projects/10/issues/3")
    assert (old["state"], old["moved_to_id"]) == ("closed", made["id"])
    for target, status in ((12, 400), (99, 404)):
        path = f"projects/12/issues/{made['iid']}/move"
        assert small_client.send("POST", path, json={"to_project_id": target}).status_code == status


def test_comments_are_made_changed_and_taken_back(small_client: Client) -> None:
    made = small_client.send("POST", f"{ONE}/notes", json={"body": "Mine", "internal": True})
    assert (made.status_code, made.json()["internal"]) == (201, True)
    place = f"{ONE}/notes/{made.json()['id']}"
    assert _put(small_client, place, body="Better")["body"] == "Better"
    assert small_client.send("DELETE", place).status_code == 204
    assert small_client.send("GET", place).status_code == 404
    assert small_client.send("POST", f"{ONE}/notes", json={}).json() == {"error": "body is missing"}


def test_other_peoples_comments_and_activity_are_not_ours_to_change(small_client: Client) -> None:
    notes = small_client.get(f"{ONE}/notes")
    theirs = next(row for row in notes if row["author"]["id"] == ANNA)
    system = next(row for row in notes if row["system"])
    for row in (theirs, system):
        assert small_client.send("PUT", f"{ONE}/notes/{row['id']}", json={"body": "x"}).status_code == 404
        assert small_client.send("DELETE", f"{ONE}/notes/{row['id']}").status_code == 404


def test_a_commit_status_that_says_what_is_so_already(client_of: Serving) -> None:
    client = client_of()
    sha = client.get("projects/10/merge_requests/1")["sha"]
    body = {"state": "success", "name": "okr", "description": "Fine", "target_url": "https://example.com"}
    made = client.send("POST", f"projects/10/statuses/{sha}", json=body)
    assert (made.status_code, made.json()["status"]) == (201, "success")
    again = client.send("POST", f"projects/10/statuses/{sha}", json=body)
    assert (again.status_code, again.json()["message"][:24]) == (400, "Cannot transition status")
    assert client.send("POST", f"projects/10/statuses/{sha}", json=body | {"state": "failed"}).status_code == 201
    newest = client.get(f"projects/10/repository/commits/{sha}/statuses", name="okr")
    assert [row["status"] for row in newest] == ["failed"]
    assert len(client.get(f"projects/10/repository/commits/{sha}/statuses", all="true")) == 2
    assert client.send("POST", "projects/10/statuses/unknown", json=body).status_code == 404
    assert client.send("POST", f"projects/10/statuses/{sha}", json={"state": "fine"}).status_code == 400
    client.server.faults = {"repeated_status": "201"}
    assert client.send("POST", f"projects/10/statuses/{sha}", json=body | {"state": "failed"}).status_code == 201


def test_status_checks(client_of: Serving) -> None:
    client = client_of()
    place = "projects/10/merge_requests/1"
    sha = client.get(place)["sha"]
    body = {"sha": sha, "external_status_check_id": CHECK, "status": "passed"}
    assert client.get(f"{place}/status_checks")[0]["status"] == "pending"
    assert client.send("POST", f"{place}/status_check_responses", json=body).status_code == 201
    assert client.get(f"{place}/status_checks")[0]["status"] == "passed"
    assert client.send("POST", f"{place}/status_check_responses", json=body).status_code == 422
    assert client.send("POST", f"{place}/status_check_responses", json=body | {"sha": "0"}).status_code == 409
    assert client.send("POST", f"{place}/status_check_responses", json={"sha": sha}).status_code == 400
    assert client_of(tier=Tier.PREMIUM).send("GET", f"{place}/status_checks").status_code == 403
