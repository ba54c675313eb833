"""A Jira Data Center at the HTTP edge, in the forms of its own specification and of recorded servers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import responses

from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery_jira import JiraConnector
from tests.okr_delivery_jira.builders import FIELDS, STATUSES
from tests.okr_delivery_jira.site import BOARD, CONFIGURATION, DATE, Asked, Handler, Site, page, permissions, spec

URL = "https://jira.acme.example/jira"
SERVER = {
    "baseUrl": URL, "version": "10.3.0", "versionNumbers": [10, 3, 0], "deploymentType": "Server",
    "serverTime": "2026-09-21T10:13:20.000-0400",
}  # fmt: skip
ME = {"key": "JIRAUSER10047", "name": "bot", "displayName": "Sync", "timeZone": "Asia/Shanghai"}


@dataclass
class Server(Site):
    """`cap` is the greatest page; `counted` replaces the total; `cut` answers so many entries of each history."""

    cap: int = 1000
    counted: int | None = None
    cut: int | None = None
    cut_alone: int | None = None
    archived: set[str] = field(default_factory=set)  # left the search, answer by id
    headers: dict[str, str] = field(
        default_factory=lambda: {"Date": DATE, "X-AUSERNAME": "bot", "X-Seraph-LoginReason": "OK", "retry-after": "0"}
    )

    def _endpoints(self) -> Iterable[tuple[str, Handler]]:
        yield "GET serverInfo", lambda _: SERVER
        yield "GET myself", lambda _: {**ME, "timeZone": self.zone}
        yield "GET field", lambda _: [{k: v for k, v in row.items() if k != "key"} for row in FIELDS]
        yield "GET status", lambda _: STATUSES
        yield "GET mypermissions", lambda _: permissions()
        yield "GET project", lambda _: [{"id": "10000", "key": "PAY"}, {"id": "10001", "key": "CORE"}]
        yield "GET project/PAY", lambda _: {"id": "10000", "key": "PAY"}
        yield "GET project/PAY/versions", lambda _: self.versions
        yield "GET board", lambda _: page([{k: BOARD[k] for k in ("id", "name", "type")}])
        yield "GET board/1", lambda _: {k: BOARD[k] for k in ("id", "name", "type")}
        yield "GET board/1/configuration", lambda _: {k: v for k, v in CONFIGURATION.items() if k not in PLACED}
        yield "GET board/1/sprint", self._sprints
        yield "GET sprint/[0-9]+", self._sprint
        yield "POST search", self._found
        yield "GET issue/(PAY-)?[0-9]+", self._alone

    def rows(self, jql: str) -> list[dict[str, Any]]:
        """What a query finds: everything, or the ids that it names."""
        named = re.match(r"id in \(([^)]*)\)", jql)
        wanted = {part.strip() for part in named[1].split(",")} if named else self.issues.keys()
        shown = [row for ref, row in self.issues.items() if ref in wanted and ref not in self.archived]
        return sorted(shown, key=lambda row: int(row["id"]))

    def _found(self, asked: Asked) -> Any:
        body = asked.body
        rows, size = self.rows(body["jql"]), min(body["maxResults"], self.cap)
        part = rows[body["startAt"] : body["startAt"] + size]
        total = len(rows) if self.counted is None else self.counted
        return {
            "startAt": body["startAt"], "maxResults": size, "total": total,
            "issues": [self._row(row, body["fields"], body.get("expand", []), self.cut) for row in part],
        }  # fmt: skip

    def _alone(self, asked: Asked) -> Any:
        ref = asked.path.rpartition("/")[2]
        row = next((row for row in self.issues.values() if ref in (row["id"], row["key"])), None)
        if row is None:
            return 404, {"errorMessages": ["Issue Does Not Exist"]}
        return self._row(row, asked.query["fields"].split(","), [asked.query.get("expand", "")], self.cut_alone)

    def _row(self, row: Mapping[str, Any], fields: list[str], expand: list[str], cut: int | None) -> dict[str, Any]:
        found = {"id": row["id"], "key": row["key"], "fields": {k: v for k, v in row["fields"].items() if k in fields}}
        if "changelog" not in expand:
            return found
        entries = self.histories.get(row["id"], [])
        shown = entries if cut is None else entries[:cut]
        log = {"startAt": 0, "maxResults": len(shown), "total": len(entries), "histories": shown}
        return {**found, "changelog": log}


PLACED = frozenset({"type", "location"})


@contextmanager
def served(**more: Any) -> Iterator[Server]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        server = Server(**more)
        server.serve(mock)
        yield server


def transport() -> Transport:
    return Transport(NetworkSpec(), origin=URL, sleep=lambda _: None)


def connect(**more: Any) -> JiraConnector:
    return JiraConnector.open(spec(**({"url": URL, "user": None} | more)), transport())


def ready(**more: Any) -> JiraConnector:
    connector = connect(**more)
    connector.identity()
    connector.metadata()
    return connector
