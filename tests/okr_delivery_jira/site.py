"""A Jira Cloud site at the HTTP edge: answers of our own making, and a record of what was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import responses
from requests.structures import CaseInsensitiveDict

from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery_jira import JiraConnector
from tests.okr_delivery_jira.builders import FIELDS, POINTS, STATUSES

URL = "https://acme.atlassian.net"
DATE = "Mon, 21 Sep 2026 14:13:20 GMT"  # builders.NOW
Answer = tuple[int, Any]
Handler = Callable[["Asked"], Answer | Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: method, path, query and JSON body."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Site:
    """Pages of ids, bodies and histories to serve; `handlers` replace single endpoints, `asked` is what came."""

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    histories: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    sprints: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    handlers: dict[str, Handler] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    zone: str | None = "Asia/Shanghai"
    history_page: int = 10_000
    approximate: int | None = None  # what the count answers, None = the truth
    headers: dict[str, str] = field(default_factory=lambda: {"Date": DATE, "X-AACCOUNTID": "bot"})

    def add(self, *bodies: Mapping[str, Any]) -> None:
        self.issues.update({str(body["id"]): dict(body) for body in bodies})

    def count(self, what: str) -> int:
        return sum(str(asked) == what for asked in self.asked)

    def last(self, what: str) -> Asked:
        return [asked for asked in self.asked if str(asked) == what][-1]

    def serve(self, mock: responses.RequestsMock) -> None:
        for method in ("GET", "POST", "PUT", "DELETE"):
            mock.add_callback(method, re.compile(".*"), self._answer)

    def _answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        parts = urlsplit(str(request.url))
        path = re.sub(r"^.*?/rest/(api/2|agile/1\.0)/", "", parts.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = json.loads(request.body) if request.body else None
        asked = Asked(str(request.method), path, query, body, CaseInsensitiveDict(request.headers))
        self.asked.append(asked)
        result = self._handler(asked)(asked)
        status, payload = result if isinstance(result, tuple) else (200, result)
        text = payload if isinstance(payload, str) else json.dumps(payload)
        kind = "text/html" if isinstance(payload, str) else "application/json"
        return status, {**self.headers, "Content-Type": kind}, text

    def _handler(self, asked: Asked) -> Handler:
        own = self.handlers.get(str(asked))
        if own is not None:
            return own
        for pattern, handler in self._endpoints():
            if re.fullmatch(pattern, str(asked)):
                return handler
        return lambda _: (404, {"errorMessages": ["no such thing"]})

    def _endpoints(self) -> Iterable[tuple[str, Handler]]:
        return (
            ("GET serverInfo", lambda _: SERVER),
            ("GET myself", lambda _: {"accountId": "bot", "displayName": "Sync", "timeZone": self.zone}),
            ("GET field", lambda _: FIELDS),
            ("GET mypermissions", lambda _: permissions()),
            ("GET status", lambda _: STATUSES),
            ("GET project/PAY", lambda _: {"id": "10000", "key": "PAY", "simplified": False}),
            ("GET project/search", lambda _: {"values": [{"key": "PAY"}, {"key": "CORE"}], "isLast": True}),
            ("GET board", lambda _: page([BOARD, KANBAN])),
            ("GET board/1/configuration", lambda _: CONFIGURATION),
            (
                "GET board/2/configuration",
                lambda _: {**CONFIGURATION, "id": 2, "type": "kanban", "name": "Flow", "filter": {"id": "10043"}},
            ),
            ("GET board/1/sprint", self._sprints),
            ("GET sprint/[0-9]+", self._sprint),
            ("GET project/PAY/version", lambda asked: page(self.versions, int(asked.query["startAt"]))),
            ("POST search/jql", self._search),
            (
                "POST search/approximate-count",
                lambda _: {"count": self.approximate if self.approximate is not None else len(self.issues)},
            ),
            ("POST issue/bulkfetch", self._bodies),
            ("POST changelog/bulkfetch", self._changelogs),
        )

    def _sprints(self, asked: Asked) -> Any:
        states = asked.query.get("state", "closed,active,future").split(",")
        start = int(asked.query["startAt"])
        return page([sprint for sprint in self.sprints if sprint["state"] in states], start)

    def _sprint(self, asked: Asked) -> Any:
        found = [sprint for sprint in self.sprints if str(sprint["id"]) == asked.path.rpartition("/")[2]]
        return found[0] if found else (404, {"errorMessages": ["gone"]})

    def _search(self, asked: Asked) -> Any:
        wanted = asked.body.get("fields", [])
        fields = [
            {"fields": {"updated": body["fields"]["updated"]}} if "updated" in wanted else {}
            for body in self.issues.values()
        ]
        rows = [{"id": number, **more} for number, more in zip(self.issues, fields, strict=True)]
        return {"issues": rows, "isLast": True}

    def _bodies(self, asked: Asked) -> Any:
        wanted = asked.body["issueIdsOrKeys"]
        return {"issues": [self.issues[i] for i in wanted if i in self.issues], "issueErrors": []}

    def _changelogs(self, asked: Asked) -> Any:
        """Oldest first over all issues, so that one issue's entries are spread over pages."""
        wanted = asked.body["issueIdsOrKeys"]
        rows = sorted(
            ((h["created"], i, h) for i in wanted for h in self.histories.get(i, [])), key=lambda row: row[:2]
        )
        start = int(asked.body.get("nextPageToken") or 0)
        stop = start + self.history_page
        grouped: dict[str, list[Any]] = {}
        for _, issue_id, entry in rows[start:stop]:
            grouped.setdefault(issue_id, []).append(entry)
        answer: dict[str, Any] = {
            "issueChangeLogs": [{"issueId": i, "changeHistories": entries} for i, entries in grouped.items()]
        }
        return answer | ({"nextPageToken": str(stop)} if stop < len(rows) else {})


