"""The wordings of activity notes, as GitLab's source writes them and once wrote them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery.model.work import EMPTY, Field, Value
from okr_delivery_gitlab.events import Action, Kind
from okr_delivery_gitlab.known import Known
from okr_delivery_gitlab.notes import Note, Told, read_note
from okr_delivery_gitlab.settings import Group, Milestone, Project
from okr_delivery_gitlab.told import Home, Understood, understand
from tests.okr_delivery_gitlab.histories import SETTINGS, STATUSES

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
SHOP = Home("7", "acme/shop", "acme")
APP = Home("8", "acme/sub/app", "acme/sub")
SET, ADD, REMOVE = Action.SET, Action.ADD, Action.REMOVE


def text(value: str) -> Value:
    return Value(None, value)


def day(value: str) -> Value:
    return Value(value, value)


WORDINGS: list[tuple[str, list[Told]]] = [
    ("closed", [Told(Kind.STATE, Action.CLOSE)]),
    ("closed via merge request !3", [Told(Kind.STATE, Action.CLOSE)]),
    ("closed via commit bc17db76", [Told(Kind.STATE, Action.CLOSE)]),
    ("Status changed to closed by commit bc17db76", [Told(Kind.STATE, Action.CLOSE)]),
    ("automatically closed this incident because the alert resolved.", [Told(Kind.STATE, Action.CLOSE)]),
    ("resolved the corresponding error and closed the issue", [Told(Kind.STATE, Action.CLOSE)]),
    ("reopened", [Told(Kind.STATE, Action.REOPEN)]),
    ("closed as duplicate of #4", [Told(Kind.STATE, Action.CLOSE), Told(Kind.DUPLICATE, SET)]),
    ("marked this issue as a duplicate of acme/other#4", [Told(Kind.DUPLICATE, SET)]),
    ("marked #4 as a duplicate of this issue", []),
    ("moved to acme/other#4", [Told(Kind.MOVED, SET, "acme/other#4")]),
    ("moved from acme/other#4", []),
    ("promoted to epic &3", [Told(Kind.MOVED, SET, "&3")]),
    ("added ~12 label", [Told(Kind.LABEL, ADD, "~12")]),
    ("removed ~12 label", [Told(Kind.LABEL, REMOVE, "~12")]),
    (
        "added ~12 ~13 + 2 deleted labels and removed ~14 label",
        [Told(Kind.LABEL, REMOVE, "~14"), Told(Kind.LABEL, ADD, "~12"), Told(Kind.LABEL, ADD, "~13"),
         Told(Kind.LABEL, ADD), Told(Kind.LABEL, ADD)],
    ),
    (
        "added ~12 scoped label and automatically removed acme~13 label",
        [Told(Kind.LABEL, REMOVE, "acme~13"), Told(Kind.LABEL, ADD, "~12")],
    ),
    ("added 1 deleted label", [Told(Kind.LABEL, ADD)]),
    ('added ~"two words" ~bug labels', [Told(Kind.LABEL, ADD, '~"two words"'), Told(Kind.LABEL, ADD, "~bug")]),
    ("changed milestone to %5", [Told(Kind.MILESTONE, SET, "%5")]),
    ("changed milestone to /acme/shop%5", [Told(Kind.MILESTONE, SET, "/acme/shop%5")]),
    ('changed milestone to /acme%"Sprint and more"', [Told(Kind.MILESTONE, SET, '/acme%"Sprint and more"')]),
    ("Milestone changed to %7.11", [Told(Kind.MILESTONE, SET, "%7.11")]),
    ("changed milestone to ", [Told(Kind.MILESTONE, SET)]),
    ("removed milestone", [Told(Kind.MILESTONE, REMOVE)]),
    ("removed milestone ", [Told(Kind.MILESTONE, REMOVE)]),
    ("removed milestone /acme/shop%5", [Told(Kind.MILESTONE, REMOVE, "/acme/shop%5")]),
    ("changed iteration to *iteration:51", [Told(Kind.ITERATION, SET, "*iteration:51")]),
    (
        "changed iteration to *iteration:51 on this item and parent item (deleted)",
        [Told(Kind.ITERATION, SET, "*iteration:51")],
    ),
    ("removed iteration *iteration:51", [Told(Kind.ITERATION, REMOVE, "*iteration:51")]),
    ("removed iteration", [Told(Kind.ITERATION, REMOVE)]),
    ("set weight to 1", [Told(Kind.WEIGHT, SET, None, text("1"))]),
    ("changed weight to **4**", [Told(Kind.WEIGHT, SET, None, text("4"))]),
    ("changed weight to **4**,", [Told(Kind.WEIGHT, SET, None, text("4"))]),
    ("changed weight to 2 from 1", [Told(Kind.WEIGHT, SET, None, text("2"), text("1"))]),
    ("removed weight of 3", [Told(Kind.WEIGHT, REMOVE, None, EMPTY, text("3"))]),
    ("removed the weight", [Told(Kind.WEIGHT, REMOVE)]),
    ("changed time estimate to 1w 4d 5h", [Told(Kind.TIME, SET, None, text("77"))]),
    ("changed time estimate to 1h 30m from 1mo", [Told(Kind.TIME, SET, None, text("1.5"), text("160"))]),
    ("added time estimate of 2d", [Told(Kind.TIME, SET, None, text("16"))]),
    ("removed time estimate of 2d", [Told(Kind.TIME, REMOVE, None, EMPTY, text("16"))]),
    ("removed time estimate", [Told(Kind.TIME, REMOVE)]),
    ("changed due date to September 05, 2018", [Told(Kind.DUE, SET, None, day("2018-09-05"))]),
    (
        "changed start date to September 20, 2018 and changed due date to September 25, 2018",
        [Told(Kind.DUE, SET, None, day("2018-09-25"))],
    ),
    (
        "changed start date to May 1, 2018 and removed due date May 2, 2018",
        [Told(Kind.DUE, REMOVE, None, EMPTY, day("2018-05-02"))],
    ),
    ("removed due date", [Told(Kind.DUE, REMOVE)]),
    ("changed start date to September 20, 2018", []),
    (
        "changed title from **{-My first issu-}e** to **{+test titl+}e**",
        [Told(Kind.TITLE, SET, None, text("test title"), text("My first issue"))],
    ),
    ("changed title from **Pay** to **Pay{+ now+}**", [Told(Kind.TITLE, SET, None, text("Pay now"), text("Pay"))]),
    ("changed type from issue to incident", [Told(Kind.TYPE, SET, None, Value("incident"), Value("issue"))]),
    ("changed type from test case to task", [Told(Kind.TYPE, SET, None, Value("task"), Value("test_case"))]),
    ("promoted this issue to an incident", [Told(Kind.TYPE, SET, None, Value("incident"))]),
    ("added &3 as parent epic", [Told(Kind.PARENT, SET, "&3")]),
    ("added acme/shop#3 as parent issue", [Told(Kind.PARENT, SET, "acme/shop#3")]),
    ("added #3 as child task", []),
    ("removed parent epic &3", [Told(Kind.PARENT, REMOVE, "&3")]),
    ("added to epic acme&3", [Told(Kind.PARENT, SET, "acme&3")]),
    ("changed epic to &4", [Told(Kind.PARENT, SET, "&4")]),
    ("added epic &4 as parent epic", [Told(Kind.PARENT, SET, "&4")]),
    ("removed from epic &4", [Told(Kind.PARENT, REMOVE, "&4")]),
    ("set status to **In progress**", [Told(Kind.STATUS, SET, None, text("In progress"))]),
    (
        "marked this item as blocked by a#1, #2, and &3",
        [Told(Kind.LINK, ADD, ref, subject="blocked by") for ref in ("a#1", "#2", "&3")],
    ),
    ("marked this issue as related to acme/shop#4", [Told(Kind.LINK, ADD, "acme/shop#4", subject="related to")]),
    ("removed the relation with #3", [Told(Kind.LINK, REMOVE, "#3")]),
    (
        '<p>changed Key &amp; Result to <code class="idiff">GROW-KR1</code></p>',
        [Told(Kind.CUSTOM, SET, None, text("GROW-KR1"), None, "Key & Result")],
    ),
    (
        '<p>removed Effect: sum: <code class="idiff">5</code></p>',
        [Told(Kind.CUSTOM, REMOVE, None, EMPTY, text("5"), "Effect: sum")],
    ),
    ("added 1 commit", []),
    ("added 2 contacts", []),
    ("added 2h of time spent", []),
    ("assigned to @user-086 and unassigned @user-087", []),
    ("mentioned in merge request !3", []),
    ("made the issue confidential", []),
    ("changed the description", []),
    ("changed health status to **at risk**", []),
    ("removed assignee", []),
    ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), WORDINGS, ids=[body[:40] or "empty" for body, _ in WORDINGS])
def test_a_wording(body: str, expected: list[Told]) -> None:
    assert list(read_note(Note(0, body))) == expected


@given(st.text(max_size=200) | st.sampled_from([body for body, _ in WORDINGS]).map(lambda body: body[::2]))
def test_no_text_is_too_odd(body: str) -> None:
    for told in read_note(Note(0, body)):
        assert told.action is not Action.UNKNOWN


def test_a_body_of_any_length_is_read_at_once() -> None:
    """Patterns that backtrack would take minutes for these."""
    for body in ("added " + "~1 " * 30_000, "changed title from **" + "** to **" * 20_000, "added time estimate of "
                 + "1h " * 30_000 + "x"):  # fmt: skip
        read_note(Note(0, body))


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the recorded payloads are not beside this repository")
def test_recorded_notes_are_read() -> None:
    with (PAYLOADS / "gitlab-events-notes.jsonl").open(encoding="utf-8") as file:
        notes = [json.loads(line)["payload"] for line in file]
    told = [read_note(Note(0, note["body"])) for note in notes if note["system"] and note["noteable_type"] == "Issue"]
    kinds = [one.kind for found in told for one in found]
    assert kinds.count(Kind.STATE) == 2
    assert kinds.count(Kind.TITLE) == 12
    assert {one.value.name for found in told for one in found if one.kind is Kind.TITLE} == {
        "test title", "My first issue",
    }  # fmt: skip


# references become ids


def understood(*bodies: str) -> Understood:
    notes = [Note(100 + place, body, None, "x") for place, body in enumerate(bodies)]
    return understand(notes, SHOP, Known(SETTINGS), {"Key result": Field.KEY_RESULT})


def test_labels_go_by_their_number() -> None:
    found = understood("added ~11 ~31 labels", "removed acme/shop~11 label")
    assert [event.value for event in found.events] == [
        Value("11", "workflow::dev"), Value("31", "bug"), Value("11", "workflow::dev"),
    ]  # fmt: skip
    assert found.doubts == set()
    assert [event.history_id % 10**15 for event in found.events] == [1, 2, 3]


@pytest.mark.parametrize("body", ["added ~999 label", "added ~bug label", 'removed ~"two words" label'])
def test_a_label_without_a_known_number_is_in_doubt(body: str) -> None:
    assert understood(body).doubts == {Kind.LABEL}


def test_a_deleted_label_has_no_more_to_tell() -> None:
    found = understood("added ~11 + 1 deleted labels")
    assert [event.value for event in found.events] == [Value("11", "workflow::dev"), EMPTY]
    assert found.doubts == set()


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("%1", "801"),
        ("/acme/shop%1", "801"),
        ("acme/shop%2", "802"),
        ("%2", None),  # a group's milestone with quotation marks goes by its number too
        ("%9", None),
        ("/acme%2", "902"),
        ("/acme/other%2", None),
        ('%"Sprint 1"', None),
        ("%7.11", None),
    ],
)
def test_milestones_go_by_number_and_place(ref: str, expected: str | None) -> None:
    found = understood(f"changed milestone to {ref}")
    assert found.events[0].value.id == expected
    assert found.doubts == (set() if expected else {Kind.MILESTONE})


TITLED = replace(
    SETTINGS,
    groups=(Group("69", "acme/sub"),),
    projects=(*SETTINGS.projects, Project("8", "acme/sub/app", "69", "acme/sub")),
    milestones=(
        *SETTINGS.milestones,
        Milestone("903", "3", "Twice", "group 70"),
        Milestone("904", "1", "Twice", "group 69"),
        Milestone("905", "2", "Below", "group 69"),
        Milestone("906", "9", "Far above", "group holding"),
        Milestone("907", "4", "Somewhere", "group 12"),  # a list that names a group nobody knows
        Milestone("803", "3", "Own", "project 7"),
    ),
)


@pytest.mark.parametrize(
    ("ref", "home", "expected"),
    [
        ('%"Release"', SHOP, "901"),
        ('/acme%"Release"', SHOP, "901"),
        ('/acme%"Release"', APP, "901"),
        ('%"Release"', APP, "901"),
        ('/acme/sub%"Release"', APP, None),  # no milestone of that group
        ('%"Twice"', SHOP, "903"),  # the other one is not above it
        ('%"Twice"', APP, None),
        ('/acme/sub%"Twice"', APP, "904"),
        ('/Acme%"Twice"', APP, "903"),
        ('%"Below"', SHOP, None),
        ('/holding%"Far above"', SHOP, "906"),
        ('%"Somewhere"', SHOP, None),
        ('/acme%"Somewhere"', SHOP, None),
        ('%"Own"', SHOP, None),  # a project's milestone goes by its number
        ('%"Renamed since"', SHOP, None),
        ('%"release"', SHOP, None),
    ],
)
def test_a_group_s_milestone_goes_by_its_title_where_only_one_can_be_meant(
    ref: str, home: Home, expected: str | None
) -> None:
    told = understand([Note(1, f"changed milestone to {ref}", anew=True)], home, Known(TITLED), {})
    assert told.events[0].value.id == expected
    assert told.doubts == (set() if expected else {Kind.MILESTONE})


def test_a_title_in_a_stored_note_is_that_of_another_day() -> None:
    told = understand([Note(1, 'changed milestone to %"Release"')], SHOP, Known(TITLED), {})
    assert told.doubts == {Kind.MILESTONE}


@pytest.mark.parametrize(
    ("planned", "certain"),
    [(Value("901", "Release"), True), (Value("999", "Release"), False), (Value("999", "Later"), True), (EMPTY, True)],
)
def test_a_title_that_now_belongs_to_another_milestone_is_in_doubt(planned: Value, certain: bool) -> None:
    """Milestones are listed before the notes are read: the item's own one tells what has been renamed in between."""
    note = Note(1, 'changed milestone to /acme%"Release"', anew=True)
    told = understand([note], SHOP._replace(planned=planned), Known(TITLED), {})
    assert (Kind.MILESTONE not in told.doubts) is certain


