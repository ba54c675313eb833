"""OKR101: an owner has few enough objectives in a cycle to keep them all in mind, and more than one leg to stand on."""

from __future__ import annotations

from collections.abc import Iterator

from okr_delivery.gate.finding import Severity
from okr_delivery.gate.lint.rule import CycleRule, LintExample
from okr_delivery.gate.lint.subject import Desk
from okr_delivery.gate.rule import Fault, Outcome
from okr_delivery.model.message import Message
from okr_delivery.model.okr import Cycle, Objective


class ObjectiveCount(CycleRule):
    id = "OKR101"
    name = "objective-count"
    options = ("lint.limits",)
    VALID = (LintExample(), LintExample(objectives=5))
    INVALID = (LintExample(objectives=6), LintExample(objectives=2), LintExample(objectives=1))

    def check(self, cycle: Cycle, desk: Desk) -> Outcome:
        held: dict[str, dict[str, list[Objective]]] = {}
        for one in desk.book.objectives.values():
            if one.cycle == cycle.id and one.owner is not None:
                held.setdefault(one.owner, {}).setdefault(one.level, []).append(one)
        found = ((owner, list(self._wrong(levels, desk))) for owner, levels in sorted(held.items()))
        return tuple(self._fault(owner, wrong) for owner, wrong in found if wrong)

    def _wrong(self, levels: dict[str, list[Objective]], desk: Desk) -> Iterator[tuple[bool, Message]]:
        """(whether there are too many, in words) for each level at which the owner has too many or too few."""
        for level, held in levels.items():
            fewest, most = desk.config.lint.limits_of(level).objectives
            if not fewest <= len(held) <= most:
                terms = {"n": len(held), "level": self.text(level), "fewest": fewest, "most": most}
                yield len(held) > most, self.text("many" if len(held) > most else "few", **terms)

    def _fault(self, owner: str, wrong: list[tuple[bool, Message]]) -> Fault:
        text = self.text("message", owner=owner, counts=tuple(message for _, message in wrong))
        ways = {too_many for too_many, _ in wrong}
        fix = None if len(ways) > 1 else self.text("fix_many" if True in ways else "fix_few")
        return Fault(text, owner=owner, severity=None if True in ways else Severity.INFO, fix=fix)
