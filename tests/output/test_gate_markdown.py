from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from string import Formatter
from typing import Any

import pytest
from hypothesis import assume, given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from okr_delivery.gate.finding import Finding, Severity, Suggestion
from okr_delivery.gate.result import GateResult, Judged
from okr_delivery.locale import LANGS, translator
from okr_delivery.locale.catalogue import catalogue
from okr_delivery.model.message import msg
from okr_delivery.model.text import one_line
from okr_delivery.output import gate_comment, gate_markdown
from tests.gate.world import World
from tests.output.company import company
from tests.output.findings import TYPED, URL, answer, blind, finding, many, texts, typed, waived

PARSER = MarkdownIt("commonmark").enable("table")
SPAN = re.compile(r"`[^`\n]*`")


def write(result: GateResult, lang: str = "en") -> str:
    return gate_markdown.write(result, translator(lang))


def tokens(text: str) -> Iterator[Token]:
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def skeleton(text: str) -> str:
    """What is left when everything in code is taken away: no text that a person typed may change it."""
    blocks = re.sub(r"^```text\n.*\n```$", "[block]", text, flags=re.MULTILINE)
    return SPAN.sub("[code]", blocks)


def test_the_whole_of_it() -> None:
    late = Judged("jira", "PAY-1", "payments", "fang", ready=False)
    text = write(answer(finding(), waivers=[waived(finding("PAY-2"))], judged=(late,)))
    assert text == (
        "## Gate: not passed\n"
        "\n"
        "- errors 1, warnings 0, info 0, waived 1\n"
        "- 0 of 1 ready; to fix: `PAY-1` (`fang`)\n"
        "\n"
        "- Gate up to stage intake, as of 2026-11-18T11:06:40+00:00\n"
        "\n"
        "| severity | requirement | rule | what is wrong |\n"
        "|---|---|---|---|\n"
        f"| error | [`PAY-1`](<{URL}>) `Three steps` (by `fang`) |"
        " KR101 missing-key-result | It names no key result. |\n"
        "\n"
        "### What to do\n"
        "\n"
        f"**[`PAY-1`](<{URL}>)**\n"
        "\n"
        "- KR101 missing-key-result\n"
        "- suggested: `GROW-KR1` (its parent `PAY-9` contributes to it)\n"
        "- Put the line into the description, or set the key-result field or a label `kr:<id>`.\n"
        "- Check again: `okr-delivery gate --issue PAY-1 --sync`\n"
        "\n"
        "```text\n"
        "Contributes-to: GROW-KR1 M\n"
        "```\n"
        "\n"
        "**Waived**\n"
        "\n"
        "- `PAY-2` KR101 missing-key-result: until 2026-12-15 by `lin`: `regulatory fix`\n"
    )


def test_the_same_in_chinese() -> None:
    text = write(answer(finding(alternative="Non-OKR: <debt|run> …", help=msg("gate.recheck", command="x"))), "zh")
    assert text.startswith("## 门禁检查：未通过\n")
    assert "```text\n贡献: GROW-KR1 中\n```" in text and "Contributes-to" not in text


def test_passed_is_short() -> None:
    assert write(answer()).splitlines()[:4] == [
        "## Gate: passed",
        "",
        "- errors 0, warnings 0, info 0, waived 0",
        "- 0 of 0 ready",
    ]


def test_no_verdict_is_the_first_thing_that_is_said() -> None:
    assert write(blind()).splitlines()[:5] == [
        "## Gate: no verdict",
        "",
        "**No verdict**",
        "",
        "- `mobile`: `west` was never synced to its end. Run: `okr-delivery sync west`",
    ]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("text", TYPED, ids=range(len(TYPED)))
def test_typed_text_stands_in_code_and_nowhere_else(text: str, lang: str) -> None:
    result = answer(typed(text), waivers=[waived(typed(text), reason=text)])
    shown = write(result, lang)
    found = list(tokens(shown))
    assert not [token for token in found if token.type in ("html_inline", "html_block", "image")]
    assert {token.attrs["href"] for token in found if token.type == "link_open"} == {URL}
    assert sum(token.type == "tr_open" for token in found) == 2
    assert sum(token.type == "td_open" for token in found) == 4
    assert sum(token.type == "fence" for token in found) == 1
    plain = " ".join(token.content for token in found if token.type == "text")
    for mark in ("/close", "::error", "##[", "evil", "script", "img", "100%0A", "xxx", "lone", "@all"):
        assert mark not in plain
    assert not any(line.lstrip().startswith("/") for line in shown.splitlines())
    assert not set("\r\x1b\x07\u202e\u2066\x9b\x00\ud83d") & set(shown)


@given(texts)
@settings(deadline=None)
def test_no_text_changes_anything_around_it(text: str) -> None:
    tamed = one_line(text).replace("\ufffd", "").replace("`", "").strip()
    assume(not re.fullmatch(r"[0-9.,:-]*", text))
    typed_, harmless = answer(typed(text), waivers=[waived(typed(text), text)]), typed("a b")
    shown = write(typed_)
    assert skeleton(shown) == skeleton(write(answer(harmless, waivers=[waived(harmless, "a b")])))
    codes = [token.content for token in tokens(shown) if token.type == "code_inline"]
    assert tamed.replace("|", "¦") in codes or not tamed


def test_text_that_stands_in_code_of_ours_stays_in_it() -> None:
    fix = msg("gate.kr206.fix_label", scope="priority")
    assert "- Add a label of the scope `priority`, as other issues" in write(answer(finding(help=fix)))


