"""The main job on real recorded payloads, served over HTTP."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from okr_delivery.sandbox.jira_cloud import serve
from okr_delivery.sandbox.recorded import load
from tests.e2e.runner import NOW, Cli

SHARED = Path(__file__).parents[2].parent / "shared" / "payloads"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded payloads are not beside this checkout")

CONFIG = """\
version: 1
okrs: [okrs/]
readings: [readings/]
calendar: {{timezone: UTC}}
sources:
  - name: jira
    type: jira
    url: {url}
    projects: [{projects}]
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
SITES = ("cloud-a", "cloud-b", "cloud-c", "cloud-d", "cloud-e")


@pytest.mark.parametrize("site", SITES)
def test_the_main_job_on_a_recorded_site(site: str, tmp_path: Path) -> None:
    recording = load(sorted(SHARED.glob("jira-*.jsonl")), site)
    server = serve(recording, clock=lambda: float(NOW))
    try:
        cli = workspace(server.url, sorted(str(p["key"]) for p in recording.site.projects.values()), tmp_path)
        result = cli.ok("sync", "--format", "json").json["sources"][0]
        assert result["complete"]
        assert result["issues"]["fetched"] == len(recording.site.issues)
        again = cli.ok("sync", "--format", "json").json["sources"][0]
        assert again["requests"] <= 6
        assert again["issues"]["changed"] == again["changes"] == 0
        judge(cli, has_sprints=site in ("cloud-a", "cloud-c", "cloud-d"))
    finally:
        server.stop()


def test_a_recorded_flag_is_blocked_time(tmp_path: Path) -> None:
    server = serve(load(sorted(SHARED.glob("jira-*.jsonl")), "cloud-d"), clock=lambda: float(NOW))
    try:
        cli = workspace(server.url, ["SP"], tmp_path)
        cli.ok("sync")
        cli.ok("export", "--to", "tables", "--as-of", "2021-09-07")
    finally:
        server.stop()
    with (tmp_path / "tables" / "facts.csv").open(encoding="utf-8") as file:
        waited = {row["issue_key"]: int(row["wait_seconds"]) for row in csv.DictReader(file)}
    # SP-10 was flagged from 04:33:30 to 04:33:55; SP-1 from 2021-08-29 18:04:39 on, and still is.
    assert (waited["SP-10"], waited["SP-1"], waited["SP-2"]) == (25, 798_920, 0)


def workspace(url: str, projects: list[str], folder: Path) -> Cli:
    (folder / "okr-delivery.yaml").write_text(CONFIG.format(url=url, projects=", ".join(projects)), encoding="utf-8")
    (folder / "okrs").mkdir()
    (folder / "okrs" / "y.yaml").write_text(OKRS, encoding="utf-8")
    (folder / "readings").mkdir()
    (folder / "readings" / "y.csv").write_text("kr,date,value\nSHARE-KR1,2021-11-01,3\n", encoding="utf-8")
    return Cli(folder)


def judge(cli: Cli, *, has_sprints: bool) -> None:
    gate = cli("gate", "--backlog", "--format", "json")
    assert gate.code in (0, 1), gate.err
    metrics = cli.ok("metrics", "--since", "2010-01-01", "--until", "2026-11-01", "--format", "json").json
    cli.ok("export", "--to", "tables", "--as-of", "2026-11-01")
    throughput = metrics["scopes"][0]["metrics"]["throughput"]
    with (cli.folder / "tables" / "facts.csv").open(encoding="utf-8", newline="") as file:
        finished = sum(bool(row["finished_at"]) for row in csv.DictReader(file))
    assert throughput["n"] == throughput["value"] <= finished  # sub-tasks have facts and count nowhere
    assert bool(throughput["n"]) == bool(finished)
    assert cli.ok("metrics").out
    for argv in (("trace",), ("report", "iteration")):
        ended = cli(*argv)
        assert ended.code == (0 if has_sprints else 2), f"{argv}: {ended.err}"
        assert has_sprints or "no team has an iteration" in ended.err
