"""Recorded payloads served as they were recorded."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.locale import translator
from okr_delivery.model.errors import UserError
from okr_delivery.sandbox import jira_datacenter
from okr_delivery.sandbox.jira_cloud import serve
from okr_delivery.sandbox.recorded import Recording, load
from okr_delivery.sandbox.recorded.servers import sprint_members
from tests.sandbox.client import Client

SITES = {"cloud-a": 3, "cloud-b": 53, "cloud-c": 5, "cloud-d": 10, "cloud-e": 25}


def _recording(shared: Path, site: str) -> Recording:
    return load(sorted((shared / "payloads").glob("jira-*.jsonl")), site)


def _recorded_issues(shared: Path, site: str) -> dict[str, dict[str, Any]]:
    lines = (shared / "payloads" / "jira-cloud-issues.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    found: dict[str, dict[str, Any]] = {}
    for row in (row["payload"] for row in rows if row["site"] == site):
        old = found.get(row["id"])
        if old is None or row["changelog"]["total"] >= old["changelog"]["total"]:
            found[row["id"]] = row
    return found


@pytest.mark.parametrize(("site", "issues"), SITES.items())
def test_bodies_and_histories_are_those_that_were_recorded(shared: Path, site: str, issues: int) -> None:
    recording = _recording(shared, site)
    expected = _recorded_issues(shared, site)
    with serve(recording) as server:
        client = Client(server)
        keys = ", ".join(f'"{row["key"]}"' for row in client.get("project"))
        ids = client.ids(f"project in ({keys}) ORDER BY id")
        assert len(ids) == len(expected) == issues
        bodies = client.post("issue/bulkfetch", {"issueIdsOrKeys": ids, "fields": ["*all"]})["issues"]
        for row in bodies:
            told = expected[row["id"]]["fields"]
            assert {name: row["fields"][name] for name in told if name != "description"} == {
                name: value for name, value in told.items() if name != "description"
            }
            assert {"project", "updated", "status"} <= set(row["fields"])
        for page in client.histories(ids, maxResults=100):
            for log in page["issueChangeLogs"]:
                recorded = {h["id"]: h for h in expected[log["issueId"]]["changelog"]["histories"]}
                assert all(entry["items"] == recorded[entry["id"]]["items"] for entry in log["changeHistories"])
        total = sum(len(log["changeHistories"]) for p in client.histories(ids) for log in p["issueChangeLogs"])
        assert total == sum(len(row["changelog"]["histories"]) for row in expected.values())


def test_the_later_version_of_an_issue_counts(shared: Path) -> None:
    issue = _recording(shared, "cloud-d").site.find("SP-1")
    assert issue is not None
    assert len(issue.histories) == 4


def test_a_deleted_sprint_stays_unlisted(shared: Path) -> None:
    site = _recording(shared, "cloud-c").site
    assert 21 not in site.sprints
    assert {board.type for board in site.boards.values()} == {"scrum"}
    assert (site.sprints[15].complete, site.sprints[15].state) == (1_631_832_330_761, "closed")


def test_kanban_and_scrum_side_by_side(shared: Path) -> None:
    with serve(_recording(shared, "cloud-d")) as server:
        client = Client(server)
        boards = {row["id"]: row["type"] for row in client.get("/rest/agile/1.0/board")["values"]}
        assert boards == {1: "kanban", 2: "scrum"}
        assert client.errors("GET", "/rest/agile/1.0/board/1/sprint")[0] == 400
        assert len(client.get("/rest/agile/1.0/board/2/sprint")["values"]) == 1
        assert client.get("/rest/agile/1.0/board/1/configuration")["columnConfig"]["columns"]


@pytest.mark.parametrize("site", ["cloud-b", "cloud-c", "cloud-d"])
def test_every_board_has_a_filter_that_finds_its_project(site: str, shared: Path) -> None:
    with serve(_recording(shared, site)) as server:
        client = Client(server)
        for row in client.get("/rest/agile/1.0/board")["values"]:
            saved = client.get(f"/rest/agile/1.0/board/{row['id']}/configuration")["filter"]["id"]
            assert client.ids(f"filter = {saved}") == client.ids(f"project = {row['location']['projectKey']}") != []


def test_fields_without_a_recorded_list_are_typed_by_their_values(shared: Path) -> None:
    schemas = {str(f["id"]): f["schema"] for f in _recording(shared, "cloud-d").site.fields}
    flagged: Any = schemas["customfield_10021"]
    assert (flagged["type"], flagged["items"], flagged["custom"].rpartition(":")[2]) == (
        "array", "option", "multicheckboxes",
    )  # fmt: skip


def test_statuses_that_only_histories_know_have_no_category(shared: Path) -> None:
    statuses = {row["name"]: row for row in _recording(shared, "cloud-b").site.statuses}
    category: Any = statuses["Validating"]["statusCategory"]
    assert category["key"] == "undefined"
    known: Any = statuses["Development"]["statusCategory"]
    assert known["key"] == "indeterminate"


def test_moved_issues_answer_to_their_old_keys(shared: Path) -> None:
    site = _recording(shared, "cloud-b").site
    moved = site.find("IMP-88")
    assert moved is not None
    assert (moved.key, site.projects[moved.project]["name"]) == ("PROMO-1", "Promotion")


def test_a_recorded_issue_can_be_changed(shared: Path) -> None:
    with serve(_recording(shared, "cloud-c")) as server:
        client = Client(server)
        before = client.issue("PLAYG-1")["fields"]
        assert client.send("PUT", "issue/PLAYG-1", json={"fields": {"labels": ["new"]}}).status_code == 204
        after = client.issue("PLAYG-1")["fields"]
        assert (after["labels"], after["summary"]) == (["new"], before["summary"])
        assert after["updated"] > before["updated"]
        assert client.ids("labels = new") == [client.issue("PLAYG-1")["id"]]


def _said(error: UserError) -> str:
    t = translator("en")
    return " ".join(
        f"{p.where} {t.render(p.what)} {t.render(p.next_step) if p.next_step else ''}" for p in error.problems
    )


def _issue(key: str, **fields: object) -> dict[str, Any]:
    created = "2026-01-05T10:00:00.000+0800"
    status = {"id": "1", "name": "Open", "statusCategory": {"key": "new"}}
    return {
        "id": key.split("-")[1],
        "key": key,
        "fields": {"summary": key, "created": created, "status": status} | fields,
    }


def _file(path: Path, *rows: dict[str, Any], site: str = "here") -> Path:
    path.write_text("".join(json.dumps({"site": site, "payload": row}) + "\n" for row in rows), encoding="utf-8")
    return path


def test_an_unknown_site_lists_those_there_are(tmp_path: Path) -> None:
    files = [
        _file(tmp_path / "a.jsonl", _issue("A-1"), site="left"),
        _file(tmp_path / "b.jsonl", _issue("B-1"), site="right"),
    ]
    with pytest.raises(UserError) as caught:
        load(files, "middle")
    said = _said(caught.value)
    assert "`middle`" in said
    assert "left, right" in said


def test_files_without_issues_say_so(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load([_file(tmp_path / "s.jsonl", {"state": "closed", "originBoardId": 1, "id": 1, "name": "S"})], "here")
    assert "holds Jira Cloud issues" in _said(caught.value)


def test_every_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"site": "x"}\nno json\n\n["list"]\n', encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load([path, tmp_path / "missing.jsonl"], "x")
    said = _said(caught.value)
    assert all(f"{path}:{number}" in said for number in (1, 2, 4))
    assert "missing.jsonl" in said


def test_a_site_of_issues_alone_gets_what_it_lacks(tmp_path: Path) -> None:
    sprint = {"id": 7, "name": "S, 1", "state": "active", "boardId": 3, "startDate": "2026-01-01T00:00:00.000Z"}
    row = _issue("A-1", customfield_10020=[sprint], customfield_10030=3.0)
    recording = load([_file(tmp_path / "a.jsonl", row)], "here")
    with serve(recording) as server:
        client = Client(server)
        assert [p["key"] for p in client.get("project")] == ["A"]
        assert [s["name"] for s in client.get("/rest/agile/1.0/board/3/sprint")["values"]] == ["S, 1"]
        schemas = {f["id"]: f["schema"] for f in client.get("field")}
        assert schemas["customfield_10020"]["custom"] == "com.pyxis.greenhopper.jira:gh-sprint"
        assert client.ids("sprint = 7") == ["1"]
        assert client.issue("A-1")["fields"]["updated"] == "2026-01-05T10:00:00.000+0800"


SERVERS = {"server-a": 22, "server-b": 14, "server-c": 2}


@pytest.mark.parametrize(("site", "issues"), SERVERS.items())
def test_recorded_servers_answer_as_data_center(shared: Path, site: str, issues: int) -> None:
    lines = (shared / "payloads" / "jira-server-issues.jsonl").read_text(encoding="utf-8").splitlines()
    expected = {row["payload"]["id"]: row["payload"] for row in map(json.loads, lines) if row["site"] == site}
    with jira_datacenter.serve(_recording(shared, site)) as server:
        client = Client(server)
        asked = {
            "jql": "created > 2000-01-01 ORDER BY id",
            "fields": ["*all"],
            "expand": ["changelog"],
            "maxResults": 100,
        }
        found = client.post("search", asked)["issues"]
        assert len(found) == len(expected) == issues
        for row in found:
            recorded = expected[row["id"]]
            told = {name: value for name, value in recorded["fields"].items() if name != "description"}
            assert {name: row["fields"][name] for name in told} == told
            entries = recorded.get("changelog", {"histories": []})["histories"]
            assert [entry["items"] for entry in row["changelog"]["histories"]] == [entry["items"] for entry in entries]
            assert row["changelog"]["total"] == len(entries)


def test_fields_are_named_as_histories_name_what_they_hold(shared: Path) -> None:
    recording = _recording(shared, "server-b")
    names = {str(row["id"]): row["name"] for row in recording.site.fields}
    assert (names["customfield_10002"], names["customfield_10005"]) == ("Story Points", "Sprint")
    assert list(names.values()).count("Story Points") == list(names.values()).count("Sprint") == 1
    assert (recording.site.ids.points, recording.site.ids.sprint) == ("customfield_10002", "customfield_10005")


def test_sprints_that_only_texts_hold_are_listed_on_their_boards(shared: Path) -> None:
    with jira_datacenter.serve(_recording(shared, "server-b")) as server:
        client = Client(server)
        boards = {row["id"]: client.get(f"/rest/agile/1.0/board/{row['id']}/sprint")["values"]
                  for row in client.get("/rest/agile/1.0/board")["values"]}  # fmt: skip
    assert {board: [sprint["id"] for sprint in sprints] for board, sprints in boards.items()} == {
        1534: [13672, 14494, 14566, 14622],
        771: [14871],
    }
    (second,) = [sprint for sprint in boards[1534] if sprint["id"] == 14494]
    assert (second["name"], second["state"]) == ("TEST TESTBA - Sprint 57", "closed")
    assert datetime.fromisoformat(second["completeDate"]) == datetime.fromisoformat("2019-10-10T13:20:58.937+00:00")


@pytest.mark.parametrize("name", ["plain", "a,b", "x]y", "k=v", "goal=x"])
def test_a_sprint_s_text_is_taken_apart_at_its_members_only(name: str) -> None:
    text = f"com.atlassian.greenhopper.service.sprint.Sprint@1f[id=4,rapidViewId=7,state=ACTIVE,name={name},goal=,id=9]"
    members = sprint_members(text)
    assert members is not None
    assert (members["id"], members["name"], members["state"], members["originBoardId"]) == ("4", name, "active", 7)


@pytest.mark.parametrize("text", [None, 7, "", "Sprint 4", "[id=4]"])
def test_what_is_no_sprint_s_text_is_none(text: object) -> None:
    assert sprint_members(text) is None
