"""The data-quality box: how fresh and whole the data is, what was left out, what is missing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from okr_delivery.delivery.results import Quality
from okr_delivery.model.text import one_line
from okr_delivery.report.parts import Check, DataQuality, KeyResults, SourceLine
from okr_delivery.report.sections.context import Context
from okr_delivery.store.rows import SourceState


def data_quality(c: Context, krs: KeyResults) -> DataQuality:
    needed = {c.trace.source, *(item.source for item in c.snapshot.items(c.team))}
    states = sorted(c.snapshot.source_states.items())
    sources = tuple(_source(c, name, state) for name, state in states if name in needed)
    checks = tuple(_check(c, quality) for quality in c.scope.data_quality)
    gaps = _gaps(c, krs)
    found = len(checks) + len(gaps) + sum(not s.complete for s in sources)
    headline = c.t("report.quality.headline", n=found) if found else c.t("report.quality.clean")
    return DataQuality(headline, sources, checks, gaps, _excluded(c))


def _source(c: Context, name: str, state: SourceState) -> SourceLine:
    fetched = None if state.fetched_at is None else datetime.fromtimestamp(state.fetched_at, UTC)
    shown = None if fetched is None else fetched.isoformat().replace("+00:00", "Z")
    if shown is None:
        return SourceLine(name, state.complete, None, c.t("report.quality.never"))
    at = c.words.moment(state.fetched_at or 0, c.snapshot.calendar(c.team).zone)
    text = c.t("report.quality.complete" if state.complete else "report.quality.incomplete", at=at)
    return SourceLine(name, state.complete, shown, text)


def _check(c: Context, q: Quality) -> Check:
    label_id = f"terms.check.{q.check}"
    return Check(
        id=q.check,
        label=c.t(label_id) if c.t.knows(label_id) else q.check,
        n=q.n,
        share=q.share,
        share_text=c.words.percent(q.share),
        keys=tuple(one_line(key) for key in q.keys),
        metrics=tuple(c.label(name) for name in q.metrics),
    )


def _gaps(c: Context, krs: KeyResults) -> tuple[str, ...]:
    missing = [m.id for m in krs.movements if m.value is None and m.progress is None]
    stale = [m.id for m in krs.movements if m.stale]
    gaps = []
    if missing:
        gaps.append(c.t("report.quality.no_reading", names=c.t.list(missing)))
    if stale:
        gaps.append(c.t("report.quality.stale", names=c.t.list(stale)))
    return tuple(gaps)


def _excluded(c: Context) -> tuple[tuple[str, int, str], ...]:
    """What metrics left out, by reason: the largest count of any one metric, since they share a population."""
    most: Counter[str] = Counter()
    for metric in c.scope.metrics.values():
        for reason, n in metric.excluded.items():
            most[reason] = max(most[reason], n)
    return tuple((reason, n, c.reason(reason)) for reason, n in sorted(most.items()) if n)
