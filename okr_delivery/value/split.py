"""A parent's amount over its requirement children: own amounts off first, the rest by estimate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from okr_delivery.model.contribution import Contribution
from okr_delivery.model.message import Message, msg
from okr_delivery.model.numbers import divided, less, tidy

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item


@dataclass(frozen=True, slots=True)
class Split:
    """A parent's amounts over its children: `own` what they state themselves by key result, `weights` estimates."""

    own: Mapping[str, float]
    weights: Mapping[str, float | None]
    silent: tuple[str, ...]
    linked: frozenset[str] = frozenset()

    @property
    def equal(self) -> bool:
        """Whether an estimate is missing, or all are zero, so that everyone gets the same."""
        known = [weight for weight in self.weights.values() if weight is not None and weight >= 0]
        return len(known) < len(self.weights) or not sum(known)

    def share(self, issue_id: str, whole: float) -> float:
        """This child's part of `whole`; nothing for one that was cancelled or gone by then. All parts add up to it."""
        if issue_id not in self.weights:
            return 0.0
        parts = divided(whole, [1.0 if self.equal else weight or 0.0 for weight in self.weights.values()])
        return dict(zip(self.weights, parts, strict=True))[issue_id]

    def part(self, child: Item, whole: Contribution) -> Contribution:
        """The child's part of the parent's contribution, after the amounts that children state themselves."""
        if whole.amount is None:
            return whole
        left = less(whole.amount, self.own.get(whole.kr, 0.0))
        left = left if left * whole.amount > 0 else 0.0
        factor = left / whole.amount if whole.amount else 0.0
        low, high = (
            None if bound is None else self.share(child.issue.id, tidy(bound * factor))
            for bound in (whole.low, whole.high)
        )
        return replace(whole, amount=self.share(child.issue.id, left), low=low, high=high)

    def note(self, parent: Item) -> Message:
        way = "value.links.split_equally" if self.equal else "value.links.split_by_estimate"
        return msg(way, parent=parent.key, n=len(self.silent))
