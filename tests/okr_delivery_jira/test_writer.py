"""Writes to a served Jira of either kind, over real HTTP and with faults: what is so in the end, and how often sent."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from okr_delivery.model.work import Field
from okr_delivery.sandbox.site import Visibility
from okr_delivery.sync.errors import ConfigError, GoneError, RetryLaterError, UnsureError
from okr_delivery.sync.transport import Transport
from okr_delivery.sync.writer_kit import WriterKit
from okr_delivery.sync.writes import (
    AddLabel,
    Edit,
    Outcome,
    PutComment,
    PutLink,
    PutProperty,
    RemoveComment,
    RemoveLabel,
    SetField,
)
from okr_delivery_jira.writer import JiraWriter
from tests.okr_delivery_jira.writing import CLOUD, KINDS, Desk, desk

POINTS, KEY_RESULT = "customfield_10026", "customfield_10040"
LINK = PutLink("okr-delivery:GROW-KR1", "https://okr.example/GROW-KR1", "More active users")
EVERYTHING: tuple[Edit, ...] = (
    AddLabel("kr:GROW-KR1"),
    RemoveLabel("old"),
    SetField(POINTS, 5),
    SetField(KEY_RESULT, "GROW-KR1"),
    PutComment("gate", "Which key result is this for?"),
    LINK,
    PutProperty("okr-delivery.gate", {"asked": ["GROW-KR1"]}),
)


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with desk(request.param) as opened:
        opened.server.tracker.edit("PAY-1", {"labels": ["keep", "old"]})
        yield opened


@pytest.fixture
def cloud() -> Iterator[Desk]:
    with desk(CLOUD) as opened:
        yield opened


def problem(caught: pytest.ExceptionInfo[Any]) -> tuple[str, str | None]:
    (only,) = caught.value.problems
    assert only.next_step is not None
    return only.what.id, only.where


def test_everything_at_once_takes_one_call_of_each_kind(site: Desk) -> None:
    site.server.reset()
    written = site.write(*EVERYTHING)
    assert (written.outcome, written.changed) == (Outcome.WRITTEN, EVERYTHING)
    assert written.requests == site.server.requests.total()
    assert site.sent() == [
        "PUT issue/{id}",
        "POST issue/{id}/comment",
        "POST issue/{id}/remotelink",
        "PUT issue/{id}/properties/{key}",
    ]
    issue = site.issue
    assert issue.labels == ["keep", "kr:GROW-KR1"]
    assert (issue.custom[POINTS], issue.custom[KEY_RESULT]) == (5, "GROW-KR1")
    assert site.comments == ["Which key result is this for\\?"]
    (link,) = issue.remote_links
    assert (link["globalId"], link["object"]) == (
        LINK.global_id, {"url": "https://okr.example/GROW-KR1", "title": "More active users"},
    )  # fmt: skip
    assert issue.properties == {"okr-delivery.gate": {"asked": ["GROW-KR1"]}}
    site.again(*EVERYTHING)


def test_another_writer_finds_it_all_as_it_is(site: Desk) -> None:
    """What was written is found on the site, not remembered."""
    site.write(*EVERYTHING)
    site.writer = site.connect(site.open())
    site.again(*EVERYTHING)


def test_what_is_so_already_is_not_among_what_changed(site: Desk) -> None:
    site.write(AddLabel("a"))
    assert site.write(AddLabel("a"), AddLabel("b"), RemoveLabel("never-there")).changed == (AddLabel("b"),)
    assert site.write().requests == 0


def test_of_edits_of_one_thing_the_last_one_counts(site: Desk) -> None:
    site.write(AddLabel("x"), RemoveLabel("x"), RemoveLabel("old"), AddLabel("old"), PutComment("m", "one"),
               PutComment("m", "two"), SetField(POINTS, 1), SetField(POINTS, 2))  # fmt: skip
    assert (site.issue.labels, site.comments, site.issue.custom[POINTS]) == (["keep", "old"], ["two"], 2)


def test_everything_can_be_taken_back(site: Desk) -> None:
    site.write(*EVERYTHING)
    back: tuple[Edit, ...] = (RemoveLabel("kr:GROW-KR1"), SetField(POINTS, None), RemoveComment("gate"))
    assert site.write(*back).changed == back
    assert (site.issue.labels, site.issue.comments, site.issue.custom[POINTS]) == (["keep"], [], None)
    site.again(*back)


def test_a_comment_is_rewritten_in_place(site: Desk) -> None:
    site.write(PutComment("gate", "one"), PutComment("report", "other"))
    number = site.issue.comments[0]["id"]
    site.server.reset()
    site.write(PutComment("gate", "two"))
    assert site.sent() == ["PUT issue/{id}/comment/{id}"]
    assert (site.comments, site.issue.comments[0]["id"]) == (["two", "other"], number)
    site.again(PutComment("gate", "two"))


def test_a_comment_that_a_person_edited_is_put_right_once(site: Desk) -> None:
    site.write(PutComment("gate", "one"))
    row = site.issue.comments[0]
    row["body"] = str(row["body"]).replace("one", "one, and I disagree")
    row["editor"] = next(who for who in site.server.site.users if who != site.server.site.account)
    assert site.write(PutComment("gate", "one")).outcome is Outcome.WRITTEN
    assert site.comments == ["one"]
    site.again(PutComment("gate", "one"))


@pytest.mark.parametrize("put", [PutComment("gate", "two"), RemoveComment("gate")], ids=["put", "remove"])
def test_a_comment_whose_mark_a_person_took_out_is_found_by_its_id(site: Desk, put: PutComment | RemoveComment) -> None:
    known = site.write(PutComment("gate", "one")).comments["gate"]
    assert site.write(PutComment("gate", "one", known)).comments == {"gate": known}
    row = site.issue.comments[0]
    row["body"], row["properties"] = "haha", []
    site.write(replace(put, known=known))
    assert site.comments == (["two"] if isinstance(put, PutComment) else [])
    assert [str(row["id"]) for row in site.issue.comments] in ([known], [])


def test_an_id_makes_nothing_ours_that_another_mark_or_account_has(site: Desk) -> None:
    other = next(who for who in site.server.site.users if who != site.server.site.account)
    report = site.write(PutComment("report", "mine")).comments["report"]
    site.issue.comments.append({"id": "77", "body": "theirs", "author": other, "created": 0})
    assert site.write(RemoveComment("gate", report)).outcome is Outcome.UNCHANGED
    assert site.write(RemoveComment("gate", "77")).outcome is Outcome.UNCHANGED


def test_comments_of_others_are_never_ours(site: Desk) -> None:
    """Whatever they carry: a mark in the text, or our property."""
    other = next(who for who in site.server.site.users if who != site.server.site.account)
    site.write(PutComment("gate", "ours"))
    copied = site.issue.comments[0] | {"id": "77", "author": other}
    site.issue.comments[:] = [copied]
    assert site.write(RemoveComment("gate")).outcome is Outcome.UNCHANGED
    site.write(PutComment("gate", "ours"))
    assert site.comments == ["ours", "ours"]
    site.write(RemoveComment("gate"))
    assert site.issue.comments == [copied]


def test_our_comment_is_found_behind_pages_of_others(site: Desk) -> None:
    other = next(who for who in site.server.site.users if who != site.server.site.account)
    for number in range(130):
        site.issue.comments.append({"id": str(number + 1), "body": "hm", "author": other, "created": 0})
    site.write(PutComment("gate", "ours"))
    site.again(PutComment("gate", "ours"))
    assert site.server.requests["issue/{id}/comment"] == 3


def test_labels_that_a_person_adds_in_between_survive(site: Desk) -> None:
    site.before("PUT issue/{id}", lambda: site.server.tracker.edit("PAY-1", {"labels": ["keep", "old", "by-hand"]}))
    site.write(AddLabel("kr:GROW-KR1"), RemoveLabel("old"))
    assert site.issue.labels == ["by-hand", "keep", "kr:GROW-KR1"]


def test_what_somebody_takes_back_at_once_is_said_not_fought(site: Desk) -> None:
    site.before("GET issue/{id}", lambda: None)
    site.before("GET issue/{id}", lambda: site.server.tracker.edit("PAY-1", {"labels": []}))
    with pytest.raises(ConfigError) as caught:
        site.write(AddLabel("kr:GROW-KR1"))
    assert problem(caught) == ("jira.error.not_kept", "PAY-1")
    assert site.sent() == ["PUT issue/{id}"]


def test_a_moved_issue_is_written_by_its_id(site: Desk) -> None:
    number = str(site.issue.id)
    site.server.tracker.move("PAY-1", "MOB")
    site.writer.write(number, [AddLabel("kr:GROW-KR1")])
    assert "kr:GROW-KR1" in site.server.site.issues[int(number)].labels


def test_an_issue_that_the_search_does_not_show_yet_is_written_once() -> None:
    with desk(CLOUD, index_lag=3600) as site:
        site.write(*EVERYTHING)
        site.again(*EVERYTHING)


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (AddLabel("two words"), "label_blank"),
        (AddLabel("two\u00a0words"), "label_blank"),
        (AddLabel("hidden\u200bsign"), "label_blank"),
        (RemoveLabel("tab\there"), "label_blank"),
        (AddLabel(""), "label_empty"),
        (AddLabel("x" * 256), "label_long"),
        (SetField("status", "Done"), "not_set"),
        (SetField("labels", "a b"), "not_set"),
        (SetField("description", "all new"), "not_set"),
        (PutLink("g", "javascript:alert(1)", "KR"), "link_url"),
        (PutLink("g", "https://okr.example/a b", "KR"), "link_url"),
        (PutLink("g", "https://[::1", "KR"), "link_url"),
        (PutLink("g", "https://okr.example", " "), "link_title"),
        (PutLink("g" * 256, "https://okr.example", "KR"), "link_title"),
        (PutProperty("p", {"long": "x" * 33_000}), "property_size"),
    ],
    ids=str,
)
def test_what_jira_would_refuse_is_refused_before_anything_is_sent(site: Desk, edit: Edit, error: str) -> None:
    site.server.reset()
    with pytest.raises(ConfigError) as caught:
        site.write(AddLabel("good"), edit)
    assert problem(caught)[0] == f"jira.error.{error}"
    assert site.server.requests.total() == 0


@pytest.mark.parametrize("mark", ["", "a b", "a--b", "-a", "a_b", "{a}", "x" * 101])
def test_a_mark_has_to_survive_in_a_text(mark: str) -> None:
    with pytest.raises(ValueError, match="mark"):
        PutComment(mark, "text")
    with pytest.raises(ValueError, match="mark"):
        RemoveComment(mark)


def test_a_comment_needs_a_text() -> None:
    with pytest.raises(ValueError, match="text"):
        PutComment("gate", " \n")


COMMENT = PutComment("gate", "Which key result is this for?")
REST = (LINK, PutProperty("okr-delivery.gate", {"asked": 1}), AddLabel("kr:GROW-KR1"))


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status", "truncated_json"])
def test_a_comment_whose_sending_is_in_doubt_is_made_once(site: Desk, kind: str) -> None:
    """The second request of the endpoint is the one that makes it."""
    site.fail("issue/{id}/comment", at=2, kind=kind)
    assert site.write(COMMENT).outcome is Outcome.WRITTEN
    assert len(site.comments) == 1
    posts = site.sent().count("POST issue/{id}/comment")
    assert posts == (1 if kind in ("drop_after", "truncated_json") else 2)
    site.server.faults = {}
    site.again(COMMENT)


def test_a_comment_is_sent_three_times_at_most(site: Desk) -> None:
    site.server.faults = {
        "failures": [{"endpoint": "issue/{id}/comment", "at": n, "kind": "drop_before"} for n in (2, 4, 6)]
    }
    site.server.reset()
    with pytest.raises(UnsureError) as caught:
        site.write(COMMENT)
    assert problem(caught) == ("jira.error.comment_unsure", "PAY-1")
    assert (site.sent().count("POST issue/{id}/comment"), site.comments) == (3, [])
    site.server.faults = {}
    site.write(COMMENT)
    assert len(site.comments) == 1


def test_a_comment_that_arrives_after_we_looked_is_removed_again(site: Desk) -> None:
    """The first send is applied late, the second one too: the older one stays."""

    def late() -> None:
        properties = [{"key": "okr-delivery", "value": {"mark": "gate", "text": "0"}}]
        text = "Which key result is this for\\?"
        body = text if site.kind == CLOUD else f"{text}\n\nokr-delivery: gate"
        site.server.tracker.comment("PAY-1", body, properties if site.kind == CLOUD else None)

    site.fail("issue/{id}/comment", at=2, kind="drop_before")
    site.before("POST issue/{id}/comment", lambda: None)
    site.before("POST issue/{id}/comment", late)
    site.write(COMMENT)
    assert len(site.comments) == 1
    site.server.faults = {}
    site.again(COMMENT)


def test_two_runs_at_once_make_one_comment(site: Desk) -> None:
    """Both look before either has sent; whoever sends last still sees both."""
    other = site.connect(site.open())
    site.before("POST issue/{id}/comment", lambda: other.write(str(site.issue.id), [COMMENT]))
    site.write(COMMENT)
    assert len(site.comments) == 1
    site.again(COMMENT)


def test_a_comment_that_moves_across_pages_while_others_are_deleted_is_found(site: Desk) -> None:
    stranger = next(who for who in site.server.site.users if who != site.server.site.account)
    for number in range(100):
        site.issue.comments.append({"id": str(number + 1), "body": "hm", "author": stranger, "created": 0})
    site.write(COMMENT)
    site.before("GET issue/{id}/comment", lambda: None)
    site.before("GET issue/{id}/comment", lambda: site.issue.comments.pop(0))  # between the first page and the second
    site.again(COMMENT)
    assert len(site.comments) == 100


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize(
    "endpoint", ["issue/{id}", "issue/{id}/comment", "issue/{id}/remotelink", "issue/{id}/properties/{key}"]
)
@pytest.mark.parametrize("at", [1, 2])
def test_no_broken_connection_doubles_anything(site: Desk, endpoint: str, at: int, kind: str) -> None:
    site.fail(endpoint, at=at, kind=kind)
    site.write(*REST, COMMENT)
    site.server.faults = {}
    assert (len(site.comments), len(site.issue.remote_links)) == (1, 1)
    site.again(*REST, COMMENT)


def test_a_429_for_one_issue_is_waited_for(site: Desk) -> None:
    site.fail("issue/{id}", at=2, status=429, retry_after=3, reason="jira-per-issue-on-write")
    site.write(AddLabel("kr:GROW-KR1"))
    assert "kr:GROW-KR1" in site.issue.labels
    assert sum(site.waits) >= 3


def test_a_429_on_a_comment_means_that_none_was_made(site: Desk) -> None:
    site.fail("issue/{id}/comment", at=2, status=429, retry_after=1)
    site.write(COMMENT)
    assert (len(site.comments), site.sent().count("POST issue/{id}/comment")) == (1, 2)


@pytest.mark.parametrize(
    ("endpoint", "at", "status", "edit", "error"),
    [
        ("issue/{id}", 1, 404, AddLabel("a"), "write_gone"),
        ("issue/{id}", 2, 404, AddLabel("a"), "write_gone"),
        ("issue/{id}", 2, 403, AddLabel("a"), "write_forbidden"),
        ("issue/{id}", 2, 400, AddLabel("a"), "write_refused"),
        ("issue/{id}", 2, 401, AddLabel("a"), "unauthorized"),
        ("issue/{id}/comment", 2, 403, COMMENT, "write_forbidden"),
        ("issue/{id}/comment", 2, 413, COMMENT, "write_full"),
        ("issue/{id}/remotelink", 2, 403, LINK, "write_forbidden"),
    ],
)
def test_a_refusal_says_which_issue_and_what_to_do(
    site: Desk, endpoint: str, at: int, status: int, edit: Edit, error: str
) -> None:
    site.fail(endpoint, at=at, times=9, status=status)
    with pytest.raises(ConfigError) as caught:
        site.write(edit)
    name, where = problem(caught)
    assert name == f"jira.error.{error}"
    known = str(site.issue.id) if at == 1 else "PAY-1"
    assert where == known if error != "unauthorized" else str(where).endswith(f"/issue/{site.issue.id}")
    assert (site.comments, site.issue.remote_links, site.issue.labels) == ([], [], ["keep", "old"])


def test_a_field_that_is_refused_is_named(site: Desk) -> None:
    with pytest.raises(ConfigError) as caught:
        site.write(SetField("customfield_99999", "x"))
    (only,) = caught.value.problems
    assert only.what.id == "jira.error.write_refused"
    assert "customfield_99999" in str(only.what.params["said"])


def test_after_a_conflict_the_issue_is_read_again_and_written_once_more(site: Desk) -> None:
    site.fail("issue/{id}", at=2, status=409)
    site.write(AddLabel("kr:GROW-KR1"), SetField(POINTS, 3))
    assert (site.issue.labels, site.issue.custom[POINTS]) == (["keep", "kr:GROW-KR1", "old"], 3)
    assert site.sent() == ["PUT issue/{id}", "PUT issue/{id}"]


def test_a_conflict_that_lasts_ends_resumable(site: Desk) -> None:
    site.server.faults = {"failures": [{"endpoint": "issue/{id}", "at": n, "status": 409} for n in (2, 4)]}
    site.server.reset()
    with pytest.raises(RetryLaterError) as caught:
        site.write(AddLabel("kr:GROW-KR1"))
    assert problem(caught) == ("jira.error.write_conflict", "PAY-1")


def test_a_conflict_with_somebody_who_did_the_same_is_none(site: Desk) -> None:
    site.fail("issue/{id}", at=2, status=409)
    site.before("PUT issue/{id}", lambda: site.server.tracker.edit("PAY-1", {"labels": ["keep", "old", "a"]}))
    site.write(AddLabel("a"))
    assert site.sent() == ["PUT issue/{id}"]


@pytest.mark.parametrize("visibility", [Visibility.DELETED, Visibility.HIDDEN])
def test_an_issue_that_is_gone_is_named(site: Desk, visibility: Visibility) -> None:
    number = str(site.issue.id)
    site.server.site.issues[int(number)].visibility = visibility
    with pytest.raises(GoneError) as caught:
        site.writer.write(number, EVERYTHING)
    assert problem(caught) == ("jira.error.write_gone", number)
    assert site.sent() == []


def test_a_comment_that_vanishes_before_it_is_removed_is_removed(site: Desk) -> None:
    site.write(COMMENT)
    site.before("DELETE issue/{id}/comment/{id}", site.issue.comments.clear)
    assert site.write(RemoveComment("gate")).outcome is Outcome.WRITTEN


def test_many_threads_may_write_many_issues(site: Desk) -> None:
    numbers = [str(issue.id) for issue in site.server.site.issues.values()]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: site.writer.write(n, [AddLabel("kr:GROW-KR1"), COMMENT]), numbers * 3))
    for issue in site.server.site.issues.values():
        assert ("kr:GROW-KR1" in issue.labels, len(issue.comments)) == (True, 1)


def test_a_token_that_died_comments_as_nobody_never(cloud: Desk) -> None:
    """Where a project is public, Jira lets nobody in particular read and comment."""
    cloud.server.faults = {"anonymous_projects": ["PAY"], "dead_login": "anonymous", "revoke_after": 0}
    with pytest.raises(ConfigError) as caught:
        cloud.write(COMMENT)
    assert problem(caught)[0] in ("jira.error.anonymous", "jira.error.unauthorized")
    assert cloud.comments == []


def test_more_writes_than_an_issue_takes_all_arrive(cloud: Desk) -> None:
    """Twenty in two seconds, a hundred in thirty: the site enforces it, one issue waits, nothing is lost."""
    other = next(str(issue.id) for issue in cloud.server.site.issues.values() if issue.key != "PAY-1")
    for number in range(120):
        cloud.write(AddLabel(f"n{number}"))
    assert {f"n{number}" for number in range(120)} <= set(cloud.issue.labels)
    assert [row for row in cloud.server.log if row.status == 429]
    assert 27 < sum(cloud.waits) < 90
    before = len(cloud.waits)
    cloud.writer.write(other, [AddLabel("at-once")])
    assert len(cloud.waits) == before


def test_many_edits_of_one_issue_are_one_write(cloud: Desk) -> None:
    cloud.server.reset()
    cloud.write(*(AddLabel(f"n{number}") for number in range(120)))
    assert cloud.sent() == ["PUT issue/{id}"]


def test_a_token_that_may_only_read_is_told_the_scope_before_anything_is_made(cloud: Desk) -> None:
    cloud.server.faults = {"scopes": ["read:jira-work", "read:jira-user"]}
    for edit in [edit for edit in EVERYTHING if not isinstance(edit, RemoveLabel)]:
        with pytest.raises(ConfigError) as caught:
            cloud.write(edit)
        (only,) = caught.value.problems
        assert (only.what.id, dict(only.what.params)) == ("jira.error.scope", {"scope": "write:jira-work"})
    assert (cloud.comments, cloud.issue.remote_links, cloud.issue.properties) == ([], [], {})


def test_an_issue_that_takes_no_more_comments_is_named(site: Desk) -> None:
    site.server.faults = {"comment_limit": 1}
    site.write(COMMENT)
    with pytest.raises(ConfigError) as caught:
        site.write(PutComment("report", "one more"))
    assert problem(caught) == ("jira.error.write_full", "PAY-1")


@pytest.mark.parametrize("listed", [False, True])
def test_the_mark_is_found_wherever_the_site_shows_it(listed: bool) -> None:
    with desk(CLOUD, listed_properties=listed) as site:
        site.write(COMMENT)
        site.again(COMMENT)
        assert site.server.requests["comment/list"] == (0 if listed else 1)


def test_own_writes_come_back_as_changes_and_start_nothing(site: Desk) -> None:
    site.write(*EVERYTHING)
    connector = site.connector(site.open())
    (page,) = [p for p in connector.pages(None, None, lambda _: {}) if any(i.key == "PAY-1" for i in p.issues)]
    issue = next(issue for issue in page.issues if issue.key == "PAY-1")
    assert "kr:GROW-KR1" in str(issue.value(Field.LABELS).name)
    assert [c for c in page.changes if c.issue_id == issue.id and "kr:GROW-KR1" in str(c.new.name)]
    site.again(*EVERYTHING)


def test_meets_the_contract_for_writers(site: Desk) -> None:
    @contextmanager
    def losing(when: str) -> Iterator[None]:
        site.fail("issue/{id}/comment", at=2, kind=f"drop_{when}")
        yield
        site.server.faults = {}

    def connect() -> tuple[JiraWriter, Transport]:
        transport = site.open()
        return site.connect(transport), transport

    WriterKit(connect, str(site.issue.id), site.seen, token=site.server.token, losing=losing).check()
