"""The main job on real recorded GitLab payloads, served over HTTP; a few issues are told by hand from the raw lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.sandbox import TOKEN
from okr_delivery.sandbox.gitlab import serve
from okr_delivery.sandbox.gitlab.recorded import load
from okr_delivery.sandbox.gitlab.state import GitLab
from tests.e2e.runner import NOW, Cli

SHARED = Path(__file__).parents[2].parent / "shared" / "payloads"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded payloads are not beside this checkout")

CONFIG = """\
version: 1
okrs: [okrs/]
readings: [readings/]
calendar: {{timezone: UTC}}
sources:
  - name: gitlab
    type: gitlab
    url: {url}
    projects: [{projects}]
    statuses: {{label_scope: workflow}}
gate: {{adopt: pitch, since: 2010-01-01}}
"""
OKRS = """\
cycle: {id: Y, start: 2015-01-01, end: 2030-12-31, state: active}
objectives:
  - id: SHARE
    title: Recorded work has a purpose
    source: self_driven
    key_results:
      - {id: SHARE-KR1, title: Shares, metric: {unit: "%", direction: increase, baseline: 1, target: 20}}
"""
A, B, C = "gitlab-data/snowflake_spend", "packit-service/ogr-tests", "gitea/test_repo"
SITES = ("gitlab-a", "gitlab-b", "gitlab-c")


@dataclass
class Synced:
    """A recorded site after its first sync, and its tables."""

    cli: Cli
    state: GitLab
    first: dict[str, Any]
    tables: Mapping[str, list[dict[str, str]]]

    def row(self, table: str, key: str) -> dict[str, str]:
        return next(row for row in self.tables[table] if row.get("issue_key", row.get("key")) == key)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Synced]]:
    found, servers = {}, []
    for name in SITES:
        state = load(sorted(SHARED.glob("gitlab-*.jsonl")), name)
        servers.append(serve(state, clock=lambda: float(NOW)))
        paths = sorted(project.path for project in state.projects.values())
        cli = workspace(servers[-1].url, paths, tmp_path_factory.mktemp(name))
        (first,) = cli.ok("sync", "--format", "json").json["sources"]
        cli.ok("export", "--to", "tables")
        found[name] = Synced(cli, state, first, tables(cli.folder / "tables"))
    yield found
    for server in servers:
        server.stop()


def workspace(url: str, projects: list[str], folder: Path) -> Cli:
    (folder / "okr-delivery.yaml").write_text(CONFIG.format(url=url, projects=", ".join(projects)), encoding="utf-8")
    (folder / "okrs").mkdir()
    (folder / "okrs" / "y.yaml").write_text(OKRS, encoding="utf-8")
    (folder / "readings").mkdir()
    (folder / "readings" / "y.csv").write_text("kr,date,value\nSHARE-KR1,2021-11-01,3\n", encoding="utf-8")
    return Cli(folder, {"OKR_DELIVERY_GITLAB_TOKEN": TOKEN})


def tables(folder: Path) -> dict[str, list[dict[str, str]]]:
    return {path.stem: rows(path) for path in folder.glob("*.csv")}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", SITES)
def test_the_main_job_on_a_recorded_site(sites: dict[str, Synced], name: str) -> None:
    site = sites[name]
    assert site.first["complete"]
    assert site.first["issues"]["fetched"] == len(site.state.items)
    assert {row["key"] for row in site.tables["issues"]} == {site.state.reference(i) for i in site.state.items.values()}
    again = site.cli.ok("sync", "--format", "json").json["sources"][0]
    assert again["issues"]["changed"] == again["changes"] == 0
    gate = site.cli("gate", "--backlog", "--format", "json")
    is_open = any(item.recorded and item.recorded["state"] == "opened" for item in site.state.items.values())
    assert gate.code in ((0, 1) if is_open else (2,)), gate.err
    metrics = site.cli.ok("metrics", "--since", "2010-01-01", "--until", "2026-11-01", "--format", "json").json
    finished = sum(bool(row["finished_at"]) for row in site.tables["facts"])
    assert metrics["scopes"][0]["metrics"]["throughput"]["n"] == finished > 0


@pytest.mark.parametrize("name", SITES)
def test_every_closed_issue_ended_when_its_payload_says(sites: dict[str, Synced], name: str) -> None:
    site = sites[name]
    for item in site.state.items.values():
        body = item.recorded
        assert body is not None
        fact = site.row("facts", site.state.reference(item))
        at = str(body["closed_at"])[:19] + "Z" if body["state"] == "closed" else ""
        ended = {fact["finished_at"], fact["cancelled_at"], fact["gone_at"]} - {""}
        assert ended == ({at} if at else set()), item.iid


# -- by hand, from the raw lines ---------------------------------------------------------------------------------------


def test_a_plain_issue_is_done_when_it_was_closed(sites: dict[str, Synced]) -> None:
    """#1 of gitlab-a: made 2019-06-20T15:04:58, closed 2019-06-28T14:32:05, no weight, in the milestone 19.12."""
    fact, issue = sites["gitlab-a"].row("facts", f"{A}#1"), sites["gitlab-a"].row("issues", f"{A}#1")
    assert (fact["finished_at"], fact["lead_seconds"]) == (
        "2019-06-28T14:32:05Z",
        str(7 * 86_400 + 23 * 3600 + 27 * 60 + 7),
    )
    assert (issue["created"], issue["estimate"], issue["status"]) == ("2019-06-20T15:04:58Z", "", "Closed")


