"""KR307: what joins a running iteration was approved."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.delivery.membership import started
from okr_delivery.gate.advice import Advice
from okr_delivery.gate.approvers import Approvers, put_on
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
    options: ClassVar = ("sources[].fields.approved", "gate.waive.approvers")
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
        missing = None if joined is None else self._missing(case, label)
        if joined is None or missing is None:
            return OK
        on, begun = (case.local_day(at) for at in (joined, started(iteration) or joined))
        if on == begun and iteration.first_day is not None:
            return OK  # of a tracker that knows days only, the first one is still planning
        message = self.text(missing, iteration=iteration.name, on=on, begun=begun, label=label)
        who = "fix_approver" if Approvers(case.config) else "fix_label"
        fix = self.text(who, label=label, iteration=iteration.name)
        return (Fault(message, fix=fix, turn=iteration.id),)

    @staticmethod
    def _missing(case: Case, label: str) -> str | None:
        """The message that says why no label approves it; None: one does. Approvers, where there are any, alone can."""
        approvers, there = Approvers(case.config), case.spellings(label)
        if not there:
            return "message"
        put = [put_on(case.item, one, case.snapshot.as_of).by for one in there]
        if not approvers or any(by and approvers.named(by, case.item.source) for by in put):
            return None
        return "message_other" if any(put) else "message_nobody"

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
