"""A real HTTP server on loopback that answers as a test says and remembers what it was asked."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DATA = Path(__file__).parent / "data"
CERTIFICATE = DATA / "server.pem"  # self-signed for 127.0.0.1, its own authority


@dataclass(frozen=True)
class Asked:
    method: str
    target: str  # as it stood in the request line: absolute when a proxy is asked
    headers: Mapping[str, str]


@dataclass
class Reply:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    missing: int = 0  # bytes promised by Content-Length that never come
    delay: float = 0
    drop: float = 0  # seconds between two bytes of the body
    reset: str = ""  # "before" or "after" the request is applied, the connection is reset


@dataclass
class Web:
    url: str
    asked: list[Asked]
    replies: list[Reply]  # used up one by one, the last one again and again
    applied: list[str] = field(default_factory=list)  # methods of what was carried out


@contextmanager
def serving(*replies: Reply, tls: bool = False) -> Iterator[Web]:
    web = Web("", [], list(replies) or [Reply()])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(web))
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE, DATA / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that refuses us is what we test
    web.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    lock, gone = threading.Lock(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            with lock:
                web.asked.append(Asked(self.command, self.path, dict(self.headers)))
                reply = web.replies.pop(0) if len(web.replies) > 1 else web.replies[0]
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            gone.wait(reply.delay)
            if reply.reset != "before":
                web.applied.append(self.command)
            if reply.reset:
                self._reset()
            else:
                self._reply(reply)

        def _reply(self, reply: Reply) -> None:
            self.send_response_only(reply.status)
            always = {"Date": self.date_time_string(), "Content-Type": "application/json"}
            for name, value in (always | dict(reply.headers)).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body) + reply.missing))
            self.end_headers()
            for part in [reply.body[n : n + 1] for n in range(len(reply.body))] if reply.drop else [reply.body]:
                self.wfile.write(part)
                gone.wait(reply.drop)

        def _reset(self) -> None:
            """An RST instead of an answer."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler
