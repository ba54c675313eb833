"""What fits into an iteration and what stands in one."""

from __future__ import annotations

from okr_delivery.value.capacity import Capacity, Load, capacity, load
from tests.value.world import SPRINTS, World


def test_the_configured_capacity_counts(world: World) -> None:
    world.configure("objectives: [GROW]}", "objectives: [GROW], capacity: {per_iteration: 30, unit: days}}")
    assert capacity(world.snapshot(), "pay") == Capacity(30, "days", "configured")


def test_too_few_closed_iterations_tell_nothing(world: World) -> None:
    assert capacity(world.snapshot(), "pay") is None


def test_the_load_is_the_open_work(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="29", estimate=3)
    world.issue(2, sprint="29", estimate=1, labels="ops")
    assert load(world.snapshot(), "pay", SPRINTS[3]) == Load(4, (), 0.25)
