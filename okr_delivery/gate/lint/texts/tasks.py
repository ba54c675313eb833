"""Whether a key result is a to-do: work that is done, with no word on what comes of it."""

from __future__ import annotations

import re

from okr_delivery.gate.lint.texts import chinese as zh
from okr_delivery.gate.lint.texts import english as en
from okr_delivery.gate.lint.texts.clean import language, plain, squeeze, tokens, words
from okr_delivery.gate.lint.texts.dates import DATE
from okr_delivery.gate.lint.texts.figures import figures, has_figure, has_percent
from okr_delivery.gate.lint.texts.measures import EN_METRIC, ZH_METRIC, ends_in_metric
from okr_delivery.gate.lint.texts.sentences import told

_EN_LEAD = re.compile(
    r"^(?:(?:we(?: will|'ll)?|i(?: will|'ll)?|the team(?: will)?|our team(?: will)?|to|please"
    r"|successfully|fully|jointly|also|then|first(?=[,:])|and|help(?: to)?|start(?: to|(?= \w+ing\b))|quickly|todo"
    r"|to-do)\b[ ,:]*)+",
    re.I,
)
_EN_WORK = re.compile(
    r"^(?:complete|finish|deliver|implement|develop|build|do|close)\w*\b.*%\s*(?:of )?(?:the |all "
    r"|our |planned |agreed )*(?:\w+ ){0,2}(?:migration|roadmap|backlog|features?|tasks?|stories|work"
    r"|development|refactoring|project|plan|milestones|rollout|requirements|tickets|implementation)\b",
    re.I,
)
# The percentage says how much of the work is done, and nothing of what comes of it.
_EN_TAUGHT = re.compile(
    r"^(?:train|re-?train|certify|upskill|coach|educate|brief|onboard|migrate|move|refactor|rewrite|document|review"
    r"|audit|interview|survey|visit|digiti[sz]e|label|equip|outfit|inspect|test|automate|upgrade|replace|convert"
    r"|translate)\w* "
    r"(?:at least |all |about |up to )*\d[\d.]* ?(?:%|percent)",
    re.I,
)
_SERVED = re.compile(r"\b(?:within|in less than|under|without|faster|first time|by themselves)\b", re.I)
_ZH_WORK = re.compile(
    r"^(?:完成|交付|实现).{0,12}(?:%|百分之).{0,14}(?:开发|功能|需求|任务|迁移|改造|测试|工作|接口"
    r"|重构|计划|部署|文档|建设|扫描|录入|培训|安装|更换|盘点|巡检|检测|走访|建档|接入|升级|归集|清洗|整理|入库"
    r"|[电数线云字子动准]化)$"
)
_ZH_SHARE = re.compile(
    r"^(?:轮训|培训|认证|走访|访谈|拜访|改造|更换|安装|升级|检修|迁移|配发|翻修|筛查|接种|盘点|巡检|重构|替换|回访|体检|审查)"
    r"(?:超过|不少于|至少|约)?\d[\d.]*%的?[^,;从由使让]{1,12}$"
)
_EN_TO_BE = re.compile(r"\b(?:to be|will be) (?:\w+ly )?(\w+)\b", re.I)


def is_task(text: str, dated: bool) -> bool:
    """Whether a title tells work and no result: `Launch the new checkout`, `举办 6 场用户沙龙`.

    A result makes it legal: a percentage, a change from one number to another, a metric with its target, or a clause
    that says what for (`so that …`, `使…达到…`). A count of things delivered is no result. A state that is there on a
    day (`Checkout live by 15 November`, `三步收银 11 月 15 日前上线`) is a legal milestone: `dated` says that the
    metric has a day.
    """
    title = plain(text)
    if language(title) == "zh":
        return _task_zh(squeeze(title), dated)
    return _task_en(title, dated)


