"""How projects reach their users, each for itself: in `metrics/1` and as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from okr_delivery.delivery.metrics.dora import NOT_CONNECTED, STAND_INS
from okr_delivery.delivery.results import Metric, Service
from okr_delivery.locale import Translator
from okr_delivery.output.safe import terminal
from okr_delivery.output.table import figure, table

COLUMNS = ("metric", "value", "p50", "p85", "n", "excluded", "definition")


def document(service: Service, metrics: Mapping[str, dict[str, object]]) -> dict[str, object]:
    """One service; `metrics` are its metrics as every scope's are written, each gets the reason why it is none."""
    return {
        "source": service.source,
        "project": service.project,
        "connected": service.connected,
        "environments": list(service.environments),
        "metrics": {name: {**metric, "reason": service.reasons.get(name)} for name, metric in metrics.items()},
    }


def text(services: Sequence[Service], t: Translator) -> str | None:
    """The figures of those that are connected; of the others the sentence that they are not, and what stands in.

    None where there is nothing to say.
    """
    blocks = [_connected(service, t) for service in services if service.connected]
    apart = [service for service in services if not service.connected]
    if apart:
        lines = ["  " + t(f"terms.reason.{NOT_CONNECTED}")]
        standing = [row for service in apart for row in _rows(service, STAND_INS, t, named=True)]
        blocks.append("\n".join([*lines, *([_table(standing, t)] if standing else [])]))
    return "\n\n".join(blocks) or None


def _connected(service: Service, t: Translator) -> str:
    environments = t.list([terminal(name) for name in service.environments])
    head = t("output.services.head", project=terminal(service.project), environments=environments)
    reasons = dict.fromkeys(service.reasons.values())
    notes = ["  " + t(f"terms.reason.{reason}") for reason in reasons]
    return "\n".join(["  " + head, _table(list(_rows(service, tuple(service.metrics), t)), t), *notes])


def _table(rows: list[list[str]], t: Translator) -> str:
    return table(rows, [t(f"output.metrics.column.{name}") for name in COLUMNS], right=(1, 2, 3, 4), indent="    ")


def _rows(service: Service, names: Sequence[str], t: Translator, *, named: bool = False) -> Iterator[list[str]]:
    """What is configured; of stand-ins only those that have a number."""
    for name in names:
        metric = service.metrics[name]
        if name not in service.reasons and (metric.value is not None or name not in STAND_INS):
            label = t(f"terms.metric.{name}")
            yield _row(f"{terminal(service.project)}: {label}" if named else label, metric, t)


def _row(label: str, metric: Metric, t: Translator) -> list[str]:
    value = t(f"terms.metric_status.{metric.status.value}")
    if metric.value is not None:
        value = f"{figure(metric.value)} {t(f'terms.unit.{metric.unit}')}"
    p = metric.percentiles
    out = ", ".join(f"{t(f'terms.excluded.{reason}')} {n}" for reason, n in sorted(metric.excluded.items()))
    middle = [figure(p.p50 if p else None), figure(p.p85 if p else None), str(metric.n)]
    return [label, value, *middle, out or "–", metric.definition]
