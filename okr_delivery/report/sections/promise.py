"""Say/do, delivered ratio, scope change in its parts; the issues behind them by name."""

from __future__ import annotations

from collections.abc import Sequence

from okr_delivery.delivery.results import IterationSets, IterationSummary, Member, Metric, MetricStatus
from okr_delivery.model.text import one_line
from okr_delivery.report.chartdata import SayDoBar, SayDoChart
from okr_delivery.report.parts import Figure, ItemClass, Promise, WorkItem
from okr_delivery.report.sections.context import Context

BARS = 6
FIGURES = ("say_do", "delivered_ratio", "scope_change_ratio", "carry_over")
SETS = "iteration_sets/replay_at_close"


def promise(c: Context) -> Promise:
    summary = c.scope.summary
    if summary is None:
        return Promise(c.t("report.promise.no_iteration"), (), (), (), (), None)
    return Promise(
        headline=_headline(c, summary),
        figures=_figures(c),
        parts=_parts(c, summary),
        classes=_classes(c, summary.sets),
        notes=_notes(c, summary),
        chart=_chart(c, summary.sets),
    )


def _headline(c: Context, summary: IterationSummary) -> str:
    sets = summary.sets
    if not c.begun:
        return c.t("report.promise.to_come")
    if not sets.committed:
        return c.t("report.promise.nothing_committed", added=len(sets.added))
    done = len(_refs(sets.committed) & _refs(sets.delivered))
    return c.t(
        "report.promise.open" if sets.window.provisional else "report.promise.closed",
        done=done,
        committed=len(sets.committed),
        added=len(sets.added),
        removed=len(sets.removed),
        carried=len(sets.carried_over),
    )


def _figures(c: Context) -> tuple[Figure, ...]:
    return tuple(_figure(c, name, c.scope.metrics[name]) for name in FIGURES if name in c.scope.metrics)


def _figure(c: Context, name: str, metric: Metric) -> Figure:
    """An empty denominator is a sentence, never 0 or 100 %."""
    empty = metric.value is None and metric.status is MetricStatus.NO_DATA
    return c.metric(name, metric, c.t("report.promise.no_denominator") if empty else None)


def _parts(c: Context, s: IterationSummary) -> tuple[tuple[str, str], ...]:
    sets = s.sets
    parts = [
        (c.t("terms.set.added"), _counted(c, sets.added, "in")),
        (c.t("terms.set.removed"), _counted(c, sets.removed, "out")),
        (c.t("report.promise.re_estimated"), _re_estimated(c, sets)),
    ]
    if s.say_do_points is not None:
        parts.append((c.t("report.promise.say_do_points"), c.words.percent(s.say_do_points)))
    if s.committed_points is not None and s.delivered_points is not None:
        points = c.t("report.promise.points", committed=s.committed_points, delivered=s.delivered_points)
        parts.append((c.t("report.promise.points_label"), points))
    return tuple(parts)


def _counted(c: Context, members: Sequence[Member], side: str) -> str:
    estimates = [m.estimate_in if side == "in" else m.estimate_out for m in members]
    known = [e for e in estimates if e is not None]
    if not known:
        return c.t("report.promise.items", n=len(members))
    return c.t("report.promise.items_points", n=len(members), points=float(sum(known)))


def _re_estimated(c: Context, sets: IterationSets) -> str:
    """Σ|change of the estimate| over what stayed; an unestimated end is no change."""
    start = {m.ref: m.estimate_in for m in (*sets.committed, *sets.added)}
    changes = []
    for m in (*sets.delivered, *sets.carried_over):
        before = start.get(m.ref)
        if before is not None and m.estimate_out is not None and m.estimate_out != before:
            changes.append(abs(m.estimate_out - before))
    if not changes:
        return c.t("report.promise.items", n=0)
    return c.t("report.promise.items_points", n=len(changes), points=float(sum(changes)))


def _classes(c: Context, sets: IterationSets) -> tuple[ItemClass, ...]:
    committed = _refs(sets.committed)
    done = sorted(sets.delivered, key=lambda m: m.ref not in committed)
    return (
        c.group("delivered", c.t("terms.set.delivered"), (_delivered(c, m, committed) for m in done)),
        c.group("carried_over", c.t("terms.set.carried_over"), _carried(c, sets.carried_over)),
        c.group("added", c.t("terms.set.added"), (c.member(m) for m in sets.added)),
        c.group("removed", c.t("terms.set.removed"), (_removed(c, m) for m in sets.removed)),
    )


def _delivered(c: Context, m: Member, committed: set[tuple[str, str]]) -> WorkItem:
    return c.member(m, None if m.ref in committed else c.t("terms.set.added"))


def _carried(c: Context, members: Sequence[Member]) -> list[WorkItem]:
    """Those that have been through most iterations first."""
    ranked = sorted(((_iterations(c, m), m) for m in members), key=lambda pair: -pair[0])
    return [c.member(m, _carried_note(c, m, n)) for n, m in ranked]


def _carried_note(c: Context, m: Member, iterations: int) -> str | None:
    closed = c.scope.summary is not None and not c.scope.summary.sets.window.provisional
    notes = [c.t(f"terms.carry_to.{m.carry_to.value}")] if m.carry_to and closed else []
    if iterations > 1:
        notes.append(c.t("report.promise.spill", n=iterations))
    return c.t.list(notes) or None


def _iterations(c: Context, m: Member) -> int:
    item = c.item(m.source, m.issue_id)
    until = c.scope.summary.sets.window.end if c.scope.summary else c.snapshot.as_of
    return len({s.iteration_id for s in item.memberships if s.entered_at <= until}) if item else 1


def _removed(c: Context, m: Member) -> WorkItem:
    return c.member(m, c.t(f"terms.removal.{m.removal.value}") if m.removal else None)


def _notes(c: Context, s: IterationSummary) -> tuple[str, ...]:
    sets, notes = s.sets, []
    if sets.window.provisional and c.begun:
        notes.append(c.t("report.promise.provisional"))
    if sets.window.start is None:
        notes.append(c.t("report.promise.no_start"))
    if sets.done_before_start:
        keys = c.t.list([one_line(key) for key in sets.done_before_start[:5]])
        notes.append(c.t("report.promise.done_before", n=len(sets.done_before_start), keys=keys))
    if any(m.parallel for m in sets.delivered):
        notes.append(c.t("report.promise.parallel", n=sum(m.parallel for m in sets.delivered)))
    return tuple(notes)


def _chart(c: Context, current: IterationSets) -> SayDoChart:
    known = {(s.iteration.source, s.iteration.id) for s in c.history}
    every = list(c.history)
    if (current.iteration.source, current.iteration.id) not in known:
        every.append(current)
    if not c.begun:
        every = [sets for sets in every if sets.iteration.id != current.iteration.id]
    bars = tuple(_bar(sets) for sets in every[-BARS:])
    return SayDoChart(bars, len(bars), SETS, c.as_of)


def _bar(sets: IterationSets) -> SayDoBar:
    committed, added, done = _refs(sets.committed), _refs(sets.added), _refs(sets.delivered)
    kept = _refs(sets.carried_over)
    return SayDoBar(
        iteration=one_line(sets.iteration.name),
        committed_done=len(committed & done),
        added_done=len(added & done),
        committed_not=len(committed & kept),
        added_not=len(added & kept),
        removed=len(sets.removed),
        say_do=len(committed & done) / len(committed) if committed else None,
        open=sets.window.provisional,
    )


def _refs(members: Sequence[Member]) -> set[tuple[str, str]]:
    return {m.ref for m in members}
