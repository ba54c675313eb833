"""Jira Data Center, served locally over real HTTP: the old search with histories inside, users without accounts.

Importing this package raises UserError where werkzeug, which only the sandbox needs, is not installed.
"""

from __future__ import annotations

from collections.abc import Callable

from okr_delivery.sandbox import TOKEN, USER
from okr_delivery.sandbox.faults import Source
from okr_delivery.sandbox.jira.server import HasSite, RunningServer, start
from okr_delivery.sandbox.jira_datacenter.dialect import DataCenter

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
    context: str = "",
) -> RunningServer:
    """Serves a world or a recording until `stop()`, as `jira_cloud.serve` does. `token` is a personal access token
    (bearer) and the password of `user` alike. `context` is a path before everything else, `/jira` for instance.
    """
    return start(
        DataCenter(),
        world,
        port=port,
        host=host,
        faults=faults,
        clock=clock,
        latency=latency,
        user=user,
        token=token,
        context=context,
    )
