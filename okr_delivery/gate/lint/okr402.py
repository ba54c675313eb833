"""OKR402: targets are high enough to need the whole cycle, rather than kept low to be safe (sandbagging)."""

from __future__ import annotations

from datetime import date

from okr_delivery.gate.lint.reached import comfortable, early
from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.lint.wording import WITHOUT_NUMBER
from okr_delivery.gate.rule import OK, Fault, NotApplicable, Outcome
from okr_delivery.model.message import Message
from okr_delivery.model.okr import CycleState, KeyResult


class Sandbagging(LintRule):
    id = "OKR402"
    name = "sandbagging"
    subjects = (SubjectKind.OBJECTIVE, SubjectKind.KEY_RESULT)
    VALID = (
        LintExample(),
        LintExample(readings={"2026-10-02": 38, "2026-11-20": 50}),
        LintExample(metric={"unit": "%", "direction": "at_most", "target": 3}, readings={"2026-10-02": 2}),
        LintExample(metric={"direction": "yes_no", "due": "2026-10-15", "done": "2026-10-14"}),
    )
    INVALID = (
        LintExample(readings={"2026-10-02": 38, "2026-10-20": 51}),
        LintExample(metric={"direction": "yes_no", "due": "2026-12-15", "done": "2026-10-14"}),
    )

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        if subject.cycle.state is CycleState.DRAFT or desk.day < subject.cycle.start:
            return NotApplicable(self.text("not_begun", cycle=subject.cycle.id))
        return self._key_result(subject.kr, desk) if subject.kr else self._objective(subject, desk)

    def _key_result(self, kr: KeyResult, desk: Desk) -> Outcome:
        found = early(kr, desk)
        if not isinstance(found, date):
            return OK if found is None else NotApplicable(found)
        cycle = desk.book.cycle_of(kr)
        raised = kr.metric.direction not in WITHOUT_NUMBER and desk.day <= cycle.end
        return (Fault(self.text("message", day=str(found), end=str(cycle.end)), fix=self._fix(raised)),)

    def _objective(self, subject: Subject, desk: Desk) -> Outcome:
        """Only where no key result was told on its own: the same thing is not said twice."""
        krs = subject.objective.key_results
        if any(isinstance(early(kr, desk), date) for kr in krs) or not comfortable(krs, desk):
            return OK
        return (Fault(self.text("all", n=len(krs)), fix=self._fix(desk.day <= subject.cycle.end)),)

    def _fix(self, raised: bool) -> Message | None:
        """`raised`: there is a target, and time left to raise it for."""
        return None if raised else self.text("fix_next")