def _task_en(title: str, dated: bool) -> bool:
    core = _core_en(title)
    if _EN_WORK.match(core) or (_EN_TAUGHT.match(core) and not _SERVED.search(core) and not en.SO_THAT.search(core)):
        return True
    if _WON.match(core):
        return False
    if (_NOMINAL.match(core) and not told(tokens(core))) or _leads_with_work_en(core):
        return not _result_en(core)
    return _done_en(title, dated) and not _result_en(title)


def _core_en(title: str) -> str:
    """The title from its verb on: no date, no `we will` in front."""
    core = re.sub(r"^[^\w$€£]+", "", DATE.sub("", title, count=1)) if DATE.match(title) else title
    return _EN_LEAD.sub("", core).strip(" ,:")


_TWO_WORDS = re.compile(
    r"(?:phase out|shut down|wind down|hand over|take down|turn off|bring in|carry out|draw up|put in place"
    r"|sort out|work out|build up|scale up|sign off|shut off|break up|write up)\b(?! (?:of|for|in)\b)",
    re.I,
)


def _leads_with_work_en(core: str) -> bool:
    found = tokens(core)
    if _TWO_WORDS.match(core):
        return True
    verb = re.sub(r"^(set|roll|kick)-.*", r"\1", found[0]) if found else ""
    if verb not in en.DO_FORMS:
        return False
    if len(found) == 1:
        return True
    if found[0] == "clean":
        return found[1] in _BEFORE_OBJECT
    if found[0].endswith("ing"):
        return found[1] in _BEFORE_OBJECT or has_figure(found[1])
    return not ((found[0] in en.NOUNS_TOO or verb != found[0]) and _noun_en(core, found))


_BEFORE_OBJECT = words("a an the our all new every each its their more this these and of up out in with for on")


_EN_NP = re.compile(
    r"\s(?:of|from|to|per|in|for|on|at|by|is|are|as|with|rises?|falls?|drops?|brings?|goes|grows?"
    r"|reach(?:es)?|stays?|up|down|above|below|under|over|within|among|across|without|before|after)\b"
    r"|[:,;(≥≤<>→=]|\d",
    re.I,
)


def _noun_en(core: str, found: list[str]) -> bool:
    """Whether the first word is a noun: `release frequency`, `support tickets`, `launch in Brazil brings`."""
    phrase = _EN_NP.split(core, maxsplit=1)[0].strip()
    if re.match(r"\w+(?:,| and) \w+", core) and found[1] in en.DO_FORMS | {"and": ""}:
        return False
    if told(found) or (_MOVED_EN.search(core) and found[1] not in _BEFORE_OBJECT):
        return True
    if " " not in phrase:
        return found[1] not in {"to", "for", "up", "a", "an", "the", "our", "with"} and not has_figure(
            core.split(" ", 1)[1][:8]
        )
    if re.match(r"\w+ (?:a|an|the|our|all|new|every|each|its|their|more|this|these|with)\b", phrase, re.I):
        return False
    if found[1] in en.FINITE or _participle(found[2:3]) or "per" in found[2:3] or not _STANDING.isdisjoint(found[2:]):
        return True
    return ends_in_metric(phrase, "en") or _state_en(core, found)


def _state_en(core: str, found: list[str]) -> bool:
    """`Test track open to the public`, `Upgrade paid back`: what is so on a day."""
    if found[0] in _BRINGS_ABOUT or found[1] in _BEFORE_OBJECT:
        return False
    return _SO_EN.search(core) is not None


_BRINGS_ABOUT = words("make set hold open start move offer help")
_SO_EN = re.compile(
    r"^\w+ (?:\w+ed|paid|won|met|held|sold)(?: (?:back|off|by|in|at|to|for|before|within|without)\b.*)?$"
    r"|^\w+ [\w-]+ .*?\b(?:open|full|live|ready|complete|closed|free|empty)(?: (?:to|for|by|in|on|at)\b.*)?$"
    r"|^\w+ [\w-]+ (?:open|full|live|ready|complete|closed|free|empty)(?: (?:to|for|by|in|on|at)\b.*)?$",
    re.I,
)


