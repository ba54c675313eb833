"""Many ids in little memory: a source of a hundred thousand issues must not be held in the process."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

FEW = 1000  # up to so many are put in one by one, more are merged at once
LONGEST = 18  # digits that surely fit in 64 bits


class IdSet:
    """A set of ids that only grows: eight bytes each where they are numbers, as text where they are not."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._numbers = array("q")
        self._others: set[str] = set()
        self.update(ids)

    def __len__(self) -> int:
        return len(self._numbers) + len(self._others)

    def __contains__(self, ref: object) -> bool:
        if not isinstance(ref, str):
            return False
        if not _plain(ref):
            return ref in self._others
        place = bisect_left(self._numbers, int(ref))
        return place < len(self._numbers) and self._numbers[place] == int(ref)

    def update(self, ids: Iterable[str]) -> None:
        """Adds ids; cheapest when they come in ascending order."""
        fresh = array("q")
        for ref in ids:
            if _plain(ref):
                fresh.append(int(ref))
            else:
                self._others.add(ref)
        if len(fresh) > FEW:
            self._merge(fresh)
            return
        for number in fresh:
            self._put(number)

    def _put(self, number: int) -> None:
        known = self._numbers
        if not known or number > known[-1]:
            known.append(number)
            return
        place = bisect_left(known, number)
        if known[place] != number:
            known.insert(place, number)

    def _merge(self, fresh: array[int]) -> None:
        self._numbers.extend(fresh)
        merged = array("q")
        last: int | None = None
        for number in sorted(self._numbers):
            if number != last:
                merged.append(number)
            last = number
        self._numbers = merged


def _plain(ref: str) -> bool:
    """Whether the number says all that the text does."""
    return ref.isascii() and ref.isdigit() and len(ref) <= LONGEST and (ref[0] != "0" or ref == "0")
