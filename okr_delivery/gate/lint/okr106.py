"""OKR106: objectives and key results tell what shall change, not what happens anyway."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.lint.texts import is_routine
from okr_delivery.gate.lint.wording import has_number
from okr_delivery.gate.rule import OK, Fault, Outcome

UPTIME = {"unit": "%", "direction": "at_least", "target": 99.95}
BAND = {"unit": "%", "direction": "range", "low": 12, "high": 14}
DONE = {"direction": "yes_no", "due": "2026-12-15"}


class RoutineWork(LintRule):
    """A key result that holds a state within a bound is legal; the bound may stand in the title or in the metric."""

    id = "OKR106"
    name = "routine-work"
    subjects = (SubjectKind.OBJECTIVE, SubjectKind.KEY_RESULT)
    VALID = (
        LintExample(),
        LintExample(title="Maintain uptime of checkout", metric=UPTIME),
        LintExample(title="Keep the refund rate between 12 and 14 %", metric=BAND),
        LintExample("Daily reconciliation no longer needs a human"),
        LintExample(title="可用性维持不变", metric=UPTIME),
        LintExample(title="退款率保持在区间内", metric=BAND),
        LintExample("日常对账不再需要人工"),
    )
    INVALID = (
        LintExample("Keep doing what we do"),
        LintExample("Maintain the current level of revenue"),
        LintExample(title="Continue to run weekly meetings", metric=DONE),
        LintExample("持续举办用户沙龙"),
        LintExample("保持收入水平"),
        LintExample(title="日常运维", metric=DONE),
    )

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        bounded = subject.kr is not None and has_number(subject.kr.metric)
        if not is_routine(subject.title, bounded):
            return OK
        return (Fault(self.text("message"), fix=self.text("fix_objective") if subject.kr is None else None),)
