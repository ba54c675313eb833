"""The line to paste: what a finding offers to write. Everything written here is read without error."""

from __future__ import annotations

import re

from okr_delivery.model.claims import NON_OKR_CLASSES, claim_line, number_text
from okr_delivery.model.claims.keywords import Keyword
from okr_delivery.model.claims.write import SIZES, percent_text
from okr_delivery.model.okr import KeyResult
from okr_delivery.value.offer import PENDING

_WORDS = {letter: word for word, letter in SIZES.items()} | {PENDING: "待定"}
_CHINESE = {
    f"{Keyword.CONTRIBUTES.value}:": f"{Keyword.CONTRIBUTES_ZH.value}:",
    f"{Keyword.NON_OKR.value}:": f"{Keyword.NON_OKR_ZH.value}:",
}


def contribution(ref: str, rest: str = "") -> str:
    """`Contributes-to: GROW-KR1 M`."""
    return claim_line(ref, rest or None)


def amount(value: float, kr: KeyResult, confidence: float | None = None) -> str:
    """`+1.5pp 60%`, in the key result's unit; only points carry their unit, every other amount reads without."""
    unit = written_unit(kr) if kr.metric.unit == "%" else ""
    certainty = "" if confidence is None else f" {percent_text(confidence)}"
    return f"{number_text(value, signed=True)}{unit}{certainty}"


def written_unit(kr: KeyResult) -> str | None:
    """How amounts name the key result's unit: points for a percentage, whose `10%` could be read in two ways."""
    return "pp" if kr.metric.unit == "%" else kr.metric.unit


def non_okr(classes: tuple[str, ...]) -> str:
    """`Non-OKR: <defect|run> …`: a class and a reason."""
    known = classes or tuple(dict.fromkeys(NON_OKR_CLASSES.values()))
    return f"{Keyword.NON_OKR.value}: <{'|'.join(known)}> …"


def localised(line: str, lang: str) -> str:
    """The same line as people write it in `lang`; every reader of lines takes either spelling."""
    english = next((keyword for keyword in _CHINESE if line.startswith(keyword)), None)
    if lang != "zh" or english is None:
        return line
    body = line.removeprefix(english)
    return _CHINESE[english] + re.sub(r" (XL|S|M|L|\?)$", lambda found: f" {_WORDS[found[1]]}", body)
