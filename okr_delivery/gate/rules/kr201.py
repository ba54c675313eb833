"""KR201: before the pitch, a requirement says how much it is expected to move its key result."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.paste import written_unit
from okr_delivery.gate.rule import Example, Fault, Outcome, RequirementRule
from okr_delivery.model.okr import KeyResult
from okr_delivery.value.results import LinkFault


class MissingContribution(RequirementRule):
    id = "KR201"
    name = "missing-contribution"
    stage = Stage.PITCH
    severity = Severity.ERROR
    requires = ("KR101", "KR102", "KR103")
    options: ClassVar = ("contribution.sizes", "sources[].fields.contribution")
    VALID: ClassVar = (
        Example("Contributes-to: GROW-KR1 M"),
        Example("Contributes-to: GROW-KR1 +1.5pp 60%"),
        Example("贡献: GROW-KR1 贡献度10%"),
        Example("Contributes-to: OPS-KR3"),
    )
    INVALID: ClassVar = (
        Example("Contributes-to: GROW-KR1 ?"),
        Example("贡献: GROW-KR1 待定"),
        Example("", labels=("kr:GROW-KR1",)),
    )

    def check(self, case: Case, advice: Advice) -> Outcome:
        missing = (LinkFault.PENDING, LinkFault.MISSING_AMOUNT)
        refs = dict.fromkeys(p.kr for p in case.links.problems if p.fault in missing and p.kr)
        krs = (case.book.key_results.get(ref) for ref in refs)
        return tuple(self._fault(case, advice, kr) for kr in krs if kr is not None)

    def _fault(self, case: Case, advice: Advice, kr: KeyResult) -> Fault:
        return Fault(
            self.text("message", kr=kr.id, title=kr.title),
            kr=kr,
            paste=advice.line(case, advice.ref(case, kr)),
            fix=self.text("fix_unit", unit=written_unit(kr)) if kr.metric.unit else None,
        )
