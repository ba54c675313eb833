"""What the two rules about claims share: each key result's claims held against what it still needs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

from okr_delivery.gate.planning import Planning
from okr_delivery.gate.rule import Fault, NotApplicable, Outcome, PlanRule
from okr_delivery.locale.numbers import hundredths
from okr_delivery.model.message import Message, msg
from okr_delivery.value.demand import Demand
from okr_delivery.value.quantity import quantity

if TYPE_CHECKING:
    from okr_delivery.config import Team
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.gate.advice import Advice

SHOWN = 5  # keys in a sentence


class ClaimRule(PlanRule):
    """Asked of each key result that the team works for, whichever team claims it."""

    @classmethod
    def reads_history(cls, team: Team, snapshot: Snapshot) -> bool:
        return True  # delivered work whose effect is still to be seen, and how earlier claims came true

    @staticmethod
    @abstractmethod
    def is_wrong(ratio: float) -> bool:
        """Whether claims of this part of the need are too few, or too many."""

    def check(self, planning: Planning, advice: Advice) -> Outcome:
        if planning.doubts:
            return NotApplicable(planning.doubts[0], missing=True)
        found = planning.demands
        known = [(one, one.ratio) for one in found if one.ratio is not None]
        if not known:
            return NotApplicable(msg("gate.claims.no_need" if found else "gate.claims.none"))
        return tuple(self._fault(planning, one, ratio) for one, ratio in known if self.is_wrong(ratio))

    def _fault(self, planning: Planning, one: Demand, ratio: float) -> Fault:
        kr = one.kr
        claimed, needed = quantity(one.claimed, kr), quantity(one.needed or 0.0, kr)
        numbers = {"kr": kr.id, "claimed": claimed, "needed": needed, "percent": hundredths(ratio)}
        first = self.text("message" if one.claimed else "nothing", **numbers)
        message = msg("gate.lines", lines=(first, *_remarks(one)))
        return Fault(message, kr=kr, about=planning.declared(kr), owner=kr.owner)


def _remarks(one: Demand) -> Iterator[Message]:
    """What the numbers rest on."""
    if one.requirements:
        every, keys = len(one.requirements), one.requirements[:SHOWN]
        name = "gate.claims.by_more" if every > SHOWN else "gate.claims.by"
        yield msg(name, keys=keys, n=every - len(keys))
    if one.calibration is not None:
        yield msg("gate.claims.calibrated", percent=hundredths(one.calibration))
    if one.unread:
        yield msg("gate.claims.unread", kr=one.kr.id)
