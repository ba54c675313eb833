"""The guard in front of the wire: every request of every session passes here, whatever library made it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.sync.errors import AbortSyncError, ConfigError
from okr_delivery.sync.network import NetworkSpec, Origin, trust
from okr_delivery.sync.network import proxies as routes

Observer = Callable[[requests.PreparedRequest, requests.Response | None], None]
"""Told of every request that was sent, in the thread that sent it, with the body already read; it must not change
either. None: the connection broke, or gave no whole answer."""

POOL = 16
LARGEST = 256 * 1024 * 1024
"""Bytes of an unpacked body: many times the largest page that a tracker makes."""
CHUNK = 64 * 1024
log = logging.getLogger("okr_delivery.http")  # method, path, status and seconds; never a host, query, header or body


class GuardedAdapter(HTTPAdapter):
    """Sends a request as the configuration says, and only where it says.

    Proxy, trust and time-outs come from `network:`, whatever the session, the environment or a library would have
    used. A request to another scheme, host or port than the source's own is refused before anything leaves, so no
    header, cookie or token can follow a redirect or a link there.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        origin: Origin,
        *,
        allow_http: bool,
        hosts: frozenset[str] | None,
        count: Callable[[requests.PreparedRequest], None],
        answered: Observer,
        left: Callable[[], float | None] = lambda: None,
    ) -> None:
        """`left` says how many seconds the run still has; None: as many as it takes."""
        self._spec = spec
        self._origin = origin
        self._allow_http = allow_http
        self._hosts = hosts
        self._count = count
        self._answered = answered
        self._left = left
        self._context = trust(spec) if origin.scheme == "https" else None
        super().__init__(pool_maxsize=POOL, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Pools that trust what the configuration trusts."""
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """The same trust through a proxy, and for the proxy itself where it is reached by https."""
        own = trust(self._spec) if proxy.startswith("https:") else None
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context, proxy_ssl_context=own)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leaves the context's own authorities in place; verification can't be switched off."""
        conn.cert_reqs = "CERT_REQUIRED"

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """Our context instead of the one requests would make of `verify`."""
        host, pool = super().build_connection_pool_key_attributes(request, True, None)
        pool.pop("ca_certs", None)
        pool.pop("ca_cert_dir", None)
        if self._context is not None:
            pool["ssl_context"] = self._context
        return host, pool

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Refuses or sends. Raises ConfigError for an address that this source may not reach."""
        url = str(request.url)
        check_address(url, self._origin, allow_http=self._allow_http, hosts=self._hosts)
        self._count(request)
        began = time.perf_counter()
        try:
            response = self._whole(request, stream, url)
        except requests.RequestException as error:
            error.request = error.request or request  # one that broke off in its body does not know it
            self._answered(request, None)
            _log(request, type(error).__name__, began)
            raise
        _log(request, response.status_code, began)
        self._answered(request, response)
        self._check_redirect(response, url)
        return response

    def _whole(self, request: requests.PreparedRequest, stream: bool, url: str) -> requests.Response:
        response = super().send(
            request,
            stream=stream,
            timeout=(self._spec.connect_timeout, self._spec.read_timeout),
            verify=True,
            cert=None,
            proxies=routes(self._spec, url),
        )
        if not stream:
            self._read(response)  # here, so that a body that breaks off was never an answer
        return response

    def _read(self, response: requests.Response) -> None:
        """Reads the body. One that comes drop by drop keeps within every time-out: it is cut off when the run's time
        and one time-out more are over. Raises ReadTimeout then, AbortSyncError for a body that is far too large."""
        left = self._left()
        if left is None:
            _unpack(response)
            return
        watch = _Watch(max(left, 0.0) + self._spec.read_timeout, response)
        try:
            _unpack(response)
        except requests.RequestException:
            if not watch.over:
                raise
        finally:
            watch.cancel()
        if watch.over:
            raise requests.ReadTimeout("the body took too long", request=response.request)

    def _check_redirect(self, response: requests.Response, url: str) -> None:
        if not response.is_redirect:
            return
        target = urljoin(url, response.headers["Location"])
        if origin_of(target) != self._origin:
            response.close()
            raise _refused("redirect", url, target)


def _unpack(response: requests.Response) -> None:
    """Makes the body the answer's `content`. A few kilobytes may unpack to gigabytes: that is not waited for."""
    parts, size = [], 0
    for part in response.iter_content(CHUNK):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            response.close()
            what = msg("sync.too_large", most=LARGEST // 1024**2)
            raise AbortSyncError([Problem(what, path_of(response.url), msg("sync.too_large_help"))])
    response._content = b"".join(parts)  # where `content` finds what has been read


def _log(request: requests.PreparedRequest, ended: object, began: float) -> None:
    """One line, however it ended: the status, or the name of the error of a connection that gave no answer."""
    log.debug("%s %s %s %.2f s", request.method, path_of(request.url), ended, time.perf_counter() - began)


class _Watch:
    """Ends the reading of a body after so many seconds unless it is cancelled before."""

    def __init__(self, seconds: float, response: requests.Response) -> None:
        self.over = False
        self._response = response
        self._timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        self.over = True
        with suppress(ValueError, OSError):  # it has no socket any more
            self._response.raw.shutdown()

    def cancel(self) -> None:
        """Leaves no thread behind: a process with one can't be forked safely."""
        self._timer.cancel()
        self._timer.join()


def origin_of(url: str) -> Origin | None:
    """None for an address that can't be one."""
    try:
        return Origin.of(url)
    except ValueError:
        return None


def check_address(url: str, own: Origin, *, allow_http: bool, hosts: frozenset[str] | None) -> None:
    """Raises ConfigError unless the address is the source's own, allowed by OKR_DELIVERY_HOSTS and encrypted."""
    target = origin_of(url)
    if target != own:
        raise _refused("foreign", url, url)
    if hosts is not None and not own.listed(hosts):
        raise _refused("host_not_allowed", url, url)
    if own.scheme != "https" and not (own.scheme == "http" and (allow_http or own.loopback)):
        raise _refused("not_https", url, url)


def _refused(what: str, url: str, target: str) -> ConfigError:
    host = urlsplit(target).hostname or ""
    return ConfigError([Problem(msg(f"sync.{what}", host=host), path_of(url), msg(f"sync.{what}_help", host=host))])


def path_of(url: str | None) -> str:
    """The only part of a URL that messages show: no host, no query, no fragment."""
    return urlsplit(url or "").path or "/"
