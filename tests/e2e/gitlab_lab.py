"""One small organisation behind a served GitLab, synced like that of a Jira in `lab`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from okr_delivery.config import Config, load
from okr_delivery.sandbox import gitlab
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.world import build
from tests.e2e.lab import Clock, Lab
from tests.e2e.runner import NOW

ISSUES = 24
PAY, MOB = "acme/payments", "acme/mobile"
CONFIG = """\
version: 1
store: sqlite:///store.db
ledger: ledger/
calendar: {{timezone: UTC}}
sources:
  - name: gitlab
    type: gitlab
    url: "{url}"
    {scope}
    statuses: {{label_scope: workflow}}
{more}
"""


@dataclass
class GitLabLab(Lab):
    """`scope` is the line of the source that says what is asked for."""

    SOURCE: ClassVar = "gitlab"

    server: Any = field(kw_only=True)
    scope: str = f"projects: [{PAY}, {MOB}]"

    @property
    def config(self) -> Config:
        path = self.folder / "okr-delivery.yaml"
        text = CONFIG.format(url=self.url or self.server.url, scope=self.scope, more=self.more)
        path.write_text(text, encoding="utf-8")
        return load(path, cwd=self.folder, env=self.env)

    @property
    def env(self) -> dict[str, str]:
        return {"OKR_DELIVERY_GITLAB_TOKEN": self.server.token}

    def issue(self, ref: str | int) -> dict[str, Any]:
        """A stored issue by its id."""
        issues: list[dict[str, Any]] = self.source["issues"]
        return next(issue for issue in issues if issue["ref"] == str(ref))


@contextmanager
def gitlab_lab(
    folder: Path,
    faults: Mapping[str, Any] | None = None,
    *,
    tier: str = "ultimate",
    version: str = "18.5.0",
    issues: int = ISSUES,
    **options: Any,
) -> Iterator[GitLabLab]:
    """A fresh organisation behind a GitLab of this tier and version, with faults in force."""
    clock = Clock()
    folder.mkdir(parents=True, exist_ok=True)
    world = build(seed=1, issues=issues, now=NOW)
    server: RunningServer = gitlab.serve(world, clock=clock, faults=faults, tier=tier, version=version)
    with server:
        yield GitLabLab("gitlab", server=server, folder=folder, clock=clock, **options)
