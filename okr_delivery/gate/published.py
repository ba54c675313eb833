"""Every published rule, of the gate, of `okr lint` and about waivers, as it is listed and explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from okr_delivery.gate import settings
from okr_delivery.gate.finding import Severity
from okr_delivery.gate.lint import registry as lint
from okr_delivery.gate.rule import Rule, Written
from okr_delivery.gate.rules import RULES, WAIVER_RULES
from okr_delivery.model.message import Message, msg

ANY = "any"
"""The stage of rules that are asked at all of them."""


@dataclass(frozen=True)
class Published:
    """`severity` None: off unless configured. `options` are keys of okr-delivery.yaml that change what it asks for."""

    id: str
    name: str
    stage: str
    severity: Severity | None
    since: str
    why: Message
    fix: Message
    options: Sequence[str]
    good: Sequence[Written]
    bad: Sequence[Written]


@dataclass(frozen=True, slots=True)
class WaiverExample:
    """An entry of the waivers file, and what a run on that day finds."""

    expires: str
    today: str
    finding: str

    def written(self) -> str:
        """As `key: value` lines."""
        entry = f"{{rule: KR101, entity: PAY-112, reason: regulatory fix, owner: lin, expires: {self.expires}}}"
        return f"waiver: {entry}\ntoday: {self.today}\nPAY-112: {self.finding}"


_FOUND, _CLEAN = "KR101 finds a fault", "KR101 finds no fault"
_WORKS = WaiverExample("2026-12-31", "2026-11-21", _FOUND)
_BAD = {
    "WVR001": WaiverExample("2026-12-31", "2026-11-21", _CLEAN),
    "WVR002": WaiverExample("2026-11-20", "2026-11-21", _FOUND),
    "WVR003": WaiverExample("2026-11-28", "2026-11-21", _FOUND),
}


def published() -> Mapping[str, Published]:
    """Every rule by its id: the gate's, then those of `okr lint`, then those about waivers."""
    return {rule: find(rule) for rule in (*RULES, *lint.ids(), *WAIVER_RULES)}


def named(ref: str) -> Published | None:
    """The rule of an id or a name, in whatever case."""
    rule = settings.names().get(ref.lower(), ref.upper())
    return find(rule) if settings.known(rule) else None


@cache
def find(rule: str) -> Published:
    """The rule of an id. KeyError for one that is not published."""
    if rule in WAIVER_RULES:
        return _waiver_rule(rule)
    return _rule(lint.load(rule) if rule in lint.ids() else RULES[rule])


def _rule(rule: type[Rule]) -> Published:
    shown = (rule.options, rule.VALID, rule.INVALID)
    return Published(rule.id, rule.name, str(rule.stage), rule.severity, rule.since, rule.why, rule.fix, *shown)


def _waiver_rule(rule: str) -> Published:
    base = f"gate.{rule.lower()}"
    why, fix = msg(f"{base}.why"), msg(f"{base}.settle")
    severity, options = settings.WAIVER_DEFAULTS[rule], ("gate.max_waiver_days",)
    return Published(rule, WAIVER_RULES[rule], ANY, severity, "0.1", why, fix, options, (_WORKS,), (_BAD[rule],))
