"""All rules of the gate, by id, and the ids that are kept for rules to come."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from okr_delivery.gate.rule import Rule
from okr_delivery.gate.rules.kr101 import MissingKeyResult
from okr_delivery.gate.rules.kr102 import UnknownKeyResult
from okr_delivery.gate.rules.kr103 import InactiveKeyResult
from okr_delivery.gate.rules.kr201 import MissingContribution
from okr_delivery.gate.rules.kr202 import InvalidContribution
from okr_delivery.gate.rules.kr203 import WrongDirection
from okr_delivery.gate.rules.kr204 import ImplausibleContribution
from okr_delivery.gate.rules.kr205 import MissingEstimate
from okr_delivery.gate.rules.kr206 import MissingPriority
from okr_delivery.gate.rules.kr207 import OpenDispute
from okr_delivery.gate.rules.kr208 import MissingUserValue
from okr_delivery.gate.rules.kr209 import CarriersDisagree

_ALL: tuple[type[Rule], ...] = (
    MissingKeyResult,
    UnknownKeyResult,
    InactiveKeyResult,
    MissingContribution,
    InvalidContribution,
    WrongDirection,
    ImplausibleContribution,
    MissingEstimate,
    MissingPriority,
    OpenDispute,
    MissingUserValue,
    CarriersDisagree,
)

RULES: Mapping[str, type[Rule]] = MappingProxyType({rule.id: rule for rule in _ALL})

# Ids of the published table whose rules are not built yet: a configuration may already name them.
RESERVED: Mapping[str, str] = MappingProxyType(
    {
        "KR301": "iteration-without-goal",
        "KR302": "under-claimed-key-result",
        "KR303": "over-claimed-key-result",
        "KR304": "over-capacity",
        "KR305": "non-okr-budget",
        "KR306": "unconcluded-trace",
        "KR307": "unapproved-scope-change",
        "KR401": "missing-release-rehearsal",
    }
)

WAIVER_RULES: Mapping[str, str] = MappingProxyType(
    {"WVR001": "unused-waiver", "WVR002": "expired-waiver", "WVR003": "soon-to-expire-waiver"}
)
