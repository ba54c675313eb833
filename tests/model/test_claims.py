"""Properties of finding and reading contribution lines."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.model.claims import (
    MAX_LENGTH,
    MAX_LINES,
    claim_line,
    claim_lines,
    label_claim,
    number_text,
    parse_bare,
    parse_claims,
    plain,
)
from okr_delivery.model.contribution import StatedAs

PIECES = [
    "{{",
    "}}",
    "-",
    "…",
    "GROW KR1",
    "2026Q4/GROW-KR1",
    "and ",
    "-M-",
    ";\n",
    "Contributes-to",
    "contributes to",
    "贡献",
    "预期贡献",
    "Non-OKR",
    "非OKR",
    ":",
    "：",
    " ",
    "\n",
    "\t",
    "|",
    "||",
    ";",
    "；",
    "GROW-KR1",
    "2026Q4:GROW-KR1",
    "增长-KR2",
    "+1.5pp",
    "−12万",
    "10%",
    "60%",
    "把握60%",
    "@0.6",
    "M",
    "中",
    "特大",
    "?",
    "待定",
    "share 10%",
    "贡献度10%",
    "1,5",
    "1,200",
    "1 200",
    "1~2",
    "*",
    "**",
    "_",
    "+",
    "-",
    "–",
    "`",
    "```",
    "~~",
    "\\",
    "\\+",
    "{code}",
    "{quote}",
    "{color:red}",
    "{",
    "}",
    "[",
    "]",
    "[GROW-KR1|http://x]",
    "(http://x)",
    "&amp;",
    "&nbsp;",
    "&lt;",
    "&#58;",
    "amp;",
    "<b>",
    "</b>",
    "<br>",
    "<td>",
    "<del>",
    "</del>",
    "<!--",
    "-->",
    "<",
    ">",
    "bq. ",
    "h3. ",
    "1. ",
    "- [ ] ",
    "\u200b",
    "\xa0",
    "…",
    "n/a",
    "compliance",
    "合规",
    "等保",
    "because",
    "。",
    ".",
    ",",
    "(",
    ")",
    "'",
    '"',
    "/",
    "=",
    "k",
    "元",
    "％",
    "1",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
]
pasted = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@settings(max_examples=600, deadline=None)
@given(st.one_of(pasted, st.text(max_size=80).map(lambda text: f"Contributes-to: GROW-KR1 {text}")))
def test_finding_lines_twice_changes_nothing(text: str) -> None:
    lines = claim_lines(text)
    assert claim_lines(lines) == lines
    assert parse_claims(lines) == parse_claims(text)
    assert all(len(line) <= MAX_LENGTH for line in lines.split("\n"))


@settings(max_examples=300, deadline=None)
@given(pasted)
def test_every_line_is_told_read_or_refused(text: str) -> None:
    lines = [line for line in claim_lines(text).split("\n") if line]
    claims = parse_claims(text)
    assert len(claims) >= len(lines)
    for claim in claims:
        readable = claim.kr is not None or claim.non_okr is not None
        assert (claim.error is None) == readable or claim.error is not None


@settings(max_examples=300, deadline=None)
@given(pasted)
def test_what_is_offered_to_paste_can_be_read(text: str) -> None:
    for claim in parse_claims(text):
        if claim.paste and not claim.paste.endswith("…"):
            assert [better.error for better in parse_claims(claim.paste)].count(None) >= 1
            assert all(better.error is None for better in parse_claims(claim.paste)), claim.paste


@given(
    st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: round(value, 4)),
    st.one_of(st.none(), st.integers(0, 100).map(lambda value: value / 100)),
    st.booleans(),
)
def test_a_written_line_reads_as_it_was_meant(amount: float, confidence: float | None, chinese: bool) -> None:
    line = claim_line("GROW-KR1", number_text(amount, signed=True), confidence, chinese=chinese)
    (claim,) = parse_claims(line)
    assert (claim.kr, claim.stated_as, claim.error) == ("GROW-KR1", StatedAs.AMOUNT, None)
    assert claim.number == pytest.approx(amount)
    assert claim.confidence == (None if confidence is None else pytest.approx(confidence))


def test_reads_at_most_two_hundred_lines_of_five_hundred_characters() -> None:
    early = "\n".join(["x"] * (MAX_LINES - 1) + ["Contributes-to: GROW-KR1 M"])
    late = "\n".join(["x"] * MAX_LINES + ["Contributes-to: GROW-KR1 M"])
    assert claim_lines(early) == "Contributes-to: GROW-KR1 M"
    assert claim_lines(late) == ""
    assert claim_lines("x" * MAX_LENGTH + " Contributes-to: GROW-KR1 M") == ""
    many = "; ".join(f"G-KR{n} M" for n in range(200))
    claims = parse_claims(f"Contributes-to: {many}")
    assert claims[-1].error is not None
    assert claims[0].error is None


@pytest.mark.parametrize(
    "piece", ["{code:a}", "<!--", "<pre>", "~~x", "[a|", "Contributes-to: ", "&amp;", "\\", "- [ ] ", "贡献:"]
)
def test_hostile_text_takes_no_time(piece: str) -> None:
    text = "Contributes-to: X-1 M\n" + piece * (400_000 // len(piece))
    started = time.perf_counter()
    claim_lines(text)
    assert time.perf_counter() - started < 5


def test_a_field_without_keyword() -> None:
    assert parse_bare(plain("**GROW-KR1** ＋1.5pp")).number == 1.5
    alone = parse_bare(plain("－１２万"), "COST-KR2")
    assert (alone.kr, alone.number, alone.scale) == ("COST-KR2", -120000, "万")
    assert parse_bare("M", "COST-KR2").size == "M"
    assert parse_bare("much", "COST-KR2").error is not None


@pytest.mark.parametrize(
    ("label", "kr"),
    [
        ("kr:GROW-KR1", "GROW-KR1"),
        ("KR:GROW-KR1", "GROW-KR1"),
        ("kr::GROW-KR1", "GROW-KR1"),
        ("kr:2026Q4:GROW-KR1", "2026Q4:GROW-KR1"),
        ("kr:", None),
        ("krone", None),
        ("backend", None),
    ],
)
def test_label(label: str, kr: str | None) -> None:
    assert label_claim(label, ("kr:", "kr::")) == kr


@pytest.mark.parametrize("part", ["GROW-KR1 +1 ", "okr A-1.b-", "GROW-KR1, ", "贡献 GROW-KR1 1% "])
def test_a_field_with_thousands_of_claims_is_refused_and_breaks_nothing(part: str) -> None:
    read = parse_bare(part * 5000)
    assert read.error is not None
    assert len(read.text) <= MAX_LENGTH + 50
