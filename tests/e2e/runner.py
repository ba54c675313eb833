"""Runs `okr-delivery` in this process or in one of its own."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run
from okr_delivery.sandbox import TOKEN, USER

NOW = 1_795_507_200  # 2026-11-24T08:00:00Z, a Tuesday


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Cli:
    """A workspace, the token in its environment, and a clock that stands still unless told otherwise."""

    folder: Path
    env: Mapping[str, str] | None = None
    now: int = NOW
    clock: Callable[[], float] | None = None  # instead of the one that stands still

    @property
    def environment(self) -> dict[str, str]:
        if self.env is not None:
            return dict(self.env)
        return {"OKR_DELIVERY_JIRA_USER": USER, "OKR_DELIVERY_JIRA_TOKEN": TOKEN}

    def __call__(self, *argv: str) -> Ended:
        out, err = io.StringIO(), io.StringIO()
        app = App(
            env=self.environment, cwd=self.folder, out=out, err=err, clock=self.clock or (lambda: float(self.now))
        )
        code = run(list(argv), app=app)
        return Ended(code, out.getvalue(), err.getvalue())

    def ok(self, *argv: str) -> Ended:
        ended = self(*argv)
        assert ended.code == 0, f"{argv}: {ended.code}\n{ended.out}\n{ended.err}"
        return ended

    def process(self, *argv: str, **options: Any) -> subprocess.Popen[str]:
        """The same in a process of its own, with the real clock."""
        env = {**os.environ, **self.environment}
        command = [sys.executable, "-m", "okr_delivery", *argv]
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` makes children ignore it
        try:
            return subprocess.Popen(
                command, cwd=self.folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
            )
        finally:
            signal.signal(signal.SIGINT, before)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")
