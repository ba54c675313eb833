"""OKR302: somebody works for a key result; it does not ride free on what is done for others."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule, Undecided
from okr_delivery.gate.lint.subject import Desk, Subject
from okr_delivery.gate.rule import OK, Fault, NotApplicable, Outcome
from okr_delivery.model.message import Message
from okr_delivery.model.okr import CycleState, Direction, KeyResult

ELSEWHERE = {Direction.COMPOSITE: "composite", Direction.MILESTONES: "milestones"}
"""Where the work is seen on the key result itself."""


class FreeRider(LintRule):
    id = "OKR302"
    name = "free-rider"
    VALID = (LintExample(),)
    INVALID = (LintExample(worked=False),)

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        kr = subject.kr
        reason = self._pointless(kr, subject, desk)
        if kr is None or reason is not None or desk.work is None:
            return NotApplicable(reason or self.text("no_store"))
        if any(ref in desk.book.objectives for ref in desk.book.children(kr.full_id)) or desk.work.serves(kr):
            return OK
        doubts = desk.work.doubts(subject.cycle)
        return Undecided(doubts[0]) if doubts else (Fault(self.text("message", cycle=subject.cycle.id)),)

    def _pointless(self, kr: KeyResult | None, subject: Subject, desk: Desk) -> Message | None:
        if kr is not None and kr.metric.direction in ELSEWHERE:
            return self.text(ELSEWHERE[kr.metric.direction])
        if subject.cycle.state is CycleState.DRAFT or desk.day < subject.cycle.start:
            return self.text("not_begun", cycle=subject.cycle.id)
        return None
