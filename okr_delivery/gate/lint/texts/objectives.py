"""What is missing in the title of an objective: a sentence, a direction, or anything but a number."""

from __future__ import annotations

import re

from okr_delivery.gate.lint.texts import chinese as zh
from okr_delivery.gate.lint.texts import english as en
from okr_delivery.gate.lint.texts.clean import language, plain, squeeze, tokens
from okr_delivery.gate.lint.texts.dates import undated
from okr_delivery.gate.lint.texts.figures import has_figure, has_percent
from okr_delivery.gate.lint.texts.measures import EN_METRIC, names_metric

_PREPOSITION = re.compile(r"\s(?:of|for|in|on|at|to|from|with|across|within|among|by|through|towards?)\s")
_EN_QUANTITY = re.compile(
    r"^(?:reach|hit|achieve|get|sign|hire|onboard|acquire|close|gain|add|grow|increase|raise|cut"
    r"|reduce|lower|double|triple|halve|boost|improve|lift|decrease|attain|recruit|win|exceed|surpass"
    r"|drive|push|generate|keep|maintain|deliver|make|sell|open|attract|convert|retain|secure|shorten"
    r"|drop|bring (?:\w+ )?down)\b",
    re.I,
)
_EN_BOUND = re.compile(
    r"^(?:[\w'-]+ ){1,5}(?:cost|costs|spend|price|value|time|days|hours|count|rate|tickets|defects|incidents)\b.{0,24}"
    r"(?:below|above|under|over|less than|more than|at least|at most|within|down to|up to|to|of|[≥≤<>]) ?[$€£¥]?\d",
    re.I,
)
_EN_PLAIN_QUANTITY = re.compile(
    r"^(?:increase|raise|grow|reduce|lower|cut|decrease|double|boost|lift|drive up|maximi[sz]e"
    r"|minimi[sz]e)\s+(?:our |the )?",
    re.I,
)
_ZH_PLAIN_QUANTITY = re.compile(r"^(?:提升|提高|增加|降低|减少|缩短|扩大|拉升|做高|拉高|压降)(?:整体|我们的?|公司)?")
_HUNDRED = re.compile(r"100 ?%|百分之百|百分百")


def is_bare(text: str) -> bool:
    """Whether a title only names a topic: `收入`, `DAU`, `Customer happiness`. Numbers make it something else."""
    title = plain(text)
    if not title or has_figure(title):
        return False
    return _bare_zh(squeeze(title)) if language(title) == "zh" else _bare_en(title)


def _bare_en(title: str) -> bool:
    found = tokens(title)
    if (
        not found
        or en.FINITE & set(found)
        or any(re.search(r"'(?:s|re|ll|t)$", t) and t != found[-1] for t in found[:1])
    ):
        return False
    alone = len(found) == 1 or re.search(r"ing$", found[0])
    if (found[0] in en.VAGUE or found[0] in en.IMPERATIVE) and not (alone and found[0].endswith("ing")):
        return found[0] in {"develop", "design"} and False
    if (
        re.match(r"(?:more|less|fewer|better|no|zero|every|all|any|a|an|faster|easier|happy|effortless)$", found[0])
        or "without" in found
    ):
        return False
    head = _PREPOSITION.split(title.lower(), maxsplit=1)[0]
    return len(found) <= 3 or (len(found) <= 10 and en.ABSTRACT.search(head) is not None)


def _bare_zh(title: str) -> bool:
    if zh.SENTENCE.search(title) or zh.SLOGAN.match(title):
        return False
    if re.match(zh.VAGUE, title) and not re.fullmatch(r"(?:发展|建设|拓展|创新|增长).{0,2}", title):
        return False
    parts = [p for p in re.split(r"[、,/&+和与及的 ]|以及", title) if p]
    return all(_topic_zh(part) for part in parts) if len(title) <= 20 else False


def _topic_zh(part: str) -> bool:
    """A short noun, or one that ends in a word for a topic."""
    return len(part) <= 4 or re.search(rf"{zh.TOPIC}$", part, re.I) is not None


def is_vague(text: str) -> bool:
    """Whether a title says only that something shall be better: `让产品更好`, `升级`, `Improve onboarding`.

    A consequence (`so that a new merchant sells on the first day`, `让新商户当天就能开张`) or a number gives direction;
    so does a beneficiary that is more than `our users`.
    """
    title = plain(text)
    if not title or has_figure(title):
        return False
    return _vague_zh(squeeze(title)) if language(title) == "zh" else _vague_en(title)


