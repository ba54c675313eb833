"""Which requirements a run looks at, per team, and up to which stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from okr_delivery.delivery.beside import Beside, beside
from okr_delivery.delivery.membership import started
from okr_delivery.delivery.snapshot import covers
from okr_delivery.delivery.teams import Role, sources_of
from okr_delivery.gate.finding import Stage
from okr_delivery.gate.history import UNKNOWN_ISSUE, unknown_issue
from okr_delivery.gate.result import GateInput
from okr_delivery.gate.rules import RULES
from okr_delivery.gate.settings import Settings
from okr_delivery.gate.sources import before_data, blocking, no_cycles, rest, unread, unseen
from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Iteration, IterationState

if TYPE_CHECKING:
    from okr_delivery.config import Team
    from okr_delivery.delivery.item import Item

NEXT = "next"
KEYWORDS = ("current", NEXT, "last")
UNTOUCHED = 180  # days after which an open requirement of the backlog is counted only
DAY = 86_400
_RELEASE_RULES = tuple(rule.id for rule in RULES.values() if rule.stage is Stage.RELEASE)


@dataclass(frozen=True, slots=True)
class Target:
    """One requirement, the iteration it is judged for and the stage up to which it is."""

    item: Item
    iteration: Iteration | None
    stage: Stage


@dataclass
class TeamScope:
    """`sources` are those that the answer needs, `blocked` the reasons for no verdict; `nothing` why the team is not
    judged at all. `rehearses`: released work is judged beside what the stage is about, because the team has adopted
    that too."""

    team: Team
    stage: Stage
    sources: tuple[str, ...]
    iterations: tuple[Iteration, ...] = ()
    targets: list[Target] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    blocked: tuple[Message, ...] = ()
    nothing: Message | None = None
    rehearses: bool = False


def scopes(asked: GateInput) -> list[TeamScope]:
    """The teams in question, in the configuration's order.

    Raises UserError for an issue or an iteration that nobody knows, unless a source that may know it can't be trusted.
    """
    try:
        if asked.issues or asked.requested is not None:
            return _by_issue(asked)
        if asked.iteration is not None:
            return _by_iteration(asked, asked.iteration)
    except UserError as error:
        blocked = [scope for scope in _blank(asked) if scope.blocked]
        if not blocked and any(problem.what.id == UNKNOWN_ISSUE for problem in error.problems):
            blocked = unknown_issue(asked.snapshot, _blank(asked))
        if blocked:
            return blocked
        raise
    select = _backlog if asked.backlog else _plain
    return [scope if scope.blocked else select(asked, scope) for scope in _blank(asked)]


def _blank(asked: GateInput) -> list[TeamScope]:
    return [_scope(asked, team) for team in asked.snapshot.teams]


def _scope(asked: GateInput, team: Team, sources: tuple[str, ...] = ()) -> TeamScope:
    needed = sources or sources_of(team)
    blocked = (*no_cycles(asked.snapshot), *before_data(asked.snapshot, team), *blocking(needed, asked))
    rehearses = asked.stage is None and _adopted(asked, team) is Stage.RELEASE
    return TeamScope(team, stage_of(asked, team), needed, blocked=blocked, rehearses=rehearses)


def stage_of(asked: GateInput, team: Team) -> Stage:
    """What was asked for, else what the team has adopted. A team that rehearses releases plans iterations too."""
    if asked.stage is not None:
        return asked.stage
    adopted = _adopted(asked, team)
    return Stage.ITERATION if adopted is Stage.RELEASE else adopted


def _adopted(asked: GateInput, team: Team) -> Stage:
    return Stage(str(team.gate.adopt or asked.snapshot.config.gate.adopt))


# -- plain: the next iteration, and for intake what was created lately -------------------------------------------------


def _plain(asked: GateInput, scope: TeamScope) -> TeamScope:
    if scope.stage is Stage.RELEASE:
        return _release(asked, scope, "current", "last")
    scope.iterations = asked.snapshot.resolve(scope.team.id, NEXT)
    _add_members(asked, scope)
    _add_beside(asked, scope)
    _add_intake(asked, scope)
    _add_released(asked, scope, _first(asked, scope, "current", "last"))
    if not scope.iterations:
        missing = _none(asked, scope, NEXT)
        scope.notes += [missing] if scope.targets else []
        scope.nothing = None if scope.targets else missing
    return scope


def _none(asked: GateInput, scope: TeamScope, which: str) -> Message:
    """Why a team has no such iteration; a pattern that none of all iterations fits is more likely a slip."""
    named = scope.team.iterations.name if scope.team.iterations is not None else None
    if named is not None and not asked.snapshot.iterations(scope.team.id):
        return msg("gate.nothing.name_fits_none", name=named)
    return msg("gate.nothing.no_iteration", which=msg(f"gate.iteration.{which}"))


def _add_intake(asked: GateInput, scope: TeamScope) -> None:
    first = asked.snapshot.config.gate.since
    if first is not None and first > asked.snapshot.day(scope.team.id):
        scope.notes.append(msg("gate.note.since_ahead", since=str(first)))
    planned, team = {target.item.ref for target in scope.targets}, scope.team.id
    begun = {name: at for name in sources_of(scope.team) if (at := _since(asked, team, name)) is not None}
    for item in _requirements(asked.snapshot.open_items(team, created_since=min(begun.values()))) if begun else ():
        since = begun.get(item.issue.source)
        if item.ref not in planned and since is not None and item.issue.created >= since:
            scope.targets.append(Target(item, planned_for(asked, scope.team.id, item), Stage.INTAKE))


def _since(asked: GateInput, team: str, source: str) -> int | None:
    """The instant from which new requirements count: `gate.since`, else the day of the source's first sync."""
    snapshot = asked.snapshot
    calendar = snapshot.calendar(team)
    if snapshot.config.gate.since is not None:
        return calendar.midnight(snapshot.config.gate.since)
    first = snapshot.source_states[source].first_synced_at
    return None if first is None else calendar.midnight(calendar.local_date(first))


