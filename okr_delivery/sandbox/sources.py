"""What the example company's configuration says of its trackers and teams."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from okr_delivery.sandbox.addresses import GITLAB, JIRA, Addresses
from okr_delivery.sandbox.gitlab.state import Tier
from okr_delivery.sandbox.gitlab.translate import GROUP_PATH, path_of, team_label

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Team:
    """`iterations` by tracker, as YAML on one line; `{train}` is the pattern of the trains' names."""

    id: str
    objectives: tuple[str, ...]
    iterations: Mapping[str, str]
    capacity: str = ""
    note: str = ""  # id of the comment behind the iterations


TEAMS: dict[str, Team] = {
    "PAY": Team(
        "payments",
        ("GROW", "FLOW"),
        {JIRA: 'from: sprints, boards: [1], name: "PAY *"', GITLAB: 'from: milestones, name: "PAY *"'},
        "headcount: 6, per_iteration: 30, unit: points",
    ),
    "MOB": Team(
        "mobile",
        ("APP",),
        {JIRA: 'from: sprints, boards: [2], name: "MOB *"', GITLAB: 'from: milestones, name: "MOB *"'},
        "headcount: 5, per_iteration: 28, unit: points",
    ),
    "WEB": Team(
        "portal",
        ("PORTAL",),
        {JIRA: "from: versions, name: {train}", GITLAB: "from: milestones, name: {train}"},
        note="versions",
    ),
    "PLT": Team("platform", ("PLAT",), dict.fromkeys((JIRA, GITLAB), "from: calendar, weeks: 1, commitment: {ready}")),
}
"""The teams by the key of their Jira project."""
ON_GITLAB = ("MOB",)  # in the company that has both
NOTES = {GITLAB: {"versions": "milestones"}}  # comments that a tracker words differently


@dataclass(frozen=True, slots=True)
class Company:
    """`head` is the comment at the top of the file. `addresses` says which issues are on GitLab."""

    note: str
    sources: tuple[Row, ...]
    addresses: Addresses = field(default_factory=Addresses)
    epics: bool = False  # whether there are epics, which belong to groups

    @property
    def head(self) -> str:
        """The message id of the comment at the top of the file."""
        return f"sandbox.workspace.{self.note}"

    def teams(self, text: Mapping[str, Any]) -> Iterator[Row]:
        """What the template says of each team, in order."""
        words = {"train": _quoted(str(text["train"]).format(number="*")), "ready": _quoted(text["statuses"][1])}
        for key, team in TEAMS.items():
            source = GITLAB if key in self.addresses.projects else JIRA
            yield {
                "id": team.id,
                "name": text["teams"][team.id],
                "source": source,
                "project": path_of(key) if source == GITLAB else key,
                "epics": team_label(path_of(key)) if self.epics and key in self.addresses.projects else "",
                "iterations": team.iterations[source].format(**words),
                "note": NOTES.get(source, {}).get(team.note, team.note),
                "objectives": ", ".join(team.objectives),
                "capacity": team.capacity,
            }


def _quoted(text: object) -> str:
    return json.dumps(text, ensure_ascii=False)


def objectives(projects: Collection[str]) -> frozenset[str]:
    """The objectives that the teams of these projects serve."""
    return frozenset(name for key in projects for name in TEAMS[key].objectives)


def jira(url: str, user_env: str, token_env: str, projects: Collection[str]) -> Row:
    """A Jira as the template needs it."""
    row: Row = {"type": JIRA, "url": url, "projects": ", ".join(projects)}
    return row | {"user_env": user_env, "token_env": token_env}


def gitlab(url: str, token_env: str, tier: Tier) -> Row:
    """A GitLab as the template needs it; only the highest tier has the example's custom fields."""
    row: Row = {"type": GITLAB, "url": url, "group": GROUP_PATH, "token_env": token_env}
    return row | {"fields": tier is Tier.ULTIMATE}
