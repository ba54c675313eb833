"""YAML read with positions."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.config.document import parse, scalar
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
