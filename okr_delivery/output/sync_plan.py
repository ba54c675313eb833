"""`okr-delivery/sync-plan/1` and its lines for people: estimates, and said to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from okr_delivery.locale import Translator
from okr_delivery.model.errors import UserError
from okr_delivery.output.json import instant, number
from okr_delivery.output.safe import terminal
from okr_delivery.sync.estimate import Estimate

MEGA = 1_000_000
MINUTE = 60


def document(found: Sequence[Estimate], errors: Mapping[str, UserError], t: Translator) -> dict[str, object]:
    """All keys always present; what is not known, and everything of a source that gave no answer, is null."""
    sources = [_source(one, t) for one in found] + [_refused(name, error, t) for name, error in errors.items()]
    return {"schema": "okr-delivery/sync-plan/1", "estimates": True, "sources": sources}


def _source(one: Estimate, t: Translator) -> dict[str, object]:
    return {
        "name": one.name,
        "reachable": True,
        "kind": one.kind,
        "since": instant(one.since),
        "parts": one.parts,
        "issues": one.issues,
        "requests": one.requests,
        "minutes": _minutes(one),
        "megabytes": _megabytes(one),
        "points": one.points,
        "seconds_per_request": number(round(one.pace, 4)),
        "measured": one.measured,
        "warnings": [t.render(warning) for warning in one.warnings],
    }


def _refused(name: str, error: UserError, t: Translator) -> dict[str, object]:
    unknown = ("kind", "since", "parts", "issues", "requests", "minutes", "megabytes", "points", "seconds_per_request")
    said = [t.render(problem.what) for problem in error.problems]
    return {
        "name": name,
        "reachable": False,
        **dict.fromkeys(unknown),
        "measured": False,
        "warnings": said,
    }


def _minutes(one: Estimate) -> float | None:
    """To a tenth, never less than one."""
    return None if one.seconds is None else number(max(round(one.seconds / MINUTE, 1), 0.1))


def _megabytes(one: Estimate) -> float | None:
    return None if one.bytes is None else number(round(one.bytes / MEGA, 1))


def text(found: Sequence[Estimate], t: Translator) -> str:
    """One line per source, what it would do and what that takes, and where the numbers come from."""
    lines = [line for one in found for line in _lines(one, t)]
    return "\n".join([*lines, t("output.plan.estimates")])


def _lines(one: Estimate, t: Translator) -> list[str]:
    kind = t(f"output.plan.kind.{one.kind}", since=(instant(one.since) or "")[:16].replace("T", " "))
    lines = [
        t(
            "output.plan.source",
            name=terminal(one.name),
            kind=kind,
            issues=one.issues,
            requests=one.requests,
            minutes=_minutes(one),
            megabytes=_megabytes(one),
        )
    ]
    if one.points is not None:
        lines.append("  " + t("output.plan.points", points=one.points))
    pace = "output.plan.pace.measured" if one.measured else "output.plan.pace.assumed"
    lines.append("  " + t(pace, seconds=f"{one.pace:.2f}"))
    return lines + ["  " + terminal(t.render(warning)) for warning in one.warnings]
