"""`okr-delivery plan` from the outside: whose plan, which iteration, and when there is none."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from okr_delivery.config import deployments_hash
from okr_delivery.model.work import IterationKind
from okr_delivery.output.plan_schema import SCHEMA
from okr_delivery.store import DeploymentMark
from tests.e2e.runner import Cli, Ended
from tests.gate.world import CONFIG, DAY, NOW, S27, S28, World, issue
from tests.output.company import with_second_source
from tests.output.planned import AS_OF, fill
from tests.value.world import World as ValueWorld

MOBILE = "  - {id: mobile, select: [{source: west}]}\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "work")
    yield made
    made.close()


def plan(world: World, *argv: str, now: int = NOW) -> Ended:
    world.write()
    return Cli(world.root, {}, now)("plan", *argv)


def teams(ended: Ended) -> dict[str, list[str]]:
    """The names of the iterations by team."""
    jsonschema.validate(ended.json, SCHEMA)
    return {team["team"]: [one["name"] for one in team["iterations"]] for team in ended.json["teams"]}


def with_mobile(world: World) -> World:
    world.config_text = with_second_source(CONFIG, "APP").replace("gate: {since", MOBILE + "gate: {since")
    return world


def test_the_next_iteration_by_default(world: World) -> None:
    world.synced(issue(1), issue(2, iteration="27"))
    ended = plan(world, "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    assert teams(ended) == {"payments": ["PAY S28"]}
    (one,) = ended.json["teams"][0]["iterations"]
    assert [entry["key"] for entry in one["ranked"]] == ["PAY-1"]


def test_without_any_cycle_there_is_no_plan(world: World) -> None:
    world.okrs = {}
    world.synced(issue(1))
    ended = plan(world)
    assert ended.code == 2 and "okrs/" in ended.out


def test_before_a_team_s_first_issue_was_created_there_is_no_plan(world: World) -> None:
    world.synced(issue(1))
    ended = plan(world, "--as-of", "2020-01-01")
    assert ended.code == 2 and "2020-01-01" in ended.out and "final" not in ended.out


def test_an_empty_next_beside_one_with_work_is_told(world: World) -> None:
    trial = replace(S28, id="30", name="test", start=NOW + DAY)
    world.synced(issue(1), iterations=(S27, trial, S28))
    ended = plan(world, "--format", "json")
    assert (ended.code, teams(ended)) == (0, {"payments": ["test"]})
    assert "test is next and has no open requirement, but PAY S28 has 1" in ended.err
    assert plan(world, "--iteration", "28", "--format", "json").err == ""


def test_text_in_both_languages(world: World) -> None:
    world.synced(issue(1))
    assert plan(world).out.startswith("Plan of payments: PAY S28, as of 2026-11-18T")
    assert plan(world, "--lang", "zh").out.startswith("payments 的计划：PAY S28")


@pytest.mark.parametrize("ref", ["current", "PAY S27", "27", "payments:PAY S27"])
def test_another_iteration(world: World, ref: str) -> None:
    world.synced(issue(1), issue(2, iteration="27"))
    ended = plan(world, "--iteration", ref, "--format", "json")
    assert ended.code == 0
    assert teams(ended) == {"payments": ["PAY S27"]}


def test_an_iteration_that_nobody_has(world: World) -> None:
    world.synced(issue(1))
    ended = plan(world, "--iteration", "PAY S99")
    assert (ended.code, ended.out) == (2, "")
    assert "PAY S99" in ended.err


def test_a_team_without_a_next_iteration_has_nothing_to_plan(world: World) -> None:
    with_mobile(world).synced(issue(1)).synced(issue(2, source="west", project="APP"), source="west", iterations=())
    ended = plan(world)
    assert ended.code == 0
    assert ended.out.endswith("Nothing to plan\n  mobile: it has no next iteration\n")


def test_nobody_with_a_next_iteration_is_no_plan(world: World) -> None:
    world.synced(issue(1), iterations=(S27,))
    ended = plan(world)
    assert (ended.code, ended.out) == (2, "Nothing to plan\n  payments: it has no next iteration\n")
    document = plan(world, "--format", "json")
    assert document.code == 2
    assert document.json["nothing"] == [{"team": "payments", "message": "it has no next iteration"}]
    assert "it has no next iteration" in document.err


def test_an_empty_iteration_is_a_plan(world: World) -> None:
    world.synced()
    assert plan(world).code == 0


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"complete": 0, "reason": None}, "okr-delivery sync west"),
        ({"fetched_at": NOW - 2 * DAY}, "okr-delivery sync west"),
        ({"fetched_at": None}, "never synced"),
    ],
    ids=["incomplete", "stale", "never"],
)
def test_a_team_whose_source_can_not_be_trusted_has_no_plan_and_the_others_have_theirs(
    world: World, state: Any, said: str
) -> None:
    with_mobile(world).synced(issue(1)).synced(issue(2, source="west", project="APP"), source="west", **state)
    ended = plan(world, "--format", "json")
    assert ended.code == 2
    assert teams(ended) == {"payments": ["PAY S28"]}
    (blocked,) = ended.json["no_plan"]
    assert blocked["team"] == "mobile"
    assert said in blocked["message"]
    assert blocked["message"] in ended.err
    assert plan(world, "--team", "payments").code == 0
    assert plan(world, "--team", "mobile").code == 2


def test_a_named_iteration_leaves_out_teams_that_do_not_have_it(world: World) -> None:
    with_mobile(world).synced(issue(1))
    ended = plan(world, "--iteration", "PAY S28", "--format", "json")
    assert (ended.code, teams(ended)) == (0, {"payments": ["PAY S28"]})
    assert ended.json["no_plan"] == []


def test_a_name_that_an_unread_source_may_know_is_no_plan(world: World) -> None:
    with_mobile(world).synced(issue(1))
    ended = plan(world, "--iteration", "APP S3")
    assert ended.code == 2
    assert ended.out.startswith("No plan\n  mobile: ")


def test_nothing_was_ever_synced(world: World) -> None:
    ended = plan(world)
    assert ended.code == 2
    assert "okr-delivery sync jira" in ended.out


def test_older_history_on_its_way_is_no_plan(world: World) -> None:
    world.synced(issue(1), complete=0, reason="sync.reason.time", whole_since=NOW - 3 * DAY)
    ended = plan(world)
    assert ended.code == 2
    assert "older history of jira is still coming" in ended.out


def test_as_of_a_day_that_the_data_reach(world: World) -> None:
    world.synced(issue(1, created=NOW - 2 * DAY), issue(2))
    ended = plan(world, "--as-of", "2026-11-15", "--format", "json")
    assert ended.code == 0
    (one,) = ended.json["teams"][0]["iterations"]
    assert [entry["key"] for entry in one["ranked"]] == ["PAY-2"]
    assert ended.json["as_of"] == "2026-11-15T23:59:59+08:00"


def test_deployments_that_were_not_read_leave_open_what_is_due(world: World) -> None:
    settings = CONFIG.replace("type: jira", "type: gitlab").replace("[PAY]", "[acme/pay]")
    world.config_text = settings.replace("    non_okr", "    deployments: {environments: [production]}\n    non_okr", 1)
    milestone = replace(S28, kind=IterationKind.MILESTONE, start=None, end=None)
    coming = replace(milestone, first_day=date(2026, 11, 23), last_day=date(2026, 12, 4))
    world.synced(issue(1), iterations=(coming,))
    assert plan(world, "--format", "json").json["teams"][0]["due"] is None
    with world.store.page("jira") as tx:
        tx.mark_deployments(DeploymentMark(deployments_hash(world.write().source("jira")), True, NOW, NOW))
    assert plan(world, "--format", "json").json["teams"][0]["due"] == []


def test_an_unknown_team_is_refused(world: World) -> None:
    world.synced(issue(1))
    ended = plan(world, "--team", "paymnts")
    assert (ended.code, ended.out) == (2, "")
    assert "payments" in ended.err


def test_a_plan_is_not_made_final_yet(world: World) -> None:
    world.synced(issue(1))
    ended = plan(world, "--final")
    assert (ended.code, ended.out) == (2, "")
    assert "plan --final is not part of this version yet" in ended.err


def test_a_terminal_in_ascii(world: World) -> None:
    world.synced(issue(1, title="naïve … checkout"))
    assert "÷" not in plan(world).out  # the runner's stream names no encoding


@pytest.mark.parametrize("word", ["fix", "加码"])
def test_the_command_that_is_shown_settles_what_is_due(tmp_path: Path, word: str) -> None:
    made = fill(ValueWorld(tmp_path / "work"))
    with made.filled().page("jira") as tx:
        tx.set_state(fetched_at=AS_OF)
    cli = Cli(made.folder, {"OKR_DELIVERY_STORE": f"sqlite:///{made.folder}/store.db"}, AS_OF)
    (first, second) = cli.ok("plan", "--format", "json").json["teams"][0]["due"]
    program, *words = shlex.split(first["command"].replace("CONCLUSION", word).replace("TEXT", "landed late"))
    assert program == "okr-delivery"
    cli.ok(*words)
    (left,) = cli.ok("plan", "--format", "json").json["teams"][0]["due"]
    assert left["key"] == second["key"]
    made.close()
