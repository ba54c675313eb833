"""`okr-delivery/trace/1` and its text: promised, delivered and observed, three series side by side."""

from __future__ import annotations

from collections.abc import Sequence

from okr_delivery.locale import Translator
from okr_delivery.model.width import clip
from okr_delivery.output.json import day, instant, number
from okr_delivery.output.safe import terminal
from okr_delivery.output.table import figure, percent, table
from okr_delivery.value.results import IterationTrace, KrTrace, ObservationWindow, RequirementTrace, WindowState


def document(traces: Sequence[IterationTrace], as_of: int, t: Translator) -> dict[str, object]:
    return {
        "schema": "okr-delivery/trace/1",
        "as_of": instant(as_of),
        "iterations": [_iteration(trace, t) for trace in traces],
    }


def _iteration(trace: IterationTrace, t: Translator) -> dict[str, object]:
    return {
        "team": trace.team,
        "source": trace.source,
        "id": trace.id,
        "name": trace.name,
        "goal": {"objective": trace.goal.objective, "verdict": trace.goal.verdict, "reason": trace.goal.reason},
        "key_results": [_key_result(entry, t) for entry in trace.key_results],
        "unlinked": {"count": trace.unlinked.count, "effort_share": number(trace.unlinked.effort_share)},
    }


def _key_result(entry: KrTrace, t: Translator) -> dict[str, object]:
    return {
        "kr": entry.kr.id,
        "cycle": entry.kr.cycle,
        "unit": entry.unit,
        "promised": number(entry.promised),
        "delivered": number(entry.delivered),
        "observed": number(entry.observed),
        "realisation": number(entry.realisation),
        "unexplained": number(entry.unexplained),
        "over_attributed": entry.over_attributed,
        "window": _window(entry.window),
        "requirements": [_requirement(r) for r in entry.requirements],
        "calibration": number(entry.calibration),
        "verdict": entry.verdict.value,
        "health": [
            {"id": h.id, "value": number(h.value), "limit": h.limit, "met": h.met, "date": day(h.day)}
            for h in entry.health
        ],
        "notes": [t.render(note) for note in entry.notes],
    }


def _window(window: ObservationWindow) -> dict[str, object]:
    return {"start": day(window.start), "end": day(window.end), "state": window.state.value}


def _requirement(entry: RequirementTrace) -> dict[str, object]:
    return {
        "key": entry.key,
        "title": entry.title,
        "url": entry.url,
        "expected": number(entry.expected),
        "low": number(entry.low),
        "high": number(entry.high),
        "confidence": number(entry.confidence),
        "delivered": entry.delivered,
        "committed": entry.committed,
        "late": entry.late,
        "window": _window(entry.window),
        "measured": number(entry.measured),
        "allocated": number(entry.allocated),
        "method": entry.method,
        "conclusion": entry.conclusion.conclusion.value if entry.conclusion else None,
        "due": day(entry.due),
    }


def text(traces: Sequence[IterationTrace], t: Translator) -> str:
    return "\n\n".join(_iteration_text(trace, t) for trace in traces)


def _iteration_text(trace: IterationTrace, t: Translator) -> str:
    goal = trace.goal
    lines = [t("output.trace.head", team=terminal(trace.team), name=terminal(trace.name))]
    verdict = t(f"terms.goal.{goal.verdict}") if goal.verdict else t("output.goal.none")
    lines.append("  " + t("output.trace.goal", goal=terminal(goal.goal or goal.objective or "–"), verdict=verdict))
    for entry in trace.key_results:
        lines.extend(["", *_kr_text(entry, t)])
    lines.extend(["", "  " + _unlinked(trace, t)])
    return "\n".join(lines)


def _unlinked(trace: IterationTrace, t: Translator) -> str:
    return t("output.trace.unlinked", count=trace.unlinked.count, share=percent(trace.unlinked.effort_share))


def _kr_text(entry: KrTrace, t: Translator) -> list[str]:
    unit = _points(entry.unit, t)
    lines = [f"  {terminal(entry.kr.full_id)}  {clip(terminal(entry.kr.title), 70)}"]
    lines.append(
        "    "
        + t(
            "output.trace.series",
            promised=_amount(entry.promised, unit),
            delivered=_amount(entry.delivered, unit),
            observed=_amount(entry.observed, unit),
            realisation=percent(entry.realisation),
            window=_window_text(entry.window, t),
            verdict=t(f"terms.verdict.{entry.verdict.value}"),
        )
    )
    lines.extend("    " + t.render(note) for note in entry.notes)
    if entry.requirements:
        lines.append(_requirements(entry, t))
    return lines


def _amount(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:+,.4g} {unit}".rstrip()


def _points(unit: str | None, t: Translator) -> str:
    """Differences of a percentage are points."""
    return t("output.points") if unit == "%" else terminal(unit or "")


def _window_text(window: ObservationWindow, t: Translator) -> str:
    if window.start is None:
        return t("output.window.none")
    state = t(f"terms.window.{window.state.value}")
    return t("output.trace.window", start=str(window.start), end=str(window.end), state=state)


def _requirements(entry: KrTrace, t: Translator) -> str:
    columns = ("requirement", "title", "expected", "done", "measured", "allocated", "method", "conclusion")
    header = [t(f"output.trace.column.{c}") for c in columns]
    rows = [_requirement_row(r, t) for r in entry.requirements]
    return table(rows, header, right=(2, 4, 5), indent="    ")


def _requirement_row(entry: RequirementTrace, t: Translator) -> list[str]:
    done = t("output.yes") if entry.delivered else t("output.no")
    return [
        terminal(entry.key) + (" *" if entry.late else ""),
        clip(terminal(entry.title), 34),
        "–" if entry.expected is None else f"{entry.expected:+,.4g}",
        done,
        figure(entry.measured),
        figure(entry.allocated),
        t(f"output.method.{entry.method}") if entry.method else "–",
        _conclusion(entry, t),
    ]


def _conclusion(entry: RequirementTrace, t: Translator) -> str:
    again = entry.due is not None and entry.window.state is WindowState.DUE  # it was observed longer, and that is over
    if entry.conclusion is not None and not again:
        return t(f"terms.conclusion.{entry.conclusion.conclusion.value}")
    if entry.due is None:
        return "–"
    return t("output.trace.due", due=str(entry.due))