def test_a_first_removal_that_names_no_milestone_is_in_doubt() -> None:
    assert understood("removed milestone").doubts == {Kind.MILESTONE}
    assert understood("changed milestone to %1", "removed milestone").doubts == set()


def test_iterations_go_by_their_number() -> None:
    found = understood("changed iteration to *iteration:51", "changed iteration to *iteration:77")
    assert [event.value for event in found.events] == [Value("51", "It 51"), Value("77", None)]
    assert understood('changed iteration to *iteration:"It 51"').doubts == {Kind.ITERATION}


def test_short_references_are_relative_to_the_project_and_its_group() -> None:
    found = understood("added &3 as parent epic", "added #4 as parent issue", "added other/x&5 as parent epic")
    assert [event.value.name for event in found.events] == ["acme&3", "acme/shop#4", "other/x&5"]


def test_custom_statuses_go_by_name_in_any_case() -> None:
    known = Known(SETTINGS.__class__(statuses=STATUSES))
    notes = [Note(1, "set status to **in PROGRESS**"), Note(2, "set status to **Shaping**")]
    found = understand(notes, SHOP, known, {})
    assert [event.value for event in found.events] == [Value("2", "In progress"), Value(None, "Shaping")]


def test_custom_fields_that_nobody_configured_are_left_out() -> None:
    own, other = ('<p>changed Key result to <code class="idiff">A</code></p>',
                  '<p>changed Colour to <code class="idiff">B</code></p>')  # fmt: skip
    assert [(event.subject, event.value.name) for event in understood(own, other).events] == [("KEY_RESULT", "A")]
