"""Chance that is the same on every machine: only `random()` of a seeded generator is promised to be stable."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws from one seed."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed).random  # noqa: S311  # a synthetic world, no secret

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self._draw() * (high - low + 1))

    def between(self, low: float, high: float) -> float:
        return low + self._draw() * (high - low)

    def chance(self, share: float) -> bool:
        return self._draw() < share

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self._draw() * len(choices))]
