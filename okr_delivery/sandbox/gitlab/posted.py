"""What tools write that is kept apart from the state: commit statuses, answers to status checks, OKR progress."""

from __future__ import annotations

from dataclasses import dataclass, field

CHECK = 1  # id of the one external status check that every project has
CHECK_NAME = "okr-delivery"


@dataclass(slots=True)
class CommitStatus:
    """One status of a commit under a name. Instants are epoch milliseconds."""

    id: int
    sha: str
    name: str
    state: str
    at: int
    author: int
    ref: str
    target_url: str | None = None
    description: str | None = None
    pipeline: int = 1


@dataclass(slots=True)
class Progress:
    """Whole numbers, as GitLab keeps them. `percent` is what is shown as progress."""

    current: int = 0
    start: int = 0
    end: int = 100
    at: int | None = None

    @property
    def percent(self) -> int:
        span = self.end - self.start
        return 0 if span == 0 else max(0, min(100, round(100 * (self.current - self.start) / span)))


@dataclass(slots=True)
class Posted:
    """`statuses` by project and commit, oldest first; `checks` by merge request and check: the commit and its state;
    `progress` by work item.
    """

    statuses: dict[tuple[int, str], list[CommitStatus]] = field(default_factory=dict)
    checks: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    progress: dict[int, Progress] = field(default_factory=dict)
    last: int = 0

    def latest(self, project: int, sha: str, name: str) -> CommitStatus | None:
        """The newest status of that name."""
        rows = self.statuses.get((project, sha), [])
        return next((row for row in reversed(rows) if row.name == name), None)

    def take(self) -> int:
        self.last += 1
        return self.last
