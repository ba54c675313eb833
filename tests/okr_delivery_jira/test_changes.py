"""Changelog entries: what is kept, what it becomes, what is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery.model.accounts import means
from okr_delivery.model.work import EMPTY, Change, Field, Value
from okr_delivery.sync.errors import AbortSyncError
from okr_delivery_jira.changes import ChangeReader, set_of, value_of
from okr_delivery_jira.fields import EVERYWHERE, Role
from okr_delivery_jira.settings import Settings
from tests.okr_delivery_jira.builders import AMOUNT, EPIC, FLAG, KR, MS, NOW, PARENT, POINTS, SPRINT, history, item

SETTINGS = Settings(
    roles={
        "iteration": Role({EVERYWHERE: SPRINT}),
        "estimate": Role({EVERYWHERE: POINTS}, "number"),
        "key_result": Role({EVERYWHERE: KR}),
        "contribution": Role({EVERYWHERE: AMOUNT}, "number"),
        "flagged": Role({EVERYWHERE: FLAG}, "options"),
        "epic_link": Role({EVERYWHERE: EPIC}),
        "parent_link": Role({EVERYWHERE: PARENT}),
    },
    names={"key result": KR, "story points": POINTS},
)


def read(*entries: Mapping[str, Any], current: Mapping[Field, Value] | None = None) -> tuple[Change, ...]:
    return ChangeReader(SETTINGS, NOW).read("10001", "10000", current or {}, entries)


def sides(*items: Mapping[str, Any]) -> list[tuple[Field, Value, Value]]:
    return [(change.field, change.old, change.new) for change in read(history(1, MS, *items))]


@pytest.mark.parametrize(
    ("entry", "field", "old", "new"),
    [
        (
            item("status", "To Do", "Done", field_id="status", was="1", now="5"),
            Field.STATUS,
            ("1", "To Do"),
            ("5", "Done"),
        ),
        (item("status", "To Do", "Done", was="1", now="5"), Field.STATUS, ("1", "To Do"), ("5", "Done")),
        (
            item("Sprint", "A, B", "A, B, C, D", field_id=SPRINT, was="40, 38", now="38, 40, 7"),
            Field.ITERATION,
            ("38,40", "A, B"),
            ("7,38,40", "A, B, C, D"),
        ),
        (item("Sprint", "", "A", field_id=SPRINT, was="", now="38"), Field.ITERATION, (None, None), ("38", "A")),
        (item("Sprint", "A", None, was="38", now=None), Field.ITERATION, ("38", "A"), (None, None)),
        (item("Story points", None, "13", field_id=POINTS), Field.ESTIMATE, (None, None), (None, "13")),
        (item("Points of old", "13.0", "", field_id=POINTS), Field.ESTIMATE, (None, "13"), (None, None)),
        (item("Story Points", "8", "13", kind="custom"), Field.ESTIMATE, (None, "8"), (None, "13")),
        (
            item("issuetype", "Epic", "Story", field_id="issuetype", was="1", now="2"),
            Field.TYPE,
            ("1", "Epic"),
            ("2", "Story"),
        ),
        (item("IssueParentAssociation", None, "PAY-9", now="10009"), Field.PARENT, (None, None), ("10009", "PAY-9")),
        (item("Epic Link", "PAY-9", None, field_id=EPIC, was="10009"), Field.PARENT, ("10009", "PAY-9"), (None, None)),
        (item("Parent Link", None, "PAY-9", field_id=PARENT), Field.PARENT, (None, None), (None, "PAY-9")),
        (
            item("resolution", None, "Done", field_id="resolution", now="10000"),
            Field.RESOLUTION,
            (None, None),
            ("10000", "Done"),
        ),
        (
            item("priority", "High", "Low", field_id="priority", was="2", now="4"),
            Field.PRIORITY,
            ("2", "High"),
            ("4", "Low"),
        ),
        (
            item("duedate", "2026-04-25 00:00:00.0", None, field_id="duedate", was="2026-04-25"),
            Field.DUE,
            ("2026-04-25", "2026-04-25"),
            (None, None),
        ),
        (
            item("labels", "", "spike kr:GROW-KR1", field_id="labels"),
            Field.LABELS,
            (None, None),
            (None, "kr:GROW-KR1 spike"),
        ),
        (
            item("已标记", None, "Impediment", field_id=FLAG, now="[10019]"),
            Field.FLAGGED,
            (None, None),
            ("10019", "Impediment"),
        ),
        (
            item("project", "Old", "New", field_id="project", was="1", now="2"),
            Field.PROJECT,
            ("1", "Old"),
            ("2", "New"),
        ),
        (item("Key", "OLD-7", "PAY-1"), Field.KEY, (None, "OLD-7"), (None, "PAY-1")),
        (item("Key Result", None, "GROW-KR1", field_id=KR), Field.KEY_RESULT, (None, None), (None, "GROW-KR1")),
        (item("key result", None, "GROW-KR1", kind="custom"), Field.KEY_RESULT, (None, None), (None, "GROW-KR1")),
        (item("Expected contribution", "1.50", "2", field_id=AMOUNT), Field.CONTRIBUTION, (None, "1.5"), (None, "2")),
        (
            item("Link", None, "This issue blocks OKR-17", now="OKR-17"),
            Field.LINK,
            (None, None),
            ("OKR-17", "This issue blocks OKR-17"),
        ),
        (item("summary", "Old", "New", field_id="summary"), Field.TITLE, (None, "Old"), (None, "New")),
        (
            item("description", "Some text", "Some text\n* Contributes-to: GROW-KR1 +1.5pp", field_id="description"),
            Field.CLAIM_LINES,
            (None, None),
            (None, "Contributes-to: GROW-KR1 +1.5pp"),
        ),
    ],
)
def test_a_kept_item(entry: dict[str, Any], field: Field, old: Any, new: Any) -> None:
    assert sides(entry) == [(field, Value(*old), Value(*new))]


@pytest.mark.parametrize(
    "entry",
    [
        item("Rank", "", "Ranked higher", field_id="customfield_10019"),
        item("assignee", None, "Somebody", field_id="assignee", now="abc"),
        item("RemoteIssueLink", None, "a link", now="10000"),
        item("Workflow", "A", "B", was="1", now="2"),
        item("Epic Child", None, "PAY-3", now="10003"),
        item("status", None, "a custom field of that name", field_id="customfield_19999"),
        item("description", "one", "two", field_id="description"),
        item("Sprint", "A, B", "B, A", field_id=SPRINT, was="38, 40", now="38, 40"),
    ],
)
def test_a_dropped_item(entry: dict[str, Any]) -> None:
    kept = sides(entry)
    assert [side for side in kept if side[0] is not Field.ITERATION] == []
    assert all(old.id == new.id for _, old, new in kept)


def test_entries_come_in_any_order_twice_and_in_both_clocks() -> None:
    late = history(12, "2026-09-20T08:00:00.999+0800", item("status", "A", "B", field_id="status", was="1", now="2"))
    early = history(9, 1_789_862_400_000, item("status", "C", "A", field_id="status", was="3", now="1"))
    same = history(13, "2026-09-20T00:00:00.000+0000", item("status", "B", "C", field_id="status", was="2", now="3"))
    changes = read(same, late, early, late)
    assert [(c.history_id, c.ts) for c in changes] == [(9, 1_789_862_400), (12, 1_789_862_400), (13, 1_789_862_400)]


def test_the_actor_is_a_short_hash_and_may_be_unknown() -> None:
    status = item("status", "A", "B", field_id="status", was="1", now="2")
    known, unknown, other = read(
        history(1, MS, status, author="557058:abc"), history(2, MS, status), history(3, MS, status, author="x")
    )
    assert unknown.actor is None
    assert known.actor is not None
    assert len(known.actor) == 12
    assert known.actor != other.actor
    assert "557058" not in repr(known)
    assert "Somebody" not in repr(known)


def test_a_parent_written_twice_in_one_entry_is_one_change() -> None:
    changes = read(
        history(
            1,
            MS,
            item("Parent Link", None, "PAY-9", field_id=PARENT),
            item("IssueParentAssociation", None, "PAY-9", now="10009"),
        )
    )
    assert [(c.field, c.item, c.new) for c in changes] == [(Field.PARENT, 1, Value("10009", "PAY-9"))]


def test_a_parent_given_by_key_gets_the_id_that_is_known_elsewhere() -> None:
    (change,) = read(
        history(1, MS, item("Parent Link", None, "PAY-9", field_id=PARENT)),
        current={Field.PARENT: Value("10009", "PAY-9")},
    )
    assert change.new == Value("10009", "PAY-9")


def test_two_items_of_links_in_one_entry_are_two_changes() -> None:
    changes = read(
        history(1, MS, item("Link", None, "blocks A-1", now="A-1"), item("Link", "blocks A-2", None, was="A-2"))
    )
    assert [(c.item, c.old.id, c.new.id) for c in changes] == [(0, None, "A-1"), (1, "A-2", None)]


@pytest.mark.parametrize("created", [NOW, "1970-01-21T00:00:00Z", MS + 86_401_000, "soon", None, ""])
def test_an_impossible_date_ends_the_run(created: object) -> None:
    with pytest.raises(AbortSyncError):
        read(history(1, created, item("status", "A", "B", field_id="status", was="1", now="2")))


def test_versions_swapped_in_one_entry_fold_to_one_change() -> None:
    current = {Field.FIX_VERSION: value_of({"7": "R7", "8": "R8, final"})}
    changes = read(
        history(1, MS - 2000, item("Fix Version", None, "R6", field_id="fixVersions", now="6")),
        history(2, MS, item("Fix Version", "R6", None, field_id="fixVersions", was="6"),
                item("Fix Version", None, "R7", field_id="fixVersions", now="7"),
                item("Fix Version", None, "R8, final", field_id="fixVersions", now="8")),
        current=current,
    )  # fmt: skip
    assert [(c.old.id, c.new.id) for c in changes] == [(None, "6"), ("6", "7,8")]
    assert set_of(changes[1].new) == {"7": "R7", "8": "R8, final"}


def test_a_version_deleted_for_everyone_is_believed_while_it_was_there() -> None:
    (change,) = read(history(1, MS, item("Fix Version", None, "R6", field_id="fixVersions", now="6")))
    assert (change.old, change.new) == (EMPTY, Value("6", "R6"))


Sets = st.sets(st.integers(1, 6))


def deltas(name: str, field_id: str, old: Iterable[int], new: Iterable[int]) -> list[dict[str, Any]]:
    gone = [item(name, f"v{n}", None, field_id=field_id, was=str(n)) for n in set(old) - set(new)]
    come = [item(name, None, f"v{n}", field_id=field_id, now=str(n)) for n in set(new) - set(old)]
    return gone + come


@given(st.lists(Sets, min_size=1, max_size=8), st.randoms(use_true_random=False), st.sampled_from(
    [("Fix Version", "fixVersions", Field.FIX_VERSION), ("Component", "components", Field.COMPONENTS)]))  # fmt: skip
def test_folding_gives_the_whole_set_at_every_moment(
    sets: list[set[int]], random: Any, which: tuple[str, str, Field]
) -> None:
    name, field_id, field = which
    entries = []
    for number, (old, new) in enumerate(pairwise(sets), start=1):
        items = deltas(name, field_id, old, new)
        random.shuffle(items)
        entries.append(history(number, MS - 10_000_000 + number * 1000, *items))
    random.shuffle(entries)
    current = {field: value_of({str(n): f"v{n}" for n in sets[-1]})}
    changes = {change.history_id: change for change in read(*entries, current=current)}
    for number, (old, new) in enumerate(pairwise(sets), start=1):
        if old == new:
            assert number not in changes
            continue
        assert {int(n) for n in set_of(changes[number].old)} == old
        assert {int(n) for n in set_of(changes[number].new)} == new


@pytest.mark.parametrize(
    ("author", "written", "meant"),
    [
        ({"accountId": "557058:abc", "displayName": "lin"}, "557058:abc", True),
        ({"accountId": "557058:abc", "displayName": "lin"}, "lin", False),  # whoever likes is called so
        ({"key": "JIRAUSER10100", "name": "lin", "displayName": "Lin"}, "JIRAUSER10100", True),
        ({"key": "JIRAUSER10100", "name": "lin", "displayName": "Lin"}, "lin", True),
        ({"key": "JIRAUSER10200", "name": "eve", "displayName": "lin"}, "lin", False),
    ],
)
def test_an_approver_is_known_by_what_nobody_chooses(author: dict[str, str], written: str, meant: bool) -> None:
    labels = {"field": "labels", "fieldId": "labels", "fieldtype": "jira", "fromString": "", "toString": "waived"}
    (change,) = read({**history(1, MS, labels), "author": author})
    assert means(written, change.actor) is meant
