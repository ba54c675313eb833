"""A finding: what is wrong with one requirement, the line to paste and the legal way out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from okr_delivery.model.message import Message
from okr_delivery.model.okr import Location


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Stage(StrEnum):
    INTAKE = "intake"
    PITCH = "pitch"
    ITERATION = "iteration"
    RELEASE = "release"
    LINT = "okr lint"  # the OKR files themselves; no team adopts it


@dataclass(frozen=True, slots=True)
class Entity:
    """What a finding is about. `kind` is issue, iteration, cycle, objective, key_result or waiver.

    `key` is an issue's key, an iteration's id, the full id of an objective or key result, a cycle's id. Confidential
    issues have no title.
    """

    source: str | None
    kind: str
    key: str
    url: str | None = None
    title: str | None = None

    @property
    def shown(self) -> str:
        """What people call it: an iteration by its name, everything else by its key."""
        return self.title if self.kind == "iteration" and self.title else self.key

    @property
    def subtitle(self) -> str:
        """What stands beside that; empty for nothing."""
        return "" if self.title is None or self.title == self.shown else self.title


@dataclass(frozen=True, slots=True)
class Suggestion:
    kr: str  # short id
    reason: Message
    title: str | None = None  # of the key result, so that people need not know the id


@dataclass(frozen=True, slots=True)
class Finding:
    rule: str
    name: str
    severity: Severity
    team: str
    entity: Entity
    message: Message
    help: Message
    kr: str | None = None
    created_by: str | None = None
    paste: str | None = None
    suggestions: tuple[Suggestion, ...] = ()  # the likeliest first, two at most
    alternative: str | None = None
    location: Location | None = None
    discriminator: str = ""
    baselined: bool = False

    @property
    def suggestion(self) -> Suggestion | None:
        """The likeliest key result, None where nothing points anywhere."""
        return self.suggestions[0] if self.suggestions else None

    @property
    def fingerprint(self) -> str:
        """Stable for a rule and an entity; never depends on prose, lines or time."""
        parts = [
            self.rule,
            self.entity.kind,
            f"{self.entity.source or ''}:{self.entity.key}",
            self.discriminator,
        ]
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
