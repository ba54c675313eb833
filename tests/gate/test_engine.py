"""The engine over a real store, snapshot and configuration: what is looked at, and which verdict it gets."""

from __future__ import annotations

from okr_delivery.gate.result import Verdict
from tests.gate.world import World, issue


def rules(result: object) -> list[str]:
    return [f"{f.rule} {f.entity.key}" for f in result.findings]  # type: ignore[attr-defined]  # GateResult


def test_ready_requirements_of_the_next_iteration_pass(world: World) -> None:
    result = world.synced(issue(1), issue(2)).gate()
    assert (result.verdict, result.exit_code, rules(result)) == (Verdict.PASS, 0, [])
    assert (result.summary.ready, result.summary.judged) == (2, 2)
    assert [i.iteration.name for i in result.iterations] == ["PAY S28"]


def test_a_requirement_without_a_key_result_fails(world: World) -> None:
    result = world.synced(issue(1), issue(2, "")).gate()
    assert (result.verdict, result.exit_code, rules(result)) == (Verdict.FAIL, 1, ["KR101 PAY-2"])
