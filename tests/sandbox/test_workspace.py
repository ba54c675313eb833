"""The files of the example organisation: valid, readable, and never written over what is there."""

from __future__ import annotations

import csv
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from okr_delivery.config import Config, load
from okr_delivery.okrs import load_effects, load_okrs, load_readings
from okr_delivery.sandbox import workspace
from okr_delivery.sandbox.world import DEFAULT_NOW, World, build
from okr_delivery.sandbox.world.calendar import local_day
from okr_delivery.value import conclusions

URL = "http://127.0.0.1:8765"
DAY = 86_400


def _written(folder: Path, world: World, lang: str) -> Config:
    workspace.write(folder, world, URL, lang)
    return load(folder / "okr-delivery.yaml", cwd=folder, env={})


@pytest.mark.parametrize("now", [DEFAULT_NOW + days * DAY for days in (-46, 0, 9, 36, 43, 44, 47, 100, 400)])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_everything_loads_on_any_day(tmp_path: Path, lang: str, now: int) -> None:
    world = build(now=now, lang=lang)
    config = _written(tmp_path, world, lang)
    book = load_okrs(config)
    readings, effects = load_readings(config, book), load_effects(config, book)
    day = local_day(now * 1000)
    current = book.cycle_at(day)
    assert current is not None
    assert current.id in book.cycles
    assert len(effects) == 3
    assert {e.issue for e in effects} == {world.keys[tag] for tag in ("PAY-effect-1", "PAY-effect-2", "MOB-effect-1")}
    assert all(reading.day <= day for reading in readings.all)
    assert [team.id for team in config.effective_teams()] == ["payments", "mobile", "portal", "platform"]
    assert config.language == lang


def test_every_kind_of_metric_appears(tmp_path: Path) -> None:
    book = load_okrs(_written(tmp_path, build(), "en"))
    kinds = {str(kr.metric.direction) for kr in book.key_results.values()}
    assert kinds == {
        "increase",
        "decrease",
        "at_least",
        "at_most",
        "range",
        "milestones",
        "yes_no",
        "issues",
        "delivery",
        "composite",
    }
    krs = list(book.key_results.values())
    assert any(kr.health for kr in krs)
    assert any(kr.plan for kr in krs)
    assert any(kr.amendments for kr in krs)
    assert any(kr.continues for kr in krs)
    assert any(kr.tracker == "jira:OKR-1" for kr in krs)


def test_planned_sprints_of_the_next_quarter_have_a_cycle(tmp_path: Path) -> None:
    world = build(now=DEFAULT_NOW + 30 * DAY)
    book = load_okrs(_written(tmp_path, world, "en"))
    latest = max(s.start for s in world.site.sprints.values() if s.start)
    assert book.cycle_at(local_day(latest)) is not None
    assert {c.state for c in book.cycles.values()} >= {"closed", "active", "draft"}


def test_goals_name_sprints_that_exist(tmp_path: Path) -> None:
    world = build(lang="zh")
    book = load_okrs(_written(tmp_path, world, "zh"))
    names = {s.name: s.state for s in world.site.sprints.values() if s.board == 1}
    goals = [g for name in names if (g := book.goal_for("payments", name))]
    assert sorted(names[g.iteration] for g in goals) == ["active", "closed", "future"]


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    world = build()
    first = workspace.write(tmp_path, world, URL, "en")
    assert first
    assert all(path.is_file() for path in first)
    (tmp_path / "okr-delivery.yaml").write_text("mine", encoding="utf-8")
    (tmp_path / "conclusions.yaml").unlink()
    again = workspace.write(tmp_path, world, URL, "en")
    assert again == [tmp_path / "conclusions.yaml"]
    assert (tmp_path / "okr-delivery.yaml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_files_are_commented_in_the_readers_language(tmp_path: Path, lang: str) -> None:
    workspace.write(tmp_path, build(), URL, lang)
    for name in ("okr-delivery.yaml", "okrs/2026Q4.yaml", "conclusions.yaml"):
        comments = [line for line in (tmp_path / name).read_text(encoding="utf-8").splitlines() if line.startswith("#")]
        assert comments
        assert any("\u4e00" <= sign <= "\u9fff" for sign in comments[0]) is (lang == "zh")


def test_no_secret_but_the_names_of_its_variables(tmp_path: Path) -> None:
    workspace.write(tmp_path, build(), URL, "en", user_env="OKR_DELIVERY_A_USER", token_env="OKR_DELIVERY_A_TOKEN")
    text = (tmp_path / "okr-delivery.yaml").read_text(encoding="utf-8")
    assert "sandbox-token" not in text
    source = load(tmp_path / "okr-delivery.yaml", cwd=tmp_path, env={}).sources[0]
    assert (source.user_env, source.token_env) == ("OKR_DELIVERY_A_USER", "OKR_DELIVERY_A_TOKEN")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_conclusions_can_be_read(tmp_path: Path, lang: str) -> None:
    config = _written(tmp_path, build(lang=lang), lang)
    read = conclusions.load(config, load_okrs(config))
    assert (len(read.all), len(read.goals)) == (6, 2)
    assert {c.conclusion.value for c in read.all} == {"double-down", "leave", "fix", "stop-loss", "observe"}


def test_conclusions_speak_of_delivered_requirements(tmp_path: Path) -> None:
    world = build()
    workspace.write(tmp_path, world, URL, "en")
    rows = YAML(typ="safe", pure=True).load((tmp_path / "conclusions.yaml").read_text(encoding="utf-8"))
    assert len(rows) == 8
    names = {sprint.name: sprint.state for sprint in world.site.sprints.values()}
    assert all(names[row["goal"]] == "closed" for row in rows if "goal" in row)
    for row in (row for row in rows if "issue" in row):
        issue = world.site.find(row["issue"])
        assert issue is not None
        assert issue.resolved is not None
        assert local_day(issue.resolved) < row["at"]
    assert world.keys["PAY-due-1"] not in {row.get("issue") for row in rows}


def test_readings_are_weekly_and_sorted(tmp_path: Path) -> None:
    workspace.write(tmp_path, build(), URL, "en")
    with (tmp_path / "readings" / "2026q4.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    dates = [row["date"] for row in rows]
    assert dates == sorted(dates)
    world = build()
    days = [row["date"] for row in world.readings["2026Q4"] if row["kr"] == "GROW-KR1"]
    assert all(b - a <= timedelta(days=7) for a, b in pairwise(days))