# A change from one level to another, or a level instead of another, has a subject: what stands in front is a noun.
_FROM_TO_EN = re.compile(r"\bfrom [^:;]{0,40}?\d[^:;]{0,40}? to [^:;]{0,30}?\d", re.I)
_MOVED_EN = re.compile(
    rf"{_FROM_TO_EN.pattern}|\bfrom \w+ to (?:hourly|daily|weekly|monthly)\b"
    r"|\binstead of \S*\d|\d\S* ?(?:→|->|=>) ?\S*\d"
    r"|^(?:[\w'-]+ ){2,6}(?:below|under|above|over|at most|at least|up|down|falls?|rises?|drops?) [^:;]*\d"
    r"|^[\w' -]{4,60}: .*\d",
    re.I,
)


def _participle(behind: list[str]) -> bool:
    """`Support tickets solved at first contact`: the second word is what something happened to."""
    not_done = {"based", "affected", "located", "needed"}
    return any(word.endswith("ed") and word not in not_done for word in behind)


_STANDING = words("older longer overdue pending waiting")


_IN_MOST = re.compile(r"\b(?:in|for|at|by) \d+ (?:out )?of (?:every |the )?\d+\b", re.I)


def _result_en(core: str) -> bool:
    if has_percent(core) or en.SO_THAT.search(core) or _IN_MOST.search(core) or _FROM_TO_EN.search(core):
        return True
    numbers = figures(core)
    if not numbers:
        return re.search(r"\bfrom (?:\w+) to (?:weekly|daily|monthly|hourly|\w+ly)\b", core) is not None
    means = en.RESULT.search(core)
    if means and any(number.start > means.start() for number in numbers):
        return True
    money = any(number.text.strip()[0] in "$€£¥" for number in numbers)
    return money or (
        EN_METRIC.search(core) is not None
        and re.search(r"\bfrom\b.*\bto\b|[≥≤<>]|\b(?:at least|at most|above|below|under|over|to) \d", core) is not None
    )


def _done_en(title: str, dated: bool) -> bool:
    """`New CRM to be implemented by Q4`; `New CRM implemented` only where it has no day."""
    planned = _EN_TO_BE.search(title)
    if planned and planned[1].lower() in en.DONE_FORMS:
        return True
    last = re.search(r"\b(\w+)$", DATE.sub("", title).strip(" ,."))
    state = last is not None and last[1].lower() in en.DONE_FORMS and last[1].lower() in _SHIPPED
    return state and not dated and DATE.search(title) is None


_SHIPPED = words("""
    launched shipped completed built implemented delivered developed created introduced released integrated
    migrated deployed redesigned finished published
""")
_NOMINAL = re.compile(
    r"^(?:the )?(?:successful |full |timely )?(?:launch|release|roll-?out|implementation|completion"
    r"|development|introduction|migration|creation"
    r"|delivery|deployment|integration|redesign|establishment|construction|set-?up|publication"
    r"|preparation|execution|automation|refactoring"
    r"|upgrade|organi[sz]ation) (?:of|to|for|from) (?!\d)",
    re.I,
)
_WON = re.compile(r"^(?:sign|add|open|win)\w* (?:at least |another )?\d", re.I)


_GRANTED_ZH = re.compile(r"(?:获批|获准|到手|过审|过会|中标)$")


def _task_zh(title: str, dated: bool) -> bool:
    core = _core_zh(title)
    if _GRANTED_ZH.search(core) or (re.match("签[订署]", core) and has_figure(title)):
        return False
    if _ZH_WORK.match(core) or _ZH_SHARE.match(core) or zh.MERGED.search(core):
        return not _moved_zh(core)
    if zh.ATTRIBUTED.match(core) or zh.COMPARED.search(core) or (zh.DONE.match(core) and dated):
        return False
    latin = re.match(r"[A-Za-z]+", core)
    if _leads_with_work_zh(core) or (latin and latin[0].lower() in en.DO - en.NOUNS_TOO):
        return not _result_zh(core)
    bare = re.sub(r"[(].*[)]$", "", core)
    if has_figure(title) or _counted_zh(title):
        return False
    return zh.WORK.search(bare) is not None or (
        zh.STATE.search(bare) is not None and not dated and DATE.search(title) is None
    )


