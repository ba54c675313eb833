"""A served GitLab, and syncs of it through the real engine and store."""

from __future__ import annotations

import json
from typing import Any

from okr_delivery.config.sources import Source
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.state import GitLab, Visibility
from okr_delivery.sandbox.gitlab.translate import of_world
from okr_delivery.sandbox.world import DEFAULT_NOW, build
from okr_delivery.store import Store
from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.engine import SourceResult, sync_source
from okr_delivery.sync.transport import Transport
from okr_delivery_gitlab import GitLabConnector
from tests.okr_delivery_gitlab.site import transport

PROJECTS = ("acme/payments", "acme/mobile")


class Clock:
    """The server's clock, moved by hand (epoch seconds)."""

    def __init__(self) -> None:
        self.now = float(DEFAULT_NOW + 60)

    def __call__(self) -> float:
        return self.now


def organisation(issues: int = 130, **more: Any) -> GitLab:
    """The seeded organisation as a GitLab."""
    return of_world(build(issues=issues, by_day=True), **more)


def spec(server: RunningServer, **more: Any) -> SourceSpec:
    given: dict[str, Any] = {"projects": PROJECTS, "token": Secret(server.token)}
    given |= {"options": {"label_scope": "workflow"}}
    return SourceSpec(name="gitlab", type="gitlab", url=server.url, **(given | more))


def connect(server: RunningServer, **more: Any) -> tuple[GitLabConnector, Transport]:
    way = transport(server.url)
    return GitLabConnector.open(spec(server, **more), way), way


def sync(server: RunningServer, store: Store, *, full: bool = False, **more: Any) -> SourceResult:
    connector, way = connect(server, **more)
    given = connector._spec
    groups = given.options.get("groups", ())
    source = Source.model_validate({
        "name": "gitlab", "type": "gitlab", "url": server.url, "projects": list(given.projects), "groups": groups,
        "statuses": {"label_scope": "workflow"},
    })  # fmt: skip
    return sync_source(
        source, store, connector, derive=lambda *_: None, team_of=lambda _: "gitlab", transport=way, full=full,
    )  # fmt: skip


def content(server: RunningServer, store: Store) -> Any:
    """Everything the store holds, without the port of this server."""
    return json.loads(json.dumps(store.dump()).replace(server.url, "SERVER"))


def in_scope(server: RunningServer, *paths: str) -> set[str]:
    """Ids of the issues that these projects show."""
    numbers = {project.id for project in server.state.projects.values() if project.path in (paths or PROJECTS)}
    rows = server.state.items.values()
    return {str(row.id) for row in rows if row.project in numbers and row.visibility is Visibility.VISIBLE}
