"""A run of the gate that reads what it needs says what one says that has read everything."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.gate.engine import GateInput, run
from okr_delivery.gate.finding import Stage
from okr_delivery.model.work import Issue
from okr_delivery.okrs import load_okrs, load_readings
from tests.gate.world import CONFIG, DAY, NOW, READY, World, issue

LINES = (READY, READY, "", "Contributes-to: GROW-KR1 ?", "Contributes-to: OLD-KR1 +1pp", "Non-OKR: upkeep")
ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"stage": Stage.ITERATION},
    {"iteration": "PAY S28", "stage": Stage.ITERATION},
    {"iteration": "current", "stage": Stage.PITCH},
    {"issues": ("PAY-1", "pay-2")},
    {"backlog": True},
)


@st.composite
def issues(draw: st.DrawFn) -> list[Issue]:
    """Requirements, epics above them, defects and finished ones, planned and not."""
    return [draw(one(number)) for number in range(1, draw(st.integers(3, 9)))]


@st.composite
def one(draw: st.DrawFn, number: int) -> Issue:
    made = issue(
        number,
        draw(st.sampled_from(LINES)),
        iteration=draw(st.sampled_from(["27", "28", "28", None])),
        status=draw(st.sampled_from(["1", "1", "2"])),
        labels=draw(st.sampled_from([(), ("web",), ("ops",)])),
        estimate=draw(st.sampled_from(["3", "8", None])),
        priority=draw(st.booleans()),
        type=draw(st.sampled_from(["Story", "Story", "Bug", "Epic"])),
        created=NOW - draw(st.sampled_from([4, 5, 60])) * DAY,
    )
    above = draw(st.one_of(st.none(), st.integers(1, 9)))
    if above in (None, number):
        return made
    return replace(made, parent_id=str(1000 + (above or 0)), parent_key=f"PAY-{above}")


@settings(deadline=None, derandomize=True, max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(issues(), st.sampled_from([0, 3]))
def test_it_finds_the_same_either_way(made: list[Issue], days: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        world = World(Path(name) / "work", config_text=CONFIG)
        world.synced(*made)
        config, as_of = world.write(), NOW - days * DAY
        book = load_okrs(config)
        readings = load_readings(config, book)
        for asked in ASKED:
            few, every = (Snapshot.at(world.store, config, book, as_of) for _ in range(2))
            assert every.view("jira").items is not None
            answers = [run(GateInput(snapshot, readings, NOW, **asked)) for snapshot in (few, every)]
            assert answers[0] == answers[1]
            assert few.view("jira").whole is bool(asked.get("backlog"))
        world.close()
