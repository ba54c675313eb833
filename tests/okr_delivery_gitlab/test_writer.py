"""What is written to GitLab: labels as deltas, members, custom fields, marked notes; and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from okr_delivery.sync.errors import ConfigError, GoneError
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
    Written,
    code,
    link,
)
from okr_delivery_gitlab.writer_text import digest
from tests.okr_delivery_gitlab.builders import issue
from tests.okr_delivery_gitlab.site import Answer, Asked, Site, connect

ISSUE = "projects/acme/app/issues/2"
NOTES = f"{ISSUE}/notes"
BODY_TWO = "two\n\n<!-- okr-delivery: gate -->"
LINK = PutLink("okr-delivery:GROW-KR1", "https://okr.example/(GROW)", "More [active] users", "@all")


class Desk:
    """One issue, as GitLab keeps it. `customs` are values of custom fields by number."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.row = issue(2, labels=["ops"], weight=3)
        self.notes: list[dict[str, Any]] = []
        self.customs: dict[str, Any] = {}
        self.ignored: set[str] = set()
        site.handlers |= {
            "POST graphql": self.graphql,
            f"GET {ISSUE}": lambda _: self.row,
            f"PUT {ISSUE}": self.put,
            f"GET {NOTES}": lambda _: self.notes,
            f"POST {NOTES}": self.post,
            f"PUT {NOTES}/[0-9]+": self.edit,
            f"DELETE {NOTES}/[0-9]+": self.remove,
        }

    def graphql(self, asked: Asked) -> Any:
        query = asked.body["query"]
        if query.startswith("query sight"):
            return {"data": {"w0": {"id": "gid://gitlab/WorkItem/1002", "reference": "acme/app#2"}}}
        if query.startswith("mutation"):
            for given in asked.body["variables"]["input"]["customFieldsWidget"]:
                ((_, value),) = [(k, v) for k, v in given.items() if k != "customFieldId"]
                self.customs[given["customFieldId"].rpartition("/")[2]] = value
            return {"data": {"workItemUpdate": {"errors": []}}}
        return {
            "data": {"workItem": {"widgets": [{}, {"customFieldValues": list(map(self.custom, ("31", "32", "33")))}]}}
        }

    def custom(self, number: str) -> dict[str, Any]:
        kind = {"31": "TEXT", "32": "NUMBER", "33": "SINGLE_SELECT"}[number]
        options = [{"id": "gid://gitlab/Option/1", "value": "High"}, {"id": "gid://gitlab/Option/2", "value": "Low"}]
        field = {
            "id": f"gid://gitlab/CustomField/{number}",
            "name": number,
            "fieldType": kind,
            "selectOptions": options,
        }
        value = self.customs.get(number)
        if kind == "SINGLE_SELECT":
            return {"customField": field, "selectedOptions": [o for o in options if o["id"] in (value or [])]}
        return {"customField": field, kind.lower(): value}

    def put(self, asked: Asked) -> Any:
        body = {name: value for name, value in asked.body.items() if name not in self.ignored}
        labels = set(self.row["labels"]) - set(body.pop("remove_labels", "").split(","))
        self.row["labels"] = sorted(labels | set(filter(None, body.pop("add_labels", "").split(","))))
        self.row |= body
        return self.row

    def post(self, asked: Asked) -> Any:
        note = {"id": 70 + len(self.notes), "body": asked.body["body"], "author": {"id": 11}, "system": False}
        self.notes.append(note)
        return Answer(201, note)

    def edit(self, asked: Asked) -> Any:
        note = next(n for n in self.notes if str(n["id"]) == asked.path.rpartition("/")[2])
        note["body"] = asked.body["body"]
        return note

    def remove(self, asked: Asked) -> Any:
        self.notes = [n for n in self.notes if str(n["id"]) != asked.path.rpartition("/")[2]]
        return Answer(204, "")

    def write(self, *edits: Edit) -> Written:
        return connect().writer().write("1002", edits)

    def sent(self) -> list[str]:
        """What changed something."""
        return [str(asked) for asked in self.site.asked if asked.method != "GET" and asked.path != "graphql"]


@pytest.fixture
def desk(site: Site) -> Desk:
    return Desk(site)


EVERYTHING: tuple[Edit, ...] = (
    AddLabel("kr:GROW-KR1"), AddLabel("needs review"), RemoveLabel("ops"), SetField("weight", 5),
    SetField("due_date", "2026-10-01"), SetField("31", "GROW-KR1"), SetField("32", 1.5), SetField("33", "high"),
    PutComment("gate", "Which key result?"), LINK,
)  # fmt: skip


