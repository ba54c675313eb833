"""KR303: planned work does not claim far more than a key result still needs."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.claiming import ClaimRule
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.rule import Example, PlanExample
from okr_delivery.value.demand import OVER

MUCH = Example("Contributes-to: GROW-KR1 +10pp 100%")


class OverClaimed(ClaimRule):
    id = "KR303"
    name = "over-claimed-key-result"
    stage = Stage.ITERATION
    severity = Severity.WARNING
    VALID: ClassVar = (PlanExample(), PlanExample(work=(MUCH,)))
    INVALID: ClassVar = (PlanExample(work=(MUCH, MUCH)),)

    @staticmethod
    def is_wrong(ratio: float) -> bool:
        return ratio > OVER
