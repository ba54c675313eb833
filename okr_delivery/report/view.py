"""The view of an iteration report: built here from results, rendered by html, markdown and json."""

from __future__ import annotations

from collections.abc import Sequence

from okr_delivery.delivery.metrics import measure
from okr_delivery.delivery.results import IterationSets, Scope
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.locale import Translator
from okr_delivery.okrs.readings import Readings
from okr_delivery.okrs.results import KrProgress, ObjectiveProgress
from okr_delivery.report.parts import IterationReport, Report
from okr_delivery.report.sections.context import Context
from okr_delivery.report.sections.experiment import experiment
from okr_delivery.report.sections.flow import flow
from okr_delivery.report.sections.head import goal, head
from okr_delivery.report.sections.movement import key_results
from okr_delivery.report.sections.promise import promise
from okr_delivery.report.sections.quality import data_quality
from okr_delivery.report.sections.value import value
from okr_delivery.value.results import IterationTrace

__all__ = ["IterationReport", "Report", "document", "iteration_view"]


def iteration_view(
    snapshot: Snapshot,
    scope: Scope,
    trace: IterationTrace,
    progress: Sequence[KrProgress],
    objectives: Sequence[ObjectiveProgress],
    readings: Readings,
    history: Sequence[IterationSets],
    t: Translator,
    sle: Scope | None = None,
) -> IterationReport:
    """One team's iteration as a reader sees it, in reading order.

    `history` are the sets of the last iterations, oldest first, with or without this one. `sle` is the scope
    from which cycle times and their percentiles are taken: the last 90 days, measured here when it is not given.
    """
    c = Context(
        snapshot, scope, trace, progress, objectives, readings, history, sle or measure(snapshot, scope.team), t
    )
    krs, promised, flowing, traced = key_results(c), promise(c), flow(c), value(c)
    return IterationReport(
        lang=t.lang,
        head=head(c, (krs.headline, promised.headline, traced.headline)),
        goal=goal(c),
        key_results=krs,
        promise=promised,
        flow=flowing,
        value=traced,
        data_quality=data_quality(c, krs),
        experiment=experiment(c, promised, flowing, traced),
    )


def document(views: Sequence[IterationReport]) -> Report:
    """Several teams or iterations as one document, in the order given (at least one)."""
    return Report(views[0].lang, tuple(views))
