"""OKR104: an objective says for whom what becomes different, not only that something shall be better."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.lint.texts import is_vague
from okr_delivery.gate.rule import OK, Fault, Outcome


class NoDirection(LintRule):
    id = "OKR104"
    name = "no-direction"
    subjects = (SubjectKind.OBJECTIVE,)
    VALID = (
        LintExample(),
        LintExample("Improve onboarding so that a new merchant can sell on the first day"),
        LintExample("Make payroll so reliable that nobody checks it any more"),
        LintExample("优化入驻流程，让新商户当天就能开张"),
        LintExample("商户一直用下去，因为当天就能收到钱"),
        LintExample("打造小微商户离不开的经营助手"),
    )
    INVALID = (
        LintExample("Improve onboarding"),
        LintExample("Make the product better"),
        LintExample("Take our platform to the next level"),
        LintExample("让产品更好"),
        LintExample("升级"),
        LintExample("全面提升服务质量"),
    )

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        return (Fault(self.text("message")),) if is_vague(subject.title) else OK
