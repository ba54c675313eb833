"""Expected against realised: what was due, how much of it was measured, requirement by requirement."""

from __future__ import annotations

from okr_delivery.model.text import one_line
from okr_delivery.report.parts import Figure, ItemClass, OpenConclusion, RequirementRow, Value
from okr_delivery.report.sections.context import Context
from okr_delivery.report.sections.sankey import flow_chart
from okr_delivery.value.results import KrTrace, RequirementTrace, WindowState

COVERAGE = "coverage/measured_of_due/window_ended"
REALISED = "realisation/realised_of_expected/measured_only"
BEFORE_AFTER = "before_after"  # a change that was seen, not an effect that was measured


def value(c: Context) -> Value:
    pairs = [(trace, row) for trace in c.trace.key_results for row in trace.requirements]
    due = [(trace, row) for trace, row in pairs if row.delivered and row.window.state is not WindowState.OPEN]
    measured = [pair for pair in due if effect(pair[1]) is not None]
    return Value(
        headline=_headline(c, len(pairs), len(due), len(measured)),
        figures=(_coverage(c, len(measured), len(due)), *_realisation(c)),
        rows=tuple(_row(c, trace, row) for trace, row in pairs),
        open=tuple(_open(c, trace, row) for trace, row in due if undecided(row)),
        unmeasured=_unmeasured(c, [row for _, row in due if effect(row) is None]),
        unlinked=_unlinked(c),
        notes=_notes(c, pairs),
        chart=flow_chart(c, pairs),
    )


def effect(row: RequirementTrace) -> float | None:
    """The measured effect, if it was measured against something."""
    return None if row.method == BEFORE_AFTER else row.measured


def undecided(row: RequirementTrace) -> bool:
    """Waits for somebody's decision: small parts of what was promised are not asked about one by one.

    What was to be observed longer waits again when that time is over.
    """
    return row.window.state is WindowState.DUE and row.due is not None


def _headline(c: Context, links: int, due: int, measured: int) -> str:
    if not c.begun:
        return c.t("report.value.to_come")
    if not links:
        return c.t("report.value.no_links")
    if not due:
        return c.t("report.value.none_due", n=links)
    return c.t("report.value.headline", due=due, measured=measured)


def _coverage(c: Context, measured: int, due: int) -> Figure:
    value = measured / due if due else None
    text = c.t("report.value.coverage", measured=measured, due=due) if due else c.t("report.value.nothing_due")
    return c.figure("coverage", value, "ratio", text, "ok" if due else "no_data", due, COVERAGE)


def _realisation(c: Context) -> list[Figure]:
    """Per key result; ratios of different units are never pooled."""
    figures = []
    for trace in c.trace.key_results:
        n = sum(effect(row) is not None for row in trace.requirements)
        if trace.realisation is not None:
            text = c.t("report.value.realisation", kr=trace.kr.id, ratio=c.words.percent(trace.realisation))
            figures.append(c.figure("realisation", trace.realisation, "ratio", text, "ok", n, REALISED))
    return figures


def _row(c: Context, trace: KrTrace, row: RequirementTrace) -> RequirementRow:
    item = c.item(row.source, row.issue_id)
    hidden = bool(item and item.issue.confidential)
    return RequirementRow(
        source=row.source,
        key=row.key,
        title=None if hidden else one_line(row.title),
        url=c.link(row.source, row.url),
        kr=trace.kr.id,
        unit=trace.unit,
        expected=row.expected,
        low=row.low,
        high=row.high,
        confidence=row.confidence,
        expected_text=_expected(c, trace, row),
        delivered=row.delivered,
        committed=row.committed,
        late=row.late,
        state_text=_state(c, row),
        window_start=row.window.start,
        window_end=row.window.end,
        window=row.window.state.value,
        window_text=_window(c, row),
        measured=row.measured,
        allocated=row.allocated,
        method=row.method,
        realised_text=_realised(c, trace, row),
        conclusion=row.conclusion.conclusion.value if row.conclusion else None,
        conclusion_text=_conclusion(c, row),
        reason=one_line(row.conclusion.reason) if row.conclusion else None,
        due=row.due,
    )


