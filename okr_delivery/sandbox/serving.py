"""The HTTP side of every served tracker: a threaded server that keeps connections open, because a sync makes hundreds
of small requests.
"""

from __future__ import annotations

import io
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import unquote, urlsplit

from werkzeug.wrappers import Request, Response


class Replied(Protocol):
    """An answer, and whether the connection is to be cut instead of sending it."""

    @property
    def response(self) -> Response: ...

    @property
    def drop(self) -> bool: ...


class Answering(Protocol):
    """What answers requests. `url` is set once the address is known; `context` is the path before everything else."""

    url: str

    @property
    def context(self) -> str: ...

    @property
    def server_name(self) -> str:
        """What the `Server` header says."""

    def now(self) -> float:
        """The server's clock, epoch seconds."""

    def __call__(self, request: Request) -> Replied: ...


class Handler(BaseHTTPRequestHandler):
    """One connection; `app` is set by `handler_of`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet
    app: Answering

    def version_string(self) -> str:
        return self.app.server_name

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.app.now() if timestamp is None else timestamp)

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
            "RAW_PATH": parts.path,
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

    def __init__(self, address: tuple[str, int], handler: type[Handler]) -> None:
        self._connections: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        """Ends the connections that clients keep open, and with each the thread that waits for its next request."""
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event; anything else is a defect of the sandbox, and shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Served:
    """An application that is being served. Use it in a `with` statement, or call `stop()`. Raises OSError for a port
    that is taken.
    """

    def __init__(self, app: Answering, host: str, port: int) -> None:
        handler = type("Handler", (Handler,), {"app": app})
        self._server = _Server((host, port), handler)
        bound = self._server.server_address[:2]
        self.url = app.url = f"http://{_shown(str(bound[0]))}:{bound[1]}{app.context}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the server; the state stays readable."""
        self._server.shutdown()
        self._server.server_close()
        self._server.cut()
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
