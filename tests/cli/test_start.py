"""Start-up: nothing heavy is imported for help, version and errors of use."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run

HEAVY = ("sqlalchemy", "alembic", "jira", "altair", "holidays", "babel", "pydantic", "ruamel", "requests", "jinja2")


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["gate", "--help"], ["okr", "show", "-h"]])
def test_help_imports_nothing_heavy(argv: list[str]) -> None:
    code = (
        "import sys; from okr_delivery.cli import main; code = main(sys.argv[1:]); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.strip() == "[]"


LATER = (
    "plan --final",
    "report weekly --iteration last -o x.html",
    "report iteration --due",
    "report iteration --charts charts",
    "init --url https://acme.example",
    "progress --apply jira",
    "metrics --explain",
    "site --to public",
)


@pytest.mark.parametrize("words", LATER)
def test_names_kept_for_later_are_refused_clearly(words: str, tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    app = App(env={}, cwd=tmp_path, out=out, err=err, clock=lambda: 0.0)
    assert run(words.split(), app=app) == 2
    assert "is not part of this version yet" in err.getvalue()
    assert out.getvalue() == ""


@pytest.mark.parametrize("words", ["okr -C there list", "-C there okr list", "okr list -C there"])
def test_the_folder_may_be_named_anywhere(words: str, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "okr-delivery.yaml").write_text("version: 1\nlang: zh\n", encoding="utf-8")
    err = io.StringIO()
    run(words.split(), app=App(env={}, cwd=tmp_path, out=io.StringIO(), err=err, clock=lambda: 0.0))
    assert "okr-delivery.yaml" in err.getvalue()
    assert "there is no okr-delivery.yaml" not in err.getvalue()


@pytest.mark.parametrize("words", [["\x1b[31mX"], ["gate", "--output", "\x1b[31mX"], ["gate", "--format", "\x1b[31mX"]])
def test_errors_of_use_show_no_control_characters(words: list[str], tmp_path: Path) -> None:
    err = io.StringIO()
    assert run(words, app=App(env={}, cwd=tmp_path, out=io.StringIO(), err=err, clock=lambda: 0.0)) == 2
    assert "\x1b" not in err.getvalue() and "X" in err.getvalue()
