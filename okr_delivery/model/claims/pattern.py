"""The patterns of the line grammar: what a number, a unit, a token and a key result look like."""

from __future__ import annotations

import re

NUM = r"(?:\d[\d,]*(?:\.\d+)?|\.\d+)"
SURE = r"(?:@|confidence|conf\b\.?|把握度?|信心|置信度)"
STOP = r"(?=$|[\s,;()|@=\d+!?。\"']|\.+(?:\s|$)|/[\s\d]|confidence|把握|信心|置信|贡献)"
SCALE = r"(?:k|千万|百万|万|亿|千)"
POINTS = r"percentage\s+points?|%\s*-?points?|p\.p\."
NO_UNIT = r"(?!confidence|conf\b|share|size|sure|把握|信心|置信|贡献|待定|tbd)"
WORD = rf"(?:{POINTS}|%|‰|{NO_UNIT}[^\W\d_][^\s,;()|@=\d+!?。\"']*?{STOP})"
BLANK = rf"(?:[+-]\s?)?(?<![^\W_])N(?:pp(?![a-z0-9])|(?=[^\x00-\x7f\s]){WORD}|\s{WORD}|(?![\w/]))"
TOKEN = re.compile(
    rf"(?P<pending>(?:\?+|待定|tbd\b))"
    rf"|(?P<blank>{BLANK})"
    rf"|(?P<share>(?:share(?:\s+of)?|贡献度|份额)\s*[:=]?\s*(?P<share_n>[+-]?\s?{NUM})\s*(?P<share_u>%?))"
    rf"|(?P<post_share>(?P<post_n>[+-]?\s?{NUM})\s*%\s*(?:share\b|贡献度|份额))"
    rf"|(?P<sure>{SURE}\s*[:=]?\s*(?P<sure_n>-?{NUM})\s*(?P<sure_u>%?))"
    rf"|(?P<post_sure>(?P<post_sure_n>{NUM})\s*%\s*(?:confidence|confident|sure\b|的?把握))"
    r"|(?P<size>(?:size\s*)?(?:(?P<letter>XL|S|M|L)(?![\w-]|\.\w)|(?P<hanzi>特大|小|中|大)(?![^\W\d_])))"
    rf"|(?P<amount>[~≈约]?\s*(?P<sign>[+-])?\s*(?P<money>[¥￥$€£])?\s*(?P<n>{NUM})(?P<u>\s?(?:{SCALE}\s+)?{WORD})?)",
    re.IGNORECASE,
)
BETWEEN = re.compile(r"(?:[\s,=()|:!。\"']|\.(?!\d)|/(?=[\s\d]))+")
DASH = re.compile(r"-+>?\s+(?!\d)|=>\s*|->\s*|-+(?=\s*[+-])")
KR = re.compile(r"[^\s,;:/+=()|?!@⋯\"]+(?::[^\s,;:/+=()|?!@⋯\"]+)?")
ID = r"[A-Za-z]\w*(?:[.:-]\w+)*-\w*\d\w*"
SECOND = re.compile(rf"(?<![A-Za-z0-9_.:+-]){ID}")
CALLED = re.compile(rf"(?:KR|关键结果)[\s:]+(?={ID})", re.IGNORECASE)
MISSPELT = re.compile(
    r"(?P<group>[A-Za-z]+)\s+(?P<kr>(?i:KR)\d+)(?![A-Za-z0-9_])|(?P<cycle>[A-Za-z0-9]+)/(?P<id>[A-Za-z]\w*-\w*\d\w*)"
)
RESERVED = re.compile(r"share|size|conf(?:idence)?|贡献度|份额|把握度?|信心|置信度", re.IGNORECASE)
JOINED = " ,&/+、和与及"
GLUED = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9_.:-]*?)(?=(?:特大|小|中|大|待定|约)(?:$|[\s\d,(~≈+-])|贡献度|份额|把握|信心|置信"
    r"|-+\d[\d,.]*\s?(?:k\b|万|百万|亿|千|pp\b|%|个?百分点|个点))",
    re.IGNORECASE,
)
RANGE = re.compile(
    rf"(?<![A-Za-z0-9_.])({NUM})\s*([^\W\d]*?|%)\s*(?:~|-|\.\.+|\bto\b|至|到)\s*[+-]?({NUM})(?![\d.,]|\s*%)"
)
DATE = re.compile(r"\d[-/.年]\d+[-/.月]\d")
SPACED = re.compile(r"(?<![\d.])(\d{1,3})((?:[ '_]\d{3})+)(?![\d.,%])")

SWAPPED = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+,\d+(?![\d.,])")

EXPONENT = re.compile(r"(?<![A-Za-z0-9_.])\d+(?:\.\d+)?e[+-]?\d{1,2}(?!\d)", re.IGNORECASE)
MONEY_FIRST = re.compile(r"([¥￥$€£])\s?([+-])\s?(?=[\d.])")
NO_SIZE = re.compile(
    r"(?<![\w-])(?:(?P<great>(?:X{2,}|[2-9]X)L|超大|巨大|极大)|(?P<small>X+S|超小|极小|特小))(?![\w-])", re.IGNORECASE
)
