"""OKR301: an objective or key result is a team's own contribution, not a copy of what it serves."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.lint.texts import likeness, same_numbers
from okr_delivery.gate.lint.wording import above
from okr_delivery.gate.rule import OK, Fault, NotApplicable, Outcome

TOP = "Payment volume of lower-tier cities doubles to 4 billion a quarter"
ZH_TOP = "下沉市场季度支付交易额翻倍至 40 亿元"


class CopiedFromParent(LintRule):
    """The same words with another number are a team's own share, and no finding."""

    id = "OKR301"
    name = "copied-from-parent"
    subjects = (SubjectKind.OBJECTIVE, SubjectKind.KEY_RESULT)
    options = ("lint.similar",)
    VALID = (
        LintExample(),
        LintExample(title="Payment volume of county towns reaches 1 billion a quarter", parent=TOP),
        LintExample("Merchants pay out on the day of the sale", parent=TOP),
        LintExample("下沉市场商户留下来，因为收银就是好用", parent=ZH_TOP),
        LintExample(title="县城商户 30 日留存率从 38% 提升到 50%", parent=ZH_TOP),
        LintExample(title="下沉市场季度支付交易额提升至 12 亿元", parent=ZH_TOP),
    )
    INVALID = (
        LintExample(TOP, parent=TOP),
        LintExample(title=TOP, parent=TOP),
        LintExample("payment volume of lower-tier cities doubles, to 4 billion a quarter.", parent=TOP),
        LintExample(ZH_TOP, parent=ZH_TOP),
        LintExample(title=ZH_TOP, parent=ZH_TOP),
        LintExample("下沉市场的季度支付交易额翻倍至40亿元。", parent=ZH_TOP),
    )

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        candidates = tuple(above(subject, desk))
        if not candidates:
            return NotApplicable(self.text("no_parent"))
        title, limit = subject.title, desk.config.lint.similar
        alike = [c for c in candidates if same_numbers(title, c.title) and likeness(title, c.title) >= limit]
        if not alike:
            return OK
        closest = max(alike, key=lambda one: likeness(title, one.title))
        return (Fault(self.text("message", parent=closest.full_id, title=closest.title), ref=closest.full_id),)
