"""The report against its golden files, and twice the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report import golden

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


def test_same_bytes_in_any_time_zone_and_hash_order() -> None:
    root = Path(__file__).parents[2]
    digests = set()
    for zone, seed in (("UTC", "1"), ("America/New_York", "2")):
        env = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", SCRIPT]
        digests.add(subprocess.run(command, env=env, cwd=root, check=True, capture_output=True).stdout)
    assert len(digests) == 1
