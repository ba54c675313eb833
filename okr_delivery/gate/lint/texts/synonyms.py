"""Titles with what means the same written in one way: 由 … 提高至 as 从 … 提升, `cut` as `reduce`, `five` as `5`."""

from __future__ import annotations

import re

from okr_delivery.gate.lint.texts.clean import language, plain, squeeze

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TENS = ("ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SPELT = (
    {word: str(number) for number, word in enumerate(_WORDS, 1)}
    | {word: str(10 * number) for number, word in enumerate(_TENS, 1)}
    | {"fifteen": "15", "hundred": "100"}
)
_DIGITS_ZH = dict(zip("一二三四五六七八九两", (1, 2, 3, 4, 5, 6, 7, 8, 9, 2), strict=True))
_ENGLISH = re.compile(rf"\b(?:{'|'.join(_SPELT)})\b")
_CHINESE = re.compile("(?<![十百千万第分之])[一二两三四五六七八九](?=[个家位名场条项倍件款篇城门所])")
_PERCENT = re.compile("百分之([一二三四五六七八九]?)(十?)([一二三四五六七八九]?)(?![百点])")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_PERIOD = re.compile(
    r" (?:in|by|during|within|over) (?:the |this )?(?:quarter|cycle|year)$|[本该]季度?|本周期|本年度?|\([^)]*\)$"
)
_SAME = {
    "en": (
        (re.compile(r"\b(?:cut|lower|decrease|bring down|shorten)(?=s?\b)"), "reduce"),
        (re.compile(r"\b(?:raise|grow|lift|boost)(?=s?\b)"), "increase"),
    ),
    "zh": (
        (re.compile("^(?:将|把|使(?!用))|[的地]"), ""),
        (re.compile("提高|增长|增加|上升|提至|升至|增至|提到|升到|增到"), "提升"),
        (re.compile("下降|减少|缩短|压缩|降至|减至|缩至|降到|减到"), "降低"),
        (re.compile(r"(?:达到|达成|做到|达|至|到|为)(?=\d)"), ""),
        (re.compile(r"^(提升|降低)([^\d]{2,16}?)(?=\d)"), r"\2\1"),
        (re.compile(r"由(?=.{0,12}(?:\d|提升|降低))"), "从"),
        (re.compile(r"升(?=\d)"), "提升"),
        (re.compile(r"降(?=\d)"), "降低"),
        (re.compile("提提升"), "提升"),
    ),
}


def digits(text: str) -> str:
    """A title in small letters with its numbers in digits: `five customers`, 五家客户, 百分之三十, `10,000`."""
    one = _PERCENT.sub(_percent, plain(text).lower())
    one = _CHINESE.sub(lambda found: str(_DIGITS_ZH[found[0]]), one)
    return _THOUSANDS.sub("", _ENGLISH.sub(lambda found: _SPELT[found[0]], one))


def _percent(found: re.Match[str]) -> str:
    tens, ten, ones = found.groups()
    if not ten:
        return f"{_DIGITS_ZH[tens]}%" if tens and not ones else found[0]
    return f"{10 * _DIGITS_ZH.get(tens, 1) + _DIGITS_ZH.get(ones, 0)}%"


def unified(text: str) -> str:
    """A title with its numbers in digits, without the cycle it is meant for, and with one verb for each way to move."""
    one = digits(text)
    lang = language(one)
    one = _PERIOD.sub("", one).strip() or one
    one = squeeze(one) if lang == "zh" else one
    for same, word in _SAME[lang]:
        one = same.sub(word, one)
    return one
