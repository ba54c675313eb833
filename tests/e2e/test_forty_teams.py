"""Forty teams on two sources, one of which takes the token no more: thirty-nine verdicts, and one team without."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from okr_delivery.sandbox import TOKEN, USER, gitlab, jira_cloud
from okr_delivery.sandbox.world import build
from tests.e2e.runner import NOW, Cli

TEAMS = 39
HEAD = """\
version: 1
calendar: {{timezone: UTC}}
okrs: [okrs/]
sources:
  - {{name: east, type: jira, url: "{east}", projects: [PAY], user_env: OKR_DELIVERY_EAST_USER,
      token_env: OKR_DELIVERY_EAST_TOKEN}}
  - {{name: west, type: gitlab, url: "{west}", projects: [acme/mobile], token_env: OKR_DELIVERY_WEST_TOKEN}}
gate: {{adopt: intake, since: 2026-11-20}}
teams:
"""
OKRS = """\
cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, state: active}
objectives:
  - id: GROW
    title: Merchants stay because checkout just works
    owner: lin
    source: self_driven
    key_results: [{id: GROW-KR1, title: Retention, metric: {unit: "%", direction: increase, baseline: 38, target: 50}}]
"""
ENV = {"OKR_DELIVERY_EAST_USER": USER, "OKR_DELIVERY_EAST_TOKEN": TOKEN, "OKR_DELIVERY_WEST_TOKEN": TOKEN}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """Each team has one new requirement; every third names no key result. Both sources were read once."""
    folder = tmp_path_factory.mktemp("forty")
    world = build(seed=1, issues=6, now=NOW)
    with jira_cloud.serve(world) as east, gitlab.serve(world) as west:
        rows = [f"  - {{id: t{n:02}, select: [{{source: east, labels: [area-{n}]}}]}}" for n in range(TEAMS)]
        rows.append("  - {id: lost, select: [{source: west}]}")
        (folder / "okrs").mkdir()
        (folder / "okrs" / "2026Q4.yaml").write_text(OKRS, "utf-8")
        text = HEAD.format(east=east.url, west=west.url) + "\n".join(rows) + "\n"
        (folder / "okr-delivery.yaml").write_text(text, "utf-8")
        for n in range(TEAMS):
            line = "" if n % 3 == 0 else "Contributes-to: GROW-KR1 M"
            east.tracker.create("PAY", f"New {n}", labels=[f"area-{n}"], description=line)
        west.forge.create("acme/mobile", "New", description="Contributes-to: GROW-KR1 M")
        cli = Cli(folder, ENV)
        cli.ok("sync")
        yield cli


def test_all_forty_have_a_verdict_while_both_answer(company: Cli) -> None:
    teams = company("gate", "--sync", "--format", "json").json["teams"]
    assert [team["verdict"] for team in teams].count("none") == 0 and len(teams) == TEAMS + 1


@pytest.mark.parametrize(
    "more", [[], ["--exit-zero"], ["--preview"], ["--backlog"], ["--team", "t01", "--team", "lost"]]
)
def test_one_revoked_token_costs_one_team_its_verdict(company: Cli, more: list[str]) -> None:
    cli = Cli(company.folder, {**ENV, "OKR_DELIVERY_WEST_TOKEN": "glpat-revoked"})
    ended = cli("gate", "--sync", "--output", "json=gate.json", *more)
    assert ended.code == 2
    assert "No verdict\n  lost: west could not be refreshed" in ended.out
    assert "no verdict (1): lost\n" in ended.out
    assert "OKR_DELIVERY_WEST_TOKEN" in ended.err
    document = json.loads((cli.folder / "gate.json").read_text("utf-8"))
    verdicts = {team["team"]: team["verdict"] for team in document["teams"]}
    assert [team for team, verdict in verdicts.items() if verdict == "none"] == ["lost"]
    assert [reason["team"] for reason in document["reasons"]] == ["lost"]
    if "--team" not in more:
        assert list(verdicts.values()).count("fail") == 13 and list(verdicts.values()).count("pass") == 26
        assert len(document["findings"]) == 13


def test_whoever_does_not_need_it_is_not_held_up(company: Cli) -> None:
    cli = Cli(company.folder, {**ENV, "OKR_DELIVERY_WEST_TOKEN": "glpat-revoked"})
    assert cli("gate", "--sync", "--team", "t01", "--team", "t02").code == 0
