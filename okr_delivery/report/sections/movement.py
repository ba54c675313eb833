"""Key results first: where each one stands, how its reading moved in the iteration, and the three series."""

from __future__ import annotations

from collections import Counter
from datetime import date

from okr_delivery.model.okr import Amendment, KeyResult, Reading
from okr_delivery.model.text import one_line
from okr_delivery.okrs.measure import COMPUTED
from okr_delivery.okrs.readings import WITHOUT_NUMBER
from okr_delivery.okrs.results import HealthState, KrProgress, KrStatus, ObjectiveProgress, Verdict
from okr_delivery.report.parts import Health, KeyResults, Movement, ObjectiveLine
from okr_delivery.report.sections.context import Context
from okr_delivery.report.sections.pace import pace_chart
from okr_delivery.value.results import KrTrace

NOISE = 1e-9  # what is left when equal sums of decimal fractions are subtracted
DEFINITION = "kr_progress/clamped-vs-expected/working_days"


def key_results(c: Context) -> KeyResults:
    traced = {trace.kr.full_id: trace for trace in c.trace.key_results}
    shown = _shown(c, traced)
    movements = tuple(_movement(c, progress, traced.get(progress.kr.full_id)) for progress in shown)
    wanted = {f"{p.kr.cycle}:{p.kr.objective}" for p in shown}
    lines = tuple(_objective(c, o) for o in c.objectives if o.id in wanted)
    return KeyResults(_headline(c, shown), movements, lines)


def _shown(c: Context, traced: dict[str, KrTrace]) -> list[KrProgress]:
    """Those the iteration's requirements name, then the other key results of its goal's objective."""
    given = {p.kr.full_id: p for p in c.progress}
    first = [given.get(kr, trace.progress) for kr, trace in traced.items()]
    objective = c.trace.goal.objective
    rest = [p for kr, p in given.items() if kr not in traced and f"{p.kr.cycle}:{p.kr.objective}" == objective]
    return first + rest


def _headline(c: Context, shown: list[KrProgress]) -> str:
    if not shown:
        return c.t("report.kr.none")
    counts = Counter(p.status for p in shown)
    parts = [
        c.t("report.kr.count", n=counts[status], status=c.t(f"terms.kr_status.{status.value}"))
        for status in KrStatus
        if counts[status]
    ]
    return c.t("report.kr.headline", n=len(shown), parts=c.t.list(parts))


def _movement(c: Context, p: KrProgress, trace: KrTrace | None) -> Movement:
    kr = p.kr
    before, now = _readings(c, kr)
    change = now.value - before.value if before and now and now.day > before.day else None
    return Movement(
        kr=kr.full_id,
        id=kr.id,
        title=one_line(kr.title),
        unit=kr.metric.unit,
        baseline=kr.metric.baseline,
        target=c.snapshot.book.target_at(kr, p.day),
        original_target=kr.metric.target if any(a.on <= p.day for a in kr.amendments) else None,
        value=p.value,
        before=before.value if before else None,
        change=change,
        change_text=_change_text(c, p, before, now),
        since_text=_since_text(c, p, now),
        progress=p.progress,
        expected_progress=p.expected_progress,
        progress_text=_progress_text(c, p),
        status=p.status.value,
        status_text=c.t(f"terms.kr_status.{p.status.value}"),
        verdict=p.verdict.value,
        verdict_text="" if p.verdict is Verdict.UNDETERMINED else c.t(f"terms.verdict.{p.verdict.value}"),
        reading_day=p.reading.day if p.reading else None,
        reading_text=_reading_text(c, p),
        independent=bool(p.reading and p.reading.independent),
        stale=p.stale,
        health=tuple(_health(c, h) for h in p.health),
        arithmetic=c.t.render(p.arithmetic),
        promised=trace.promised if trace else None,
        delivered=trace.delivered if trace else None,
        observed=trace.observed if trace else None,
        realisation=trace.realisation if trace else None,
        series_text=_series(c, trace) if trace else (),
        notes=_notes(c, p, trace),
        definition=DEFINITION,
        chart=pace_chart(c, p),
    )


def _readings(c: Context, kr: KeyResult) -> tuple[Reading | None, Reading | None]:
    """The reading in force when the iteration started and the one when it ended (or today)."""
    sets = c.scope.summary.sets if c.scope.summary else None
    start = c.local(sets.window.start) if sets and sets.window.start is not None else c.scope.since
    end = min(c.last_day(sets) if sets else c.scope.until, c.today)
    return c.readings.latest(kr.full_id, start), c.readings.latest(kr.full_id, end)


def _change_text(c: Context, p: KrProgress, before: Reading | None, now: Reading | None) -> str:
    kr, w, unit = p.kr, c.words, p.kr.metric.unit
    if kr.metric.direction in WITHOUT_NUMBER:
        return c.t(f"report.kr.change.{kr.metric.direction.value}")
    if kr.metric.direction in COMPUTED:
        return c.t("report.kr.change.computed", value=w.level(p.value, unit))
    if now is None:
        return c.t("report.kr.change.no_reading")
    if before is None:
        return c.t("report.kr.change.first", value=w.level(now.value, unit), day=now.day.isoformat())
    if now.day <= before.day:
        return c.t("report.kr.change.no_new", value=w.level(now.value, unit), day=now.day.isoformat())
    return c.t(
        "report.kr.change.moved",
        change=w.change(now.value - before.value, unit),
        before=w.level(before.value, unit),
        now=w.level(now.value, unit),
        since=before.day.isoformat(),
        day=now.day.isoformat(),
    )


