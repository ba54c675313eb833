"""The rules about iterations: each against its own examples, and what a team reads of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_delivery.gate.rule import PlanExample, PlanRule
from okr_delivery.gate.rules import RULES
from tests.gate.plans import planned

RULES_OF_PLANS = [rule for rule in RULES.values() if issubclass(rule, PlanRule)]
EXAMPLES = [
    pytest.param(rule.id, kind, example, id=f"{rule.id}-{kind}-{n}")
    for rule in RULES_OF_PLANS
    for kind, examples in (("valid", rule.VALID), ("invalid", rule.INVALID))
    for n, example in enumerate(examples)
]


@pytest.mark.parametrize(("rule", "kind", "example"), EXAMPLES)
def test_a_rule_meets_its_own_examples(rule: str, kind: str, example: PlanExample, tmp_path: Path) -> None:
    world = planned(tmp_path / "work", example)
    found = [finding.rule for finding in world.gate(iteration="next").findings]
    world.close()
    assert found == ([rule] if kind == "invalid" else [])
