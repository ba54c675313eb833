"""Filler, queries, addresses and secrets."""

from __future__ import annotations

import base64
import re
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery.sync.record import jql
from okr_delivery.sync.record.filler import Filler
from okr_delivery.sync.record.places import Places
from okr_delivery.sync.record.secret import GONE, Secrets, is_secret

TOKEN = "ab+c/d3=="


def filler(salt: bytes = b"salt") -> Filler:
    return Filler(salt, keep=["GROW"], person=lambda _: "user-001", email=lambda _: "user-001@example.com",
                  address=lambda _: "https://link.example.com/1")  # fmt: skip


@given(st.text(max_size=200))
def test_filler_has_the_shape_of_the_text(text: str) -> None:
    if re.search(r"@|://|www\.|mailto:|\[~", text):
        return
    made = filler().text(text)
    assert len(made) == len(text)
    for old, new in zip(text, made, strict=True):
        if unicodedata.category(old) not in ("No", "Nl"):  # fractions and the like count as letters
            assert new.isalpha() == old.isalpha()
            assert new == old or old.isalpha() or old.isdecimal()


def test_filler_keeps_lines_markup_capitals_scripts_and_keys() -> None:
    text = "h2. Why Lin\n* PAY-12: *Refund* {code:java}x = 42{code}\nGROW, Growth &nbsp;😀 支付宝 שלום été #7"
    made = filler().text(text)
    assert re.fullmatch(
        r"h2\. [A-Z][a-z]{2} [A-Z][a-z]{2}\n\* PAY-12: \*[A-Z][a-z]{5}\* \{code:[a-z]{4}\}[a-z] = \d\d\{code\}\n"
        r"GROW, [A-Z][a-z]{5} &nbsp;😀 [\u4e00-\u9fff]{3} [\u0590-\u05ff]{4} \w{3} #7",
        made,
    )
    assert not set(re.findall(r"\w{3,}", text)) & set(re.findall(r"\w{3,}", made)) - {"GROW", "PAY", "code", "nbsp"}


def test_filler_is_stable_within_a_recording_and_not_between_two() -> None:
    text = "Refunds without a phone call to anybody"
    assert filler().text(text) == filler().text(text)
    assert filler().text(text) != filler(b"other").text(text)


def test_mentions_and_addresses_are_replaced_whole() -> None:
    made = filler().text("[~lin.wang] wrote lin@acme.test, see https://acme.test/a?b=c)")
    assert made.startswith("[~user-001] ")
    assert "user-001@example.com, " in made
    assert made.endswith("https://link.example.com/1)")


# queries


def replace(part: jql.Part, text: str) -> str:
    return f"<{part.value}>" if text else text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('(project in ("PAY")) AND updated >= "2026-11-01 10:00"', None),
        ("project = PAY AND statusCategory != Done OR updated >= -90m ORDER BY id ASC", None),
        ("sprint in openSprints() AND status was not in (Done, \"In Review\") and filter = 10010", None),
        ("assignee = lin AND reporter in (a, 'b c')", "assignee = <person> AND reporter in (<person>, '<person>')"),
        ('labels = anna AND component != "Desk"', 'labels = <label> AND component != "<component>"'),
        ('text ~ "secret plan" and cf[10010] = 5', 'text ~ "<text>" and cf[10010] = 5'),
        ('"Team Name" = blue AND issue = PAY-12', '"Team Name" = <text> AND issue = PAY-12'),
        ("assignee in membersOf(\"boss club\")", 'assignee in membersOf("<person>")'),
        ("Anna Smith likes this", "<text> <text> <text> <text>"),
    ],
)  # fmt: skip
def test_queries_keep_their_structure(query: str, expected: str | None) -> None:
    assert jql.scrub(query, replace) == (expected or query)


def test_the_shape_of_a_query_has_neither_instants_nor_private_words() -> None:
    first = jql.shape('project in ("PAY") AND (updated >= "2026-11-01 10:00" OR updated >= -181m) AND assignee = lin')
    again = jql.shape('project in ("PAY") AND (updated >= "2026-11-03 12:00" OR updated >= -9m)  AND assignee = user-1')
    assert first == again
    assert first != jql.shape(
        'project in ("MOB") AND (updated >= "2026-11-01 10:00" OR updated >= -9m) AND assignee = l'
    )


# addresses


def test_paths_lose_their_context_and_gateway() -> None:
    places = Places("https://acme.test/jira", lambda text: "digest")
    places.learn(["https://tracker.acme.test", None])
    assert places.path_of("https://acme.test/jira/rest/api/2/myself?x=1") == "/rest/api/2/myself"
    assert places.clean("https://acme.test/jira/browse/PAY-1", lambda pairs: pairs).endswith("/browse/PAY-1")
    assert places.clean("https://tracker.acme.test/rest/api/2/user?username=lin", lambda _: []) == (
        "https://tracker.example.com/rest/api/2/user"
    )
    assert places.clean("https://acme.test/jirasecret/rest", lambda _: []) == "https://link.example.com/digest"
    assert places.clean("https://acme.test/jira/secure/attachment/1/Lin.pdf", lambda _: []) == (
        "https://tracker.example.com/link/digest"
    )


# secrets


@pytest.mark.parametrize(
    "spelling",
    [TOKEN, quote(TOKEN, safe=""), base64.b64encode(TOKEN.encode()).decode(), f"Basic {TOKEN}"],
)
def test_this_runs_own_secrets_are_gone_in_every_spelling(spelling: str) -> None:
    assert TOKEN not in (made := Secrets([TOKEN]).text(f"before {spelling} after"))
    assert spelling.rstrip("=") not in made
    assert GONE in made


def test_the_login_header_is_gone() -> None:
    header = base64.b64encode(f"demo@acme.test:{TOKEN}".encode()).decode()
    assert header.rstrip("=") not in Secrets([TOKEN], [f"demo@acme.test:{TOKEN}"]).text(f"x {header} y")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password: hunter22", "hunter22"),
        ('{"api_key": "k-123456"}', "k-123456"),
        ("https://lin:hunter22@acme.test/x", "hunter22"),
        ("https://acme.test/x?jwt=abc.def&y=1", "abc.def"),
        ("use glpat-ABCDEFGHIJKLMNOPQRST", "ABCDEFGHIJ"),
        ("Authorization: Bearer abcdefghijklmnopqrstuvwx", "abcdefghijklm"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "c2lnbmF0dXJl"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
    ],
)
def test_what_is_named_or_shaped_like_a_secret_is_gone(text: str, secret: str) -> None:
    made = Secrets([]).text(text)
    assert secret not in made
    assert GONE in made


def test_members_named_like_a_secret_are_blanked_and_page_tokens_are_not() -> None:
    body = {"token": "x1", "nested": [{"clientSecret": "x2", "nextPageToken": "page", "tokens": 3}], "password": None}
    assert Secrets([]).value(body) == {
        "token": GONE,
        "nested": [{"clientSecret": GONE, "nextPageToken": "page", "tokens": 3}],
        "password": None,
    }
    assert is_secret("os_password") and not is_secret("nextPageToken")
