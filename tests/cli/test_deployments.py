"""Deployments that were not read to the end: figures and observation windows wait for them, planning does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from okr_delivery.config import deployments_hash
from okr_delivery.store import DeploymentMark
from tests.e2e.runner import Cli
from tests.gate.world import CONFIG, NOW, World, issue

SETTINGS = CONFIG.replace("type: jira", "type: gitlab").replace("[PAY]", "[acme/pay]")
CONNECTED = SETTINGS.replace("    non_okr", "    deployments: {environments: [production]}\n    non_okr", 1)
NEED = ("metrics", "trace", "report iteration", "export --to tables")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "work", config_text=CONNECTED)
    yield made.synced(issue(1, "Contributes-to: GROW-KR1 M"))
    made.close()


def mark(world: World, *, complete: bool) -> None:
    """As a reading leaves it that came to its end, or not."""
    asked = deployments_hash(world.write().source("jira"))
    with world.store.page("jira") as tx:
        tx.mark_deployments(DeploymentMark(asked, complete, NOW, NOW))


@pytest.mark.parametrize("command", NEED)
def test_what_needs_them_has_no_answer(command: str, world: World) -> None:
    mark(world, complete=False)
    ended = Cli(world.root, {}, NOW)(*command.split())
    assert ended.code == 2
    assert "deployments of source jira were not read to the end" in ended.err
    assert "okr-delivery sync jira" in ended.err


def test_never_begun_is_not_read_either(world: World) -> None:
    assert Cli(world.root, {}, NOW)("metrics").code == 2


def test_planning_is_judged(world: World) -> None:
    mark(world, complete=False)
    Cli(world.root, {}, NOW).ok("gate", "--backlog")


def test_read_to_the_end_they_stand_in_no_ones_way(world: World) -> None:
    mark(world, complete=True)
    shown = Cli(world.root, {}, NOW).ok("metrics", "--since", "2026-11-01", "--until", "2026-11-17", "--format", "json")
    (service,) = shown.json["scopes"][0]["services"]
    assert service["metrics"]["deployment_frequency"]["value"] == 0


def test_where_none_are_connected_nobody_waits(world: World) -> None:
    world.config_text = SETTINGS
    world.write()
    ended = Cli(world.root, {}, NOW).ok("metrics", "--since", "2026-11-01", "--until", "2026-11-17")
    assert "deployments are not connected" in ended.out
