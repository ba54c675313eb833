"""What scrubbing takes out, and what it must leave for the tool to read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery.model.claims import parse_claims
from okr_delivery.sync.record.scrub import Scrubber
from okr_delivery.sync.record.secret import Secrets
from okr_delivery.sync.record.texts import Hints

SHARED = Path(__file__).parents[3].parent / "shared" / "payloads"
URL = "https://acme.atlassian.net"
HINTS = Hints(
    words=frozenset({"GROW", "GROW-KR1", "2026Q4:GROW-KR1"}),
    labels=frozenset({"ops"}),
    prefixes=("kr:", "kr::"),
    components=frozenset({"Checkout"}),
    claim_fields=frozenset({"key result", "contribution"}),
    people=("demo@acme.test",),
)
LIN: dict[str, object] = {
    "self": f"{URL}/rest/api/2/user?accountId=5b10a28",
    "accountId": "557058:5b10a28",
    "emailAddress": "lin.wang@acme.test",
    "displayName": "Lin Wang",
    "avatarUrls": {"48x48": f"{URL}/avatar/lin.png"},
    "active": True,
    "timeZone": "Asia/Shanghai",
}


def scrubber() -> Scrubber:
    return Scrubber(URL, b"salt" * 8, Secrets(["s3cr3t-t0ken"]), HINTS)


def search(fields: Mapping[str, object], clean: Scrubber | None = None, **more: object) -> Any:
    body = {"issues": [{"id": "10001", "key": "PAY-1", "fields": dict(fields), **more}]}
    answer: Any = (clean or scrubber()).answer("/rest/api/2/search/jql", body)
    return answer["issues"][0]


def changed(clean: Scrubber | None = None, was: str | None = None, **item: object) -> Any:
    """`was` is what the item has under `from`."""
    history = {"id": "1", "created": 1_790_000_000_000, "items": [{"fieldtype": "jira", "from": was, **item}]}
    body = {"issueChangeLogs": [{"issueId": "10001", "changeHistories": [history]}]}
    answer: Any = (clean or scrubber()).answer("/rest/api/2/changelog/bulkfetch", body)
    return answer["issueChangeLogs"][0]["changeHistories"][0]["items"][0]


# people


def test_one_person_has_one_number_wherever_it_is_named() -> None:
    clean = scrubber()
    made = search({"creator": LIN, "description": "[~accountid:557058:5b10a28] asked lin.wang@acme.test"}, clean)
    item = changed(clean, "557058:5b10a28", field="assignee", fromString="Lin Wang")
    user = made["fields"]["creator"]
    assert (user["accountId"], user["displayName"]) == ("557058:user-002", "User 002")
    assert user["emailAddress"] == "user-002@example.com"
    assert user["timeZone"] == "Asia/Shanghai"
    assert "[~accountid:557058:user-002]" in made["fields"]["description"]
    assert "user-002@example.com" in made["fields"]["description"]
    assert (item["from"], item["fromString"]) == ("557058:user-002", "User 002")
    assert user["self"].startswith("https://tracker.example.com/person/")


def test_data_center_people_keep_the_form_of_name_and_key() -> None:
    body = {"name": "lwang", "key": "JIRAUSER10047", "displayName": "Lin Wang", "emailAddress": "l@acme.test"}
    other = {"name": "zhao.new", "key": "zhao.old", "displayName": "Zhao", "active": True}
    made = search({"assignee": body, "reporter": other})["fields"]
    assert (made["assignee"]["name"], made["assignee"]["key"]) == ("user-002", "JIRAUSER10002")
    assert (made["reporter"]["name"], made["reporter"]["key"]) == ("user-003", "user-003-key")


def test_two_people_of_one_name_stay_two() -> None:
    made = search({"creator": LIN, "assignee": {**LIN, "accountId": "77", "emailAddress": "other@acme.test"}})["fields"]
    assert made["creator"]["displayName"] != made["assignee"]["displayName"]


def test_a_person_field_of_ones_own_is_known_by_its_schema() -> None:
    clean = scrubber()
    row = {"id": "customfield_7", "name": "Buddy", "custom": True, "schema": {"type": "user"}}
    clean.answer("/rest/api/2/field", [row])
    item = changed(clean, field="Buddy", fieldId="customfield_7", to="lwang", toString="Lin Wang")
    assert (item["to"], item["toString"]) == ("user-002", "User 002")


def test_several_people_of_one_change_are_told_apart() -> None:
    item = changed(None, "[ann, bo]", field="assignee", fromString="[Ann Smith, Bo Li]")
    assert item["from"] == "[user-002, user-003]"
    assert re.fullmatch(r"\[User \d{3}, User \d{3}\]", item["fromString"])


# what stays


def test_what_the_tool_reads_stays() -> None:
    fields = {
        "status": {"id": "3", "name": "In Review", "statusCategory": {"key": "indeterminate", "name": "In Progress"}},
        "issuetype": {"id": "1", "name": "User Story", "subtask": False},
        "fixVersions": [{"id": "7", "name": "Autumn train", "releaseDate": "2026-11-30"}],
        "labels": ["kr:GROW-KR1", "ops", "anna-smith"],
        "components": [{"id": "1", "name": "Checkout"}, {"id": "2", "name": "Anna's corner"}],
        "created": "2026-11-21T10:00:00.250+0800",
        "duedate": "2026-12-01",
        "customfield_1": [{"id": 4, "name": "PAY S27", "state": "active", "boardId": 3, "goal": "GROW: Pay faster"}],
        "customfield_2": "0|i0009s:",
        "customfield_3": 5.0,
        "parent": {"id": "9", "key": "PAY-9", "fields": {"summary": "Carry on"}},
    }
    made = search(fields)["fields"]
    for name in ("status", "issuetype", "fixVersions", "created", "duedate", "customfield_2", "customfield_3"):
        assert made[name] == fields[name]
    assert made["labels"] == ["kr:GROW-KR1", "ops", "label-01"]
    assert [row["name"] for row in made["components"]] == ["Checkout", "component-01"]
    assert made["customfield_1"][0]["name"] == "PAY S27"
    assert made["customfield_1"][0]["goal"].startswith("GROW: ")
    assert "faster" not in made["customfield_1"][0]["goal"]
    assert made["parent"]["key"] == "PAY-9"
    assert made["parent"]["fields"]["summary"] != "Carry on"


def test_labels_and_components_are_the_same_in_history() -> None:
    clean = scrubber()
    made = search({"labels": ["anna"], "components": [{"id": "2", "name": "Corner"}]}, clean)["fields"]
    item = changed(clean, field="labels", fromString="anna kr:GROW-KR1", toString="")
    assert item["fromString"] == f"{made['labels'][0]} kr:GROW-KR1"
    assert changed(clean, field="Component", to="2", toString="Corner")["toString"] == made["components"][0]["name"]


def test_equal_texts_stay_equal_and_others_do_not() -> None:
    clean = scrubber()
    title = search({"summary": "Refund without a call"}, clean)["fields"]["summary"]
    assert changed(clean, field="summary", fromString="x", toString="Refund without a call")["toString"] == title
    assert title != search({"summary": "Refund without a calm"}, clean)["fields"]["summary"]


def test_a_data_center_sprint_keeps_everything_but_its_goal() -> None:
    text = (
        "com.atlassian.greenhopper.service.sprint.Sprint@1a2b[id=444,rapidViewId=158,state=ACTIVE,name=A, b=c] x,"
        "goal=Win, or\nlose,startDate=2020-04-01T16:16:44.448Z,completeDate=<null>]"
    )
    made = search({"customfield_10005": [text]})["fields"]["customfield_10005"][0]
    assert made.startswith(text[: text.index("goal=")])
    assert made.endswith(text[text.index(",startDate") :])
    goal = made[made.index("goal=") : made.index(",startDate")]
    assert re.fullmatch(r"goal=[A-Z]\w\w, \w\w\n\w{4}", goal)
    assert "Win" not in goal


def test_errors_keep_the_servers_words_and_lose_what_they_quote() -> None:
    body = {"errorMessages": ["The value 'Anna Smith' does not exist for the field 'reporter'."], "errors": {}}
    made: Any = scrubber().answer("/rest/api/2/search/jql", body)
    assert re.fullmatch(r"The value '\w{4} \w{5}' does not exist for the field '\w{8}'\.", made["errorMessages"][0])
    assert "Anna" not in made["errorMessages"][0]
    token = {"errorMessages": ["The provided next page token has expired."]}
    assert scrubber().answer("/rest/api/2/search/jql", token) == token


def test_a_refusal_keeps_its_words_wherever_they_stand() -> None:
    body = {"code": 401, "message": "Unauthorized; scope does not match", "client": "Anna's script"}
    made: Any = scrubber().answer("/rest/api/2/myself", body, refused=True)
    assert (made["code"], made["message"]) == (401, body["message"])
    assert "Anna" not in made["client"]
    assert "Anna" not in scrubber().text("Rate limit exceeded, Anna", refused=True)
    assert scrubber().text("Rate limit exceeded", refused=True) == "Rate limit exceeded"


def test_page_tokens_are_numbered_and_a_loop_stays_one() -> None:
    clean = scrubber()
    tokens = [clean.answer("/rest/api/2/search/jql", {"nextPageToken": text}) for text in ("abc", "ABC", "abc")]
    assert tokens == [{"nextPageToken": "page-01"}, {"nextPageToken": "page-02"}, {"nextPageToken": "page-01"}]
    assert clean.asked({"nextPageToken": "ABC", "jql": "project = PAY"}) == {
        "nextPageToken": "page-02",
        "jql": "project = PAY",
    }


# documents and addresses


def test_rich_text_keeps_its_form_and_its_claims() -> None:
    doc = {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [
                {"type": "text", "text": "Ask ", "marks": [{"type": "link", "attrs": {"href": "https://a.test/x"}}]},
                {"type": "mention", "attrs": {"id": "557058:5b10a28", "text": "@Lin Wang", "accessLevel": ""}},
            ]},
            {"type": "paragraph", "content": [
                {"type": "text", "text": "Contributes-to:", "marks": [{"type": "strong"}]},
                {"type": "text", "text": " GROW-KR1 +1.5pp 60%"},
            ]},
        ],
    }  # fmt: skip
    made = search({"description": doc, "creator": LIN})["fields"]["description"]["content"]
    assert made[1] == doc["content"][1]  # type: ignore[index]  # a list
    assert made[0]["content"][1]["attrs"]["text"] == "@User 002"
    assert made[0]["content"][0]["text"] != "Ask "
    assert made[0]["content"][0]["marks"][0]["attrs"]["href"].startswith("https://link.example.com/")


def test_own_addresses_are_re_rooted_and_others_hidden() -> None:
    clean = Scrubber("https://api.atlassian.com/ex/jira/1234-abcd", b"s" * 32, Secrets([]))
    clean.answer("/rest/api/2/serverInfo", {"baseUrl": URL, "deploymentType": "Cloud"})
    made: Any = clean.answer(
        "/rest/api/2/search/jql",
        {"issues": [{"self": f"{URL}/rest/api/2/issue/10001", "fields": {"summary": "x", "environment": f"{URL}/x"}}]},
    )
    assert made["issues"][0]["self"] == "https://tracker.example.com/rest/api/2/issue/10001"
    assert "acme" not in json.dumps(made)
    assert clean.path("https://api.atlassian.com/ex/jira/1234-abcd/rest/api/2/myself") == "/rest/api/2/myself"


# claims

CLAIMS = [
    "Contributes-to: GROW-KR1 +1.5pp 60%",
    "贡献: GROW-KR1 +1.5个百分点 把握60%",
    "Contributes-to: GROW-KR1 M",
    "贡献: GROW-KR1 中",
    "Contributes-to: GROW-KR1 share 10%",
    "贡献: GROW-KR1 贡献度10%",
    "Contributes-to: COST-KR2 -120k",
    "贡献: COST-KR2 -12万",
    "Contributes-to: OPS-KR3",
    "Contributes-to: GROW-KR1 ?",
    "贡献: GROW-KR1 待定",
    "* *Contributes-to:* GROW-KR1 +1pp; APP-KR2 L",
    "|Contributes-to|GROW-KR1|+1 pp|60%|",
    "Contributes-to:\nGROW-KR1 +1.5pp",
    "Contributes-to: 2026Q3:GROW-KR9 +1,200.5 50%",
    "contributes to : grow-kr1 −2 pp @0.6",
    "Non-OKR: compliance audit of MLPS",
    "非OKR: 合规 等保整改",
]


@pytest.mark.parametrize("line", CLAIMS)
def test_a_claim_reads_the_same_when_scrubbed(line: str) -> None:
    text = f"Anna wanted this.\n{line}\nSo did Bob."
    made = search({"description": text})["fields"]["description"]
    assert "Anna" not in made and "Bob" not in made

    def read(text: str) -> list[tuple[object, ...]]:
        return [
            (c.kr, c.stated_as, c.number, c.suffix, c.size, c.confidence, c.non_okr_class, c.error is None)
            for c in parse_claims(text)
        ]

    assert read(made) == read(text)
    assert read(text)


def test_the_reason_of_work_without_a_key_result_is_filler() -> None:
    made = search({"description": "Non-OKR: compliance audit by Ernst"})["fields"]["description"]
    assert made.startswith("Non-OKR: compliance ")
    assert "Ernst" not in made


# nothing else gets through

PLANTED = "Zyblint Quaxor"
KEYS = st.sampled_from(
    ["summary", "description", "environment", "value", "comment", "body", "customfield_1", "goal", "note", "lead",
     "title", "text", "filename", "renderedFields", "fromString", "toString", "from", "displayName", "nested"]
)  # fmt: skip
PARTS = st.sampled_from(
    [
        PLANTED,
        f"see {PLANTED}!",
        "zyblint",
        "Quaxor",
        "13800138000",
        f"https://zyblint.test/{PLANTED}",
        "a@zyblint.test",
    ]
)
TREES = st.recursive(
    PARTS | st.integers() | st.none(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=4),
    max_leaves=12,
)


@given(TREES, st.sampled_from(["search/jql", "issue/10001", "project/PAY", "myself", "board", "nowhere", "field"]))
def test_no_text_of_unknown_meaning_gets_through(tree: object, endpoint: str) -> None:
    made = scrubber().answer(f"/rest/api/2/{endpoint}", {"values": [tree], "fields": tree, "items": [tree]})
    said = json.dumps(made, ensure_ascii=False).casefold()
    assert "zyblint" not in said
    assert "quaxor" not in said
    assert "13800138000" not in said


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded payloads are not beside this checkout")
@pytest.mark.parametrize("name", ["jira-cloud-issues.jsonl", "jira-server-issues.jsonl"])
def test_nobody_and_nothing_said_is_left_of_real_issues(name: str) -> None:
    """The people of these payloads are called user-012 and User 012: renamed, they are easy to look for."""
    raw = (SHARED / name).read_text(encoding="utf-8").replace("user-", "zplant-").replace("User 0", "Zplant 0")
    issues = [json.loads(line)["payload"] for line in raw.splitlines()]
    said = json.dumps(scrubber().answer("/rest/api/2/search", {"issues": issues}), ensure_ascii=False)
    assert "zplant" not in said.casefold()
    assert not [text for text in _sentences(issues) if text in said]


def _sentences(issues: list[Any]) -> list[str]:
    """Titles and lines of descriptions with enough words to be told from names that stay."""
    texts = [str(issue["fields"].get(name) or "") for issue in issues for name in ("summary", "description")]
    lines = {line.strip() for text in texts for line in text.split("\n")}
    return [line for line in lines if len(re.findall(r"[^\W\d_]{4,}", line)) > 3]
