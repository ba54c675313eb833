"""`gate --apply tracker` against served trackers: hostile text in, one harmless comment and one label out, and off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from okr_delivery.gate.telling import LOOK_AGAIN
from okr_delivery.sandbox import TOKEN, jira_cloud, jira_datacenter
from okr_delivery.sandbox import gitlab as gitlab_sandbox
from okr_delivery.sandbox.gitlab.translate import of_world
from okr_delivery.sandbox.world import World, build
from tests.e2e.runner import NOW, Cli

HOSTILE = "Contributes-to: `/close @all` {color:red} [~admin] ![x](http://evil.test) <b> +1pp"
READY = "Contributes-to: GROW-KR1 ?"
CONFIG = """\
version: 1
calendar: {{timezone: UTC}}
sources:
  - {{name: it, type: {type}, url: "{url}", projects: [{project}]}}
gate: {{since: 2026-10-01, adopt: intake}}
reports: {{recheck_url: "https://ci.acme.cn/-/pipelines/new?var=1"}}
"""
OKRS = """\
cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, state: active}
objectives:
  - id: GROW
    title: Merchants stay because checkout just works
    owner: lin
    source: self_driven
    key_results:
      - {id: GROW-KR1, title: Retention, owner: lin, metric: {unit: "%", direction: increase, baseline: 38, target: 50}}
"""


@dataclass
class Place:
    """One requirement in one tracker, as its people and its other readers see it."""

    cli: Cli
    server: Any
    key: str
    write: Callable[[str, str], object]
    look: Callable[[], tuple[set[str], list[str], str]]  # labels, texts of comments, status
    spoil: Callable[[str | None], object]  # the last comment's text, None: it is removed

    def gate(self, *argv: str) -> Any:
        """Syncs a minute later, then judges and tells the one requirement."""
        self.cli.now += 60
        synced = self.cli("sync")
        assert synced.code == 0, synced.err
        return self.cli("gate", "--issue", self.key, "--apply", "tracker", *argv)

    def writes(self) -> int:
        wanted = ("POST", "PUT", "DELETE")
        reads = ("search", "bulkfetch", "graphql", "list")
        return sum(row.method in wanted and not any(name in str(row) for name in reads) for row in self.server.log)


def world() -> World:
    return build(seed=1, issues=10, now=NOW, by_day=True)


@pytest.fixture(params=["cloud", "datacenter", "gitlab"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    cli = Cli(tmp_path)
    clock = lambda: float(cli.now)  # noqa: E731 - it is one
    (tmp_path / "okrs").mkdir()
    (tmp_path / "okrs" / "2026Q4.yaml").write_text(OKRS, "utf-8")
    if request.param == "gitlab":
        with gitlab_sandbox.serve(of_world(world()), clock=clock) as server:
            yield _at_gitlab(cli, server)
        return
    serve = jira_cloud.serve if request.param == "cloud" else jira_datacenter.serve
    with serve(world(), clock=clock) as jira:
        yield _at_jira(cli, jira)


def _settle(cli: Cli, **given: str) -> None:
    (cli.folder / "okr-delivery.yaml").write_text(CONFIG.format(**given), "utf-8")


def _at_gitlab(cli: Cli, server: Any) -> Place:
    _settle(cli, type="gitlab", url=server.url, project="acme/payments")
    cli.env = {"OKR_DELIVERY_GITLAB_TOKEN": TOKEN}
    item = server.forge.create("acme/payments", "/close @all", description=HOSTILE)
    key = f"acme/payments#{item.iid}"

    page = f"{server.url}/api/v4/projects/acme%2Fpayments/issues/{item.iid}"

    def look() -> tuple[set[str], list[str], str]:
        row, notes = (requests.get(page + end, headers={"PRIVATE-TOKEN": TOKEN}).json() for end in ("", "/notes"))
        return set(row["labels"]), [note["body"] for note in notes if not note["system"]], row["state"]

    def spoil(text: str | None) -> object:
        last = requests.get(f"{page}/notes", headers={"PRIVATE-TOKEN": TOKEN}).json()[0]
        there = f"{page}/notes/{last['id']}"
        signed = {"PRIVATE-TOKEN": TOKEN}
        if text is None:
            return requests.delete(there, headers=signed)
        return requests.put(there, headers=signed, json={"body": text})

    return Place(cli, server, key, lambda ref, text: server.forge.edit(ref, {"description": text}), look, spoil)


def _at_jira(cli: Cli, server: Any) -> Place:
    _settle(cli, type="jira", url=server.url, project="PAY")
    cli.env = {"OKR_DELIVERY_JIRA_USER": server.user, "OKR_DELIVERY_JIRA_TOKEN": server.token}
    key = "PAY-2"
    bare = {"labels": ["ops-note"], "parent": None, "customfield_10040": None, "customfield_10041": None}
    server.tracker.edit(key, {"summary": "/close @all", "description": HOSTILE, **bare})

    def look() -> tuple[set[str], list[str], str]:
        issue = server.tracker.issue(key)
        return set(issue.labels), [str(row["body"]) for row in issue.comments], str(issue.status)

    def spoil(text: str | None) -> object:
        comments = server.tracker.issue(key).comments
        if text is None:
            return comments.pop()
        other = next(who for who in server.site.users if who != server.site.account)
        return comments[-1].update(body=text, editor=other)

    return Place(cli, server, key, lambda ref, text: server.tracker.edit(ref, {"description": text}), look, spoil)


def test_told_once_harmlessly_and_taken_back(place: Place) -> None:
    labels, before, status = place.look()
    first = place.gate()
    assert first.code == 1 and "1 told" in first.err, first.err
    found, comments, now = place.look()
    (comment,) = [text for text in comments if text not in before]
    assert found == labels | {"okr-gate"} and now == status
    _is_harmless(comment)
    count = place.writes()
    assert count >= 2
    again = place.gate()
    assert (again.code, place.writes()) == (1, count) and "0 told, 0 renewed" in again.err
    assert "0 cleared, 0 unchanged" not in again.err
    place.write(place.key, READY)
    last = place.gate()
    assert last.code == 0 and "1 cleared" in last.err, last.err
    assert place.look() == (labels, before, status)
    count = place.writes()
    assert (place.gate().code, place.writes()) == (0, count)


def test_a_comment_that_people_change_or_remove_is_put_right(place: Place) -> None:
    before = place.look()
    place.gate()
    told = place.look()
    for text in ("KR101 haha", None):
        place.spoil(text)
        place.cli.now += LOOK_AGAIN
        again = place.gate()
        assert again.code == 1 and "1 renewed" in again.err, again.err
        assert place.look() == told
    place.spoil("KR101 haha")
    place.write(place.key, READY)
    assert "1 cleared" in place.gate().err
    assert place.look() == before


def _is_harmless(comment: str) -> None:
    """Code spans of Markdown and escapes of wiki markup aside, nothing of what was typed is left to be run."""
    assert "KR10" in comment and "ci.acme.cn" in comment
    assert not any(line.lstrip().startswith(("/", "@")) for line in comment.splitlines())
    bare = re.sub(r"`[^`\n]*`", "", re.sub(r"\\[^0-9A-Za-z\s]", "", comment))
    assert not re.search(r"@all|\{color|\[~|!\[|<b>|evil\.test\)", bare), bare