def test_everything_goes_out_once_and_is_left_alone_afterwards(desk: Desk) -> None:
    written = desk.write(*EVERYTHING)
    assert (written.outcome, set(written.changed)) == (Outcome.WRITTEN, set(EVERYTHING))
    assert desk.row["labels"] == ["kr:GROW-KR1", "needs review"]
    assert (desk.row["weight"], desk.row["due_date"]) == (5, "2026-10-01")
    assert desk.customs == {"31": "GROW-KR1", "32": 1.5, "33": ["gid://gitlab/Option/1"]}
    assert desk.sent() == [f"PUT {ISSUE}", f"POST {NOTES}", f"POST {NOTES}"]
    desk.site.asked.clear()
    again = desk.write(*EVERYTHING)
    assert (again.outcome, again.changed) == (Outcome.UNCHANGED, ())
    assert desk.sent() == []


def test_labels_travel_as_deltas(desk: Desk) -> None:
    desk.write(AddLabel("a"), RemoveLabel("ops"), AddLabel("b"), RemoveLabel("never there"))
    (asked,) = desk.site.all(f"PUT {ISSUE}")
    assert asked.body == {"add_labels": "a,b", "remove_labels": "ops"}


@pytest.mark.parametrize(("edit", "value"), [(SetField("weight", None), None), (SetField("32", ""), None)])
def test_a_value_can_be_emptied(desk: Desk, edit: SetField, value: object) -> None:
    desk.customs["32"] = 4
    assert desk.write(edit).outcome is Outcome.WRITTEN
    found = desk.customs["32"] if edit.field_id == "32" else desk.row["weight"]
    assert found is value


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (AddLabel(""), "label_empty"),
        (AddLabel("a,b"), "label_sign"),
        (AddLabel(" a"), "label_sign"),
        (AddLabel("x" * 256), "label_long"),
        (SetField("status", "x"), "not_set"),
        (SetField("weight", "many"), "field_value"),
        (SetField("weight", -1), "field_value"),
        (SetField("due_date", "tomorrow"), "field_value"),
        (PutLink("x", "javascript:alert(1)", "title"), "link_url"),
        (PutLink("", "https://okr.example", "title"), "link_title"),
        (PutProperty("state", {"a": 1}), "no_property"),
    ],
)
def test_what_gitlab_would_not_take_is_refused_before_anything_is_sent(desk: Desk, edit: Edit, said: str) -> None:
    writer = connect().writer()
    desk.site.asked.clear()
    with pytest.raises(ConfigError, match=said) as caught:
        writer.write("1002", [AddLabel("fine"), edit])
    assert caught.value.problems[0].next_step is not None
    assert desk.site.asked == []


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (SetField("99", "x"), "no_field"),
        (SetField("33", "Enormous"), "field_value"),
        (SetField("32", "x"), "field_value"),
    ],
)
def test_a_custom_field_that_does_not_fit_is_refused(desk: Desk, edit: SetField, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        desk.write(edit)
    assert desk.customs == {}


def test_a_tier_without_weights_says_so(desk: Desk) -> None:
    del desk.row["weight"]
    with pytest.raises(ConfigError, match="no_member"):
        desk.write(SetField("weight", 5))


def test_what_gitlab_takes_and_does_not_keep_is_told(desk: Desk) -> None:
    desk.ignored = {"weight"}
    with pytest.raises(ConfigError, match=r"not_kept.*weight"):
        desk.write(SetField("weight", 5))


@pytest.mark.parametrize("ref", ["epic-7", "word"])
def test_what_is_no_issue_is_refused(desk: Desk, ref: str) -> None:
    with pytest.raises(ConfigError if "-" in ref else GoneError, match="epic_write" if "-" in ref else "write_gone"):
        connect().writer().write(ref, [AddLabel("a")])


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {"message": "401"}, "unauthorized"),
        (403, {"error": "insufficient_scope"}, "scope"),
        (403, {"message": "403 Forbidden"}, "write_forbidden"),
        (404, {"message": "404 Not found"}, "write_gone"),
        (400, {"message": {"weight": ["is too large"]}}, "is too large"),
    ],
)
def test_a_refusal_of_a_write_says_what_to_do(desk: Desk, status: int, body: Any, said: str) -> None:
    desk.site.answer(f"PUT {ISSUE}", body, status)
    with pytest.raises(ConfigError, match=said) as caught:
        desk.write(AddLabel("a"))
    assert caught.value.status == status


