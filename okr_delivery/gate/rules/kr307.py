"""KR307: what joins a running iteration was approved."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.delivery.membership import started
from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.rule import OK, Example, Fault, NotApplicable, Outcome, RequirementRule
from okr_delivery.model.message import Message
from okr_delivery.model.work import Iteration, IterationKind, IterationState


class UnapprovedScopeChange(RequirementRule):
    id = "KR307"
    name = "unapproved-scope-change"
    stage = Stage.ITERATION
    severity = Severity.WARNING
    options: ClassVar = ("sources[].fields.approved",)
    VALID: ClassVar = (Example(), Example(added=True, labels=("scope-approved",)))
    INVALID: ClassVar = (Example(added=True), Example(added=True, labels=("urgent",)))

    def check(self, case: Case, advice: Advice) -> Outcome:
        iteration = case.iteration
        reason = self._unasked(case, iteration)
        if iteration is None or reason is not None:
            return NotApplicable(reason or self.text("unplanned"))
        added = case.snapshot.sets(case.team.id, iteration).added
        joined = next((member.joined_at for member in added if member.ref == case.item.ref), None)
        label = case.source.fields.approved
        if joined is None or case.has_label(label):
            return OK
        on, begun = (case.local_day(at) for at in (joined, started(iteration) or joined))
        if on == begun and iteration.first_day is not None:
            return OK  # of a tracker that knows days only, the first one is still planning
        message = self.text("message", iteration=iteration.name, on=on, begun=begun, label=label)
        fix = self.text("fix_label", label=label, iteration=iteration.name)
        return (Fault(message, fix=fix, turn=iteration.id),)

    def _unasked(self, case: Case, iteration: Iteration | None) -> Message | None:
        """Why nothing can have joined it after its start, or nobody can tell."""
        if iteration is None:
            return self.text("unplanned")
        if iteration.kind is IterationKind.PERIOD:
            return self.text("pulled")
        if case.snapshot.state(iteration) is not IterationState.ACTIVE:
            return self.text("not_running", iteration=iteration.name)
        if started(iteration) is None:
            return self.text("no_start", iteration=iteration.name)
        return None if case.item.counted else self.text("no_history")
