"""Served sites to write to, of both kinds, and what stands on them afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests

from okr_delivery.sandbox import jira_cloud, jira_datacenter
from okr_delivery.sandbox.jira.server import RunningServer
from okr_delivery.sandbox.site import SiteIssue
from okr_delivery.sandbox.world import DEFAULT_NOW, build
from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.transport import Answer, NetworkSpec, Transport
from okr_delivery.sync.writer_kit import Seen
from okr_delivery.sync.writes import Edit, Outcome, Written
from okr_delivery_jira import JiraConnector
from okr_delivery_jira.writer import JiraWriter

CLOUD, DATA_CENTER = "cloud", "datacenter"
KINDS = (CLOUD, DATA_CENTER)
SERVE: dict[str, Callable[..., RunningServer]] = {CLOUD: jira_cloud.serve, DATA_CENTER: jira_datacenter.serve}
WRITES = ("POST", "PUT", "DELETE")
KEY = "PAY-1"


class Interrupted(Transport):
    """A transport that lets somebody else act first: one hook for each call with its label."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.hooks: list[tuple[str, Callable[[], object]]] = []

    def call(self, send: Callable[[], requests.Response], *, what: str, **more: Any) -> requests.Response:
        self._let_act(what)
        return super().call(send, what=what, **more)

    def read(self, send: Callable[[], requests.Response], *, what: str, **more: Any) -> Answer:
        self._let_act(what)
        return super().read(send, what=what, **more)

    def _let_act(self, what: str) -> None:
        mine = next((hook for hook in self.hooks if hook[0] == what), None)
        if mine is not None:
            self.hooks.remove(mine)
            mine[1]()


class Desk:
    """One served site, one writer to it, and one issue to write on."""

    def __init__(self, server: RunningServer, kind: str, waits: list[float]) -> None:
        self.server, self.kind, self.waits = server, kind, waits
        self.transport = self.open()
        self.writer = self.connect(self.transport)

    def open(self) -> Interrupted:
        """A transport whose waits pass no time but that of this desk, which the server shares."""
        return Interrupted(
            NetworkSpec(), origin=self.server.url, sleep=self.waits.append, clock=lambda: DEFAULT_NOW + sum(self.waits)
        )

    def connect(self, transport: Transport) -> JiraWriter:
        return self.connector(transport).writer()

    def connector(self, transport: Transport) -> JiraConnector:
        user = self.server.user if self.kind == CLOUD else None
        spec = SourceSpec(
            "jira", "jira", self.server.url, projects=("PAY",), user=user, token=Secret(self.server.token)
        )
        return JiraConnector.open(spec, transport)

    @property
    def issue(self) -> SiteIssue:
        return self.server.tracker.issue(KEY)

    @property
    def comments(self) -> list[str]:
        """The texts as Jira shows them, the line with the mark left out."""
        return [text_of(row) for row in self.issue.comments]

    def seen(self) -> Seen:
        """What stands on the issue."""
        issue = self.issue
        links = {str(row["globalId"]): str(dict(row["object"])["title"]) for row in issue.remote_links}  # type: ignore[call-overload]  # JSON
        return Seen(frozenset(issue.labels), tuple(self.comments), links, dict(issue.properties))

    def write(self, *edits: Edit) -> Written:
        return self.writer.write(str(self.issue.id), edits)

    def again(self, *edits: Edit) -> None:
        """The same edits once more change nothing and send no write."""
        self.server.reset()
        assert self.write(*edits).outcome is Outcome.UNCHANGED
        assert self.sent() == []

    def sent(self) -> list[str]:
        """The requests that change something, as they were answered; those that only read by POST left out."""
        return [
            f"{row.method} {row.label}"
            for row in self.server.log
            if row.method in WRITES and row.label not in ("comment/list", "search/jql")
        ]

    def before(self, call: str, hook: Callable[[], object]) -> None:
        """Runs `hook` just before the next call of that label that has none yet."""
        self.transport.hooks.append((call, hook))

    def fail(self, endpoint: str, **failure: Any) -> None:
        """Faults count from here."""
        self.server.reset()
        self.server.faults = {"failures": [{"endpoint": endpoint, **failure}]}


def text_of(row: Any) -> str:
    return str(row["body"]).partition("\n\nokr-delivery: ")[0]


@contextmanager
def desk(kind: str, **faults: Any) -> Iterator[Desk]:
    waits: list[float] = []
    world = build(issues=12)
    with SERVE[kind](world, faults=faults, clock=lambda: DEFAULT_NOW + 60.0 + sum(waits)) as server:
        yield Desk(server, kind, waits)
