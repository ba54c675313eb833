"""Syncs of a served Jira, of either kind, through the real engine and store."""

from __future__ import annotations

import json
from typing import Any

from okr_delivery.config.sources import Source
from okr_delivery.sandbox.jira_cloud import RunningServer
from okr_delivery.sandbox.world import DEFAULT_NOW
from okr_delivery.store import Store
from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.engine import SourceResult, sync_source
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery_jira import JiraConnector


class Clock:
    """The server's clock, moved by hand (epoch seconds)."""

    def __init__(self) -> None:
        self.now = float(DEFAULT_NOW + 60)

    def __call__(self) -> float:
        return self.now


def sync(server: RunningServer, store: Store, **more: Any) -> SourceResult:
    projects = more.pop("projects", ("PAY", "MOB"))
    given: dict[str, Any] = {"user": server.user, "token": Secret(server.token)} | more
    spec = SourceSpec(name="jira", type="jira", url=server.url, projects=projects, **given)
    source = Source(name="jira", type="jira", url=server.url, projects=list(projects))
    transport = Transport(NetworkSpec(), origin=server.url, sleep=lambda _: None)
    return sync_source(
        source, store, JiraConnector.open(spec, transport),
        derive=lambda *_: None, team_of=lambda _: "jira", transport=transport,
    )  # fmt: skip


def content(server: RunningServer, store: Store) -> Any:
    """Everything the store holds, without the port of this server."""
    return json.loads(json.dumps(store.dump()).replace(server.url, "SERVER"))


def in_scope(server: RunningServer) -> set[str]:
    return {str(number) for number, issue in server.site.issues.items() if issue.key.startswith(("PAY-", "MOB-"))}


def iterations(store: Store) -> set[tuple[str, str]]:
    return {(iteration.id, iteration.kind.value) for iteration in store.iterations("jira")}


def iterations_of(server: RunningServer, *projects: str) -> set[tuple[str, str]]:
    """The sprints of these projects' boards, and their versions."""
    numbers = {number for number, row in server.site.projects.items() if row["key"] in projects}
    boards = {board.id for board in server.site.boards.values() if board.project in numbers}
    rows = (row for number in numbers for row in server.site.versions.get(number, []))
    sprints = {(str(n), "sprint") for n, sprint in server.site.sprints.items() if sprint.board in boards}
    return sprints | {(f"version-{row['id']}", "version") for row in rows}
