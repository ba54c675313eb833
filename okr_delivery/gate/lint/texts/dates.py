"""The dates of a title, in the ways people write them: `by mid-November`, `11月15日前`, `Q4`, `年底前`."""

from __future__ import annotations

import re

_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_FEASTS = "christmas|easter|new year|thanksgiving|black friday|singles'? day|double 11|golden week|ramadan|diwali"
_BY = r"(?:by|before|until|till|in|on|from|since|through|of|for|mid|early|late|end)"
_CN = "一二两三四五六七八九十"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s*20\d\d)"
_PERIOD = "(?:year|quarter|month|cycle|half|half-year|week|20\\d\\d)"
_NAMED_YEARS = (
    "(?:holiday|season|budget|strategy|roadmap|campaign|plan|goals?|edition|intake|cohort|audit|election|tax|summer"
    "|winter|spring|autumn|fall|conference|fiscal|school|targets?|okrs?)"
)
_NO_MONTH = "(?!活|均|度|经|收|营|薪|留|复|环|内|流|交|销|订|访|新|增|下|成|登|使|消|播)"  # 月活, 月均 … are names
DATE = re.compile(
    rf"""
    \b(?:19|20)\d\d\s*[-/.年]\s*\d{{1,2}}(?:\s*[-/.月]\s*\d{{1,2}}(?:\s*日)?|\s*月)?(?:\s*(?:底|末|初|中旬|前))*
  | (?:\d{{1,2}}|[{_CN}]{{1,3}})\s*月
    (?:份|底|末|初|中旬|上旬|下旬|\s*(?:\d{{1,2}}|[{_CN}]{{1,3}})\s*[日号])?(?:之?前)?{_NO_MONTH}
  | (?<![A-Za-z])(?:20\d\d\s*-?\s*)?[QH][1-4](?![A-Za-z0-9])(?:\s*(?:底|末|内|前))*
  | \b[1-4]Q(?![A-Za-z])
  | (?:本|这|下|上|全|今|明|当|[一二三四]|第[一二三四]|每)?(?:个)?
    (?:季度|财年|年度|半年|财季|年|周期)(?:底|末|结束|之?前|内)+
  | 年(?:底|末|中)(?:之?前)? | (?:本|当|下|这个|每)?月(?:底|末)(?:之?前)?
  | (?:双十一|双11|双12|双十二|618|春节|国庆|元旦|五一|中秋|年会|大促|十一)(?:之?前|以前|期间)
  | [上下]半年 | 20\d\d\s*年(?!级)
  | \b{_BY}[ -]*(?:the\ )?(?:end\ of\ |start\ of\ |mid-?\ ?|early\ |late\ )?(?:{_MONTHS})\b
    (?:\s*{_DAY}\b(?!\s*%))?{_YEAR}?
  | \b{_DAY}\s(?:of\s)?(?:{_MONTHS})\b{_YEAR}?
  | \b(?:{_MONTHS})\.?\s{_DAY}\b(?!\s*%){_YEAR}?
  | \b(?:{_MONTHS})\s20\d\d\b
  | \b(?:by|before|until|at|till)\s(?:the\s)?(?:end\sof\s|close\sof\s)(?:the\s|this\s|next\s|q\d\s?)?{_PERIOD}?
  | \b(?:end\sof\s)(?:the\s|this\s|next\s)?(?:year|quarter|month|cycle|half-year)\b
  | \b(?:by|before|until|till)\s(?:the\s)?(?:year|quarter|month|half)(?:[ -]?end|'s\send)\b
  | \b(?:year|quarter|month)[ -]end\b
  | \b(?:by|before)\s(?:{_FEASTS.replace(" ", "[ ]")}|(?:next\s)?(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b
  | \b(?:in|by)\s(?:week\s\d+|(?:19|20)\d\d(?!\s*[-/.]\s*\d))\b
  | (?<=\bthe\ )20[2-9]\d\b | \b20[2-9]\d\ (?={_NAMED_YEARS}\b)
  | \b20[2-9]\d\b(?!\s*(?:%|[{_CN}百千万亿]|[a-z]))
    """,
    re.I | re.X,
)


def undated(text: str) -> str:
    """`text` with its dates blanked out, of the same length."""
    return DATE.sub(lambda found: "\0" * len(found[0]), text)


def has_date(text: str) -> bool:
    return DATE.search(text) is not None
