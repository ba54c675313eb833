"""The HTTP side: a threaded server that keeps connections open, because a sync makes hundreds of small requests."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import unquote, urlsplit

from werkzeug.wrappers import Request

from okr_delivery.sandbox import TOKEN, USER
from okr_delivery.sandbox import faults as fault_switches
from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.jira.app import App, Logged
from okr_delivery.sandbox.jira.dialect import Dialect
from okr_delivery.sandbox.site import Site
from okr_delivery.sandbox.tracker import Tracker


class HasSite(Protocol):
    """A synthetic world or a recording: anything that brings a site."""

    @property
    def site(self) -> Site: ...


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet
    app: App

    def version_string(self) -> str:
        return self.app.dialect.server_name

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.app.tracker.clock() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it
        """Silent: requests are counted, not printed."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.app(Request(self._environ(body)))
        if reply.drop:
            self.close_connection = True
            return
        data = reply.response.get_data()
        self.send_response_only(reply.response.status_code)
        for name, value in reply.response.headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  # the base class looks for these names

    def _environ(self, body: bytes) -> dict[str, Any]:
        parts = urlsplit(self.path)
        host, port = self.connection.getsockname()[:2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(parts.path, "latin-1"),
            "QUERY_STRING": parts.query,
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
        }
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        return environ | headers


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


class RunningServer:
    """A served tracker. Use it in a `with` statement, or call `stop()`.

    `tracker` changes the state as people would; `site` is that state; `requests` counts by endpoint; `log` has every
    request; `faults` may be replaced at any time.
    """

    def __init__(self, app: App, server: ThreadingHTTPServer) -> None:
        self._app, self._server = app, server
        host, port = server.server_address[:2]
        self.url = app.url = f"http://{_shown(str(host))}:{port}{app.context}"
        self._thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def site_url(self) -> str:
        """Where the site says it is, which is elsewhere behind a gateway."""
        return self._app.site_url

    @property
    def gateway_url(self) -> str:
        """The API root of scoped tokens and OAuth (Cloud)."""
        return self._app.gateway_url

    @property
    def user(self) -> str:
        return self._app.user

    @property
    def token(self) -> str:
        return self._app.token

    @property
    def tracker(self) -> Tracker:
        return self._app.tracker

    @property
    def site(self) -> Site:
        return self._app.tracker.site

    @property
    def requests(self) -> Counter[str]:
        return self._app.requests

    @property
    def log(self) -> list[Logged]:
        return self._app.log

    @property
    def faults(self) -> Faults:
        return self._app.faults

    @faults.setter
    def faults(self, faults: fault_switches.Source) -> None:
        self._app.use(fault_switches.load(faults))

    def reset(self) -> None:
        """Counts from zero again: requests, the log, and the numbers that failures are keyed on."""
        with self._app.tracker.lock:
            self._app.reset()

    def stop(self) -> None:
        """Ends the server; the state stays readable."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def ticking(start: int) -> Callable[[], float]:
    """A clock that begins at `start` (epoch seconds) and then runs as real time does."""
    began = time.monotonic()
    return lambda: start + (time.monotonic() - began)


def start(
    dialect: Dialect,
    world: HasSite,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    faults: fault_switches.Source = None,
    clock: Callable[[], float] | None = None,
    latency: float | None = None,
    user: str = USER,
    token: str = TOKEN,
    context: str = "",
) -> RunningServer:
    """Serves a world or a recording as this kind of Jira; the packages of the kinds say what the arguments mean.

    `context` is a path before everything else, `/jira` for instance. Raises UserError for unknown faults and OSError
    for a port that is taken.
    """
    began = world.site.now
    tracker = Tracker(world.site, clock or (time.time if began is None else ticking(began)))
    switches = fault_switches.load(faults)
    switches = switches if latency is None else replace(switches, latency=latency)
    app = App(dialect, tracker, switches, (user, token), context.rstrip("/"))
    handler = type("Handler", (_Handler,), {"app": app})
    return RunningServer(app, _Server((host, port), handler))
