"""Whole runs: the command line against the sandbox over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer, serve
from okr_delivery.sandbox.workspace import write
from okr_delivery.sandbox.world import build
from tests.e2e.ci import Site, site
from tests.e2e.runner import NOW, Cli


@pytest.fixture
def server() -> Iterator[RunningServer]:
    """The seeded organisation, as it is at NOW."""
    running = serve(build(seed=1, now=NOW))
    yield running
    running.stop()


@pytest.fixture
def cli(server: RunningServer, tmp_path: Path) -> Cli:
    """A command line in a fresh workspace for `server`."""
    folder = tmp_path / "work"
    folder.mkdir()
    write(folder, build(seed=1, now=NOW), server.url, "en")
    return Cli(folder)


@pytest.fixture(scope="session")
def synced_server() -> Iterator[RunningServer]:
    running = serve(build(seed=1, now=NOW))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def synced(synced_server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A workspace after its first sync; read it, don't change it."""
    folder = tmp_path_factory.mktemp("synced")
    write(folder, build(seed=1, now=NOW), synced_server.url, "en")
    made = Cli(folder)
    made.ok("sync")
    return made


@pytest.fixture(scope="session")
def ci_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """What jobs of CI run against."""
    with site(tmp_path_factory.mktemp("ci")) as made:
        yield made
