"""Records a whole first read of the sandbox through a proxy, and stores its answers in pieces."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from benchmarks.served.pieces import Piece, Writer
from benchmarks.served.serving import BASE
from okr_delivery.config import load
from okr_delivery.sandbox.jira_cloud import serve
from okr_delivery.sandbox.world import build
from okr_delivery.sync.build import connector_for

CONFIG = """\
version: 1
store: sqlite:///store.db
ledger: ledger/
sources:
  - {name: jira, type: jira, url: "URL", projects: [PAY, MOB]}
"""
INLINE = 40
"""Entries that Jira Cloud puts into a body, at most, newest first."""
STEP = 1_000_000
"""How far the ids of one copy of the site are from those of the next."""
RECORDED = 10_000
Wire = dict[str, Any]


class _Exchange:
    """What was asked and answered, by method and path; the bodies of POSTs are kept with their answers."""

    def __init__(self) -> None:
        self.fixed: dict[str, bytes] = {}
        self.bodies: list[bytes] = []
        self.histories: list[bytes] = []
        self.headers: dict[str, str] = {}

    def keep(self, method: str, path: str, answer: http.client.HTTPResponse, data: bytes) -> None:
        name = urlsplit(path).path
        if name.endswith("/issue/bulkfetch"):
            self.bodies.append(data)
        elif name.endswith("/changelog/bulkfetch"):
            self.histories.append(data)
        elif method == "GET":
            self.fixed[path] = data
        self.headers |= {key: value for key, value in answer.getheaders() if key.upper().startswith("X-")}


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: str
    seen: _Exchange

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it
        """Silent."""

    def _serve(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.upstream)
        line = http.client.HTTPConnection(str(parts.hostname), parts.port)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "accept-encoding")}
        line.request(self.command, self.path, sent, headers)
        answer = line.getresponse()
        data = answer.read().replace(self.upstream.encode(), BASE)
        line.close()
        if answer.status == 200:
            self.seen.keep(self.command, self.path, answer, data)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _serve  # noqa: N815  # the base class looks for these names


def prepare(folder: Path, issues: int) -> None:
    """Fills `folder` with a site of `issues` issues: those of one recording, and copies of it under other ids."""
    seen = _recorded(folder, min(issues, RECORDED))
    bodies = {row["id"]: row for data in seen.bodies for row in json.loads(data)["issues"]}
    histories: dict[str, list[Wire]] = {}
    for data in seen.histories:
        for row in json.loads(data)["issueChangeLogs"]:
            histories.setdefault(row["issueId"], []).extend(row["changeHistories"])
    fixed = {path: data.decode() for path, data in seen.fixed.items()}
    with Writer(folder, fixed, seen.headers) as out:
        for body, entries in _copies(list(bodies.values()), histories, issues):
            out.add(_piece(body, entries))


def _recorded(folder: Path, issues: int) -> _Exchange:
    """One first read by the connector itself, so that whatever it asks for is there."""
    seen = _Exchange()
    with serve(build(issues=issues)) as server:
        handler = type("Handler", (_Proxy,), {"upstream": server.url, "seen": seen})
        proxy = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            _read(folder, f"http://127.0.0.1:{proxy.server_address[1]}", server.user, server.token)
        finally:
            proxy.shutdown()
            proxy.server_close()
    return seen


def _read(folder: Path, url: str, user: str, token: str) -> None:
    write_config(folder, url)
    env = {"OKR_DELIVERY_JIRA_USER": user, "OKR_DELIVERY_JIRA_TOKEN": token}
    config = load(None, cwd=folder, env=env)
    connector, _ = connector_for(config, config.source("jira"), env)
    connector.identity()
    connector.metadata()
    list(connector.iterations({}))
    for _page in connector.pages(None, None, lambda ids: {}):
        pass


def write_config(folder: Path, url: str) -> None:
    """The settings of every benchmark that syncs."""
    (folder / "okr-delivery.yaml").write_text(CONFIG.replace("URL", url), encoding="utf-8")


def _copies(bodies: list[Wire], histories: dict[str, list[Wire]], issues: int) -> Iterator[tuple[Wire, list[Wire]]]:
    """`issues` issues: copy after copy, each with ids, keys and titles of its own."""
    bodies.sort(key=lambda row: int(row["id"]))
    for number in range(issues):
        copy, place = divmod(number, len(bodies))
        body = bodies[place]
        entries = histories.get(body["id"], [])
        yield (_shifted(body, copy), _renumbered(entries, copy)) if copy else (body, entries)


def _shifted(body: Wire, copy: int) -> Wire:
    project, _, number = body["key"].rpartition("-")
    fields = body["fields"] | {"summary": f"{body['fields']['summary']} ({copy})"}
    return body | {
        "id": str(int(body["id"]) + copy * STEP),
        "key": f"{project}-{int(number) + copy * STEP}",
        "fields": fields,
    }


def _renumbered(entries: Iterable[Wire], copy: int) -> list[Wire]:
    return [entry | {"id": str(int(entry["id"]) + copy * STEP)} for entry in entries]


def _piece(body: Wire, entries: list[Wire]) -> Piece:
    fields = body["fields"]
    inline = [entry | {"created": _iso(entry["created"], fields["created"])} for entry in entries[::-1][:INLINE]]
    shown = {"startAt": 0, "maxResults": len(inline), "total": len(entries), "histories": inline}
    row = {"issueId": body["id"], "changeHistories": entries}
    return Piece(
        id=int(body["id"]),
        created=fields["created"],
        updated=fields["updated"],
        open=fields["status"]["statusCategory"]["key"] != "done",
        brief=_dumped({name: value for name, value in body.items() if name != "fields"}),
        body=_dumped(body),
        history=_dumped(row) if entries else b"",
        inline=_dumped(shown),
    )


def _dumped(thing: object) -> bytes:
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":")).encode()


def _iso(created: object, like: str) -> str:
    """Milliseconds as the body writes instants: in its reader's offset."""
    if not isinstance(created, int):
        return str(created)
    zone = datetime.fromisoformat(like).tzinfo
    moment = datetime.fromtimestamp(created // 1000, zone)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{created % 1000:03d}{re.sub(':', '', moment.isoformat()[-6:])}"
