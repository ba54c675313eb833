"""Whether an objective only names a topic."""

from __future__ import annotations

import re

from okr_delivery.gate.lint.texts import chinese as zh
from okr_delivery.gate.lint.texts import english as en
from okr_delivery.gate.lint.texts.clean import language, plain, squeeze, tokens
from okr_delivery.gate.lint.texts.dates import undated
from okr_delivery.gate.lint.texts.figures import has_figure

_PREPOSITION = re.compile(r"\s(?:of|for|in|on|at|to|from|with|across|within|among|by|through|towards?)\s")
_QUALIFIED = re.compile(
    r"(?:more|less|fewer|better|no|zero|every|all|any|a|an|faster|easier|happy|effortless|painless)$"
)
# Words for the beat of work, and then the work: a sentence, however idle.
_DUTY_ZH = re.compile(
    rf"(?:照常|照旧|一如既往地?|定期|例行|准时|每(?:天|日|周|月|季度?|年)|按(?:时|期|月|周|季))+(?:{zh.DO}|{zh.ACTIVITY}|做|发|交|给|服务)."
)
_NOMINAL_ZH = re.compile(r"(?:发展|建设|拓展|创新|增长).{0,2}")
_RELEASE = re.compile(r"\s?\bv?\d+\.\d+(?:\.\d+)*$|(?<=[\u4e00-\u9fff])\d+\.\d+$", re.I)
SHORT_EN, LONG_EN = 3, 10  # words
SHORT_ZH, LONG_ZH = 6, 20  # characters; a Latin word is one


def is_bare(text: str) -> bool:
    """Whether a title only names a topic: `收入`, `DAU`, `Customer happiness`. Numbers make it something else."""
    title = plain(text)
    if not title or has_figure(title):
        return False
    title = _RELEASE.sub("", title) or title
    return _bare_zh(squeeze(title)) if language(title) == "zh" else _bare_en(title)


def _bare_en(title: str) -> bool:
    """No verb, and short or headed by an abstract noun: `Operational efficiency of the support centre`."""
    found = tokens(title)
    if not found or en.FINITE & set(found) or _commands(found):
        return False
    if _QUALIFIED.match(found[0]) or "without" in found or re.search(r"'(?:s|re|ll)$", found[0]):
        return False
    head = _PREPOSITION.split(title.lower(), maxsplit=1)[0]
    return len(found) <= SHORT_EN or (len(found) <= LONG_EN and en.ABSTRACT.search(head) is not None)


def _commands(found: list[str]) -> bool:
    """`Win their trust`, `Beat the competition`; a word in -ing that stands alone is a topic: `Hiring`."""
    verb = found[0] in en.VAGUE or found[0] in en.IMPERATIVE or en.adverb(found[0])
    return verb or (len(found) > 1 and found[1] in {"the", "our", "a", "an", "their", "every"})


def _bare_zh(title: str) -> bool:
    title = undated(title).replace("\0", "") or title
    if len(title) > LONG_ZH or zh.SENTENCE.search(title) or zh.SLOGAN.match(title):
        return False
    core = zh.ADVERB.sub("", title)
    if (re.match(rf"{zh.VAGUE}|{zh.LESS}", core) and not _NOMINAL_ZH.fullmatch(core)) or _working_zh(title):
        return False
    most = 4 if "," in title else SHORT_ZH
    return all(_topic_zh(part, most) for part in re.split(r"[、,/&+和与及的 ]|以及", title) if part)


def _working_zh(title: str) -> bool:
    """Whether it says that something is done or held as ever, which is no name of a topic."""
    return _DUTY_ZH.match(zh.ADVERB.sub("", title)) is not None or zh.HOLDING.match(title) is not None


def _topic_zh(part: str, most: int) -> bool:
    """A short noun, or one that ends in a word for a topic."""
    if re.match(zh.VERBAL, part):
        return False
    if re.search(rf"{zh.TOPIC}$", part, re.I):
        return True
    size = len(re.sub(r"[A-Za-z]+", "x", part))
    return size <= 4 or (size <= most and not (zh.LEADING_DO.match(part) or zh.TOLD.search(part)))
