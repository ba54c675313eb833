"""`okr-delivery/metrics/1` and its text: every number beside its n, exclusions and definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from okr_delivery.delivery.results import IterationSets, IterationSummary, Member, Metric, Quality, Scope
from okr_delivery.locale import Translator
from okr_delivery.output import services
from okr_delivery.output.json import instant, number
from okr_delivery.output.safe import terminal
from okr_delivery.output.table import figure, percent, table


def document(scopes: Sequence[Scope], as_of: int) -> dict[str, object]:
    hashes = sorted({m.rule_hash for scope in scopes for m in scope.metrics.values()})
    return {
        "schema": "okr-delivery/metrics/1",
        "as_of": instant(as_of),
        "rule_hash": hashes[0] if len(hashes) == 1 else ",".join(hashes),
        "scopes": [_scope(scope) for scope in scopes],
    }


def _scope(scope: Scope) -> dict[str, object]:
    return {
        "team": scope.team,
        "source": scope.source,
        "iteration_id": scope.iteration.id if scope.iteration else None,
        "since": scope.since.isoformat(),
        "until": scope.until.isoformat(),
        "metrics": _metrics(scope.metrics),
        "iteration": _iteration(scope.summary) if scope.summary else None,
        "services": [services.document(each, _metrics(each.metrics)) for each in scope.services],
        "data_quality": [_quality(entry) for entry in scope.data_quality],
    }


def _metrics(metrics: Mapping[str, Metric]) -> dict[str, dict[str, object]]:
    return {name: _metric(metric) for name, metric in metrics.items()}


def _metric(metric: Metric) -> dict[str, object]:
    p = metric.percentiles
    return {
        "value": number(metric.value),
        "percentiles": None if p is None else {"p50": number(p.p50), "p85": number(p.p85), "p95": number(p.p95)},
        "unit": metric.unit,
        "status": metric.status.value,
        "n": metric.n,
        "excluded": dict(sorted(metric.excluded.items())),
        "definition": metric.definition,
        "rule_hash": metric.rule_hash,
    }


def _iteration(summary: IterationSummary) -> dict[str, object]:
    sets, iteration = summary.sets, summary.sets.iteration
    return {
        "id": iteration.id,
        "name": iteration.name,
        "goal": iteration.goal,
        "start": instant(sets.window.start),
        "end": instant(iteration.end),
        "closed_at": None if sets.window.provisional else instant(iteration.closed_at),
        "provisional": sets.window.provisional,
        "committed": _keys(sets.committed),
        "added": _keys(sets.added),
        "removed": _keys(sets.removed),
        "delivered": _keys(sets.delivered),
        "carried_over": _keys(sets.carried_over),
        "done_before_start": list(sets.done_before_start),
        "say_do": number(summary.say_do),
        "delivered_ratio": number(summary.delivered_ratio),
        "carry_over_ratio": number(summary.carry_over_ratio),
        "scope_change": summary.scope_change,
        "scope_change_ratio": number(summary.scope_change_ratio),
        "say_do_points": number(summary.say_do_points),
        "committed_points": number(summary.committed_points),
        "delivered_points": number(summary.delivered_points),
    }


def _keys(members: Sequence[Member]) -> list[str]:
    return [member.key for member in members]


def _quality(entry: Quality) -> dict[str, object]:
    return {
        "check": entry.check,
        "n": entry.n,
        "share": number(entry.share),
        "keys": list(entry.keys),
        "metrics": list(entry.metrics),
    }


def text(scopes: Sequence[Scope], t: Translator) -> str:
    return "\n\n".join(_scope_text(scope, t) for scope in scopes)


def _scope_text(scope: Scope, t: Translator) -> str:
    name = scope.iteration.name if scope.iteration else t("output.metrics.period")
    head = t(
        "output.metrics.head",
        team=terminal(scope.team),
        name=terminal(name),
        since=str(scope.since),
        until=str(scope.until),
    )
    blocks = [head, _metrics_text(scope, t)]
    if scope.summary:
        blocks.append(_sets_text(scope.summary, t))
    reached = services.text(scope.services, t)
    if reached is not None:
        blocks.append(reached)
    if scope.data_quality:
        blocks.append(_quality_text(scope.data_quality, t))
    return "\n\n".join(blocks)


def _metrics_text(scope: Scope, t: Translator) -> str:
    rows = [_metric_row(name, metric, t) for name, metric in scope.metrics.items()]
    header = [t(f"output.metrics.column.{c}") for c in ("metric", "value", "p50", "p85", "n", "excluded", "definition")]
    return table(rows, header, right=(1, 2, 3, 4), indent="  ")


def _metric_row(name: str, metric: Metric, t: Translator) -> list[str]:
    value = figure(metric.value) if metric.value is not None else t(f"terms.metric_status.{metric.status.value}")
    p = metric.percentiles
    out = ", ".join(f"{_reason(reason, t)} {n}" for reason, n in sorted(metric.excluded.items()) if n)
    unit = f" {_word('unit', metric.unit, t)}" if metric.value is not None and metric.unit else ""
    middle = [figure(p.p50 if p else None), figure(p.p85 if p else None), str(metric.n)]
    return [t(f"terms.metric.{name}"), value + unit, *middle, out or "–", metric.definition]


def _reason(reason: str, t: Translator) -> str:
    """Why issues were left out: a reason of its own, or a check of data quality."""
    return _word("excluded" if t.knows(f"terms.excluded.{reason}") else "check", reason, t)


def _word(kind: str, name: str, t: Translator) -> str:
    """A name of the JSON document as people say it; one that has no word yet stays as it is."""
    known = f"terms.{kind}.{name}"
    return t(known) if t.knows(known) else name


def _sets_text(summary: IterationSummary, t: Translator) -> str:
    sets = summary.sets
    head = t(
        "output.metrics.say_do",
        say_do=percent(summary.say_do),
        ratio=percent(summary.delivered_ratio),
        change=summary.scope_change,
        provisional=t("output.metrics.provisional") if sets.window.provisional else "",
    )
    return "\n".join(["  " + head.rstrip(), *_set_lines(sets, t)])


def _set_lines(sets: IterationSets, t: Translator) -> list[str]:
    lines = []
    for name in ("committed", "added", "delivered", "carried_over", "removed"):
        members = getattr(sets, name)
        keys = ", ".join(terminal(key) for key in _keys(members)) or "–"
        lines.append("  " + t("output.metrics.set", name=t(f"terms.set.{name}"), n=len(members), keys=keys))
    return lines


def _quality_text(entries: Sequence[Quality], t: Translator) -> str:
    lines = ["  " + t("output.metrics.quality")]
    for entry in entries:
        keys = ", ".join(terminal(key) for key in entry.keys)
        lines.append(
            "    " + t("output.metrics.quality_line", check=_word("check", entry.check, t), n=entry.n, keys=keys)
        )
    return "\n".join(lines)
