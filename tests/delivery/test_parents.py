"""Parents that are named by key alone."""

from __future__ import annotations

from dataclasses import replace

from okr_delivery.delivery.parents import adopted, nameless
from okr_delivery.model.work import EMPTY, Field, Issue, Value

EPIC = Issue("jira", "1", "PAY-1", "9", "PAY", "7", "Epic", False, "Checkout", 10, 20)
STORY = replace(EPIC, id="2", key="PAY-2", type="Story", title="Pay later")


def by_key(key: str) -> Issue:
    return replace(STORY, parent_key=key, current={Field.PARENT: Value(None, key)})


def test_keys_of_parents_without_an_id_are_asked_for_once() -> None:
    known = replace(STORY, parent_id="1", parent_key="PAY-9")
    assert nameless([EPIC, by_key("PAY-1"), by_key("PAY-1"), by_key("OLD-4"), known]) == ["PAY-1", "OLD-4"]


def test_a_parent_is_found_by_its_key() -> None:
    epic, story = adopted([EPIC, by_key("PAY-1")], {"PAY-1": "1"})
    assert epic is EPIC
    assert story.parent_id == "1"
    assert story.value(Field.PARENT) == Value("1", "PAY-1")


def test_a_parent_is_found_by_a_former_key() -> None:
    assert adopted([EPIC, by_key("OLD-4")], {"OLD-4": "1"})[1].parent_id == "1"


def test_a_parent_outside_the_source_stays_without_an_id() -> None:
    story = by_key("ELSE-1")
    assert adopted([EPIC, story], {})[1] is story


def test_what_names_its_parent_by_id_or_has_none_stays() -> None:
    known = replace(STORY, parent_id="1", parent_key="PAY-1")
    assert adopted([EPIC, known, STORY], {}) == [EPIC, known, STORY]
    assert STORY.value(Field.PARENT) == EMPTY