def page(rows: list[Any], start: int = 0, size: int = 50) -> dict[str, Any]:
    """An offset page, cut shorter than asked."""
    part = rows[start : start + size]
    return {"startAt": start, "maxResults": size, "isLast": start + len(part) >= len(rows), "values": part}


def permissions(**denied: bool) -> dict[str, Any]:
    """What `mypermissions` answers; a permission is named with False where it is missing."""
    held = dict.fromkeys(("BROWSE_PROJECTS", "ADD_COMMENTS", "EDIT_ISSUES", "LINK_ISSUES"), True) | denied
    return {"permissions": {name: {"key": name, "havePermission": has} for name, has in held.items()}}


SERVER = {
    "baseUrl": URL, "version": "1001.0.0", "versionNumbers": [1001, 0, 0], "deploymentType": "Cloud",
    "serverTime": "2026-09-21T10:13:20.000-0400",
}  # fmt: skip
BOARD = {"id": 1, "name": "PAY board", "type": "scrum", "location": {"projectId": 10000, "projectKey": "PAY"}}
KANBAN = {"id": 2, "name": "Flow", "type": "kanban", "location": {"projectId": 10000, "projectKey": "PAY"}}
CONFIGURATION = {
    "id": 1, "name": "PAY board", "type": "scrum", "filter": {"id": "10042"},
    "location": {"type": "project", "id": "10000", "key": "PAY"},
    "estimation": {"type": "field", "field": {"fieldId": POINTS, "displayName": "Story Points"}},
}  # fmt: skip


def spec(**more: Any) -> SourceSpec:
    given: dict[str, Any] = {"url": URL, "projects": ("PAY",), "user": "bot@example.com", "token": Secret("s3cret")}
    return SourceSpec(name="jira", type="jira", **(given | more))


def transport(**more: Any) -> Transport:
    return Transport(NetworkSpec(), origin=URL, sleep=lambda _: None, **more)


def connect(**more: Any) -> JiraConnector:
    return JiraConnector.open(spec(**more), transport())
