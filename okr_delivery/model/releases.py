"""Ids of releases among the iterations of kind version: of a tracker whose releases go out with milestones."""

from __future__ import annotations

from typing import NamedTuple

_PREFIX = "release-"


class ReleaseId(NamedTuple):
    """One release of a project and one of its milestones; `milestone` is "" for a release without any."""

    project: str
    milestone: str
    tag: str

    def __str__(self) -> str:
        return f"{_PREFIX}{self.project}:{self.milestone}:{self.tag}"

    @classmethod
    def of(cls, iteration_id: str) -> ReleaseId | None:
        """The parts of such an id; None for the id of anything else."""
        parts = iteration_id.removeprefix(_PREFIX).split(":", 2)
        return cls(*parts) if iteration_id.startswith(_PREFIX) and len(parts) == 3 else None
