"""One organisation, served as Jira Cloud and as Jira Data Center: every figure is the same."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.sandbox import jira_cloud, jira_datacenter
from okr_delivery.sandbox.faults import Faults
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
    """The same workspace twice, one for each kind of Jira; `now` is the clock of all."""

    def __init__(
        self, folder: Path, *, seed: int = 1, issues: int = 120, lang: str = "en", faults: Faults | None = None
    ) -> None:
        self.now = float(NOW)
        self.servers, self.clis = {}, {}
        for name, serve in SERVERS.items():
            world = build(seed=seed, issues=issues, now=NOW, lang=lang)
            self.servers[name] = serve(world, clock=lambda: self.now, faults=faults)
            (folder / name).mkdir(parents=True)
            write(folder / name, world, self.servers[name].url, lang)
            self.clis[name] = Cli(folder / name, clock=lambda: self.now)

    def sync(self, *, warnings: int = 0) -> None:
        counted = []
        for cli in self.clis.values():
            (result,) = cli.ok("sync", "--format", "json").json["sources"]
            assert result["complete"]
            assert len(result["warnings"]) == warnings, result["warnings"]
            counted.append((result["issues"], result["changes"]))
        assert counted[0] == counted[1]

    def each(self, read: Callable[[Cli], Any]) -> tuple[Any, Any]:
        """What both say, with the servers' addresses made one."""
        found = {name: _without(read(cli), self.servers[name].url) for name, cli in self.clis.items()}
        return found["cloud"], found["datacenter"]

    def the_same(self, documents: Iterable[tuple[str, ...]] = (), on: str = "2026-11-24") -> None:
        """Holds every table and some answers, as of the end of a day, against each other."""
        cloud, datacenter = self.each(lambda cli: tables(cli, on))
        assert cloud.keys() == datacenter.keys()
        for name in cloud:
            assert cloud[name] == datacenter[name], name
        for argv in documents:
            one, other = self.each(lambda cli, argv=argv: cli(*argv, "--as-of", on, "--format", "json").out)  # type: ignore[misc]  # the loop's own
            assert one, argv
            assert one == other, argv

    def stop(self) -> None:
        for server in self.servers.values():
            server.stop()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("both"))
    made.sync()
    yield made
    made.stop()


def test_every_exported_row_is_the_same(pair: Pair) -> None:
    pair.the_same()
    cloud = tables(pair.clis["cloud"], "2026-11-24")
    assert len(cloud["changes"]) > 500
    assert len(cloud["memberships"]) > 50


def test_doctor_tells_the_same_fields_and_by_what_they_were_found(pair: Pair) -> None:
    cloud, datacenter = pair.each(lambda cli: [line for line in cli.ok("doctor").out.splitlines() if "field " in line])
    assert cloud == datacenter
    assert {line.strip() for line in cloud} >= {
        "field iteration: customfield_10020 (Sprint), found by its type",
        "field epic_link: customfield_10014 (Epic Link), found by its type",
        "field key_result: customfield_10040 (Key Result), found by its name",
        "field contribution: customfield_10041 (Expected contribution), found by its name",
        "field estimate: customfield_10026 (Story Points), found by the board's settings",
    }


@pytest.mark.parametrize("argv", DOCUMENTS, ids=" ".join)
def test_every_answer_is_the_same(pair: Pair, argv: tuple[str, ...]) -> None:
    cloud, datacenter = pair.each(lambda cli: cli(*argv, "--format", "json").json)
    assert cloud == datacenter


def tables(cli: Cli, on: str) -> dict[str, list[dict[str, str]]]:
    """The exported tables as of the end of a day, by name."""
    folder = cli.folder / "tables"
    cli.ok("export", "--to", str(folder), "--as-of", on)
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
