"""What a run of the gate answered, in short."""

from __future__ import annotations

from okr_delivery.gate.result import GateResult


def seen(result: GateResult) -> list[str]:
    return [one.key for one in result.judged]


def found(result: GateResult) -> list[str]:
    return [f"{f.rule} {f.entity.key}" for f in result.findings]


def notes(result: GateResult) -> list[str]:
    return [note.id for team in result.team_verdicts for note in team.notes]