def _moved_zh(core: str) -> bool:
    """`12 套系统合并为 1 套，使成本降低 30%`: it goes on to what comes of it."""
    return zh.MERGED.search(core) is not None and (has_percent(core) or zh.CAN.search(core) is not None)


def _core_zh(title: str) -> str:
    """The title from its verb on: no date, no adverb in front."""
    core, before = zh.TOWARDS.sub("", title), ""
    while core != before:
        before = core
        led = DATE.match(core)
        core = core[led.end() :] if led else core
        core = re.sub(r"^(?:在|于|争取|力争|截至|截止|到|前|内|之前|以前|底|末|:|,|、| )+", "", core)
        if zh.MOVED.match(core):
            return core
        core = re.sub(r"^每(?:天|日|周|月|季度?|年)", "", core)
        core = zh.ADVERB.sub("", core) or core
        core = zh.TOWARDS.sub("", core)
    return core


def _leads_with_work_zh(core: str) -> bool:
    if zh.MOVED.match(core) or zh.AUTOMATED.match(core):
        return True
    if re.match(r"拓展|开拓|扩展", core):
        return not (has_figure(core) or _counted_zh(core))
    return zh.LEADING_DO.match(core) is not None and not _counted_zh(core) and not _sold_zh(core)


_SPENT = re.compile(r"所需.*时间|(?:耗时|时长|周期|占比|次数|比例)$")
_SURELY_WORK = re.compile(
    r"(?:优化|改造|升级|完善|推进|推动|提供|收集|分析|统计|梳理|跟进|制定|明确|确定|谈判|商谈|洽谈)"
)
_PIECES = re.compile(r"\d+.{0,4}(?:份|篇|个|场|次|条|家|位|名|项)$")


def _counted_zh(core: str) -> bool:
    """Whether the verb belongs to the name of a metric: 测试覆盖率, 支持工单首次响应时长从 8 小时降到 1 小时."""
    head = core[:1] + re.split(rf"(?:从|由|{zh.MOVES}|[:,;≥≤<>])", core[1:], maxsplit=1)[0]
    if _SURELY_WORK.match(core):
        return False
    if _SPENT.search(head):
        return True
    verb = zh.LEADING_DO.match(core)
    rest = (head[verb.end() :] if verb else head).strip()
    return bool(rest) and ends_in_metric(head, "zh") and not (_PIECES.search(head) or re.match(r"一|\d", rest))


_WON_ZH = re.compile(r"签约|续约|回款|融资|成交|认证|入驻|到岗|转正|付费|注册|开户|盈利|销售|复购|拉新|入职|中标|验收")


def _sold_zh(core: str) -> bool:
    """完成销售额 500 万, 招聘到岗 10 名工程师: something reached, not work."""
    if not has_figure(core) or not re.match(r"(?:完成|实现|交付|做到|招聘|招募|新增|发展)", core):
        return False
    return ZH_METRIC.search(core) is not None or _WON_ZH.search(core) is not None


def _result_zh(core: str) -> bool:
    if has_percent(core) or zh.CAN.search(core) or re.search(r"翻(?:一|两)?[番倍]|减半|[二三四五六七八九]成", core):
        return True
    numbers = figures(core)
    if not numbers:
        return False
    if zh.FROM_TO.search(core) and (len(numbers) >= 2 or re.search("[到至]半", core)):
        return True
    means = next((m for m in zh.RESULT.finditer(core) if m.start() > 0), None)
    if means and any(number.start > means.start() for number in numbers):
        return True
    return ZH_METRIC.search(core) is not None and re.search(rf"(?:{zh.MOVES}|[≥≤<>]).{{0,4}}\d", core) is not None


def result(text: str) -> bool:
    """Whether an English or Chinese title, made plain, tells what comes of the work."""
    return _result_zh(text) if language(text) == "zh" else _result_en(text)
