"""What a broken connection or a refusal means, and what to set so that it goes away.

Messages hold the status and the URL's path, never a body, a header, a query or a token.
"""

from __future__ import annotations

import math
import re
import ssl
from datetime import UTC, datetime

import requests

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg
from okr_delivery.sync.adapter import path_of
from okr_delivery.sync.errors import AbortSyncError, ConfigError, RetryLaterError, SyncError, UnsureError
from okr_delivery.sync.limits import Limit, reached
from okr_delivery.sync.way import Way

KNOWN = {401: "unauthorized", 403: "forbidden", 404: "not_found", 410: "removed"}
NO_NAME = re.compile(
    r"name or service not known|nodename nor servname|getaddrinfo|NameResolution|temporary failure in name", re.I
)
TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
BROKEN_OFF = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)  # also http.client.RemoteDisconnected
LAST = 253_402_300_799  # the end of the year 9999
UNTRUSTED = {9: "certificate_dates", 10: "certificate_dates", 62: "certificate_name", 64: "certificate_name"}  # OpenSSL


def refused(response: requests.Response, what: str, way: Way) -> SyncError:
    """The error for a status that is no success."""
    status, place = response.status_code, f"{what} {path_of(response.url)}"
    error: SyncError
    if status in KNOWN:
        error = ConfigError(
            [Problem(msg(f"sync.{KNOWN[status]}", status=status), place, msg(f"sync.{KNOWN[status]}_help"))]
        )
    elif status == 407:
        error = ConfigError([Problem(_proxy_login(way)[0], place, _proxy_login(way)[1])])
    elif status == 429:
        said = msg("sync.too_many", status=status, limit=_named(reached(response)))
        error = RetryLaterError([Problem(said, place, msg("sync.later"))])
    elif status >= 500:
        error = RetryLaterError([Problem(msg("sync.server_error", status=status), place, msg("sync.later"))])
    elif 300 <= status < 400:
        error = ConfigError([Problem(msg("sync.moved", status=status), place, msg("sync.moved_help"))])
    else:
        error = AbortSyncError([Problem(msg("sync.refused", status=status), place, msg("sync.refused_help"))])
    error.status = status
    return error


def passing(error: requests.RequestException) -> bool:
    """Whether the same request may well succeed a moment later."""
    if _certificate(error):
        return False
    if isinstance(error, requests.exceptions.ProxyError):
        return not 400 <= _tunnel(error) < 500  # a login that is refused again and again gets an account locked
    kinds = (
        requests.ConnectionError,
        requests.Timeout,
        requests.exceptions.ChunkedEncodingError,
        requests.exceptions.ContentDecodingError,
    )
    return isinstance(error, kinds) and not isinstance(error, requests.exceptions.InvalidProxyURL)


def broken(error: requests.RequestException, what: str, way: Way) -> SyncError:
    """The error for a request that got no whole answer."""
    place = f"{what} {path_of(error.request.url)}" if error.request is not None else what
    said, step = _cause(error, way)
    kind = RetryLaterError if said.id in ("sync.slow", "sync.cut_off") else ConfigError
    return kind([Problem(said, place, step)])


def _cause(error: requests.RequestException, way: Way) -> tuple[Message, Message]:
    host = way.host
    if isinstance(error, requests.exceptions.ProxyError | requests.exceptions.InvalidProxyURL):
        return _proxy(error, way)
    if isinstance(error, requests.exceptions.SSLError):
        if _certificate(error):
            return _untrusted(error, way)
        return msg("sync.tls", host=host, proxy=way.route.shown), msg("sync.tls_help")
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return msg("sync.no_answer", host=host), msg("sync.no_answer_help")
    if isinstance(error, requests.Timeout):
        return msg("sync.slow", host=host), msg("sync.later")
    if isinstance(error, requests.TooManyRedirects):
        return msg("sync.moved", status=302), msg("sync.moved_help")
    text = _told(error)
    if NO_NAME.search(text):
        return msg("sync.no_such_host", host=host), msg("sync.no_such_host_help")
    if "refused" in text.lower():
        return msg("sync.connection_refused", host=host), msg("sync.no_answer_help")
    if "unreachable" in text.lower() or "no route" in text.lower():
        return msg("sync.no_answer", host=host), msg("sync.no_answer_help")
    return _cut_off(way)


