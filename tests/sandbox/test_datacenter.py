"""Jira Data Center: the old search, whole histories, sprints as text, users without accounts, odd failed logins."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.sandbox.client import Client
from tests.sandbox.conftest import Clock

ALL = "project in (PAY, MOB) ORDER BY id"
Serving = Callable[..., RunningServer]
SPRINT_ID = re.compile(r"[\[,]id=(\d+)[,\]]")


@pytest.fixture
def datacenter(serving: Serving) -> Callable[..., RunningServer]:
    return lambda **options: serving(kind="datacenter", **options)


@pytest.fixture
def dc(datacenter: Serving) -> Client:
    return Client(datacenter())


def _histories(client: Client, **more: object) -> dict[str, dict[str, Any]]:
    page = client.found(ALL, fields=["summary"], expand=["changelog"], **more)
    return {row["key"]: row["changelog"] for row in page["issues"]}


def test_w13_each_kind_knows_only_its_own_search(server: RunningServer, client: Client, dc: Client) -> None:
    gone = client.send("POST", "search", json={"jql": ALL})
    assert (gone.status_code, "CHANGE-2046" in gone.text) == (410, True)
    assert dc.found(ALL)["total"] == len(client.ids(ALL))
    for method, path in (
        ("POST", "search/jql"),
        ("POST", "issue/bulkfetch"),  # an issue of that name can't be posted to
        ("POST", "changelog/bulkfetch"),
        ("GET", "issue/PAY-1/changelog"),
        ("GET", "/rest/api/3/myself"),
    ):
        assert dc.send(method, path, json={}).status_code in (404, 405), path
    assert (client.get("serverInfo")["deploymentType"], dc.get("serverInfo")["deploymentType"]) == ("Cloud", "Server")
    assert dc.get("serverInfo")["versionNumbers"] == [10, 3, 0]


def test_pages_go_by_offset_with_a_total(dc: Client) -> None:
    everything = dc.found(ALL)
    ids = [row["id"] for row in everything["issues"]]
    assert (everything["startAt"], everything["maxResults"], everything["total"]) == (0, 1000, len(ids))
    default = dc.post("search", {"jql": ALL, "startAt": 3})
    assert (default["maxResults"], [row["id"] for row in default["issues"]]) == (50, ids[3:53])
    by_get = dc.get("search", jql=ALL, startAt=len(ids) - 2, maxResults=10, fields="summary,status")
    assert [row["id"] for row in by_get["issues"]] == ids[-2:]
    assert set(by_get["issues"][0]["fields"]) == {"summary", "status"}
    assert dc.found(ALL, startAt=10_000)["issues"] == []
    assert dc.found(ALL, maxResults=0)["issues"] == []
    assert len(dc.found(ALL, maxResults=-1)["issues"]) == len(ids)


def test_w03_the_server_clamps_pages_and_its_echo_says_so(datacenter: Serving) -> None:
    client = Client(datacenter(faults={"search_cap": 10}))
    page = client.found(ALL, maxResults=1000)
    assert (len(page["issues"]), page["maxResults"], page["total"] > 10) == (10, 10, True)


def test_w03_short_and_empty_pages_have_positions_that_nobody_sees(datacenter: Serving, dc: Client) -> None:
    wanted = [row["id"] for row in dc.found(ALL)["issues"]]
    client = Client(datacenter(faults={"search_cap": 10, "short_pages": [1], "short_rows": 4, "empty_pages": [2]}))
    pages = [client.found(ALL, startAt=start) for start in range(0, len(wanted) + 30, 10)]
    assert [len(page["issues"]) for page in pages[:3]] == [4, 0, 10]
    assert {page["total"] for page in pages} == {len(wanted) + 16}
    assert [row["id"] for page in pages for row in page["issues"]] == wanted


def test_navigable_fields_unless_some_are_named(dc: Client) -> None:
    fields = dc.found(ALL)["issues"][0]["fields"]
    assert {"summary", "status", "customfield_10020"} <= set(fields)
    assert not {"description", "comment", "statuscategorychangedate"} & set(fields)
    assert "description" in dc.found(ALL, fields=["*all"])["issues"][0]["fields"]


@pytest.mark.parametrize(
    "jql", ["project = NOPE", "id in (1, 2)", "key = PAY-99999", "status = Nope", "sprint = 9999", "nothing = 1"]
)
def test_unknown_names_are_refused_unless_the_query_is_not_validated(dc: Client, jql: str) -> None:
    assert dc.errors("POST", "search", {"jql": jql})[0] == 400
    for lenient in (False, "warn"):
        page = dc.found(jql, validateQuery=lenient)
        assert (page["total"], page["issues"], len(page["warningMessages"])) == (0, [], 1)
    assert dc.get("search", jql=jql, validateQuery="false")["total"] == 0


def test_wrong_syntax_is_refused_all_the_same(dc: Client) -> None:
    assert dc.errors("POST", "search", {"jql": "project = = x", "validateQuery": False})[0] == 400


def test_w06_the_inline_history_is_whole_and_oldest_first(dc: Client) -> None:
    for number in range(57):
        dc.server.tracker.edit("PAY-1", {"summary": f"title {number}"})
    for log in (_histories(dc)["PAY-1"], dc.issue("PAY-1", expand="changelog")["changelog"]):
        ids = [int(entry["id"]) for entry in log["histories"]]
        assert (log["startAt"], log["maxResults"], log["total"]) == (0, len(ids), len(ids))
        assert len(ids) >= 57
        assert ids == sorted(ids)
        assert all(entry["created"].endswith("+0800") for entry in log["histories"])


def test_w06_a_history_may_be_cut_with_the_true_total(datacenter: Serving) -> None:
    client = Client(datacenter(faults={"search_history_cap": 2}))
    cut = [log for log in _histories(client).values() if log["total"] > 2]
    assert cut
    assert all(len(log["histories"]) == 2 for log in cut)
    alone = client.issue("PAY-1", expand="changelog")["changelog"]
    assert len(alone["histories"]) == alone["total"]
    client.server.faults = {"issue_history_cap": 1}
    alone = client.issue("PAY-1", expand="changelog")["changelog"]
    assert (len(alone["histories"]), alone["total"] > 1) == (1, True)


def test_w16_items_name_fields_only_by_what_people_call_them(server: RunningServer, dc: Client) -> None:
    items = [item for log in _histories(dc).values() for entry in log["histories"] for item in entry["items"]]
    assert not any("fieldId" in item or "tmpToAccountId" in item for item in items)
    assert {"status", "Sprint", "Story Points"} <= {item["field"] for item in items}
    names = [row["name"] for row in dc.get("field")]
    assert "Fix Version/s" in names
    assert names.count("Region") == 2
    assert not any({"key", "scope"} & set(row) for row in dc.get("field"))


def test_a_parent_is_an_epic_link_or_the_issue_of_a_subtask(datacenter: Serving) -> None:
    server = datacenter(issues=80)
    client, site = Client(server), server.site
    types = {name: next(t["id"] for t in site.types if t["name"] == name) for name in ("Epic", "Story", "Sub-task")}
    epic = next(i for i in site.issues.values() if i.type == types["Epic"])
    story = next(i for i in site.issues.values() if i.type == types["Story"] and i.parent is None)
    subtask = next(i for i in site.issues.values() if i.type == types["Sub-task"])
    server.tracker.edit(story.id, {"parent": {"id": str(epic.id)}})
    server.tracker.edit(subtask.id, {"parent": {"id": str(story.id)}})
    fields = client.issue(story.id)["fields"]
    assert (fields["customfield_10014"], "parent" in fields) == (epic.key, False)
    assert client.issue(subtask.id)["fields"]["parent"]["key"] == story.key
    last = client.issue(story.id, expand="changelog")["changelog"]["histories"][-1]["items"][0]
    assert (last["field"], last["fieldtype"], last["to"], last["toString"]) == (
        "Epic Link",
        "custom",
        str(epic.id),
        epic.key,
    )
    last = client.issue(subtask.id, expand="changelog")["changelog"]["histories"][-1]["items"][0]
    assert (last["field"], last["to"], last["toString"]) == ("Parent", str(story.id), story.key)
    assert client.send("PUT", f"issue/{story.id}", json={"fields": {"customfield_10014": None}}).status_code == 204
    assert client.issue(story.id)["fields"]["customfield_10014"] is None


def test_users_have_a_name_and_a_key_but_no_account(dc: Client) -> None:
    me = dc.get("myself")
    assert {"name", "key", "emailAddress", "displayName", "timeZone"} <= set(me)
    assert "accountId" not in me
    issue = dc.issue("PAY-1", expand="changelog")
    people = [issue["fields"]["creator"], *(entry["author"] for entry in issue["changelog"]["histories"])]
    assert all("accountId" not in person and person["key"].startswith("JIRAUSER") for person in people)
    assert len({person["key"] for person in people}) > 1


def test_an_assignee_is_written_found_and_recorded_by_name_and_key(dc: Client) -> None:
    person = dc.issue("PAY-1")["fields"]["creator"]
    assert dc.send("PUT", "issue/PAY-1", json={"fields": {"assignee": {"name": person["name"]}}}).status_code == 204
    issue = dc.issue("PAY-1", expand="changelog")
    assert issue["fields"]["assignee"] == person
    item = issue["changelog"]["histories"][-1]["items"][0]
    assert (item["field"], item["to"], item["toString"]) == ("assignee", person["key"], person["displayName"])
    assert [row["key"] for row in dc.found(f"assignee = {person['name']} ORDER BY id")["issues"]] == ["PAY-1"]
    assert dc.errors("PUT", "issue/PAY-1", {"fields": {"assignee": {"name": "nobody"}}})[0] == 400
    assert dc.errors("POST", "search", {"jql": "assignee = nobody"})[0] == 400


def test_w15_sprints_are_text_with_members_in_any_order(dc: Client) -> None:
    rows = dc.found("sprint is not EMPTY ORDER BY id", fields=["customfield_10020"])["issues"]
    texts = [text for row in rows for text in row["fields"]["customfield_10020"]]
    assert all(text.startswith("com.atlassian.greenhopper.service.sprint.Sprint@") for text in texts)
    known = dc.server.site.sprints
    found = {text: int(SPRINT_ID.findall(text)[0]) for text in texts}
    for text, number in found.items():
        assert f"state={known[number].state.upper()}" in text
        assert f"name={known[number].name}" in text
        assert f"rapidViewId={known[number].board}" in text
    assert any("completeDate=<null>" in text for text in texts)
    assert len({re.sub(r"=[^,\]]*", "", text.partition("[")[2]) for text in texts}) > 1


def test_a_sprint_bean_has_what_only_a_server_says(dc: Client) -> None:
    rows = dc.get("/rest/agile/1.0/board/1/sprint")["values"]
    assert all({"activatedDate", "synced", "autoStartStop"} <= set(row) for row in rows if row["state"] == "active")
    assert all("activatedDate" not in row for row in rows if row["state"] == "future")
    assert all(re.fullmatch(r".*\+08:00", row["startDate"]) for row in rows if "startDate" in row)


def test_metadata_has_no_cloud_members(dc: Client) -> None:
    assert not any("scope" in row for row in dc.get("status"))
    assert not any("hierarchyLevel" in row for row in dc.get("issuetype"))
    assert not any("style" in row or "simplified" in row for row in dc.get("project"))
    assert dc.get("project/PAY/versions") == dc.get("project/PAY/version")["values"]
    assert "/rest/api/3/" not in dc.send("GET", "status").text


def test_a_context_path_stands_before_everything(datacenter: Serving) -> None:
    server = datacenter(context="/jira")
    assert server.url.endswith("/jira")
    client = Client(server)
    assert client.get("serverInfo")["baseUrl"] == server.url
    assert client.issue("PAY-1")["self"].startswith(f"{server.url}/rest/api/2/issue/")
    assert client.get("/rest/agile/1.0/board")["total"] == 4
    root = server.url.removesuffix("/jira")
    assert client.session.get(f"{root}/rest/api/2/serverInfo", timeout=10).status_code == 404
    assert client.send("GET", "/browse/PAY-1").status_code == 200


def test_w11_every_answer_to_a_known_caller_tells_the_limits(datacenter: Serving) -> None:
    server = datacenter()
    headers = Client(server).send("GET", "myself").headers
    assert headers["retry-after"] == "0"
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-FillRate", "X-RateLimit-Interval-Seconds")
    assert all(headers[name].isdigit() for name in names)
    assert "retry-after" not in Client(server, user=None).send("GET", "serverInfo").headers


def test_w11_the_bucket_of_a_caller_empties_and_fills(datacenter: Serving, clock: Clock) -> None:
    client = Client(datacenter(faults={"burst": 3}))
    answers = [client.send("GET", path) for path in ("myself", "field", "status", "myself")]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert answers[-1].headers["retry-after"] == "1"
    assert "RateLimit-Reason" not in answers[-1].headers
    clock.now += 1
    assert client.send("GET", "myself").status_code == 200


def test_bearer_and_basic_are_logins(datacenter: Serving) -> None:
    server = datacenter()
    bearer = {"Authorization": f"Bearer {server.token}"}
    assert Client(server, user=None).send("GET", "myself", headers=bearer).status_code == 200
    assert Client(server).send("GET", "myself").headers["X-Seraph-LoginReason"] == "OK"
    assert Client(server, user=None).send("GET", "myself").status_code == 401


@pytest.mark.parametrize(
    ("face", "status", "kind", "header"),
    [
        ("401", 401, "application/json", ("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")),
        ("captcha", 403, "text/html", ("X-Authentication-Denied-Reason", "CAPTCHA_CHALLENGE; login-url=")),
        ("seraph", 200, "application/json", ("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")),
        ("sso", 200, "text/html", ("Content-Type", "text/html")),
    ],
)
def test_a_failed_login_has_many_faces(
    datacenter: Serving, face: str, status: int, kind: str, header: tuple[str, str]
) -> None:
    client = Client(datacenter(faults={"dead_login": face}), "demo@example.com", "wrong")
    answer = client.send("POST", "search", json={"jql": ALL})
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (status, kind)
    assert answer.headers[header[0]].startswith(header[1])
    if face == "seraph":
        assert answer.json()["total"] == 0


def test_archived_issues_leave_the_search_but_answer(dc: Client) -> None:
    issue = dc.server.tracker.issue("PAY-3")
    dc.server.tracker.archive(issue.id)
    assert str(issue.id) not in [row["id"] for row in dc.found(ALL)["issues"]]
    assert dc.issue(issue.id)["key"] == "PAY-3"


def test_w07_queries_are_read_in_the_zone_of_the_account(dc: Client, clock: Clock) -> None:
    clock.now += 3600
    dc.server.tracker.edit("PAY-1", {"summary": "now"})
    local = datetime.fromisoformat(dc.issue("PAY-1")["fields"]["updated"])
    found = dc.found(f'updated >= "{local:%Y-%m-%d %H:%M}"')["issues"]
    assert [row["key"] for row in found] == ["PAY-1"]


def test_w08_the_index_trails_a_write(datacenter: Serving, clock: Clock) -> None:
    client = Client(datacenter(faults={"index_lag": 5.0}))
    client.server.tracker.edit("PAY-1", {"summary": "late"})
    assert client.issue("PAY-1")["fields"]["summary"] == "late"
    shown = client.found("key = PAY-1", fields=["summary"])["issues"][0]["fields"]["summary"]
    assert shown != "late"
    clock.now += 6
    assert client.found("key = PAY-1", fields=["summary"])["issues"][0]["fields"]["summary"] == "late"
