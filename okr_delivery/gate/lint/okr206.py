"""OKR206: a key result names what must not suffer while it is reached."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject
from okr_delivery.gate.rule import OK, Fault, NotApplicable, Outcome
from okr_delivery.model.okr import Direction


class MissingHealthMetric(LintRule):
    id = "OKR206"
    name = "missing-health-metric"
    VALID = (LintExample(), LintExample(health="退款率"))
    INVALID = (LintExample(health=None), LintExample(health=None, metric={"direction": "yes_no", "due": "2026-12-01"}))

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        kr = subject.kr
        if kr is None or kr.metric.direction is Direction.COMPOSITE:
            return NotApplicable(self.text("composite"))
        return OK if kr.health else (Fault(self.text("message")),)
