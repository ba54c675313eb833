"""Served GitLabs for the sandbox's own tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from okr_delivery.sandbox import gitlab
from okr_delivery.sandbox.faults import Source
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.state import Tier
from tests.sandbox.gitlab.site import Client, Clock, small

Serving = Callable[..., Client]


@pytest.fixture
def small_clock() -> Clock:
    return Clock()


@pytest.fixture
def client_of(small_clock: Clock) -> Iterator[Serving]:
    """Starts a server of the small site and gives a client for it; all of them end with the test."""
    running: list[RunningServer] = []

    def start(faults: Source = None, tier: Tier = Tier.ULTIMATE, version: str = "18.5.0", **more: Any) -> Client:
        state = small(small_clock, tier, version)
        running.append(gitlab.serve(state, faults=faults, clock=small_clock, **more))
        return Client(running[-1])

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def small_client(client_of: Serving) -> Client:
    return client_of()
