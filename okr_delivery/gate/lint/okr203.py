"""OKR203: a key result has one metric."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject
from okr_delivery.gate.lint.texts import has_two_metrics
from okr_delivery.gate.rule import OK, Fault, NotApplicable, Outcome
from okr_delivery.model.okr import Direction

BY_QUERY = frozenset({Direction.ISSUES, Direction.COMPOSITE})


class TwoMetrics(LintRule):
    """A second number that must only not suffer is no finding, though `health:` is the better place for it."""

    id = "OKR203"
    name = "two-metrics"
    VALID = (
        LintExample(),
        LintExample(title="Increase revenue from 1M to 2M and hold it until year end"),
        LintExample(title="DAU/MAU ratio from 25% to 40%"),
        LintExample(title="三线、四线和五线城市商户留存率达到50%"),
        LintExample(title="营收从 100 万提升到 200 万并保持到年底"),
        LintExample(title="转化率从5%提升到8%，且退款率不高于2%"),
    )
    INVALID = (
        LintExample(title="Retention to 50 % and NPS to 40"),
        LintExample(title="Lead time under 10 days, defect rate under 1 %"),
        LintExample(title="Improve retention and NPS"),
        LintExample(title="留存率提升到50%且NPS达到40"),
        LintExample(title="转化率从5%提升到8%，客单价从30元提升到35元"),
        LintExample(title="提升留存率和满意度"),
    )

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        if subject.kr is None or subject.kr.metric.direction in BY_QUERY:
            return NotApplicable(self.text("counted"))
        return (Fault(self.text("message")),) if has_two_metrics(subject.title) else OK
