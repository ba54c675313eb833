"""What the way out to the network is made of: settings, origins, the trust store, the proxy for one address."""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies

from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy, should_bypass_proxies

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg
from okr_delivery.sync.errors import ConfigError

PORTS = {"https": 443, "http": 80}
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """`network:` of the configuration. Time-outs in seconds.

    `proxy` is "env" (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), "none" or a proxy's address; `ca_bundle` is "system" (what
    REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE or SSL_CERT_DIR names, else the machine's authorities) or the path
    of a PEM file.
    """

    proxy: str = field(default="env", repr=False)  # it may hold a password
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


@dataclass(frozen=True, slots=True)
class Route:
    """How an address is reached. `proxy` may hold a user and a password: only `shown` is for people."""

    proxy: str | None = field(repr=False)
    why: str  # completes the id `sync.route.…`
    host: str

    @property
    def shown(self) -> Message:
        """The proxy's host and port, or why there is none."""
        return msg(f"sync.route.{self.why}", proxy=address_of(self.proxy), host=self.host)


def route(spec: NetworkSpec, url: str) -> Route:
    """The way to one address. This machine itself is never reached through a proxy.

    Raises ConfigError for a proxy in the environment that is no address.
    """
    origin = Origin.of(url)
    if origin.loopback:
        return Route(None, "own_machine", origin.host)
    if spec.proxy == "none":
        return Route(None, "off", origin.host)
    if spec.proxy != "env":
        return Route(spec.proxy, "configured", origin.host)
    named = select_proxy(url, getproxies())
    if not named:
        return Route(None, "unset", origin.host)
    if should_bypass_proxies(url, no_proxy=None):
        return Route(None, "excepted", origin.host)
    proxy = named if "://" in named else f"http://{named}"
    if address_of(proxy) is None:
        raise ConfigError([Problem(msg("sync.proxy_address"), "HTTPS_PROXY", msg("sync.proxy_address_help"))])
    return Route(proxy, "environment", origin.host)


def address_of(proxy: str | None) -> str | None:
    """Host and port of a proxy's address without its login; None for an address that can't be told apart from it."""
    try:
        parts = urlsplit(proxy or "")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "@" in f"{parts.path}{parts.query}{parts.fragment}":
        return None  # an unescaped sign in a password: what looks like the host is a part of the login
    return host if port is None else f"{host}:{port}"


def proxies(spec: NetworkSpec, url: str) -> dict[str, str]:
    """The proxies for one address, as requests takes them."""
    proxy = route(spec, url).proxy
    return {} if proxy is None else {"http": proxy, "https": proxy}


@dataclass(frozen=True, slots=True)
class Authorities:
    """Whom encrypted connections trust. `named_by` is the setting or variable; `path` None is the machine's own."""

    named_by: str
    path: str | None

    @property
    def shown(self) -> Message:
        if self.path is None:
            return msg("sync.authorities.system")
        return msg("sync.authorities.named", named_by=self.named_by, path=self.path)


def authorities(spec: NetworkSpec) -> Authorities:
    """Those of `network.ca_bundle`; with `system` those that a variable names, else the machine's own.

    The variables are the ones that requests, pip and curl read, in requests' order, and OpenSSL's.
    """
    if spec.ca_bundle != "system":
        return Authorities("network.ca_bundle", spec.ca_bundle)
    for name in CA_VARIABLES:
        if path := os.environ.get(name):
            return Authorities(name, path)
    return Authorities("system", None)


def trust(spec: NetworkSpec) -> ssl.SSLContext:
    """A context that trusts `authorities(spec)` and nobody else, the same one for the same authorities.

    A machine without any gets the list that comes with requests. Raises ConfigError for a file that can't be read.
    """
    return _trusting(authorities(spec))


@lru_cache
def _trusting(named: Authorities) -> ssl.SSLContext:
    """Reading a machine's authorities takes longer than many a request, and each source would."""
    context = ssl.create_default_context() if named.path is None else _from_path(named, Path(named.path))
    if named.path is None and not context.cert_store_stats()["x509_ca"]:
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    # The same on every Python: 3.13 began to refuse authorities that lack an extension, as those of companies often do,
    # and to accept an issuing authority without its root, as curl and browsers do.
    context.verify_flags = (context.verify_flags & ~ssl.VERIFY_X509_STRICT) | ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _from_path(named: Authorities, path: Path) -> ssl.SSLContext:
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=str(path))
        return ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        step = msg("sync.ca_bundle_help" if named.named_by == "network.ca_bundle" else "sync.ca_variable_help")
        raise ConfigError([Problem(msg("sync.ca_bundle", path=str(path)), named.named_by, step)]) from error
