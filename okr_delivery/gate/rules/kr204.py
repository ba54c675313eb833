"""KR204: no single requirement is expected to move a key result further than its whole way."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.rule import Example, Fault, Outcome, RequirementRule
from okr_delivery.model.okr import KeyResult
from okr_delivery.value.quantity import change

TOLERANCE = 1 + 1e-9


class ImplausibleContribution(RequirementRule):
    id = "KR204"
    name = "implausible-contribution"
    stage = Stage.PITCH
    severity = Severity.WARNING
    requires = ("KR101", "KR203")
    VALID: ClassVar = (Example("Contributes-to: GROW-KR1 +12pp"), Example("Contributes-to: GROW-KR1 XL"))
    INVALID: ClassVar = (Example("Contributes-to: GROW-KR1 +15pp"), Example("贡献: COST-KR2 -5000万"))

    def check(self, case: Case, advice: Advice) -> Outcome:
        faults = []
        for stated in case.links.contributions:
            kr = case.krs.get(stated.kr)
            span = case.way(kr).span if kr is not None and stated.amount is not None else None
            if kr and span and stated.amount is not None and abs(stated.amount) > abs(span) * TOLERANCE:
                faults.append(self._fault(kr, stated.amount, span))
        return tuple(faults)

    def _fault(self, kr: KeyResult, stated: float, span: float) -> Fault:
        return Fault(self.text("message", kr=kr.id, amount=change(stated, kr), span=change(span, kr)), kr=kr)
