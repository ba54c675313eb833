"""OKR files as text and JSON: the list, the network, one key result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from okr_delivery.locale import Translator
from okr_delivery.model.okr import KeyResult, Objective
from okr_delivery.model.width import clip
from okr_delivery.okrs import OkrBook, Readings
from okr_delivery.okrs.results import KrProgress, ObjectiveProgress
from okr_delivery.output.json import day, number
from okr_delivery.output.safe import terminal
from okr_delivery.output.table import figure, percent, table


def document(book: OkrBook) -> dict[str, object]:
    """All key results, `okr-delivery/okr-list/1`."""
    krs = [_entry(kr) for kr in book.key_results.values()]
    return {"schema": "okr-delivery/okr-list/1", "key_results": krs}


def _entry(kr: KeyResult) -> dict[str, object]:
    return {
        "kr": kr.id,
        "cycle": kr.cycle,
        "objective": kr.objective,
        "title": kr.title,
        "owner": kr.owner,
        "direction": kr.metric.direction.value,
        "unit": kr.metric.unit,
        "baseline": number(kr.metric.baseline),
        "target": number(kr.metric.target),
        "location": {"path": kr.location.path, "line": kr.location.line},
    }


def listing(book: OkrBook, t: Translator) -> str:
    header = [t(f"output.okr.column.{c}") for c in ("kr", "title", "metric", "owner", "where")]
    rows = [
        [
            terminal(kr.full_id),
            clip(terminal(kr.title), 44),
            metric(kr, t),
            terminal(kr.owner or "–"),
            f"{kr.location.path}:{kr.location.line}",
        ]
        for kr in book.key_results.values()
    ]
    return table(rows, header)


def metric(kr: KeyResult, t: Translator) -> str:
    """The metric in a few words: `increase 38 → 50 %`."""
    m = kr.metric
    word = t(f"output.direction.{m.direction.value}")
    unit = f" {terminal(m.unit)}" if m.unit else ""
    if m.low is not None and m.high is not None:
        return f"{word} {figure(m.low)}–{figure(m.high)}{unit}"
    if m.target is None:
        return word
    start = f"{figure(m.baseline)} → " if m.baseline is not None else ""
    return f"{word} {start}{figure(m.target)}{unit}"


def tree(
    book: OkrBook,
    krs: Sequence[KrProgress],
    objectives: Sequence[ObjectiveProgress],
    t: Translator,
    *,
    ascii_only: bool = False,
) -> str:
    """Roots first; an objective with several parents is written out once and referred to after that."""
    done = {entry.kr.full_id: entry.clamped for entry in krs}
    mean = {entry.id: entry.progress for entry in objectives}
    lines: list[str] = []
    drawn: set[str] = set()
    for objective in book.objectives.values():
        if not book.parents(objective.full_id):
            _branch(book, objective, 0, lines, drawn, done, mean, t, "-" if ascii_only else "·")
    return "\n".join(lines)


def _branch(
    book: OkrBook,
    objective: Objective,
    depth: int,
    lines: list[str],
    drawn: set[str],
    done: Mapping[str, float | None],
    mean: Mapping[str, float | None],
    t: Translator,
    bullet: str,
) -> None:
    indent = "  " * depth
    head = f"{indent}{terminal(objective.full_id)} {terminal(objective.title)} [{percent(mean.get(objective.full_id))}]"
    if objective.full_id in drawn:
        lines.append(head + " " + t("output.okr.above"))
        return
    drawn.add(objective.full_id)
    lines.append(head)
    children = [book.objectives[child] for child in book.children(objective.full_id) if child in book.objectives]
    for kr in objective.key_results:
        lines.append(f"{indent}  {bullet} {terminal(kr.id)} {terminal(kr.title)} [{percent(done.get(kr.full_id))}]")
        children.extend(book.objectives[child] for child in book.children(kr.full_id) if child in book.objectives)
    for child in dict.fromkeys(c.full_id for c in children):
        _branch(book, book.objectives[child], depth + 2, lines, drawn, done, mean, t, bullet)


def one(entry: KrProgress, readings: Readings, t: Translator) -> str:
    kr = entry.kr
    lines = [f"{terminal(kr.full_id)}  {terminal(kr.title)}", f"  {metric(kr, t)}"]
    lines.append(
        "  " + t("output.okr.owner", owner=terminal(kr.owner or "–"), path=kr.location.path, line=kr.location.line)
    )
    state = t(f"terms.kr_status.{entry.status.value}")
    lines.append(
        "  "
        + t(
            "output.okr.state",
            progress=percent(entry.progress),
            expected=percent(entry.expected_progress),
            status=state,
        )
    )
    lines.append("  " + t.render(entry.arithmetic))
    for health in entry.health:
        met = t("output.health.none") if health.met is None else t(f"output.health.{'met' if health.met else 'broken'}")
        lines.append(
            "  "
            + t(
                "output.okr.health",
                title=terminal(health.title),
                limit=health.limit,
                value=figure(health.value),
                met=met,
            )
        )
    lines.extend(
        f"  {day(reading.day)}  {figure(reading.value)}  {terminal(reading.source or '')}".rstrip()
        for reading in readings.series(kr.full_id)
    )
    return "\n".join(lines)
