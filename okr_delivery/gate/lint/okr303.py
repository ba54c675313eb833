"""OKR303: an objective that is said to be aligned names what it serves."""

from __future__ import annotations

from okr_delivery.gate.finding import Severity
from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.rule import OK, Fault, NotApplicable, Outcome

ALIGNED, TOP = "aligned", "company"


class MissingAlignment(LintRule):
    id = "OKR303"
    name = "missing-alignment"
    severity = Severity.ERROR
    subjects = (SubjectKind.OBJECTIVE,)
    VALID = (
        LintExample(),
        LintExample(source="self_driven", parent=None),
        LintExample(source="support", parent=None),
        LintExample(level="company", parent=None),
    )
    INVALID = (LintExample(parent=None), LintExample(parent=None, level="individual"))

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        objective = subject.objective
        if objective.source != ALIGNED:
            return NotApplicable(self.text("by_itself", source=self.text(objective.source), value=objective.source))
        if objective.level == TOP:
            return NotApplicable(self.text("top"))
        return OK if objective.aligns_to else (Fault(self.text("message")),)
