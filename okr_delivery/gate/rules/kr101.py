"""KR101: a requirement names the key result it serves, from the moment it exists."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage, Suggestion
from okr_delivery.gate.rule import OK, Example, Fault, NotApplicable, Outcome, RequirementRule
from okr_delivery.value.results import LinkProblem


class MissingKeyResult(RequirementRule):
    id = "KR101"
    name = "missing-key-result"
    stage = Stage.INTAKE
    severity = Severity.ERROR
    options: ClassVar = ("sources[].links.order", "sources[].links.labels", "sources[].fields.key_result")
    VALID: ClassVar = (
        Example("Contributes-to: GROW-KR1 +1.5pp 60%"),
        Example("贡献: GROW-KR1 中"),
        Example("Contributes-to: GROW-KR1 ?"),
        Example("", labels=("kr:GROW-KR1",)),
        Example("Non-OKR: compliance audit of MLPS"),
    )
    INVALID: ClassVar = (Example(""), Example("It should make the checkout better."), Example("Contributes-to:"))

    def check(self, case: Case, advice: Advice) -> Outcome:
        if case.links.contributions or case.named:
            return OK
        if case.links.non_okr:
            return NotApplicable(self.text("non_okr", reason=case.quote(case.links.non_okr)))
        suggestions = advice.suggestions(case)
        line = advice.line(case, suggestions[0].kr if suggestions else None)
        problem = next(iter(case.links.problems), None)
        if problem is None:
            which = None if suggestions else self.text("fix_which")
            return (Fault(self.text("message"), paste=line, suggestions=suggestions, alternative=True, fix=which),)
        return (self._unreadable(case, problem, line, suggestions),)

    def _unreadable(self, case: Case, problem: LinkProblem, line: str, suggestions: tuple[Suggestion, ...]) -> Fault:
        """A line is there, but names nothing that could be looked up."""
        message = self.text("unreadable", text=problem.text, reason=problem.message)
        if case.issue.confidential:
            message = self.text("confidential")
        return Fault(message, paste=case.offered(problem) or line, suggestions=suggestions, alternative=True)
