"""A first sync that stops between its parts: planning is judged, everything else waits, and the next run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer, serve
from okr_delivery.sandbox.workspace import write
from okr_delivery.sandbox.world import build
from okr_delivery.store import open_store
from tests.e2e.runner import NOW, Cli

DAYS = 7  # the seeded organisation is young
READS = ("metrics", "trace", "export", "report")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recent past that the seeded organisation is older than, and pages that a run can stop between."""
    monkeypatch.setattr("okr_delivery.sync.run.LIVELY_DAYS", DAYS)
    monkeypatch.setattr("okr_delivery_jira.cloud.BLOCK", 12)
    monkeypatch.setattr("okr_delivery_jira.cloud.BODIES", 12)


@pytest.fixture
def server() -> Iterator[RunningServer]:
    """The seeded organisation, where time stands still."""
    with serve(build(seed=1, now=NOW), clock=lambda: float(NOW)) as running:
        yield running


@pytest.fixture
def cut(cli: Cli, server: RunningServer) -> Cli:
    """A workspace whose first sync ran out of time once older history had been listed."""
    cli.clock = lambda: NOW + (3600.0 if server.requests["search/jql"] > 1 else 0.0)
    ended = cli("sync", "--max-minutes", "30", "--format", "json")
    cli.clock = None
    (source,) = ended.json["sources"]
    assert (ended.code, source["complete"]) == (2, False)
    assert 0 < source["issues"]["fetched"] < 120
    assert any("older history is still coming" in warning for warning in source["warnings"])
    return cli


def test_the_lines_of_a_run_name_its_parts(cli: Cli) -> None:
    assert cli.ok("sync").err.splitlines() == [
        f"jira: first part: open issues and those of the last {DAYS} days",
        "jira: second part: older history; planning can be judged already",
    ]
    assert "jira: what changed" in cli.ok("-v", "sync").err.splitlines()
    assert cli.ok("sync").err == ""
    assert cli.ok("-q", "sync", "--full").err == ""


def argv(name: str, folder: Path) -> tuple[str, ...]:
    return {"export": ("export", "--to", str(folder)), "report": ("report", "iteration", "-o", str(folder))}.get(
        name, (name,)
    )


def test_the_gate_judges_planning(cut: Cli) -> None:
    ended = cut("gate", "--stage", "pitch", "--format", "json")
    assert (ended.code, ended.json["verdict"]) == (1, "fail")
    (source,) = ended.json["sources"]
    assert (source["complete"], source["needed"], source["fetched_at"] is not None) == (False, False, True)
    text = cut("gate", "--stage", "pitch")
    assert "the older history of jira is still coming" in text.out
    cut.ok("sync")
    later = cut("gate", "--stage", "pitch", "--format", "json")
    assert later.json["findings"] == ended.json["findings"]
    assert [s["complete"] for s in later.json["sources"]] == [True]


@pytest.mark.parametrize("asked", [("--backlog",), ("--iteration", "next"), ("--iteration", "current")])
def test_so_it_does_for_other_open_work(cut: Cli, asked: tuple[str, ...]) -> None:
    early = cut("gate", "--stage", "pitch", *asked, "--format", "json")
    cut.ok("sync")
    whole = cut("gate", "--stage", "pitch", *asked, "--format", "json")
    assert early.code == whole.code == 1
    assert early.json["findings"] == whole.json["findings"]


@pytest.mark.parametrize("asked", [("--iteration", "last"), ("--as-of", "2026-10-01")])
def test_what_is_over_waits(cut: Cli, asked: tuple[str, ...]) -> None:
    ended = cut("gate", *asked)
    assert ended.code == 2
    assert "the older history of jira is still coming" in ended.out
    assert "okr-delivery sync jira" in ended.out


def test_an_issue_that_is_not_there_yet_is_not_unknown(cut: Cli) -> None:
    missing = next(key for key in (f"PAY-{n}" for n in range(1, 99)) if key not in keys(cut))
    ended = cut("gate", "--issue", missing)
    assert ended.code == 2
    assert "an issue that was asked for is not known yet" in ended.out + ended.err
    assert "did you mean" not in (ended.out + ended.err).lower()


@pytest.mark.parametrize("name", READS)
def test_figures_wait_and_say_so(cut: Cli, name: str, tmp_path: Path) -> None:
    ended = cut(*argv(name, tmp_path / "out"))
    assert ended.code == 2
    assert "the older history of source jira is still coming" in ended.err
    assert not (tmp_path / "out").exists()


def test_the_next_run_leaves_what_one_run_would_have_left(cut: Cli, tmp_path: Path) -> None:
    first = cut.ok("sync", "--format", "json").json["sources"][0]
    assert (first["resumed"], first["issues"]["fetched"] < 120) == (True, True)
    whole = Cli(tmp_path / "whole")
    whole.folder.mkdir()
    for path in cut.folder.iterdir():
        if path.name in ("okr-delivery.yaml", "okrs", "readings", "effects", "conclusions.yaml"):
            (whole.folder / path.name).symlink_to(path)
    whole.ok("sync")
    assert dump(cut) == dump(whole)


def dump(cli: Cli) -> object:
    with open_store(f"sqlite:///{cli.folder}/.okr-delivery/store.db", ledger=None) as store:
        return store.dump()


def test_a_run_that_refreshes_for_the_gate_may_leave_history_out(cli: Cli, server: RunningServer) -> None:
    cli.clock = lambda: NOW + (3600.0 if server.requests["search/jql"] > 1 else 0.0)
    ended = cli("gate", "--sync", "--stage", "pitch")
    assert ended.code == 1
    assert "the time for this run is up" in ended.err
    assert "the older history of jira is still coming" in ended.out


def test_what_planning_needs_is_brought_up_to_date_before_older_history_goes_on(tmp_path: Path) -> None:
    now = [float(NOW)]
    with serve(build(seed=1, now=NOW), clock=lambda: now[0]) as server:
        cli = Cli(tmp_path)
        write(tmp_path, build(seed=1, now=NOW), server.url, "en")
        seen = cut_short(cli, server)
        key = min(keys(cli))
        now[0], cli.now = NOW + 3 * 3600, NOW + 3 * 3600
        server.tracker.edit(key, {"summary": "Renamed meanwhile"})
        assert cut_short(cli, server, seen + 1) > seen
        assert keys(cli)[key] == "Renamed meanwhile"
        ended = cli("gate", "--issue", key, "--stage", "pitch", "--format", "json")
        assert ended.json["sources"][0]["fetched_at"].startswith("2026-11-24T19:00")
        assert ended.json["verdict"] != "none"


def cut_short(cli: Cli, server: RunningServer, searches: int = 1) -> int:
    """A sync whose time is up after so many searches; how many the server has answered by then."""
    cli.clock = lambda: cli.now + (3600.0 if server.requests["search/jql"] > searches else 0.0)
    assert cli("sync", "--max-minutes", "30").code == 2
    cli.clock = None
    return server.requests["search/jql"]


def keys(cli: Cli) -> dict[str, str]:
    with open_store(f"sqlite:///{cli.folder}/.okr-delivery/store.db", ledger=None) as store:
        return {issue.key: issue.title for issue in store.issues("jira")}
