"""Mutations: changes to work items and comments, their errors with status 200, and progress that averages upwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from okr_delivery.sandbox.gitlab.state import KEY_RESULT, OBJECTIVE, Lifecycle, Status, Tier
from tests.sandbox.gitlab.site import ANNA, Client

Serving = Callable[..., Client]
UPDATE = """mutation change($input: WorkItemUpdateInput!) { workItemUpdate(input: $input) {
  errors workItem { title state confidential widgets {
    ... on WorkItemWidgetLabels { labels { nodes { title } } }
    ... on WorkItemWidgetWeight { weight }
    ... on WorkItemWidgetStatus { status { name } }
    ... on WorkItemWidgetStartAndDueDate { startDate dueDate } } } } }"""
COMMENT = "mutation say($input: CreateNoteInput!) { createNote(input: $input) { errors note { id body internal } } }"


def _change(client: Client, which: str = "acme/shop#3", **values: object) -> dict[str, Any]:
    number = client.server.forge.item(which).id
    found = client.data(UPDATE, {"input": {"id": f"gid://gitlab/WorkItem/{number}", **values}})
    payload: dict[str, Any] = found["workItemUpdate"]
    return payload


def test_a_work_item_is_changed_in_one_save(small_client: Client) -> None:
    state = small_client.server.state
    labels = {row.name: f"gid://gitlab/GroupLabel/{row.id}" for row in state.labels.values()}
    quarter = next(row.id for row in state.milestones.values() if row.title == "Quarter")
    epic = next(item.id for item in state.items.values() if item.kind == "epic")
    payload = _change(
        small_client,
        title="Changed",
        stateEvent="CLOSE",
        confidential=True,
        labelsWidget={"addLabelIds": [labels["workflow::todo"]]},
        weightWidget={"weight": 8},
        milestoneWidget={"milestoneId": f"gid://gitlab/Milestone/{quarter}"},
        iterationWidget={"iterationId": "gid://gitlab/Iteration/34"},
        hierarchyWidget={"parentId": f"gid://gitlab/WorkItem/{epic}"},
        startAndDueDateWidget={"startDate": "2026-11-01", "dueDate": None},
        assigneesWidget={"assigneeIds": [f"gid://gitlab/User/{ANNA}"]},
        descriptionWidget={"description": "Why"},
        healthStatusWidget={"healthStatus": "atRisk"},
        customFieldsWidget=[
            {"customFieldId": "gid://gitlab/Issuables::CustomField/5", "textValue": "KR-2"},
            {"customFieldId": "gid://gitlab/Issuables::CustomField/9", "numberValue": 2.5},
        ],
    )
    assert payload["errors"] == []
    assert (payload["workItem"]["title"], payload["workItem"]["state"]) == ("Changed", "CLOSED")
    item = small_client.server.forge.item("acme/shop#3")
    assert (item.weight, item.milestone, item.iteration, item.parent) == (8, quarter, 34, epic)
    assert (item.assignees, item.description, item.health) == ([ANNA], "Why", "at_risk")
    assert (item.custom, str(item.start)) == ({5: "KR-2", 9: 2.5}, "2026-11-01")
    payload = _change(small_client, labelsWidget={"removeLabelIds": [labels["workflow::todo"]]})
    assert payload["workItem"]["widgets"][0] == {}
    assert small_client.server.forge.item("acme/shop#3").labels == []


def test_a_status_that_closes(client_of: Serving) -> None:
    client = client_of()
    state = client.server.state
    state.statuses = {1: Status(1, "Ready", "to_do"), 2: Status(2, "Shipped", "done")}
    state.lifecycles = [Lifecycle(4, "Ours", (1, 2), 1, 2, 2)]
    state.revision += 1
    payload = _change(client, statusWidget={"status": "gid://gitlab/WorkItems::Statuses::Custom::Status/2"})
    assert payload["workItem"]["state"] == "CLOSED"


def test_a_refusal_is_told_in_the_payload(small_client: Client) -> None:
    payload = _change(small_client, weightWidget={"weight": -2})
    assert (payload["errors"], payload["workItem"]) == (["Weight must be a whole number of 0 or more"], None)
    assert small_client.server.forge.item("acme/shop#3").weight is None


@pytest.mark.parametrize("number", ["gid://gitlab/WorkItem/999999", "gid://gitlab/User/1", "7"])
def test_what_is_not_there_is_an_error_at_the_top(small_client: Client, number: str) -> None:
    found = small_client.query(UPDATE, {"input": {"id": number, "title": "x"}})
    assert (found["data"], len(found["errors"])) == ({"workItemUpdate": None}, 1)


def test_comments(small_client: Client) -> None:
    number = small_client.server.forge.item("acme/shop#3").id
    given = {"noteableId": f"gid://gitlab/WorkItem/{number}", "body": "By mutation", "internal": True}
    note = small_client.data(COMMENT, {"input": given})["createNote"]["note"]
    assert (note["body"], note["internal"]) == ("By mutation", True)
    shown = small_client.get("projects/10/issues/3/notes", activity_filter="only_comments")
    assert note["id"] == f"gid://gitlab/Note/{shown[0]['id']}"
    blank = small_client.data(COMMENT, {"input": given | {"body": " "}})["createNote"]
    assert (blank["note"], len(blank["errors"])) == (None, 1)


def _objectives(client: Client) -> tuple[str, str, str]:
    forge = client.server.forge
    made = [forge.create("acme/shop", title, kind=kind) for title, kind in (
        ("Grow", OBJECTIVE), ("Ten", KEY_RESULT), ("Twenty", KEY_RESULT))]  # fmt: skip
    for part in made[1:]:
        forge.edit(part.id, {"parent": made[0].id})
    return tuple(client.server.state.reference(item) for item in made)  # type: ignore[return-value]  # three of them


TYPES = '{ namespace(fullPath: "acme") { workItemTypes { nodes { name } } } }'


def _types(client: Client) -> set[str]:
    return {row["name"] for row in client.data(TYPES)["namespace"]["workItemTypes"]["nodes"]}


def test_objectives_exist_when_switched_on_and_can_go_away(client_of: Serving) -> None:
    assert "Objective" not in _types(client_of())
    client = client_of({"okr_types": True, "okr_types_gone_after": 3})
    top, _, _ = _objectives(client)
    assert {"Objective", "Key Result"} <= _types(client)
    iid = top.rpartition("#")[2]
    assert client.send("GET", f"projects/10/issues/{iid}").status_code == 200
    assert [row["issue_type"] for row in client.get("projects/10/issues", issue_type="objective")] == ["objective"]
    assert "Objective" not in _types(client)
    assert client.get("projects/10/issues", issue_type="objective") == []
    text = f'{{ project(fullPath: "acme/shop") {{ workItems(iids: ["{iid}"]) {{ nodes {{ iid }} }} }} }}'
    assert client.data(text)["project"]["workItems"]["nodes"] == []


def test_objectives_need_ultimate(client_of: Serving) -> None:
    assert "Objective" not in _types(client_of({"okr_types": True}, tier=Tier.PREMIUM))


def test_a_childs_progress_averages_its_parents_over_what_was_set_by_hand(client_of: Serving) -> None:
    client = client_of({"okr_types": True})
    top, first, second = _objectives(client)
    _change(client, top, progressWidget={"currentValue": 90})
    before = client.server.forge.item(top).updated
    client.server.forge._clock.now += 60  # type: ignore[attr-defined]  # the fixture's own clock
    _change(client, first, progressWidget={"currentValue": 20, "startValue": 0, "endValue": 40})
    posted = client.server.posted.progress
    assert posted[client.server.forge.item(top).id].percent == 25
    _change(client, second, progressWidget={"currentValue": 100})
    assert posted[client.server.forge.item(top).id].percent == 75
    assert client.server.forge.item(top).updated > before
    text = """query ($iid: String!) { project(fullPath: "acme/shop") { workItems(iids: [$iid]) { nodes { widgets {
      ... on WorkItemWidgetProgress { progress currentValue startValue endValue updatedAt } } } } } }"""
    item = client.data(text, {"iid": first.rpartition("#")[2]})["project"]["workItems"]["nodes"][0]
    shown = next(row for row in item["widgets"] if row)
    assert (shown["progress"], shown["currentValue"], shown["endValue"]) == (50, 20, 40)
