"""OKR205: every objective and every key result has somebody who answers for it."""

from __future__ import annotations

from okr_delivery.gate.finding import Severity
from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.rule import OK, Fault, NotApplicable, Outcome


class MissingOwner(LintRule):
    id = "OKR205"
    name = "missing-owner"
    severity = Severity.ERROR
    subjects = (SubjectKind.OBJECTIVE, SubjectKind.KEY_RESULT)
    VALID = (LintExample(), LintExample(owner="张三"))
    INVALID = (LintExample(owner=None),)

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        """A key result without an owner falls to the objective's; that should be said rather than guessed.

        Where the objective has none either, that is one missing input, told of the objective alone.
        """
        if subject.one.owner:
            return OK
        if subject.kr is None:
            return (Fault(self.text("message")),)
        if not subject.owner:
            return NotApplicable(self.text("objective"))
        return (Fault(self.text("inherited", owner=subject.owner), severity=Severity.INFO),)
