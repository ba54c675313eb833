"""Merge requests: what one closes or mentions, and the verdict on its head."""

from __future__ import annotations

from typing import Any

import pytest

from okr_delivery.sync.connector import MergeRequests, Verdict
from okr_delivery.sync.errors import ConfigError, UnsureError
from okr_delivery_gitlab import GitLabConnector
from tests.okr_delivery_gitlab.builders import URL, issue, merge_request, project
from tests.okr_delivery_gitlab.site import Answer, Asked, Site, connect

HERE = "GET projects/acme/app/merge_requests/12"
STATUSES = "GET projects/7/repository/commits/a+/statuses"
SAY = "POST projects/7/statuses/a+"


@pytest.fixture
def gate(site: Site) -> GitLabConnector:
    """A merge request that closes one issue and mentions two."""
    site.answer(HERE, merge_request(12, description="Closes #1, see #2 and acme/other#3"))
    site.rows(f"{HERE}/closes_issues", issue(1))
    site.rows(f"{HERE}/related_issues", issue(1), issue(2), issue(3, references={"full": "acme/other#3"}))
    site.rows(STATUSES)
    site.answer(SAY, {"id": 1}, 201)
    return connect()


@pytest.mark.parametrize(
    "ref",
    ["12", "!12", "acme/app!12", f"{URL}/acme/app/-/merge_requests/12", f"{URL}/acme/app/-/merge_requests/12/diffs"],
)
def test_one_is_found_by_number_reference_and_address(gate: GitLabConnector, ref: str) -> None:
    assert isinstance(gate, MergeRequests)
    found = gate.merge_request(ref)
    assert (found.ref, found.title, found.sha) == ("acme/app!12", "Change 12", "a" * 40)
    assert (found.closes, found.mentions) == (("acme/app#1",), ("acme/app#2", "acme/other#3"))


@pytest.mark.parametrize("ref", ["", "twelve", "https://elsewhere.example.com/acme/app/-/merge_requests/12", "#12"])
def test_what_is_no_reference_is_refused(gate: GitLabConnector, ref: str) -> None:
    with pytest.raises(ConfigError, match="request_ref"):
        gate.merge_request(ref)


@pytest.mark.parametrize("scope", [{"projects": ("acme/app", "acme/web")}, {"options": {"groups": ("acme",)}}])
def test_a_number_alone_needs_a_source_with_one_project(site: Site, scope: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="request_project"):
        connect(**scope).merge_request("!12")


@pytest.mark.parametrize("status", [403, 404])
def test_one_that_is_not_shown_is_named(site: Site, status: int) -> None:
    site.answer(HERE, {"message": "no"}, status)
    with pytest.raises(ConfigError, match=r"request_unknown.*acme/app!12") as caught:
        connect().merge_request("12")
    assert caught.value.problems[0].next_step is not None


def test_a_server_without_the_list_of_mentions_is_read_by_the_text(gate: GitLabConnector, site: Site) -> None:
    del site.handlers[f"{HERE}/related_issues"]
    text = f"""Closes #1. See #2, web#4, acme/deep/er#5, {URL}/acme/web/-/issues/6 and {URL}/acme/web/-/work_items/7.
Not `#8`, abc#d, x/#9 or &10; nor

```
#11
```
"""
    site.answer(HERE, merge_request(12, description=text))
    site.answer("GET projects/acme/web", project(8, "acme/web"))
    assert gate.merge_request("12").mentions == (
        "acme/web#6", "acme/web#7", "acme/app#2", "acme/web#4", "acme/deep/er#5",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("Closes #1 and #7, see #2", ["acme/app#7"]),
        ("Closes #1. Closes #99999", ["acme/app#99999"]),
        ("Closes ACME/App#1, fixes [this](#8) and GL-9.", ["acme/app#8", "acme/app#9"]),
        (f"Fixes {URL}/acme/app/-/issues/7#note_3", ["acme/app#7"]),
        ("Fixes https://elsewhere.example.com/acme/app/-/issues/7", []),
        ("Fixes web#7 in C#8", ["acme/web#7"]),
        ("Fixes acme/hidden#7", ["acme/hidden#7"]),
        ("`Closes #7` and ``#7 ` #8``", []),
        ("a ` #7\n\nand ` #8", ["acme/app#7", "acme/app#8"]),
        ("  ```sh\n#7\n  ```\n~~~\n#8\n~~~\n#9", ["acme/app#9"]),
        ("```\n#7", []),
        ("> Closes #7\n\n#8", ["acme/app#8"]),
        (">>>\nCloses #7\n\n#8\n>>>\n#9", ["acme/app#9"]),
        ("<!-- Closes #7\nor #8 --> <code>#9</code> <pre>\n#10\n</pre> #11", ["acme/app#11"]),
        ("\\#7, a/#8, x#9y, #0, ##10, page.html?a#11", []),
    ],
)
def test_what_the_words_name_and_no_list_shows_is_asked_for_too(
    gate: GitLabConnector, site: Site, text: str, more: list[str]
) -> None:
    """An issue that the account may not see is in no list, and must not pass for that."""
    site.answer(HERE, merge_request(12, description=text))
    site.answer("GET projects/acme/web", project(8, "acme/web"))
    found = gate.merge_request("12")
    assert found.closes == ("acme/app#1",)
    assert found.mentions == ("acme/app#2", "acme/other#3", *more)


def test_the_title_names_issues_too_and_so_does_the_address_that_people_open(site: Site) -> None:
    public = "https://code.example.com/git"
    row = merge_request(12, title="Draft: #4", description=f"{public}/acme/app/-/work_items/5")
    site.answer(HERE, row | {"web_url": f"{public}/acme/app/-/merge_requests/12"})
    assert connect().merge_request("12").mentions == ("acme/app#5", "acme/app#4")