def _proxy(error: requests.RequestException, way: Way) -> tuple[Message, Message]:
    status = _tunnel(error)
    if status == 407:
        return _proxy_login(way)
    if status:
        said = msg("sync.proxy_refused", proxy=way.route.shown, host=way.host, status=status)
        return said, msg("sync.proxy_refused_help", host=way.host)
    if _certificate(error):
        seen = {"authorities": way.authorities.shown, "proxy": way.route.shown}
        return msg("sync.proxy_certificate", **seen), msg("sync.certificate_help", host=way.host)
    if any(isinstance(e, BROKEN_OFF) for e in _chain(error)):  # urllib3 blames the proxy for its tunnels' far ends too
        return _cut_off(way)
    return msg("sync.proxy", proxy=way.route.shown), msg("sync.proxy_help")


def _cut_off(way: Way) -> tuple[Message, Message]:
    return msg("sync.cut_off", host=way.host, proxy=way.route.shown), msg("sync.later")


def _proxy_login(way: Way) -> tuple[Message, Message]:
    return msg("sync.proxy_login", proxy=way.route.shown), msg("sync.proxy_login_help")


def _tunnel(error: BaseException) -> int:
    """The status with which a proxy refused to connect; 0 when it gave none."""
    found = TUNNEL.search(_told(error))
    return int(found[1]) if found else 0


def _untrusted(error: BaseException, way: Way) -> tuple[Message, Message]:
    code = next((e.verify_code for e in _chain(error) if isinstance(e, ssl.SSLCertVerificationError)), 0)
    name = UNTRUSTED.get(code, "certificate")
    issuer = way.issuer or msg("sync.issuer_unknown")
    seen = {"host": way.host, "issuer": issuer, "authorities": way.authorities.shown, "proxy": way.route.shown}
    return msg(f"sync.{name}", **seen), msg(f"sync.{name}_help", host=way.host)


def _certificate(error: BaseException) -> bool:
    return any(isinstance(e, ssl.SSLCertVerificationError) for e in _chain(error))


def _chain(error: BaseException) -> list[BaseException]:
    """An error and everything it wraps, whichever way the libraries wrap it."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop()
        if isinstance(item, BaseException) and item not in found and len(found) < 20:
            found.append(item)
            waiting += [*item.args, getattr(item, "reason", None), item.__cause__, item.__context__]
    return found


def _told(error: BaseException) -> str:
    return " ".join(f"{type(e).__name__} {e}" for e in _chain(error))


def not_json(response: requests.Response, what: str) -> SyncError:
    """A body that is no JSON: a login page in front of the tracker, or an answer that was cut off."""
    place = f"{what} {path_of(response.url)}"
    kind = response.headers.get("Content-Type", "").lower()
    error: SyncError
    if "html" in kind or response.content.lstrip()[:1] == b"<":
        error = ConfigError([Problem(msg("sync.login_page"), place, msg("sync.login_page_help"))])
    else:
        error = RetryLaterError([Problem(msg("sync.truncated"), place, msg("sync.later"))])
    error.status = response.status_code
    return error


def too_deep(response: requests.Response, what: str) -> SyncError:
    """A body of values in values in values: no answer of a tracker."""
    return AbortSyncError(
        [Problem(msg("sync.too_deep"), f"{what} {path_of(response.url)}", msg("sync.too_large_help"))]
    )


def out_of_time(what: str) -> RetryLaterError:
    """The run's time is up."""
    return RetryLaterError([Problem(msg("sync.out_of_time"), what, msg("sync.out_of_time_help"))])


def limited(place: str, seconds: float, until: float, limit: Limit) -> RetryLaterError:
    """The tracker asks for more patience than this run has. `until` is an instant of this machine's clock."""
    at = datetime.fromtimestamp(min(until, LAST), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    said = msg("sync.limited", limit=_named(limit), seconds=math.ceil(min(seconds, LAST)), at=at)
    return RetryLaterError([Problem(said, place, msg("sync.limited_help", at=at))])


def _named(limit: Limit) -> Message:
    return msg(f"sync.limit.{limit.kind}")


def unsure(what: str) -> UnsureError:
    """A creating request without an answer."""
    return UnsureError([Problem(msg("sync.unsure"), what, msg("sync.unsure_help"))])
