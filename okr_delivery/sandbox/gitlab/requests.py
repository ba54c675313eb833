"""Merge requests and what follows them: commits, releases, deployments. Instants are epoch milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, field

OPEN, MERGED, GIVEN_UP = "opened", "merged", "closed"


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    message: str  # the first line is its title
    at: int
    author: str


@dataclass(slots=True)
class MergeRequest:
    """`id` is global, `iid` the project's. What it closes is told by `references.closing` of its texts."""

    id: int
    iid: int
    project: int
    title: str
    description: str
    created: int
    updated: int
    author: int
    source_branch: str
    sha: str  # head of the source branch
    target_branch: str = "main"
    state: str = OPEN
    merged: int | None = None
    merged_by: int | None = None
    merge_commit: str | None = None
    closed: int | None = None
    draft: bool = False
    labels: list[int] = field(default_factory=list)
    milestone: int | None = None
    commits: list[Commit] = field(default_factory=list)
    recorded: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """`tier`: production, staging, testing, development, other."""

    id: int
    project: int
    name: str
    tier: str


@dataclass(slots=True)
class Deployment:
    """`status`: created, running, success, failed, canceled, blocked. `finished` is None until it ended."""

    id: int
    iid: int
    project: int
    environment: int
    ref: str
    sha: str
    status: str
    created: int
    updated: int
    user: int
    finished: int | None = None
    merge_requests: list[int] = field(default_factory=list)  # ids that went out with it for the first time


@dataclass(slots=True)
class Release:
    """`released` may lie ahead of `created` (upcoming) or behind it."""

    project: int
    tag: str
    name: str
    created: int
    released: int
    sha: str
    author: int
    description: str = ""
    milestones: list[int] = field(default_factory=list)
