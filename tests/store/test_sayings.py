"""What issues ever held is found for many of them at once, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from okr_delivery.model.work import Change, Field, Link, Value
from okr_delivery.store import Store, open_store
from tests.store.builders import issue

FIELDS = (Field.LABELS, Field.CLAIM_LINES, Field.LINK, Field.PARENT)
LINE = Value(None, "Contributes-to: GROW-KR1 M")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url, ledger=None) as opened:
        yield opened


def written(store: Store) -> None:
    now = {Field.LABELS: Value(None, "web kr:A"), Field.STATUS: Value("3", "Doing")}
    first = replace(
        issue("1", "PAY-1"), history_complete=True, current=now, links=(Link("relates", "OKR-1", "KR one"),)
    )
    other = {Field.LABELS: Value(None, "web"), Field.PARENT: Value("9", "PAY-0")}
    second = replace(issue("2", "PAY-2"), parent_id=None, parent_key=None, links=(), current=other)
    before = [
        Change("1", 1, 0, 50, Field.CLAIM_LINES, LINE, Value()),
        Change("1", 2, 0, 60, Field.LABELS, Value(None, "api"), Value(None, "kr:B")),
        Change("1", 3, 0, 70, Field.STATUS, Value("1", "To Do"), Value("3", "Doing")),
        Change("2", 4, 0, 80, Field.PARENT, Value("5", "PAY-5"), Value("9", "PAY-0")),
    ]
    with store.page("jira") as tx:
        tx.put_issues([first, second, issue("3", "PAY-3")])
        tx.put_changes(["1", "2"], before)
        for ref in ("1", "2"):
            tx.see_claims({ref: (f"PAY-{ref}", "pay", {Field.CLAIM_LINES: f"seen {ref}"})}, 90)


def said(store: Store, marks: tuple[str, ...] = (), *, seen: bool = False) -> set[tuple[str, str, str | None]]:
    found = store.ever_said("jira", ["1", "2", "404"], FIELDS, marks=marks, seen=seen)
    return {(ref, one.field.name, one.value.id or one.value.name) for one in found for ref in one.ids}


EVER = {
    ("1", "CLAIM_LINES", LINE.name),
    ("1", "LABELS", "kr:B"),
    ("1", "LABELS", "web kr:A"),
    ("1", "LINK", "OKR-1"),
    ("1", "PARENT", "9"),
    ("2", "PARENT", "5"),
    ("2", "PARENT", "9"),
    ("2", "CLAIM_LINES", "seen 2"),  # its history is not whole
}


def test_all_that_fields_hold_and_held(store: Store) -> None:
    written(store)
    assert {one for one in said(store) if one[2] is not None} == EVER | {("1", "LABELS", "api"), ("2", "LABELS", "web")}


def test_of_labels_only_those_with_a_mark(store: Store) -> None:
    written(store)
    """A change that has one on either side is told with both."""
    found = {one for one in said(store, (":", "%")) if one[2] is not None}
    assert found == EVER | {("1", "LABELS", "api")}


def test_what_syncs_saw_of_all_when_asked(store: Store) -> None:
    written(store)
    assert said(store, seen=True) - said(store) == {("1", "CLAIM_LINES", "seen 1")}
