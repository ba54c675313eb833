"""From a claim as written to an amount in the key result's unit, with the sign in which its value moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from okr_delivery.model.claims import claim_line, number_text
from okr_delivery.model.claims.grammar import SCALES
from okr_delivery.model.claims.write import points_unit, share_text
from okr_delivery.model.contribution import Claim, StatedAs
from okr_delivery.model.message import Message, msg
from okr_delivery.model.numbers import tidy
from okr_delivery.model.okr import Direction, KeyResult
from okr_delivery.value.krs import UNCOUNTABLE, Way, wanted_sign

PERCENT = frozenset({"%", "％", "percent", "pct"})
POINTS = frozenset(
    {"pp", "pps", "ppt", "ppts", "p.p.", "百分点", "个百分点", "个点", "点", "percentage point", "percentage points"}
    | {"% point", "% points", "%-point", "%-points", "%point", "%points"}
)
_SAME = (
    frozenset({"¥", "￥", "元", "cny", "rmb", "人民币"}),
    frozenset({"$", "usd", "美元"}),
    frozenset({"€", "eur", "欧元"}),
    frozenset({"£", "gbp", "英镑"}),
    frozenset({"d", "day", "days", "天", "日"}),
    frozenset({"h", "hr", "hrs", "hour", "hours", "小时"}),
    frozenset({"min", "mins", "minute", "minutes", "分钟"}),
    frozenset({"s", "sec", "second", "seconds", "秒"}),
    frozenset({"ms", "millisecond", "milliseconds", "毫秒"}),
)
_SECONDS = {"d": 86_400, "h": 3_600, "min": 60, "m": 60, "s": 1, "ms": 0.001, "week": 604_800, "周": 604_800}
_HUNDREDTHS = frozenset({"bp", "bps", "基点", "个基点"})
MILLION = 1e6
_LARGE = {**dict.fromkeys(("m", "mn", "mm", "mio", "million"), MILLION), "bn": 1e9, "billion": 1e9}
_COUNTED = frozenset({"issue", "issues", "ticket", "tickets", "个", "件", "条", "单"})


@dataclass(frozen=True, slots=True)
class Amount:
    """In the key result's unit and sign. Low and high only for a size."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a claim that can be read is no amount of this key result, and the line to write instead."""

    message: Message
    paste: str


def amount_of(claim: Claim, kr: KeyResult, way: Way, sizes: Mapping[str, float]) -> Amount | Refusal | None:
    """None: the claim states no amount."""
    span = way.span
    if claim.stated_as in (StatedAs.NONE, StatedAs.PENDING):
        return None
    writer = _Writer(claim, kr, has_span=span is not None)
    if kr.metric.direction in UNCOUNTABLE:
        return writer.refuse("value.amount.not_needed", None)
    if claim.stated_as is StatedAs.AMOUNT:
        return _number(claim, kr, writer, way.sign)
    if span is None:
        return writer.refuse("value.amount.no_span", "?")
    part = sizes[claim.size] if claim.size else claim.number or 0.0
    if not part:
        return writer.refuse("value.amount.zero", "?")
    value = tidy(part * span)
    return Amount(value, tidy(value / 2), tidy(value * 2)) if claim.size else Amount(value)


def _number(claim: Claim, kr: KeyResult, writer: _Writer, way: int) -> Amount | Refusal:
    number = claim.number or 0.0
    refusal = writer.check_unit()
    if refusal is not None:
        return refusal
    if not number:
        return writer.refuse("value.amount.zero", "?")
    if not claim.signed:
        sign = wanted_sign(kr)
        if sign == 0:
            return writer.refuse("value.amount.sign", f"{'-' if way < 0 else '+'}{writer.written(number)}")
        number *= sign
    return Amount(tidy(number / _unit_scale(claim, kr)))


def _unit_scale(claim: Claim, kr: KeyResult) -> float:
    """10,000 for a key result counted in 万元 whose claim was written in 元, 万, k …; 1 when it names no other unit."""
    written = f"{claim.scale or ''}{claim.suffix or ''}"
    return _factor(kr.metric.unit) if written else 1.0


def _factor(unit: str | None) -> float:
    """What one of the unit is counted in: 10,000 for 万元."""
    word = _scale_word(unit)
    return SCALES.get(word, MILLION) if word else 1.0


def _scale_word(unit: str | None) -> str | None:
    """The scale that a unit such as `万元`, `k CNY` or `M CNY` begins with."""
    text = (unit or "").strip()
    if text.startswith("M "):
        return "M"
    if text.lower() == "k" or text.lower().startswith("k "):
        return "k"
    return next((word for word in ("百万", "千万", "万", "亿") if text.startswith(word)), None)


