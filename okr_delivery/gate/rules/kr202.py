"""KR202: an expected contribution can be read, in the key result's unit, and is not zero."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.rule import Example, Fault, Outcome, RequirementRule
from okr_delivery.model.contribution import Carrier
from okr_delivery.model.message import Message
from okr_delivery.model.okr import KeyResult
from okr_delivery.value.results import LinkFault, LinkProblem


class InvalidContribution(RequirementRule):
    id = "KR202"
    name = "invalid-contribution"
    stage = Stage.PITCH
    severity = Severity.ERROR
    requires = ("KR101", "KR102", "KR103")
    options: ClassVar = ("contribution.sizes", "contribution.default_confidence", "sources[].fields.confidence")
    VALID: ClassVar = (
        Example("Contributes-to: GROW-KR1 +1.5pp 60%"),
        Example("Contributes-to: COST-KR2 -120k"),
        Example("贡献: COST-KR2 -12万"),
    )
    INVALID: ClassVar = (
        Example("Contributes-to: GROW-KR1 lots"),
        Example("Contributes-to: GROW-KR1 10%"),
        Example("Contributes-to: GROW-KR1 +0pp"),
        Example("Contributes-to: GROW-KR1 +1pp 140%"),
        Example("Contributes-to: GROW-KR2 M"),
    )

    def check(self, case: Case, advice: Advice) -> Outcome:
        wrong = (LinkFault.INVALID, LinkFault.UNREADABLE, LinkFault.CONFIDENCE)
        return tuple(self._fault(case, advice, problem) for problem in case.links.problems if problem.fault in wrong)

    def _fault(self, case: Case, advice: Advice, problem: LinkProblem) -> Fault:
        kr = case.book.key_results.get(problem.kr or "")
        written = case.quote(problem.text)
        return Fault(
            self.text("message", written=written, reason=problem.message)
            if not case.issue.confidential
            else self.text("confidential"),
            kr=kr,
            ref=case.quote(problem.kr) if problem.kr else None,
            paste=self._line(case, advice, kr, problem),
            fix=self._fix(problem),
        )

    @staticmethod
    def _line(case: Case, advice: Advice, kr: KeyResult | None, problem: LinkProblem) -> str | None:
        """None where no line would mend it."""
        if problem.fault is LinkFault.CONFIDENCE:
            return None
        return case.offered(problem) or advice.line(case, advice.ref(case, kr) if kr else None)

    def _fix(self, problem: LinkProblem) -> Message | None:
        """What stands in a field stays there, whatever line is written beside it."""
        if problem.fault is LinkFault.CONFIDENCE:
            return self.text("fix_confidence")
        return self.text("fix_field") if problem.carrier is Carrier.FIELDS else None
