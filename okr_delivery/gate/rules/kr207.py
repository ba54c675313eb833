"""KR207: a dispute is settled before the requirement is planned."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.rule import OK, Example, Fault, NotApplicable, Outcome, RequirementRule


class OpenDispute(RequirementRule):
    id = "KR207"
    name = "open-dispute"
    stage = Stage.PITCH
    severity = Severity.ERROR
    options: ClassVar = ("sources[].dispute.label",)
    VALID: ClassVar = (Example(), Example(labels=("urgent",)))
    INVALID: ClassVar = (Example(labels=("disputed",)), Example(labels=("Disputed", "urgent")))

    def check(self, case: Case, advice: Advice) -> Outcome:
        label = case.source.dispute.label
        if not label:
            return NotApplicable(self.text("no_label", source=case.issue.source))
        return (Fault(self.text("message", label=label)),) if case.has_label(label) else OK
