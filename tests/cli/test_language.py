"""Which language a run speaks, before and without a readable configuration."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run

SOURCE = "sources: [{name: jira, type: jira, url: 'https://acme.atlassian.net', projects: [PAY]}]\n"


def said(folder: Path, words: str, text: str, **env: str) -> str:
    (folder / "okr-delivery.yaml").write_text(text, encoding="utf-8")
    out = io.StringIO()
    run(words.split(), app=App(env=env, cwd=folder, out=out, err=out, clock=lambda: 5.0))
    return out.getvalue()


@pytest.mark.parametrize("words", ["rules", "explain KR101", "plan", "-C nowhere sync", "doctor"])
def test_the_files_language_holds_where_nothing_else_of_it_is_read(words: str, tmp_path: Path) -> None:
    shown = said(tmp_path, words, "version: 1\nlang: zh   # 中文\n" + SOURCE)
    first = shown.splitlines()[0] + (shown.splitlines()[2] if words.startswith("explain") else "")
    assert any("\u4e00" <= char <= "\u9fff" or char == "，" for char in first)


def test_what_is_wrong_with_the_file_is_said_in_its_language(tmp_path: Path) -> None:
    broken = "version: 1\nlang: zh\n  sources: [\n"
    assert said(tmp_path, "sync", broken).startswith("错误：")
    assert said(tmp_path, "--lang en sync", broken).startswith("Error: ")
    assert said(tmp_path, "sync", broken, OKR_DELIVERY_LANG="en").startswith("Error: ")


def test_an_empty_variable_chooses_nothing(tmp_path: Path) -> None:
    assert said(tmp_path, "sync nope", "version: 1\nlang: zh\n" + SOURCE, OKR_DELIVERY_LANG="").startswith("错误：")