def _release(asked: GateInput, scope: TeamScope, *refs: str) -> TeamScope:
    """The released requirements of the first of `refs` that names an iteration."""
    scope.iterations = _first(asked, scope, *refs)
    scope.targets += _released(asked, scope, scope.iterations)
    if not scope.iterations:
        scope.nothing = _none(asked, scope, "last")
    return scope


def _first(asked: GateInput, scope: TeamScope, *refs: str) -> tuple[Iteration, ...]:
    found = (asked.snapshot.resolve(scope.team.id, ref) for ref in refs)
    return next((iterations for iterations in found if iterations), ())


def _released(asked: GateInput, scope: TeamScope, iterations: Iterable[Iteration]) -> list[Target]:
    """The released requirements of iterations, each once."""
    snapshot, found = asked.snapshot, dict[tuple[str, str], Target]()
    for iteration in iterations:
        for item in snapshot.members(scope.team.id, iteration, snapshot.as_of):
            if _is_released(asked, item):
                found.setdefault(item.ref, Target(item, iteration, Stage.RELEASE))
    return list(found.values())


def _is_released(asked: GateInput, item: Item) -> bool:
    return item.role is Role.REQUIREMENT and asked.snapshot.released(item) is not None


def _add_released(asked: GateInput, scope: TeamScope, iterations: Iterable[Iteration]) -> None:
    """For a team that has adopted the stage, the released work of those iterations that have begun."""
    if not scope.rehearses:
        return
    if not _asks_of_releases(asked):
        scope.notes.append(msg("gate.note.release_off", rules=_RELEASE_RULES))
        return
    begun = [one for one in iterations if asked.snapshot.state(one) is not IterationState.FUTURE]
    targets = _released(asked, scope, begun)
    scope.targets += targets
    names = tuple(one.name for one in begun)
    said = msg("gate.note.released", n=len(targets), iterations=names) if names else msg("gate.note.released_none")
    scope.notes.append(said)


def _asks_of_releases(asked: GateInput) -> bool:
    return Stage.RELEASE in Settings.of(asked.snapshot.config).stages()


# -- what replaces it --------------------------------------------------------------------------------------------------


def _by_iteration(asked: GateInput, ref: str) -> list[TeamScope]:
    """Every team for current, next and last; for an id or a name only the teams that have it."""
    out = []
    keyword = ref in KEYWORDS
    found = {} if keyword else asked.snapshot.resolve_all(ref)
    for scope in _blank(asked):
        iterations = asked.snapshot.resolve(scope.team.id, ref) if keyword else found.get(scope.team.id, ())
        if not iterations and not keyword:
            continue
        out.append(scope)
        if scope.blocked:
            continue
        if not iterations:
            scope.nothing = _none(asked, scope, ref)
        elif scope.stage is Stage.RELEASE:
            _release(asked, scope, ref)
        else:
            scope.iterations = tuple(iterations)
            _add_members(asked, scope)
            if ref == NEXT:
                _add_beside(asked, scope)
            _add_released(asked, scope, scope.iterations)
    return out


