"""KR208: a requirement says for whom it is good, in the field the source names for it."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Stage
from okr_delivery.gate.rule import OK, Example, Fault, NotApplicable, Outcome, RequirementRule
from okr_delivery.model.work import Field


class MissingUserValue(RequirementRule):
    id = "KR208"
    name = "missing-user-value"
    stage = Stage.PITCH
    severity = None
    options: ClassVar = ("sources[].fields.user_value",)
    VALID: ClassVar = (Example(user_value="Merchants pay in three steps"),)
    INVALID: ClassVar = (Example(user_value=None),)

    def check(self, case: Case, advice: Advice) -> Outcome:
        field = case.source.fields.user_value
        if not field or not advice.reads(case.issue.source, "user_value"):
            return NotApplicable(self.text("no_field", source=case.issue.source))
        if case.non_okr:
            return NotApplicable(self.text("non_okr"))
        return (Fault(self.text("message", field=field)),) if case.value(Field.USER_VALUE).empty else OK
