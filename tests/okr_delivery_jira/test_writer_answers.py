"""What a site may answer to a writer beyond what the served ones do."""

from __future__ import annotations

from typing import Any

import pytest

from okr_delivery.sync.errors import AbortSyncError, ConfigError
from okr_delivery.sync.writes import AddLabel, Edit, Outcome, PutComment, PutLink, SetField, Written
from okr_delivery_jira.writer_text import digest, wiki
from tests.okr_delivery_jira.site import Asked, Site, connect

COMMENT = PutComment("gate", "Which *key result*?")
BOT, ANNA = {"accountId": "bot"}, {"accountId": "anna"}


def row(number: int, body: str, *, text: str = COMMENT.text, editor: Any = None, mark: str = "gate") -> dict[str, Any]:
    kept = [{"key": "okr-delivery", "value": {"mark": mark, "text": digest(text)}}]
    return {"id": str(number), "author": BOT, "updateAuthor": editor or BOT, "body": body, "properties": kept}


class Issue:
    """One issue with the id 1 behind a site: `fields` and `comments` are what it shows, `schema` what they are."""

    def __init__(self, site: Site, **fields: Any) -> None:
        self.site = site
        self.fields: dict[str, Any] = {"labels": []} | fields
        self.schema: dict[str, Any] = {}
        self.comments: list[dict[str, Any]] = []
        site.handlers |= {
            "GET issue/1": lambda _: {"id": "1", "key": "PAY-1", "fields": self.fields, "schema": self.schema},
            "PUT issue/1": self._put,
            "GET issue/1/comment": lambda _: {"comments": self.comments, "total": len(self.comments)},
            "POST issue/1/comment": lambda asked: (201, {"id": "9", **asked.body}),
            "GET issue/1/remotelink": lambda _: [],
        }

    def _put(self, asked: Asked) -> Any:
        self.fields |= asked.body.get("fields", {})
        return 204, ""

    def write(self, *edits: Edit) -> Written:
        return connect().writer().write("1", edits)


@pytest.fixture
def issue(site: Site) -> Issue:
    return Issue(site)


def test_properties_in_the_list_itself_save_a_call(issue: Issue, site: Site) -> None:
    issue.comments.append(row(5, wiki(COMMENT.text)))
    assert issue.write(COMMENT) == Written("1", Outcome.UNCHANGED, 2, comments={"gate": "5"})
    assert site.count("POST comment/list") == 0


def test_a_text_that_jira_writes_anew_is_the_same_text(issue: Issue) -> None:
    """Cloud keeps documents; the markup that it makes of them need not be the one that was sent."""
    issue.comments.append(row(5, "Which \\*key result*?\n\n"))
    assert issue.write(COMMENT).outcome is Outcome.UNCHANGED
    issue.comments[0]["body"] = "Which {*}key{*} result?"
    assert issue.write(COMMENT).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("changes", [{"editor": ANNA}, {"text": "an older text"}])
def test_another_text_is_put_right(issue: Issue, site: Site, changes: dict[str, Any]) -> None:
    issue.comments.append(row(5, "Something else", **changes))
    site.handlers["PUT issue/1/comment/5"] = lambda asked: asked.body
    assert issue.write(COMMENT).changed == (COMMENT,)
    sent = site.last("PUT issue/1/comment/5").body
    assert (sent["body"], sent["properties"]) == (wiki(COMMENT.text), row(5, "")["properties"])


def test_two_comments_of_one_mark_become_one(issue: Issue, site: Site) -> None:
    issue.comments += [row(12, wiki(COMMENT.text)), row(5, wiki(COMMENT.text)), row(6, "other", mark="report")]
    site.handlers["DELETE issue/1/comment/12"] = lambda _: (204, "")
    assert issue.write(COMMENT).changed == (COMMENT,)
    assert site.count("DELETE issue/1/comment/12") == 1


def test_customers_of_a_service_desk_do_not_see_the_comment(site: Site) -> None:
    issue = Issue(site, project={"key": "HELP", "projectTypeKey": "service_desk"})
    issue.write(COMMENT)
    sent = site.last("POST issue/1/comment").body["properties"]
    assert {"key": "sd.public.comment", "value": {"internal": True}} in sent
    issue.fields["project"] = {"key": "PAY", "projectTypeKey": "software"}
    issue.write(COMMENT)
    assert [kept["key"] for kept in site.last("POST issue/1/comment").body["properties"]] == ["okr-delivery"]


