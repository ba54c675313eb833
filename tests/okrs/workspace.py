"""Small workspaces of OKR files for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from okr_delivery.config import Config
from okr_delivery.locale import translator
from okr_delivery.model.errors import UserError
from okr_delivery.model.message import Message
from okr_delivery.model.okr import KeyResult
from okr_delivery.okrs import OkrBook, Readings, load_okrs, load_readings
from tests.config.files import loaded, said, write

CYCLE = "cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31}\n"
CONFIG = """\
version: 1
sources:
  - {name: jira, type: jira, url: "https://acme.atlassian.net", projects: [PAY]}
teams:
  - {id: payments, select: [{source: jira}]}
"""


def workspace(folder: Path, files: Mapping[str, str | bytes]) -> Config:
    write(folder, files)
    return loaded(folder, CONFIG)


def objective(*key_results: str, name: str = "GROW", more: str = "", cycle: str = CYCLE) -> str:
    """An OKR file with one objective; each key result is the inside of a flow mapping."""
    lines = "".join(f"      - {{title: t, {kr}}}\n" for kr in key_results)
    listed = f"    key_results:\n{lines}" if key_results else ""
    return f"{cycle}objectives:\n  - id: {name}\n    title: t\n{more}{listed}"


def book_of(folder: Path, *key_results: str, **files: str) -> OkrBook:
    texts = {f"okrs/{name}.yaml": text for name, text in files.items()}
    if key_results:
        texts["okrs/a.yaml"] = objective(*key_results)
    return load_okrs(workspace(folder, texts))


def one(folder: Path, key_result: str, readings: str = "") -> tuple[KeyResult, OkrBook, Readings]:
    """A single key result GROW-KR1 with its readings (lines of CSV without the header)."""
    files: dict[str, str | bytes] = {"okrs/a.yaml": objective(f"id: GROW-KR1, {key_result}")}
    if readings:
        files["readings/a.csv"] = "kr,date,value\n" + readings
    config = workspace(folder, files)
    book = load_okrs(config)
    return book.key_results["2026Q4:GROW-KR1"], book, load_readings(config, book)


def refused(load: Callable[[], object], lang: str = "en") -> list[str]:
    with pytest.raises(UserError) as caught:
        load()
    return said(caught.value, lang)


def words(message: Message, lang: str = "en") -> list[str]:
    return translator(lang).render(message).split("\n")


def day(text: str) -> date:
    return date.fromisoformat(text)
