"""The main job end to end: sync → gate → metrics → trace → progress → report → export."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

from okr_delivery.sandbox.jira_cloud import RunningServer
from okr_delivery.store import open_store
from tests.e2e.runner import Cli

READS = (
    ("gate", "--format", "json"),
    ("gate", "--format", "junit"),
    ("metrics", "--format", "json"),
    ("metrics", "--iteration", "current", "--format", "json"),
    ("trace", "--format", "json"),
    ("progress", "--format", "json"),
    ("report", "iteration", "--format", "json", "-o", "-"),
)


def test_the_gate_finds_real_problems_and_says_how_to_fix_them(synced: Cli) -> None:
    ended = synced("gate", "--format", "json")
    assert ended.code == 1
    document = ended.json
    assert document["schema"] == "okr-delivery/gate/1"
    assert document["verdict"] == "fail"
    assert {"KR101", "KR102", "KR201", "KR205"} <= {finding["rule"] for finding in document["findings"]}
    missing = next(finding for finding in document["findings"] if finding["rule"] == "KR101")
    assert missing["paste"].startswith("Contributes-to: ")
    assert missing["alternative"].startswith("Non-OKR: ")
    assert document["summary"]["ready"] > 0


def test_text_ends_with_what_is_ready(synced: Cli) -> None:
    ended = synced("gate")
    assert ended.code == 1
    assert "ready; to fix:" in ended.out.strip().splitlines()[-1]


def test_metrics_of_the_last_iteration_balance(synced: Cli) -> None:
    document = synced.ok("metrics", "--format", "json").json
    assert document["schema"] == "okr-delivery/metrics/1"
    assert [scope["team"] for scope in document["scopes"]] == ["payments", "mobile", "portal", "platform"]
    for scope in document["scopes"]:
        sets = scope["iteration"]
        assert len(sets["committed"]) + len(sets["added"]) == sum(
            len(sets[name]) for name in ("delivered", "carried_over", "removed")
        )
        assert 0 <= sets["say_do"] <= 1
        assert scope["metrics"]["cycle_time"]["n"] > 0
        assert scope["metrics"]["cycle_time"]["definition"]


def test_trace_keeps_three_series_apart(synced: Cli) -> None:
    document = synced.ok("trace", "--format", "json").json
    krs = [kr for iteration in document["iterations"] for kr in iteration["key_results"]]
    assert any(kr["promised"] for kr in krs)
    assert any(kr["observed"] for kr in krs)
    requirements = [r for kr in krs for r in kr["requirements"]]
    assert any(r["due"] and not r["conclusion"] for r in requirements)


def test_progress_of_a_team_is_that_of_its_objectives(synced: Cli) -> None:
    every = {kr["kr"] for kr in synced.ok("progress", "--format", "json").json["key_results"]}
    mobile = synced.ok("progress", "--team", "mobile", "--format", "json").json
    assert {kr["kr"] for kr in mobile["key_results"]} == {kr for kr in every if kr.startswith("APP-")}
    assert [objective["id"].partition(":")[2] for objective in mobile["objectives"]] == ["APP"]


def test_report_is_one_file_with_every_chart(synced: Cli, tmp_path: Path) -> None:
    ended = synced.ok("report", "iteration", "-o", str(tmp_path))
    paths = [Path(line) for line in ended.out.split()]
    assert len(paths) == 4
    for path in paths:
        html = path.read_text(encoding="utf-8")
        assert html.count("<svg") >= 4
        assert "<script" not in html


def test_chinese_from_the_same_store(synced: Cli) -> None:
    text = synced("--lang", "zh", "gate").out
    assert "贡献: " in text
    assert synced.ok("--lang", "zh", "report", "iteration", "--format", "markdown", "-o", "-").out.count("承诺达成率")


def test_a_second_sync_asks_little_and_changes_no_row(cli: Cli) -> None:
    first = cli.ok("sync", "--format", "json").json["sources"][0]
    assert first["complete"]
    assert first["issues"]["fetched"] > 100
    before = dump(cli)
    second = cli.ok("sync", "--format", "json").json["sources"][0]
    assert second["requests"] <= 6
    assert second["issues"] == {"fetched": 0, "changed": 0, "deleted": 0}
    assert second["changes"] == 0
    assert dump(cli) == before


def test_losing_the_store_between_two_runs_changes_no_figure(cli: Cli) -> None:
    cli.ok("sync")
    before = figures(cli)
    tables = exported(cli, "before")
    ledger = {path: path.read_bytes() for path in sorted((cli.folder / "ledger").rglob("*.jsonl"))}
    shutil.rmtree(cli.folder / ".okr-delivery")
    cli.now += 3600
    cli.ok("sync")
    cli.now -= 3600
    assert figures(cli) == before
    assert exported(cli, "after") == tables
    assert {path: path.read_bytes() for path in sorted((cli.folder / "ledger").rglob("*.jsonl"))} == ledger


def test_a_change_in_the_tracker_reaches_the_gate(cli: Cli, server: RunningServer) -> None:
    cli.ok("sync")
    missing = next(f for f in cli("gate", "--format", "json").json["findings"] if f["rule"] == "KR101")
    key = missing["entity"]["key"]
    server.tracker.edit(key, {"description": missing["paste"]})
    cli.now += 600
    ended = cli("gate", "--sync", "--issue", key, "--format", "json")
    assert "KR101" not in {finding["rule"] for finding in ended.json["findings"]}


def test_rebuild_changes_nothing_when_nothing_changed(cli: Cli) -> None:
    cli.ok("sync")
    before = dump(cli)
    cli.ok("rebuild")
    assert dump(cli) == before


def test_same_inputs_same_bytes(synced: Cli) -> None:
    for argv in READS:
        assert synced(*argv).out == synced(*argv).out


def test_conclusion_reaches_the_trace(cli: Cli) -> None:
    cli.ok("sync")
    document = cli.ok("trace", "--format", "json").json
    due = [
        (kr["cycle"] + ":" + kr["kr"], r["key"])
        for iteration in document["iterations"]
        for kr in iteration["key_results"]
        for r in kr["requirements"]
        if r["due"] and not r["conclusion"]
    ]
    kr, key = due[0]
    cli.ok("conclude", key, "加码", "--reason", "it moved the needle", "--kr", kr, "--by", "lin")
    after = cli.ok("trace", "--format", "json").json
    assert "double-down" in {
        r["conclusion"]
        for iteration in after["iterations"]
        for entry in iteration["key_results"]
        for r in entry["requirements"]
        if r["key"] == key
    }


def figures(cli: Cli) -> list[str]:
    """What the commands answer, without the instant of the last fetch."""
    return [re.sub(r'"fetched_at": "[^"]*"', "", cli(*argv).out) for argv in READS]


def dump(cli: Cli) -> object:
    with open_store(f"sqlite:///{cli.folder}/.okr-delivery/store.db", ledger=None) as store:
        return store.dump()


def exported(cli: Cli, name: str) -> dict[str, list[list[str]]]:
    cli.ok("export", "--to", name)
    found = {}
    for path in sorted((cli.folder / name).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            found[path.name] = list(csv.reader(stream))
    assert set(found) == {
        f"{table}.csv"
        for table in (
            [
                "issues",
                "changes",
                "intervals",
                "iterations",
                "memberships",
                "facts",
                "contributions",
                "readings",
                "effects",
                "conclusions",
            ]
        )
    }
    return found
