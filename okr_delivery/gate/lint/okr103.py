"""OKR103: an objective is a sentence, not the name of a topic."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.lint.texts import is_bare
from okr_delivery.gate.rule import OK, Fault, Outcome


class BarePhrase(LintRule):
    id = "OKR103"
    name = "bare-phrase"
    subjects = (SubjectKind.OBJECTIVE,)
    VALID = (
        LintExample(),
        LintExample("Support answers before customers have to ask twice"),
        LintExample("Win the trust of hospitals that have never bought from us"),
        LintExample("下沉市场商户留下来，因为收银就是好用"),
        LintExample("新人入职第一周就能独立交付"),
        LintExample("成为县城餐馆收款的首选"),
    )
    INVALID = (
        LintExample("Revenue"),
        LintExample("Customer happiness"),
        LintExample("Operational efficiency of the support centre"),
        LintExample("DAU"),
        LintExample("用户体验"),
        LintExample("平台稳定性和安全"),
        LintExample("降本增效"),
    )

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        return (Fault(self.text("message")),) if is_bare(subject.title) else OK
