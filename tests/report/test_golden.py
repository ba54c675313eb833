"""The report against its golden files, and twice the same bytes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from okr_delivery.locale import translator
from okr_delivery.report import html
from tests.report import golden, scenario

NAMES = sorted(path.name for path in golden.DATA.iterdir())


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return dict(golden.outputs())


@pytest.mark.parametrize("name", NAMES)
def test_golden(name: str, made: dict[str, str], tmp_path: Path) -> None:
    """After a change on purpose: python -m tests.report.golden"""
    actual = tmp_path / name
    actual.write_text(made[name], "utf-8")
    assert made[name] == (golden.DATA / name).read_text("utf-8"), f"now: {actual}"


def test_every_output_has_a_golden_file(made: dict[str, str]) -> None:
    assert sorted(made) == NAMES


SCRIPT = """
import hashlib, sys
from okr_delivery.locale import translator
from okr_delivery.report import html
from tests.report import scenario
print(hashlib.sha256(html.render(scenario.view("zh"), translator("zh")).encode()).hexdigest())
"""


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_same_bytes_in_any_time_zone_and_hash_order(utc: None) -> None:
    here = html.render(scenario.view("zh"), translator("zh"))
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    env = {**os.environ, "TZ": "America/New_York", "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", SCRIPT]
    there = subprocess.run(command, env=env, cwd=Path(__file__).parents[2], check=True, capture_output=True, text=True)
    assert there.stdout.strip() == hashlib.sha256(here.encode()).hexdigest()
