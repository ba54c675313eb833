"""The numbers of a title. A number that is part of a name (`ISO 27001`, `B2B`, `收银 2.0`) is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from okr_delivery.gate.lint.texts.clean import either
from okr_delivery.gate.lint.texts.dates import undated

_CN = "一二两三四五六七八九十百千万亿零〇"
_UNIT = r"(?:%|‰|°|[kKMmBb]n?\b|ms\b|s\b|h\b|hrs?\b|d\b|w\b|x\b|X\b|pp\b|pts?\b|min\b|TB\b|GB\b|MB\b|倍|[万亿千百])"
_NAMED = (
    r"(?:\b(?:v|ver|version|iso|soc|pci|iec|gb/?t|tisax|postgresql|mysql|ios|android|python|java"
    r"|windows|phase|stage|level|tier|grade|series|wave|gen|release|chapter|room|option|team"
    r"|region)[ .-]?|第|二\s?次|[A-Za-z])$"
)
_NUMBER = re.compile(rf"(?:[$€£¥]\s?)?\d+(?:,\d{{3}})*(?:\.\d+)?(?:\s?{_UNIT})?", re.I)
_MEASURES = either(
    """
    个 家 位 名 次 天 周 小时 分钟 秒 场 份 起 台 人 成 倍 条 单 座 省 轮 篇 款 门 元 件 套 项 只 辆 例 户 所 类 年
    种 支 季 分 折 笔 毫秒 工作日 城
"""
)
_CHINESE = re.compile(
    rf"百分之[{_CN}点]+|[{_CN}]+分之[{_CN}]+|[二两三四五六七八九]成[{_CN}半]?"
    rf"|(?<![第十])[{_CN}]*[二两三四五六七八九十百千][{_CN}]*(?:多)?(?={_MEASURES})(?!次元)"
    rf"|[{_CN}]+[百千万亿](?!一)|(?<=[破过超])[百千万亿](?=$|[,;、且并,人家])|翻(?:一|两|了|几)?(?:番|倍)|减半|(?:下降|降低|减少|增长|提高|缩短|至"
    rf"|到|过)?(?:一半|一倍)|过半|双倍|(?<![A-Za-z])零(?=事故|故障|投诉|缺陷|宕机|差错|丢失|资损|泄露)"
)
_ENGLISH = re.compile(
    r"\b(?:(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty"
    r"|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion"
    r"|dozen)\b(?!-)(?:[ -](?:hundred|thousand|million|billion|dozen|percent))?"
    r"|(?:one|two|three)[ -](?:third|quarter|half|fifth)s?\b|(?<=by )a (?:third|quarter|fifth)\b"
    r"|a (?:third|quarter|fifth) (?=of )|halves?\b|halved\b|halving\b|half\b|doubl(?:e"
    r"|es|ed|ing)\b|tripl(?:e|es|ed|ing)\b|quadrupl(?:e|es)\b|twice\b|threefold\b|twofold\b|tenfold\b"
    r"|one (?=(?:second|minute|hour|day|week|month) or less)"
    r"|zero\b(?!-| (?:trust|day|sum|waste|touch|based|click))|one (?:hundred|thousand|million|billion|percent)\b)",
    re.I,
)
_NAMES = re.compile(
    r"\b24\s?[/x×*]\s?7\b|\b7\s?[/x×*]\s?24\b|双11|双12|\b618\b|\b1[:-]1\b|\b(?:19|20)\d\d\b(?=\s*年)"
    r"|[A-Za-z]/[A-Za-z]|\b[A-Za-z]/\d",
    re.I,
)
_VERSION = re.compile(r"\d\.\d(?:\.\d+)?")
_TARGETED = re.compile(
    r"(?:\b(?:to|from|of|at|above|below|under|over|than|score|rating|by|least|most|is|reach(?:es)?"
    r"|hits?)|[到至从由为于过≥≤<>=~+→/-]|[0-9%分] ?)\s*$",
    re.I,
)
PERCENT = re.compile(r"\d\s?%|\bper ?cent\b|百分之|个百分点|个点|\dpp\b|[二两三四五六七八九]成", re.I)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a text and where it stands."""

    start: int
    end: int
    text: str


def figures(text: str) -> tuple[Figure, ...]:
    """The numbers that say how much, in order: neither dates nor numbers inside names."""
    bare = _NAMES.sub(lambda found: "\0" * len(found[0]), undated(text))
    found = [m for m in _NUMBER.finditer(bare) if _counts(bare, m)]
    taken = [*found, *_ENGLISH.finditer(bare), *_CHINESE.finditer(bare)]
    return tuple(Figure(m.start(), m.end(), m[0]) for m in sorted(taken, key=lambda m: m.start()) if m[0].strip())


def _counts(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()], text[found.end() : found.end() + 3]
    number = found[0].strip()
    if number[0] in "$€£¥" or number[-1] in "%‰倍万亿":
        return True
    if re.search(_NAMED, before, re.I) or re.match(r"[A-Za-z]", after):
        return False
    if re.match(r"\s?(?:[代期版]|级(?!别)|G\b)", after) or re.match(r"-(?:step|factor|click|tier|day|way)", after):
        return False
    return not (_VERSION.fullmatch(number) and _release(before, after))


def _release(before: str, after: str) -> bool:
    """Whether a number such as 2.0 names a release: behind a name, not behind a word that leads to a target."""
    plain_after = not re.match(r"\s?(?:分|个|天|小时|秒|s\b|h\b|d\b|ms|or|points|days|hours|stars|星|元|亿|/)", after)
    return bool(before.strip()) and plain_after and not _TARGETED.search(before)


def has_figure(text: str) -> bool:
    return bool(figures(text))


def has_percent(text: str) -> bool:
    return PERCENT.search(text) is not None
