"""Records a whole first read of the sandbox's GitLab through a proxy, and stores its answers in pieces."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from benchmarks.served.gitlab.pieces import Piece, Writer
from benchmarks.served.record import STEP, Wire
from benchmarks.served.serving import BASE
from okr_delivery.config import load
from okr_delivery.sandbox import TOKEN, gitlab
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.translate import of_world
from okr_delivery.sandbox.world import build
from okr_delivery.sync.build import connector_for

CONFIG = """\
version: 1
store: sqlite:///store.db
ledger: ledger/
sources:
  - {name: gitlab, type: gitlab, url: "URL", projects: [acme/payments, acme/mobile], statuses: {label_scope: workflow}}
"""
RECORDED = 5000
EVENTS = ("resource_state_events", "resource_label_events", "resource_milestone_events")
WITH_EVENTS = 200
"""Issues whose lists of events are there: those that the way one by one is timed on."""
_ISSUES = re.compile(r"/projects/\d+/issues$")
_QUERY = re.compile(r"query (\w+)")


class Exchange:
    """What was asked and answered: rows of issues, nodes with their activity, and the rest by target or query."""

    def __init__(self) -> None:
        self.rows: dict[int, Wire] = {}
        self.nodes: dict[int, Wire] = {}
        self.fixed: dict[str, str] = {}
        self.queries: dict[str, str] = {}

    def keep(self, target: str, sent: bytes, data: bytes) -> None:
        if _ISSUES.search(urlsplit(target).path):
            self.rows |= {row["id"]: row for row in json.loads(data)}
        elif not sent:
            self.fixed[target] = data.decode()
        else:
            name = _QUERY.search(json.loads(sent)["query"])
            if name and name[1] == "activity":
                self._take(json.loads(data)["data"])
            elif name and name[1] != "more":
                self.queries[name[1]] = data.decode()

    def _take(self, data: Wire) -> None:
        for name, place in data.items():
            for node in place["workItems"]["nodes"] if name != "queryComplexity" else ():
                self.nodes[int(node["id"].rpartition("/")[2])] = node


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: str
    seen: Exchange

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it
        """Silent."""

    def _serve(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.upstream)
        line = http.client.HTTPConnection(str(parts.hostname), parts.port)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "accept-encoding")}
        line.request(self.command, self.path, sent, headers)
        answer = line.getresponse()
        data = answer.read()
        line.close()
        if answer.status == 200:
            self.seen.keep(self.path, sent, data.replace(self.upstream.encode(), BASE))
        own = f"http://{self.headers['Host']}"
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "connection", "date", "server"):
                self.send_header(name, value.replace(self.upstream, own))
        body = data.replace(self.upstream.encode(), own.encode())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _serve  # noqa: N815  # the base class looks for these names


def prepare(folder: Path, issues: int) -> None:
    """Fills `folder` with a site of `issues` issues: those of one recording, and copies of it under other ids.

    Activity behind the first page of fifty is left out; hardly any issue has more.
    """
    (folder / "kind").write_text("gitlab", encoding="ascii")
    seen = _recorded(folder, min(issues, RECORDED))
    always = {"fixed": seen.fixed, "queries": seen.queries, "projects": _projects(seen)}
    with Writer(folder, always) as out:
        for body, node in _copies(seen, issues):
            out.add(_piece(body, node))


def _recorded(folder: Path, issues: int) -> Exchange:
    """One first read by the connector itself, so that whatever it asks for is there."""
    seen = Exchange()
    with gitlab.serve(of_world(build(issues=issues))) as server:
        handler = type("Handler", (_Proxy,), {"upstream": server.url, "seen": seen})
        proxy = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            _read(folder, f"http://127.0.0.1:{proxy.server_address[1]}")
            _read_events(server, seen)
        finally:
            proxy.shutdown()
            proxy.server_close()
    return seen


def _read(folder: Path, url: str) -> None:
    write_config(folder, url)
    env = {"OKR_DELIVERY_GITLAB_TOKEN": TOKEN}
    config = load(None, cwd=folder, env=env)
    connector, _ = connector_for(config, config.source("gitlab"), env)
    connector.identity()
    connector.metadata()
    list(connector.iterations({}))
    for _page in connector.pages(None, None, lambda ids: {}):
        pass


def _read_events(server: RunningServer, seen: Exchange) -> None:
    parts = urlsplit(server.url)
    line = http.client.HTTPConnection(str(parts.hostname), parts.port)
    for row in first_rows(list(seen.rows.values())):
        for name in EVENTS:
            target = f"/api/v4/projects/{row['project_id']}/issues/{row['iid']}/{name}"
            line.request("GET", target, headers={"PRIVATE-TOKEN": server.token})
            seen.fixed[target] = line.getresponse().read().decode()
    line.close()


def first_rows(rows: list[Wire]) -> list[Wire]:
    """Those that were created first in the first project."""
    project = min(row["project_id"] for row in rows)
    own = [row for row in rows if row["project_id"] == project]
    return sorted(own, key=lambda row: (row["created_at"], row["id"]))[:WITH_EVENTS]


def write_config(folder: Path, url: str) -> None:
    """The settings of every benchmark that syncs."""
    (folder / "okr-delivery.yaml").write_text(CONFIG.replace("URL", url), encoding="utf-8")


def _projects(seen: Exchange) -> dict[str, int]:
    """Numbers of projects by their paths."""
    return {row["references"]["full"].rpartition("#")[0]: row["project_id"] for row in seen.rows.values()}


def _copies(seen: Exchange, issues: int) -> Iterator[tuple[Wire, Wire]]:
    """`issues` issues: copy after copy, each with ids, keys and titles of its own."""
    rows = [seen.rows[ref] for ref in sorted(seen.rows)]
    for number in range(issues):
        copy, place = divmod(number, len(rows))
        row = rows[place]
        node = seen.nodes[row["id"]]
        yield (_shifted(row, copy), _renamed(node, copy)) if copy else (row, _renamed(node, 0))


def _shifted(row: Wire, copy: int) -> Wire:
    iid, path = row["iid"] + copy * STEP, row["references"]["full"].rpartition("#")[0]
    return row | {
        "id": row["id"] + copy * STEP * 10,
        "iid": iid,
        "title": f"{row['title']} ({copy})",
        "references": row["references"] | {"full": f"{path}#{iid}"},
        "web_url": f"{row['web_url'].rpartition('/')[0]}/{iid}",
    }


def _renamed(node: Wire, copy: int) -> Wire:
    number = int(node["id"].rpartition("/")[2]) + copy * STEP * 10
    for widget in node["widgets"]:
        if "discussions" in widget:
            widget["discussions"]["pageInfo"] = {"hasNextPage": False, "endCursor": None}
    return node | {"id": f"gid://gitlab/WorkItem/{number}", "iid": str(int(node["iid"]) + copy * STEP)}


def _piece(row: Wire, node: Wire) -> Piece:
    return Piece(
        id=row["id"],
        project=row["project_id"],
        iid=row["iid"],
        created=row["created_at"],
        updated=row["updated_at"],
        open=row["state"] == "opened",
        body=_dumped(row),
        node=_dumped(node),
    )


def _dumped(thing: object) -> bytes:
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":")).encode()
