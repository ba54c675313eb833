"""A local GitLab: its state, what people do to it, the organisation of the other trackers told in its terms, and all
of that served over real HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg
from okr_delivery.sandbox import TOKEN
from okr_delivery.sandbox.faults import Source

if TYPE_CHECKING:
    from okr_delivery.sandbox.gitlab.server import HasState, RunningServer
    from okr_delivery.sandbox.gitlab.state import GitLab
    from okr_delivery.sandbox.world import World

__all__ = ["serve"]
VERSION = "18.5.0"


def serve(
    world: GitLab | HasState | World,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    faults: Source = None,
    clock: Callable[[], float] | None = None,
    latency: float | None = None,
    token: str = TOKEN,
    tier: str | None = None,
    version: str | None = None,
    context: str = "",
) -> RunningServer:
    """Serves a GitLab, a recording of one, or a world told as one, until `stop()`. Port 0 takes a free one.

    `latency` is seconds for each request. `clock` answers epoch seconds; without one the server's time begins at the
    state's own `now` and runs on, and is real time for a recording, which has none. `tier` and `version` put another
    plan or another age over the state's own; `context` is a path before everything else. The state itself is what
    changes when clients write. Raises UserError for unknown faults and where werkzeug or graphql-core is not
    installed, OSError for a port that is taken, ValueError for a tier that there is not.
    """
    if find_spec("werkzeug") is None:
        raise user_error(msg("sandbox.no_werkzeug"), next_step=msg("sandbox.no_werkzeug.next"))
    if find_spec("graphql") is None:
        raise user_error(msg("sandbox.no_graphql"), next_step=msg("sandbox.no_werkzeug.next"))
    from okr_delivery.sandbox.gitlab.server import start

    state = _state(world, tier, version)
    return start(state, port=port, host=host, faults=faults, clock=clock, latency=latency, token=token, context=context)


def _state(world: GitLab | HasState | World, tier: str | None, version: str | None) -> GitLab:
    from okr_delivery.sandbox.gitlab.state import GitLab, Tier
    from okr_delivery.sandbox.gitlab.translate import of_world
    from okr_delivery.sandbox.world import World

    if isinstance(world, World):
        return of_world(world, Tier(tier or Tier.ULTIMATE), version=version or VERSION)
    state = world if isinstance(world, GitLab) else world.state
    state.tier = state.tier if tier is None else Tier(tier)
    state.version = version or state.version
    return state
