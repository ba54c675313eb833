"""OKR304: an objective does not begin before what it serves is being worked for."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.rule import Fault, NotApplicable, Outcome
from okr_delivery.model.okr import CycleState


class StartsBeforeParent(LintRule):
    id = "OKR304"
    name = "starts-before-parent"
    subjects = (SubjectKind.OBJECTIVE,)
    VALID = (LintExample(), LintExample(parent_starts="2026-01-01"))
    INVALID = (LintExample(parent_starts="2026-11-01"), LintExample(parent_starts="2027-01-01"))

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        parents = list(desk.parents(subject.objective))
        if not parents:
            return NotApplicable(self.text("no_parent"))
        faults = (self._fault(subject, parent) for parent in parents)
        return tuple(fault for fault in faults if fault is not None)

    def _fault(self, subject: Subject, parent: Subject) -> Fault | None:
        here, there = subject.cycle, parent.cycle
        if there.start > here.start:
            terms = {"start": str(here.start), "parent_start": str(there.start)}
            return Fault(self.text("message", parent=parent.full_id, **terms), ref=parent.full_id)
        if there.state is CycleState.DRAFT and here.state is not CycleState.DRAFT:
            text = self.text("draft", parent=parent.full_id, cycle=there.id)
            return Fault(text, ref=parent.full_id, fix=self.text("fix_draft"))
        return None
