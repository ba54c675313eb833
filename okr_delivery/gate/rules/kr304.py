"""KR304: an iteration holds no more work than fits in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.planning import Planning
from okr_delivery.gate.rule import Example, Fault, NotApplicable, Outcome, PlanExample, PlanRule
from okr_delivery.model.message import msg
from okr_delivery.model.work import Iteration
from okr_delivery.value.capacity import Capacity, Load

if TYPE_CHECKING:
    from okr_delivery.config import Team
    from okr_delivery.delivery.snapshot import Snapshot

FIVE = Example("Contributes-to: GROW-KR1 +12pp 90%", estimate="5")


class OverCapacity(PlanRule):
    id = "KR304"
    name = "over-capacity"
    stage = Stage.ITERATION
    severity = Severity.WARNING
    options: ClassVar = ("teams[].capacity.per_iteration", "teams[].capacity.unit")
    VALID: ClassVar = (PlanExample(work=(FIVE,), capacity=5), PlanExample(work=(FIVE,), capacity=None))
    INVALID: ClassVar = (PlanExample(work=(FIVE,), capacity=4),)

    @classmethod
    def reads_history(cls, team: Team, snapshot: Snapshot) -> bool:
        return team.capacity is None or team.capacity.per_iteration is None

    def check(self, planning: Planning, advice: Advice) -> Outcome:
        fits = planning.capacity
        asked = [one for one in planning.planned if not planning.pulls(one)]
        if not asked:
            return NotApplicable(self.text("not_ahead"))
        if fits is None:
            return NotApplicable(self.text("unknown"), missing=True)
        loads = [(one, planning.load(one)) for one in asked]
        over = [(one, load) for one, load in loads if (load.effort or 0) > fits.amount]
        faults = tuple(self._fault(planning, one, load, fits) for one, load in over)
        missing = tuple(key for _, load in loads for key in load.unestimated)
        if missing and not faults:
            return NotApplicable(self.text("unestimated", n=len(missing)), missing=True)
        return faults

    def _fault(self, planning: Planning, iteration: Iteration, load: Load, fits: Capacity) -> Fault:
        numbers = {"effort": load.effort, "capacity": fits.amount, "unit": fits.unit, "iteration": iteration.name}
        basis = self.text(fits.basis, iterations=fits.iterations)
        lines = [self.text("message", **numbers, basis=basis)]
        lines += [self.text("not_counted", n=len(load.unestimated))] if load.unestimated else []
        return Fault(msg("gate.lines", lines=tuple(lines)), about=planning.entity(iteration))
