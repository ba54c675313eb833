"""How projects reach their users: each connected service for itself, nothing where deployments are not connected."""

from __future__ import annotations

from okr_delivery.delivery.metrics.dora import STAND_INS
from okr_delivery.delivery.results import Metric, Service
from okr_delivery.model.text import one_line
from okr_delivery.report.parts import Figure, ServiceFigures
from okr_delivery.report.sections.context import Context


def services(c: Context) -> tuple[ServiceFigures, ...]:
    return tuple(_service(c, service) for service in c.scope.services if service.connected)


def _service(c: Context, service: Service) -> ServiceFigures:
    """Stand-ins speak where there are no deployments; beside them they would only be mistaken for one another."""
    shown = [name for name in service.metrics if name not in service.reasons and name not in STAND_INS]
    reasons = dict.fromkeys(service.reasons.values())
    return ServiceFigures(
        source=service.source,
        project=one_line(service.project),
        environments=c.t.list([one_line(name) for name in service.environments]),
        figures=tuple(_figure(c, name, service.metrics[name]) for name in shown),
        notes=tuple(c.t(f"terms.reason.{reason}") for reason in reasons),
    )


def _figure(c: Context, name: str, metric: Metric) -> Figure:
    p = metric.percentiles
    if p is None or p.p50 is None or metric.unit != "d":
        return c.metric(name, metric, None if metric.value is None else c.words.level(metric.value, metric.unit))
    return c.metric(name, metric, c.t("report.flow.percentiles", p50=c.words.days(p.p50), p85=c.words.days(p.p85)))
