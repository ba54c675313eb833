"""Turns a source of the configuration into a connector on a transport of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from okr_delivery.config.secrets import credentials
from okr_delivery.sync import registry
from okr_delivery.sync.connector import Connector, Secret, SourceSpec
from okr_delivery.sync.transport import NetworkSpec, Transport

if TYPE_CHECKING:
    from okr_delivery.config import Config, Source, Team

FIELDS = ("key_result", "contribution", "confidence", "estimate", "priority", "user_value")


def connector_for(
    config: Config,
    source: Source,
    env: Mapping[str, str],
    *,
    deadline: float | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Connector, Transport]:
    """A connector that has not sent anything yet, and its transport. `deadline` is an instant of `clock`.

    Raises ConfigError for a type that is not installed and for an address that may not be reached, UserError for a
    token that is not set.
    """
    kind = registry.load(source.type)
    spec = spec_of(source, env, config.effective_teams())
    transport = Transport(
        network_of(config),
        origin=source.url,
        allow_http=source.allow_http,
        hosts=config.allowed_hosts,
        clock=clock,
        sleep=sleep,
        deadline=deadline,
    )
    return kind.open(spec, transport), transport


def spec_of(source: Source, env: Mapping[str, str], teams: Sequence[Team] = ()) -> SourceSpec:
    """What the connector may know of its source and of the teams that use it. Raises UserError for a missing secret."""
    user, token = credentials(source, env)
    named = {name: getattr(source.fields, name) for name in FIELDS}
    return SourceSpec(
        name=source.name,
        type=source.type,
        url=source.url.rstrip("/"),
        deployment=source.deployment,
        projects=tuple(source.projects),
        boards=tuple(source.boards),
        jql=source.jql,
        since=source.history.since,
        fields=named,
        user=user,
        token=Secret(token),
        options={
            "groups": tuple(source.groups),
            "label_scope": source.statuses.label_scope,
            "status_check": source.status_check,
            "environments": source.deployments.environments if source.deployments is not None else (),
            "releases": "version" in source.release.from_,
        },
        iteration_boards=boards_of(source, teams),
    )


def boards_of(source: Source, teams: Sequence[Team]) -> dict[str, bool]:
    """The boards that teams of a source name beside its own; False where the board may be one of another source."""
    found: dict[str, bool] = {}
    for team in teams:
        sources = {selector.source for selector in team.select}
        if source.name not in sources:
            continue
        named = {board: True for selector in team.select if selector.source == source.name for board in selector.boards}
        own = team.iterations.boards if team.iterations is not None else ()
        for board, certain in [*((board, len(sources) == 1) for board in own), *named.items()]:
            found[board] = found.get(board, False) or certain
    return {board: certain for board, certain in sorted(found.items()) if board not in source.boards}


def network_of(config: Config) -> NetworkSpec:
    """`network:` as the transport takes it; a relative CA file is the configuration file's neighbour."""
    network = config.network
    bundle = network.ca_bundle if network.ca_bundle == "system" else str(config.root / network.ca_bundle)
    return NetworkSpec(network.proxy, bundle, network.timeout.connect, network.timeout.read)
