"""What several teams are told in the same words of one key result, said once with all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from okr_delivery.gate.finding import Finding
from okr_delivery.model.message import Message
from okr_delivery.output.safe import message as cleaned


@dataclass(frozen=True, slots=True)
class Said:
    """A finding and whom it is said to; with several teams its help is for all of them."""

    finding: Finding
    teams: tuple[str, ...]


def shared(findings: Iterable[Finding]) -> list[Said]:
    """Every finding in its order, those about one key result that differ in nothing but the team as one."""
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        groups.setdefault(_same(finding) or number, []).append(finding)
    return [_said(group) for group in groups.values()]


def _same(finding: Finding) -> str | None:
    """What two findings have alike that are told as one; None for one that is about a single team's matter."""
    if finding.entity.kind != "key_result" or not finding.team:
        return None
    return repr(replace(finding, team="", discriminator="", help=_for_all(finding)))


def _said(group: list[Finding]) -> Said:
    first = group[0]
    teams = tuple(dict.fromkeys(finding.team for finding in group if finding.team))
    return Said(replace(first, help=_for_all(first)) if len(teams) > 1 else first, teams)


def _for_all(finding: Finding) -> Message:
    """The help with commands that look at every team."""
    return cleaned(finding.help, lambda text: text.replace(f" --team {finding.team} ", " "))
