"""One organisation, served as Jira Cloud and as Jira Data Center: every figure is the same."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.sandbox import jira_cloud, jira_datacenter
from okr_delivery.sandbox.jira.server import RunningServer
from okr_delivery.sandbox.workspace import write
from okr_delivery.sandbox.world import build
from tests.e2e.runner import NOW, Cli

SERVERS: dict[str, Callable[..., RunningServer]] = {"cloud": jira_cloud.serve, "datacenter": jira_datacenter.serve}
DOCUMENTS = (
    ("gate",),
    ("gate", "--backlog"),
    ("gate", "--iteration", "current"),
    ("metrics",),
    ("metrics", "--iteration", "current"),
    ("metrics", "--since", "2026-08-01", "--until", "2026-11-20"),
    ("trace",),
    ("progress",),
)


class Pair:
    """The same workspace twice, one for each kind of Jira."""

    def __init__(self, folder: Path) -> None:
        self.servers = {
            name: serve(build(seed=1, now=NOW), clock=lambda: float(NOW)) for name, serve in SERVERS.items()
        }
        self.clis = {name: self._workspace(folder / name, server) for name, server in self.servers.items()}

    def _workspace(self, folder: Path, server: RunningServer) -> Cli:
        folder.mkdir(parents=True)
        write(folder, build(seed=1, now=NOW), server.url, "en")
        return Cli(folder)

    def sync(self) -> None:
        for cli in self.clis.values():
            (result,) = cli.ok("sync", "--format", "json").json["sources"]
            assert result["complete"]
            assert result["warnings"] == []

    def each(self, read: Callable[[Cli], Any]) -> tuple[Any, Any]:
        """What both say, with the servers' addresses made one."""
        found = {name: _without(read(cli), self.servers[name].url) for name, cli in self.clis.items()}
        return found["cloud"], found["datacenter"]

    def stop(self) -> None:
        for server in self.servers.values():
            server.stop()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("both"))
    made.sync()
    yield made
    made.stop()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    made.sync()
    yield made
    made.stop()


def test_every_exported_row_is_the_same(pair: Pair) -> None:
    cloud, datacenter = pair.each(_tables)
    assert cloud.keys() == datacenter.keys()
    assert len(cloud["changes"]) > 500
    assert len(cloud["memberships"]) > 50
    for name in cloud:
        assert cloud[name] == datacenter[name], name


@pytest.mark.parametrize("argv", DOCUMENTS, ids=" ".join)
def test_every_answer_is_the_same(pair: Pair, argv: tuple[str, ...]) -> None:
    cloud, datacenter = pair.each(lambda cli: cli(*argv, "--format", "json").json)
    assert cloud == datacenter


def test_what_people_do_afterwards_arrives_the_same(live: Pair) -> None:
    for server in live.servers.values():
        _busy_day(server)
    live.sync()
    cloud, datacenter = live.each(_tables)
    for name in cloud:
        assert cloud[name] == datacenter[name], name


def _busy_day(server: RunningServer) -> None:
    """Edits of each kind that a sync has to understand, one after another."""
    tracker, issues = server.tracker, sorted(server.site.issues.values(), key=lambda issue: issue.id)
    pay = [issue for issue in issues if issue.key.startswith("PAY-")]
    mob = [issue for issue in issues if issue.key.startswith("MOB-")]
    tracker.edit(pay[0].id, {"summary": "Reworded 😀 שלום", "labels": ["kr:GROW-KR1", "ops"]})
    tracker.edit(pay[1].id, {"description": "Contributes-to: GROW-KR1 +1.5pp 60%"})
    tracker.transition(pay[2].id, "3")
    tracker.move(pay[3].id, "MOB")
    tracker.delete(mob[1].id)
    open_sprint = next(sprint for sprint in server.site.sprints.values() if sprint.state == "active")
    tracker.edit(mob[2].id, {str(server.site.ids.sprint): [open_sprint.id]})
    versions = server.site.versions[pay[4].project]
    tracker.edit(pay[4].id, {"fixVersions": [{"id": versions[0]["id"]}]})


def _tables(cli: Cli) -> dict[str, list[dict[str, str]]]:
    folder = cli.folder / "tables"
    cli.ok("export", "--to", str(folder), "--as-of", "2026-11-24")
    return {path.stem: _rows(path) for path in sorted(folder.glob("*.csv"))}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _without(value: Any, url: str) -> Any:
    if isinstance(value, str):
        return value.replace(url, "http://jira")
    if isinstance(value, list):
        return [_without(each, url) for each in value]
    return {key: _without(each, url) for key, each in value.items()} if isinstance(value, dict) else value
