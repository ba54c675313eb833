"""Holds findings against the baseline, and the baseline against what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from okr_delivery.delivery.teams import Role
from okr_delivery.gate.ask import Answers, Kind
from okr_delivery.gate.baseline import Baseline, Known, suitable, suits
from okr_delivery.gate.finding import Finding, Severity
from okr_delivery.gate.rule import at_least
from okr_delivery.gate.rules import RULES

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.gate.result import GateResult

Place = tuple[str, str]
Asked = tuple[str, str, str]  # rule, source, key
JUDGED = (Kind.OK, Kind.FOUND, Kind.NOT_APPLICABLE)
"""Answers after which a rule's silence means that there is nothing to be found."""


@dataclass(frozen=True)
class Recognised:
    """Every finding, those of the baseline marked; `entries` are those that were found again."""

    findings: list[Finding]
    entries: frozenset[Known]


def recognise(
    baseline: Baseline, findings: Sequence[Finding], answers: Sequence[Answers], snapshot: Snapshot
) -> Recognised:
    """Marks what is known. A moved issue is known by its former keys too: no other issue has one of them."""
    entries = {entry.fingerprint: entry for entry in baseline.entries}
    items = {_place(answer): answer.case.item for answer in answers}
    again: set[Known] = set()
    marked = []
    for finding in findings:
        found = _known(finding, entries, items, snapshot) if suits(finding) else []
        again.update(found)
        marked.append(replace(finding, baselined=bool(found)))
    return Recognised(marked, frozenset(again))


def _known(
    finding: Finding, entries: Mapping[str, Known], items: Mapping[Place, Item], snapshot: Snapshot
) -> list[Known]:
    """The entries that mean a finding; former keys are looked up only where it is not known as it is.

    An entry that names another rule or another requirement than its fingerprint does is none: who reads it in a review
    must not be misled.
    """
    if entries.get(finding.fingerprint) == Known.of(finding):
        return [entries[finding.fingerprint]]
    item = items.get((finding.entity.source or "", finding.entity.key))
    former = snapshot.view(item.source).former_keys(item) if item is not None and entries else ()
    meant = (Known.of(replace(finding, entity=replace(finding.entity, key=key))) for key in former)
    return [one for one in meant if entries.get(one.fingerprint) == one]


def stale(
    baseline: Baseline, again: frozenset[Known], answers: Sequence[Answers], snapshot: Snapshot, *, backlog: bool
) -> tuple[Known, ...]:
    """The entries that were judged and not found again; with the whole `backlog`, also those of issues that are over.

    What a rule did not say because what it requires is missing is neither.
    """
    said = {(rule, *_place(answer)): told.kind for answer in answers for rule, told in answer.rules.items()}
    left = [entry for entry in baseline.entries if entry not in again and suitable(entry.rule)]
    if not backlog:
        return tuple(entry for entry in left if _judged(entry.rule, entry.place, said))
    return tuple(entry for entry in left if _settled(entry, said, snapshot))


def _judged(rule: str, place: Place, said: Mapping[Asked, Kind]) -> bool:
    return said.get((rule, *place)) in JUDGED and not any(
        said.get((required, *place)) is Kind.FOUND for required in RULES[rule].requires
    )


def _settled(entry: Known, said: Mapping[Asked, Kind], snapshot: Snapshot) -> bool:
    """Whether a run over whole backlogs leaves an entry nothing to stand for."""
    item = _held(snapshot, *entry.place)
    if item is None:
        return _trusted(entry.place[0], snapshot)
    place = item.source, item.key
    return _judged(entry.rule, place, said) or ((entry.rule, *place) not in said and _over(item, snapshot))


def _over(item: Item, snapshot: Snapshot) -> bool:
    """Whether no rule will be asked about it: finished, gone, no requirement or nobody's any more."""
    if not item.open or item.gone_at is not None or not item.team:
        return True
    return item.role is not Role.REQUIREMENT and item.team in {team.id for team in snapshot.teams}


def _trusted(source: str, snapshot: Snapshot) -> bool:
    """Whether an issue that a source does not hold is no more: it is whole, or nobody asks it any longer."""
    if source not in {one.name for one in snapshot.config.sources}:
        return True
    state = snapshot.source_states.get(source)
    return state is not None and state.complete


@dataclass(frozen=True)
class Renewal:
    """A baseline as it is to be written, and how many entries came about how; `left` new findings are not in it."""

    baseline: Baseline
    kept: int
    dropped: int
    added: int
    left: int


def renew(before: Baseline | None, result: GateResult, *, accept_new: bool) -> Renewal:
    """Drops what was judged and not found again; without a baseline before, or with `accept_new`, takes in the rest.

    What is waived is not taken in: a waiver has an end. What was found again stands under the key of today.
    """
    entries = () if before is None else before.entries
    every = [*result.findings, *(one.finding for one in result.waived)]
    again = {Known.of(finding) for finding in every if finding.baselined}
    unasked = set(entries) - set(result.stale) - set(result.again)
    new = {Known.of(finding) for finding in result.findings if is_new(finding)}
    taken = new if before is None or accept_new else set[Known]()
    kept = again | unasked
    written = Baseline.of(kept | taken)
    return Renewal(written, len(kept), len(entries) - len(kept), len(taken - kept), len(new - taken))


def is_new(finding: Finding) -> bool:
    """Whether a baseline that is written now could take it in."""
    return suits(finding) and not finding.baselined and at_least(finding.severity, Severity.WARNING)


def by_team(entries: Sequence[Known], answers: Sequence[Answers], teams: Sequence[str]) -> Counter[str]:
    """How many entries there are of each team; those of issues that nobody judges any more count for the first."""
    owners = {_place(answer): answer.team for answer in answers}
    found = (owners.get(entry.place, next(iter(teams), "")) for entry in entries)
    return Counter(team for team in found if team in teams)


def _held(snapshot: Snapshot, source: str, key: str) -> Item | None:
    """The issue that has or had a key; None for one that the store does not hold."""
    if source not in {one.name for one in snapshot.config.sources}:
        return None
    return next(iter(snapshot.view(source).by_key(key)), None)


def _place(answer: Answers) -> Place:
    return answer.case.issue.source, answer.case.item.key
