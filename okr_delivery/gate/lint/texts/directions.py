"""Whether an objective only says that something shall be better."""

from __future__ import annotations

import re

from okr_delivery.gate.lint.texts import chinese as zh
from okr_delivery.gate.lint.texts import english as en
from okr_delivery.gate.lint.texts.clean import language, plain, squeeze, tokens
from okr_delivery.gate.lint.texts.figures import has_figure
from okr_delivery.gate.lint.texts.measures import names_metric
from okr_delivery.gate.lint.texts.sentences import told

_WHY = re.compile(
    r"\bso (?:that|\w+ (?:that|\w+))|\bsuch that\b|\bbecause\b|\buntil\b|\bwithout\b|\bwho\b|\bwhose\b|\bwhere\b"
    r"|\bwhen\b|\bthan\b|\bas \w+ as\b|\bin order\b|, so\b|\binstead of\b|\bto the point\b|\bfrom .+ to\b"
    r"|\bhow (?!we\b|our\b|things\b|it\b)(?:[\w'-]+ ){1,4}\w+"
    r"|\b(?:shift|move|switch|transition|migration|journey|step)\b.* (?:to|from|towards?|onto)\b"
    r"|\bthat (?!is\b)\w+|\bnever\b|\bno one\b|\bnobody\b|\binto\b|\bas if\b"
    r"|\bto (?:let|help|enable|allow|give|make|keep)\b(?: \w+){3,}",
    re.I,
)
_NEXT = re.compile(
    r"\bto the next level\b|\braise the bar\b|\blevel up\b|\bto (?:a|the) (?:new|higher|whole new) level\b"
    r"|\bstep up\b|\bdo better\b|\bup our game\b|\bbe the best\b|\bwork (?:better|smarter)\b|^put \w+ first\b"
    r"|\b(?:customer|user|client)-(?:centric|focused|obsessed|first)\b|\bcreate (?:more |real )?value\b",
    re.I,
)
_MADE = re.compile(
    rf"^(?:make|keep|render|get|turn|have)\b(.+?)\b(?:much |even |a lot |far |truly |really )?"
    rf"({en.PRAISE}|\w+er|more \w+)((?: and|,).*)?(?: for .+)?$",
    re.I,
)
_PRAISED = re.compile(
    rf"^\w+\b (?:a |an |the |our |one of the |even |much |truly |and |operational |technical )*{en.PRAISE}\b",
    re.I,
)
_AT_WORK = re.compile(
    r"^(?:work(?:ing)? (?:on|towards?)|look(?:ing)? (?:into|after)|invest(?:ing)? in|tak(?:e|ing) care of"
    r"|car(?:e|ing) about|deal(?:ing)? with|address(?:ing)?|tackl(?:e|ing)|do(?:ing)? (?:more|something))\b",
    re.I,
)
_POSITION = re.compile(r"\b(?:choice|place|partner)\b", re.I)
_BETTER = re.compile(rf"(?:even )?{en.PRAISE}\b", re.I)
LONGEST = 14  # words; more of them say something particular
A_WORD_OR_TWO = 4


def is_vague(text: str) -> bool:
    """Whether a title says only that something shall be better: `让产品更好`, `升级`, `Improve onboarding`.

    A consequence (`so that a new merchant sells on the first day`, `让新商户当天就能开张`) or a number gives direction;
    so does a beneficiary that is more than `our users`.
    """
    title = plain(text)
    if not title or has_figure(title):
        return False
    return _vague_zh(squeeze(title)) if language(title) == "zh" else _vague_en(title)


def _vague_en(title: str) -> bool:
    found = tokens(title)
    while found and en.adverb(found[0]):
        found = found[1:]
    if not found or _WHY.search(title) or len(found) > LONGEST or _subject(found):
        return False
    verb, core = en.verb(found[0]), " ".join([en.verb(found[0]), *found[1:]])
    if _NEXT.search(core) or (_BETTER.match(core) and len(found) <= 6 and not en.FINITE & set(found)):
        return True
    if verb in en.LESS:
        return len(found) <= A_WORD_OR_TWO
    vague = verb in en.VAGUE or _AT_WORK.match(core) or (verb in en.MADE and _praised(core))
    return bool(vague) and not _whom(core)


def _praised(core: str) -> bool:
    """`make the product better`, `become more efficient`, `build a stronger team`."""
    return _MADE.match(core) is not None or (_PRAISED.match(core) is not None and not _POSITION.search(core))


def _subject(found: list[str]) -> bool:
    """Whether the first word is what the sentence is about: `Support becomes the reason customers renew`."""
    return found[0] in en.NOUNS_TOO and len(found) > 1 and (found[1] in en.FINITE or told(found))


def _whom(core: str) -> bool:
    """Whether a particular beneficiary is named: two words behind for, of, among that mean more than `our users`."""
    behind = (found[1] for found in re.finditer(r"\b(?:for|of|among) (.+?)(?= for | of | among |$)", core))
    return any(len([word for word in tokens(part) if word not in en.GENERIC]) >= 2 for part in behind)


def _vague_zh(title: str) -> bool:
    core = zh.ADVERB.sub("", title)
    if zh.SLOGAN.match(title) or zh.SLOGAN.match(core):
        return True
    better = zh.BETTER.match(core)
    if better:
        return _anything(better[1])
    if zh.CONSEQUENCE.search(core):
        return False
    if re.match(zh.LESS, core):
        return len(core) <= 8 and not names_metric(core, "zh")
    if re.match(zh.VAGUE, core):
        return len(core) <= 30 and not (zh.SEGMENT.search(core) and len(core) >= 14)
    return zh.CHANGED_TOPIC.search(core) is not None and len(core) <= 8


def _anything(who: str) -> bool:
    """A thing, or people in general: `让产品更好`. `让商户收款更简单` says whom and what."""
    return not re.search(zh.PEOPLE, who) or zh.GENERIC_WHO.match(who) is not None
