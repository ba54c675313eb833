"""What other people do in mid-run, what is out of sight, and a clock that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest

from okr_delivery.model.errors import UserError
from okr_delivery.sandbox.faults import Event, load
from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.sandbox.client import Client
from tests.sandbox.conftest import Clock

ALL = "project in (PAY, MOB) ORDER BY id"
Serving = Callable[..., RunningServer]


def test_the_total_falls_while_pages_are_read(serving: Serving) -> None:
    events = [{"do": "delete", "issue": "PAY-1", "endpoint": "search", "at": 2}]
    client = Client(serving(kind="datacenter", faults={"events": events}))
    first, second = (client.found(ALL, startAt=start, maxResults=10) for start in (0, 10))
    assert second["total"] == first["total"] - 1
    everything = [row["id"] for row in client.found(ALL)["issues"]]
    seen = [row["id"] for row in first["issues"] + second["issues"]]
    assert everything[9] not in seen  # moved up into the page that was read already


def test_events_happen_once_at_their_request(serving: Serving) -> None:
    events = [{"do": "edit", "issue": "PAY-1", "fields": {"summary": "changed"}, "at": 3}]
    client = Client(serving(faults={"events": events}))
    titles = [client.issue("PAY-1")["fields"]["summary"] for _ in range(3)]
    assert [title == "changed" for title in titles] == [False, False, True]
    client.server.tracker.edit("PAY-1", {"summary": "again"})
    assert client.issue("PAY-1")["fields"]["summary"] == "again"


@pytest.mark.parametrize(
    ("event", "seen"),
    [
        ({"do": "hide", "issue": "PAY-3"}, lambda c: c.send("GET", "issue/PAY-3").status_code == 404),
        ({"do": "archive", "issue": "PAY-3"}, lambda c: c.ids("project = PAY AND key = PAY-3") == []),
        ({"do": "move", "issue": "PAY-3", "project": "MOB"}, lambda c: c.issue("PAY-3")["key"].startswith("MOB-")),
        (
            {"do": "transition", "issue": "PAY-3", "status": "Testing"},
            lambda c: c.issue("PAY-3")["fields"]["status"]["name"] == "Testing",
        ),
        (
            {"do": "rename_sprint", "sprint": 43, "name": "Renamed"},
            lambda c: c.get("/rest/agile/1.0/sprint/43")["name"] == "Renamed",
        ),
        (
            {"do": "close_sprint", "sprint": 43, "to": 45},
            lambda c: c.get("/rest/agile/1.0/sprint/43")["state"] == "closed",
        ),
        (
            {"do": "start_sprint", "sprint": 45},
            lambda c: c.get("/rest/agile/1.0/sprint/45")["state"] == "active",
        ),
        ({"do": "hide_project", "project": "MOB"}, lambda c: "MOB" not in [r["key"] for r in c.get("project")]),
    ],
)
def test_each_deed(serving: Serving, event: dict[str, object], seen: Callable[[Client], bool]) -> None:
    assert not seen(Client(serving()))
    assert seen(Client(serving(faults={"events": [event]})))


def test_a_deleted_issue_can_come_back(serving: Serving) -> None:
    events = [{"do": "delete", "issue": "PAY-3"}, {"do": "restore", "issue": "PAY-3", "at": 2}]
    client = Client(serving(faults={"events": events}))
    assert [client.send("GET", "issue/PAY-3").status_code for _ in range(2)] == [404, 200]


def test_an_event_that_cannot_happen_says_so(serving: Serving) -> None:
    client = Client(serving(faults={"events": [{"do": "delete", "issue": "NO-1"}]}))
    status, text = client.errors("GET", "myself")
    assert (status, "NO-1" in text) == (500, True)


@pytest.mark.parametrize("row", [{"issue": "PAY-1"}, {"do": "dance"}, {"do": "delete", "isue": "PAY-1"}, "delete"])
def test_mistakes_in_events_are_named(row: object) -> None:
    with pytest.raises(UserError):
        load({"events": [row]})
    assert load({"events": [Event("delete", issue="PAY-1")]}).events[0].issue == "PAY-1"


@pytest.mark.parametrize("kind", ["cloud", "datacenter"])
def test_a_project_that_is_gone_cannot_be_named(serving: Serving, kind: str) -> None:
    server = serving(kind=kind, faults={"hidden_projects": ["MOB"]})
    client, path = Client(server), "search/jql" if kind == "cloud" else "search"
    for jql in ("project = MOB", "project in (PAY, MOB)"):
        status, text = client.errors("POST", path, {"jql": jql})
        assert (status, text) == (400, "The value 'MOB' does not exist for the field 'project'.")
    assert client.errors("POST", path, {"jql": "key = MOB-1"})[0] == 400
    assert client.send("GET", "issue/MOB-1").status_code == 404
    assert client.send("GET", "project/MOB").status_code == 404
    assert [row["id"] for row in client.get("/rest/agile/1.0/board")["values"]] == [1, 3, 4]
    assert client.send("GET", "/rest/agile/1.0/board/2/sprint").status_code == 404
    assert client.send("GET", "/rest/agile/1.0/sprint/44").status_code == 404
    assert client.send("POST", path, json={"jql": "filter = 10002"}).json()["issues"] == []
    server.faults = None
    assert client.send("POST", path, json={"jql": "project = MOB"}).json()["issues"]


def test_a_removed_project_can_come_back(server: RunningServer, client: Client) -> None:
    server.tracker.hide_project("MOB")
    assert client.errors("POST", "search/jql", {"jql": "project = MOB"})[0] == 400
    server.tracker.show_project("MOB")
    assert client.ids("project = MOB")


def test_a_server_whose_clock_is_ahead(serving: Serving, clock: Clock) -> None:
    server = serving(faults={"clock_skew": 600})
    client = Client(server)
    answer = client.send("GET", "serverInfo")
    assert parsedate_to_datetime(answer.headers["Date"]).timestamp() == int(clock.now) + 600
    assert answer.json()["serverTime"].startswith("2026-11-18T10:10:00")
    client.send("PUT", "issue/PAY-1", json={"fields": {"summary": "stamped"}})
    assert client.issue("PAY-1")["fields"]["updated"].startswith("2026-11-18T10:10:00")
    server.faults = None
    assert parsedate_to_datetime(client.send("GET", "serverInfo").headers["Date"]).timestamp() == int(clock.now)
