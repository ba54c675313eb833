"""Histories of a block: activity for all, exact lists only where it leaves doubts, lists alone where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from okr_delivery.model.work import EMPTY, Field, Link, Value
from okr_delivery.sync.errors import AbortSyncError
from okr_delivery.sync.workers import Workers
from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.events import Kind
from okr_delivery_gitlab.history import Detail, HistoryReader, item_of
from okr_delivery_gitlab.settings import Settings
from tests.okr_delivery_gitlab.histories import SETTINGS, STATUSES, at, iso, row
from tests.okr_delivery_gitlab.talking import Talking, Work, note, refuses


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(3) as found:
        yield found


def site(*notes: dict[str, Any], **widgets: Any) -> Talking:
    return Talking({"acme/shop": [Work(4711, "12", list(notes), widgets)]})


def read(talking: Talking, workers: Workers, settings: Settings = SETTINGS, body: Any = None) -> Detail:
    able = replace(settings, capabilities=talking.capabilities().to_json())
    return HistoryReader(talking, able, workers).read([body or row()])[str((body or row())["id"])]


def label_event(number: int, day: float, ref: int | None, action: str = "add") -> dict[str, Any]:
    label = {"id": ref, "name": f"name {ref}"} if ref else None
    return {"id": number, "created_at": iso(at(day)), "user": {"id": 5}, "action": action, "label": label}


def test_activity_that_names_ids_needs_no_list(workers: Workers) -> None:
    talking = site(
        note(1, "added ~11 label", "label"),
        note(2, "changed milestone to %1", "milestone"),
        note(3, "set weight to 3", "weight"),
        note(4, "added ~12 label and removed ~11 label", "label"),
        note(5, "closed", "closed"),
    )
    found = read(talking, workers)
    assert [(e.kind, e.value.id or e.value.name) for e in found.events] == [
        (Kind.LABEL, "11"), (Kind.MILESTONE, "801"), (Kind.WEIGHT, "3"), (Kind.LABEL, "11"), (Kind.LABEL, "12"),
        (Kind.STATE, None),
    ]  # fmt: skip
    assert found.complete
    assert talking.asked == {"graphql activity": 1}


def test_a_name_instead_of_an_id_costs_one_list_of_that_kind(workers: Workers) -> None:
    talking = site(note(1, "added ~999 label"), note(2, 'changed milestone to /acme%"Release"'), note(3, "closed"))
    talking.lists["12/resource_label_events"] = [label_event(70, 1, 999)]
    talking.lists["12/resource_milestone_events"] = [
        {"id": 80, "created_at": iso(at(2)), "action": "add", "milestone": {"id": 901, "title": "Release"}}
    ]
    found = read(talking, workers)
    assert [(e.kind, e.number, e.value.id) for e in found.events] == [
        (Kind.LABEL, 70, "999"), (Kind.MILESTONE, 80, "901"), (Kind.STATE, 1, None),
    ]  # fmt: skip
    assert found.complete
    assert talking.asked == {"graphql activity": 1, "resource_label_events": 1, "resource_milestone_events": 1}


ANEW = {"id": "gid://gitlab/MilestoneNote/3f2a"}


def test_a_group_s_milestone_by_its_title_costs_no_list(workers: Workers) -> None:
    talking = site(note(2, 'changed milestone to /acme%"Release"') | ANEW, note(3, "closed"))
    found = read(talking, workers)
    assert [(e.kind, e.value.id) for e in found.events] == [(Kind.MILESTONE, "901"), (Kind.STATE, None)]
    assert talking.asked == {"graphql activity": 1}


def test_one_that_was_renamed_since_milestones_were_listed_costs_its_list(workers: Workers) -> None:
    talking = site(note(2, 'changed milestone to /acme%"Release 2"') | ANEW)
    talking.lists["12/resource_milestone_events"] = [
        {"id": 80, "created_at": iso(at(2)), "action": "add", "milestone": {"id": 901, "title": "Release 2"}}
    ]
    found = read(talking, workers)
    assert [(e.kind, e.number, e.value.id) for e in found.events] == [(Kind.MILESTONE, 80, "901")]
    assert found.complete
    assert talking.asked == {"graphql activity": 1, "resource_milestone_events": 1}


def test_a_doubt_that_no_list_resolves_is_a_hole(workers: Workers) -> None:
    talking = site(note(1, "added ~999 label"))
    talking.lists["12/resource_label_events"] = 404
    assert not read(talking, workers).complete


def test_what_the_widgets_hold(workers: Workers) -> None:
    parent = {"id": "gid://gitlab/WorkItem/99", "reference": "acme&3", "workItemType": {"name": "Epic"}}
    other = {"id": "gid://gitlab/WorkItem/5", "reference": "acme/shop#5", "title": "Other"}
    values = [
        {"customField": {"id": "gid://gitlab/Issuables::CustomField/61", "name": "Key result"}, "text": " GROW-KR1 "},
        {"customField": {"id": "gid://gitlab/Issuables::CustomField/62", "name": "Effect"}, "number": 5.0},
        {"customField": {"id": "gid://gitlab/Issuables::CustomField/63", "name": "Sure"},
         "selectedOptions": [{"value": "high"}, {"value": "dry"}]},
        {"customField": {"id": "gid://gitlab/Issuables::CustomField/64", "name": "Colour"}, "text": "blue"},
    ]  # fmt: skip
    changed = '<p>changed Effect to <code class="idiff">4</code></p>'
    talking = site(
        note(1, changed),
        parent=parent,
        linkedItems={"nodes": [{"linkType": "is_blocked_by", "workItem": other}, {"linkType": "x", "workItem": None}]},
        status={"id": "gid://gitlab/WorkItems::Statuses::Custom::Status/2", "name": "In progress"},
        customFieldValues=values,
    )
    fields = {"key_result": "61", "contribution": "62", "confidence": "63"}
    found = read(talking, workers, replace(SETTINGS, fields=fields, statuses=STATUSES, label_scope=None))
    assert found.parent == Value("epic-99", "acme&3")
    assert found.links == (Link("is blocked by", "acme/shop#5", "Other"),)
    assert found.status == Value("2", "In progress")
    assert found.custom == {
        Field.KEY_RESULT: Value(None, "GROW-KR1"),
        Field.CONTRIBUTION: Value(None, "5"),
        Field.CONFIDENCE: Value(None, "high, dry"),
    }
    assert [(event.subject, event.value.name) for event in found.events] == [("CONTRIBUTION", "4")]


def test_what_is_not_there_is_empty_and_what_is_not_asked_is_none(workers: Workers) -> None:
    found = read(site(parent=None, status=None), workers)
    assert (found.parent, found.status, found.custom) == (EMPTY, EMPTY, {})
    found = read(site(), workers)
    assert (found.parent, found.status) == (None, None)


def test_a_parent_that_is_no_epic_goes_by_its_number(workers: Workers) -> None:
    parent = {"id": "gid://gitlab/WorkItem/98", "reference": "acme/shop#3", "workItemType": {"name": "Issue"}}
    assert read(site(parent=parent), workers).parent == Value("98", "acme/shop#3")


# servers without activity


def plain(workers: Workers, settings: Settings, **lists: Any) -> tuple[Detail, Talking]:
    talking = Talking({}, {f"12/{name}": rows for name, rows in lists.items()})
    return HistoryReader(talking, settings, workers).read([row()])["4711"], talking


def test_without_bulk_activity_each_issue_takes_its_lists(workers: Workers) -> None:
    found, talking = plain(workers, SETTINGS, resource_label_events=[label_event(70, 1, 11)])
    assert [event.number for event in found.events] == [70]
    assert found.complete
    assert talking.asked == {
        "resource_state_events": 1, "resource_label_events": 1, "resource_milestone_events": 1,
        "resource_iteration_events": 1, "resource_weight_events": 1,
    }  # fmt: skip


def test_on_the_free_tier_notes_are_within_the_budget(workers: Workers) -> None:
    noted = {"system": True, "body": "changed time estimate to 2h", "created_at": iso(at(3)), "author": {"id": 5}}
    doubled = {"system": True, "body": "closed", "created_at": iso(at(4)), "author": {"id": 5}}
    state = {"id": 8, "created_at": iso(at(4)), "user": {"id": 5}, "state": "closed"}
    found, talking = plain(workers, Settings(), notes=[noted, doubled], resource_state_events=[state])
    assert [(event.kind, event.number) for event in found.events] == [(Kind.TIME, 1), (Kind.STATE, 8)]
    assert sum(talking.asked.values()) == 4


@pytest.mark.parametrize(
    ("lacking", "complete"),
    [("resource_weight_events", True), ("resource_iteration_events", True), ("resource_state_events", False),
     ("resource_label_events", False)],
)  # fmt: skip
def test_a_list_that_every_tier_has_and_that_is_refused_is_a_hole(
    workers: Workers, lacking: str, complete: bool
) -> None:
    found, _ = plain(workers, SETTINGS, **{lacking: 403})
    assert found.complete is complete


GONE = {f"1/{name}": 404 for name in ("resource_state_events", "resource_label_events", "resource_weight_events")}


def test_an_issue_that_was_just_deleted_takes_no_list_from_the_others(workers: Workers) -> None:
    weighed = {"id": 5, "created_at": iso(at(2)), "user": {"id": 5}, "weight": 8}
    talking = Talking({}, {**GONE, **{f"{n}/resource_weight_events": [weighed] for n in range(2, 9)}})
    rows = [row(number=100 + n, iid=n) for n in range(1, 9)]
    with Workers(1) as one:
        found = HistoryReader(talking, SETTINGS, one).read(rows)
    assert {ref for ref, detail in found.items() if detail.events} == {str(100 + n) for n in range(2, 9)}
    assert not found["101"].complete


def test_a_list_that_is_there_for_no_issue_is_given_up(workers: Workers) -> None:
    talking = Talking({}, {f"{n}/{name}": 404 for n in range(20) for name in ("resource_weight_events", "notes")})
    with Workers(1) as one:
        reader = HistoryReader(talking, SETTINGS, one)
        found = reader.read([row(number=100 + n, iid=n) for n in range(20)])
    assert all(detail.complete for detail in found.values())
    assert 3 <= talking.asked["resource_weight_events"] <= 6  # one or two were on their way
    assert talking.asked["resource_state_events"] == 20


def test_an_issue_that_breaks_its_query_is_read_by_lists(workers: Workers) -> None:
    works = [Work(100 + n, str(n), [note(1, "closed", "closed")]) for n in range(10)]
    talking = Talking({"acme/shop": works}, {"3/resource_label_events": [label_event(70, 1, 11)]}, refuses("3"))
    settings = replace(SETTINGS, capabilities=talking.capabilities().to_json())
    rows = [row(number=100 + n, iid=n) for n in range(10)]
    found = HistoryReader(talking, settings, workers).read(rows)
    assert len(found) == 10
    assert [event.number for event in found["103"].events] == [70]
    assert {ref for ref, detail in found.items() if detail.events[0].kind is Kind.STATE} == set(found) - {"103"}
    assert talking.asked["resource_state_events"] == 1


def test_words_that_nobody_knows_are_reported(workers: Workers) -> None:
    talking = Talking({}, {"12/resource_label_events": [label_event(70, 1, 11, "archive")]})
    reader = HistoryReader(talking, SETTINGS, workers)
    reader.read([row()])
    assert reader.unknown == {"resource_label_events: archive"}


def test_epics_lie_in_groups() -> None:
    body = {"id": "epic-99", "iid": 3, "references": {"full": "acme/sub&3"}}
    assert item_of(body) == ("epic-99", "99", "acme/sub", True, "3")


@pytest.mark.parametrize("members", [{"iid": None}, {"references": {}}, {"references": None}])
def test_a_row_that_does_not_say_where_it_lies(members: dict[str, Any]) -> None:
    with pytest.raises(AbortSyncError):
        item_of(row(**members))


def test_capabilities_without_activity_ask_no_query(workers: Workers) -> None:
    talking = site(note(1, "closed"))
    settings = replace(SETTINGS, capabilities=Capabilities().to_json())
    HistoryReader(talking, settings, workers).read([row()])
    assert talking.asked["graphql activity"] == 0
