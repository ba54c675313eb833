"""Starts and ends the server's process."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.served import record
from benchmarks.served.gitlab import record as gitlab

ROOT = Path(__file__).parents[2]
SERVERS = {"jira": "benchmarks.served.server", "gitlab": "benchmarks.served.gitlab.server"}
WRITE_CONFIG = {"jira": record.write_config, "gitlab": gitlab.write_config}


class Served:
    """A running server of a prepared folder, in whose settings it is named. Used in a `with` statement."""

    def __init__(
        self, folder: Path, *, latency: float, spool: Path | None = None, tls: tuple[Path, Path] | None = None
    ) -> None:
        """`tls` are the files of a certificate and its key."""
        kind = kind_of(folder)
        command = [sys.executable, "-m", SERVERS[kind], str(folder), "--latency", str(latency)]
        command += ["--spool", str(spool)] if spool else []
        command += ["--tls", *map(str, tls)] if tls else []
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        if self._process.stdout is None:
            raise RuntimeError("the server has no output")
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{int(self._process.stdout.readline())}"
        WRITE_CONFIG[kind](folder, self.url)

    def requests(self) -> int:
        """How many requests came since this was last asked."""
        with urllib.request.urlopen(f"{self.url}/_requests") as answer:
            return int(json.load(answer)["requests"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()


def kind_of(folder: Path) -> str:
    """jira or gitlab: what `folder` was prepared as."""
    file = folder / "kind"
    return file.read_text("ascii") if file.exists() else "jira"
