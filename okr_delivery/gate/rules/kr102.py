"""KR102: the key result that a requirement names exists."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage, Suggestion
from okr_delivery.gate.krs import awaited, elsewhere
from okr_delivery.gate.rule import Example, Fault, Outcome, RequirementRule
from okr_delivery.model.message import msg
from okr_delivery.okrs.book import KrAmbiguous, KrFound
from okr_delivery.value.results import LinkFault, LinkProblem


class UnknownKeyResult(RequirementRule):
    id = "KR102"
    name = "unknown-key-result"
    stage = Stage.INTAKE
    severity = Severity.ERROR
    requires = ("KR101",)
    VALID: ClassVar = (
        Example("Contributes-to: GROW-KR1 ?"),
        Example("Contributes-to: grow-kr1 M"),
        Example("Contributes-to: 2026Q4:GROW-KR1 M"),
    )
    INVALID: ClassVar = (
        Example("Contributes-to: GROW-KR11 M"),
        Example("贡献: GROV-KR1 中"),
        Example("", labels=("kr:PAY-KR9",)),
        Example("Contributes-to: GROW-KR11 lots"),
    )

    def check(self, case: Case, advice: Advice) -> Outcome:
        return tuple(
            self._fault(case, advice, problem) for problem in case.links.problems if self._applies(case, problem)
        )

    @staticmethod
    def _applies(case: Case, problem: LinkProblem) -> bool:
        """Whatever else is wrong with the line: a key result that nobody declares comes first."""
        if problem.fault is LinkFault.AMBIGUOUS_KR:
            return True
        if not problem.kr or problem.kr in case.book.key_results:
            return False
        known = isinstance(case.book.resolve(problem.kr, case.day), KrFound | KrAmbiguous)
        return not known and elsewhere(problem.kr, case.book, case.day) is None

    def _fault(self, case: Case, advice: Advice, problem: LinkProblem) -> Fault:
        written = case.quote(problem.kr or problem.text)
        if problem.fault is LinkFault.AMBIGUOUS_KR:
            return Fault(problem.message, ref=written, paste=case.offered(problem), fix=self.text("ambiguous"))
        why, near = msg("gate.suggest.nearest", written=written), problem.nearest
        nearest = near and advice.serves(case, near) and Suggestion(near, why, advice.title(case, near))
        suggestions = (nearest,) if nearest else advice.suggestions(case)
        paste = advice.line(case, suggestions[0].kr if suggestions else None, like=problem)
        message = self.text("message", written=written, carrier=msg(f"gate.carrier.{problem.carrier}"))
        late = awaited(problem.kr or "", problem.nearest, case.book, case.day)
        return Fault(
            message,
            ref=written,
            severity=Severity.WARNING if late else None,
            paste=paste,
            suggestions=suggestions,
            alternative=not late,
            fix=self.text("fix_missing", day=str(case.day)) if late else None,
        )
