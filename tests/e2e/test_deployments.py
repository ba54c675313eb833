"""Deployments from a served GitLab to the figures: what the forge knows is what `metrics` says, run after run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median_low
from typing import Any

import pytest

from okr_delivery.sandbox import world
from okr_delivery.sandbox.gitlab.server import RunningServer, start
from okr_delivery.sandbox.gitlab.translate import of_world
from tests.e2e.runner import NOW, Cli

TOKEN = "glpat-0123456789abcdefghij"
SETTINGS = """\
version: 1
sources:
  - name: gitlab
    type: gitlab
    url: %s
    projects: [acme/payments]
    deployments: {environments: [%s]}
"""
CYCLE = "cycle: {id: now, start: 2026-10-01, end: 2026-12-31}\nobjectives: []\n"
DAY = 86_400_000


@pytest.fixture
def server() -> Iterator[RunningServer]:
    state = of_world(world.build(issues=60, now=NOW))
    found = start(
        state, port=0, host="127.0.0.1", faults={}, clock=None, latency=None, token=TOKEN, context=""
    )  # fmt: skip
    with found:
        yield found


@pytest.fixture
def cli(server: RunningServer, tmp_path: Path) -> Cli:
    made = Cli(tmp_path, {"OKR_DELIVERY_GITLAB_TOKEN": TOKEN}, NOW)
    connect(made, server)
    return made


def connect(cli: Cli, server: RunningServer, environment: str = "production") -> None:
    (cli.folder / "okr-delivery.yaml").write_text(SETTINGS % (server.url, environment), encoding="utf-8")


def service(cli: Cli) -> Any:
    """Of the 90 days up to now."""
    today = datetime.fromtimestamp(cli.now, UTC).date().isoformat()
    (only,) = cli.ok("metrics", "--until", today, "--format", "json").json["scopes"][0]["services"]
    return only["metrics"]


def expected(server: RunningServer, now: int, environment: str = "production") -> tuple[int, list[int]]:
    """How many successful deployments the forge had in those 90 days, and how long (ms) each of their commits took."""
    state, project = server.state, server.forge.place("acme/payments").id
    midnight = (now * 1000 // DAY - 89) * DAY
    rows = [d for d in state.deployments.values() if d.project == project and d.status == "success"]
    named = [d for d in rows if state.environments[d.environment].name == environment]
    inside = [d for d in named if d.finished is not None and midnight <= d.finished <= now * 1000]
    brought = [(d, state.merge_requests[number]) for d in inside for number in d.merge_requests]
    return len(inside), sorted(max(0, (d.finished or 0) - c.at) for d, request in brought for c in request.commits)


def hold(cli: Cli, server: RunningServer) -> None:
    """The figures against the forge."""
    found, (n, took) = service(cli), expected(server, cli.now)
    assert (found["deployment_frequency"]["n"], found["change_lead_time"]["n"]) == (n, len(took))
    assert n and took, "the seeded forge deploys"
    assert found["change_lead_time"]["value"] == pytest.approx(median_low(took) / DAY, abs=1e-4)


def test_what_the_forge_deployed_is_what_is_measured(cli: Cli, server: RunningServer) -> None:
    cli.ok("sync")
    hold(cli, server)
    before = service(cli)["deployment_frequency"]["n"]
    server.forge.deploy("acme/payments")
    server.forge.deploy("acme/payments", status="failed")
    server.reset()
    cli.now += 3600
    cli.ok("sync")
    assert service(cli)["deployment_frequency"]["n"] == before + 1
    hold(cli, server)
    assert sum(n for what, n in server.requests.items() if "merge_requests" in what) == 1  # of the new one alone


def test_an_issue_is_released_with_its_first_deployment(cli: Cli, server: RunningServer) -> None:
    cli.ok("sync")
    cli.ok("export", "--to", "tables")
    lines = (cli.folder / "tables" / "deployments.csv").read_text("utf-8").splitlines()
    state, project = server.state, server.forge.place("acme/payments").id
    ended = [d for d in state.deployments.values() if d.project == project and d.finished is not None]
    production = [d for d in ended if state.environments[d.environment].name == "production"]
    assert len(lines) - 1 == len(production)
    assert any("acme/payments#" in line for line in lines[1:])


def test_another_environment_reads_its_own(cli: Cli, server: RunningServer) -> None:
    cli.ok("sync")
    connect(cli, server, "staging")
    cli.ok("sync")
    n, _ = expected(server, cli.now, "staging")
    assert service(cli)["deployment_frequency"]["n"] == n


def test_an_environment_that_is_not_there_leaves_the_issues_whole(cli: Cli, server: RunningServer) -> None:
    connect(cli, server, "prod")
    ended = cli("sync")
    assert ended.code == 2
    assert "production" in ended.err  # those that are there are named
    assert cli("metrics").code == 2
    (cli.folder / "okrs").mkdir()
    (cli.folder / "okrs" / "now.yaml").write_text(CYCLE, encoding="utf-8")
    cli.ok("gate", "--backlog", "--preview")