def _by_issue(asked: GateInput) -> list[TeamScope]:
    items = {item.ref: item for item in map(asked.snapshot.find, asked.issues)}
    by_team: dict[str, list[Item]] = {}
    for item in items.values():
        by_team.setdefault(item.team, []).append(item)
    teams = {team.id for team in asked.snapshot.teams}
    for team, several in by_team.items():
        if team not in teams:
            raise user_error(
                msg("gate.issue.other_team", key=several[0].key), next_step=msg("gate.issue.other_team.next")
            )
    return [_of_items(asked, team, by_team[team.id]) for team in asked.snapshot.teams if team.id in by_team]


def _of_items(asked: GateInput, team: Team, items: Sequence[Item]) -> TeamScope:
    """A team's named issues: of its sources, those that they are in have to be whole."""
    scope = _scope(asked, team, tuple(sorted({item.source for item in items})))
    scope.blocked += tuple(reason for item in items if (reason := unseen(item, asked)) is not None)
    if not scope.blocked:
        _add_items(asked, scope, items)
        scope.notes += [note for item in items if (note := unread(item, team, asked)) is not None]
        scope.notes += [note for name in scope.sources if (note := rest(name, asked)) is not None]
    return scope


def _add_items(asked: GateInput, scope: TeamScope, items: Iterable[Item]) -> None:
    """Named issues are judged in whatever state they are; what is no requirement is said to be none."""
    rehearses = scope.rehearses and asked.requested is None and _asks_of_releases(asked)
    for item in items:
        if item.role is Role.REQUIREMENT:
            stages = [scope.stage, *([Stage.RELEASE] if rehearses and _is_released(asked, item) else [])]
            planned = planned_for(asked, scope.team.id, item)
            scope.targets += [Target(item, planned, stage) for stage in stages]
        else:
            scope.notes.append(msg("gate.note.not_requirement", key=item.key, role=msg(f"gate.role.{item.role}")))


def _backlog(asked: GateInput, scope: TeamScope) -> TeamScope:
    """All open requirements, but for those that nobody touched for so long that nobody is at work on them.

    A baseline knows those too: one edit of many requirements must not make new findings of old ones.
    """
    snapshot = asked.snapshot
    every = _requirements(snapshot.open_items(scope.team.id))
    since = 0 if asked.dormant else snapshot.as_of - UNTOUCHED * DAY
    touched = [item for item in every if item.issue.updated > since]
    scope.targets += [Target(item, planned_for(asked, scope.team.id, item), scope.stage) for item in touched]
    left = len(every) - len(touched)
    scope.notes += [msg("gate.note.untouched", n=left, days=UNTOUCHED)] if left else []
    if not every:
        scope.nothing = msg("gate.nothing.no_open")
    return scope


# -- shared ------------------------------------------------------------------------------------------------------------


def _add_members(asked: GateInput, scope: TeamScope) -> None:
    """The open requirements of the chosen iterations, each once; an empty iteration is said to be empty."""
    seen: set[tuple[str, str]] = set()
    for iteration in scope.iterations:
        members = asked.snapshot.members(scope.team.id, iteration, asked.snapshot.as_of)
        fresh = [item for item in _requirements(members) if item.ref not in seen]
        seen.update(item.ref for item in fresh)
        scope.targets += [Target(item, iteration, scope.stage) for item in fresh]
        if not fresh:
            scope.notes.append(msg("gate.note.empty_iteration", iteration=iteration.name))


def _add_beside(asked: GateInput, scope: TeamScope) -> None:
    """Where the next iteration is empty and a later one is not, which one might have been meant."""
    found = None if scope.targets else beside(asked.snapshot, scope.team.id, scope.iterations)
    if found is not None:
        scope.notes.append(beside_note(found))


def beside_note(found: Beside) -> Message:
    """That an empty iteration is next in line, and which one holds work."""
    said = {"empty": found.empty.name, "other": found.other.name, "n": found.requirements, "ref": found.other.id}
    return msg("gate.note.beside", **said)


def _requirements(items: Iterable[Item]) -> list[Item]:
    return [item for item in items if item.role is Role.REQUIREMENT and item.open and item.gone_at is None]


def planned_for(asked: GateInput, team: str, item: Item) -> Iteration | None:
    """The iteration that an issue waits for or is in: the unfinished one of its team that begins first."""
    at = asked.snapshot.as_of
    inside = {m.iteration_id for m in item.memberships if m.entered_at <= at and (m.left_at is None or m.left_at > at)}
    snapshot = asked.snapshot
    mine = [i for i in snapshot.iterations(team) if i.id in inside and covers(i, item)]
    mine = [i for i in mine if snapshot.state(i) is not IterationState.CLOSED]
    return min(mine, key=_begins, default=None)


def _begins(iteration: Iteration) -> tuple[bool, int, int]:
    start = started(iteration)
    return (start is None, start or 0, iteration.order)
