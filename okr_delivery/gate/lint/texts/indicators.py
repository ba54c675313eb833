"""Whether an objective is a number to reach."""

from __future__ import annotations

import re

from okr_delivery.gate.lint.texts import chinese as zh
from okr_delivery.gate.lint.texts import english as en
from okr_delivery.gate.lint.texts.clean import language, plain, squeeze, tokens
from okr_delivery.gate.lint.texts.dates import undated
from okr_delivery.gate.lint.texts.figures import has_figure, has_percent
from okr_delivery.gate.lint.texts.measures import EN_METRIC, ends_in_metric, names_metric

_QUANTITY = re.compile(
    r"^(?:reach|hit|achieve|get|sign|hire|onboard|acquire|close|gain|add|grow|increase|raise|cut|reduce|lower|double"
    r"|triple|halve|boost|improve|lift|decrease|attain|recruit|win|exceed|surpass|drive|push|generate|keep|maintain"
    r"|deliver|make|sell|open|attract|convert|retain|secure|shorten|drop|land|book|earn|save|collect"
    r"|bring (?:\w+ )?down)"
    r"(?:ing)?\b",
    re.I,
)
_BOUND = re.compile(
    r"^(?:[\w'-]+ ){1,5}(?:cost|costs|spend|price|value|time|days|hours|count|rate|tickets|defects|incidents|users"
    r"|customers|merchants|orders|sales|deals|installs|downloads|complaints|errors|views|ratings?|stars|followers"
    r"|subscribers|leads|visitors|sessions|patients|students|accounts|stores|bugs|points)\b.{0,24}"
    r"(?:below|above|under|over|less than|more than|at least|at most|within|down to|up to|to|of|by"
    r"|[≥≤<>:]) ?[$€£¥]?\d",
    re.I,
)
_PLAIN_EN = re.compile(
    r"^(?:increase|raise|grow|reduce|lower|cut|decrease|double|boost|lift|drive up|maximi[sz]e|minimi[sz]e)\s+"
    r"(?:our |the )?",
    re.I,
)
_PLAIN_ZH = re.compile(r"^(?:提升|提高|增加|降低|减少|缩短|扩大|拉升|做高|拉高|压降)(?:整体|我们的?|公司)?")
_LEVELS_ZH = re.compile(rf"{zh.MOVES}|[≥≤<>]")
_QUOTA_ZH = re.compile(r"(?:完成|实现|冲刺|拿下|做到).{0,8}\d.{0,6}(?:目标|任务|指标|业绩|销售|产值|合同|订单|收入)")
_RANK_ZH = re.compile(
    r"(?:(?:行业|全国|区域|全省|全市|市场)?(?:排名)?(?:第一|第二|第三|前三|前五|前十|top ?\d+|no\.? ?1|领先))$", re.I
)
_RANK_EN = re.compile(
    r"^(?:(?:be|become|reach|rank|get to) )?(?:the )?(?:number one|no\.? ?(?:1|one)|#1|first|largest"
    r"|top three|top five)"
    r"(?: (?:place|position|player|spot))? (?:in|by|for) ",
    re.I,
)
_HUNDRED = re.compile(r"100 ?%|百分之百|百分百")


def is_indicator(text: str) -> bool:
    """Whether a title is a number to reach: `把留存从38%提升到50%`, `DAU 1.5M`, `Increase DAU`.

    A number in a picture of the future (`One million shopkeepers run their business from a phone`) is none: nothing in
    it is measured or shall go up. A percentage always is, but for 100 % as a way of speaking.
    """
    title = plain(text)
    lang = language(title)
    rest = undated(squeeze(title) if lang == "zh" else title).replace("\0", "").strip(" ,")
    if not has_figure(rest):
        return _moves_alone(rest, lang) or _ranks(rest, lang)
    if has_percent(_HUNDRED.sub("", rest)) or names_metric(rest, lang):
        return True
    if _counted(rest, lang):
        return True
    if lang == "zh":
        return (_LEVELS_ZH.search(rest) or _QUOTA_ZH.search(rest)) is not None and not zh.CONSEQUENCE.search(rest)
    return _QUANTITY.search(rest) is not None or _BOUND.search(rest) is not None


def _counted(title: str, lang: str) -> bool:
    """A number of something and no sentence: `500 new merchants`, `二十家标杆客户`."""
    if lang == "zh":
        if len(title) > 16 or zh.SENTENCE.search(title):
            return False
        led = len(title) <= 12 and _LEADING_NUMBER.match(title) is not None
        return led or _ENDING_NUMBER.search(title) is not None
    found = tokens(title)
    if _PIECES_EN.match(title) or (_LEVEL_EN.match(title) and not en.FINITE & (set(found) - {"than"})):
        return True
    return len(found) <= 8 and not en.FINITE & (set(found) - {"than"}) and _LEADING_NUMBER.match(title) is not None


_LEADING_NUMBER = re.compile(
    r"(?:(?:less|fewer|more|no more) than |at (?:least|most) |over |under |below |above |up to |[≥≤<>~] ?)?"
    r"(?:[$€£¥]?\d|zero\b|(?<=than )(?:one|two|three|four|five|six|seven|eight|nine|ten)\b)"
    r"|[一二两三四五六七八九十百千万]+[个家位名次场起台人条单]",
    re.I,
)


_ENDING_NUMBER = re.compile(r"[^\d]{2,}\d[\d.,]*[百千万亿]*[^\d,]{0,2}$|^.{1,4}\d+[个家位名场门座].{1,8}$")
_LEVEL_EN = re.compile(
    r"(?:[\w'-]+ ){1,6}(?:above|below|over|under|at least|at most|(?:less|more|fewer) than|[≥≤<>]) ?[$€£¥]?\d", re.I
)
_PIECES_EN = re.compile(
    r"\w+ (?:at least |more than |over |another |up to )?\d[\d,.]*[km]?\+? "
    r"(?:(?!for|to|on|into|with|from|in|by)[\w'-]+ ?){1,4}$",
    re.I,
)


def _ranks(title: str, lang: str) -> bool:
    """A metric and the place that it is to take among others: `市场占有率第一`, `Number one in market share`."""
    rank = (_RANK_ZH.search if lang == "zh" else _RANK_EN.match)(title)
    if rank is None:
        return False
    metric = title[: rank.start()] if lang == "zh" else title[rank.end() :]
    return ends_in_metric(metric, lang) and not re.search(r"[,;]", metric)


def _moves_alone(title: str, lang: str) -> bool:
    """A metric that shall go up or down, and nothing else: `提高复购率`, `Increase DAU`."""
    lead = (_PLAIN_ZH if lang == "zh" else _PLAIN_EN).match(title)
    rest = title[lead.end() :].strip() if lead else ""
    if lang == "zh":
        return 0 < len(rest) <= 8 and names_metric(rest, "zh") and not re.search(r"[,和与及、]", rest)
    few = len(rest.split()) <= 4 and not re.search(r"\s(?:of|for|in|among|by)\s", rest)
    return bool(rest) and (EN_METRIC.fullmatch(rest) is not None or (few and ends_in_metric(rest, "en")))