def test_a_token_that_may_only_read_is_told_the_scope(issue: Issue, site: Site) -> None:
    site.handlers["POST issue/1/comment"] = lambda _: (401, {"message": "Unauthorized; scope does not match"})
    with pytest.raises(ConfigError) as caught:
        issue.write(COMMENT)
    (only,) = caught.value.problems
    assert (only.what.id, dict(only.what.params)) == ("jira.error.scope", {"scope": "write:jira-work"})


def test_what_jira_says_of_a_refusal_is_shown_and_nothing_else(issue: Issue, site: Site) -> None:
    answer = {"errorMessages": ["No\u202e luck."], "errors": {"cf": "Not on the screen."}, "secret": "s3cret"}
    site.handlers["PUT issue/1"] = lambda _: (400, answer)
    with pytest.raises(ConfigError) as caught:
        issue.write(SetField("cf", "x"))
    (only,) = caught.value.problems
    assert (only.where, only.what.params["said"]) == ("PAY-1", "No luck. cf: Not on the screen.")
    assert "s3cret" not in str(caught.value)


KINDS: list[tuple[dict[str, Any], Any, Any]] = [
    ({"type": "option"}, "GROW-KR1", {"value": "GROW-KR1"}),
    ({"type": "number"}, "2.50", 2.5),
    ({"type": "number"}, 3.0, 3),
    ({"type": "string", "custom": "…:textfield"}, "a *b*\nc", "a *b* c"),
    ({"type": "string", "custom": "…:textarea"}, "a *b*\nc", "a \\*b\\*\nc"),
    ({"type": "string"}, 2.0, "2"),
    ({"type": "date"}, "2026-11-18", "2026-11-18"),
    ({"type": "option"}, None, None),
    ({"type": "string"}, "", None),
]


@pytest.mark.parametrize(("schema", "value", "sent"), KINDS, ids=str)
def test_a_value_is_sent_as_its_field_wants_it(issue: Issue, site: Site, schema: Any, value: Any, sent: Any) -> None:
    issue.fields["cf"], issue.schema["cf"] = {"value": "before"} if schema["type"] == "option" else "1", schema
    assert issue.write(SetField("cf", value)).outcome is Outcome.WRITTEN
    assert site.last("PUT issue/1").body == {"fields": {"cf": sent}}
    assert issue.write(SetField("cf", value)).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("schema", "value", "error"),
    [
        ({"type": "user"}, "anna", "field_kind"),
        ({"type": "array", "items": "option"}, "a", "field_kind"),
        ({"type": "number"}, "five", "field_number"),
    ],
)
def test_a_value_that_its_field_can_not_hold_is_refused(
    issue: Issue, site: Site, schema: dict[str, Any], value: str, error: str
) -> None:
    issue.schema["cf"] = schema
    with pytest.raises(ConfigError) as caught:
        issue.write(SetField("cf", value), AddLabel("a"))
    assert caught.value.problems[0].what.id == f"jira.error.{error}"
    assert site.count("PUT issue/1") == 0


@pytest.mark.parametrize(
    ("call", "answer", "edit"),
    [
        ("GET issue/1", {"id": "1", "key": "PAY-1"}, AddLabel("a")),
        ("GET issue/1", [], AddLabel("a")),
        ("GET issue/1/comment", [], COMMENT),
        ("GET issue/1/comment", {"comments": [], "total": 3}, COMMENT),
        ("GET issue/1/comment", {"comments": [{"id": "1", "author": ANNA}]}, COMMENT),
        ("GET issue/1/remotelink", {}, PutLink("g", "https://okr.example", "KR")),
    ],
)
def test_an_answer_that_is_none_ends_it_before_anything_is_written(
    issue: Issue, site: Site, call: str, answer: Any, edit: Edit
) -> None:
    site.handlers[call] = lambda _: answer
    with pytest.raises(AbortSyncError):
        issue.write(edit)
    assert not [asked for asked in site.asked if asked.method in ("PUT", "DELETE") or (asked.path == "issue/1/comment"
                and asked.method == "POST")]  # fmt: skip


def test_an_unnamed_answer_is_confirmed_before_a_comment_is_made(issue: Issue, site: Site) -> None:
    writer = connect().writer()
    site.headers.pop("X-AACCOUNTID")
    site.handlers["GET myself"] = lambda _: {}
    with pytest.raises(ConfigError) as caught:
        writer.write("1", [COMMENT])
    assert caught.value.problems[0].what.id == "jira.error.anonymous"
    assert site.count("POST issue/1/comment") == 0
