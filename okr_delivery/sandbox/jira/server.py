"""A served Jira: what tests and the commands hold in their hands."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from okr_delivery.sandbox import TOKEN, USER
from okr_delivery.sandbox import faults as fault_switches
from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.jira.app import App, Logged
from okr_delivery.sandbox.jira.dialect import Dialect
from okr_delivery.sandbox.serving import Served, ticking
from okr_delivery.sandbox.site import Site
from okr_delivery.sandbox.tracker import Tracker


class HasSite(Protocol):
    """A synthetic world or a recording: anything that brings a site."""

    @property
    def site(self) -> Site: ...


class RunningServer(Served):
    """A served tracker. Use it in a `with` statement, or call `stop()`.

    `tracker` changes the state as people would; `site` is that state; `requests` counts by endpoint; `log` has every
    request; `faults` may be replaced at any time.
    """

    def __init__(self, app: App, host: str, port: int) -> None:
        super().__init__(app, host, port)
        self._app = app

    @property
    def site_url(self) -> str:
        """Where the site says it is, which is elsewhere behind a gateway."""
        return self._app.site_url

    @property
    def gateway_url(self) -> str:
        """The API root of scoped tokens and OAuth (Cloud)."""
        return self._app.gateway_url

    @property
    def user(self) -> str:
        return self._app.user

    @property
    def token(self) -> str:
        return self._app.token

    @property
    def tracker(self) -> Tracker:
        return self._app.tracker

    @property
    def site(self) -> Site:
        return self._app.tracker.site

    @property
    def requests(self) -> Counter[str]:
        return self._app.requests

    @property
    def log(self) -> list[Logged]:
        return self._app.log

    @property
    def faults(self) -> Faults:
        return self._app.faults

    @faults.setter
    def faults(self, faults: fault_switches.Source) -> None:
        self._app.use(fault_switches.load(faults))

    def reset(self) -> None:
        """Counts from zero again: requests, the log, and the numbers that failures are keyed on."""
        with self._app.tracker.lock:
            self._app.reset()


def start(
    dialect: Dialect,
    world: HasSite,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    faults: fault_switches.Source = None,
    clock: Callable[[], float] | None = None,
    latency: float | None = None,
    user: str = USER,
    token: str = TOKEN,
    context: str = "",
) -> RunningServer:
    """Serves a world or a recording as this kind of Jira; the packages of the kinds say what the arguments mean.

    `context` is a path before everything else, `/jira` for instance. Raises UserError for unknown faults and OSError
    for a port that is taken.
    """
    began = world.site.now
    tracker = Tracker(world.site, clock or (time.time if began is None else ticking(began)))
    switches = fault_switches.load(faults)
    switches = switches if latency is None else replace(switches, latency=latency)
    app = App(dialect, tracker, switches, (user, token), context.rstrip("/"))
    return RunningServer(app, host, port)
