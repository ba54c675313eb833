"""OKR201: a key result tells what comes of the work, not the work."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject
from okr_delivery.gate.lint.texts import is_task
from okr_delivery.gate.lint.wording import has_number, is_dated
from okr_delivery.gate.rule import OK, Fault, NotApplicable, Outcome
from okr_delivery.model.okr import Direction

DAY = {"direction": "yes_no", "due": "2026-12-01"}
COUNT = {"unit": "场", "direction": "at_least", "target": 6}
BY_QUERY = frozenset({Direction.ISSUES, Direction.COMPOSITE})


class KeyResultIsTask(LintRule):
    """A to-do is told also where its metric is a number: `Launch checkout: 38 % to 50 %` does not say what moves.

    A state that is there on a day (`Audit passed`, `Checkout live for all merchants`) is a legal deliverable, and a
    count of tracker issues a legal form: what it counts, its query says.
    """

    id = "OKR201"
    name = "key-result-is-task"
    VALID = (
        LintExample(),
        LintExample(title="Payment audit passed", metric=DAY),
        LintExample(title="Launch the new checkout so that conversion rises from 38 % to 50 %"),
        LintExample(title="商户 30 日留存率从 38% 提升到 50%"),
        LintExample(title="11月15日前通过等保三级测评", metric=DAY),
        LintExample(title="上线新版收银台，使转化率从38%提升到50%"),
    )
    INVALID = (
        LintExample(title="Launch the new checkout page", metric=DAY),
        LintExample(title="Roll out the loyalty programme"),
        LintExample(title="Publish 12 blog posts", metric=COUNT | {"unit": "posts", "target": 12}),
        LintExample(title="上线会员中心", metric=DAY),
        LintExample(title="推进私域运营体系落地"),
        LintExample(title="举办 6 场用户沙龙", metric=COUNT),
    )

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        if subject.kr is None or subject.kr.metric.direction in BY_QUERY:
            return NotApplicable(self.text("counted"))
        metric = subject.kr.metric
        if not is_task(subject.title, is_dated(metric)):
            return OK
        return (Fault(self.text("named" if has_number(metric) else "message")),)
