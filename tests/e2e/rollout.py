"""Command lines whose sessions can be read afterwards, and trackers that begin with nothing in them."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from okr_delivery.sandbox import gitlab, jira_cloud
from okr_delivery.sandbox.gitlab.server import RunningServer as GitLabServer
from okr_delivery.sandbox.gitlab.translate import of_world
from okr_delivery.sandbox.jira_cloud import RunningServer
from okr_delivery.sandbox.world import World, build, setting
from tests.e2e.runner import Cli, Ended

FOLDER = os.environ.get("OKR_DELIVERY_TRANSCRIPTS")  # read before it is scrubbed
LANGS = ("en", "zh") if FOLDER else ("en",)
POINTS, SPRINT = "customfield_10026", "customfield_10020"
FOR_MACHINES = "--output=json=gate.json"
OWNER, APPROVER = "712020:0002", "712020:0003"


@dataclass(frozen=True)
class Judged:
    """What the gate said to people and to machines."""

    ended: Ended
    document: Any

    @property
    def code(self) -> int:
        return self.ended.code

    @property
    def found(self) -> list[tuple[str, str]]:
        """Rules and what they found something in, but for what the baseline knows."""
        rows = [row for row in self.document["findings"] if not row["baselined"]]
        return sorted((row["rule"], row["entity"]["key"]) for row in rows)

    @property
    def summary(self) -> dict[str, int]:
        rows: dict[str, int] = self.document["summary"]
        return rows

    def paste(self, rule: str, key: str) -> str:
        """The line that a finding offers."""
        rows = self.document["findings"]
        return str(next(row["paste"] for row in rows if (row["rule"], row["entity"]["key"]) == (rule, key)))


@dataclass
class Session(Cli):
    """A command line that remembers what was typed and answered."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, *argv: str) -> Ended:
        ended = super().__call__(*argv)
        shown = [*ended.out.splitlines(), *ended.err.splitlines()]
        typed = [word for word in argv if word != FOR_MACHINES]
        self.lines += ["", f"$ okr-delivery {shlex.join(typed)}", *shown, f"[exit {ended.code}]"]
        return ended

    def gate(self, *argv: str) -> Judged:
        """A judgement of one minute later."""
        self.now += 60
        ended = self("gate", *argv, FOR_MACHINES)
        return Judged(ended, json.loads((self.folder / "gate.json").read_text("utf-8")))

    def note(self, text: str) -> None:
        """What people do beside the command line."""
        day = datetime.fromtimestamp(self.now, UTC).date()
        self.lines += ["", f"# {day}: {text}"]

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


@contextmanager
def session(name: str, folder: Path, now: int, lang: str, env: Mapping[str, str]) -> Iterator[Session]:
    """A workspace; its transcript goes to the folder that OKR_DELIVERY_TRANSCRIPTS names."""
    made = Session(folder, {**env, "OKR_DELIVERY_LANG": lang}, now)
    try:
        yield made
    finally:
        if FOLDER:
            Path(FOLDER).mkdir(parents=True, exist_ok=True)
            (Path(FOLDER) / f"{name}-{lang}.txt").write_text("\n".join(made.lines).strip() + "\n", "utf-8")


def instant(day: str) -> int:
    """Ten in the morning in Shanghai."""
    return int(datetime.fromisoformat(f"{day}T02:00:00+00:00").timestamp())


def begun(now: int) -> World:
    """An organisation that has its projects, people and boards, and neither issues nor sprints."""
    world = build(seed=1, issues=1, now=now)
    for held in (world.site.issues, world.site.keys, world.site.sprints):
        held.clear()
    return world


@dataclass
class NewJira:
    """A Jira on which nobody has worked yet."""

    server: RunningServer

    @property
    def url(self) -> str:
        return self.server.url

    def write(self, title: str, line: str = "", sprint: int | None = None, points: int | None = None) -> str:
        """A new story in project PAY."""
        planned = {} if sprint is None else {SPRINT: [sprint]}
        fields: dict[str, Any] = {"description": line, POINTS: points, **planned, "priority": "3"}
        made = self.server.tracker.create("PAY", title, type_id=setting.TYPES["Story"], **fields)
        made.creator = OWNER
        return made.key

    def change(self, key: str, by: str = OWNER, **fields: Any) -> None:
        self.server.tracker.edit(key, {POINTS if name == "points" else name: v for name, v in fields.items()}, by)

    def move(self, stage: int, *keys: str) -> None:
        for key in keys:
            self.server.tracker.transition(key, setting.STATUS_IDS["PAY"][stage])

    def sprint(self, name: str, first: str, last: str) -> int:
        return self.server.tracker.add_sprint(1, name, start=instant(first) * 1000, end=instant(last) * 1000).id

    def aim(self, sprint: int, goal: str) -> None:
        self.server.site.sprints[sprint].goal = goal
        self.server.site.revision += 1


@contextmanager
def new_jira(cli: Cli) -> Iterator[NewJira]:
    with jira_cloud.serve(begun(cli.now), clock=lambda: float(cli.now)) as server:
        yield NewJira(server)


@contextmanager
def new_gitlab(cli: Cli) -> Iterator[GitLabServer]:
    """A GitLab that has projects, people and labels, and neither issues nor milestones."""
    world = of_world(build(seed=1, issues=1, now=cli.now, by_day=True))
    with gitlab.serve(world, clock=lambda: float(cli.now)) as server:
        for held in (server.forge.state.items, server.forge.state.places, server.forge.state.milestones):
            held.clear()
        yield server
