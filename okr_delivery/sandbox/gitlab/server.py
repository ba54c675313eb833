"""A served GitLab: what tests and the commands hold in their hands."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from okr_delivery.sandbox import faults as fault_switches
from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.gitlab.app import App, Logged
from okr_delivery.sandbox.gitlab.forge import Forge
from okr_delivery.sandbox.gitlab.posted import Posted
from okr_delivery.sandbox.gitlab.state import GitLab
from okr_delivery.sandbox.serving import Served, ticking


class HasState(Protocol):
    """A told world or a recording: anything that brings a GitLab."""

    @property
    def state(self) -> GitLab: ...


class RunningServer(Served):
    """A served GitLab. Use it in a `with` statement, or call `stop()`.

    `forge` changes the state as people would; `requests` counts by endpoint and `operations` GraphQL queries by name;
    `ignored` counts parameters that nobody read; `log` has every request; `faults` may be replaced at any time.
    """

    def __init__(self, app: App, host: str, port: int) -> None:
        super().__init__(app, host, port)
        self._app = app

    @property
    def token(self) -> str:
        return self._app.token

    @property
    def forge(self) -> Forge:
        return self._app.forge

    @property
    def state(self) -> GitLab:
        return self._app.forge.state

    @property
    def posted(self) -> Posted:
        """Commit statuses, answers to status checks, and progress of objectives."""
        return self._app.posted

    @property
    def requests(self) -> Counter[str]:
        return self._app.requests

    @property
    def operations(self) -> Counter[str]:
        return self._app.operations

    @property
    def ignored(self) -> Counter[tuple[str, str]]:
        return self._app.ignored

    @property
    def log(self) -> list[Logged]:
        return self._app.log

    @property
    def faults(self) -> Faults:
        return self._app.faults

    @faults.setter
    def faults(self, faults: fault_switches.Source) -> None:
        with self._app.forge.lock:
            self._app.use(fault_switches.load(faults))

    def reset(self) -> None:
        """Counts from zero again: requests, the log, and the numbers that failures are keyed on."""
        with self._app.forge.lock:
            self._app.reset()


def start(
    world: GitLab | HasState,
    *,
    port: int,
    host: str,
    faults: fault_switches.Source,
    clock: Callable[[], float] | None,
    latency: float | None,
    token: str,
    context: str,
) -> RunningServer:
    """Serves a state; `serve` says what the arguments mean."""
    state = world if isinstance(world, GitLab) else world.state
    forge = Forge(state, clock or (time.time if state.now is None else ticking(state.now)))
    switches = fault_switches.load(faults)
    switches = switches if latency is None else replace(switches, latency=latency)
    return RunningServer(App(forge, switches, token, context.rstrip("/")), host, port)