def test_few_words_are_asked_for_whether_they_are_projects(gate: GitLabConnector, site: Site) -> None:
    site.answer(HERE, merge_request(12, description=" ".join(f"word{n}#1" for n in range(30))))
    assert len(gate.merge_request("12").mentions) == 2 + 10
    assert site.count("GET projects/acme/word.*") == 20


@pytest.mark.parametrize(
    ("verdict", "state"), [(Verdict.PENDING, "pending"), (Verdict.PASSED, "success"), (Verdict.FAILED, "failed")]
)
def test_a_verdict_is_a_commit_status_on_the_head(
    gate: GitLabConnector, site: Site, verdict: Verdict, state: str
) -> None:
    request = gate.merge_request("12")
    assert gate.put_verdict(request, verdict, name="okr", text="3 of 4\nready", url="https://ci.example.com/1")
    (asked,) = site.all(SAY)
    assert asked.body == {
        "state": state, "name": "okr", "description": "3 of 4 ready", "target_url": "https://ci.example.com/1",
        "ref": "feature",
    }  # fmt: skip


@pytest.mark.parametrize(("present", "said"), [("success", False), ("failed", True), ("pending", True)])
def test_what_is_said_already_is_not_said_again(gate: GitLabConnector, site: Site, present: str, said: bool) -> None:
    other = {"id": 9, "name": "build", "status": "success"}
    site.rows(
        STATUSES, {"id": 2, "name": "okr", "status": present}, {"id": 1, "name": "okr", "status": "running"}, other
    )
    request = gate.merge_request("12")
    assert gate.put_verdict(request, Verdict.PASSED, name="okr", text="ready", url=None) is said
    assert bool(site.all(SAY)) is said


def test_a_repeated_state_that_is_refused_was_said_by_somebody_else(gate: GitLabConnector, site: Site) -> None:
    rows: list[Any] = []
    site.handlers[STATUSES] = lambda _: list(rows)

    def refuse(_: Asked) -> Answer:
        rows.append({"id": 1, "name": "okr", "status": "success"})
        return Answer(400, {"message": "Cannot transition status via :success from :success"})

    site.handlers[SAY] = refuse
    assert gate.put_verdict(gate.merge_request("12"), Verdict.PASSED, name="okr", text="ready", url=None)


@pytest.mark.parametrize(
    ("status", "said"), [(403, "verdict_forbidden"), (404, "verdict_forbidden"), (400, "verdict_refused")]
)
def test_an_account_that_may_not_is_told_so(gate: GitLabConnector, site: Site, status: int, said: str) -> None:
    site.answer(SAY, {"message": "no"}, status)
    with pytest.raises(ConfigError, match=said) as caught:
        gate.put_verdict(gate.merge_request("12"), Verdict.PASSED, name="okr", text="ready", url=None)
    assert caught.value.status == status


@pytest.mark.parametrize("lost", [1, 3])
def test_a_broken_connection_is_looked_behind_before_anything_is_said_again(
    gate: GitLabConnector, site: Site, lost: int
) -> None:
    answers = [Answer(502, "bad gateway")] * lost + [Answer(201, {"id": 1})] * 3
    site.handlers[SAY] = lambda _: answers.pop(0)
    request = gate.merge_request("12")
    if lost < 3:
        assert gate.put_verdict(request, Verdict.PASSED, name="okr", text="ready", url=None)
        assert len(site.all(SAY)) == lost + 1
        return
    with pytest.raises(UnsureError):
        gate.put_verdict(request, Verdict.PASSED, name="okr", text="ready", url=None)
    assert len(site.all(SAY)) == 3


CHECKS = "GET projects/7/merge_requests/12/status_checks"
RESPOND = "POST projects/7/merge_requests/12/status_check_responses"


@pytest.mark.parametrize("check", ["okr gate", "OKR Gate", "5"])
@pytest.mark.parametrize(("present", "said"), [("pending", True), ("passed", False), ("failed", True)])
def test_a_configured_status_check_is_answered(
    gate: GitLabConnector, site: Site, check: str, present: str, said: bool
) -> None:
    site.rows(CHECKS, {"id": 4, "name": "other", "status": "passed"}, {"id": 5, "name": "OKR gate", "status": present})
    site.answer(RESPOND, {"id": 1}, 201)
    connector = connect(options={"status_check": check})
    request = connector.merge_request("12")
    assert connector.put_verdict(request, Verdict.PASSED, name="okr", text="ready", url=None) is said
    bodies = [asked.body for asked in site.all(RESPOND)]
    assert bodies == [{"sha": "a" * 40, "external_status_check_id": 5, "status": "passed"}] * said


def test_a_status_check_that_does_not_exist_is_named(gate: GitLabConnector, site: Site) -> None:
    site.rows(CHECKS)
    connector = connect(options={"status_check": "okr"})
    with pytest.raises(ConfigError, match="check_unknown"):
        connector.put_verdict(connector.merge_request("12"), Verdict.PASSED, name="okr", text="ready", url=None)


def test_the_head_of_a_fork_gets_its_verdict_where_the_commit_is(gate: GitLabConnector, site: Site) -> None:
    site.answer(HERE, merge_request(12, source_project_id=8))
    site.rows("GET projects/8/repository/commits/a+/statuses")
    site.answer("POST projects/8/statuses/a+", {"id": 1}, 201)
    assert gate.put_verdict(gate.merge_request("12"), Verdict.PASSED, name="okr", text="ready", url=None)
    assert site.count("POST projects/8/statuses/a+") == 1
