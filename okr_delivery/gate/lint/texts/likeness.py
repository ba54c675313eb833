"""How alike two titles are, from 0 to 1."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher

from okr_delivery.gate.lint.texts.clean import language, plain, squeeze

_WORD = re.compile(r"[a-z]+|\d+(?:[.,]\d+)*|[^\W\d_]+")
_CJK = re.compile(r"[\u3400-\u9fff]")
_FILLERS = frozenset(
    {"a", "an", "the", "our", "we", "will", "to", "their", "its", "his", "her", "your", "because", "since"}
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def likeness(one: str, other: str, *, numbers: bool = True) -> float:
    """Likeness of two titles: words in English, characters and pairs in Chinese; signs, case and articles do not count.

    Both the order and the stock of words are compared and the closer one counts, so a title with its halves swapped is
    still a copy. Without `numbers` two titles that differ in numbers alone are the same.
    """
    left, right = _units(one, numbers), _units(other, numbers)
    if not left or not right:
        return 0.0
    if left == right:
        return 1.0
    paired = max(_in_order(left, right), _shared(left, right))
    single = _in_order([unit[0] for unit in left], [unit[0] for unit in right]) if _CJK.search(one + other) else paired
    return max(paired, (paired + single) / 2)


def _in_order(left: list[str], right: list[str]) -> float:
    return SequenceMatcher(None, left, right, autojunk=False).ratio()


def same_numbers(one: str, other: str) -> bool:
    """Whether two titles hold the same numbers, in whatever order."""
    return Counter(_NUMBER.findall(plain(one))) == Counter(_NUMBER.findall(plain(other)))


def _units(text: str, numbers: bool) -> list[str]:
    plain_text = plain(text).lower().replace("-", "")
    plain_text = re.sub(r"\([^)]*\)$", "", plain_text).strip() or plain_text
    if not numbers:
        plain_text = _NUMBER.sub(" ", plain_text)
    if language(plain_text) == "en":
        return [re.sub(r"(?<=[a-z]{3})s$", "", word) for word in _WORD.findall(plain_text) if word not in _FILLERS]
    signs = re.sub(r"[\W_]+", "", squeeze(plain_text)) if numbers else re.sub(r"[\W_\d]+", "", squeeze(plain_text))
    return [signs[n : n + 2] for n in range(len(signs) - 1)] or [signs]


def _shared(left: list[str], right: list[str]) -> float:
    both = sum((Counter(left) & Counter(right)).values())
    return 2 * both / (len(left) + len(right))
