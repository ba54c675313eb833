"""OKR202: whether a key result was reached can be told by a number or on a day."""

from __future__ import annotations

from okr_delivery.gate.finding import Severity
from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject
from okr_delivery.gate.lint.texts import has_date, has_figure, plain
from okr_delivery.gate.lint.wording import has_number, is_dated
from okr_delivery.gate.rule import OK, Fault, Outcome
from okr_delivery.model.okr import Direction

DAY = {"direction": "yes_no", "due": "2026-12-01"}
OPEN = {"direction": "yes_no"}
STEPS = {"direction": "milestones", "items": [{"id": "beta", "title": "beta"}]}


class NoNumberOrDate(LintRule):
    """The metric counts as much as the title. Numbers in names (`ISO 27001`, `收银 2.0`) measure nothing."""

    id = "OKR202"
    name = "no-number-or-date"
    severity = Severity.ERROR
    VALID = (
        LintExample(),
        LintExample(title="Security audit passed", metric=DAY),
        LintExample(title="Security audit passed by 15 November", metric=OPEN),
        LintExample(title="商户 30 日留存率"),
        LintExample(title="通过安全审计", metric=DAY),
        LintExample(title="11月15日前通过安全审计", metric=OPEN),
    )
    INVALID = (
        LintExample(title="Customers are more satisfied", metric=OPEN),
        LintExample(title="ISO 27001 certificate obtained", metric=OPEN),
        LintExample(title="Checkout live for all merchants", metric=STEPS),
        LintExample(title="显著提升商户留存", metric=OPEN),
        LintExample(title="上线收银 2.0", metric=OPEN),
        LintExample(title="新收银全面铺开", metric=STEPS),
    )

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        metric = None if subject.kr is None else subject.kr.metric
        title = plain(subject.title)
        if metric is None or has_number(metric) or is_dated(metric) or has_figure(title) or has_date(title):
            return OK
        if metric.direction is Direction.MILESTONES:
            return (Fault(self.text("milestones"), fix=self.text("fix_milestones")),)
        return (Fault(self.text("message")),)