def _expected(c: Context, trace: KrTrace, row: RequirementTrace) -> str:
    if row.expected is None:
        return c.t("report.value.no_amount")
    text = c.words.change(row.expected, trace.unit)
    span = c.words.span(row.low, row.high)
    if span:
        text = c.t("report.value.with_span", text=text, span=span)
    if row.confidence is None:
        return text
    return c.t("report.value.with_confidence", text=text, confidence=c.words.percent(row.confidence))


def _state(c: Context, row: RequirementTrace) -> str:
    """Delivered or not, and what a reader must know about how the claim came in."""
    marks = [c.t("terms.set.delivered" if row.delivered else "report.value.not_delivered")]
    if not row.committed:
        marks.append(c.t("terms.set.added"))
    if row.late:
        marks.append(c.t("report.value.late"))
    return c.t.list(marks)


def _window(c: Context, row: RequirementTrace) -> str:
    if row.window.start is None or row.window.end is None:
        return c.t("report.value.not_released")
    state = c.t(f"terms.window.{row.window.state.value}")
    return c.t("report.value.window", start=row.window.start.isoformat(), end=row.window.end.isoformat(), state=state)


def _realised(c: Context, trace: KrTrace, row: RequirementTrace) -> str:
    method = c.t(f"terms.method.{row.method}") if row.method else ""
    if row.measured is not None:
        amount = c.words.change(row.measured, trace.unit)
        return c.t("report.value.realised", amount=amount, method=method) if method else amount
    if row.allocated is not None:
        amount = c.words.change(row.allocated, trace.unit)
        return c.t("report.value.realised", amount=amount, method=c.t("terms.allocated"))
    if not row.delivered:
        return c.t("report.value.not_delivered")
    waiting = row.window.state is WindowState.OPEN
    return c.t("report.value.observing" if waiting else "report.value.unmeasured")


def _conclusion(c: Context, row: RequirementTrace) -> str:
    if row.due is not None and undecided(row):
        return c.t("report.value.open", due=row.due.isoformat())
    if row.conclusion:
        return c.t(f"terms.conclusion.{row.conclusion.conclusion.value}")
    return c.t("report.value.not_asked") if row.window.state is WindowState.DUE else "–"


def _open(c: Context, trace: KrTrace, row: RequirementTrace) -> OpenConclusion:
    shown = c.named(row.source, row.issue_id, row.key)
    asked = one_line(trace.kr.owner) if trace.kr.owner else None
    overdue = row.due is not None and row.due < c.today
    text = c.t("report.value.overdue" if overdue else "report.value.decide", due=c.words.day(row.due))
    return OpenConclusion(row.key, shown.title, shown.url, trace.kr.id, row.due, asked, text)


def _unmeasured(c: Context, rows: list[RequirementTrace]) -> ItemClass | None:
    """The due ones without a measurement, each requirement once, those that wait for a decision first."""
    once = {(row.source, row.issue_id): row for row in sorted(rows, key=lambda row: not undecided(row))}
    items = [c.named(row.source, row.issue_id, row.key) for row in once.values()]
    return c.group("unmeasured", c.t("report.value.unmeasured_class"), items) if items else None


def _unlinked(c: Context) -> str:
    unlinked = c.trace.unlinked
    if not c.begun:
        return ""
    if not unlinked.count:
        return c.t("report.value.all_linked")
    keys = c.t.list([one_line(key) for key in unlinked.keys[:5]])
    if unlinked.effort_share is None:
        return c.t("report.value.unlinked", n=unlinked.count, keys=keys)
    share = c.words.percent(unlinked.effort_share)
    return c.t("report.value.unlinked_share", n=unlinked.count, keys=keys, share=share)


def _notes(c: Context, pairs: list[tuple[KrTrace, RequirementTrace]]) -> tuple[str, ...]:
    notes = []
    if any(row.allocated is not None for _, row in pairs):
        notes.append(c.t("report.value.note_allocated"))
    if any(row.method == BEFORE_AFTER for _, row in pairs):
        notes.append(c.t("report.value.note_before_after"))
    if any(row.late for _, row in pairs):
        notes.append(c.t("report.value.note_late"))
    return tuple(notes)