_EN_WHY = re.compile(
    r"\bso (?:that|\w+ (?:that|\w+))|\bsuch that\b|\bbecause\b|\buntil\b|\bwithout\b|\bwho\b|\bwhose\b"
    r"|\bwhere\b|\bwhen\b|\bthan\b|\bas \w+ as\b|\bin order\b|, so\b|\binstead of\b|\bto the point\b"
    r"|\bfrom .+ to\b|\bthat (?!is\b)\w+|\bnever\b|\bno one\b|\bnobody\b"
    r"|\bto (?:let|help|enable|allow|give|make|keep)\b(?: \w+){3,}",
    re.I,
)
_EN_ADVERB = re.compile(
    r"^(?:(?:further|continuously|constantly|significantly|substantially|greatly|dramatically"
    r"|continue(?: to|d)?|continually|keep|to|we will|we|steadily|massively|radically|strongly"
    r"|actively|always|just) )+",
    re.I,
)
_EN_NEXT = re.compile(
    r"\bto the next level\b|\braise the bar\b|\blevel up\b|\bto (?:a|the) (?:new|higher"
    r"|whole new) level\b|\bstep up\b|\bdo better\b|\bup our game\b|\bbe the best\b",
    re.I,
)
_EN_MADE = re.compile(
    rf"^(?:make|keep|render|get|turn|have)\b(.+?)\b(?:much |even |a lot |far |truly "
    rf"|really )?({en.PRAISE}|\w+er|more \w+)((?: and|,).*)?(?: for .+)?$",
    re.I,
)
_EN_PRAISED = re.compile(rf"^(\w+)\b (?:a |an |the |our |one of the |even |much |truly |and )*{en.PRAISE}\b", re.I)


def _vague_en(title: str) -> bool:
    core = _EN_ADVERB.sub("", title)
    found = tokens(core)
    if not found or _EN_WHY.search(core) or len(found) > 14 or _subject_en(found):
        return False
    verb = en_base(found[0])
    if verb in en.VAGUE:
        return not _whom_en(core)
    if _EN_NEXT.search(core) or (
        re.match(rf"(?:even )?{en.PRAISE}\b", core, re.I) and len(found) <= 6 and not en.FINITE & set(found)
    ):
        return True
    return verb in en.MADE and _praised_en(core) and not _whom_en(core)


def _subject_en(found: list[str]) -> bool:
    """Whether the first word is what the sentence is about: `Support becomes the reason customers renew`."""
    return found[0] in en.NOUNS_TOO and len(found) > 1 and found[1] in en.FINITE


def _praised_en(core: str) -> bool:
    """`Make the product better`, `Become more efficient`, `Build a stronger team`."""
    made = _EN_MADE.match(core)
    if made:
        return True
    praised = _EN_PRAISED.match(core)
    return praised is not None and not re.search(r"\b(?:choice|place|partner)\b", core, re.I)


def en_base(token: str) -> str:
    """The verb of an -ing form that begins a title; any other word as it is."""
    if token.endswith("ing"):
        for base in (token[:-3], token[:-3] + "e", token[:-4]):
            if base in en.VAGUE or base in en.MADE:
                return base
    return token


def _whom_en(core: str) -> bool:
    """Whether a particular beneficiary is named: two words behind for, of, among that mean more than `our users`."""
    for found in re.finditer(r"\b(?:for|of|among)\s+([^,;]+)", core.lower()):
        if len([word for word in tokens(found[1]) if word not in en.GENERIC]) >= 2:
            return True
    return False


def _vague_zh(title: str) -> bool:
    core = zh.ADVERB.sub("", title)
    if zh.SLOGAN.match(title) or zh.SLOGAN.match(core):
        return True
    better = zh.BETTER.match(core)
    if better:
        return _any_better_zh(better)
    if zh.CONSEQUENCE.search(core):
        return False
    if re.match(zh.VAGUE, core):
        return not (zh.SEGMENT.search(core) and len(core) >= 14) and len(core) <= 30
    return zh.CHANGED_TOPIC.search(core) is not None and len(core) <= 8


def _any_better_zh(found: re.Match[str]) -> bool:
    """`让产品更好`: about a thing, or about people in general. `让商户收款更简单` says whom and what."""
    who = found[1]
    return not re.search(zh.PEOPLE, who) or zh.GENERIC_WHO.match(who) is not None


def is_indicator(text: str) -> bool:
    """Whether a title is a number to reach: `把留存从38%提升到50%`, `DAU 1.5M`, `Increase DAU`.

    A number in a picture of the future (`One million shopkeepers run their business from a phone`) is none: nothing in
    it is measured or shall go up. A percentage always is, but for 100 % as a way of speaking.
    """
    title = plain(text)
    lang = language(title)
    rest = squeeze(title) if lang == "zh" else title
    if not has_figure(rest):
        return _plain_quantity(undated(rest), lang)
    if has_percent(_HUNDRED.sub("", rest)) or names_metric(rest, lang):
        return True
    if lang == "zh":
        return _quantity_zh(rest)
    return _EN_QUANTITY.search(rest) is not None or _EN_BOUND.search(rest) is not None


def _quantity_zh(title: str) -> bool:
    found = re.search(rf"{zh.MOVES}|[≥≤<>]", title)
    return found is not None and not zh.CONSEQUENCE.search(title)


def _plain_quantity(title: str, lang: str) -> bool:
    """A metric that shall go up or down, and nothing else: `提高复购率`, `Increase DAU`."""
    pattern = _ZH_PLAIN_QUANTITY if lang == "zh" else _EN_PLAIN_QUANTITY
    lead = pattern.match(title)
    rest = title[lead.end() :].strip() if lead else ""
    if not rest:
        return False
    if lang == "zh":
        return len(rest) <= 8 and names_metric(rest, "zh") and not re.search(r"[,和与及、]", rest)
    return EN_METRIC.fullmatch(rest) is not None
