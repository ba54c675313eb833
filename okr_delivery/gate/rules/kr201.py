"""KR201: before the pitch, a requirement says how much it is expected to move its key result."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.paste import written_unit
from okr_delivery.gate.rule import Example, Fault, Outcome, RequirementRule
from okr_delivery.model.message import Message
from okr_delivery.model.okr import KeyResult
from okr_delivery.value.results import LinkFault, LinkProblem


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
        found: dict[str, LinkProblem] = {}
        for problem in case.links.problems:
            if problem.fault in missing and problem.kr:
                found.setdefault(problem.kr, problem)
        known = ((case.book.key_results.get(ref), problem) for ref, problem in found.items())
        return tuple(self._fault(case, advice, kr, problem) for kr, problem in known if kr is not None)

    def _fault(self, case: Case, advice: Advice, kr: KeyResult, problem: LinkProblem) -> Fault:
        return Fault(
            self.text("message", kr=kr.id, title=kr.title),
            kr=kr,
            paste=case.offered(problem) or advice.line(case, advice.ref(case, kr)),
            fix=self._fix(case, kr),
        )

    def _fix(self, case: Case, kr: KeyResult) -> Message | None:
        """Sizes and shares are a part of the way from start to target, where one is known."""
        part = "fix" if case.way(kr).span else "fix_amount"
        if kr.metric.unit:
            return self.text(f"{part}_unit", unit=written_unit(kr))
        return self.text(part)
