"""KR209: where several carriers state a contribution to one key result, they state the same."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.paste import amount, contribution
from okr_delivery.gate.rule import Example, Fault, Outcome, RequirementRule
from okr_delivery.model.message import msg
from okr_delivery.value.results import LinkFault, LinkProblem


class CarriersDisagree(RequirementRule):
    id = "KR209"
    name = "carriers-disagree"
    stage = Stage.PITCH
    severity = Severity.INFO
    requires = ("KR101",)
    options: ClassVar = ("sources[].links.order",)
    VALID: ClassVar = (
        Example("Contributes-to: GROW-KR1 +1.5pp"),
        Example("Contributes-to: GROW-KR1 +1.5pp", labels=("kr:GROW-KR1",)),
    )
    INVALID: ClassVar = (Example("Contributes-to: GROW-KR1 +1.5pp\nContributes-to: GROW-KR1 +2pp"),)

    def check(self, case: Case, advice: Advice) -> Outcome:
        return tuple(self._fault(case, advice, p) for p in case.links.problems if p.fault is LinkFault.DISAGREE)

    def _fault(self, case: Case, advice: Advice, problem: LinkProblem) -> Fault:
        kr = case.book.key_results.get(problem.kr or "")
        used = next((c for c in case.links.contributions if c.kr == problem.kr and c.amount is not None), None)
        if kr is None or used is None or used.amount is None:
            return Fault(problem.message, kr=kr, ref=problem.kr, paste=case.offered(problem))
        text = amount(used.amount, kr, case.stated_confidence(used))
        message = self.text("message", kr=kr.id, used=text, carrier=msg(f"gate.carrier.{used.carrier}"))
        return Fault(message, kr=kr, paste=case.offered(problem) or contribution(advice.ref(case, kr), text))
