"""How alike two titles are, from 0 to 1."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher

from okr_delivery.gate.lint.texts.clean import language
from okr_delivery.gate.lint.texts.synonyms import digits, unified

_WORD = re.compile(r"[a-z]+|\d+(?:[.,]\d+)*|[^\W\d_]+")
_CJK = re.compile(r"[\u3400-\u9fff]")
_FILLERS = frozenset(
    {"a", "an", "the", "our", "we", "will", "to", "their", "its", "his", "her", "your", "because", "since"}
    | {"at", "of", "up", "down", "rate", "is", "are", "reach", "hit", "achieve", "attain"}
)
_PLURAL = re.compile(r"(?:(?<=ch)|(?<=sh)|(?<=ss))es$|(?<=[a-z]{3})s$")
_SAME_SIGNS = 0.9
"""Of two Chinese titles that hold the same signs in another order: 新签 15 所高校, 新签高校 15 所."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_AMOUNT = re.compile(rf"{_NUMBER.pattern}(?:\s?[百千万亿]*(?:[个家位名场条项倍件款篇城所天次元分]|小时|分钟)(?!位))?")


def likeness(one: str, other: str, *, numbers: bool = True) -> float:
    """Likeness of two titles: words in English, characters and pairs in Chinese; signs, case and articles do not count.

    Both the order and the stock of words are compared and the closer one counts, so a title with its halves swapped is
    still a copy. Without `numbers` two titles that differ in numbers alone are the same.
    """
    return max(_likeness(one, other, numbers, hyphen) for hyphen in ("", " "))


def _likeness(one: str, other: str, numbers: bool, hyphen: str) -> float:
    left, right = _units(one, numbers, hyphen), _units(other, numbers, hyphen)
    if not left or not right:
        return 0.0
    if left == right:
        return 1.0
    paired = max(_in_order(left, right), _shared(left, right))
    if not _CJK.search(one + other):
        return paired
    signs = [unit[0] for unit in left] + [left[-1][1:]], [unit[0] for unit in right] + [right[-1][1:]]
    single = max(_in_order(*signs), _shared(*signs))
    return max(paired, (paired + single) / 2 if single < 1 else _SAME_SIGNS)


def _in_order(left: list[str], right: list[str]) -> float:
    return SequenceMatcher(None, left, right, autojunk=False).ratio()


def same_numbers(one: str, other: str) -> bool:
    """Whether two titles hold the same numbers, in whatever order."""
    return _numbers(one) == _numbers(other)


def _numbers(text: str) -> Counter[str]:
    return Counter(_NUMBER.findall(digits(text)))


def _units(text: str, numbers: bool, hyphen: str) -> list[str]:
    one = unified(text).replace("-", hyphen)
    one = one if numbers else _AMOUNT.sub(" ", one)
    if language(one) == "en":
        return [_PLURAL.sub("", word) for word in _WORD.findall(one) if _PLURAL.sub("", word) not in _FILLERS]
    signs = re.sub(r"[\W_]+" if numbers else r"[\W_\d]+", "", one)
    return [signs[n : n + 2] for n in range(len(signs) - 1)] or [signs]


def _shared(left: list[str], right: list[str]) -> float:
    both = sum((Counter(left) & Counter(right)).values())
    return 2 * both / (len(left) + len(right))
