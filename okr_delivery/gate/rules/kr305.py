"""KR305: work that serves no key result stays within its share."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate.advice import Advice
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.planning import Planning
from okr_delivery.gate.rule import Example, Fault, NotApplicable, Outcome, PlanExample, PlanRule
from okr_delivery.locale.numbers import hundredths
from okr_delivery.model.work import Iteration

SERVES = Example("Contributes-to: GROW-KR1 +12pp 90%", estimate="8")


class NonOkrBudget(PlanRule):
    id = "KR305"
    name = "non-okr-budget"
    stage = Stage.ITERATION
    severity = Severity.WARNING
    options: ClassVar = ("sources[].non_okr.budget", "sources[].non_okr.labels", "sources[].non_okr.types")
    VALID: ClassVar = (PlanExample(), PlanExample(work=(SERVES, Example("", labels=("ops",), estimate="2"))))
    INVALID: ClassVar = (
        PlanExample(work=(SERVES, Example("", labels=("ops",), estimate="5"))),
        PlanExample(work=(SERVES, Example("Non-OKR: compliance audit", estimate="5"))),
    )

    def check(self, planning: Planning, advice: Advice) -> Outcome:
        shares = [(one, planning.load(one).non_okr) for one in planning.planned]
        known = [(one, share) for one, share in shares if share is not None]
        if not known:
            return NotApplicable(self.text("no_work"))
        budgets = [(one, share, planning.config.source(one.source).non_okr.budget) for one, share in known]
        return tuple(self._fault(planning, *row) for row in budgets if row[1] > row[2])

    def _fault(self, planning: Planning, iteration: Iteration, share: float, budget: float) -> Fault:
        load = planning.load(iteration)
        by = "by_count" if load.unestimated else "by_effort" if load.effort else "by_zero"
        message = self.text(
            "message", iteration=iteration.name, used=hundredths(share), budget=hundredths(budget), by=self.text(by)
        )
        return Fault(message, about=planning.entity(iteration))
