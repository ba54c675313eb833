"""Markdown: what people typed stands in code spans, and no line begins with it."""

from __future__ import annotations

import re

import pytest

from okr_delivery.locale import LANGS, translator
from okr_delivery.report import markdown
from tests.report import scenario


@pytest.fixture(params=LANGS)
def hostile(request: pytest.FixtureRequest) -> str:
    return markdown.render(scenario.view(request.param, hostile=True), translator(request.param))


def outside(text: str) -> str:
    """The text without its code spans and without the addresses behind them."""
    return re.sub(r"\]\(<https://acme[^>]*>\)", "]", re.sub(r"`[^`\n]*`", "", text))


def test_hostile_text_stays_in_code_spans(hostile: str) -> None:
    rest = outside(hostile)
    assert "`" not in rest
    assert not re.search(r"script|alert|/close|javascript|<", rest)
    assert "@" not in rest and "\x1b" not in hostile and "\u202e" not in hostile


def test_no_line_begins_with_a_command(hostile: str) -> None:
    assert all(re.match(r"$|[#*|\w\u4e00-\u9fff-]", line) for line in hostile.splitlines())
    assert not any(line.startswith("/") for line in hostile.splitlines())


def test_links_only_to_the_source(hostile: str) -> None:
    links = re.findall(r"\]\(<([^>]*)>\)", hostile)
    assert links and all(link.startswith(scenario.SITE + "/browse/") for link in links)
    assert "evil" not in hostile


def test_tables_have_as_many_cells_as_columns(hostile: str) -> None:
    for block in re.findall(r"(?:^\|.*\n)+", hostile, re.MULTILINE):
        assert len({line.count(" | ") for line in block.splitlines()}) == 1


def test_a_reason_in_a_sentence_holds_no_mark_up() -> None:
    assert markdown._flat("a\n<b> [x](y) `c` @all | d") == "a &lt;b> \\[x](y) 'c' &#64;all ¦ d"
