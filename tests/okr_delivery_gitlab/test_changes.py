"""Histories by the rules of the metrics: what stood at creation, what swaps, what counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from okr_delivery.model.work import Field, Value
from okr_delivery.sync.errors import AbortSyncError
from okr_delivery_gitlab.events import STREAM, Action, Event, Kind
from tests.okr_delivery_gitlab.histories import (
    NOW,
    SETTINGS,
    STATUSES,
    Telling,
    at,
    consistent,
    iso,
    milestone,
    read,
    row,
)  # fmt: skip

FREE = replace(SETTINGS, features=frozenset())
CUSTOM = replace(SETTINGS, label_scope=None, statuses=STATUSES)


@pytest.fixture
def told() -> Telling:
    return Telling()


# milestones and iterations


def test_a_milestone_that_is_set_takes_the_place_of_the_one_before(told: Telling) -> None:
    found = read(row(milestone=milestone("802")), told.plan(3, "801"), told.plan(12, "802"))
    assert found.story(Field.ITERATION) == [(0, None), (3, "801"), (12, "802")]
    consistent(found)


def test_a_removal_that_came_first_tells_what_stood_there_since_creation(told: Telling) -> None:
    found = read(row(), told.unplan(12, "801"))
    assert found.story(Field.ITERATION) == [(0, "801"), (12, None)]
    consistent(found)


def test_without_any_event_what_is_true_now_was_always_true() -> None:
    found = read(row("11", milestone=milestone("801"), weight=3))
    assert found.changes == ()
    assert found.issue.value(Field.ITERATION) == Value("801", "Sprint 1")
    assert found.issue.value(Field.STATUS) == Value("11", "dev")
    assert found.issue.value(Field.ESTIMATE) == Value(None, "3")


def test_a_spare_removal_is_no_flip(told: Telling) -> None:
    found = read(row(milestone=milestone("802")), told.plan(3, "801"), told.plan(12, "802"), told.unplan(12.1, "801"))
    assert found.story(Field.ITERATION) == [(0, None), (3, "801"), (12, "802")]
    consistent(found)


def test_a_removal_that_names_nothing_is_one_of_what_stands_there(told: Telling) -> None:
    found = read(row(), told.plan(3, "801"), told.unplan(5, None))
    assert found.story(Field.ITERATION) == [(0, None), (3, "801"), (5, None)]


def test_an_issue_leaves_its_milestone_for_one_that_was_deleted(told: Telling) -> None:
    found = read(row(), told.plan(3, "801"), told.plan(5, None))
    assert found.story(Field.ITERATION) == [(0, None), (3, "801"), (5, None)]


def test_a_milestone_that_was_deleted_without_an_event_is_left_when_that_was_seen(told: Telling) -> None:
    found = read(row(), told.plan(3, "801"))
    assert found.story(Field.ITERATION) == [(0, None), (3, "801"), (90, None)]
    consistent(found)


def test_milestone_and_iteration_stand_side_by_side(told: Telling) -> None:
    iteration = {"id": 52, "title": None}
    put = told(4, Kind.ITERATION, Action.SET, Value("51", "old title"))
    moved = told(9, Kind.ITERATION, Action.SET, Value("52", None))
    found = read(row(milestone=milestone("801"), iteration=iteration), told.plan(3, "801"), put, moved)
    assert found.story(Field.ITERATION) == [(0, None), (3, "801"), (4, "801,iteration-51"), (9, "801,iteration-52")]
    assert found.issue.value(Field.ITERATION).name == "Sprint 1, It 52"
    assert found.of(Field.ITERATION)[1].new.name == "Sprint 1, It 51"
    consistent(found)


def test_a_milestone_goes_by_its_title_of_today(told: Telling) -> None:
    renamed = {**milestone("801"), "title": "Sprint one"}
    found = read(row(milestone=renamed), told.plan(3, "801"))
    assert found.story(Field.ITERATION) == [(0, None), (3, "801")]
    assert found.of(Field.ITERATION)[0].new.name == "Sprint one"


# states


def test_states_begin_with_open(told: Telling) -> None:
    body = row(state="closed", closed_at=iso(at(9)))
    found = read(body, told.close(3), told.reopen(5), told.close(9))
    assert found.story(Field.STATUS) == [(0, "opened"), (3, "closed"), (5, "opened"), (9, "closed")]
    assert found.issue.resolved == at(9)
    consistent(found)


def test_a_closing_without_an_event_was_when_the_body_says(told: Telling) -> None:
    found = read(row("11", state="closed", closed_at=iso(at(15))), told.add(4, "11"))
    assert found.story(Field.STATUS) == [(0, "opened"), (4, "11"), (15, "closed")]
    assert found.of(Field.STATUS)[-1].history_id == STREAM
    consistent(found)


def test_a_closing_without_event_and_instant_was_before_it_was_seen() -> None:
    found = read(row(state="closed", closed_at=None))
    assert found.story(Field.STATUS) == [(0, "opened"), (90, "closed")]


def test_an_opening_without_an_event_is_seen_with_the_last_update(told: Telling) -> None:
    found = read(row(), told.close(3))
    assert found.story(Field.STATUS) == [(0, "opened"), (3, "closed"), (90, "opened")]
    consistent(found)


def test_closed_beats_a_label_and_the_label_comes_back_when_it_is_reopened(told: Telling) -> None:
    found = read(row("11"), told.add(2, "11"), told.close(5), told.reopen(8))
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "11"), (5, "closed"), (8, "11")]
    consistent(found)


def test_words_of_a_state_that_nobody_knows_change_nothing(told: Telling) -> None:
    odd = told(4, Kind.STATE, Action.UNKNOWN, Value(None, "locked"))
    assert read(row(), odd).changes == ()


# labels as statuses


def test_a_scoped_label_that_is_added_takes_the_place_of_its_sibling(told: Telling) -> None:
    found = read(row("12"), told.add(2, "11"), told.add(6, "12"))
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "11"), (6, "12")]
    assert [c.new.name for c in found.of(Field.LABELS)] == ["workflow::dev", "workflow::review"]
    consistent(found)


def test_a_swap_within_a_second_is_one_change(told: Telling) -> None:
    found = read(row("12"), told.add(2, "11"), told.remove(6, "11"), told.add(6, "12"))
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "11"), (6, "12")]
    assert len(found.of(Field.LABELS)) == 2
    consistent(found)


def test_where_labels_are_not_exclusive_the_latest_counts_and_its_removal_falls_back(told: Telling) -> None:
    found = read(row("11"), told.add(2, "11"), told.add(6, "12"), told.remove(9, "12"), settings=FREE)
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "11"), (6, "12"), (9, "11")]
    consistent(found)


def test_two_labels_that_stand_side_by_side_are_both_in_the_history(told: Telling) -> None:
    found = read(row("11", "12"), told.add(2, "12"), told.add(6, "11"), settings=FREE)
    assert found.issue.value(Field.STATUS) == Value("11", "dev")
    assert found.issue.labels == ("workflow::dev", "workflow::review")
    consistent(found)


def test_an_issue_may_be_created_with_labels(told: Telling) -> None:
    found = read(row("31", "12"), told.remove(4, "11"), told.add(4, "12"))
    assert found.story(Field.STATUS) == [(0, "11"), (4, "12")]
    assert found.of(Field.LABELS)[0].old == Value(None, "bug workflow::dev")
    consistent(found)


@pytest.mark.parametrize(
    ("closer", "by"),
    [("5 name", "5 name"), ("5", "5 name"), ("6", None), (None, None)],
    ids=["one account", "one account, told shorter", "another", "nobody"],
)
def test_what_several_did_in_one_second_nobody_did(told: Telling, closer: str | None, by: str | None) -> None:
    added, closed = told.add(3, "31")._replace(actor="5 name"), told.close(3)._replace(actor=closer)
    (change,) = read(row("31", state="closed"), added, closed).of(Field.LABELS)
    assert change.actor == by


def test_labels_keep_their_blanks(told: Telling) -> None:
    found = read(row("32"), told.add(4, "32"))
    assert found.issue.labels == ("two words",)
    consistent(found)


def test_a_label_that_was_renamed_is_the_same_label(told: Telling) -> None:
    old = told(2, Kind.LABEL, Action.ADD, Value("11", "workflow::coding"))
    found = read(row("11"), old)
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "11")]
    assert found.of(Field.STATUS)[0].new.name == "dev"
    consistent(found)


def test_a_label_that_went_without_an_event_is_gone_when_that_was_seen(told: Telling) -> None:
    found = read(row(), told.add(2, "11"))
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "11"), (90, "opened")]
    consistent(found)


def test_a_deleted_label_that_was_swapped_with_a_status_was_one(told: Telling) -> None:
    found = read(row("12"), told.add(2, "11"), told.remove(5, "11"), told.add(5, None), told.remove(9, None),
                 told.add(9, "12"))  # fmt: skip
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "11"), (5, "label-deleted"), (9, "12")]
    assert found.story(Field.LABELS)[-2:] == [(5, None), (9, "workflow::review")]
    consistent(found)


def test_a_deleted_label_that_a_status_took_the_place_of_was_one_from_its_own_event_on(told: Telling) -> None:
    found = read(row("12"), told.add(2, None), told.remove(9, None), told.add(9, "12"))
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "label-deleted"), (9, "12")]


def test_a_deleted_label_may_have_stood_there_since_creation(told: Telling) -> None:
    found = read(row("12"), told.remove(9, None), told.add(9, "12"))
    assert found.story(Field.STATUS) == [(0, "label-deleted"), (9, "12")]


def test_other_deleted_labels_are_no_statuses(told: Telling) -> None:
    found = read(row("11"), told.add(2, "11"), told.add(4, None), told.remove(6, None))
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "11")]


def test_priority_follows_its_own_scope(told: Telling) -> None:
    found = read(row("21", "31"), told.add(1, "22"), told.add(2, "31"), told.add(6, "21"))
    assert found.story(Field.PRIORITY) == [(0, None), (1, "22"), (6, "21")]
    assert found.issue.value(Field.PRIORITY) == Value("21", "high")
    consistent(found)


# resolutions


def test_a_status_label_that_stands_on_a_closed_issue_is_its_resolution(told: Telling) -> None:
    body = row("13", state="closed", closed_at=iso(at(9)))
    found = read(body, told.add(2, "11"), told.add(8, "13"), told.close(9))
    assert found.story(Field.RESOLUTION) == [(0, None), (9, "13")]
    assert found.issue.value(Field.RESOLUTION) == Value("13", "won't do")
    assert found.issue.value(Field.STATUS).id == "closed"
    consistent(found)


@pytest.mark.parametrize("noted", [True, False], ids=["note", "body-only"])
def test_closed_as_duplicate(told: Telling, noted: bool) -> None:
    body = row("11", state="closed", closed_at=iso(at(9)), _links={"closed_as_duplicate_of": "https://x/2"})
    notes = [told(9, Kind.DUPLICATE, Action.SET)] if noted else []
    found = read(body, told.add(2, "11"), told.close(9), told.add(12, "31"), *notes)
    assert found.story(Field.RESOLUTION) == [(0, None), (9, "duplicate")]
    consistent(found, [Field.RESOLUTION, Field.STATUS])


def test_reopened_it_is_a_duplicate_no_more(told: Telling) -> None:
    body = row(state="closed", closed_at=iso(at(12)))
    found = read(body, told(3, Kind.DUPLICATE, Action.SET), told.close(3), told.reopen(6), told.close(12))
    assert found.story(Field.RESOLUTION) == [(0, None), (3, "duplicate"), (6, None)]
    consistent(found)


def test_on_servers_whose_bodies_do_not_tell_the_note_does(told: Telling) -> None:
    body = row(state="closed", closed_at=iso(at(9)), _links={})
    found = read(body, told(9, Kind.DUPLICATE, Action.SET), told.close(9))
    assert found.issue.value(Field.RESOLUTION) == Value("duplicate", "Duplicate")
    consistent(found)


@pytest.mark.parametrize("noted", [True, False], ids=["note", "body-only"])
def test_moved(told: Telling, noted: bool) -> None:
    body = row(state="closed", closed_at=iso(at(9)), moved_to_id=5000)
    notes = [told(9, Kind.MOVED, Action.SET, Value(None, "acme/other#3"))] if noted else []
    found = read(body, told.close(9), *notes)
    assert found.story(Field.RESOLUTION) == [(0, None), (9, "moved")]
    assert found.issue.moved_to == "5000"
    consistent(found)


def test_an_issue_that_became_an_epic_lives_on_there(told: Telling) -> None:
    body = row(state="closed", closed_at=iso(at(9)))
    found = read(body, told.close(9), told(9, Kind.MOVED, Action.SET, Value(None, "acme&3")))
    assert found.issue.value(Field.RESOLUTION).id == "moved"
    consistent(found)


def test_a_note_of_a_move_that_came_along_from_another_issue_means_nothing(told: Telling) -> None:
    body = row(state="closed", closed_at=iso(at(9)))
    found = read(body, told(4, Kind.MOVED, Action.SET, Value(None, "acme/other#3")), told.close(9))
    assert found.of(Field.RESOLUTION) == []


# custom statuses


def status(told: Telling, day: float, ref: str) -> Event:
    name = next(one.name for one in STATUSES if one.id == ref)
    return told(day, Kind.STATUS, Action.SET, Value(ref, name))


def test_custom_statuses_are_told_by_their_notes(told: Telling) -> None:
    events = [status(told, 2, "2"), told.close(9), status(told, 9, "3")]
    body = row(state="closed", closed_at=iso(at(9)))
    found = read(body, *events, settings=CUSTOM, status=Value("3", "Done"))
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "status-2"), (9, "status-3")]
    consistent(found)


def test_a_status_that_gitlab_gave_itself_when_the_issue_was_closed(told: Telling) -> None:
    body = row(state="closed", closed_at=iso(at(9)))
    found = read(body, status(told, 2, "2"), told.close(9), told.add(12, "31"), settings=CUSTOM,
                 status=Value("3", "Done"))  # fmt: skip
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "status-2"), (9, "status-3")]


def test_a_custom_status_without_any_note_stood_there_since_creation() -> None:
    found = read(row(), settings=CUSTOM, status=Value("1", "To do"))
    assert found.story(Field.STATUS) == [(0, "status-1")]
    assert found.issue.value(Field.STATUS) == Value("status-1", "To do")


def test_closed_beats_a_custom_status_that_does_not_close(told: Telling) -> None:
    body = row(state="closed", closed_at=iso(at(9)))
    found = read(body, status(told, 2, "2"), told.close(9), settings=CUSTOM)
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "status-2"), (9, "closed")]


def test_a_status_that_is_listed_no_more_goes_by_its_name(told: Telling) -> None:
    gone = told(3, Kind.STATUS, Action.SET, Value(None, "Shaping"))
    found = read(row(), gone, status(told, 5, "2"), settings=CUSTOM,
                 status=Value("2", "In progress"))  # fmt: skip
    assert found.story(Field.STATUS) == [(0, "opened"), (3, "status-Shaping"), (5, "status-2")]


def test_the_scope_of_labels_wins_over_custom_statuses(told: Telling) -> None:
    found = read(row("11"), told.add(2, "11"), settings=replace(CUSTOM, label_scope="workflow"),
                 status=Value("2", "In progress"))  # fmt: skip
    assert found.story(Field.STATUS) == [(0, "opened"), (2, "11")]


# values that stand in their events


def test_weights_with_and_without_what_stood_there_before(told: Telling) -> None:
    first = told(3, Kind.WEIGHT, Action.SET, Value(None, "5"), old=Value(None, "3"))
    found = read(row(weight=8), first, told(6, Kind.WEIGHT, Action.SET, Value(None, "8")))
    assert found.story(Field.ESTIMATE) == [(0, "3"), (3, "5"), (6, "8")]
    consistent(found)


def test_time_estimates_count_in_hours(told: Telling) -> None:
    timed = replace(SETTINGS, estimate="time")
    put = told(3, Kind.TIME, Action.SET, Value(None, "4.5"))
    found = read(row(time_stats={"time_estimate": 16_200}), put, settings=timed)
    assert found.story(Field.ESTIMATE) == [(0, None), (3, "4.5")]
    consistent(found)


def test_an_estimate_that_changed_without_an_event_is_seen_with_the_last_update(told: Telling) -> None:
    found = read(row(weight=9), told(3, Kind.WEIGHT, Action.SET, Value(None, "5")))
    assert found.story(Field.ESTIMATE) == [(0, None), (3, "5"), (90, "9")]
    assert found.of(Field.ESTIMATE)[-1].history_id // STREAM == 16


def test_titles_end_in_the_title_of_today_whatever_the_note_made_of_it(told: Telling) -> None:
    old, new = Value(None, "Pay"), Value(None, "Pay by &lt;card&gt;")
    found = read(row(title="Pay by <card>"), told(3, Kind.TITLE, Action.SET, new, old=old))
    assert found.story(Field.TITLE) == [(0, "Pay"), (3, "Pay by <card>")]
    consistent(found)


def test_due_dates(told: Telling) -> None:
    def day(text: str) -> Value:
        return Value(text, text)

    found = read(row(due_date="2026-07-01"), told(3, Kind.DUE, Action.SET, day("2026-06-30")),
                 told(5, Kind.DUE, Action.REMOVE), told(8, Kind.DUE, Action.SET, day("2026-07-01")))  # fmt: skip
    assert found.story(Field.DUE) == [(0, None), (3, "2026-06-30"), (5, None), (8, "2026-07-01")]
    consistent(found)


def test_types_have_names(told: Telling) -> None:
    change = told(3, Kind.TYPE, Action.SET, Value("incident"), old=Value("issue"))
    found = read(row(issue_type="incident"), change)
    assert found.of(Field.TYPE)[0].old == Value("issue", "Issue")
    assert found.of(Field.TYPE)[0].new == Value("incident", "Incident")
    consistent(found)


def test_a_parent_has_the_id_that_is_known_today(told: Telling) -> None:
    first = told(3, Kind.PARENT, Action.SET, Value(None, "acme&2"))
    second = told(6, Kind.PARENT, Action.SET, Value(None, "acme&3"))
    found = read(row(), first, second, parent=Value("epic-99", "acme&3"))
    assert [change.new for change in found.of(Field.PARENT)] == [Value(None, "acme&2"), Value("epic-99", "acme&3")]
    assert (found.issue.parent_id, found.issue.parent_key) == ("epic-99", "acme&3")
    consistent(found)


def test_custom_fields_have_the_history_that_notes_tell(told: Telling) -> None:
    put = told(3, Kind.CUSTOM, Action.SET, Value(None, "0.333"), subject="CONTRIBUTION")
    value = Value(None, "0.3333")
    found = read(row(), put, custom={Field.CONTRIBUTION: value, Field.KEY_RESULT: Value(None, "GROW-KR1")})
    assert found.story(Field.CONTRIBUTION) == [(0, None), (3, "0.3333")]
    assert found.issue.value(Field.KEY_RESULT) == Value(None, "GROW-KR1")
    consistent(found)


def test_links_come_and_go(told: Telling) -> None:
    put = told(3, Kind.LINK, Action.ADD, Value(None, "acme/shop#4"), subject="blocked by")
    away = told(5, Kind.LINK, Action.REMOVE, Value(None, "acme/shop#4"))
    found = read(row(), put, away)
    assert [(c.old.id, c.new.id, c.new.name) for c in found.of(Field.LINK)] == [
        (None, "acme/shop#4", "is blocked by"), ("acme/shop#4", None, None),
    ]  # fmt: skip


def test_an_event_of_the_future_is_refused(told: Telling) -> None:
    with pytest.raises(AbortSyncError):
        read(row(), told.close((NOW - at(0)) / 86_400 + 2))
