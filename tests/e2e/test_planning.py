"""Release trains and pulled work from the tracker to the report: every command for a team of each kind."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer
from okr_delivery.store import open_store
from tests.e2e.runner import NOW, Cli

DAY = 86_400
TRAIN = {"last": "version-10699", "current": "version-10700", "next": "version-10701"}
WEEK = {"last": "2026-11-16", "current": "2026-11-23", "next": "2026-11-30"}
NAMES = {"version-10699": "Portal 3.7", "version-10701": "Portal 3.9", "2026-11-16": "2026-W47"}
IDS = {"portal": TRAIN, "platform": WEEK}
TEAMS = pytest.mark.parametrize("team", ["portal", "platform"])
REFS = pytest.mark.parametrize("ref", ["last", "current", "next"])
RIDES = '{from: versions, name: "Portal 3.*"}'


def scope(cli: Cli, team: str, ref: str, *more: str) -> Any:
    (found,) = cli.ok("metrics", "--team", team, "--iteration", ref, "--format", "json", *more).json["scopes"]
    return found


@TEAMS
@REFS
def test_current_next_and_last(team: str, ref: str, synced: Cli) -> None:
    found = scope(synced, team, ref)["iteration"]
    assert found["id"] == IDS[team][ref]
    assert len(found["committed"]) + len(found["added"]) == sum(
        len(found[name]) for name in ("delivered", "carried_over", "removed")
    )
    assert (found["say_do"] is None) == (ref == "next")


@pytest.mark.parametrize("ref", ["version-10699", "10699", "Portal 3.7", "portal 3.7", "portal:10699", "portal:last"])
def test_a_train_by_id_and_by_name(ref: str, synced: Cli) -> None:
    (found,) = synced.ok("metrics", "--iteration", ref, "--format", "json").json["scopes"]
    assert (found["team"], found["iteration"]["id"]) == ("portal", "version-10699")
    assert (found["since"], found["until"]) == ("2026-10-26", "2026-11-12")
    assert found["iteration"]["start"] == "2026-10-25T16:00:00+00:00"  # midnight in Shanghai
    assert found["iteration"]["end"] == "2026-11-12T16:00:00+00:00"
    assert found["iteration"]["closed_at"] is None


@pytest.mark.parametrize("ref", ["2026-11-16", "2026-W47", "platform:2026-W47", "platform:last"])
def test_a_week_by_day_and_by_number(ref: str, synced: Cli) -> None:
    (found,) = synced.ok("metrics", "--iteration", ref, "--format", "json").json["scopes"]
    assert (found["team"], found["iteration"]["name"]) == ("platform", "2026-W47")
    assert (found["since"], found["until"]) == ("2026-11-16", "2026-11-22")


def test_what_nobody_has_is_refused(synced: Cli) -> None:
    ended = synced("metrics", "--iteration", "Portal 9.9")
    assert ended.code == 2
    assert "Did you mean" in ended.err


def truth_of_the_train(server: RunningServer, number: str, until: str) -> tuple[set[str], set[str]]:
    """Keys in the last train on its release day and keys finished up to it, straight from the site."""
    from okr_delivery.sandbox.world.calendar import local_day

    inside, done = set(), set()
    for issue in server.site.issues.values():
        if number in issue.versions:
            inside.add(issue.key)
            if issue.resolution == "10000" and issue.resolved and local_day(issue.resolved).isoformat() <= until:
                done.add(issue.key)
    return inside, done


def test_a_train_delivers_what_the_tracker_says(synced: Cli, synced_server: RunningServer) -> None:
    found = scope(synced, "portal", "last")["iteration"]
    inside, done = truth_of_the_train(synced_server, "10699", "2026-11-12")
    assert set(found["delivered"]) == inside & done
    assert len(found["delivered"]) == 5
    moved = {key for key in found["carried_over"] if key not in inside}
    assert len(moved) == 1  # the release moved it to the next train
    assert len(found["removed"]) == 1


@TEAMS
def test_the_gate_looks_at_what_comes_next(team: str, synced: Cli) -> None:
    ended = synced("gate", "--team", team, "--format", "json")
    assert ended.code == 1
    (judged,) = ended.json["iterations"]
    assert judged["id"] == IDS[team]["next"]
    rules = {f["rule"] for f in ended.json["findings"]}
    assert rules == ({"KR101", "KR102", "KR201", "KR205"} if team == "portal" else {"KR101", "KR201", "KR203", "KR205"})
    assert ended.json["summary"]["ready"] > 0
    assert synced("gate", "--team", team, "--iteration", "current").code in (0, 1)
    late = synced("gate", "--team", team, "--stage", "release", "--iteration", "last")
    assert late.code == 2
    assert f"{team}: no rule is on at stage release" in late.out


def test_the_next_week_begins_with_the_open_work_behind_the_commitment(
    synced: Cli, synced_server: RunningServer
) -> None:
    findings = synced("gate", "--team", "platform", "--format", "json", "--no-waivers").json
    names = {str(row["id"]): row["name"] for row in synced_server.site.statuses}
    behind = {"Ready", "In Development", "Waiting for review", "Testing"}
    issues = {i.key: names[i.status] for i in synced_server.site.issues.values() if i.key.startswith("PLT-")}
    planned = {f["entity"]["key"] for f in findings["findings"] if f["rule"] in ("KR201", "KR203", "KR205")}
    assert planned
    assert {issues[key] for key in planned} <= behind


@TEAMS
@pytest.mark.parametrize("kind", ["html", "markdown", "json"])
def test_a_report_of_every_format(team: str, kind: str, synced: Cli) -> None:
    text = synced.ok("report", "iteration", "--team", team, "--format", kind, "-o", "-").out
    name = NAMES[IDS[team]["last"]]
    assert name in text
    assert ("2026-11-12" if team == "portal" else "2026-11-22") in text
    if kind == "json":
        assert json.loads(text)["iterations"][0]["head"]["iteration"] == IDS[team]["last"]


@TEAMS
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_report_of_what_is_still_to_come(team: str, lang: str, synced: Cli) -> None:
    for ref in ("current", "next"):
        words = ("report", "iteration", "--team", team, "--iteration", ref, "--format", "markdown", "-o", "-")
        assert synced.ok("--lang", lang, *words).out


@TEAMS
def test_the_report_goes_to_a_file_of_its_own(team: str, synced: Cli, tmp_path: Path) -> None:
    (path,) = synced.ok("report", "iteration", "--team", team, "-o", str(tmp_path)).out.split()
    assert IDS[team]["last"] in path
    assert Path(path).read_text(encoding="utf-8").count("<svg") >= 4


def test_observation_starts_when_the_version_was_released(synced: Cli) -> None:
    (traced,) = synced.ok("trace", "--team", "portal", "--format", "json").json["iterations"]
    (retention,) = [kr for kr in traced["key_results"] if kr["kr"] == "PORTAL-KR1"]
    windows = {r["key"]: r["window"] for r in retention["requirements"] if r["delivered"]}
    assert windows
    for window in windows.values():  # released on 12 November, lag 1 day, observed for 5
        assert (window["start"], window["end"]) == ("2026-11-13", "2026-11-17")


def test_without_versions_observation_starts_at_the_finish(cli: Cli) -> None:
    cli.edit(
        "okr-delivery.yaml",
        "    dispute: {label: disputed}",
        "    dispute: {label: disputed}\n    release: {from: [finished]}",
    )
    cli.ok("sync")
    (traced,) = cli.ok("trace", "--team", "portal", "--format", "json").json["iterations"]
    starts = {r["window"]["start"] for kr in traced["key_results"] for r in kr["requirements"] if r["delivered"]}
    assert starts
    assert "2026-11-13" not in starts


@TEAMS
def test_a_conclusion_and_a_verdict_on_the_goal(team: str, cli: Cli) -> None:
    cli.ok("sync")
    (traced,) = cli.ok("trace", "--team", team, "--format", "json").json["iterations"]
    assert traced["goal"]["objective"] in ("2026Q4:PORTAL", "2026Q4:PLAT")
    due = [(kr["kr"], r["key"]) for kr in traced["key_results"] for r in kr["requirements"] if r["due"]]
    cli.ok("conclude", due[0][1], "fix", "--reason", "too slow on old machines", "--kr", due[0][0], "--by", "lin")
    cli.ok("conclude", "--goal", traced["name"], "hit", "--reason", "people stopped asking")
    (after,) = cli.ok("trace", "--team", team, "--format", "json").json["iterations"]
    assert after["goal"]["verdict"] == "hit"
    said = {
        r["key"]: r["conclusion"] for kr in after["key_results"] for r in kr["requirements"] if kr["kr"] == due[0][0]
    }
    assert said[due[0][1]] == "fix"


@TEAMS
def test_okr_and_progress(team: str, synced: Cli) -> None:
    objective = {"portal": "PORTAL", "platform": "PLAT"}[team]
    entries = synced.ok("progress", "--team", team, "--format", "json").json["key_results"]
    assert {entry["kr"] for entry in entries} == {f"{objective}-KR1", f"{objective}-KR2"}
    assert f"{objective}-KR1" in synced.ok("okr", "show", f"{objective}-KR1").out
    assert objective in synced.ok("okr", "tree").out


def exported(cli: Cli, name: str) -> dict[str, list[dict[str, str]]]:
    cli.ok("export", "--to", name)
    found = {}
    for path in (cli.folder / name).glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            found[path.stem] = list(csv.DictReader(stream))
    return found


def test_versions_are_exported_and_periods_are_not(cli: Cli) -> None:
    cli.ok("sync")
    tables = exported(cli, "tables")
    row = next(r for r in tables["iterations"] if r["id"] == "version-10699")
    assert (row["name"], row["state"], row["closed_at"]) == ("Portal 3.7", "closed", "")
    assert (row["start"], row["end"]) == ("2026-10-25T16:00:00Z", "2026-11-12T16:00:00Z")
    assert any(r["iteration_id"] == "version-10699" for r in tables["memberships"])
    assert not [r for r in tables["iterations"] if r["id"].startswith("2026-")]


def test_without_a_team_that_rides_them_versions_are_nowhere(cli: Cli) -> None:
    cli.edit("okr-delivery.yaml", RIDES, "{from: sprints}")
    cli.ok("sync")
    tables = exported(cli, "tables")
    assert not [r for r in tables["iterations"] if r["id"].startswith("version-")]
    assert not [r for r in tables["memberships"] if r["iteration_id"].startswith("version-")]


def stored(cli: Cli) -> set[str]:
    with open_store(f"sqlite:///{cli.folder}/.okr-delivery/store.db", ledger=None) as store:
        return {m.iteration_id.partition("-")[0] for row in store.derived("jira") for m in row.memberships}


def test_another_way_to_plan_derives_everything_again(cli: Cli) -> None:
    """No body is fetched for it: what the tracker said is stored."""
    cli.edit("okr-delivery.yaml", RIDES, "{from: sprints}")
    cli.ok("sync")
    assert "version" not in stored(cli)
    cli.edit("okr-delivery.yaml", "{from: sprints}", RIDES)
    assert scope(cli, "portal", "last")["iteration"]["delivered"]  # right at once, stored or not
    again = cli.ok("sync", "--format", "json").json["sources"][0]
    assert again["issues"]["fetched"] == 0
    assert "version" in stored(cli)


def test_a_release_reaches_the_figures(cli: Cli, server: RunningServer) -> None:
    """The running train is released today: it is the last one from now on, and over after midnight."""
    cli.ok("sync")
    (running,) = [row for row in server.site.versions["10003"] if row["id"] == "10700"]
    running |= {"released": True, "releaseDate": "2026-11-24"}
    cli.ok("sync", "--full")
    found = scope(cli, "portal", "last")["iteration"]
    assert (found["id"], found["provisional"]) == ("version-10700", True)
    cli.now = NOW + DAY
    found = scope(cli, "portal", "last")
    assert (found["iteration"]["provisional"], found["until"]) == (False, "2026-11-24")


def test_an_unknown_commitment_names_the_nearest_status(cli: Cli) -> None:
    cli.ok("sync")
    cli.edit("okr-delivery.yaml", 'commitment: "Ready"}', 'commitment: "Redy"}')
    for argv in (("gate", "--team", "platform"), ("metrics", "--team", "platform")):
        ended = cli(*argv)
        assert ended.code == 2
        assert "“Redy”" in ended.err
        assert "Did you mean “Ready”?" in ended.err
        assert "okr-delivery.yaml:" in ended.err