def _base_unit(unit: str | None) -> str:
    word = _scale_word(unit)
    text = (unit or "").strip().casefold()
    return text[len(word) :].strip() if word else text


def in_percent(kr: KeyResult) -> bool:
    """Whether the key result is measured in per cent, so that it moves in points."""
    return (kr.metric.unit or "").strip().casefold() in PERCENT


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the claim again, corrected, in the language it came in."""

    claim: Claim
    kr: KeyResult
    has_span: bool

    @property
    def chinese(self) -> bool:
        return any("\u4e00" <= ch <= "\u9fff" for ch in self.claim.text)

    @property
    def in_percent(self) -> bool:
        return in_percent(self.kr)

    def line(self, what: str | None, confidence: float | None = None) -> str:
        stated = self.claim.confidence if confidence is None else confidence
        return claim_line(self.claim.kr or self.kr.id, what, stated, chinese=self.chinese)

    def refuse(self, message_id: str, what: str | None, **params: object) -> Refusal:
        paste = self.line(what)
        return Refusal(
            msg(message_id, kr=self.kr.id, unit=self.kr.metric.unit or "", text=self.claim.text, paste=paste, **params),
            paste,
        )

    def written(self, number: float) -> str:
        unit = points_unit(chinese=self.chinese) if self.in_percent else ""
        return f"{number_text(number)}{unit}"

    def signed(self) -> str:
        number = self.claim.number or 0.0
        return f"{'+' if self.claim.signed and number > 0 else ''}{self.written(number)}"

    def check_unit(self) -> Refusal | None:
        suffix = (self.claim.suffix or "").strip().casefold()
        if suffix in PERCENT:
            return self._percent()
        if not suffix or self._fits(suffix):
            return None
        return self.refuse(
            "value.amount.unit" if self.kr.metric.unit else "value.amount.no_unit", self._without_unit(suffix)
        )

    def _without_unit(self, suffix: str) -> str:
        """The amount converted, where both units are known, else with the unit left off.

        `12w` is how 12万 is often typed, `1.2m` or `1.2 mn` a million of what is counted.
        """
        number = self.claim.number or 0.0
        plus = "+" if self.claim.signed and number > 0 else ""
        if suffix == "w":
            return f"{plus}{number_text(number)}万"
        if self.in_percent and suffix in _HUNDREDTHS:
            return f"{plus}{self.written(tidy(number / 100))}"
        unit = (self.kr.metric.unit or "").strip()
        mine, theirs = _seconds(suffix), _seconds(unit.casefold())
        if mine is None or theirs is None:
            mine, theirs = (_LARGE.get(suffix), _factor(unit)) if unit and not self.in_percent else (None, 1.0)
        return self.signed() if mine is None else f"{plus}{number_text(tidy(number * mine / theirs))}"

    def _fits(self, suffix: str) -> bool:
        if self.in_percent:
            return suffix in POINTS
        if self.kr.metric.direction is Direction.ISSUES and suffix in _COUNTED:
            return True
        unit = (self.kr.metric.unit or "").strip().casefold()
        return bool(unit) and (_alike(suffix, unit) or _alike(suffix, _base_unit(unit)))

    def _percent(self) -> Refusal:
        """A bare percentage has two readings; both are written out, the likelier one is the line to paste.

        The sign of a share says toward the target or away from it, not up or down.
        """
        if not self.has_span:
            return self._not_percent()
        number = self.claim.number or 0.0
        away = self.claim.signed and number * wanted_sign(self.kr) < 0
        share = self.line(share_text(-abs(number) / 100 if away else abs(number) / 100, chinese=self.chinese))
        if self.in_percent:
            points = self.line(self.signed())
            text = msg("value.amount.percent_points", text=self.claim.text, points=points, share=share)
            return Refusal(text, points)
        bare = self.line("?", min(abs(number) / 100, 1.0)) if self.claim.confidence is None else self.line("?")
        return Refusal(
            msg("value.amount.percent", kr=self.kr.id, text=self.claim.text, share=share, confidence=bare), share
        )

    def _not_percent(self) -> Refusal:
        """No share can have been meant, for there is no way that it is a part of."""
        if self.in_percent:
            return self.refuse("value.amount.percent_no_share", self.signed())
        return self.refuse("value.amount.percent_no_span", "?")


def _seconds(unit: str) -> float | None:
    """The length of a unit of time; None for any other."""
    return next((length for name, length in _SECONDS.items() if _alike(unit, name)), None)


def _alike(suffix: str, unit: str) -> bool:
    if suffix == unit or (min(len(suffix), len(unit)) > 2 and suffix.rstrip("s") == unit.rstrip("s")):
        return True
    return any(suffix in group and unit in group for group in _SAME)
