"""Serves whatever answers: HTTP/1.1 with open connections, one thread, latency slept.

Prints its port. `GET /_requests` answers, without latency, how many requests came since the last time. With `--spool`
the bodies of all answers are appended to a file, each behind its length.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import ssl
from collections.abc import Callable, Mapping
from email.utils import formatdate
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

BASE = b"http://prepared.invalid"
"""Stands for the server's own address in what is stored."""


class Answer(NamedTuple):
    """The body of a 200, and headers of its own."""

    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Answers(Protocol):
    """A tracker made of pieces. `url` is told once it is known; it replaces the placeholder in bodies."""

    url: bytes

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of every answer."""
        ...

    def answer(self, method: str, target: str, sent: bytes) -> Answer | None:
        """None for what was never recorded."""
        ...


class Server:
    """One connection after another on one loop."""

    def __init__(self, site: Answers, latency: float, spool: BinaryIO | None) -> None:
        self._site, self._latency, self._spool = site, latency, spool
        self._head = _lines({"Content-Type": "application/json;charset=UTF-8", **site.headers})
        self._requests = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await self._one(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"(?im)^content-length:\s*(\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        method, target = head.split(" ", 2)[:2]
        if target == "/_requests":
            data, self._requests = b'{"requests":%d}' % self._requests, 0
            writer.write(self._reply(200, Answer(data)))
            return
        self._requests += 1
        await asyncio.sleep(self._latency)
        found = self._site.answer(method, target, body)
        writer.write(self._reply(404, Answer(b"{}")) if found is None else self._reply(200, self._own(found)))
        await writer.drain()

    def _own(self, answer: Answer) -> Answer:
        data = answer.body.replace(BASE, self._site.url)
        if self._spool is not None:
            self._spool.write(b"%d\n" % len(data) + data)
            self._spool.flush()
        return answer._replace(body=data)

    def _reply(self, status: int, answer: Answer) -> bytes:
        line = f"HTTP/1.1 {status} {'OK' if status == 200 else 'Not Found'}\r\nDate: {formatdate(usegmt=True)}\r\n"
        head = line.encode() + self._head + _lines(dict(answer.headers))
        return head + b"Content-Length: %d\r\n\r\n" % len(answer.body) + answer.body


def _lines(headers: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()


async def _run(site: Answers, latency: float, spool: Path | None, tls: tuple[str, str] | None) -> None:
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*tls)
    out = spool.open("wb") if spool else None
    server = await asyncio.start_server(Server(site, latency, out).connected, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    site.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}".encode()
    print(port, flush=True)
    await server.serve_forever()


def serve(make: Callable[[Path], Answers]) -> None:
    """Serves what `make` builds from the prepared folder, until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--spool", type=Path)
    parser.add_argument("--tls", nargs=2)
    asked = parser.parse_args()
    site = make(asked.folder)
    asyncio.run(_run(site, asked.latency, asked.spool, tuple(asked.tls) if asked.tls else None))
