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
    r"[a-z]{2,}(?<![sui])s$|\b(?:traffic|spend|rework|scrap|inventory|overtime|waste|footfall|absenteeism|workload"
    r"|completion|engagement|awareness|efficiency|quality|productivity|loyalty|trust|participation|enrol?lment)$",
    re.I,
)
"""What can be counted or graded: a plural, an amount, a quality."""
_BOTH_EN = re.compile(r"^(.{3,50}?) and (.{3,50}?) (?:both|each)\b", re.I)
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
    r"[:;≥≤<>=→(\d]|从|由|到|至|以便|使(?!用)|让|以(?=支撑|提升|降低)|百分之|一半|[一两三四五六七八九]成|改善|优化|翻|突破"
    r"|提升|提高|上升|增长|增加|下降|降低|减少|缩短|压缩|控制在|达|保持|维持|稳定在|不低于|不高于|不超过|高于|低于|超过|收窄"
)
_PARTS_ZH = re.compile(r"以及|(?<!合)并|且|[、和,]|(?<!参)与|(?<!普)及")
_ALSO_ZH = re.compile(r"(?:产量|效率|效能|成绩|能耗|质量|客流|销量|产值|口碑|人效|单产|良品)$")
"""What grows or shrinks beside the metrics that have a name anywhere."""
_COMPARED_ZH = re.compile(r"(?:比例|比|占比|差距|差额|差异|缺口|间隔)$")
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
    both = _BOTH_EN.match(title)
    if both and all(map(_moves, both.groups())):
        return True
    move = _MOVE_EN.match(title)
    parts = _parts_en(title[move.end() :] if move else title)
    if len(parts) < 2 or (parts[0].lower() in _DESCRIBES and len(parts[1].split()) > 1) or not _measures(parts):
        return False
    return all(map(_moves, parts)) if move else all(map(_metric, parts)) and len(parts[0].split()) > 1


def _parts_en(phrase: str) -> list[str]:
    """What is listed up to the first preposition, verb or number."""
    head = _END_EN.split(f"{phrase} ", maxsplit=1)[0].strip()
    return [_ARTICLE_EN.sub("", part.strip()) for part in _PARTS_EN.split(head) if part.strip()]


def _moves(part: str) -> bool:
    return _metric(part) or _COUNTED_EN.search(part) is not None


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
    named = all(len(part) > 1 and (ends_in_metric(part, "zh") or _ALSO_ZH.search(part)) for part in parts)
    return len(parts) > 1 and named and (move is not None or not _one_zh(parts))


def _one_zh(parts: list[str]) -> bool:
    """Groups of people that share a metric, or two metrics held against each other."""
    return _COMPARED_ZH.search(parts[-1]) is not None or any(_GROUP_ZH.search(part) or "的" in part for part in parts)
