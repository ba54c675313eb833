"""The way to one source, as messages and `doctor` describe it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from okr_delivery.sync.certificate import issuer_at
from okr_delivery.sync.network import Authorities, NetworkSpec, Origin, Route, authorities, route


@dataclass(frozen=True)
class Way:
    """What lies between this machine and `url`."""

    spec: NetworkSpec
    url: str

    @property
    def host(self) -> str:
        return Origin.of(self.url).host

    @property
    def encrypted(self) -> bool:
        return Origin.of(self.url).scheme == "https"

    @property
    def route(self) -> Route:
        return route(self.spec, self.url)

    @property
    def authorities(self) -> Authorities:
        return authorities(self.spec)

    @cached_property
    def issuer(self) -> str | None:
        """Who issued the certificate at the other end, trusted or not; asked once, by a handshake of its own."""
        return issuer_at(self.spec, self.url)
