"""Holds what the lint found against the baseline, and its entries about OKR files against what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from okr_delivery.gate.ask import Kind
from okr_delivery.gate.baseline import Baseline, Known
from okr_delivery.gate.finding import Finding
from okr_delivery.gate.knowing import JUDGED
from okr_delivery.gate.lint import registry
from okr_delivery.gate.lint.subject import Desk
from okr_delivery.model.okr import CycleState

Said = Mapping[tuple[str, str], Kind]
"""(rule, the entry's name of what it was asked about) -> how it answered."""


def recognise(baseline: Baseline | None, findings: Sequence[Finding]) -> tuple[list[Finding], frozenset[Known]]:
    """Every finding, those of the baseline marked, and the entries that were found again."""
    entries = {} if baseline is None else {entry.fingerprint: entry for entry in baseline.entries}
    marked = [replace(finding, baselined=finding.fingerprint in entries) for finding in findings]
    return marked, frozenset(entries[finding.fingerprint] for finding in marked if finding.baselined)


def stale(baseline: Baseline | None, again: frozenset[Known], said: Said, desk: Desk) -> tuple[Known, ...]:
    """The entries that were judged and not found again, and those of what is closed or gone."""
    entries = () if baseline is None else baseline.entries
    mine = (entry for entry in entries if entry.rule in registry.ids() and entry not in again)
    return tuple(entry for entry in mine if _settled(entry, said, desk))


def _settled(entry: Known, said: Said, desk: Desk) -> bool:
    cycle = desk.book.cycles.get(entry.entity.removeprefix("cycle:").partition(":")[0])
    if cycle is None or cycle.state is CycleState.CLOSED or not _declared(entry, desk):
        return True
    return said.get((entry.rule, entry.entity)) in JUDGED


def _declared(entry: Known, desk: Desk) -> bool:
    known = (desk.book.objectives, desk.book.key_results)
    return entry.entity.startswith("cycle:") or any(entry.entity in names for names in known)
