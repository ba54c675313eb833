"""Whether a key result promises two metrics at once."""

from __future__ import annotations

import re

from okr_delivery.gate.lint.texts import chinese as zh
from okr_delivery.gate.lint.texts import english as en
from okr_delivery.gate.lint.texts.clean import Language, language, plain, squeeze, tokens, words
from okr_delivery.gate.lint.texts.dates import undated
from okr_delivery.gate.lint.texts.figures import has_figure
from okr_delivery.gate.lint.texts.listed import listed
from okr_delivery.gate.lint.texts.measures import EN_METRIC, ZH_METRIC, ends_in_metric, names_metric

_EN_JOINT = re.compile(
    r"\s*(?:;|(?<!\d),(?!\d{3}\b)|,(?=\s)|\s\+\s|\s/\s|\s&\s|,?\s\b(?:and|while|plus|as well as"
    r"|along with|together with|whilst|but also)\b)\s*",
    re.I,
)
_ZH_JOINT = re.compile(
    r"[;、+]|(?<![A-Za-z])&|&(?![A-Za-z])|,(?!\d{3}(?!\d))|(?<=[\d%])\s?/\s?|并且|而且|同时|以及|并(?!发|行|购|联)|且|及(?!时|其)"
    r"|和(?!谐|解)|与(?!会)"
)
_EN_MEANS = re.compile(
    r"^(?:raising|thereby|bringing|leading|resulting|which|so\b|by |of (?:which|them|those)|thus|lead(?:s|ing) to)",
    re.I,
)
_ZH_MEANS = re.compile(r"^(?:使(?!用)|让|从而|带来|实现|进而|以便|带动|致|推动|令|其中|即|相当于|助力|支撑|由此)")
_EN_SCOPE = re.compile(
    r"^(?:for|in|within|among|by|with|of|per|at|on|during|after|before|across|if|when|without|from"
    r"|measured|based|compared|versus|vs|up|down|including|incl|against|baseline|currently|today|now"
    r"|previously)\b(?!-)|^\d+ of (?:them|which|these)\b",
    re.I,
)
_ZH_SCOPE = re.compile(
    r"^(?:在|对|对于|针对|当|如果|其中|截至|经|按|每|于|无|不|环比|同比|较|比|目前|当前|现有|基线|基准"
    r"|去年|上季|上期|累计|共|合计|样本|抽样|涉及|约)"
)
_EN_GUARD = re.compile(
    r"^(?:keep(?:ing)?|hold(?:ing)?|maintain(?:ing)?|stay(?:ing)?|not |no |never|without|with)\b", re.I
)
_ZH_GUARD = re.compile(
    r"^(?:保持|维持|稳定在|不)|不(?:低于|高于|超过|少于|多于|大于|小于|下降|上升|降低|恶化|增加|减少"
    r"|变差)|(?:保持|维持|控制)在"
)
_EN_MOVER = re.compile(rf"\b(?:{en.CHANGE})\b|\bfrom\b.*\bto\b|→|\bto\b \S*\d", re.I)
_ZH_MOVER = re.compile(r"从|由|→|提升|提高|增长|降低|下降|缩短|达到|减少|升|降|增至|做到|突破")
# `from 1M in March, to 2M` is one way, `while raising …` a second metric and no result of the first.
_ONE_WAY = re.compile(r"(?<=[\w%]),(?=\s?(?:to\s|到|至))", re.I)
_MEANWHILE = re.compile(r"\b(?:while|whilst) (?=\w+ing\b)(?!keeping|holding|maintaining|staying)", re.I)
_EN_FILLER = words("""
    increase raise grow reduce cut lower improve boost lift double reach hit achieve get to from at by of the a an
    above below under over in on up down is are be reaches rises falls drops least most than more less fewer per
    about around least hold it them then until and our all with for stays days day hours hour weeks week months
    month minutes points year quarter end percent year-end that this again only pp pts points percentage within
    average
""")
_ZH_FILLER = re.compile(
    rf"{zh.MOVES}|保持|维持|稳定|不低于|不高于|不超过|以上|以下|以内|分别|均|都|约|大约|至少|最多|其中"
    rf"|并|再|进一步|个百分点|百分之|年底|月底|季度末|[从由自到至为的了在把将、,;:%≥≤<>=~.\s\d\0]"
    rf"|[一二两三四五六七八九十百千万亿半]|[个家位名次天周月年日分小时钟秒场份起元倍人成条]|(?<![订客])单|毫秒"
    rf"|[a-z]{{1,2}}(?![a-z])"
)


