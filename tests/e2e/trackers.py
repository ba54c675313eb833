"""The organisation whose iterations begin and end at midnights, behind a served tracker of each kind; what each says
is told in the words of Jira Cloud, so that it can be held against it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from okr_delivery.sandbox import TOKEN, gitlab, jira_cloud, jira_datacenter
from okr_delivery.sandbox.gitlab.state import Tier
from okr_delivery.sandbox.gitlab.translate import keys
from okr_delivery.sandbox.workspace import write, write_gitlab
from okr_delivery.sandbox.world import World, build
from tests.e2e.runner import NOW, Cli

TIERS = tuple(tier.value for tier in Tier)
KEY = re.compile(r"acme/[a-z]+#\d+|acme&\d+")
GITLAB_TOKEN = {"OKR_DELIVERY_GITLAB_TOKEN": TOKEN}
DISPUTE = "    dispute: {label: disputed}\n"
Server = Any  # of Jira or of GitLab: `tracker` or `forge`
Told = dict[str, Any]  # a document as one mapping: a value by its path


@dataclass
class Tracker:
    """`kind`: cloud, datacenter, or a GitLab's tier. `keys` are Cloud's by the tracker's own."""

    kind: str
    world: World
    server: Server
    cli: Cli
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def on_gitlab(self) -> bool:
        return self.kind in TIERS

    def document(self, *argv: str) -> Told:
        """What a command answers, by path; addresses and names are Cloud's."""
        ended = self.cli(*argv, "--format", "json")
        assert ended.code in (0, 1), (self.kind, argv, ended.err)
        return dict(_paths(self._plain(ended.json)))

    def tables(self) -> dict[str, list[dict[str, str]]]:
        """The exported tables by name, with Cloud's keys, and iterations by their names."""
        folder = self.cli.folder / "tables"
        self.cli.ok("export", "--to", str(folder))
        found = {path.stem: self._plain(_rows(path)) for path in sorted(folder.glob("*.csv"))}
        names = {row["id"]: row["name"] for row in found["iterations"]}
        for row in found["memberships"]:
            row["iteration_id"] = names[row["iteration_id"]]
        return found

    def own(self, key: str) -> str:
        """This tracker's key of one of Cloud's."""
        return next((mine for mine, cloud in self.keys.items() if cloud == key), key)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, str):
            return KEY.sub(self._cloud, value) if self.on_gitlab else value
        if isinstance(value, list):
            return [self._plain(each) for each in value]
        return {name: self._plain(each) for name, each in value.items()} if isinstance(value, dict) else value

    def _cloud(self, found: re.Match[str]) -> str:
        return self.keys.get(found[0], found[0])


def serve(kind: str, folder: Path, clock: Callable[[], float] = lambda: float(NOW), **options: Any) -> Tracker:
    """The organisation of `options` (seed, issues, lang) behind a server of this kind, and a workspace for it.

    Observation begins with the end of the work: what a tracker knows of releases is no part of what is compared.
    """
    world = build(**({"now": NOW, "by_day": True} | options))
    lang, folder = world.lang, folder / kind
    folder.mkdir(parents=True)
    if kind in TIERS:
        found = _gitlab(Tier(kind), world, folder, clock)
    else:
        server = {"cloud": jira_cloud, "datacenter": jira_datacenter}[kind].serve(world, clock=clock)
        write(folder, world, server.url, lang)
        found = Tracker(kind, world, server, Cli(folder, clock=clock))
    found.cli.edit("okr-delivery.yaml", DISPUTE, f"{DISPUTE}    release: {{from: [finished]}}\n")
    return found


def _gitlab(tier: Tier, world: World, folder: Path, clock: Callable[[], float]) -> Tracker:
    server = gitlab.serve(world, clock=clock, tier=tier)
    write_gitlab(folder, world, server.url, world.lang, tier)
    own = {mine: cloud for cloud, mine in keys(world, tier).items()}
    return Tracker(tier.value, world, server, Cli(folder, GITLAB_TOKEN, clock=clock), own)


def different(expected: Told, found: Told, apart: Mapping[str, str]) -> dict[str, tuple[Any, Any]]:
    """What two documents say differently, by path, but for paths like those of `apart`."""
    missing = "(missing)"
    rows = ((path, expected.get(path, missing), found.get(path, missing)) for path in sorted({*expected, *found}))
    return {path: (a, b) for path, a, b in rows if a != b and not any(fnmatchcase(path, like) for like in apart)}


def _paths(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _paths(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, each in enumerate(_sorted(value) if value else []):
            yield from _paths(each, f"{path}.{_name(each) or number}")
    else:
        yield path, value


def _sorted(rows: list[Any]) -> list[Any]:
    """Findings by their names: they come in the order of keys, which are each tracker's own."""
    return sorted(rows, key=lambda row: (_name(row), json.dumps(row))) if _name(rows[0]) else rows


def _name(row: Any) -> str:
    """Of a finding its rule, issue or iteration, and key result; of counts rule and team; of a remark its check."""
    if not isinstance(row, dict):
        return ""
    if {"rule", "team", "ok"} <= row.keys():
        return f"{row['rule']} {row['team']}"
    if "rule" in row and "entity" in row:
        entity = row["entity"]
        about = entity["title"] if entity["kind"] == "iteration" else entity["key"]
        return f"{row['rule']} {about} {row['kr'] or ''}".rstrip()
    return str(row.get("check", ""))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
