"""The clock that a run is told may be far from the machine's own, which waits and time-outs run on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from okr_delivery.sandbox.jira_cloud import serve
from okr_delivery.sandbox.workspace import write
from okr_delivery.sandbox.world import build
from tests.e2e.runner import Cli

DAY = 86_400


@pytest.mark.parametrize("days", [-400, 400])
def test_a_run_at_another_time_has_as_much_patience(tmp_path: Path, days: int) -> None:
    now = int(time.time()) + days * DAY
    world = build(seed=1, issues=20, now=now)
    with serve(world) as server:
        write(tmp_path, world, server.url, "en")
        cli = Cli(tmp_path, now=now)
        cli.ok("sync", "--plan")
        assert cli.ok("sync", "--format", "json").json["sources"][0]["complete"]
        cli.ok("doctor")
