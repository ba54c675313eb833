"""`okr-delivery/progress/1` and its text."""

from __future__ import annotations

from collections.abc import Sequence

from okr_delivery.locale import Translator
from okr_delivery.model.width import clip
from okr_delivery.okrs.results import KrProgress, ObjectiveProgress
from okr_delivery.output.json import day, instant, number
from okr_delivery.output.safe import terminal
from okr_delivery.output.table import figure, percent, table


def document(
    krs: Sequence[KrProgress], objectives: Sequence[ObjectiveProgress], as_of: int, t: Translator
) -> dict[str, object]:
    return {
        "schema": "okr-delivery/progress/1",
        "as_of": instant(as_of),
        "key_results": [_key_result(entry, t) for entry in krs],
        "objectives": [_objective(entry) for entry in objectives],
    }


def _key_result(entry: KrProgress, t: Translator) -> dict[str, object]:
    reading = entry.reading
    return {
        "kr": entry.kr.id,
        "cycle": entry.kr.cycle,
        "value": number(entry.value),
        "progress": number(entry.progress),
        "clamped": number(entry.clamped),
        "original_progress": number(entry.original_progress),
        "expected_progress": number(entry.expected_progress),
        "status": entry.status.value,
        "verdict": entry.verdict.value,
        "confidence": number(entry.confidence),
        "reading": {
            "date": day(reading.day) if reading else None,
            "age_days": entry.age_days,
            "source": reading.source if reading else None,
        },
        "forecast": {"p50": None, "p85": None, "probability": None},
        "arithmetic": t.render(entry.arithmetic),
    }


def _objective(entry: ObjectiveProgress) -> dict[str, object]:
    return {
        "id": entry.id,
        "progress": number(entry.progress),
        "weakest": entry.weakest,
        "no_data": list(entry.no_data),
    }


def text(krs: Sequence[KrProgress], objectives: Sequence[ObjectiveProgress], t: Translator) -> str:
    blocks = [_krs(krs, t)]
    if objectives:
        blocks.append(_objectives(objectives, t))
    return "\n\n".join(blocks)


def _krs(krs: Sequence[KrProgress], t: Translator) -> str:
    header = [
        t(f"output.progress.column.{c}")
        for c in ("kr", "title", "value", "progress", "expected", "status", "verdict", "age")
    ]
    rows = [_kr_row(entry, t) for entry in krs]
    lines = [table(rows, header, right=(2, 3, 4, 7))]
    lines.extend(f"{terminal(entry.kr.id)}: {t.render(entry.arithmetic)}" for entry in krs)
    return "\n".join([lines[0], "", *lines[1:]])


def _kr_row(entry: KrProgress, t: Translator) -> list[str]:
    unit = f" {terminal(entry.kr.metric.unit)}" if entry.kr.metric.unit and entry.value is not None else ""
    age = "–" if entry.age_days is None else t("output.progress.age", days=entry.age_days)
    return [
        terminal(entry.kr.full_id),
        clip(terminal(entry.kr.title), 36),
        figure(entry.value) + unit,
        percent(entry.progress),
        percent(entry.expected_progress),
        t(f"terms.kr_status.{entry.status.value}"),
        t(f"terms.verdict.{entry.verdict.value}"),
        age + (" !" if entry.stale else ""),
    ]


def _objectives(objectives: Sequence[ObjectiveProgress], t: Translator) -> str:
    header = [t(f"output.progress.column.{c}") for c in ("objective", "title", "progress", "weakest", "no_data")]
    rows = [
        [
            terminal(entry.id),
            clip(terminal(entry.title), 44),
            percent(entry.progress),
            terminal(entry.weakest or "–"),
            terminal(", ".join(entry.no_data) or "–"),
        ]
        for entry in objectives
    ]
    return table(rows, header, right=(2,))
