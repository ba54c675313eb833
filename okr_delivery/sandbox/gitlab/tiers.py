"""What a version and a plan have: which members an answer carries, which endpoints and types exist at all."""

from __future__ import annotations

from dataclasses import dataclass

from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.gitlab.state import GitLab, Tier

Version = tuple[int, int, int]


def version_of(text: str) -> Version:
    """(18, 5, 0) of `18.5.0-ee`."""
    numbers = [int("".join(sign for sign in part if sign.isdigit()) or "0") for part in text.split("-")[0].split(".")]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major, minor, patch


@dataclass(frozen=True, slots=True)
class Features:
    """One server's plan. `okr`: objectives and key results exist at this moment."""

    version: Version
    tier: Tier
    enterprise: bool
    okr: bool

    def since(self, major: int, minor: int = 0) -> bool:
        """Whether this server is of that version or newer."""
        return self.version[:2] >= (major, minor)

    @property
    def paid(self) -> bool:
        """Weights, iterations, epics, exclusive scoped labels."""
        return self.enterprise and self.tier.paid

    @property
    def ultimate(self) -> bool:
        """Health, status checks."""
        return self.enterprise and self.tier is Tier.ULTIMATE

    @property
    def statuses(self) -> bool:
        """Custom statuses of work items."""
        return self.paid and self.since(18, 4)

    @property
    def custom_fields(self) -> bool:
        return self.paid and self.since(17, 11)


def features_of(state: GitLab, faults: Faults, total: int) -> Features:
    """What exists at request number `total`."""
    gone = faults.okr_types_gone_after is not None and total > faults.okr_types_gone_after
    okr = faults.okr_types and not gone and state.tier is Tier.ULTIMATE
    return Features(version_of(state.version), state.tier, faults.edition == "ee", okr)
