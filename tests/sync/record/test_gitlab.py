"""What scrubbing takes out of a GitLab's answers, and what it must leave for the tool to read."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery.model.claims import parse_claims
from okr_delivery.sync.record.gitlab import GitLabScrubber
from okr_delivery.sync.record.gitlab.tables import ENDPOINTS, WIRE
from okr_delivery.sync.record.secret import Secrets
from okr_delivery.sync.record.texts import Hints

SHARED = Path(__file__).parents[3].parent / "shared" / "payloads"
URL = "https://gitlab.acme.cn/git"
N = "Zyblint"  # nobody's word but ours
HINTS = Hints(
    words=frozenset({"GROW", "GROW-KR1"}),
    labels=frozenset({"ops", "tech debt"}),
    prefixes=("kr:", "kr::"),
    claim_fields=frozenset({"key result", "77"}),
    scopes=("workflow", "priority"),
    paths=("acme/pay", "apps/"),
    environments=frozenset({"live-eu"}),
)
LIN: dict[str, object] = {
    "id": 4711,
    "username": "lin.wang",
    "name": "Lin Wang",
    "state": "active",
    "avatar_url": f"{URL}/uploads/-/system/user/avatar/4711/lin.png",
    "web_url": f"{URL}/lin.wang",
    "public_email": "lin.wang@acme.cn",
}


def scrubber() -> GitLabScrubber:
    return GitLabScrubber(URL, b"salt" * 8, Secrets(["s3cr3t-t0ken"]), HINTS)


def rest(path: str, row: Mapping[str, object], clean: GitLabScrubber | None = None) -> Any:
    answer: Any = (clean or scrubber()).answer(f"/api/v4/{path}", [dict(row)])
    return answer[0]


def issue(clean: GitLabScrubber | None = None, /, **members: Any) -> Any:
    return rest("projects/7/issues", members, clean)


def note(body: str, clean: GitLabScrubber | None = None, *, system: bool = True) -> str:
    made = rest("projects/7/issues/1/notes", {"id": 1, "body": body, "system": system, "author": LIN}, clean)
    return str(made["body"])


def graph(data: object, query: str = "query q { x }", clean: GitLabScrubber | None = None) -> Any:
    clean = clean or scrubber()
    clean.asked({"query": query, "variables": {}})
    answer: Any = clean.answer("/api/graphql", {"data": data})
    return answer["data"]


# people


def test_one_person_has_one_number_wherever_it_is_named() -> None:
    clean = scrubber()
    made = issue(clean, author=LIN, author_id=4711, description="cc lin.wang@acme.cn")
    assert (made["author"]["id"], made["author"]["username"], made["author"]["name"]) == (
        1000001,
        "user-001",
        "User 001",
    )
    assert (made["author_id"], made["author"]["public_email"]) == (1000001, "user-001@example.com")
    assert "wang" not in json.dumps(made).casefold()
    assert note("assigned to @lin.wang and unassigned @bo", clean) == "assigned to @user-001 and unassigned @user-002"
    found = graph({"n": {"author": {"id": "gid://gitlab/User/4711"}}}, "{ n { author { id } } }", clean)
    assert found["n"]["author"]["id"] == "gid://gitlab/User/1000001"


def test_the_caller_and_its_token_say_little() -> None:
    me = {**LIN, "bio": N, "current_sign_in_ip": "10.11.12.13", "identities": [{"provider": N, "extern_uid": N}],
          "status": f"{N} on leave", "commit_email": "4711-lin@x.cn", "last_activity_on": "2026-11-21"}  # fmt: skip
    clean = scrubber()
    made: Any = clean.answer("/api/v4/user", me)
    assert N not in json.dumps(made) and "10.11.12.13" not in json.dumps(made) and "4711" not in json.dumps(made)
    assert (made["username"], made["last_activity_on"]) == ("user-001", "2026-11-21")
    token = {"id": 3, "name": f"{N}'s laptop", "scopes": ["read_api"], "expires_at": "2027-01-01", "user_id": 4711}
    made = clean.answer("/api/v4/personal_access_tokens/self", token)
    assert (made["scopes"], made["expires_at"], made["user_id"]) == (["read_api"], "2027-01-01", 1000001)
    assert N not in json.dumps(made)


# what stays


def test_what_the_tool_reads_of_an_issue_stays() -> None:
    row = {
        "id": 8800001, "iid": 12, "project_id": 7, "state": "closed", "issue_type": "incident",
        "created_at": "2026-11-21T10:00:00.250Z", "closed_at": "2026-11-21T18:00:00+08:00", "due_date": "2026-12-01",
        "moved_to_id": 9, "confidential": False, "severity": "UNKNOWN", "weight": 5, "health_status": "on_track",
        "references": {"short": "#12", "relative": "#12", "full": "acme/pay#12"},
        "time_stats": {"time_estimate": 7200, "human_time_estimate": "1w 2d 30m"},
        "milestone": {"id": 5, "iid": 2, "title": "PAY S27", "state": "active", "start_date": "2026-11-16"},
        "iteration": {"id": 6, "title": None, "state": 2, "sequence": 3},
        "labels": ["workflow::In review", "priority::1 high", "kr:GROW-KR1", "ops", "Tech Debt"],
        "epic": {"id": 4, "iid": 3, "group_id": 2},
    }  # fmt: skip
    assert issue(**row) == row
    pages = ("web_url", f"{URL}/acme/pay/-/issues/12"), ("web_url", f"{URL}/groups/apps/-/milestones/3")
    kept = [issue(**{name: page})[name] for name, page in pages]
    assert kept == [
        "https://tracker.example.com/acme/pay/-/issues/12",
        "https://tracker.example.com/groups/apps/-/milestones/3",
    ]


def test_free_text_goes_and_claims_stay() -> None:
    text = f"{N} wants it.\nContributes-to: GROW-KR1 +1.5pp 60%\nAsk {N}: GROW"
    made = issue(title=f"{N} pays", description=text)
    assert N not in json.dumps(made)
    assert made["description"].splitlines()[1] == "Contributes-to: GROW-KR1 +1.5pp 60%"
    assert [c.kr for c in parse_claims(made["description"])] == ["GROW-KR1"]
    assert made["description"].endswith("GROW")


def test_labels_that_mean_nothing_are_numbered_and_keep_their_scope() -> None:
    clean = scrubber()
    made = issue(clean, labels=[f"{N}", f"team::{N}", f"team::{N}2", f"{N} two words"])["labels"]
    assert made == ["label-01", "scope-01::label-02", "scope-01::label-03", "label-04"]
    row = {"id": 3, "name": f"team::{N}", "description": N, "color": "#dc143c", "text_color": "#FFFFFF"}
    listed = rest("projects/7/labels", row, clean)
    assert (listed["name"], listed["color"]) == ("scope-01::label-02", "#dc143c")
    assert N not in listed["description"]
    event = {"id": 1, "user": LIN, "action": "add", "label": {"id": 3, "name": f"team::{N}"}, "resource_type": "Issue"}
    told = rest("projects/7/issues/1/resource_label_events", event, clean)
    assert (told["action"], told["label"]["name"], told["resource_type"]) == ("add", "scope-01::label-02", "Issue")


@pytest.mark.parametrize(
    ("path", "stays"),
    [("acme/pay", True), ("ACME/Pay", True), ("acme", True), ("apps/deep/er", True), ("acme/pays", False),
     (f"{N}/pay", False), (f"acme/{N}", False)],
)  # fmt: skip
def test_paths_of_the_settings_stay_and_others_are_told_apart(path: str, stays: bool) -> None:
    clean = scrubber()
    row = {"id": 7, "path_with_namespace": path, "name": N, "web_url": f"{URL}/{path}", "path": path.split("/")[-1]}
    made = rest("projects", row, clean)
    assert (made["path_with_namespace"] == path) is stays
    assert stays or N not in json.dumps(made)
    again = issue(clean, references={"full": f"{path}#4"})["references"]["full"]
    assert again == f"{made['path_with_namespace']}#4"
    assert clean.asked({"query": "{x}", "variables": {"p0": path, "i0": ["4"]}}) == {
        "query": "{x}",
        "variables": {"p0": made["path_with_namespace"], "i0": ["4"]},
    }


NOTES = [
    "added ~12 ~13 labels and removed ~14 label",
    "added ~3 scoped label and automatically removed ~2 label",
    "removed 2 deleted labels",
    'changed milestone to %"PAY S27"',
    "changed milestone to /acme/pay%5",
    "removed milestone %5",
    "removed milestone ",
    "changed iteration to *iteration:8800",
    "changed weight to **5** from **3**",
    "changed weight to 5 from 3",
    "changed time estimate to 1w 2d 30m from 4h",
    "changed due date to November 24, 2026",
    "changed start date to May 01, 2026 and changed due date to June 09, 2026",
    "set status to **In review**",
    "closed",
    "closed with merge request !12",
    "closed with merge request acme/pay!12",
    "reopened",
    "moved to acme/pay#5",
    "marked this issue as a duplicate of #5",
    "marked this issue as related to acme/pay#5 and #6",
    "added acme/pay#3 as parent issue",
    "added apps&3 as parent epic",
    "removed parent epic apps&3",
    "added to epic &3",
    "removed the relation with #7",
    "changed type from issue to test case",
    "promoted to epic apps&3",
    "made the issue confidential",
    "mentioned in merge request !4",
]


@pytest.mark.parametrize("body", NOTES)
def test_what_the_tool_reads_of_a_note_stays(body: str) -> None:
    assert note(body) == body


PRIVATE_NOTES = [
    f"changed title from **{{-{N}-}} pays** to **{{+Lin+}} pays**",
    f"marked the checklist item **ask {N}** as completed",
    f"mentioned in issue {N}/shop#5",
    f"moved to {N.lower()}/shop#5",
    f'added ~"{N} two" label',
    f"changed milestone to /{N}/shop%5",
    f"created branch [`{N}-1`]({URL}/acme/pay/-/compare/main...{N})",
    f'<p>changed Customer to <code class="idiff">{N} &amp; sons</code></p>',
    f"requested review from @{N}",
    f"changed health status to {N}",
    f"linked https://crm.test/{N}?token={N}",
    f"set the title to {N}.{N}~{N}%{N}",
]


@pytest.mark.parametrize("body", PRIVATE_NOTES)
def test_what_people_wrote_into_a_note_goes(body: str) -> None:
    made = note(body)
    assert N.casefold() not in made.casefold()
    assert made.split()[0] == body.split()[0]
    assert N.casefold() not in note(body, system=False).casefold()


def test_a_comment_that_looks_like_a_note_of_the_server_is_a_comment() -> None:
    assert "closed" not in note("closed the deal with Anna", system=False)


def test_a_title_in_a_note_is_the_one_of_the_issue() -> None:
    clean = scrubber()
    title = issue(clean, title="Lin pays twice")["title"]
    body = note("changed title from **Lin {-pays-} twice** to **Lin {+paid+} twice**", clean)
    assert re.sub(r"\{[-+]|[-+]\}", "", body).split("**")[1] == title


def test_a_custom_field_keeps_its_claim_and_loses_anything_else() -> None:
    clean = scrubber()
    query = "{ p0 { widgets { customFieldValues { customField { id name } text: value selectedOptions { value } } } } }"
    rows = [
        {"customField": {"id": "gid://gitlab/IssuablesCustomField/5", "name": "Key Result"}, "text": f"GROW-KR1 {N}"},
        {"customField": {"id": "gid://gitlab/IssuablesCustomField/77", "name": "Zusage"}, "text": "+1.5pp 60%"},
        {"customField": {"id": "gid://gitlab/IssuablesCustomField/8", "name": "Customer"}, "text": N},
        {
            "customField": {"id": "gid://gitlab/IssuablesCustomField/9", "name": "Who"},
            "selectedOptions": [{"value": N}],
        },
    ]
    made = graph({"p0": {"widgets": [{"customFieldValues": rows}]}}, query, clean)["p0"]["widgets"][0][
        "customFieldValues"
    ]
    assert N not in json.dumps(made)
    assert made[0]["text"].startswith("GROW-KR1 ") and made[1]["text"] == "+1.5pp 60%"
    assert [row["customField"]["name"] for row in made] == ["Key Result", "Zusage", "Customer", "Who"]
    text = '<p>changed Key Result to <code class="idiff">GROW-KR1</code></p>'
    assert note(text, clean) == text


# GraphQL


def test_an_activity_keeps_its_form() -> None:
    said = {"createdAt": "2026-11-21T10:00:00Z", "body": "added ~1 label", "system": True,
            "systemNoteMetadata": {"action": "label"}, "author": {"id": "gid://gitlab/User/4711"}}  # fmt: skip
    item = {
        "id": "gid://gitlab/WorkItem/88", "iid": "12",
        "widgets": [
            {"discussions": {"pageInfo": {"hasNextPage": True, "endCursor": "eyJpZCI6IjEyIn0"},
                             "nodes": [{"notes": {"nodes": [said]}}]}},
            {"status": {"id": "gid://gitlab/WorkItems::Statuses::Custom::Status/4", "name": "In review"}},
            {"parent": {"id": "gid://gitlab/WorkItem/3", "title": N, "reference": "apps&3"}},
        ],
    }  # fmt: skip
    query = (
        "query a { p0 { workItems { nodes { id widgets { discussions { pageInfo { hasNextPage endCursor } } } } } } }"
    )
    clean = scrubber()
    made = graph({"p0": {"workItems": {"nodes": [item]}}}, query, clean)["p0"]["workItems"]["nodes"][0]
    notes = made["widgets"][0]["discussions"]
    assert (made["id"], made["iid"]) == (item["id"], "12")
    assert notes["nodes"][0]["notes"]["nodes"][0] == {**said, "author": {"id": "gid://gitlab/User/1000001"}}
    assert made["widgets"][1] == item["widgets"][1]
    assert made["widgets"][2]["parent"]["reference"] == "apps&3" and N not in json.dumps(made)
    asked: Any = clean.asked({"query": query, "variables": {"after": "eyJpZCI6IjEyIn0"}})
    assert asked == {"query": query, "variables": {"after": notes["pageInfo"]["endCursor"]}}
    assert asked["variables"]["after"] == "page-01"


def test_a_schema_stays_without_what_is_written_about_it() -> None:
    query = 'query schema { WorkItem: __type(name: "WorkItem") { fields { name } } }'
    clean = scrubber()
    kept: Any = clean.asked({"query": query})
    assert kept["query"] == query
    row = {"fields": [{"name": "iid", "description": N, "type": {"name": None, "kind": "NON_NULL", "ofType": None}}]}
    made: Any = clean.answer("/api/graphql", {"data": {"WorkItem": row}})
    field = made["data"]["WorkItem"]["fields"][0]
    assert (field["name"], field["type"]["kind"]) == ("iid", "NON_NULL") and N not in json.dumps(made)


def test_a_refused_query_keeps_the_servers_words() -> None:
    clean = scrubber()
    clean.asked({"query": "query q { workItem { status { id } } }"})
    message = "Field 'status' doesn't exist on type 'WorkItem'"
    made: Any = clean.answer("/api/graphql", {"errors": [{"message": message}, {"message": f"{N} has no access"}]})
    assert made["errors"][0]["message"] == message
    assert N not in json.dumps(made)
    limit = "Query has complexity of 351, which exceeds max complexity of 250"
    made = clean.answer("/api/graphql", {"errors": [{"message": limit}]})
    assert made["errors"][0]["message"] == limit


def test_a_literal_in_a_query_is_no_word_of_ours() -> None:
    clean = scrubber()
    made = json.dumps(
        clean.asked({"query": f'{{ project(fullPath: "{N}/shop") {{ id }} issue(t: "{N} x") {{ id }} }}'})
    )
    assert N not in made and "fullPath" in made
    assert N not in json.dumps(graph({N: 1, "id": 2}, f'{{ a(t: "{N}") {{ id }} }}', clean))


@pytest.mark.parametrize(
    ("text", "kept"),
    [("Retry later", "Retry later"), ("404 Project Not Found", "404 Project Not Found"),
     ("insufficient_scope", "insufficient_scope"), (f"{N} is blocked", None)],
)  # fmt: skip
def test_refusals_keep_their_words(text: str, kept: str | None) -> None:
    made = scrubber().text(text, refused=True)
    assert made == kept if kept else N not in made and made.endswith("is blocked")
    body: Any = scrubber().answer("/api/v4/x", {"message": text, N: [N]}, refused=True)
    assert N not in json.dumps(body)
    assert kept is None or body["message"] == kept


# addresses


def test_an_own_address_leads_where_the_scrubbed_request_went() -> None:
    clean = scrubber()
    url = f"{URL}/api/v4/projects/acme%2Fpay/issues?id=acme%2Fpay&cursor=eyJpZCI6&per_page=100&order_by=created_at"
    made = clean.address(url)
    assert made == (
        "https://tracker.example.com/api/v4/projects/acme%2Fpay/issues"
        "?id=acme%2Fpay&cursor=page-01&per_page=100&order_by=created_at"
    )
    assert clean.path(url) == "/api/v4/projects/acme%2Fpay/issues"
    assert clean.query([("cursor", "eyJpZCI6"), ("private_token", "x"), ("updated_after", "2026-11-21T10:00:00Z")]) == [
        ("cursor", "page-01"),
        ("updated_after", "2026-11-21T10:00:00Z"),
    ]


ADDRESSES = [
    f"{URL}/{N}", f"{URL}/{N}/shop/-/issues/3", f"{URL}/api/v4/projects/{N}%2Fshop/issues?{N}=1&scope={N}x-y z",
    f"{URL}/api/v4/users/{N}/keys", f"{URL}/acme/pay/-/blob/main/{N}.md", f"{URL}/-/snippets/{N}",
    f"https://gitlab.other.cn/api/v4/projects/{N}%2Fshop/issues?labels={N}", f"https://u:{N}@gitlab.acme.cn/git/x",
    f"{URL}/api/v4/projects/7/issues?search={N}&labels={N},x&author_username={N}&milestone={N}&environment={N}",
    f"{URL}/api/v4/projects/7/releases/{N}", f"https://[{N}",
]  # fmt: skip


@pytest.mark.parametrize("url", ADDRESSES)
def test_no_address_names_anybody(url: str) -> None:
    for name in ("web_url", "self", "description"):
        assert N.casefold() not in json.dumps(issue(**{name: url})).casefold()
    assert N.casefold() not in scrubber().address(url).casefold()
    assert N.casefold() not in scrubber().path(url).casefold() or not url.startswith(URL)


# nothing else


NAMES = {(kind, name) for kind in ("milestone", "iteration") for name in ("title", "name")} | {("version", "version")}
KINDS = sorted({kind for _, kind in ENDPOINTS})
PATHS = {
    "version": "version", "person": "user", "token": "personal_access_tokens/self", "label": "projects/7/labels",
    "milestone": "projects/7/milestones", "iteration": "groups/7/iterations", "note": "projects/7/issues/1/notes",
    "event": "projects/7/issues/1/resource_state_events", "environment": "projects/7/environments",
    "deployment": "projects/7/deployments", "release": "projects/7/releases", "item": "projects/7/issues",
    "space": "projects/7",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_of_no_member_whatever_its_name_more_than_is_listed_stays(kind: str) -> None:
    sentence = f"{N} said so"
    kept = {name for name in sorted(WIRE) if N in json.dumps(rest(PATHS[kind], {name: sentence}))}
    assert kept == {name for of, name in NAMES if of == kind}


@given(st.recursive(st.none() | st.integers() | st.just(f"x {N} y"),
                    lambda part: st.lists(part, max_size=3) | st.dictionaries(
                        st.sampled_from([f"{N}", "nodes", "x y", "user", "errors", "data", "p0", "custom"]), part,
                        max_size=4), max_leaves=12))  # fmt: skip
def test_whatever_an_unknown_answer_holds_goes(body: object) -> None:
    for path in ("/api/v4/elsewhere", "/api/graphql", "/api/v4/user"):
        assert N not in json.dumps(scrubber().answer(path, body))


@pytest.mark.skipif(not SHARED.is_dir(), reason="no recorded payloads beside the repository")
@pytest.mark.parametrize(
    ("name", "path"),
    [("issues", "projects/7/issues"), ("merge-requests", "projects/7/merge_requests"),
     ("milestones", "projects/7/milestones"), ("events-notes", "projects/7/issues/1/notes")],
)  # fmt: skip
def test_recorded_answers_keep_their_form(name: str, path: str) -> None:
    texts = (SHARED / f"gitlab-{name}.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(text)["payload"] for text in texts]
    for row in rows:
        made = rest(path, row)
        assert shape(made) == shape(row)
        assert [made.get(key) for key in ("id", "iid", "state", "created_at")] == [
            row.get(key) for key in ("id", "iid", "state", "created_at")
        ]


def shape(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: shape(part) for key, part in value.items() if key != "commands_changes"}
    return [shape(part) for part in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize("part", ["a.", "~", "%a", "**", "** to **", "@a", "#1", "-", "a/", "1w ", "<code>", '"'])
def test_no_text_takes_long(part: str) -> None:
    """A quadratic pattern needs minutes for this."""
    began = time.process_time()
    text = part * (30_000 // len(part))
    for body in (text, f"changed title from **{text}** to **{text}", f"<p>changed {text} to <code>{text}"):
        assert note(body)
    assert issue(description=text, web_url=f"{URL}/{text}", references={"full": text}, labels=[text])
    assert time.process_time() - began < 10
