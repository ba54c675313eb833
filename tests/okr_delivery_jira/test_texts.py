"""Every error and warning of the connector can be said, in both languages, with what the code gives it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import okr_delivery_jira
from okr_delivery.locale import LANGS, translator
from okr_delivery.locale.catalogue import catalogue

FOLDER = Path(okr_delivery_jira.__file__).parent
BUILDERS = {"refused", "gone", "broken", "later", "unsure"}
UNREADABLE = ("fields", "key", "created", "instant")
WARNINGS = (
    "zone_unknown",
    "server",
    "estimate_ambiguous",
    "estimate_elsewhere",
    "short_search",
    "name_shared",
    "name_shared_role",
)
INSPECTED = ("read", "write", "unasked", "gateway", "site")


def calls() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name and parameters of every error that the code builds."""
    for file in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILDERS:
                (first, *_) = node.args
                assert isinstance(first, ast.Constant), f"{file.name}:{node.lineno}"
                yield str(first.value), tuple(str(keyword.arg) for keyword in node.keywords)


ERRORS = sorted(set(calls()))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("name", "params"), ERRORS)
def test_an_error_says_what_happened_and_what_to_do(name: str, params: tuple[str, ...], lang: str) -> None:
    t = translator(lang)
    given = {param: f"<{param}>" for param in params}
    assert t(f"jira.error.{name}", **given)
    assert t(f"jira.next.{name}", **{"user": "<user>", "token": "<token>", **given})  # the variables of the login


def test_no_text_is_left_over() -> None:
    used = {f"jira.{kind}.{name}" for name, _ in ERRORS for kind in ("error", "next")}
    used |= {f"jira.unreadable.{reason}" for reason in UNREADABLE}
    used |= {f"jira.warning.{name}" for name in WARNINGS} | {f"jira.inspect.{name}" for name in INSPECTED}
    assert {message_id for message_id in catalogue("en") if message_id.startswith("jira.")} == used
