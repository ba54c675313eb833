"""What waits for a conclusion: the same as the trace shows, of what was delivered late enough."""

from __future__ import annotations

from datetime import date

from okr_delivery.value.due import DueTrace, due
from tests.value.world import World, at


def waiting(world: World, as_of: int = at(11, 5), since: int | None = at(10, 1)) -> list[DueTrace]:
    snapshot = world.snapshot(as_of)
    return list(due(snapshot, world.all_readings(), world.effects, world.conclusions(), "pay", since=since))


def test_a_delivered_requirement_waits_once_its_window_has_ended(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp 60%", sprint="26", done=at(10, 10))
    world.effect(1, "GROW-KR1", 1.0)
    assert waiting(world, at(10, 24, 23)) == []
    one = waiting(world)[0]
    assert (one.item.key, one.kr.id, one.iteration.name, one.expected) == ("PAY-1", "GROW-KR1", "S26", 2)
    assert (one.window.start, one.window.end) == (date(2026, 10, 12), date(2026, 10, 25))
    assert (one.due, one.overdue) == (date(2026, 10, 28), True)
    assert one.effect is not None
    assert one.effect.value == 1.0
