"""KR205: what is planned has an estimate."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.rule import OK, Example, Fault, NotApplicable, Outcome, RequirementRule
from okr_delivery.model.work import Field

WAYS = {"weight": "fix_weight", "time_estimate": "fix_time"}
"""How to set what trackers without an estimate field of their boards have instead."""
WEIGHT, EPIC = "weight", "epic"


class MissingEstimate(RequirementRule):
    id = "KR205"
    name = "missing-estimate"
    stage = Stage.PITCH
    severity = Severity.ERROR
    options: ClassVar = ("sources[].fields.estimate",)
    VALID: ClassVar = (Example(estimate="3"), Example(estimate="0"))
    INVALID: ClassVar = (Example(estimate=None),)

    def check(self, case: Case, advice: Advice) -> Outcome:
        if not case.value(Field.ESTIMATE).empty:
            return OK
        found = advice.field(case.issue.source, "estimate")
        if found is not None and found.id == WEIGHT and case.value(Field.TYPE).id == EPIC:
            return NotApplicable(self.text("summed"))  # nobody can give an epic a weight of its own
        own = WAYS.get(found.id) if found is not None else None
        return (Fault(self.text("message"), fix=self.text(own) if own else None),)
