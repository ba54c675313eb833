"""`okr-delivery demo`, as a newcomer runs it."""

from __future__ import annotations

import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from okr_delivery.config import load
from tests.e2e.runner import Cli

PATH = {"PATH": "/usr/bin:/bin"}  # a shell that doesn't find the command, as after `make demo`


@dataclass(frozen=True)
class Demo:
    """A demo that ran in `folder`, and what it said. Look at it, don't change it."""

    folder: Path
    out: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    above = tmp_path_factory.mktemp("a b")
    return Demo(above / "okr-delivery-demo", Cli(above, env=PATH).ok("demo").out)


@pytest.fixture
def here(demo: Demo, tmp_path: Path) -> Path:
    """A copy of the workspace that the demo left, to be changed; its path is `here` for a demo in `tmp_path`."""
    return Path(shutil.copytree(demo.folder, tmp_path / "here"))


def test_demo_leaves_a_workspace_and_says_what_to_do_next(demo: Demo) -> None:
    left_and_said(demo, "en")


def test_demo_in_another_language(tmp_path: Path) -> None:
    out = Cli(tmp_path, env={}).ok("demo", "--lang", "zh").out
    left_and_said(Demo(tmp_path / "okr-delivery-demo", out), "zh")


def left_and_said(demo: Demo, lang: str) -> None:
    reports = sorted((demo.folder / "reports").glob("*.html"))
    lines = demo.out.splitlines()
    assert len(reports) == 4
    assert lines[-4:] == [str(report) for report in reports]
    assert f'<html lang="{lang}' in reports[0].read_text(encoding="utf-8")
    assert "$ okr-delivery gate" in demo.out
    assert "okr-delivery explain" in demo.out
    assert "  okr-delivery gate --stage iteration --preview" in lines, (
        "its teams adopt pitch: plans are looked at on demand"
    )
    assert [source.type for source in load(demo.folder / "okr-delivery.yaml", cwd=demo.folder, env={}).sources] == [
        "jira",
        "gitlab",
    ]
    commands = [line.split() for line in lines if line.startswith("  okr-delivery sandbox ")]
    assert [words[2] for words in commands] == ["jira-cloud", "gitlab"]
    assert commands[1][-4:] == ["--only", "mobile", "--only", "objectives"]


def test_demo_again_keeps_what_the_user_edited(here: Path) -> None:
    config = here / "okr-delivery.yaml"
    edited = config.read_text(encoding="utf-8") + "\n# mine\n"
    config.write_text(edited, encoding="utf-8")
    Cli(here.parent, env={}).ok("demo", "here")
    assert config.read_text(encoding="utf-8") == edited


def test_demo_with_broken_files_claims_nothing(here: Path) -> None:
    okrs = next((here / "okrs").glob("*Q4.yaml"))
    okrs.write_text("cycle: [", encoding="utf-8")
    ended = Cli(here.parent, env={})("demo", "here")
    assert ended.code == 2
    assert okrs.name in ended.err
    assert "Not every step" in ended.out
    assert "The gate found" not in ended.out
    assert ".html" not in ended.out


def test_what_demo_says_can_be_pasted(demo: Demo, tmp_path: Path) -> None:
    said = demo.out.split("What to try next:")[1]
    lines = [line for line in said.splitlines() if line.startswith("  ")]
    before = [line for line in lines if "sandbox" not in line and not line.endswith("sync")]
    env = PATH | {"HOME": str(tmp_path)}
    script = ["set -x", *before, 'echo "exit $?"', "command -v okr-delivery"]
    ran = subprocess.run(["/bin/sh"], input="\n".join(script), text=True, capture_output=True, env=env, check=False)
    assert "exit 0" in ran.stdout
    assert (demo.folder / "tables" / "issues.csv").is_file()
    assert ran.returncode == 0, ran.stderr


def test_its_plans_are_there_to_be_looked_at(demo: Demo) -> None:
    table = Cli(demo.folder, env=PATH).ok("gate", "--stage", "iteration", "--preview").out
    assert all(f" {rule}  " in table for rule in ("KR301", "KR302", "KR304", "KR306"))


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
