"""KR401: what is released was rehearsed."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Stage
from okr_delivery.gate.rule import OK, Example, Fault, NotApplicable, Outcome, RequirementRule


class MissingReleaseRehearsal(RequirementRule):
    id = "KR401"
    name = "missing-release-rehearsal"
    stage = Stage.RELEASE
    severity = None
    options: ClassVar = ("sources[].fields.rehearsed",)
    VALID: ClassVar = (Example(released=True, labels=("rehearsed",)),)
    INVALID: ClassVar = (Example(released=True), Example(released=True, labels=("rehearsal",)))

    def check(self, case: Case, advice: Advice) -> Outcome:
        released = case.snapshot.released(case.item)
        if released is None:
            return NotApplicable(self.text("not_released"))
        label = case.source.fields.rehearsed
        if case.has_label(label):
            return OK
        message = self.text("message", on=released.day.isoformat(), label=label)
        return (Fault(message, fix=self.text("fix_label", label=label)),)
