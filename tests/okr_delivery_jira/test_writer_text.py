"""Hostile text in a comment: Jira shows it as it stands, makes nothing of it and notifies nobody."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery.sync.writes import code, link
from okr_delivery_jira.writer_text import plain, shown, wiki

ESCAPED = re.compile(r"\\[^0-9A-Za-z\s\\]")
MARKUP = re.compile(
    r"""
    [*_+?^~|{}\[\]()!@#\\]             # every sign that opens or closes something
    | (?<![0-9A-Za-z])- | -(?![0-9A-Za-z])   # struck out, dashes, rules, lists
    | ^\s*(h[1-6]|bq)\.                # headings and quotes
    | ://|mailto:(?!\u2060)                  # addresses that become links by themselves
    | [:;][DPdp]\b                     # faces
    | &\#?[0-9A-Za-z]+;                         # signs by number or name
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
HOSTILE = [
    "[~admin] please approve", "[~accountid:557058:f58131cb-b67d-43c7-b30d-6b58d40bd077]", "@all", "/close @all",
    "{code}rm -rf{code}", "{noformat}", "{html}<script>alert(1)</script>{html}", "{color:red}red{color}",
    "{quote}", "!https://evil.example/pixel.png!", "!attached.png|thumbnail!", "[click|https://evil.example]",
    "[^secret.pdf]", "https://evil.example/", "HTTPS://EVIL.EXAMPLE", "mailto:ceo@example.com", "file://host/share",
    "h1. Approved", "  H2. Approved", "bq. Approved", "* item", "- item", "# item", "-- item", "----", "||a||b||",
    "|a|b|", "*bold* _it_ -gone- +new+ ^up^ ~down~ ??who?? {{mono}}", "\\\\", "a\\", "\\[~admin]", "\\\\[~admin]",
    "&#91;~admin]", "&lt;b&gt;", ":) ;) :D :P (y) (x) (!) (*r)", "one\n----\ntwo", "one\r\n* two", "one\u2028h1. two",
    "\x00[~a]\x1b[31m", "\u202eevil", "x" * 300 + "{", "目标-结果 [~admin]", "okr-delivery: other", "a---b", "-",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_left_that_jira_would_make_something_of(text: str) -> None:
    assert not MARKUP.search(ESCAPED.sub("é", wiki(text))), wiki(text)


def test_the_signs_looked_for_are_in_the_texts() -> None:
    assert len([text for text in HOSTILE if MARKUP.search(text)]) > len(HOSTILE) - 4


@given(st.text(st.sampled_from("ab1 .:;-/\\[]{}!*_~^+?#|()@&hHbqDP\n\r\t\u2028\u2060\u202e\x00é目"), max_size=60))
def test_nothing_is_left_of_any_text(text: str) -> None:
    assert not MARKUP.search(ESCAPED.sub("é", wiki(text))), wiki(text)


@given(st.text(max_size=80))
def test_every_word_is_still_there(text: str) -> None:
    def letters(part: str) -> list[str]:
        return re.findall(r"[0-9A-Za-z\u00c0-\u024f\u4e00-\u9fff]+", part)

    assert letters(shown(wiki(text))) == letters(plain(text.replace("\\", " ")))


def test_dates_and_keys_stay_readable() -> None:
    assert wiki("PAY-12 until 2026-11-18, 50 %, don't") == "PAY-12 until 2026-11-18, 50 %, don't"


def test_lines_stay_lines() -> None:
    assert wiki(" one \n\n two\r\nthree ") == "one\n\ntwo\nthree"


def test_titles_of_links_stand_on_one_line() -> None:
    assert plain("a\nb\x00\u202ec") == "a bc"


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        (f"paste {code('Contributes-to: GROW-KR1 +1pp')}", "paste {{Contributes-to: GROW-KR1 \\+1pp}}"),
        (code("{color:red} [~admin] `x`"), "{{\\{color:red\\} \\[\\~admin\\] x}}"),
        (code("a\n}} b\\"), "{{a \\}\\} b\u2216}}"),
        (f"写成{code('GROW')}吧", "写成GROW吧"),
        (code(""), "{{\\-}}"),
        (link("https://ci.acme.cn/-/pipelines?a=1"), "[https://ci.acme.cn/-/pipelines?a=1]"),
        (link("https://x.cn/a|b]"), "{{https:\u2060//x.cn/a\\|b\\]}}"),
        ("\ue000\ue001 \ue002javascript:x\ue003", "{{\\-}}"),
    ],
)
def test_what_stands_out_is_escaped_all_the_same(text: str, markup: str) -> None:
    assert wiki(text) == markup


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_left_in_code_that_jira_would_make_something_of(text: str) -> None:
    made = wiki(f"x {code(text)} y")
    assert made.startswith("x {{") and made.endswith("}} y")
    assert not MARKUP.search(ESCAPED.sub("é", f"x {made[4:-4]} y")), made
