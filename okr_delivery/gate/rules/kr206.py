"""KR206: what is planned has a priority, where the tracker knows one."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.rule import OK, Example, Fault, NotApplicable, Outcome, RequirementRule
from okr_delivery.model.work import Field


class MissingPriority(RequirementRule):
    id = "KR206"
    name = "missing-priority"
    stage = Stage.PITCH
    severity = Severity.ERROR
    options: ClassVar = ("sources[].fields.priority",)
    VALID: ClassVar = (Example(priority="High"),)
    INVALID: ClassVar = (Example(priority=None),)

    def check(self, case: Case, advice: Advice) -> Outcome:
        if not case.value(Field.PRIORITY).empty:
            return OK
        if not advice.has_priorities(case.issue.source, case.issue.project_id):
            return NotApplicable(self.text("no_field", project=case.issue.project))
        found = advice.field(case.issue.source, "priority")
        scope = found.id if found is not None and found.id.endswith("::") else None
        return (Fault(self.text("message"), fix=self.text("fix_label", scope=scope) if scope else None),)
