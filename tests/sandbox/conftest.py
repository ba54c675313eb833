"""Served worlds for the sandbox's own tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.sandbox import jira_cloud, jira_datacenter
from okr_delivery.sandbox.faults import Source
from okr_delivery.sandbox.jira_cloud import RunningServer
from okr_delivery.sandbox.world import DEFAULT_NOW, build
from tests.sandbox.client import Client

SHARED = Path(__file__).parents[2].parent / "shared"


class Clock:
    """The server's clock: stands until it is moved."""

    def __init__(self) -> None:
        self.now = float(DEFAULT_NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def serving(clock: Clock) -> Iterator[Callable[..., RunningServer]]:
    """Starts servers of a fresh world; all of them end with the test."""
    running: list[RunningServer] = []

    def start(issues: int = 40, faults: Source = None, kind: str = "cloud", **more: Any) -> RunningServer:
        serve = jira_datacenter.serve if kind == "datacenter" else jira_cloud.serve
        running.append(serve(build(issues=issues), faults=faults, clock=clock, **more))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def server(serving: Callable[..., RunningServer]) -> RunningServer:
    return serving()


@pytest.fixture
def client(server: RunningServer) -> Client:
    return Client(server)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the repository; without it the test is skipped."""
    if not SHARED.is_dir():
        pytest.skip("the reference data beside the repository (../shared) is not here")
    return SHARED
