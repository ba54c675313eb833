"""A sync killed at any page and run again leaves the same store as one that was never interrupted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer, serve
from okr_delivery.sandbox.workspace import write
from okr_delivery.sandbox.world import build
from okr_delivery.store import open_store
from tests.e2e.runner import NOW, Cli

ISSUES = 520  # three pages of at most 250
LIMIT = 40


def killed(cli: Cli, page: int, moment: str, store: str) -> int:
    env = {**os.environ, **cli.environment, "OKR_DELIVERY_STORE": store, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "tests.e2e.killed_sync", str(page), moment, str(NOW)]
    return subprocess.run(command, cwd=cli.folder, env=env, capture_output=True, text=True, check=False).returncode


def dump(url: str) -> object:
    with open_store(url, ledger=None) as store:
        return store.dump()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_every_page(database_urls: object, moment: str, tmp_path: Path) -> None:
    world = build(seed=5, issues=ISSUES, now=NOW)
    server = serve(world, clock=lambda: float(NOW))
    try:
        cli = workspace_for(server, tmp_path / "work")
        whole = database_urls()  # type: ignore[operator]
        assert killed(cli, LIMIT, moment, whole) == 0
        expected = dump(whole)
        page = 0
        while True:
            page += 1
            assert page < LIMIT
            shutil.rmtree(cli.folder / "ledger", ignore_errors=True)
            url = database_urls()  # type: ignore[operator]
            code = killed(cli, page, moment, url)
            if code == 0:
                break
            assert code == -signal.SIGKILL
            assert killed(cli, LIMIT, moment, url) == 0
            assert dump(url) == expected, f"killed {moment} the commit of page {page}"
        assert page > 3
    finally:
        server.stop()


def workspace_for(server: RunningServer, folder: Path) -> Cli:
    folder.mkdir()
    write(folder, build(seed=5, issues=ISSUES, now=NOW), server.url, "en")
    return Cli(folder)


def test_ctrl_c_in_the_middle(tmp_path: Path) -> None:
    server = serve(build(seed=5, issues=ISSUES, now=NOW), latency=0.1)
    try:
        cli = workspace_for(server, tmp_path / "work")
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` makes children ignore it
        process = cli.process("sync")
        signal.signal(signal.SIGINT, before)
        while sum(server.requests.values()) < 8:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "Interrupted" in err
        assert "Traceback" not in err
        gate = cli("gate")
        assert gate.code == 2
        assert "okr-delivery sync" in gate.out + gate.err
        assert cli.ok("sync", "--format", "json").json["sources"][0]["complete"]
    finally:
        server.stop()
