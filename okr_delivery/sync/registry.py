"""Connectors by the type a source names. Listing imports none; only the one that is needed is loaded."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg
from okr_delivery.sync.connector import API, GROUP, Connector
from okr_delivery.sync.errors import ConfigError

OWN = "okr-delivery"


def names() -> tuple[str, ...]:
    """The installed connector types, without importing any."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def load(type_name: str) -> type[Connector]:
    """The connector of a type.

    Raises ConfigError when none or more than one is installed under that name, when it can't be imported (with the
    line that installs what it lacks) and when it was written for another version of the contract.
    """
    points = {(p.value, _distribution(p)): p for p in entry_points(group=GROUP, name=type_name)}
    if not points:
        known = ", ".join(names()) or "–"
        raise _error("sync.connector.unknown", "sync.connector.unknown_help", type=type_name, known=known)
    if len(points) > 1:
        found = ", ".join(sorted(f"{value} ({distribution})" for value, distribution in points))
        raise _error("sync.connector.twice", "sync.connector.twice_help", type=type_name, found=found)
    point = next(iter(points.values()))
    found = _imported(point)
    if getattr(found, "api", None) != API:
        version = str(getattr(found, "api", None))
        raise _error("sync.connector.api", "sync.connector.api_help", type=type_name, found=version, wanted=API)
    connector: type[Connector] = found
    return connector


def _imported(point: EntryPoint) -> Any:
    distribution = _distribution(point)
    line = f"pip install '{OWN}[{point.name}]'" if distribution == OWN else f"pip install --upgrade {distribution}"
    try:
        return point.load()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}" if not isinstance(error, ImportError) else str(error)
        step = msg("sync.connector.import_help", line=line)
        what = msg("sync.connector.import", type=point.name, distribution=distribution, reason=reason)
        raise ConfigError([Problem(what, point.name, step)]) from error


def _distribution(point: EntryPoint) -> str:
    return str(point.dist.name) if point.dist is not None else point.value.partition(":")[0]


def _error(what: str, help_id: str, /, **params: object) -> ConfigError:
    said: Message = msg(what, **params)
    return ConfigError([Problem(said, str(params["type"]), msg(help_id, **params))])
