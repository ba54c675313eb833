"""A run against a GitLab that was recorded: nothing private in it, and served again it gives the same store."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.model.work import Field
from okr_delivery.sandbox import TOKEN, replay
from okr_delivery.sandbox.gitlab import serve
from okr_delivery.sandbox.gitlab.events import Note
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.state import GitLab
from okr_delivery.sandbox.gitlab.translate import of_world
from okr_delivery.sandbox.workspace import write_gitlab
from okr_delivery.sandbox.world import World, build
from okr_delivery.store import open_store
from tests.e2e.runner import NOW, Cli, Ended

STEM = "Zyblintquax"  # of every planted word
PASSWORD = "hunterquilp"


@cache
def world() -> World:
    return build(seed=1, issues=25, now=NOW, by_day=True)


@pytest.fixture
def state() -> GitLab:
    return of_world(world())


@pytest.fixture
def server(state: GitLab) -> Iterator[RunningServer]:
    with serve(state, clock=lambda: float(NOW)) as running:
        yield running


def workspace(folder: Path, url: str) -> Cli:
    folder.mkdir()
    write_gitlab(folder, world(), url, "en")
    return Cli(folder, {"OKR_DELIVERY_GITLAB_TOKEN": TOKEN})


def replayed(folder: Path) -> tuple[Cli, Ended, list[str], str]:
    """A sync into a new store against what was recorded: what was never recorded, and where it was served."""
    with replay.serve(replay.load(folder / "case")) as served:
        cli = workspace(folder / "second", served.url)
        return cli, cli("sync"), served.missing, served.url


class Planted:
    """Words that nobody else uses, put wherever people write."""

    def __init__(self) -> None:
        self._numbers = itertools.count(100)
        self.count = 0

    def word(self) -> str:
        self.count += 1
        return STEM + "".join(chr(ord("a") + int(digit)) for digit in str(next(self._numbers)))

    def sentence(self) -> str:
        secret = (
            f"password={PASSWORD}{next(self._numbers)} https://{self.word()}.test/{self.word()}?token={self.word()}"
        )
        return f"{self.word()} told @{self.word()}: call 139{next(self._numbers)}77{next(self._numbers)}, {secret}"

    def gitlab(self, state: GitLab) -> None:
        for user in state.users.values():
            user.name, user.username = f"{self.word()} {self.word()}", self.word().lower()
        for group in state.groups.values():
            group.name = self.sentence()
        for project in state.projects.values():
            project.name = self.sentence()
        for label in state.labels.values():
            label.description = self.sentence()
        for milestone in state.milestones.values():
            milestone.description = self.sentence()
        for release in state.releases:
            release.description = self.sentence()
        for request in state.merge_requests.values():
            request.title, request.source_branch = self.sentence(), self.word()
            request.description = f"{self.sentence()} {request.description}"
            request.commits = [replace(each, message=self.sentence(), author=self.word()) for each in request.commits]
        read = {
            ref for ref, field in state.custom_fields.items() if field.name in ("Key Result", "Expected contribution")
        }
        for item in state.items.values():
            item.title = self.sentence()
            item.description = f"{self.sentence()}\n{item.description}\n{self.sentence()}"
            item.custom |= {ref: self.sentence() for ref in item.custom if ref not in read}
            for place in range(3):
                told = (f"changed title from **{self.sentence()}** to **{self.sentence()}**", self.sentence())
                body = (*told, f"mentioned in issue {self.word()}/shop#5")[place]
                item.notes.append(Note(next(self._numbers) + 9_000_000, item.updated, item.author, body, place != 1))


def test_nothing_that_people_wrote_and_no_secret_is_in_a_recording(
    state: GitLab, server: RunningServer, tmp_path: Path
) -> None:
    planted = Planted()
    planted.gitlab(state)
    ended = workspace(tmp_path / "first", server.url)("sync", "--record", "../case")
    assert ended.code == 0, ended.err
    files = sorted((tmp_path / "case").iterdir())
    data = b"\n".join(path.read_bytes() for path in files)
    assert len(files) > 10 and planted.count > 1000
    assert data.count(b"changed title from") > 50
    host = server.url.removeprefix("http://")
    assert [word for word in (STEM, PASSWORD, TOKEN, host) if word.casefold().encode() in data.lower()] == []
    assert b"PRIVATE-TOKEN" not in data


def test_a_plain_recording_gives_the_same_store(server: RunningServer, tmp_path: Path) -> None:
    first = workspace(tmp_path / "first", server.url)
    first.ok("sync", "--record", "../case", "--record-plain")
    assert server.url not in "".join(path.read_text("utf-8") for path in (tmp_path / "case").iterdir())
    second, again, missing, url = replayed(tmp_path)
    assert (again.code, missing) == (0, []), again.err
    assert re_rooted(dump(first), server.url) == re_rooted(dump(second), url)


def test_a_scrubbed_recording_gives_the_same_history_facts_and_figures(server: RunningServer, tmp_path: Path) -> None:
    first = workspace(tmp_path / "first", server.url)
    ended = first.ok("sync", "--record", "../case")
    second, again, missing, _ = replayed(tmp_path)
    assert (again.code, missing) == (0, []), again.err
    assert changes(ended) == changes(again)
    assert bare(dump(first)) == bare(dump(second))
    for command in ("metrics", "trace", "gate"):
        assert figures(first, command) == figures(second, command)
    index = json.loads((tmp_path / "case" / "index.json").read_text("utf-8"))
    assert index["source"]["type"] == "gitlab"
    assert index["endpoints"]["POST graphql"] > 1


def dump(cli: Cli) -> Any:
    with open_store(f"sqlite:///{cli.folder / '.okr-delivery' / 'store.db'}", ledger=None) as store:
        return json.loads(json.dumps(store.dump()))


def re_rooted(dumped: Any, url: str) -> Any:
    return json.loads(json.dumps(dumped).replace(url, "https://here"))


def changes(ended: Ended) -> str:
    """Its summary, without how many requests it took: some are only there to name a project."""
    found = re.search(r"\d+ issues fetched.* changes", ended.out)
    assert found is not None
    return found[0]


def bare(dumped: Any) -> Any:
    """A store's content without what scrubbing may change: texts, names of people and labels, addresses."""
    source = dumped["sources"]["gitlab"]
    for issue in source["issues"]:
        for name in ("title", "creator", "url", "links"):
            issue.pop(name)
        issue["current"] = {name: pair for name, pair in issue["current"].items() if name not in ("TITLE", "LABELS")}
    for iteration in source["iterations"]:
        iteration["goal"] = len(iteration["goal"] or "")
    source["changes"] = {ref: [told(change) for change in rows] for ref, rows in source["changes"].items()}
    source["metadata"]["labels"] = [[ref, *rest] for ref, _, *rest in source["metadata"]["labels"]]
    return dumped


def told(change: list[Any]) -> list[Any]:
    """A change without who made it; of labels how many there were."""
    if change[3] != Field.LABELS:
        return change[:-1]
    return [len(part.split()) if isinstance(part, str) else part for part in change[:-1]]


def figures(cli: Cli, command: str) -> Any:
    """A command's answer without titles, goals and addresses."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if k not in ("title", "goal", "url", "created_by")}
        return [strip(part) for part in value] if isinstance(value, list) else value

    return strip(cli(command, "--format", "json").json)