def _since_text(c: Context, p: KrProgress, end: Reading | None) -> str | None:
    """What was read after the iteration had ended."""
    if end is None or p.reading is None or p.reading.day <= end.day:
        return None
    unit = p.kr.metric.unit
    change, now = c.words.change(p.reading.value - end.value, unit), c.words.level(p.reading.value, unit)
    return c.t("report.kr.change.since", change=change, now=now, day=p.reading.day.isoformat())


def _progress_text(c: Context, p: KrProgress) -> str:
    if p.progress is None:
        return c.t("report.kr.progress.none")
    if p.expected_progress is None:
        return c.t("report.kr.progress.only", progress=c.words.percent(p.progress))
    expected = c.words.percent(p.expected_progress)
    return c.t("report.kr.progress.both", progress=c.words.percent(p.progress), expected=expected)


def _reading_text(c: Context, p: KrProgress) -> str:
    if p.kr.metric.direction in COMPUTED:
        return c.t("report.kr.reading.computed")
    if p.kr.metric.direction in WITHOUT_NUMBER:
        return ""
    if p.reading is None:
        return c.t("report.kr.reading.none")
    text = c.t("report.kr.reading.age", day=p.reading.day.isoformat(), age=p.age_days or 0)
    marks = [c.t("report.kr.reading.stale")] * p.stale + [c.t("report.kr.reading.independent")] * p.reading.independent
    return c.t.list([text, *marks])


def _health(c: Context, h: HealthState) -> Health:
    word = {True: "met", False: "broken", None: "no_data"}[h.met]
    text = c.t(
        f"report.health.{word}",
        value=c.words.level(h.value, h.unit),
        limit=h.limit.replace("<=", "≤").replace(">=", "≥"),
        day=c.words.day(h.day),
    )
    return Health(h.id, one_line(h.title), h.value, h.limit, h.day, h.met, text)


def _series(c: Context, trace: KrTrace) -> tuple[tuple[str, str], ...]:
    w, unit = c.words, trace.unit
    return (
        (c.t("terms.promised"), _sum(c, trace.promised, unit)),
        (c.t("terms.delivered"), _sum(c, trace.delivered, unit)),
        (c.t("terms.observed"), _observed(c, trace)),
        (c.t("report.realisation"), w.percent(trace.realisation)),
    )


def _sum(c: Context, value: float | None, unit: str | None) -> str:
    return c.t("report.series.no_amount") if value is None else c.words.change(value, unit)


def _observed(c: Context, trace: KrTrace) -> str:
    if trace.observed is not None:
        return c.words.change(trace.observed, trace.unit)
    if trace.window.end is not None and not _over(trace.window.end, c.today):
        return c.t("report.series.window_open", end=trace.window.end.isoformat())
    return c.t("report.series.not_released" if trace.window.end is None else "report.series.no_reading")


def _over(end: date, today: date) -> bool:
    return end < today


def _notes(c: Context, p: KrProgress, trace: KrTrace | None) -> tuple[str, ...]:
    notes = []
    amendments = [a for a in p.kr.amendments if a.on <= p.day]
    if amendments:
        notes.append(_amended(c, p, amendments[-1]))
    if trace and trace.over_attributed:
        notes.append(c.t("report.kr.over_attributed"))
    if trace and trace.unexplained is not None and abs(trace.unexplained) > NOISE:
        notes.append(c.t("report.kr.unexplained", amount=c.words.change(trace.unexplained, trace.unit)))
    if trace and trace.calibration is not None:
        notes.append(c.t("report.kr.calibration", ratio=c.words.percent(trace.calibration)))
    return (*notes, *(c.t.render(note) for note in (trace.notes if trace else ())))


def _amended(c: Context, p: KrProgress, last: Amendment) -> str:
    return c.t(
        "report.kr.amended",
        original=c.words.level(p.kr.metric.target, p.kr.metric.unit),
        target=c.words.level(last.target, p.kr.metric.unit),
        on=last.on.isoformat(),
        reason=one_line(last.reason),
        progress=c.words.percent(p.original_progress),
    )


def _objective(c: Context, o: ObjectiveProgress) -> ObjectiveLine:
    text = c.t("report.objective.no_data") if o.progress is None else _mean(c, o)
    return ObjectiveLine(o.id, one_line(o.title), o.progress, o.weakest, o.no_data, text, c.t.render(o.arithmetic))


def _mean(c: Context, o: ObjectiveProgress) -> str:
    text = c.t("report.objective.mean", progress=c.words.percent(o.progress), weakest=_short(o.weakest))
    if not o.no_data:
        return text
    return c.t("report.objective.left_out", text=text, names=c.t.list([_short(kr) for kr in o.no_data]))


def _short(full_id: str | None) -> str:
    return (full_id or "–").rpartition(":")[2]
