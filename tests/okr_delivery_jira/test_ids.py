"""Ids in little memory: in numeric order, each once, as they were written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from okr_delivery_jira.ids import Ids
from okr_delivery_jira.text import by_number

TEXTS = st.one_of(st.integers(0, 10**20).map(str), st.sampled_from(["007", "", "x9", "٣", "10001"]))


@given(st.lists(TEXTS), st.integers(-5, 30), st.integers(-5, 30))
def test_they_are_sorted_and_unique_and_cut_like_a_list(texts: list[str], start: int, end: int) -> None:
    ids = Ids(texts)
    assert sorted(ids, key=by_number) == sorted(set(texts), key=by_number)
    assert [len(ids), ids[start:end]] == [len(set(texts)), list(ids)[start:end]]
    assert all(ids[place] == text for place, text in enumerate(ids))


def test_numbers_come_in_numeric_order_whatever_order_they_came_in() -> None:
    assert list(Ids(["10", "9", "10", "100"])) == ["9", "10", "100"]
    assert list(Ids(["9", "10", "100"])) == ["9", "10", "100"]
