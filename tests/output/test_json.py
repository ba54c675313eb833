"""What every JSON document has in common."""

from __future__ import annotations

import json

import pytest

from okr_delivery.output.json import dumps

HOSTILE = "\x1b[31m \x9b2J \u202e \u2028 \ufeff \ud800 \x7f \x00"


def test_nothing_in_a_document_is_obeyed_by_a_terminal_and_nothing_is_lost() -> None:
    text = dumps({"title": HOSTILE, "需求": "缩短"})
    assert json.loads(text) == {"title": HOSTILE, "需求": "缩短"}
    assert "缩短" in text
    assert all(char == "\n" or char.isprintable() for char in text)


def test_no_number_that_json_lacks() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps({"value": float("nan")})
