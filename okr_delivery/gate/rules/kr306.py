"""KR306: what was delivered earlier ends in a conclusion before more is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.history import is_recent
from okr_delivery.gate.planning import Planning
from okr_delivery.gate.rule import Example, Fault, NotApplicable, Outcome, PlanExample, PlanRule
from okr_delivery.model.message import msg
from okr_delivery.value.due import DueTrace, asked_since

if TYPE_CHECKING:
    from okr_delivery.config import Team
    from okr_delivery.delivery.snapshot import Snapshot

DONE = Example("Contributes-to: GROW-KR1 +2pp 90%")


class UnconcludedTrace(PlanRule):
    id = "KR306"
    name = "unconcluded-trace"
    stage = Stage.ITERATION
    severity = Severity.ERROR
    options: ClassVar = ("gate.since", "trace.conclude.cover", "trace.conclude.max", "trace.conclude.grace")
    VALID: ClassVar = (PlanExample(), PlanExample(delivered=(DONE,)))
    INVALID: ClassVar = (PlanExample(delivered=(DONE,), concluded=False),)

    @classmethod
    def reads_history(cls, team: Team, snapshot: Snapshot) -> bool:
        return not is_recent(asked_since(snapshot, team.id), team, snapshot)

    def check(self, planning: Planning, advice: Advice) -> Outcome:
        unread = planning.unread_deployments
        if unread:
            return NotApplicable(self.text("deployments", sources=unread), missing=True)
        return tuple(self._fault(planning, advice, one) for one in planning.overdue)

    def _fault(self, planning: Planning, advice: Advice, one: DueTrace) -> Fault:
        item, kr = one.item, one.kr
        days = {"end": str(one.window.end), "due": str(one.due)}
        message = self.text("message", iteration=one.iteration.name, kr=kr.id, **days)
        line = f"okr-delivery conclude {advice.argument(item)} CONCLUSION --kr {kr.full_id} --reason 'TEXT'"
        return Fault(
            message,
            kr=kr,
            paste=line,
            about=planning.issue(item),
            fix=self.text("fix_words", words=msg("terms.conclusion.words")),
            owner=None if item.issue.confidential else item.issue.creator,
        )
