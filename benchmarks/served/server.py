"""The process that serves prepared pieces: HTTP/1.1 with open connections, one thread, latency slept.

    python -m benchmarks.served.server FOLDER [--latency 0.1] [--spool FILE] [--tls CERTIFICATE KEY]

Prints its port. `GET /_requests` answers, without latency, how many requests came since the last time. With `--spool`
the bodies of all answers are appended to a file, each behind its length.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import ssl
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

from benchmarks.served.pieces import Pieces
from benchmarks.served.record import BASE

SIZES = {"id": 5000, "other": 100}
DEFAULT_SIZE = 50
_LIVELY = re.compile(r'statusCategory != Done OR updated >= "([^"]+)"')
_SINCE, _BEFORE = re.compile(r'created >= "([^"]+)"'), re.compile(r'created < "([^"]+)"')
_ISSUE = re.compile(r"/rest/api/[23]/issue/(\d+)$")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, its parameters from wherever they came."""

    method: str
    target: str
    parameters: dict[str, object]

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    def texts(self, name: str) -> list[str]:
        value = self.parameters.get(name) or []
        return [str(part) for part in value] if isinstance(value, list) else str(value).split(",")

    def text(self, name: str) -> str:
        return ",".join(self.texts(name))


class Site:
    """Answers from pieces. `url` replaces the placeholder in what names the server."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self.url = b""
        self._found: tuple[str, list[str]] = ("", [])

    def answer(self, asked: Asked) -> bytes | None:
        """The body of a 200; None for what was never recorded."""
        name = asked.path.rpartition("/rest/api/")[2].partition("/")[2]
        if name == "issue/bulkfetch":
            return b'{"issues":[%s],"issueErrors":[]}' % self._pieces.bodies(asked.texts("issueIdsOrKeys"))
        if name == "changelog/bulkfetch":
            return b'{"issueChangeLogs":[%s]}' % self._pieces.histories(asked.texts("issueIdsOrKeys"))
        if name == "search/jql":
            return self._search(asked)
        if name == "search/approximate-count":
            return b'{"count":%d}' % len(self._ids(asked))
        one = _ISSUE.search(asked.path)
        if one:
            return self._pieces.whole([one[1]])
        fixed = self._pieces.fixed.get(asked.target) or self._pieces.fixed.get(asked.path)
        return None if fixed is None else fixed.encode()

    def _search(self, asked: Asked) -> bytes:
        """Token pages: the token is the place of the next row."""
        ids, fields = self._ids(asked), asked.texts("fields")
        start = int(asked.text("nextPageToken") or 0)
        size = min(int(asked.text("maxResults") or DEFAULT_SIZE), SIZES["id" if fields == ["id"] else "other"])
        part = ids[start : start + size]
        end = b'"isLast":true' if start + size >= len(ids) else b'"isLast":false,"nextPageToken":"%d"' % (start + size)
        if fields == ["id"]:
            rows = self._pieces.briefs(part)
        else:
            rows = self._pieces.bodies(part)
            if "changelog" in asked.text("expand"):
                rows = self._pieces.whole(part, everything="*all" in fields)
        return b'{"issues":[%s],%s}' % (rows, end)

    def _ids(self, asked: Asked) -> list[str]:
        jql = str(asked.parameters.get("jql"))
        if self._found[0] != jql:
            lively, since, before = (
                found and found[1] for found in (p.search(jql) for p in (_LIVELY, _SINCE, _BEFORE))
            )
            self._found = (jql, self._pieces.ids(lively=lively, since=since, before=before))
        return self._found[1]


class Server:
    """One connection after another on one loop."""

    def __init__(self, site: Site, headers: dict[str, str], latency: float, spool: BinaryIO | None) -> None:
        self._site, self._latency, self._spool = site, latency, spool
        lines = {"Content-Type": "application/json;charset=UTF-8", **headers}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode()
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
            writer.write(self._reply(200, data))
            return
        self._requests += 1
        query: dict[str, object] = {k: v[0] if k == "jql" else v for k, v in parse_qs(urlsplit(target).query).items()}
        asked = Asked(method, target, query | (json.loads(body) if body else {}))
        await asyncio.sleep(self._latency)
        found = self._site.answer(asked)
        writer.write(self._reply(404, b"{}") if found is None else self._reply(200, self._own(found)))
        await writer.drain()

    def _own(self, data: bytes) -> bytes:
        data = data.replace(BASE, self._site.url)
        if self._spool is not None:
            self._spool.write(b"%d\n" % len(data) + data)
            self._spool.flush()
        return data

    def _reply(self, status: int, data: bytes) -> bytes:
        line = f"HTTP/1.1 {status} {'OK' if status == 200 else 'Not Found'}\r\nDate: {formatdate(usegmt=True)}\r\n"
        return line.encode() + self._head + b"Content-Length: %d\r\n\r\n" % len(data) + data


async def run(folder: Path, latency: float, spool: Path | None, tls: tuple[str, str] | None) -> None:
    pieces = Pieces(folder)
    site = Site(pieces)
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*tls)
    out = spool.open("wb") if spool else None
    server = await asyncio.start_server(
        Server(site, pieces.headers, latency, out).connected, "127.0.0.1", 0, ssl=context
    )
    port = server.sockets[0].getsockname()[1]
    site.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}".encode()
    print(port, flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--spool", type=Path)
    parser.add_argument("--tls", nargs=2)
    asked = parser.parse_args()
    asyncio.run(run(asked.folder, asked.latency, asked.spool, tuple(asked.tls) if asked.tls else None))


if __name__ == "__main__":
    main()