def test_weights_are_estimates_and_labels_are_whole(sites: dict[str, Synced]) -> None:
    """#2 weighs 1 and has four labels, one with a blank in it; #7 weighs 2."""
    issue = sites["gitlab-a"].row("issues", f"{A}#2")
    assert (issue["estimate"], issue["labels"]) == ("1", '["Data Team", "Enhancement", "Snowflake", "dbt"]')
    assert sites["gitlab-a"].row("issues", f"{A}#7")["estimate"] == "2"


def test_closed_beats_a_stage_that_was_left_on(sites: dict[str, Synced]) -> None:
    """#16 was closed with `workflow::5 - development` on it, #12 with `workflow::X - blocked`."""
    for iid, closed in ((16, "2022-06-16T16:23:09Z"), (12, "2020-09-22T22:08:20Z")):
        assert sites["gitlab-a"].row("facts", f"{A}#{iid}")["finished_at"] == closed
        assert sites["gitlab-a"].row("issues", f"{A}#{iid}")["kind"] == "done"


def test_a_moved_issue_is_gone_and_not_delivered(sites: dict[str, Synced]) -> None:
    """#10 was moved (54114370) on 2020-07-08T19:05:30; where to is not recorded."""
    fact = sites["gitlab-a"].row("facts", f"{A}#10")
    assert (fact["finished_at"], fact["gone_at"]) == ("", "2020-07-08T19:05:30Z")


def test_what_is_open_has_no_end(sites: dict[str, Synced]) -> None:
    fact = sites["gitlab-a"].row("facts", f"{A}#13")
    assert not any(fact[name] for name in ("finished_at", "cancelled_at", "gone_at", "lead_seconds"))


def test_a_title_changed_to_and_fro_is_told_by_its_notes(sites: dict[str, Synced]) -> None:
    """#1 of gitlab-b was renamed on 2019-12-19T20:13:36 and a second later back. It was recorded at 13 moments."""
    changes = [
        (row["at"], row["from_name"], row["to_name"])
        for row in sites["gitlab-b"].tables["changes"]
        if row["issue_key"] == f"{B}#1" and row["field"] == "title"
    ]
    assert changes[:2] == [
        ("2019-12-19T20:13:36Z", "My first issue", "test title"),
        ("2019-12-19T20:13:37Z", "test title", "My first issue"),
    ]
    assert len([row for row in sites["gitlab-b"].tables["issues"] if row["key"] == f"{B}#1"]) == 1


def test_an_issue_closed_before_there_were_events_ended_all_the_same(sites: dict[str, Synced]) -> None:
    """#1 of gitlab-b was closed in 2019, and its lists of events are empty."""
    assert sites["gitlab-b"].row("facts", f"{B}#1")["finished_at"] == "2019-09-10T13:49:26Z"


def test_milestones_are_the_iterations(sites: dict[str, Synced]) -> None:
    """gitlab-c has 1.0.0 with #1 and 1.1.0 with #2."""
    names = {row["id"]: row["name"] for row in sites["gitlab-c"].tables["iterations"]}
    held = {row["issue_key"]: names[row["iteration_id"]] for row in sites["gitlab-c"].tables["memberships"]}
    assert held == {f"{C}#1": "1.0.0", f"{C}#2": "1.1.0"}
