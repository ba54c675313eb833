"""Jira Cloud, served locally over real HTTP: the endpoints a sync uses, and the writes that change what it finds.

Importing this package raises UserError where werkzeug, which only the sandbox needs, is not installed.
"""

from __future__ import annotations

from collections.abc import Callable

from okr_delivery.sandbox import TOKEN, USER
from okr_delivery.sandbox.faults import Source
from okr_delivery.sandbox.jira.server import HasSite, RunningServer, start
from okr_delivery.sandbox.jira_cloud.dialect import Cloud

__all__ = ["RunningServer", "serve"]


def serve(
    world: HasSite,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    faults: Source = None,
    clock: Callable[[], float] | None = None,
    latency: float | None = None,
    user: str = USER,
    token: str = TOKEN,
) -> RunningServer:
    """Serves a world or a recording until `stop()`. Port 0 takes a free one; `latency` is seconds for each request.

    `clock` answers epoch seconds; without one the server's time begins at the state's own `now` and runs on, and is
    real time for a recording, which has none. The world itself is what changes when clients write: build a new one for
    a fresh start. Raises UserError for unknown faults and OSError for a port that is taken.
    """
    return start(
        Cloud(), world, port=port, host=host, faults=faults, clock=clock, latency=latency, user=user, token=token
    )
