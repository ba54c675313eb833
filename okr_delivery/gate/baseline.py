"""The gate's baseline: findings that were there when a rule came in. They are shown, don't count, and get fewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from okr_delivery.gate.finding import Finding


@dataclass(frozen=True, slots=True)
class Known:
    """One finding of the baseline: no time, no line and no prose, so that it changes only with the finding."""

    fingerprint: str
    rule: str
    entity: str  # SOURCE:KEY, for people


@dataclass(frozen=True, slots=True)
class Baseline:
    """`entries` are sorted by rule, then entity."""

    entries: tuple[Known, ...] = ()

    def mark(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings, those of the baseline marked as such."""
        known = {entry.fingerprint for entry in self.entries}
        return [replace(finding, baselined=finding.fingerprint in known) for finding in findings]
