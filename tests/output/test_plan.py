"""The plan for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from okr_delivery.locale import LANGS, translator
from okr_delivery.model.message import msg
from okr_delivery.output import plan, plan_json
from okr_delivery.output.plan_schema import SCHEMA
from okr_delivery.value.plan import Plans
from tests.e2e.runner import Cli
from tests.output.company import HOSTILE
from tests.output.planned import DATA, fill, golden, hostile, plans
from tests.value.world import World

RISKY = [char for text in HOSTILE for char in text if not char.isprintable()]


@pytest.fixture
def planned(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "work")
    yield made
    made.close()


def document(made: Plans, lang: str = "en") -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(plan_json.write(made, translator(lang)))
    return loaded


def shape(value: object) -> object:
    """The keys of a document, at every depth."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def test_golden_files(planned: World) -> None:
    """`python -m tests.output.planned` writes them anew; read the difference before you commit it."""
    for name, text in golden(fill(planned)).items():
        assert text == (DATA / name).read_text("utf-8"), name


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("lang", LANGS)
def test_every_document_meets_the_schema(planned: World, lang: str) -> None:
    made = plans(hostile(planned), iterations=(2, 3))
    jsonschema.validate(document(made, lang), SCHEMA)


def test_a_document_without_a_plan_meets_the_schema_too() -> None:
    made = Plans(0, "UTC", (), (("pay", msg("plan.missing.estimate")),), (("shop", (msg("plan.missing.split"),)),))
    found = document(made)
    jsonschema.validate(found, SCHEMA)
    assert found["nothing"] == [{"team": "pay", "message": "it has no estimate"}]
    assert [one["team"] for one in found["no_plan"]] == ["shop"]
    assert plan.write(made, translator("en")) == plan.reasons(made, translator("en"))


def test_an_empty_iteration_has_every_key(planned: World) -> None:
    found = document(plans(planned))
    jsonschema.validate(found, SCHEMA)
    (team,) = found["teams"]
    assert (team["capacity"], team["due"]) == (None, [])
    (one,) = team["iterations"]
    assert (one["ranked"], one["disputes"], one["unranked"], one["settled"]) == ([], [], [], True)
    assert one["non_okr"] == {"effort": 0, "share": None, "budget": 0.3, "issues": []}


def test_the_keys_are_those_of_the_contract(planned: World) -> None:
    found = document(plans(fill(planned)))
    (team,) = found.pop("teams")
    (one,) = team["iterations"]
    assert shape(found) == dict.fromkeys(["schema", "tool", "as_of", "nothing", "no_plan"])
    assert shape(team["capacity"]) == dict.fromkeys(["amount", "unit", "basis", "iterations"])
    issue = ["source", "key", "title", "url"]
    kr = ["kr", "cycle", "unit"]
    more = ["expected", "low", "high", "confidence", "calibration", "weight", "missing", "unread", "share", "worth"]
    entry = dict.fromkeys([*issue, "rank", "effort", "cumulated", "fits", "score", "reason", "class"])
    assert shape(one["ranked"][0]) == entry | {"key_results": [dict.fromkeys([*kr, *more])], "missing": None}
    assert set(one["unranked"][0]) == set(one["disputes"][0]) == set(one["ranked"][0])
    assert shape(one["unranked"][0]["missing"]) == [dict.fromkeys(["message", "paste"])]
    assert shape(team["due"][0]) == {
        **dict.fromkeys([*issue, *kr]),
        "iteration": dict.fromkeys(["source", "id", "name"]),
        "window": dict.fromkeys(["start", "end"]),
        **dict.fromkeys(["due", "overdue", "expected", "owner", "command"]),
        "measured": dict.fromkeys(["value", "method"]),
    }


@pytest.mark.parametrize("lang", LANGS)
def test_no_text_of_a_tracker_does_anything(planned: World, lang: str) -> None:
    shown = plan.write(plans(hostile(planned)), translator(lang))
    assert not [char for char in RISKY if char != "\n" and char in shown]
    assert not [line for line in shown.splitlines() if line.startswith(("::", "##", "/"))]
    assert "##[error]" not in shown
    assert "100%0A" in shown  # plain text stays what it is
    printed = plan_json.write(plans(planned), translator(lang))
    assert not [char for char in RISKY if char != "\n" and char in printed]


def test_a_confidential_requirement_is_its_key(planned: World) -> None:
    made = plans(hostile(planned))
    for shown in (plan.write(made, translator("en")), plan_json.write(made, translator("en"))):
        assert "Secret merger" not in shown
        assert "SECRET-KR1" not in shown
        assert all(f"PAY-{number}" in shown for number in (200, 201, 202, 203))
        assert "browse/PAY-20" not in shown.replace('browse/PAY-20"', "")


def test_nobody_is_named_with_a_figure(planned: World) -> None:
    """Who wrote a requirement is in no output; who owns a key result is asked for its conclusion, by name alone."""
    path = fill(planned).folder / "okrs" / "q4.yaml"
    path.write_text(path.read_text("utf-8").replace("title: 30-day", "owner: zhao\n        title: 30-day"), "utf-8")
    planned.issues[:] = [replace(issue, creator="fang") for issue in planned.issues]
    made = plans(planned)
    for shown in (plan.write(made, translator("en")), plan_json.write(made, translator("en"))):
        assert "fang" not in shown
        assert shown.count("zhao") == 2
    assert "expected +1 pp, not measured; ask zhao" in plan.write(made, translator("en"))


def test_a_terminal_without_unicode_gets_plain_signs(planned: World) -> None:
    shown = plan.write(plans(fill(planned)), translator("en"), unicode=False)
    assert not set("…–÷×\u2212") & set(shown)


def test_unread_deployments_leave_open_what_is_due(planned: World) -> None:
    made = plans(fill(planned))
    (team,) = made.teams
    blind = replace(made, teams=(replace(team, due=(), blind=("jira",)),))
    assert document(blind)["teams"][0]["due"] is None
    assert "the deployments of jira were not read to the end" in plan.write(blind, translator("en"))


def test_the_command_prints_the_schema(tmp_path: Path) -> None:
    assert Cli(tmp_path, {}).ok("schema", "plan").json == SCHEMA
