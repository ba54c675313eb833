"""Addresses of the REST interface. An id may be a path with quoted slashes, so addresses are split while quoted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab.http import RefusedError, no_route
from okr_delivery.sandbox.gitlab.parameters import Declared

Handler = Callable[..., Response]
ROOT = "/api/v4/"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A handler with the label it is counted under: its path with `:id` for what varies."""

    method: str
    label: str
    handler: Handler
    parameters: Declared = field(default_factory=dict)

    @property
    def parts(self) -> list[str]:
        return self.label.split("/")


class Routes:
    """Finds the endpoint of a path."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._by_length: defaultdict[int, list[Endpoint]] = defaultdict(list)
        for endpoint in endpoints:
            self._by_length[len(endpoint.parts)].append(endpoint)
        for rows in self._by_length.values():
            rows.sort(key=lambda row: [part.startswith(":") for part in row.parts])

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        """The endpoint and what its path names. Refuses unknown addresses and methods."""
        if not path.startswith(ROOT):
            raise no_route()
        parts = [unquote(part) for part in path.removeprefix(ROOT).rstrip("/").split("/")]
        found = [(row, named) for row in self._by_length[len(parts)] if (named := _match(row.parts, parts)) is not None]
        if not found:
            raise no_route()
        for row, named in found:
            if row.method == method:
                return row, dict(named)
        raise RefusedError(405, {"error": "405 Not Allowed"})


def _match(pattern: list[str], parts: list[str]) -> Mapping[str, str] | None:
    named: dict[str, str] = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith(":"):
            named[wanted[1:]] = part
        elif wanted != part:
            return None
    return named
