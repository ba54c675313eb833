"""What the way out to the network is made of: settings, origins, the trust store, the proxy for one address."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.sync.errors import ConfigError

PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """`network:` of the configuration. Time-outs in seconds.

    `proxy` is "env" (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), "none" or a proxy's address; `ca_bundle` is "system" or the
    path of a PEM file.
    """

    proxy: str = "env"
    ca_bundle: str = "system"
    connect_timeout: float = 10
    read_timeout: float = 60


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: where a source's secrets may go."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, url: str) -> Origin:
        """Raises ValueError for a port that is no number."""
        parts: SplitResult = urlsplit(url)
        scheme = parts.scheme.lower()
        return cls(scheme, (parts.hostname or "").lower().rstrip("."), parts.port or PORTS.get(scheme))

    @property
    def loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def listed(self, hosts: frozenset[str]) -> bool:
        """Whether an allow-list names it, as `host` or `host:port`, in any case."""
        return bool({self.host, f"{self.host}:{self.port}"} & {host.lower().rstrip(".") for host in hosts})


def proxies(spec: NetworkSpec, url: str) -> dict[str, str]:
    """The proxies for one address. This machine itself is never reached through one."""
    if spec.proxy == "none" or Origin.of(url).loopback:
        return {}
    if spec.proxy == "env":
        return {scheme: str(address) for scheme, address in get_environ_proxies(url).items()}
    return {"http": spec.proxy, "https": spec.proxy}


def trust(spec: NetworkSpec) -> ssl.SSLContext:
    """A context that trusts the machine's authorities or those of the configured file and nobody else.

    A machine without any gets the list that comes with requests. Raises ConfigError for a file that can't be read.
    """
    if spec.ca_bundle != "system":
        return _from_file(Path(spec.ca_bundle))
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def _from_file(path: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        step = msg("sync.ca_bundle_help")
        raise ConfigError([Problem(msg("sync.ca_bundle", path=str(path)), "network.ca_bundle", step)]) from error
