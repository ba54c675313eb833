"""KR302: planned work claims enough of what a key result still needs."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.claiming import ClaimRule
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.rule import Example, PlanExample
from okr_delivery.value.demand import UNDER


class UnderClaimed(ClaimRule):
    id = "KR302"
    name = "under-claimed-key-result"
    stage = Stage.ITERATION
    severity = Severity.WARNING
    VALID: ClassVar = (
        PlanExample(),
        PlanExample(work=(Example("Contributes-to: GROW-KR1 +6pp 80%"), Example("Contributes-to: GROW-KR1 +6pp 80%"))),
    )
    INVALID: ClassVar = (PlanExample(work=(Example(),)), PlanExample(work=(Example("Contributes-to: OPS-KR3"),)))

    @staticmethod
    def is_wrong(ratio: float) -> bool:
        return ratio < UNDER
