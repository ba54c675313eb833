"""Hostile tracker text on one line, in a code span, as a link."""

from __future__ import annotations

import pytest

from okr_delivery.model.text import code_span, one_line, own_link

SITE = "https://acme.atlassian.net"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 中文 🎉", "plain 中文 🎉"),
        ("a\r\nb\tc\u2028d", "a b c d"),
        ("\x1b[31mred\x07", "\ufffd[31mred\ufffd"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("\ud800lone", "\ufffdlone"),
        ("  /close @all  ", "/close @all"),
    ],
)
def test_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("/close @all", "`/close @all`"),
        ("a`b``c", "`abc`"),
        ("x\n/close", "`x /close`"),
        ("a | b", "`a ¦ b`"),
        ("\x00``", "`-`"),
        ("", "`-`"),
        ("[x](javascript:1) <b>", "`[x](javascript:1) <b>`"),
    ],
)
def test_code_span(text: str, span: str) -> None:
    assert code_span(text) == span


@pytest.mark.parametrize(
    "url",
    ["https://acme.atlassian.net/browse/PAY-1", "https://ACME.atlassian.net:443/x?a=1&b=2#c"],
)
def test_links_on_the_own_host_stay(url: str) -> None:
    assert own_link(url, SITE) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "//evil.example/x",
        "https://evil.example/x",
        "https://acme.atlassian.net.evil.example/",
        "https://acme.atlassian.net@evil.example/",
        "https://user:pw@acme.atlassian.net/",
        "https://acme.atlassian.net:8443/",
        "https://acme.atlassian.net\\@evil.example/",
        "https://acme.atlassian.net/ onclick=x",
        'https://acme.atlassian.net/"onclick=x',
        "https://[broken/",
        "https://acme.atlassian.net:port/",
        "data:text/html,x",
        "ftp://acme.atlassian.net/",
    ],
)
def test_other_links_are_refused(url: str | None) -> None:
    assert own_link(url, SITE) is None


GATEWAY = "https://api.atlassian.com/ex/jira/0a1b2c3d"


@pytest.mark.parametrize("url", ["https://acme.atlassian.net/browse/PAY-1", "HTTPS://Acme.atlassian.net:443/x"])
def test_links_on_the_site_behind_a_gateway_stay(url: str) -> None:
    assert own_link(url, GATEWAY, SITE) == url
    assert own_link(url, None, SITE) == url
    assert own_link(f"{GATEWAY}/browse/PAY-1", GATEWAY, SITE) == f"{GATEWAY}/browse/PAY-1"


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.atlassian.net/browse/PAY-1",
        "http://acme.atlassian.net:443/browse/PAY-1",
        "https://acme.atlassian.net:8443/",
        "https://evil.example/x",
        "https://acme.atlassian.net.evil.example/",
        "https://acme.atlassian.net@evil.example/",
        "https://user:pw@acme.atlassian.net/",
        "https://acme.atlassian.net/ onclick=x",
        "javascript:alert(1)",
        None,
    ],
)
def test_no_other_links_are_let_in_by_a_site(url: str | None) -> None:
    assert own_link(url, GATEWAY, SITE) is None


@pytest.mark.parametrize(
    "site", ["http://acme.atlassian.net", "//acme.atlassian.net", "acme.atlassian.net", "javascript:", "", None]
)
def test_a_site_without_https_lets_nothing_in(site: str | None) -> None:
    assert own_link("https://acme.atlassian.net/x", GATEWAY, site) is None
    assert own_link("http://acme.atlassian.net/x", GATEWAY, site) is None


def test_without_an_origin_nothing_is_a_link() -> None:
    assert own_link("https://acme.atlassian.net/", None) is None
