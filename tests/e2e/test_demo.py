"""`okr-delivery demo`, as a newcomer runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_delivery.config import load
from tests.e2e.runner import Cli


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_demo_leaves_a_workspace_and_says_what_to_do_next(lang: str, tmp_path: Path) -> None:
    cli = Cli(tmp_path, env={})
    ended = cli.ok("demo", "--lang", lang)
    folder = tmp_path / "okr-delivery-demo"
    reports = sorted((folder / "reports").glob("*.html"))
    assert len(reports) == 2
    assert str(reports[-1]) in ended.out.strip().splitlines()[-1]
    assert f'<html lang="{lang}' in reports[0].read_text(encoding="utf-8")
    assert "$ okr-delivery gate" in ended.out
    assert "okr-delivery explain" in ended.out
    assert load(folder / "okr-delivery.yaml", cwd=folder, env={}).sources


def test_demo_again_keeps_what_the_user_edited(tmp_path: Path) -> None:
    cli = Cli(tmp_path, env={})
    cli.ok("demo", "here")
    config = tmp_path / "here" / "okr-delivery.yaml"
    edited = config.read_text(encoding="utf-8") + "\n# mine\n"
    config.write_text(edited, encoding="utf-8")
    cli.ok("demo", "here")
    assert config.read_text(encoding="utf-8") == edited


def test_demo_touches_no_foreign_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("precious", encoding="utf-8")
    ended = Cli(tmp_path, env={})("demo", "mine")
    assert ended.code == 2
    assert "next:" in ended.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
