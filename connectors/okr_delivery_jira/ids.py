"""Ids in numeric order, eight bytes each: a first sync knows a hundred thousand of them before it reads the first."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from okr_delivery_jira.text import by_number

LONGEST = 18  # digits that surely fit in 64 bits


class Ids(Sequence[str]):
    """Each id once. What is not written as a number is kept as text, behind the numbers."""

    def __init__(self, ids: Iterable[str]) -> None:
        numbers, others = array("q"), set()
        last, ordered = -1, True
        for text in ids:
            if not (text.isascii() and text.isdigit() and len(text) <= LONGEST and str(int(text)) == text):
                others.add(text)
                continue
            number = int(text)
            ordered = ordered and number > last
            last = number
            numbers.append(number)
        self._numbers = numbers if ordered else array("q", sorted(set(numbers)))
        self._others = sorted(others, key=by_number)

    def __len__(self) -> int:
        return len(self._numbers) + len(self._others)

    def __iter__(self) -> Iterator[str]:
        yield from map(str, self._numbers)
        yield from self._others

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if not self._others:
            found = self._numbers[place]
            return str(found) if isinstance(found, int) else [str(number) for number in found]
        return list(self)[place]
