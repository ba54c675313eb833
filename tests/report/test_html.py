"""The page: self-contained, safe with hostile text, small, whole without pictures."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from okr_delivery.locale import LANGS, translator
from okr_delivery.report import charts, html
from okr_delivery.report.view import document
from tests.report import scenario

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Tags with their attributes, all text, and whether every element was closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(name)) is not None]


@pytest.fixture(scope="module", params=LANGS)
def page(request: pytest.FixtureRequest) -> str:
    return html.render(scenario.view(request.param), translator(request.param))


@pytest.fixture(scope="module")
def hostile() -> str:
    return html.render(scenario.view("en", hostile=True), translator("en"))


def test_well_formed_with_one_title_and_a_language(page: str) -> None:
    parsed = Page(page)
    assert parsed.open == []
    assert Counter(tag for tag, _ in parsed.tags)["h1"] == 1
    assert parsed.values("lang")[0] in {"en", "zh-Hans"}
    assert all(n == 1 for n in Counter(parsed.values("id")).values())
    assert set(parsed.values("aria-labelledby")) <= set(parsed.values("id"))


def test_headings_never_skip_a_level(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(page).tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_nothing_is_fetched_and_nothing_runs(page: str) -> None:
    parsed = Page(page)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in parsed.tags}
    assert not [name for _, attrs in parsed.tags for name in attrs if name.startswith("on")]
    assert "default-src 'none'" in page
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", page))
    assert {a for a in addresses if not a.startswith(scenario.SITE + "/")} == {"http://www.w3.org/2000/svg"}
    assert "@import" not in page and not re.search(r"url\((?!#)", page)


def test_four_kinds_of_charts_each_with_n_definition_and_table(page: str) -> None:
    kinds = re.findall(r'<svg [^>]*class="chart ([a-z-]+)"', page)
    assert Counter(kinds) == {"pace": 2, "say-do": 1, "scatter": 1, "flow": 1}
    for figure in re.findall(r"<figure.*?</figure>", page, re.DOTALL):
        assert re.search(r"n = \d+ ·", figure) and "<details>" in figure and "<table>" in figure
        assert "2026-11-20" in figure


def test_chinese_text_is_drawn_as_text() -> None:
    page = html.render(scenario.view("zh"), translator("zh"))
    svgs = "".join(re.findall(r"<svg .*?</svg>", page, re.DOTALL))
    assert ">46 天</text>" in svgs and "font-family" not in svgs and "Noto Sans CJK SC" in page


def test_hostile_titles_are_text_and_links_leave_only_to_the_source(hostile: str) -> None:
    parsed = Page(hostile)
    assert "script" not in {tag for tag, _ in parsed.tags}
    assert parsed.open == []
    assert "alert(" in "".join(parsed.texts)
    assert "\x1b" not in hostile and "\u202e" not in hostile
    targets = [a["href"] or "" for tag, a in parsed.tags if tag == "a" and "href" in a]
    assert {t for t in targets if not t.startswith("#")} and all(
        t.startswith((scenario.SITE + "/browse/PAY-", "#")) for t in targets
    )
    assert not any("PAY-100" in t or "PAY-101" in t for t in targets if "evil" in t or t.startswith("javascript"))


def test_confidential_issues_appear_by_key_only(page: str) -> None:
    lang = "zh" if "zh-Hans" in page else "en"
    title = scenario.TEXTS[lang]["titles"][4]
    assert "PAY-104" in page and title not in page


def test_nobody_is_named_but_who_is_asked(page: str) -> None:
    """Who amended a target stands in the arithmetic of its key result and is no figure of anybody's work."""
    bare = re.sub(r'<p class="pre">.*?</p>', "", page, flags=re.DOTALL)
    assert len(re.findall(r"\blin\b", bare)) == len(re.findall(r"asked: lin|请 lin 给出", bare)) == 4
    assert "wang" not in bare and "bi-team" not in bare


def test_a_long_history_stays_small() -> None:
    page = html.render(scenario.view("en", points=5000), translator("en"))
    assert len(page.encode()) <= 800_000
    assert len(re.findall(r'aria-label="PAY-\d+, [A-Z]', page)) == 400
    assert "darker = more: 4600." in page


def test_without_the_charts_extra_the_tables_stay_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "available", lambda: False)
    page = html.render(scenario.view("en"), translator("en"))
    assert "<svg" not in page and page.count("<details open>") == 5
    assert "pip install &#39;okr-delivery[charts]&#39;" in page


def test_several_iterations_in_one_document() -> None:
    report = document([scenario.view("en"), scenario.view("en", hostile=True)])
    page = html.render(report, translator("en"))
    parsed = Page(page)
    assert all(n == 1 for n in Counter(parsed.values("id")).values())
    assert [a["href"] for tag, a in parsed.tags if tag == "a"][1:3] == ["#iteration-1", "#iteration-2"]
