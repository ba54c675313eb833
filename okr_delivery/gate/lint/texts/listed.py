"""Whether a title moves several metrics at once that it lists by name: `reduce ticket volume and resolution time`."""

from __future__ import annotations

import re

from okr_delivery.gate.lint.texts import chinese as zh
from okr_delivery.gate.lint.texts.clean import Language, words
from okr_delivery.gate.lint.texts.measures import ends_in_metric, metrics, names_metric

_MOVE_EN = re.compile(
    r"^(?:(?:we(?: will|'ll)?|to|significantly|substantially|further) )*"
    r"(?:increase|raise|grow|reduce|lower|cut|decrease|improve|boost|lift|double|halve|triple|shorten|bring down"
    r"|drive up|push)"
    r"(?: (?:the|our|both|all|overall|average|monthly|weekly|daily))* ",
    re.I,
)
_END_EN = re.compile(
    r"[:;≥≤<>=→(]|\s->|\s[$€£¥]?\d|\s(?:of|from|to|by|in|for|on|at|per|with|within|among|across|between|versus|vs|both|each"
    r"|up|down|above|below|under|over|rises?|falls?|drops?|grows?|improves?|increases?|decreases?|is|are|stays?|so|that"
    r"|until|while|without|reach(?:es)?|doubles?|halves?|who|which|after|before|during|through|via)\b",
    re.I,
)
_PARTS_EN = re.compile(r",? and |, |\s&\s|\splus\s|\sas well as\s", re.I)
_ARTICLE_EN = re.compile(r"^(?:the|our|their|average|overall|median|monthly|weekly|daily)\s", re.I)
_COUNTED_EN = re.compile(
    r"[a-z]{2,}(?<![sui])s$|\b(?:traffic|spend|rework|scrap|inventory|overtime|waste|footfall|absenteeism|workload)$",
    re.I,
)
"""What can be counted: a plural, or an amount of something."""
_DESCRIBES = words("""
    sales claims returns operations accounts goods savings parts order orders time test price quality usage capacity
    speed value volume size income
""")
"""What stands before a metric to describe it as often as it is one: `sales and delivery cost`."""

_MOVE_ZH = re.compile(
    rf"^(?:{zh.ADVERB.pattern[1:]})?(?:将|把|使)?"
    r"(?:提升|提高|增加|增长|扩大|降低|减少|缩短|压缩|压降|削减|改善|拉升|做高)(?:整体|平均|我们的?|公司的?)?"
)
_END_ZH = re.compile(
    rf"[:;≥≤<>=→(\d]|从|由|到|以便|使(?!用)|让|以(?=支撑|提升|降低)|百分之|一半|[一两三四五六七八九]成|{zh.MOVES}|改善|优化"
)
_PARTS_ZH = re.compile(r"以及|并|且|[、和与及,]")
_EACH_ZH = re.compile(r"^(?:平均|整体|各)|(?:均|都|双双|各|分别)$")
_GROUP_ZH = re.compile(r"(?:用户|客户|人|户|店)$")
_SHARED_ZH = re.compile(r"核算|数据|报表|统计|预测|管理|分析|之比|之和|之差|合计|总和|总数")


def listed(title: str, lang: Language) -> bool:
    """Whether names of metrics are listed as what moves together, in front of any number.

    Behind a verb that moves them countable things count as well (`increase traffic, leads and conversion`); at least
    one part has to be measured rather than counted, since `bugs and incidents` are one heap. A word that only
    describes the metric behind it (`build and test time`) is none.
    """
    return _listed_zh(title) if lang == "zh" else _listed_en(title)


def _listed_en(title: str) -> bool:
    move = _MOVE_EN.match(title)
    rest = title[move.end() :] if move else title
    phrase = _END_EN.split(f"{rest} ", maxsplit=1)[0].strip()
    parts = [_ARTICLE_EN.sub("", part.strip()) for part in _PARTS_EN.split(phrase) if part.strip()]
    if len(parts) < 2 or (parts[0].lower() in _DESCRIBES and len(parts[1].split()) > 1):
        return False
    if not move:
        return all(map(_metric, parts)) and _measures(parts) and len(parts[0].split()) > 1
    return all(_metric(part) or _COUNTED_EN.search(part) for part in parts) and _measures(parts)


def _metric(part: str) -> bool:
    return ends_in_metric(part, "en") or any(found.end() == len(part) for found in metrics(part, "en"))


def _measures(parts: list[str]) -> bool:
    return any(names_metric(part, "en") or _MEASURE_EN.search(part) for part in parts)


_MEASURE_EN = re.compile(
    r"\b(?:rates?|ratio|share|score|index|times?|duration|latency|frequency|volume|costs?|spend|price|value|coverage"
    r"|accuracy|speed|hours|minutes|days|turnaround|size|length|density|yield|satisfaction|revenue|margin)$",
    re.I,
)


def _listed_zh(title: str) -> bool:
    move = _MOVE_ZH.match(title)
    if _SHARED_ZH.search(title):
        return False
    phrase = _END_ZH.split(title[move.end() if move else 0 :], maxsplit=1)[0]
    parts = [_EACH_ZH.sub("", part.strip()) for part in _PARTS_ZH.split(phrase) if part.strip()]
    named = all(len(part) > 1 and ends_in_metric(part, "zh") for part in parts)
    return (
        len(parts) > 1
        and named
        and (move is not None or not any(_GROUP_ZH.search(part) or "的" in part for part in parts))
    )
