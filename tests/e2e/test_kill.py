"""A sync killed at any page and run again leaves the same store as one that was never interrupted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer, serve
from okr_delivery.sandbox.workspace import write
from okr_delivery.sandbox.world import build
from okr_delivery.store import open_store
from tests.e2e.runner import NOW, Cli

ISSUES = 36
PAGES = 3  # of issues, twelve each
ROOT = Path(__file__).parents[2]


class Syncs:
    """Syncs of one workspace, each in a process of its own that may be killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        command = [sys.executable, "-m", "tests.e2e.killed_sync"]
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __call__(self, store: str, page: int = 0, moment: str = "") -> int:
        """The exit code of a sync that dies around its transaction number `page`; 0 lives."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"folder": self._folder, "store": store, "now": NOW, "page": page, "moment": moment}
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def dump(url: str) -> object:
    with open_store(url, ledger=None) as store:
        return store.dump()


@pytest.mark.parametrize(
    ("database_urls", "moment"), [("sqlite", "before"), ("postgres", "after")], indirect=["database_urls"]
)
def test_killed_at_every_page(database_urls: Callable[[], str], moment: str, tmp_path: Path) -> None:
    """What a death after one commit leaves is what a death before the next leaves; tests/sync holds every moment
    against either database."""
    with serve(build(seed=5, issues=ISSUES, now=NOW), clock=lambda: float(NOW)) as server:
        cli = workspace_for(server, tmp_path / "work")
        with Syncs(cli.folder) as sync:
            whole = database_urls()
            assert sync(whole) == 0
            assert server.requests["changelog/bulkfetch"] >= PAGES
            expected, lines = dump(whole), ledger(cli)
            stood: list[
                tuple[object, object] | None
            ] = []  # where each run was when it died: in which part, behind which page
            while True:
                shutil.rmtree(cli.folder / "ledger", ignore_errors=True)
                url = database_urls()
                code = sync(url, len(stood) + 1, moment)
                if code == 0:
                    break
                assert code == -signal.SIGKILL
                stood.append(cursor(url))
                assert sync(url) == 0
                assert dump(url) == expected, f"killed {moment} the commit of transaction {len(stood)}"
                assert ledger(cli) == lines
    assert len(stood) == len(set(stood)) >= PAGES + 3  # the start, the mark between the parts and the end commit too
    assert {at[0] for at in stood if at is not None and at[1] is not None} == {"lively", "rest"}


def cursor(url: str) -> tuple[object, object] | None:
    with open_store(url, ledger=None) as store:
        (state,) = store.sources() or (None,)
        return (state.cursor["part"], state.cursor["after"]) if state is not None and state.cursor else None


def ledger(cli: Cli) -> list[str]:
    return sorted(line for file in (cli.folder / "ledger").rglob("*.jsonl") for line in file.read_text().splitlines())


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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process does it all")
def test_a_killed_sync_leaves_nobody_asking(tmp_path: Path) -> None:
    """The process that fetches ends with the one that stores; the next run takes the lock and goes on."""
    world = build(seed=5, issues=200, now=NOW)
    server = serve(world, latency=0.1)
    try:
        cli = Cli(tmp_path)
        write(cli.folder, world, server.url, "en")
        process = cli.process("sync")
        while not server.requests["issue/bulkfetch"]:
            time.sleep(0.01)
        fetching = children_of(process.pid)
        process.kill()
        process.communicate(timeout=30)
        ended = time.monotonic() + 10
        while any(map(runs, fetching)) and time.monotonic() < ended:
            time.sleep(0.01)
        assert not [pid for pid in fetching if runs(pid)]
        time.sleep(0.3)  # what was under way is still counted
        asked = server.requests.total()
        time.sleep(0.3)
        assert server.requests.total() == asked
        assert cli.ok("sync", "--format", "json").json["sources"][0]["complete"]
    finally:
        server.stop()
    assert len(fetching) == (len(os.sched_getaffinity(0)) > 1)


def children_of(pid: int) -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if (found := stat(path)) and int(found[1]) == pid]


def runs(pid: int) -> bool:
    found = stat(Path(f"/proc/{pid}"))
    return found is not None and found[0] not in ("Z", "X")


def stat(process: Path) -> list[str] | None:
    """State, parent and so on; None for one that is gone."""
    try:
        return (process / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
