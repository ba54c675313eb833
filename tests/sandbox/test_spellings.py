"""The same thing spelled in other ways: sprints (W15), history items and languages (W16), names of many ids (W17)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.sandbox.client import Client

ALL = "project in (PAY, MOB) ORDER BY id"
HOSTILE = ", phase=2] 「發布」 [αβγ"
Serving = Callable[..., RunningServer]


def _items(client: Client) -> list[dict[str, Any]]:
    """All history items of a few issues, whichever kind of Jira this is."""
    if client.get("serverInfo")["deploymentType"] == "Cloud":
        pages = client.histories(client.ids(ALL))
        entries = [h for page in pages for log in page["issueChangeLogs"] for h in log["changeHistories"]]
    else:
        rows = client.found(ALL, fields=["summary"], expand=["changelog"])["issues"]
        entries = [h for row in rows for h in row["changelog"]["histories"]]
    return [item for entry in entries for item in entry["items"]]


@pytest.mark.parametrize("kind", ["cloud", "datacenter"])
def test_w15_hostile_names_are_everywhere_the_same(serving: Serving, kind: str) -> None:
    client = Client(serving(kind=kind, faults={"sprint_names": "hostile"}))
    plain = client.server.site.sprints[42].name
    assert client.get("/rest/agile/1.0/sprint/42")["name"] == plain + HOSTILE
    values = client.issue(_in_sprint(client, 42), fields="customfield_10020")["fields"]["customfield_10020"]
    texts = [value["name"] if kind == "cloud" else value for value in values]
    assert all(HOSTILE in text for text in texts)
    sides = [item["toString"] for item in _items(client) if item["field"] == "Sprint" and item["to"]]
    assert sides
    assert all(side.endswith(HOSTILE) for side in sides)
    client.server.faults = None
    assert client.get("/rest/agile/1.0/sprint/42")["name"] == plain
    assert not any(HOSTILE in str(item["toString"]) for item in _items(client))


def _in_sprint(client: Client, number: int) -> int:
    return next(issue.id for issue in client.server.site.issues.values() if number in issue.sprints)


def test_w15_history_lists_sprints_with_commas_between_ids_and_names(client: Client) -> None:
    sides = [item["to"] for item in _items(client) if item["field"] == "Sprint"]
    assert any(side.count(", ") == 1 and all(part.isdigit() for part in side.split(", ")) for side in sides)


@pytest.mark.parametrize(
    ("spelling", "allowed"), [("null", [None]), ("empty", [""]), ("absent", []), ("as_is", [None, ""])]
)
def test_w16_empty_sides(serving: Serving, spelling: str, allowed: list[object]) -> None:
    client = Client(serving(faults={"empty_sides": spelling}))
    client.server.tracker.edit("PAY-1", {"labels": [], "customfield_10020": []})
    client.server.tracker.edit("PAY-1", {"labels": ["x"]})
    sides = [item[side] for item in _items(client) for side in ("from", "fromString", "to", "toString") if side in item]
    empty = {side for side in sides if side in (None, "")}
    assert empty == set(allowed)


def test_w16_items_may_lack_the_field_id_on_cloud_too(serving: Serving) -> None:
    bare = _items(Client(serving(faults={"bare_items": ["status", "customfield_10020"]})))
    assert {item["field"] for item in bare if "fieldId" not in item} >= {"status", "Sprint"}
    assert any("fieldId" in item for item in bare)
    usual = [item for item in _items(Client(serving())) if item["field"] in ("status", "Sprint")]
    assert all("fieldId" in item for item in usual)


def test_w16_a_description_is_a_blob_on_cloud_and_text_alone_on_a_server(serving: Serving) -> None:
    for kind, blob in (("cloud", True), ("datacenter", False)):
        client = Client(serving(kind=kind))
        client.server.tracker.edit("PAY-1", {"description": "one line"})
        item = next(i for i in _items(client) if i["field"] == "description" and i["toString"] == "one line")
        assert (json.loads(item["to"])["type"] == "doc") if blob else (item["to"] is None)


@pytest.mark.parametrize(("language", "done", "estimate"), [("zh", "完成", "故事点"), ("de", "Fertig", "Story Points")])
def test_w16_another_language_on_cloud(serving: Serving, language: str, done: str, estimate: str) -> None:
    client = Client(serving(faults={"interface_language": language}))
    status = {row["id"]: row for row in client.get("status")}
    assert status["10014"]["name"] == done
    assert status["10014"]["statusCategory"]["name"] == done
    assert status["10014"]["statusCategory"]["key"] == "done"
    fields = {row["id"]: row["name"] for row in client.get("field")}
    assert fields["customfield_10026"] == estimate
    items = {(item.get("fieldId"), item["field"]) for item in _items(client)}
    assert ("status", {"zh": "状态", "de": "Status"}[language]) in items
    assert ("customfield_10026", estimate) in items
    assert done in {item["toString"] for item in _items(client) if item.get("fieldId") == "status"}
    body = client.issue(client.ids("statusCategory = Done")[0])["fields"]
    assert body["status"]["name"] == done


def test_w16_another_language_on_a_server_leaves_the_names_of_system_fields(serving: Serving) -> None:
    client = Client(serving(kind="datacenter", faults={"interface_language": "zh"}))
    fields = {row["id"]: row["name"] for row in client.get("field")}
    names = {item["field"] for item in _items(client)}
    assert fields["status"] == "状态"
    assert "status" in names
    assert fields["customfield_10020"] in names  # the sprint field, as the list of fields calls it


def test_w17_one_name_and_many_ids_side_by_side(client: Client) -> None:
    fields = [row for row in client.get("field") if row["name"] == "Region"]
    assert sorted(row.get("scope", {}).get("type", "none") for row in fields) == ["PROJECT", "none"]
    statuses = [row["id"] for row in client.get("status") if row["name"] == "Done"]
    assert len(statuses) >= 2
    styles = {row["key"]: row.get("style") for row in client.get("project")}
    assert (styles["PAY"], styles["MOB"]) == ("classic", "next-gen")


def test_w19_version_3_refuses_strings_that_version_2_wants(server: RunningServer) -> None:
    for version, good in ((2, "text"), (3, {"type": "doc", "version": 1, "content": []})):
        client = Client(server, version=version)
        bad = {"type": "doc", "version": 1, "content": []} if version == 2 else "text"
        assert client.send("POST", "issue/PAY-1/comment", json={"body": bad}).status_code == 400
        assert client.send("PUT", "issue/PAY-1", json={"fields": {"description": good}}).status_code == 204
