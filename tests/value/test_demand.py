"""The planning check: claimed against needed."""

from __future__ import annotations

from okr_delivery.value.demand import Demand, demands
from tests.value.world import SPRINTS, World, at


def check(world: World, as_of: int = at(10, 30), iteration: int = 3) -> dict[str, Demand]:
    snapshot = world.snapshot(as_of)
    effects, conclusions = world.effects, world.conclusions()
    found = demands(snapshot, world.all_readings(), effects, conclusions, "pay", [SPRINTS[iteration]])
    return {one.kr.id: one for one in found}


def test_planned_work_against_what_is_missing(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp 60%", sprint="29")
    world.issue(2, "Contributes-to: GROW-KR1 +4pp", sprint="28")
    world.issue(3, "Contributes-to: GROW-KR1 +9pp")
    world.reading("GROW-KR1", 10, 20, 46)
    found = check(world)["GROW-KR1"]
    assert (found.claimed, found.needed, found.ratio) == (3.2, 4, 0.8)
    assert found.requirements == ("PAY-1", "PAY-2")
    assert (found.calibration, found.unread) == (None, False)
