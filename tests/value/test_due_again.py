"""What was to be observed longer waits for a conclusion again when that time is over, wherever it is shown."""

from __future__ import annotations

from datetime import date

import pytest

from okr_delivery.locale import translator
from okr_delivery.model.conclusion import Conclusion, Verb
from okr_delivery.output.trace import text
from okr_delivery.report.sections.value import undecided
from okr_delivery.value.conclusions import Conclusions
from okr_delivery.value.trace import trace
from tests.value.world import SPRINTS, World, at


@pytest.mark.parametrize(
    ("verb", "as_of", "open_again", "shown"),
    [
        (Verb.OBSERVE, at(11, 5), False, "observe"),
        (Verb.OBSERVE, at(11, 21), True, "due 2026-11-23"),
        (Verb.FIX, at(11, 21), False, "fix"),
    ],
    ids=["still-observed", "over", "settled"],
)
def test_it_waits_again(world: World, verb: Verb, as_of: int, open_again: bool, shown: str) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="26", done=at(10, 10))
    one = Conclusion("jira", "PAY-1", None, verb, "early", at(10, 27), due=date(2026, 11, 20))
    found = trace(world.snapshot(as_of), world.all_readings(), [], Conclusions((one,)), "pay", SPRINTS[0])
    (row,) = found.key_results[0].requirements
    assert undecided(row) is open_again
    line = next(line for line in text([found], translator("en")).splitlines() if "PAY-1" in line)
    assert shown in line.split("Requirement 1")[1]