def has_two_metrics(text: str) -> bool:
    """Whether a title names two metrics: each with its number (`留存率提升到50%且NPS达到40`), or both by name.

    One metric on its way (`from 1M to 2M and hold it`), a ratio (`DAU/MAU`), segments that share a number, and work
    with the result it brings are one. So is a metric that moves and a second one that only must not suffer (`without
    raising the refund rate above 2 %`, `且退款率不高于2%`).
    """
    title = plain(text)
    lang = language(title)
    title = squeeze(re.sub(r" / ", ";", title)) if lang == "zh" else title
    return _named(title, lang) or listed(title, lang) or _measured(undated(title), lang)


_ZH_QUALIFIER = (
    r"(?:[一二三四五六七八九十\d]+\s?[日天周月]|次日|次月|首月|平均|整体|用户|客户|商户"
    r"|商家|员工|新客|老客|人均|付费){0,2}"
)


def _named(title: str, lang: Language) -> bool:
    """Two names of metrics joined by and/和, with at most one number behind them."""
    metric, joint = (
        (ZH_METRIC, rf"\s?(?:和|与|及|以及|、|并|且)\s?{_ZH_QUALIFIER}")
        if lang == "zh"
        else (EN_METRIC, r"\s(?:and|&|plus|as well as)\s(?:the |our |average |week-\d+ |overall |in )*")
    )
    if re.search(r"\bbetween\b|\bratio of\b|之比|之差|的比值|比例关系", title, re.I):
        return False
    ends = {found.end() for found in metric.finditer(title)}
    return any(found.start() in ends and metric.match(title, found.end()) for found in re.finditer(joint, title, re.I))


def _measured(title: str, lang: Language) -> bool:
    """Two clauses, each with its own subject and its own number."""
    clauses = _clauses(title, lang)
    counted = [clause for clause in clauses if _counts(clause, lang)]
    if len(counted) < 2:
        return False
    guard, mover = (_ZH_GUARD, _ZH_MOVER) if lang == "zh" else (_EN_GUARD, _EN_MOVER)
    first, *others = counted
    return any(not (guard.search(other) and mover.search(first)) for other in others)


def _clauses(title: str, lang: Language) -> list[str]:
    """The parts between joints, up to the first that tells what the others bring."""
    joint, means = (_ZH_JOINT, _ZH_MEANS) if lang == "zh" else (_EN_JOINT, _EN_MEANS)
    whole = _ONE_WAY.sub("", title)
    whole = _MEANWHILE.sub("; as ", whole)
    parts = [part.strip() for part in joint.split(whole)]
    stop = next((n for n, part in enumerate(parts) if means.match(part) and not _reached_too(parts[0], part)), None)
    return [part for part in (parts if stop is None else parts[stop:]) if part]


def _reached_too(first: str, part: str) -> bool:
    """`新签 30 家客户并实现回款 500 万`: behind a number that is no work, 实现 leads to a second one."""
    return part.startswith("实现") and has_figure(first) and zh.LEADING_DO.match(zh.ADVERB.sub("", first)) is None


_WITHIN = re.compile(
    r"\d+ ?(?:个)?(?:天|小时|分钟|日|周|月|秒|工作日)(?:之?内|以内)|\bwithin (?:the first )?\S+ \w+", re.I
)
_FREQUENCY = re.compile(
    r"\bto (?:hourly|daily|weekly|monthly|on demand)\b|每(?:天|日|周|月|小时)[一两多]?次"
    r"|从每.{1,8}[到至]每(?:天|日|周|月|小时)",
    re.I,
)


def _counts(clause: str, lang: Language) -> bool:
    scope = _ZH_SCOPE if lang == "zh" else _EN_SCOPE
    named = names_metric(clause, lang) or ends_in_metric(re.split(r"\d", clause)[0].strip(), lang)
    rest = clause if named else _WITHIN.sub(" ", clause)
    if (scope.match(clause) and not named) or not (has_figure(rest) or _FREQUENCY.search(rest)):
        return False
    if lang == "zh":
        return len(_ZH_FILLER.sub("", clause)) >= 2 or named
    return any(not re.search(r"\d", word) and word not in _EN_FILLER and len(word) > 1 for word in tokens(clause))
