"""OKR105: an objective is what the numbers stand for, not one of the numbers."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.lint.texts import is_indicator
from okr_delivery.gate.rule import OK, Fault, Outcome


class ObjectiveIsIndicator(LintRule):
    """A number in a picture of the future (`One million shopkeepers run their business from a phone`) is no finding."""

    id = "OKR105"
    name = "objective-is-indicator"
    subjects = (SubjectKind.OBJECTIVE,)
    VALID = (
        LintExample(),
        LintExample("One million shopkeepers run their whole business from a phone"),
        LintExample("Parcels reach every village within 24 hours"),
        LintExample("让一百万小店老板用手机就能管好生意"),
        LintExample("新商户开张第一天就有第一笔订单"),
        LintExample("公司里谁都能在五分钟内用数据回答问题"),
    )
    INVALID = (
        LintExample("Retention from 38% to 50%"),
        LintExample("Reach 1 million users"),
        LintExample("Increase DAU"),
        LintExample("把留存从38%提升到50%"),
        LintExample("GMV 突破 10 亿"),
        LintExample("新增 500 家付费客户"),
    )

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        return (Fault(self.text("message")),) if is_indicator(subject.title) else OK
