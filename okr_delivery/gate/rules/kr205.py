"""KR205: what is planned has an estimate."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.rule import OK, Example, Fault, Outcome, Rule
from okr_delivery.model.work import Field


class MissingEstimate(Rule):
    id = "KR205"
    name = "missing-estimate"
    stage = Stage.PITCH
    severity = Severity.ERROR
    VALID: ClassVar = (Example(estimate="3"), Example(estimate="0"))
    INVALID: ClassVar = (Example(estimate=None),)

    def check(self, case: Case, advice: Advice) -> Outcome:
        return (Fault(self.text("message")),) if case.value(Field.ESTIMATE).empty else OK
