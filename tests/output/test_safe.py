from __future__ import annotations

import csv
import io
from xml.etree import ElementTree

import defusedxml.ElementTree
import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery.model.message import Message, msg
from okr_delivery.output import safe

HOSTILE = [
    "/close @all",
    "<script>alert(1)</script>",
    "::error file=x::boom",
    "##[error]boom",
    "##vso[task.setvariable variable=a]b",
    "]]>",
    "%0A::error::x",
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "a\x1b[2Jb",
    "a\r\n::error::b",
    "a\u202etxt.exe",
    "a\u2028/close",
    "tab\there",
    "`` ` ```",
    "\x00\x08\x0b\ufffe\ud800",
    "",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_terminal_gets_one_line_without_control_characters(title: str) -> None:
    shown = safe.terminal(title)
    assert len(shown.splitlines()) <= 1
    assert len(shown) == len(title)  # each hidden character leaves a visible mark
    assert all(char.isprintable() or char == "\ufffd" for char in shown)
    shown.encode("utf-8")


def test_a_terminal_shows_the_mark_for_escape_and_reordering() -> None:
    assert safe.terminal("a\x1b[31mb\u202ec\u2066d\x9be") == "a\ufffd[31mb\ufffdc\ufffdd\ufffde"
    assert safe.terminal("中文 <script> %0A ok") == "中文 <script> %0A ok"


@pytest.mark.parametrize("title", ["##[error]x", "see ##vso[task.complete]", "##TeamCity[x]"])
def test_a_build_server_command_is_broken(title: str) -> None:
    assert "##" not in safe.terminal(title)


@pytest.mark.parametrize("title", ["::error::x", "  ::stop-commands::x", "::", "\u3000::add-mask::x"])
def test_a_line_never_begins_as_a_command(title: str) -> None:
    shown = safe.terminal(title)
    assert not shown.strip().startswith("::") and len(shown) == len(title)


def test_two_signs_in_prose_stay() -> None:
    assert safe.terminal("see ## heading") == "see ## heading"
    assert safe.terminal("kr::GROW-KR1") == "kr::GROW-KR1"


@pytest.mark.parametrize("title", HOSTILE)
def test_markdown_is_one_code_span_that_nothing_ends(title: str) -> None:
    shown = safe.markdown(title)
    assert shown.startswith("`") and shown.endswith("`") and shown.count("`") == 2
    assert len(shown.splitlines()) == 1
    assert not shown.startswith("/")


@pytest.mark.parametrize("title", HOSTILE)
def test_xml_survives_a_round_trip(title: str) -> None:
    element = ElementTree.Element("a", {"name": safe.xml(title)})
    element.text = safe.xml(title)
    parsed = defusedxml.ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8"))
    assert (parsed.text or "").replace("\r\n", "\n") == safe.xml(title).replace("\r\n", "\n")


@given(st.text())
def test_xml_of_any_text_parses(text: str) -> None:
    element = ElementTree.Element("a")
    element.text = safe.xml(text)
    defusedxml.ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8"))


@pytest.mark.parametrize("title", HOSTILE)
def test_a_csv_cell_is_never_a_formula(title: str) -> None:
    cell = safe.csv_cell(title)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell.removeprefix("'") == title
    out = io.StringIO()
    csv.writer(out).writerow([safe.xml(cell)])
    assert next(csv.reader(io.StringIO(out.getvalue(), newline=""))) == [safe.xml(cell)]


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://acme.atlassian.net/browse/PAY-1", True),
        ("https://ACME.atlassian.net/browse/PAY-1", True),
        ("https://evil.example/browse/PAY-1", False),
        ("https://acme.atlassian.net@evil.example/", False),
        ("https://acme.atlassian.net.evil.example/", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//acme.atlassian.net/x", False),
        ("https://acme.atlassian.net/\n::error::x", False),
        ("https://acme.atlassian.net/a b", False),
        (None, False),
    ],
)
def test_links_stay_on_the_sources_own_host(url: str | None, same: bool) -> None:
    assert safe.link(url, "https://acme.atlassian.net") == (url if same else None)


@pytest.mark.parametrize(
    ("text", "ident", "expected"),
    [
        ("PAY Sprint 27", "42", "pay-sprint-27-42"),
        ("../../etc/passwd", "7", "etc-passwd-7"),
        ("三步结账", "9", "9"),
        ("Crème brûlée", "", "creme-brulee"),
        ("...", "", "x"),
        ("a" * 200, "1", "a" * 60 + "-1"),
    ],
)
def test_files_are_named_by_a_slug_and_an_id(text: str, ident: str, expected: str) -> None:
    assert safe.slug(text, ident) == expected


@given(st.text(), st.text())
def test_a_slug_is_always_a_plain_name(text: str, ident: str) -> None:
    assert set(safe.slug(text, ident)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert safe.slug(text, ident)


def test_a_messages_parameters_are_cleaned_and_its_id_is_not() -> None:
    dirty = msg("x", title="a\nb", inner=msg("y", title="\x1b"), many=(msg("z", t="\r"), msg("z", t="ok")), n=3)
    clean = safe.message(dirty, safe.terminal)
    assert clean.params["title"] == "a\ufffdb"
    assert clean.params["inner"] == Message("y", {"title": "\ufffd"})
    assert clean.params["many"] == (Message("z", {"t": "\ufffd"}), Message("z", {"t": "ok"}))
    assert clean.params["n"] == 3
