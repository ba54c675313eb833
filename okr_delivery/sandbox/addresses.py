"""Where each issue of the world is found: in which of the user's sources, and under which key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from okr_delivery.sandbox.gitlab.state import Tier
from okr_delivery.sandbox.gitlab.translate import keys
from okr_delivery.sandbox.world import World

JIRA, GITLAB = "jira", "gitlab"  # names of the two sources
GOALS = "OKR"  # the project whose issues stand for key results


@dataclass(frozen=True, slots=True)
class Addresses:
    """`gitlab`: the key there of every Jira key found on GitLab. `projects`: the keys of the projects found there."""

    gitlab: Mapping[str, str] = field(default_factory=dict)
    projects: frozenset[str] = frozenset()

    def of(self, key: str) -> tuple[str, str]:
        """Source and key of a Jira key."""
        return (GITLAB, self.gitlab[key]) if key in self.gitlab else (JIRA, key)

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A line of effects or conclusions under its own address; one that names no issue stays."""
        if "issue" not in row:
            return dict(row)
        source, key = self.of(str(row["issue"]))
        return {**row, "source": source, "issue": key}

    def document(self, value: Any) -> Any:
        """An OKR file with the addresses of its trackers and sources."""
        if isinstance(value, list):
            return [self.document(inner) for inner in value]
        if not isinstance(value, Mapping):
            return value
        made = {name: self.document(inner) for name, inner in value.items()}
        if "tracker" in made:
            made["tracker"] = ":".join(self.of(str(made["tracker"]).partition(":")[2]))
        if made.get("direction") == "issues" and "PAY" in self.projects:
            made["source"] = GITLAB
        return made


def on_gitlab(world: World, tier: Tier, projects: Collection[str], objectives: Collection[str]) -> Addresses:
    """These Jira projects on GitLab, and the issues that stand for key results of these objectives."""
    found = keys(world, tier, (*projects, GOALS))
    for issue in world.site.issues.values():
        if issue.key.startswith(f"{GOALS}-") and issue.summary.partition("-")[0] not in objectives:
            del found[issue.key]
    return Addresses(found, frozenset(projects))
