"""Bodies and histories: how they are written (W04–W06), how much at once, and what text looks like in each version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.sandbox.client import Client

ALL = "project in (PAY, MOB) ORDER BY id"
Serving = Callable[..., RunningServer]


def _entries(pages: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [(log["issueId"], h) for page in pages for log in page["issueChangeLogs"] for h in log["changeHistories"]]


def test_w04_bulk_history_speaks_milliseconds_and_everything_else_iso_with_an_offset(client: Client) -> None:
    number = client.ids(ALL)[0]
    bulk = _entries(client.histories([number]))
    single = client.get(f"issue/{number}/changelog")["values"]
    assert all(isinstance(entry["created"], int) for _, entry in bulk)
    assert all(entry["created"].endswith("+0800") for entry in single)
    assert [e["created"] for _, e in bulk] == [
        round(datetime.fromisoformat(e["created"]).timestamp() * 1000) for e in single
    ]


def test_w04_can_be_iso_in_bulk_too(serving: Serving) -> None:
    client = Client(serving(faults={"bulk_created": "iso", "account_zone": "America/New_York"}))
    stamps = [entry["created"] for _, entry in _entries(client.histories(client.ids(ALL)))]
    offsets = {stamp[-5:] for stamp in stamps}
    assert offsets == {"-0400", "-0500"}  # summer and winter within one answer


def test_w05_histories_interleave_by_time_over_all_issues(client: Client) -> None:
    ids = client.ids(ALL)
    pages = client.histories(ids, maxResults=10)
    per_page = [[h["created"] for log in page["issueChangeLogs"] for h in log["changeHistories"]] for page in pages]
    assert all(max(before) <= min(after) for before, after in pairwise(per_page))
    places: dict[str, set[int]] = {}
    for number, page in enumerate(pages):
        for log in page["issueChangeLogs"]:
            places.setdefault(log["issueId"], set()).add(number)
    assert max(map(len, places.values())) >= 3  # one issue's history over three pages


def test_w05_pages_together_are_the_whole_history_once(server: RunningServer, client: Client) -> None:
    ids = client.ids(ALL)
    found = [(number, entry["id"]) for number, entry in _entries(client.histories(ids, maxResults=7))]
    expected = [(str(i.id), str(h.id)) for i in server.site.issues.values() if str(i.id) in ids for h in i.histories]
    assert sorted(found) == sorted(expected)
    assert len(found) == len(set(found))


def test_w05_an_issue_without_history_is_not_listed(server: RunningServer, client: Client) -> None:
    made = server.tracker.create("PAY", "nothing happened yet")
    assert client.histories([str(made.id)]) == [{"issueChangeLogs": []}]


def test_w05_the_servers_own_cap_splits_pages(serving: Serving) -> None:
    client = Client(serving(faults={"history_cap": 5}))
    ids = client.ids(ALL)
    assert len(client.histories(ids, maxResults=10_000)) > 10


@pytest.mark.parametrize("cap", [20, 40])
def test_w06_inline_history_is_capped_and_newest_first(serving: Serving, cap: int) -> None:
    server = serving(faults={"inline_history_cap": cap})
    client = Client(server)
    for number in range(57):
        server.tracker.edit("PAY-1", {"summary": f"title {number}"})
    log = client.issue("PAY-1", expand="changelog")["changelog"]
    assert (len(log["histories"]), log["total"] >= 57) == (cap, True)
    ids = [int(entry["id"]) for entry in log["histories"]]
    assert ids == sorted(ids, reverse=True)
    bulk = client.post("issue/bulkfetch", {"issueIdsOrKeys": ["PAY-1"], "fields": ["summary"], "expand": ["changelog"]})
    assert len(bulk["issues"][0]["changelog"]["histories"]) == cap


def test_single_history_is_paged_oldest_first(server: RunningServer, client: Client) -> None:
    for number in range(130):
        server.tracker.edit("PAY-1", {"summary": f"title {number}"})
    first = client.get("issue/PAY-1/changelog", maxResults=1000)
    second = client.get("issue/PAY-1/changelog", startAt=100)
    assert (len(first["values"]), first["isLast"], second["isLast"]) == (100, False, True)
    ids = [int(e["id"]) for e in first["values"] + second["values"]]
    assert ids == sorted(ids)
    assert len(ids) == first["total"]


def test_bodies_come_in_id_order_and_account_for_every_id(server: RunningServer, client: Client) -> None:
    ids = client.ids(ALL)[:20]
    server.tracker.delete(int(ids[3]))
    body = client.post("issue/bulkfetch", {"issueIdsOrKeys": [*reversed(ids), "PAY-99999"], "fields": ["summary"]})
    found = [row["id"] for row in body["issues"]]
    assert found == sorted(set(ids) - {ids[3]}, key=int)
    assert {row["id"] for row in body["issueErrors"]} == {ids[3], "PAY-99999"}


def test_keys_match_in_any_case(client: Client) -> None:
    body = client.post("issue/bulkfetch", {"issueIdsOrKeys": ["pay-1"], "fields": ["summary"]})
    assert body["issues"][0]["key"] == "PAY-1"


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("issue/bulkfetch", {"issueIdsOrKeys": [str(n) for n in range(101)]}, "between 1 and 100"),
        ("issue/bulkfetch", {"issueIdsOrKeys": []}, "between 1 and 100"),
        ("issue/bulkfetch", {"issueIdsOrKeys": ["1"], "properties": list("abcdef")}, "properties"),
        ("issue/bulkfetch", {"issueIdsOrKeys": ["1"], "fields": None}, "Invalid request payload"),
        ("changelog/bulkfetch", {"issueIdsOrKeys": [str(n) for n in range(1001)]}, "between 1 and 1000"),
        ("changelog/bulkfetch", {"issueIdsOrKeys": ["1"], "maxResults": 10_001}, "between 1 and 10000"),
        ("changelog/bulkfetch", {"issueIdsOrKeys": ["1"], "fieldIds": [str(n) for n in range(11)]}, "at most 10"),
        ("changelog/bulkfetch", {"issueIdsOrKeys": ["1"], "fieldIds": ["status", "status"]}, "unique"),
        ("changelog/bulkfetch", {"issueIdsOrKeys": ["1"], "nextPageToken": "made-up"}, "invalid"),
    ],
)
def test_limits_that_the_specification_does_not_catch(client: Client, path: str, body: object, text: str) -> None:
    status, said = client.errors("POST", path, body)
    assert status == 400
    assert text in said


def test_a_field_filter_drops_items_without_field_id(server: RunningServer, client: Client) -> None:
    server.tracker.move("PAY-1", "MOB")
    server.tracker.edit("PAY-1", {"labels": ["x"], "summary": "y"})
    number = str(server.tracker.issue("PAY-1").id)
    entries = _entries(client.histories([number], fieldIds=["labels", "project"]))
    assert {item.get("fieldId") for _, entry in entries for item in entry["items"]} == {"labels", "project"}


def test_text_is_plain_in_version_2_and_a_document_in_version_3(server: RunningServer) -> None:
    server.tracker.edit("PAY-1", {"description": "one\ntwo\n\nthree", "customfield_10041": "+1pp"})
    two, three = Client(server), Client(server, version=3)
    fields = two.issue("PAY-1")["fields"]
    assert (fields["description"], fields["customfield_10041"]) == ("one\ntwo\n\nthree", "+1pp")
    rich = three.issue("PAY-1")["fields"]
    assert rich["description"]["type"] == "doc"
    assert [block["type"] for block in rich["description"]["content"]] == ["paragraph", "paragraph"]
    assert rich["customfield_10041"]["content"][0]["content"] == [{"type": "text", "text": "+1pp"}]
    assert rich["customfield_10040"] is None  # a one-line field stays a string


def test_sprint_field_and_links_have_their_cloud_shapes(client: Client) -> None:
    row = client.search("sprint in openSprints()", fields=["customfield_10020"], maxResults=1)["issues"][0]
    sprint = row["fields"]["customfield_10020"][-1]
    assert {"id", "name", "state", "boardId", "goal", "startDate", "endDate"} <= set(sprint)
    assert "originBoardId" not in sprint
