"""What is noted while one claim is read, and what may be wrong with its text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from okr_delivery.model.claims.keywords import Keyword
from okr_delivery.model.contribution import StatedAs


class Fault(Enum):
    """What is wrong with a claim's text; the value is the message's id."""

    NO_KR = "value.claim.no_kr"
    LEFTOVER = "value.claim.leftover"
    SEVERAL = "value.claim.several_krs"
    COMMA = "value.claim.comma"
    SPACED = "value.claim.spaced"
    RANGE = "value.claim.range"
    CONFIDENCE = "value.claim.confidence"
    CONFIDENCE_FORM = "value.claim.confidence_form"
    SHARE_FORM = "value.claim.share_form"
    PERCENT_FIRST = "value.claim.percent_first"
    TWICE = "value.claim.twice"
    TOO_GREAT = "value.claim.too_great"
    CUT = "value.claim.cut"
    EXPONENT = "value.claim.exponent"
    MONEY_FIRST = "value.claim.money_first"
    NO_SIZE = "value.claim.no_size"
    BLANK = "value.claim.blank"


@dataclass(slots=True)
class Read:
    """What the tokens of one claim said. The first fault wins."""

    kr: str | None
    keyword: Keyword
    text: str
    stated: StatedAs = StatedAs.NONE
    number: float | None = None
    signed: bool = False
    suffix: str | None = None
    scale: str | None = None
    size: str | None = None
    confidence: float | None = None
    written: str | None = None  # the amount, size or share in the words of the line
    end: int = 0  # of the last token
    fault: Fault | None = None
    detail: str = ""

    def fail(self, fault: Fault, detail: str) -> None:
        if self.fault is None:
            self.fault, self.detail = fault, detail
