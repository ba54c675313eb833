"""OKR102: an objective has as many key results as it takes to see it from all sides; composites don't count."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.rule import OK, Fault, Outcome
from okr_delivery.model.okr import Direction


class KeyResultCount(LintRule):
    id = "OKR102"
    name = "key-result-count"
    subjects = (SubjectKind.OBJECTIVE,)
    options = ("lint.limits",)
    VALID = (LintExample(), LintExample(key_results=2), LintExample(key_results=4))
    INVALID = (LintExample(key_results=0), LintExample(key_results=1), LintExample(key_results=5))

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        n = sum(kr.metric.direction is not Direction.COMPOSITE for kr in subject.objective.key_results)
        fewest, most = desk.config.lint.limits_of(subject.objective.level).key_results
        if fewest <= n <= most:
            return OK
        text = self.text("message" if n else "none", n=n, fewest=fewest, most=most)
        return (Fault(text, fix=self.text("fix_many" if n > most else "fix_few" if n else "fix_none")),)
