"""Thousands of findings: each format is written in seconds, and in no more memory than a few times its length."""

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


@pytest.mark.parametrize(
    ("kind", "count", "shown"),
    [
        ("gitlab", 10_000, 10_000),
        ("github", 10_000, 10_000),
        ("markdown", 30_000, 40),
        ("sarif", 30_000, 24_999),
        ("json", 10_000, 10_000),
    ],
)
def test_thousands_of_findings_are_written_in_time(kind: str, count: int, shown: int) -> None:
    result = many(count)
    began = process_time()
    text = WRITERS[kind](result)
    assert process_time() - began < count / 3000
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
