"""What may be judged while a source's older history is still coming: planning, as far as all it reads is surely there.

Whole are the open issues and those that were updated since an instant. Older finished work, and what it would tell of
a team, may be missing: whatever reads it gets no verdict, with the reason, and never a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from okr_delivery.delivery.statusmap import UNKNOWN
from okr_delivery.delivery.teams import Role, sources_of
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.rule import PlanRule, at_least
from okr_delivery.model.contribution import Carrier
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Field, IterationState, Kind
from okr_delivery.value.links import MAX_DEPTH

if TYPE_CHECKING:
    from okr_delivery.config import Team
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.gate.case import Case
    from okr_delivery.gate.scope import TeamScope
    from okr_delivery.gate.settings import Settings
    from okr_delivery.value.results import Links

UNKNOWN_ISSUE = "delivery.issue.unknown"
SHOWN = 5  # keys in a sentence
BESIDE = 31 * 86_400  # seconds before an instant in which the iterations that were running then began
DONE = 2  # the category of finished work in `StatusMap.categories`


def coming(team: Team, snapshot: Snapshot) -> tuple[str, ...]:
    """The sources of a team whose older history is still coming."""
    states = (snapshot.source_states.get(name) for name in sources_of(team))
    return tuple(state.name for state in states if state is not None and state.coming)


def is_recent(since: int | None, team: Team, snapshot: Snapshot) -> bool:
    """Whether what was delivered since an instant is surely there, with all that was delivered beside it.

    None: since the first sync, which what is coming is older than.
    """
    for name in coming(team, snapshot):
        whole = snapshot.source_states[name].whole_since
        if whole is None or (since is not None and since - BESIDE < whole):
            return False
    return True


def unread(rule: type[PlanRule], team: Team, snapshot: Snapshot) -> Message | None:
    """Why a rule about iterations can't be asked yet; None when it can."""
    names = coming(team, snapshot)
    wanted = names and rule.reads_history(team, snapshot)
    return msg("gate.history.not_yet", sources=names) if wanted else None


def limits(scope: TeamScope, snapshot: Snapshot, settings: Settings, fail_on: Severity) -> tuple[Message, ...]:
    """Why what is asked of a team needs more than what is there; empty when it does not.

    A rule that could not change the verdict does not take it away: it says itself that it was not asked.
    """
    names = coming(scope.team, snapshot)
    reach = tuple(_reach(scope, snapshot, settings, fail_on)) if names else ()
    return tuple(_reason(name, what) for name in names for what in (*reach, *_of_source(name, snapshot)))


def _reason(source: str, what: Message) -> Message:
    return msg("gate.none.history", source=source, what=what, command=f"okr-delivery sync {source}")


def _reach(scope: TeamScope, snapshot: Snapshot, settings: Settings, fail_on: Severity) -> Iterator[Message]:
    if scope.stage is Stage.RELEASE or (scope.rehearses and _strict(Stage.RELEASE, settings, fail_on)):
        yield msg("gate.history.stage", stage=str(Stage.RELEASE))
    strict = _strict(scope.stage, settings, fail_on)
    plan = [rule for rule in settings.plan_rules(scope.stage) if rule.id in strict]
    wanting = tuple(rule.id for rule in plan if scope.iterations and rule.reads_history(scope.team, snapshot))
    if wanting:
        yield msg("gate.history.rules", rules=wanting)
    for iteration in scope.iterations:
        if snapshot.state(iteration) is IterationState.CLOSED:
            yield msg("gate.history.closed", iteration=iteration.name)


def _strict(stage: Stage, settings: Settings, fail_on: Severity) -> frozenset[str]:
    """The rules asked up to a stage that could fail a run."""
    return frozenset(rule.id for rule in settings.rules(stage) if at_least(settings.severity[rule.id], fail_on))


def _of_source(name: str, snapshot: Snapshot) -> Iterator[Message]:
    since = snapshot.source_states[name].whole_since
    if since is not None and snapshot.as_of < since:
        yield msg("gate.history.as_of")
    rules = snapshot.rules(name)
    ended = (Kind.DONE, Kind.CANCELLED)
    open_here = [
        rules.names[ref]
        for ref, category in rules.categories.items()
        if category == DONE and rules.kinds.get(ref, UNKNOWN)[1] not in ended
    ]
    if open_here:
        yield msg("gate.history.open_here", names=tuple(sorted(open_here)))
    for problem in rules.problems:
        yield problem.what


def orphans(cases: Iterable[Case], links_of: Callable[[Item], Links]) -> dict[str, tuple[Message, ...]]:
    """By team, why it has no verdict: the requirements that may inherit from a parent that is not there yet.

    While finished children of a parent are missing, the shares of the others can only be too great, which costs no
    more than a warning; links of other issues are read from the requirement itself.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for case in cases:
        if case.issue.source in coming(case.team, case.snapshot) and _orphan(case.item, case.snapshot, links_of):
            found.setdefault((case.team.id, case.issue.source), []).append(case.item.key)
    reasons: dict[str, tuple[Message, ...]] = {}
    for (team, source), keys in found.items():
        what = msg("gate.history.parents", keys=_some(list(dict.fromkeys(keys))))
        reasons[team] = (*reasons.get(team, ()), _reason(source, what))
    return reasons


def _orphan(item: Item, snapshot: Snapshot, links_of: Callable[[Item], Links]) -> bool:
    """Whether what it may inherit from can't be known: an issue up the line that the store does not hold."""
    if Carrier.PARENT.value not in snapshot.config.source(item.source).links.order:
        return False
    here, depth = item, 0
    while depth < MAX_DEPTH and not links_of(here).stated and here.role is Role.REQUIREMENT:
        ref = here.at(Field.PARENT, snapshot.as_of).id or here.issue.parent_id
        if not ref:
            return False
        above = snapshot.item(here.source, ref)
        if above is None:
            return True
        here, depth = above, depth + 1
    return False


def _some(keys: Sequence[str]) -> tuple[str, ...]:
    return (*keys[:SHOWN], *(["…"] if len(keys) > SHOWN else []))


def unknown_issue(snapshot: Snapshot, scopes: Iterable[TeamScope]) -> list[TeamScope]:
    """The teams of whom an issue that nobody knows may be, because it is older than what is there."""
    found = []
    for scope in scopes:
        names = coming(scope.team, snapshot)
        if names:
            scope.blocked = tuple(_reason(name, msg("gate.history.issue")) for name in names)
            found.append(scope)
    return found