def test_a_redirect_of_a_write_is_not_followed(desk: Desk) -> None:
    desk.site.answer(f"PUT {ISSUE}", {}, 301, Location="https://gitlab.example.com/api/v4/projects/7/issues/2")
    with pytest.raises(ConfigError, match=r"sync\.moved"):
        desk.write(AddLabel("a"))
    assert desk.site.count("PUT .*") == 1


def test_a_note_of_somebody_else_is_never_ours(desk: Desk) -> None:
    theirs = {"id": 1, "body": "Hi\n\n<!-- okr-delivery: gate -->", "author": {"id": 12}, "system": False}
    desk.notes.append(theirs)
    desk.write(PutComment("gate", "Ours"))
    desk.write(RemoveComment("gate"))
    assert desk.notes == [theirs]


@pytest.mark.parametrize("put", [PutComment("gate", "two"), RemoveComment("gate")], ids=["put", "remove"])
def test_a_note_whose_mark_a_person_took_out_is_found_by_its_id(desk: Desk, put: PutComment | RemoveComment) -> None:
    known = desk.write(PutComment("gate", "one")).comments["gate"]
    desk.notes[0]["body"] = "haha"
    assert desk.write(replace(put, known=known)).outcome is Outcome.WRITTEN
    assert [note["body"] for note in desk.notes] == ([BODY_TWO] if isinstance(put, PutComment) else [])
    desk.notes[:] = [{"id": 1, "body": "theirs", "author": {"id": 12}, "system": False}]
    assert desk.write(RemoveComment("gate", "1")).outcome is Outcome.UNCHANGED


def test_two_notes_of_one_mark_become_the_older_one(desk: Desk) -> None:
    desk.write(PutComment("gate", "one"))
    twin = {**desk.notes[0], "id": 5}
    desk.notes.append(twin)
    assert desk.write(PutComment("gate", "one")).outcome is Outcome.WRITTEN
    assert [note["id"] for note in desk.notes] == [5]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/close @all", "\\/close @\u2060all"),
        ("- a\n# b", "\\- a  \n\\# b"),
        ("1. x", "1\\. x"),
        ("see #12, !3, ~bug, %5 & `code`", "see \\#12, \\!3, \\~bug, \\%5 \\& \\`code\\`"),
        ("<b>[a](b)</b>", "\\<b\\>\\[a\\]\\(b\\)\\</b\\>"),
        ("https://x.example", "https\u2060\\://x.example"),
        ("bell\x07 and\u202e", "bell and"),
        (f"paste {code('Non-OKR: <run|debt> …')}", "paste `Non-OKR: <run|debt> …`"),
        (code("/close @all ` #12"), "`/close @all  #12`"),
        (code("\n`"), "`-`"),
        (f"{code('a')}\n{code('/b')}", "`a`  \n`/b`"),
        (link("https://ci.acme.cn/-/run?a=1&b=2"), "<https://ci.acme.cn/-/run?a=1&b=2>"),
        (link("https://x.cn/> @all"), "`https://x.cn/> @all`"),
        ("\ue000unclosed @all \ue002javascript:x\ue003", "unclosed @\u2060all"),
    ],
)
def test_text_is_shown_as_it_is_and_runs_nothing(desk: Desk, text: str, shown: str) -> None:
    desk.write(PutComment("gate", text))
    assert desk.notes[0]["body"] == f"{shown}\n\n<!-- okr-delivery: gate -->"


def test_a_link_is_a_note_of_its_own_and_replaced_in_place(desk: Desk) -> None:
    desk.write(LINK)
    assert desk.notes[0]["body"] == (
        "[More \\[active\\] users](https://okr.example/%28GROW%29)  \n@\u2060all\n\n"
        f"<!-- okr-delivery: link {digest(LINK.global_id)} -->"
    )
    desk.write(PutLink(LINK.global_id, LINK.url, "Fewer"))
    assert len(desk.notes) == 1
    assert desk.notes[0]["body"].startswith("[Fewer](")


def test_where_graphql_tells_nothing_the_issue_is_found_in_the_lists(desk: Desk) -> None:
    site = desk.site
    answer = desk.graphql
    errors = {"errors": [{"message": "Field 'workItem' doesn't exist on type 'Query'"}]}
    site.handlers["POST graphql"] = lambda asked: errors if "workItem(" in json.dumps(asked.body) else answer(asked)
    site.rows("GET projects/7/issues", issue(1), issue(2))
    assert desk.write(AddLabel("a")).outcome is Outcome.WRITTEN
