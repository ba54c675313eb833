"""Every error and warning of the connector can be said, in both languages, with what the code gives it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import okr_delivery_gitlab
from okr_delivery.locale import LANGS, translator
from okr_delivery.locale.catalogue import catalogue
from okr_delivery_gitlab.inspection import FEATURES

FOLDER = Path(okr_delivery_gitlab.__file__).parent
BUILDERS = {"refused", "gone", "broken", "later", "unsure"}
UNREADABLE = ("key", "created", "instant")
WARNINGS = ("renamed", "no_custom_fields", "no_status_labels", "no_priority_labels", "untold")
INSPECTED = (
    "version", "untold", "token", "no_read", "read_only", "expires", "expires_soon", "features", "no_features", "bulk",
    "lists",
)  # fmt: skip


def calls() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name and parameters of every error that the code builds."""
    for file in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILDERS:
                (first, *_) = node.args
                assert isinstance(first, ast.Constant), f"{file.name}:{node.lineno}"
                yield str(first.value), tuple(sorted(str(keyword.arg) for keyword in node.keywords))


ERRORS = sorted(set(calls()))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("name", "params"), ERRORS)
def test_an_error_says_what_happened_and_what_to_do(name: str, params: tuple[str, ...], lang: str) -> None:
    t = translator(lang)
    given = {param: f"<{param}>" for param in params}
    assert t(f"gitlab.error.{name}", **given)
    assert t(f"gitlab.next.{name}", **{"user": "<user>", "token": "<token>", **given})  # the variables of the login


def test_no_text_is_left_over() -> None:
    used = {f"gitlab.{kind}.{name}" for name, _ in ERRORS for kind in ("error", "next")}
    used |= {f"gitlab.unreadable.{reason}" for reason in UNREADABLE}
    used |= {f"gitlab.warning.{name}" for name in WARNINGS} | {f"gitlab.inspect.{name}" for name in INSPECTED}
    used |= {f"gitlab.feature.{name}" for name in (*FEATURES, "and")}
    used |= {f"gitlab.token.{kind}" for kind in ("bot", "person")}
    known = {message_id for message_id in catalogue("en") if message_id.startswith("gitlab.")}
    assert known == used
