"""A first sync of a GitLab, killed at some of its pages and run again, leaves what an uninterrupted one leaves."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

from okr_delivery.sandbox.gitlab import serve
from okr_delivery.sandbox.workspace import write_gitlab
from okr_delivery.sandbox.world import build
from tests.e2e.runner import NOW, Cli
from tests.e2e.test_kill import Syncs, cursor, dump, ledger

ISSUES = 30
DEATHS = ((1, "before"), (4, "after"), (7, "before"))  # at which transaction, on which side of its commit


def test_killed_and_resumed(tmp_path: Path) -> None:
    world = build(seed=5, issues=ISSUES, now=NOW, by_day=True)
    with serve(world, clock=lambda: float(NOW)) as server:
        write_gitlab(tmp_path / "work", world, server.url, "en")
        cli = Cli(tmp_path / "work")
        with Syncs(cli.folder) as sync:
            whole = f"sqlite:///{tmp_path}/whole.db"
            assert sync(whole) == 0
            expected, lines = dump(whole), ledger(cli)
            stood = set()
            for page, moment in DEATHS:
                shutil.rmtree(cli.folder / "ledger", ignore_errors=True)
                url = f"sqlite:///{tmp_path}/{page}.db"
                assert sync(url, page, moment) == -signal.SIGKILL
                stood.add(cursor(url))
                assert sync(url) == 0
                assert dump(url) == expected, f"killed {moment} the commit of transaction {page}"
                assert ledger(cli) == lines
    assert len(stood) == len(DEATHS)
