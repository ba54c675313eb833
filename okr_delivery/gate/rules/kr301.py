"""KR301: an iteration has a goal that is tied to an objective."""

from __future__ import annotations

from typing import ClassVar

from okr_delivery.gate import goals
from okr_delivery.gate.advice import Advice
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.planning import Planning
from okr_delivery.gate.rule import Fault, NotApplicable, Outcome, PlanExample, PlanRule
from okr_delivery.model.work import Iteration
from okr_delivery.value.goal import declared_goal, named_objective


class IterationWithoutGoal(PlanRule):
    id = "KR301"
    name = "iteration-without-goal"
    stage = Stage.ITERATION
    severity = Severity.ERROR
    VALID: ClassVar = (
        PlanExample(),
        PlanExample(goal="本迭代目标（GROW）：三步结账"),
        PlanExample(goal=None, entry="GROW"),
    )
    INVALID: ClassVar = (PlanExample(goal=None), PlanExample(goal="Three-step checkout"), PlanExample(goal="GROW-KR1"))

    def check(self, planning: Planning, advice: Advice) -> Outcome:
        asked = [one for one in planning.iterations if not planning.pulls(one)]
        if not asked:
            return NotApplicable(self.text("pulled"))
        return tuple(self._fault(planning, one) for one in asked if not self._has_goal(planning, one))

    @staticmethod
    def _has_goal(planning: Planning, iteration: Iteration) -> bool:
        if declared_goal(planning.book, planning.team.id, iteration) is not None:
            return True
        text, day = iteration.goal or "", planning.day(iteration)
        return named_objective(planning.snapshot, text, day) is not None

    def _fault(self, planning: Planning, iteration: Iteration) -> Fault:
        entry = goals.entry(planning, iteration)
        file = entry.place.path if entry.place else self.text("any_file")
        says = {"objective": entry.objective, "iteration": iteration.name}
        fix = self.text("fix_entry", file=file, place=self.text(f"place_{iteration.kind}"), **says)
        return Fault(
            goals.lacking(planning, iteration),
            severity=Severity.WARNING if goals.near(planning, iteration) else None,
            paste=entry.line,
            suggestions=entry.suggestions,
            fix=goals.renamed(planning, iteration, fix),
            about=planning.entity(iteration),
            place=entry.place,
        )
