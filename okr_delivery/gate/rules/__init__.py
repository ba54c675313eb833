"""All rules of the gate, by id."""

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
from okr_delivery.gate.rules.kr301 import IterationWithoutGoal
from okr_delivery.gate.rules.kr302 import UnderClaimed
from okr_delivery.gate.rules.kr303 import OverClaimed
from okr_delivery.gate.rules.kr304 import OverCapacity
from okr_delivery.gate.rules.kr305 import NonOkrBudget
from okr_delivery.gate.rules.kr306 import UnconcludedTrace
from okr_delivery.gate.rules.kr307 import UnapprovedScopeChange
from okr_delivery.gate.rules.kr401 import MissingReleaseRehearsal

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
    IterationWithoutGoal,
    UnderClaimed,
    OverClaimed,
    OverCapacity,
    NonOkrBudget,
    UnconcludedTrace,
    UnapprovedScopeChange,
    MissingReleaseRehearsal,
)

RULES: Mapping[str, type[Rule]] = MappingProxyType({rule.id: rule for rule in _ALL})

WAIVER_RULES: Mapping[str, str] = MappingProxyType(
    {"WVR001": "unused-waiver", "WVR002": "expired-waiver", "WVR003": "soon-to-expire-waiver"}
)
