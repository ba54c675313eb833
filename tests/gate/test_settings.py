"""Which rules are on, how severe, and ids that nobody knows."""

from __future__ import annotations

import pytest

from okr_delivery.gate.finding import Stage
from okr_delivery.gate.settings import Settings, nearest
from okr_delivery.model.errors import UserError
from tests.gate.world import CONFIG, World, issue


def configured(world: World, rules: str) -> Settings:
    world.config_text = CONFIG.replace("gate: {since", f"gate: {{rules: {{{rules}}}, since")
    return Settings.of(world.write())


def test_defaults_leave_kr208_off(world: World) -> None:
    settings = Settings.of(world.write())
    assert "KR208" not in settings.severity
    assert [rule.id for rule in settings.rules(Stage.INTAKE)] == ["KR101", "KR102", "KR103"]
    assert settings.stages() == (Stage.INTAKE, Stage.PITCH, Stage.ITERATION)


def test_a_rule_can_be_off_on_or_of_another_severity(world: World) -> None:
    settings = configured(world, "KR101: off, KR205: warning, KR208: error")
    assert "KR101" not in settings.severity
    assert (str(settings.severity["KR205"]), str(settings.severity["KR208"])) == ("warning", "error")


def test_ids_kept_for_later_are_accepted(world: World) -> None:
    assert configured(world, "KR302: off, KR401: error, OKR101: off").severity


def test_a_stage_without_rules_is_none(world: World) -> None:
    assert configured(world, "KR101: off, KR102: off, KR103: off").stages() == (Stage.PITCH, Stage.ITERATION)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("KR1011", "KR101"), ("missing-key-result", "KR101"), ("under-claimed-key-result", "KR302"), ("zzz", None)],
)
def test_the_nearest_rule(written: str, meant: str | None) -> None:
    assert nearest(written) == meant


def test_unknown_ids_are_refused_at_their_place_with_the_nearest(world: World) -> None:
    with pytest.raises(UserError) as error:
        configured(world, "KR109: off, KR801: off")
    places = [(p.where or "").rpartition(":")[0] for p in error.value.problems]
    assert places == ["okr-delivery.yaml:15"] * 2
    assert error.value.problems[0].next_step is not None
    assert error.value.problems[0].next_step.id == "gate.rule.nearest"


def test_a_severity_moves_a_finding(world: World) -> None:
    world.config_text = CONFIG.replace("gate: {since", "gate: {rules: {KR101: warning}, since")
    result = world.synced(issue(1, "")).gate()
    assert ([str(f.severity) for f in result.findings], result.exit_code) == (["warning"], 0)


def test_a_rule_that_is_off_silences_nothing(world: World) -> None:
    world.config_text = CONFIG.replace("gate: {since", "gate: {rules: {KR101: off}, since")
    result = world.synced(issue(1, "", estimate=None)).gate()
    assert [f.rule for f in result.findings] == ["KR205"]
