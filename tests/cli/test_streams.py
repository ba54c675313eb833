"""Output that can't be written whole must not change what a run says by its exit code."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from okr_delivery.cli.streams import Stream
from okr_delivery.model.errors import UserError


def text(encoding: str) -> tuple[io.BytesIO, Stream]:
    raw = io.BytesIO()
    return raw, Stream(io.TextIOWrapper(raw, encoding=encoding), needed=True)


def run(code: str, *, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["sh", "-c", code], cwd=cwd, env={**os.environ, **env}, capture_output=True, check=False)


TOOL = f"{sys.executable} -m okr_delivery"


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", b"-> ... ?"), ("gbk", "→ … 需".encode("gbk"))])
def test_an_encoding_gets_what_it_can_hold(encoding: str, shown: bytes) -> None:
    raw, stream = text(encoding)
    stream.write("→ … 需")
    assert raw.getvalue() == shown


def test_a_machine_format_is_utf8_everywhere() -> None:
    raw, stream = text("ascii")
    stream.write_document('{"title": "需求"}\n')
    assert raw.getvalue().decode("utf-8") == '{"title": "需求"}\n'


class Gone(io.StringIO):
    def __init__(self, error: type[OSError]) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error(28, "No space left on device")


def test_a_reader_that_left_ends_the_writing_only() -> None:
    stream = Stream(Gone(BrokenPipeError), needed=True)
    assert stream.write("one") == 3
    assert stream.write("two") == 3


def test_a_full_disk_is_an_error_of_the_run_and_of_no_side_line() -> None:
    with pytest.raises(UserError):
        Stream(Gone(OSError), needed=True).write("x")
    assert Stream(Gone(OSError), needed=False).write("x") == 1
    assert Stream(None, needed=False).write("x") == 1


def test_head_leaves_the_exit_code_alone(tmp_path: Path) -> None:
    done = run(f"({TOOL} explain KR999; echo $? >&3) 2>&1 3>code | true; {TOOL} rules | head -1", cwd=tmp_path)
    assert (tmp_path / "code").read_text().strip() == "2"
    assert done.stdout.startswith(b"id")
    assert b"Traceback" not in done.stderr
    assert b"error" not in done.stderr.lower()


@pytest.mark.parametrize("where", [">&-", ">/dev/full"])
def test_output_that_nobody_gets_is_exit_2(where: str, tmp_path: Path) -> None:
    done = run(f"{TOOL} rules {where}", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(b"Error: standard output can't be written: ")


def test_a_terminal_of_another_encoding_is_no_internal_error(tmp_path: Path) -> None:
    done = run(f"{TOOL} rules --lang zh", cwd=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert b"KR101" in done.stdout


def test_a_folder_that_is_gone_is_no_traceback(tmp_path: Path) -> None:
    done = run(f"mkdir gone && cd gone && rmdir ../gone && {TOOL} sync", cwd=tmp_path)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
