"""KR103: the key result that a requirement names is being worked for when the requirement is."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage, Suggestion
from okr_delivery.gate.krs import Inactive, Inactivity, elsewhere, inactivity
from okr_delivery.gate.rule import Example, Fault, Outcome, RequirementRule
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import KeyResult
from okr_delivery.value.results import LinkFault


class InactiveKeyResult(RequirementRule):
    id = "KR103"
    name = "inactive-key-result"
    stage = Stage.INTAKE
    severity = Severity.ERROR
    requires = ("KR101", "KR102")
    options: ClassVar = ("gate.cycle_grace",)
    VALID: ClassVar = (
        Example("Contributes-to: GROW-KR1 M"),
        Example("Contributes-to: 2027Q1:NEXT-KR1 +1pp", iteration=False),
    )
    INVALID: ClassVar = (
        Example("Contributes-to: 2026Q2:OLD-KR1 +1pp"),
        Example("Contributes-to: 2026Q2:OLD-KR1 +1pp", iteration=False),
        Example("Contributes-to: 2027Q1:NEXT-KR1 +1pp"),
    )

    def check(self, case: Case, advice: Advice) -> Outcome:
        krs = dict(case.krs)
        for problem in case.links.problems:
            if problem.fault is LinkFault.UNKNOWN_KR and problem.kr:
                other = elsewhere(problem.kr, case.book, case.day)
                krs |= {other.full_id: other} if other else {}
        today = case.snapshot.day(case.team.id)
        judged = ((kr, inactivity(kr, case.book, case.day, planned=case.planned, today=today)) for kr in krs.values())
        return tuple(self._fault(case, advice, kr, why) for kr, why in judged if why is not None)

    def _fault(self, case: Case, advice: Advice, kr: KeyResult, why: Inactive) -> Fault:
        mild = why.mild(case.config.gate.cycle_grace)
        heir, cycle = why.successor, why.cycle
        reason = msg("gate.suggest.successor", kr=kr.full_id)
        suggestions = (Suggestion(advice.ref(case, heir), reason, heir.title),) if heir else advice.suggestions(case)
        return Fault(
            self.text(why.why.value, kr=kr.full_id, cycle=cycle.id, start=str(cycle.start), end=str(cycle.end)),
            kr=kr,
            severity=Severity.WARNING if mild else None,
            paste=advice.line(case, suggestions[0].kr if suggestions else None),
            suggestions=suggestions,
            alternative=not mild,
            fix=self._fix(case, why),
        )

    def _fix(self, case: Case, why: Inactive) -> Message:
        """Who is to act: whoever wrote the requirement, or whoever keeps the OKR files."""
        if not why.file_behind:
            return self.text("fix_requirement")
        if why.why in (Inactivity.DRAFT, Inactivity.CLOSED):
            return self.text("fix_file", cycle=why.cycle.id)
        return self.text("fix_missing", day=str(case.day))
