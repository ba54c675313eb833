"""KR203: an expected contribution moves the key result the way it should go."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.paste import amount, contribution
from okr_delivery.gate.rule import Example, Fault, Outcome, RequirementRule
from okr_delivery.model.contribution import Contribution
from okr_delivery.model.okr import KeyResult
from okr_delivery.value.krs import wanted_sign
from okr_delivery.value.quantity import change


class WrongDirection(RequirementRule):
    id = "KR203"
    name = "wrong-direction"
    stage = Stage.PITCH
    severity = Severity.ERROR
    requires = ("KR101",)
    VALID: ClassVar = (
        Example("Contributes-to: GROW-KR1 +1.5pp"),
        Example("Contributes-to: GROW-KR1 1.5pp"),
        Example("Contributes-to: COST-KR2 -120k"),
    )
    INVALID: ClassVar = (Example("Contributes-to: GROW-KR1 -1.5pp"), Example("贡献: COST-KR2 +12万"))

    def check(self, case: Case, advice: Advice) -> Outcome:
        pairs = ((c, case.krs.get(c.kr)) for c in case.links.contributions)
        return tuple(self._fault(case, advice, c, kr) for c, kr in pairs if kr is not None and self._wrong(c, kr))

    @staticmethod
    def _wrong(contribution: Contribution, kr: KeyResult) -> bool:
        return contribution.amount is not None and contribution.amount * wanted_sign(kr) < 0

    def _fault(self, case: Case, advice: Advice, stated: Contribution, kr: KeyResult) -> Fault:
        value = stated.amount or 0.0
        turned = amount(-value, kr, case.stated_confidence(stated))
        part = "message_up" if wanted_sign(kr) > 0 else "message_down"
        return Fault(
            self.text(part, kr=kr.id, amount=change(value, kr)),
            kr=kr,
            paste=contribution(advice.ref(case, kr), turned),
        )
