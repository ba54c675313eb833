"""OKR204: a key result says how reaching it supports its objective."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject
from okr_delivery.gate.rule import OK, Fault, NotApplicable, Outcome
from okr_delivery.model.okr import Direction


class MissingRationale(LintRule):
    id = "OKR204"
    name = "missing-rationale"
    VALID = (LintExample(), LintExample(rationale="留存是商家付费的理由"))
    INVALID = (LintExample(rationale=None),)

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        kr = subject.kr
        if kr is None or kr.metric.direction is Direction.COMPOSITE:
            return NotApplicable(self.text("composite"))
        return OK if kr.rationale else (Fault(self.text("message", objective=subject.objective.title)),)
