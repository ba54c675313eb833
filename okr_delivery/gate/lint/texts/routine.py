"""Whether a title promises what happens anyway: `持续举办`, `保持收入水平`, `keep doing`."""

from __future__ import annotations

import re

from okr_delivery.gate.lint.texts import chinese as zh
from okr_delivery.gate.lint.texts import english as en
from okr_delivery.gate.lint.texts.clean import language, plain, squeeze, tokens
from okr_delivery.gate.lint.texts.dates import DATE
from okr_delivery.gate.lint.texts.figures import figures, has_figure, has_percent
from okr_delivery.gate.lint.texts.measures import ends_in_metric
from okr_delivery.gate.lint.texts.sentences import goes_on
from okr_delivery.gate.lint.texts.tasks import result

_EN_STAY = re.compile(
    r"\b(?:so that|because|even (?:when|if|on|as)|no longer|never|without|until|instead of|while|although)\b"
    r"|\breasons? to\b|^keep(?:ing)? (?:our|the|every|a|its) (?:promises?|word)\b"
    r"|^(?:continue|keep)\w* (?:to )?(?:surpris|delight|inspir|amaz|wow|win)"
    r"|\bfor (?:a lifetime|life|generations)\b"
    rf"|^keep (?:[\w'-]+ ){{0,2}}?{en.SERVED} (?:out of|away from|off) (?!trouble\b|the loop\b)",
    re.I,
)


_OFTEN = re.compile(
    r"\b[\w-]+ (?:times|days|hours) (?:a|per|every) (?:day|week|month|year)\b"
    r"|每(?:天|日|周|月|年)[^,;]{0,4}?[\d一二两三四五六七八九十]+(?:次|天|小时|场|期)",
    re.I,
)
"""How often something is done, which bounds nothing: `open six days a week`."""
_DOING = re.compile(r"^\w+ly \w+ing(?: (?:of|for|with)\b|$)|^daily \w+ing(?: (?:of|for|with)\b|$)", re.I)
DUTY_EN = range(2, 5)
"""Words of a duty that needs no beat to be one: `Answer customer calls`."""


def is_routine(text: str, bounded: bool) -> bool:
    """Whether a title is business as usual. A state that is held within a bound is legal.

    `bounded` says that the metric gives the bound (`可用性维持不变` at least 99.95 %); without it the title must. A
    rhythm of work (`hold weekly meetings`, `每月输出简报`) stays routine however often it is counted, unless it tells a
    result.
    """
    title = plain(text)
    if language(title) == "zh":
        return _routine_zh(squeeze(title), bounded)
    return _routine_en(title, bounded)


def _routine_en(title: str, bounded: bool) -> bool:
    if _EN_STAY.search(title) or result(title) or _explained_en(title):
        return False
    if en.HOLD.match(title):
        return not (bounded or has_figure(_OFTEN.sub("", title)))
    found = tokens(title)
    steady = en.STEADY.match(title)
    if steady:
        return _verbal_en(steady[0]) or _topic_en(title, found)
    if not found or found[0] not in en.ROUTINES or found[1:2] == ["of"]:
        return False
    return _rhythmic_en(title) or (len(found) in DUTY_EN and found[0] in en.DUTIES and not has_figure(title))


def _explained_en(title: str) -> bool:
    """Whether a sentence about those served stands behind a colon: `Continue the momentum: merchants open …`."""
    behind = tokens(title.partition(":")[2])
    return len(behind) > 1 and not (en.RHYTHM.search(title) or en.OWN & set(behind[:3])) and goes_on(behind)


def _topic_en(title: str, found: list[str]) -> bool:
    """
    `Ongoing maintenance`, `Weekly meetings`; neither a sentence nor the name of a metric: `weekly active sellers`.
    """
    if en.FINITE & set(found[1:]) or has_figure(title) or ends_in_metric(title, "en"):
        return False
    return en.BEAT.match(title) is None or en.ACTIVITY.search(title) is not None or _DOING.match(title) is not None


def _verbal_en(lead: str) -> bool:
    return re.match(r"(?:keep|continu|carry|stick|maintain|sustain|proceed|regularly)", lead, re.I) is not None


_SERVICE = re.compile(r"\bat least\b|\b(?:within|under|below|in less than|no more than) (?:\w+ )?\d", re.I)


def _rhythmic_en(title: str) -> bool:
    """Whether the work has a beat. A bound makes a promise of it: `answer every request within 2 hours`."""
    return en.RHYTHM.search(title) is not None and not _SERVICE.search(title)


def _routine_zh(title: str, bounded: bool) -> bool:
    core = title
    led = DATE.match(core)
    core = core[led.end() :].lstrip(",、 前内") if led else core
    if _told_zh(core) or zh.DOER.match(core) or zh.DESCRIBED.match(core):
        return False
    if zh.HOLD.match(core) or (zh.ENSURE.match(core) and zh.SMOOTHLY.search(core)):
        return not (bounded or has_figure(_OFTEN.sub("", core)))
    if zh.ON_TIME.match(core) or zh.DUTY.match(core):
        return not has_figure(core)
    steady = zh.STEADY.match(core)
    if steady and steady[0]:
        return _steady_zh(steady[0], core[steady.end() :], core)
    return _rhythm_zh(core)


_TOLD_ZH = re.compile(
    r"不再|变成|愿意|无需|无须|不用|已经|第一眼|就能|因为|直到|不超过|不多于|至少|不少于|不低于|不高于|以内|之内"
)


def _told_zh(core: str) -> bool:
    """Whether it tells a change or a sentence about people rather than work."""
    numbers = figures(core)
    moved = numbers and re.search(rf"{zh.MOVES}.{{0,10}}$", core[: numbers[-1].start])
    changed = has_percent(core) or (zh.FROM_TO.search(core) and len(numbers) >= 2) or moved
    return bool(changed) or zh.CAN.search(core) is not None or _TOLD_ZH.search(core) is not None


def _steady_zh(lead: str, rest: str, core: str) -> bool:
    if ends_in_metric(core, "zh") and not re.match(r"(?:持续|继续|坚持|做好)", lead):
        return False
    if lead.startswith(("每", "按")):
        return re.search(zh.ACTIVITY, rest) is not None and not re.match(r"[^给向与对]*的", rest)
    if lead.startswith("日常"):
        return len(rest) <= 12
    if lead.startswith("做好"):
        return re.search(r"工作|日常|服务|维护|运维|支持|保障|管理|接待|值守|值班", rest) is not None
    if re.match(r"(?:持续|继续|坚持)", lead):
        return (
            re.match(
                r"(?:让|使(?!用)|成为|赢得|引领|提升|提高|降低|增长|下降|减少|走低|上升|缩短|满意|好转|扩大|领先|领跑|盈利)",
                rest,
            )
            is None
        )
    return True


def _rhythm_zh(core: str) -> bool:
    """A beat and an activity anywhere: 与重点客户保持定期沟通, 每月持续输出运营简报."""
    beat = re.search(rf"{zh.RHYTHM.pattern}", core)
    if beat is None or beat.start() > 10 or ends_in_metric(core, "zh"):
        return False
    return re.search(zh.ACTIVITY, core[beat.end() :]) is not None and not re.search(r"每.{0,4}\d|\d.{0,3}次", core)
