"""YAML read with positions."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.config.document import Place, parse, scalar
from okr_delivery.model.errors import UserError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"), ("NO", "NO"), ("yes", "yes"), ("2026-10-10", "2026-10-10"), ("2026-10", "2026-10"),
        ("1_000", "1_000"), ("true", True), ("False", False), ("~", None), ("null", None), ("", None),
        ("012", 12), ("0o14", 12), ("0x1F", 31), ("-3", -3), ("1e3", 1000.0), (".5", 0.5), ("-.inf", float("-inf")),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    found = scalar(text, plain=True)
    assert (found, type(found).__mro__[-2]) == (value, type(value).__mro__[-2])
    assert scalar(text, plain=False) == text


def test_aliases_keep_positions_of_what_they_repeat() -> None:
    document = parse("base: &b {x: [1, 2]}\ncopy: *b\n", "f")
    assert document.data == {"base": {"x": [1, 2]}, "copy": {"x": [1, 2]}}
    assert document.where(("copy",)) == "f:2:7"
    assert document.where(("copy", "x", 1)) == "f:1:18"


def test_a_place_that_is_not_there_is_its_surroundings() -> None:
    assert parse("a:\n  b: 1\n", "f").where(("a", "c", 0)) == "f:2:3"


@pytest.mark.parametrize(
    ("text", "place", "where"),
    [
        ("cycle:\n", ("cycle",), "f:1:1"),
        ("cycle:  # later\n\nx: 1\n", ("cycle",), "f:1:1"),
        ("a:\n  b:\n  c: 1\n", ("a", "b"), "f:2:3"),
        ("a: {b: , c: 1}\n", ("a", "b"), "f:1:5"),
        ("a:\n  -\n  - x\n", ("a", 0), "f:2:4"),
        ("a: null\n", ("a",), "f:1:4"),
        ("a: ''\n", ("a",), "f:1:4"),
    ],
)
def test_a_value_that_is_left_out_is_where_its_key_is(text: str, place: Place, where: str) -> None:
    assert parse(text, "f").where(place) == where


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("a: 1\nb\nc: 2\n", "f:2:1", "config.yaml.missing_colon"),
        ("a: 1\nb: 2\nc\n", "f:3:1", "config.yaml.missing_colon"),
        ("a: 1\nb: 'x\nc: 2\n", "f:2:4", "config.yaml.quote"),
        ("a: [1, 2\n\n# the end\n", "f:1:4", "config.yaml.bracket"),
        ("a: [1, 2\nb: 3\n", "f:2:2", "config.yaml.bracket"),
        ("a: 1\n- b\n", "f:2:1", "config.yaml.indent"),
        ("# c\n- {a: 1}\n\n[]  # none\n", "f:4", "config.yaml.empty_list"),
        ("[]\n# c\n- {a: 1}\n", "f:1", "config.yaml.empty_list"),
    ],
)
def test_a_mistake_is_told_where_it_was_made(text: str, where: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text, "f")
    (problem,) = caught.value.problems
    assert (problem.where, problem.what.id) == (where, said)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        json.dumps(parse(text, "f").data)
    except UserError as error:
        assert all(problem.where is None or problem.where.startswith("f") for problem in error.problems)


WORDS = st.text(st.characters(categories=["L", "N", "P", "S"]) | st.just(" "), max_size=8)


@settings(deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
))  # fmt: skip
def test_json_is_yaml(value: object) -> None:
    assert parse(json.dumps(value, ensure_ascii=False), "f").data == value


def test_half_characters_are_refused() -> None:
    with pytest.raises(UserError) as caught:
        parse('a: "\\ud800"', "f")
    assert caught.value.problems[0].what.id == "config.yaml.character"
