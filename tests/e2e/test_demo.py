"""`okr-delivery demo`, as a newcomer runs it."""

from __future__ import annotations

import signal
import subprocess
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
    assert len(reports) == 4
    assert ended.out.splitlines()[-4:] == [str(report) for report in reports]
    assert f'<html lang="{lang}' in reports[0].read_text(encoding="utf-8")
    assert "$ okr-delivery gate" in ended.out
    assert "okr-delivery explain" in ended.out
    assert [source.type for source in load(folder / "okr-delivery.yaml", cwd=folder, env={}).sources] == [
        "jira",
        "gitlab",
    ]
    commands = [line.split() for line in ended.out.splitlines() if line.startswith("  okr-delivery sandbox ")]
    assert [words[2] for words in commands] == ["jira-cloud", "gitlab"]
    assert commands[1][-4:] == ["--only", "mobile", "--only", "objectives"]


def test_demo_again_keeps_what_the_user_edited(tmp_path: Path) -> None:
    cli = Cli(tmp_path, env={})
    cli.ok("demo", "here")
    config = tmp_path / "here" / "okr-delivery.yaml"
    edited = config.read_text(encoding="utf-8") + "\n# mine\n"
    config.write_text(edited, encoding="utf-8")
    cli.ok("demo", "here")
    assert config.read_text(encoding="utf-8") == edited


def test_demo_with_broken_files_claims_nothing(tmp_path: Path) -> None:
    cli = Cli(tmp_path, env={})
    cli.ok("demo", "here")
    okrs = next((tmp_path / "here" / "okrs").glob("*Q4.yaml"))
    okrs.write_text("cycle: [", encoding="utf-8")
    ended = cli("demo", "here")
    assert ended.code == 2
    assert okrs.name in ended.err
    assert "Not every step" in ended.out
    assert "The gate found" not in ended.out
    assert ".html" not in ended.out


def test_what_demo_says_can_be_pasted(tmp_path: Path) -> None:
    """In a shell that doesn't have the command on its path, as after `make demo`."""
    (tmp_path / "a b").mkdir()
    said = Cli(tmp_path / "a b", env={"PATH": "/usr/bin:/bin"}).ok("demo").out.split("What to try next:")[1]
    lines = [line for line in said.splitlines() if line.startswith("  ")]
    before = [line for line in lines if "sandbox" not in line and not line.endswith("sync")]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    script = ["set -x", *before, 'echo "exit $?"', "command -v okr-delivery"]
    ran = subprocess.run(["/bin/sh"], input="\n".join(script), text=True, capture_output=True, env=env, check=False)
    assert "exit 0" in ran.stdout
    assert (tmp_path / "a b" / "okr-delivery-demo" / "tables" / "issues.csv").is_file()
    assert ran.returncode == 0, ran.stderr


def test_ctrl_c_ends_the_whole_demo(tmp_path: Path) -> None:
    process = Cli(tmp_path, env={}).process("demo")
    assert process.stdout is not None
    while not process.stdout.readline().startswith("$ okr-delivery gate"):
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "$ okr-delivery progress" not in out
    assert "What to try next" not in out
    assert err.count("Interrupted") == 1


def test_demo_touches_no_foreign_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("precious", encoding="utf-8")
    ended = Cli(tmp_path, env={})("demo", "mine")
    assert ended.code == 2
    assert "next:" in ended.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
