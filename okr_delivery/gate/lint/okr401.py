"""OKR401: an objective or key result was thought about anew since the last cycle."""

from __future__ import annotations

from okr_delivery.gate.finding import Severity
from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind
from okr_delivery.gate.lint.texts import likeness
from okr_delivery.gate.lint.wording import before, same_target
from okr_delivery.gate.rule import OK, Fault, NotApplicable, Outcome
from okr_delivery.model.message import Message

STAY = "Merchants in lower-tier cities stay because checkout just works"
ZH_STAY = "下沉市场商户留下来，因为收银就是好用"


class SameAsLastCycle(LintRule):
    """The same text with another number in it is the same text. A key result whose target has moved is only told as
    info: a number that is carried on has its name, and `continues:` says so."""

    id = "OKR401"
    name = "same-as-last-cycle"
    subjects = (SubjectKind.OBJECTIVE, SubjectKind.KEY_RESULT)
    options = ("lint.similar",)
    VALID = (
        LintExample(),
        LintExample(before="Share of shops that sell on their first day rises from 12 % to 38 %"),
        LintExample(before_objective="Merchants come to us because opening a shop takes minutes"),
        LintExample(title="商户 30 日留存率从 38% 提升到 50%", before="开店当天出单的商户占比从 12% 提升到 38%"),
        LintExample(ZH_STAY, before_objective="商户找到我们，因为开店只要几分钟"),
        LintExample(ZH_STAY, title="县城商户 30 日留存率从 38% 提升到 50%", before="商户净推荐值达到 45"),
    )
    INVALID = (
        LintExample(STAY, before_objective=STAY),
        LintExample(before="30-day merchant retention rises from 33 % to 38 %"),
        LintExample(STAY, before_objective="Merchants in lower-tier cities stay, because the checkout just works!"),
        LintExample(ZH_STAY, before_objective=ZH_STAY),
        LintExample(title="商户 30 日留存率从 38% 提升到 50%", before="商户30日留存率从33%提升到38%"),
        LintExample(ZH_STAY, before_objective="下沉市场的商户留下来,因为收银就是好用"),
    )

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        earlier = tuple(before(subject, desk))
        if not earlier:
            return NotApplicable(self.text("first"))
        near = max(earlier, key=lambda one: likeness(subject.title, one.title, numbers=False))
        if likeness(subject.title, near.title, numbers=False) < desk.config.lint.similar:
            return OK
        moved = subject.kr is not None and near.kr is not None and not same_target(subject.kr, near.kr)
        text = self.text("moved" if moved else "message", earlier=near.full_id)
        return (Fault(text, severity=Severity.INFO if moved else None, ref=near.full_id, fix=self._fix(subject)),)

    def _fix(self, subject: Subject) -> Message | None:
        """Only a key result can say what it continues, and only one that doesn't is told to."""
        if subject.kr is None:
            return self.text("fix_objective")
        return self.text("fix_continued") if subject.kr.continues else None
