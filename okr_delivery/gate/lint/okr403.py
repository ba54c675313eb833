"""OKR403: a key result that is worked for is read as often as its cadence asks for."""

from __future__ import annotations

from okr_delivery.gate.lint.rule import LintExample, LintRule
from okr_delivery.gate.lint.subject import Desk, Subject
from okr_delivery.gate.rule import OK, Fault, NotApplicable, Outcome
from okr_delivery.model.message import Message
from okr_delivery.model.okr import CycleState, KeyResult
from okr_delivery.okrs.measure import COMPUTED
from okr_delivery.okrs.readings import WITHOUT_NUMBER


class StaleReading(LintRule):
    id = "OKR403"
    name = "stale-reading"
    VALID = (
        LintExample(),
        LintExample(readings={"2026-11-14": 43}),
        LintExample(metric={"direction": "yes_no", "due": "2026-12-01"}),
    )
    INVALID = (LintExample(readings={"2026-10-02": 38}), LintExample(readings={"2026-11-13": 43}))

    def check(self, subject: Subject, desk: Desk) -> Outcome:
        kr, cycle = subject.kr, subject.cycle
        reason = self._pointless(kr, subject, desk)
        if kr is None or reason is not None:
            return NotApplicable(reason or self.text("no_number"))
        day = min(desk.day, cycle.end)
        latest = desk.readings.latest(kr.full_id, day)
        age = (day - (latest.day if latest else cycle.start)).days
        if age <= kr.cadence_days:
            return OK
        terms = {"days": age, "cadence": kr.cadence_days, "day": str(latest.day) if latest else ""}
        read, unread = ("message", "never") if desk.day <= cycle.end else ("ended", "unread")
        return (Fault(self.text(read if latest else unread, **terms), fix=self._command(kr)),)

    def _pointless(self, kr: KeyResult | None, subject: Subject, desk: Desk) -> Message | None:
        if kr is not None and kr.metric.direction in WITHOUT_NUMBER | COMPUTED:
            return self.text("no_number")
        if subject.cycle.state is CycleState.DRAFT or desk.day < subject.cycle.start:
            return self.text("not_begun", cycle=subject.cycle.id)
        return None if desk.readings.all else self.text("no_readings")

    def _command(self, kr: KeyResult) -> Message:
        return self.text("read", command=f"okr-delivery okr read {kr.full_id} VALUE")
