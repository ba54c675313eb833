"""Thirty thousand findings: each format is written in seconds, and in no more memory than a few times its length."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from time import process_time

import pytest

from okr_delivery.gate.result import GateResult
from okr_delivery.locale import translator
from okr_delivery.output import (
    gate_codequality,
    gate_github,
    gate_json,
    gate_markdown,
    gate_sarif,
)
from okr_delivery.output.places import Places
from tests.output.findings import many

EN, ROOT = translator("en"), Places()
WRITERS: dict[str, Callable[[GateResult], str]] = {
    "gitlab": lambda result: gate_codequality.write(result, EN, ROOT),
    "github": lambda result: gate_github.write(result, EN, ROOT),
    "markdown": lambda result: gate_markdown.write(result, EN),
    "sarif": lambda result: gate_sarif.write(result, EN, ROOT),
    "json": lambda result: gate_json.write(result, EN),
}


@pytest.fixture(scope="module")
def result() -> GateResult:
    return many(30_000)


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("gitlab", 30_000),
        ("github", 30_000),
        ("markdown", 40),
        ("sarif", 24_999),
        ("json", 30_000),
    ],
)
def test_thirty_thousand_findings_are_written_in_time(result: GateResult, kind: str, shown: int) -> None:
    began = process_time()
    text = WRITERS[kind](result)
    assert process_time() - began < 10
    assert text.count("It names no key result") == shown


@pytest.mark.parametrize("kind", ["gitlab", "sarif"])
def test_memory_is_bounded_by_what_is_written(kind: str) -> None:
    few = many(300)
    WRITERS[kind](few)  # what is read once
    tracemalloc.start()
    try:
        text = WRITERS[kind](few)
        assert tracemalloc.get_traced_memory()[1] < 8 * len(text)
    finally:
        tracemalloc.stop()
