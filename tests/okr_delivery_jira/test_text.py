"""Values as text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery_jira import text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5.0, "5"), ("5.00", "5"), (5, "5"), ("13", "13"), (0, "0"), ("-0.0", "0"), (0.1, "0.1"), ("1E+2", "100"),
        (100, "100"), (" 8 ", "8"), (None, None), ("", None), ("many", None), (True, None), (math.nan, None),
        ("inf", None),
    ],
)  # fmt: skip
def test_a_number_has_one_spelling(value: object, expected: str | None) -> None:
    assert text.number(value) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_its_spelling(value: float) -> None:
    spelled = text.number(value)
    assert spelled is not None
    assert float(spelled) == value
    assert text.number(spelled) == spelled


@given(st.lists(st.integers(0, 10**9)))
def test_id_lists_are_sets_in_numeric_order(ids: list[int]) -> None:
    expected = tuple(str(number) for number in sorted(set(ids)))
    assert text.id_list(", ".join(map(str, ids))) == expected
    assert text.id_list("[" + ",".join(map(str, reversed(ids))) + "]") == expected


@pytest.mark.parametrize("value", [None, "", "[]", " , ", 17, ["17"]])
def test_no_id_list(value: object) -> None:
    assert text.id_list(value) == ()


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8)))
def test_labels_of_a_body_and_of_a_history_agree(labels: list[str]) -> None:
    assert text.words(labels) == text.words(" ".join(reversed(labels)))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("GROW-KR1", "GROW-KR1"),
        (1.50, "1.5"),
        ({"self": "https://x.example.com", "value": "GROW-KR1", "id": "10"}, "GROW-KR1"),
        ([{"value": "GROW-KR1"}, {"value": "GROW-KR2"}], "GROW-KR1; GROW-KR2"),
        (["GROW-KR1", "GROW-KR2"], "GROW-KR1; GROW-KR2"),
        ({"value": "Growth", "child": {"value": "KR1"}}, "Growth / KR1"),
        ({"accountId": "abc", "displayName": "Someone", "name": "someone"}, None),
        ({"key": "JIRAUSER10047", "displayName": "Someone", "name": "someone"}, None),  # Data Center
        ([{"key": "JIRAUSER10047", "displayName": "Someone", "name": "someone"}], None),
        (" \t\r\n\u3000", None),
        ([], None), ({}, None), ("", None), (None, None), (True, None),
    ],
)  # fmt: skip
def test_any_field_reads_as_text(value: object, expected: str | None) -> None:
    assert text.of_value(value) == expected


@pytest.mark.parametrize(
    ("shown", "kind", "ids", "expected"),
    [
        ("70.0", "number", None, "70"),
        ("GROW-KR2 GROW-KR1", "words", None, "GROW-KR2; GROW-KR1"),
        ("GROW-KR1,GROW-KR2", "options", "[10, 11]", "GROW-KR1; GROW-KR2"),
        ("Orders, refunds", "options", "[10]", "Orders, refunds"),
        ("GROW-KR1 +1.5pp", "text", None, "GROW-KR1 +1.5pp"),
        ("", "text", None, None),
        (" \r\n", "text", None, None),
        ("Someone", "people", "someone", None),
    ],
)
def test_a_side_of_the_history_reads_like_the_current_value(
    shown: str, kind: str, ids: str | None, expected: str | None
) -> None:
    assert text.of_history(shown, kind, ids) == expected


def test_a_rich_text_document_becomes_lines_with_fences() -> None:
    def paragraph(*words: str) -> dict[str, object]:
        return {"type": "paragraph", "content": [{"type": "text", "text": word} for word in words]}

    document = {
        "type": "doc",
        "version": 1,
        "content": [
            paragraph("Contributes-to: ", "GROW-KR1 +1.5pp"),
            {"type": "bulletList", "content": [{"type": "listItem", "content": [paragraph("贡献: OPS-KR3")]}]},
            {"type": "codeBlock", "content": [{"type": "text", "text": "Contributes-to: NOT-THIS +1"}]},
            {"type": "paragraph", "content": [
                {"type": "text", "text": "one"}, {"type": "hardBreak"}, {"type": "inlineCard", "attrs": {"url": "u"}},
                {"type": "mention", "attrs": {"id": "1", "text": "@Someone"}},
            ]},
        ],
    }  # fmt: skip
    assert text.flatten(document).split("\n") == [
        "Contributes-to: GROW-KR1 +1.5pp", "贡献: OPS-KR3",
        "{code}", "Contributes-to: NOT-THIS +1", "{code}", "one", "u",
    ]  # fmt: skip
    assert text.flatten({"type": "doc", "content": [None, 3, {"type": "text"}]}) == ""