QUOTING = sorted(name for name, text in catalogue("en").items() if "!r}" in text)


@pytest.mark.parametrize("lang", LANGS)
def test_what_a_text_of_ours_quotes_stands_in_code_too(lang: str) -> None:
    """Configuration errors quote what stands in the file; no mark of the writers' own is ever seen."""
    assert "config.unknown_key" in QUOTING
    for name in QUOTING:
        fields = [field for _, field, _, _ in Formatter().parse(catalogue(lang)[name]) if field]
        said = finding(message=msg(name, **dict.fromkeys(fields, "bo'gus")))
        comment = "\n".join(gate_comment.shown(gate_comment.write([said], "okr-gate", translator(lang))))
        for shown in (write(answer(said), lang), comment):
            assert "`bo'gus`" in shown, name
            assert not set("\ue000\ue001") & set(shown) and "ue00" not in shown, name


def test_numbers_and_days_need_no_code() -> None:
    asked = finding(message=msg("gate.wvr003.message", rule="KR101", entity="PAY-1", expires="2026-11-20"))
    assert "ends on 2026-11-20." in write(answer(asked))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a.cn/b) [x](https://evil.cn", "//evil", "", None])
def test_a_key_without_an_address_that_can_be_trusted_is_no_link(url: str | None) -> None:
    shown = write(answer(finding(url=url)))
    assert "](" not in shown and "evil" not in shown and "| error | `PAY-1` `Three steps`" in shown


def test_foreign_hosts_are_no_links(world: World) -> None:
    from tests.gate.world import issue

    world.synced(issue(1, "", url="https://evil.example/browse/PAY-1"))
    assert "](" not in write(world.gate())


def test_long_lists_are_cut_and_counted() -> None:
    late = tuple(Judged("jira", f"PAY-{n}", "payments", "x" * 60, ready=False) for n in range(300))
    shown = write(replace(many(300), judged=late))
    rows = [line for line in shown.splitlines() if line.startswith("| error")]
    assert len(rows) == 40 and "and 260 more" in shown and "and 290 more" in shown
    assert shown.count("```text") == 10
    assert len(shown) < 65_536  # what GitHub takes as a comment
    assert "`PAY-9` (`" in shown and "`PAY-10` (`" not in shown


def test_long_titles_stay_readable() -> None:
    shown = write(answer(*(typed("標" * 300) for _ in range(100))))
    assert max(map(len, shown.splitlines())) < 1500
    assert len(shown) < 65_536


def known(*found: Finding) -> str:
    result = answer(*found)
    n = sum(one.baselined for one in found)
    return write(replace(result, summary=replace(result.summary, baselined=n)))


def test_what_is_in_the_baseline_is_listed_folded_and_asks_for_nothing() -> None:
    old = finding("PAY-7", baselined=True)
    again = replace(old, rule="KR205", name="missing-estimate", severity=Severity.WARNING)
    text = known(old, again, finding("PAY-8", title=None, url=None, baselined=True), finding("PAY-2"))
    above, folded = text.split("<details>")
    assert "PAY-7" not in above and "`PAY-2`" in above
    assert "waived 0, known 3\n" in above
    assert folded == (
        "<summary>Known before, in the baseline, and failing nothing: 3</summary>\n\n"
        f"- [`PAY-7`](<{URL}>) `Three steps`: KR101 missing-key-result, KR205 missing-estimate\n"
        "- `PAY-8`: KR101 missing-key-result\n\n"
        "</details>\n"
    )


def test_a_long_baseline_is_cut_and_counted() -> None:
    text = known(*(finding(f"PAY-{n}", title="標" * 300, baselined=True) for n in range(500)))
    assert text.count("missing-key-result") == 40 and "- and 460 more\n\n</details>" in text


@pytest.mark.parametrize("text", TYPED, ids=range(len(TYPED)))
def test_typed_text_of_the_baseline_stands_in_code_too(text: str) -> None:
    shown = known(replace(typed(text), baselined=True))
    page = PARSER.parse(shown)
    assert [token.content.strip() for token in page if token.type == "html_block"] == [
        "<details><summary>Known before, in the baseline, and failing nothing: 1</summary>",
        "</details>",
    ]
    assert not any(token.type in ("html_inline", "image") for token in tokens(shown))
    assert {token.attrs["href"] for token in tokens(shown) if token.type == "link_open"} == {URL}
    assert skeleton(shown) == skeleton(known(replace(typed("a b"), baselined=True)))


def test_two_suggestions_stand_one_below_the_other() -> None:
    two = (*finding().suggestions, Suggestion("COST-KR2", msg("gate.suggest.goal", iteration="PAY S28")))
    text = write(answer(finding(suggestions=two)))
    assert "- suggested: `GROW-KR1` (its parent `PAY-9` contributes to it)\n- or: `COST-KR2` (the goal of" in text


@pytest.mark.parametrize("lang", LANGS)
def test_a_whole_company(world: World, lang: str) -> None:
    result: Any = company(world).gate()
    shown = write(result, lang)
    found = list(tokens(shown))
    assert sum(token.type == "tr_open" for token in found) == len(result.findings) + len(result.waiver_problems) + 1
    assert "Secret" not in shown and not any(token.type.startswith("html") for token in found)


def test_waivers_with_problems_name_their_line(world: World) -> None:
    shown = write(replace(company(world).gate(), findings=()))
    assert "- see `okr-delivery.waivers.yaml:2`" in shown and "`KR205 PAY-51`" in shown
