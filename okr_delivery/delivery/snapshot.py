"""The tracker's side of the world at one instant. Read-only and lazy: only what a question needs is read, and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.delivery import find as finding
from okr_delivery.delivery import membership, trains
from okr_delivery.delivery.item import Item, number
from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.planning import Planner, commitment_of, grid_of, kind_of, uses_versions
from okr_delivery.delivery.releases import Release, Releases
from okr_delivery.delivery.resolve import KEYWORDS, matches, resolve, resolve_all
from okr_delivery.delivery.results import IterationSets, Window
from okr_delivery.delivery.rules import calendar_of, team_hash
from okr_delivery.delivery.sourceview import Sieve, SourceView
from okr_delivery.delivery.statusmap import StatusMap
from okr_delivery.delivery.teams import BY_DATES, Owners, in_scope, projects_of, sources_of
from okr_delivery.model.calendar import Calendar
from okr_delivery.model.text import own_link
from okr_delivery.model.work import Deployment, Field, ItemFact, Iteration, IterationKind, IterationState

if TYPE_CHECKING:
    from okr_delivery.config import Config, Team
    from okr_delivery.okrs import OkrBook
    from okr_delivery.store.reads import Reads
    from okr_delivery.store.rows import SourceState

NOBODY = ""  # the team of an issue that no team owns
BY_DAY = frozenset({IterationKind.VERSION, IterationKind.PERIOD}) | BY_DATES  # their state is the local day's


class Snapshot:
    """Everything about issues and iterations as of `as_of` (epoch seconds). Build it with `Snapshot.at`."""

    def __init__(self, store: Reads, config: Config, book: OkrBook, as_of: int, teams: tuple[Team, ...]) -> None:
        self.store, self.config, self.book, self.as_of, self.teams = store, config, book, as_of, teams
        self._views: dict[str, SourceView] = {}
        self._items: dict[str, tuple[Item, ...]] = {}
        self._sets: dict[tuple[str, str, str], IterationSets] = {}
        self._calendars: dict[str, Calendar] = {}
        self._releases: dict[str, Releases] = {}
        self._deployments: dict[str, tuple[Deployment, ...]] = {}
        self._planners: dict[tuple[str, str], Planner] = {}
        self._iterations: dict[str, tuple[Iteration, ...]] = {}
        self._planned: dict[tuple[str, str], dict[str, Iteration]] = {}

    @classmethod
    def at(
        cls, store: Reads, config: Config, book: OkrBook, as_of: int, *, teams: Sequence[str] | None = None
    ) -> Snapshot:
        """The snapshot at an instant, narrowed to teams by id (None: all); unknown ids are the caller's to refuse."""
        every = tuple(config.effective_teams())
        wanted = every if teams is None else tuple(team for team in every if team.id in set(teams))
        return cls(store, config, book, as_of, wanted)

    # sources and rules

    @cached_property
    def source_states(self) -> Mapping[str, SourceState]:
        return {state.name: state for state in self.store.sources()}

    @cached_property
    def owners(self) -> Owners:
        """Every configured team competes for an issue, whichever this snapshot is narrowed to."""
        sources = {source.name: source for source in self.config.sources}
        boards = {name: self.store.boards(name) for name in sources}
        return Owners(self.config.effective_teams(), sources, boards)

    def view(self, source: str) -> SourceView:
        """One source's side of it."""
        if source not in self._views:
            self._views[source] = SourceView(
                self.store,
                self.config.source(source),
                self.as_of,
                self.owners,
                lambda team_id: self._planner(team_id, source),
                uses_versions(self.config, source),
            )
        return self._views[source]

    def _planner(self, team_id: str, source: str) -> Planner:
        """How a team plans in a source; issues that no team owns keep what their own fields say of sprints."""
        if (team_id, source) not in self._planners:
            self._planners[team_id, source] = self._make_planner(team_id, source)
        return self._planners[team_id, source]

    def _make_planner(self, team_id: str, source: str) -> Planner:
        if team_id == NOBODY:
            return Planner(IterationKind.SPRINT)
        team, rules, state = self.team(team_id), self.rules(source), self.source_states.get(source)
        grid = grid_of(team, self.calendar(team_id))
        if grid is None:
            return Planner(kind_of(team))
        if state is None or not state.complete:  # a status that is not known yet may still come
            return Planner(IterationKind.PERIOD, grid, rules.commitment)
        return Planner(IterationKind.PERIOD, grid, commitment_of(self.config, team, source, rules))

    def team(self, team_id: str) -> Team:
        """A configured team. KeyError for an unknown id."""
        for team in self.config.effective_teams():
            if team.id == team_id:
                return team
        raise KeyError(team_id)

    def calendar(self, team_id: str) -> Calendar:
        if team_id not in self._calendars:
            self._calendars[team_id] = calendar_of(self.config, self.team(team_id))
        return self._calendars[team_id]

    def day(self, team_id: str) -> date:
        """The team's local date of `as_of`."""
        return self.calendar(team_id).local_date(self.as_of)

    def rule_hash(self, team_id: str) -> str:
        team = self.team(team_id)
        maps = {name: self.view(name).rules for name in sources_of(team)}
        return team_hash(team, maps, self.calendar(team_id))

    def rules(self, source: str) -> StatusMap:
        return self.view(source).rules

    # issues

    def items(self, team_id: str) -> tuple[Item, ...]:
        """The team's issues in the order people count, sub-tasks and gone ones included. Reads its sources whole."""
        if team_id not in self._items:
            self._items[team_id] = self._of_team(team_id, lambda view: view.items.values())
        return self._items[team_id]

    def _of_team(self, team_id: str, among: Callable[[SourceView], Iterable[Item]]) -> tuple[Item, ...]:
        """A team's own among the issues of its sources, in the order people count."""
        names = sources_of(self.team(team_id)) if team_id != NOBODY else tuple(s.name for s in self.config.sources)
        found = [item for name in names for item in among(self.view(name)) if item.team == team_id]
        return tuple(sorted(found, key=lambda item: (natural(item.key), item.source)))

    def open_items(self, team_id: str, *, created_since: int | None = None) -> tuple[Item, ...]:
        """The team's issues that are open and not gone, sub-tasks too; with an instant, those created since then."""
        if created_since is None:
            return tuple(item for item in self.items(team_id) if item.open and item.gone_at is None)
        found = self._of_team(team_id, lambda view: view.created_since(created_since))
        return tuple(i for i in found if i.open and i.gone_at is None and i.issue.created >= created_since)

    def finished_since(self, team_id: str, since: int) -> tuple[Item, ...]:
        """The team's issues that are finished, as of this snapshot since an instant at the earliest; no sub-tasks."""
        found = self._of_team(team_id, lambda view: view.finished_since(since, self._places(team_id, view)))
        return tuple(_finished(found, since))

    def finished_anywhere(self, since: int, sieve: Sieve) -> tuple[Item, ...]:
        """The same of all teams, whichever this snapshot is narrowed to: at least what the sieve keeps."""
        every = (i for s in self.config.sources for i in self.view(s.name).finished_since(since, sieve=sieve))
        return tuple(_finished((item for item in every if item.team != NOBODY), since))

    def latest(self, team_id: str, since: int, most: int) -> tuple[Item, ...]:
        """Of the team's issues that were created since an instant the last ones, at most so many, the latest first.

        No sub-tasks, and none that have been moved away from the projects that the team selects.
        """
        names = sources_of(self.team(team_id))
        found = [item for name in names for item in self._latest_of(team_id, self.view(name), since, most)]
        return tuple(sorted(found, key=lambda item: (-item.issue.created, natural(item.key), item.source))[:most])

    def _latest_of(self, team_id: str, view: SourceView, since: int, most: int) -> list[Item]:
        places, among = self._places(team_id, view), most
        while True:
            found = view.latest(places, since, among)
            mine = [item for item in found if item.team == team_id]
            if len(mine) >= most or len(found) < among:
                return mine
            among *= 4

    def _places(self, team_id: str, view: SourceView) -> list[str] | None:
        """Ids of the projects that a team's own issues may be in, sub-tasks aside; None: any."""
        return None if team_id == NOBODY else projects_of(self.team(team_id), view.name, view.places)

    def item(self, source: str, issue_id: str) -> Item | None:
        """An issue by its id; of one that was moved, the issue that it lives on as, where that is held."""
        return self.view(source).item(issue_id)

    def children(self, item: Item, *, subtasks: bool = True) -> tuple[Item, ...]:
        """What has an issue as its parent; sub-tasks only when they are asked for."""
        return self.view(item.source).children(item, subtasks=subtasks)

    @cached_property
    def sites(self) -> Mapping[str, str | None]:
        """Where each source says that people open its issues; None where it has not said."""
        return {name: state.base_url for name, state in self.source_states.items()}

    def link(self, source: str, url: str | None) -> str | None:
        """`url` if it may be shown as a link: on the source's own address or its site, else None."""
        return own_link(url, self.config.source(source).url, self.sites.get(source))

    def find(self, text: str) -> Item:
        """The issue that a key, an old key, a browser URL or SOURCE:KEY names. Raises UserError: none, or several."""
        return finding.find(text, self.config, self.view, self.sites)

    def fact_at(self, item: Item, t: int) -> ItemFact:
        """An item's fact as of an instant up to `as_of`."""
        return self.view(item.source).fact_at(item, t)

    def released(self, item: Item) -> Release | None:
        """The release that observation starts from: the first of the source's `release.from` that has a date."""
        calendar = self.calendar(item.team) if item.team != NOBODY else calendar_of(self.config)
        return self.releases(item.source).of(item, self.config.source(item.source).release.from_, calendar)

    def releases(self, source: str) -> Releases:
        """What a source tells of releases up to `as_of`."""
        if source not in self._releases:
            versions, deployments = self.view(source).iterations, self.deployments(source)
            lives_on = self.view(source).lives_on
            self._releases[source] = Releases(versions, deployments, lives_on, self.as_of)
        return self._releases[source]

    def deployments(self, source: str) -> tuple[Deployment, ...]:
        """A source's deployments that ended up to `as_of`, oldest first; none where its settings connect none."""
        if source not in self._deployments:
            connected = self.config.source(source).deployments is not None
            every = self.store.deployments(source) if connected else ()
            self._deployments[source] = tuple(d for d in every if d.finished_at <= self.as_of)
        return self._deployments[source]

    def deployments_read(self, source: str) -> bool:
        """Whether all of a source's deployments were read, or its settings connect none."""
        if self.config.source(source).deployments is None:
            return True
        mark = self.store.deployment_mark(source)
        return mark is not None and mark.complete

    # iterations

    def iterations(self, team_id: str) -> tuple[Iteration, ...]:
        """The team's iterations in the tracker's order, whatever their state; days are instants of its calendar."""
        if team_id not in self._iterations:
            self._iterations[team_id] = self._make_iterations(team_id)
        return self._iterations[team_id]

    def _make_iterations(self, team_id: str) -> tuple[Iteration, ...]:
        team = self.team(team_id)
        grid = grid_of(team, self.calendar(team_id))
        if grid is not None:
            born = self.first_created(team_id)
            return grid.periods(self.as_of if born is None else born, self.as_of, sources_of(team)[0])
        found = [self._of_source(team, name) for name in sources_of(team)]
        return trains.running([iteration for several in found for iteration in several])

    def first_created(self, team_id: str) -> int | None:
        """When the first of a team's issues was created; None when it has none yet."""
        views = (self.view(name) for name in sources_of(self.team(team_id)))
        first = (view.first_created(lambda item: item.team == team_id) for view in views)
        return min((at for at in first if at is not None), default=None)

    def _of_source(self, team: Team, name: str) -> tuple[Iteration, ...]:
        view, boards, source = self.view(name), self.store.boards(name), self.config.source(name)
        projects = view.projects if kind_of(team) in BY_DAY else {}
        return in_scope(team, source, boards, projects, self._dated(team, name))

    def _dated(self, team: Team, name: str) -> tuple[Iteration, ...]:
        """A source's iterations of the team's kind, whosever they are."""
        wanted = kind_of(team)
        return self._in_calendar(name, wanted, self.calendar(team.id))

    def _in_calendar(self, name: str, wanted: IterationKind, calendar: Calendar) -> tuple[Iteration, ...]:
        """A source's iterations of a kind, their days as instants of a calendar."""
        state = self.source_states.get(name)
        every = (i for i in self.view(name).iterations_in_order if i.kind is wanted)
        return trains.dated(every, calendar, self.as_of, None if state is None else state.fetched_at)

    def exported(self, source: str) -> tuple[Iteration, ...]:
        """The iterations that a source's tracker has; versions only where a team plans by them.

        Days are instants of the calendar of the first team that plans by iterations of that kind, else of the file's.
        """
        kinds = dict.fromkeys(i.kind for i in self.view(source).iterations_in_order)
        return tuple(iteration for kind in kinds for iteration in self._exported(source, kind))

    def _exported(self, source: str, kind: IterationKind) -> tuple[Iteration, ...]:
        planners = (t for t in self.config.effective_teams() if kind_of(t) is kind and source in sources_of(t))
        team = next(planners, None)
        if team is None and kind is IterationKind.VERSION:
            return ()
        calendar = calendar_of(self.config) if team is None else self.calendar(team.id)
        return trains.running(self._in_calendar(source, kind, calendar))

    def planned(self, item: Item) -> Mapping[str, Iteration]:
        """What `memberships` of an issue speak of, by id: iterations of its source that are of its team's kind."""
        return self._known(item.team, item.source)

    def _known(self, team_id: str, source: str) -> Mapping[str, Iteration]:
        if team_id == NOBODY:
            return self.view(source).iterations
        if (team_id, source) not in self._planned:
            team = self.team(team_id)
            own = {i.id: i for i in self.iterations(team_id) if i.source == source or i.kind is IterationKind.PERIOD}
            self._planned[team_id, source] = {i.id: i for i in self._dated(team, source)} | own
        return self._planned[team_id, source]

    def resolve(self, team_id: str, ref: str) -> tuple[Iteration, ...]:
        """The iterations of a team that `ref` means; () for none. Raises UserError when a name fits several."""
        scope = self.iterations(team_id)
        prefix, colon, rest = ref.partition(":")
        if colon and ref not in KEYWORDS and not matches(ref, scope) and any(t.id == prefix for t in self.teams):
            if prefix != team_id:
                return ()
            ref = rest
        return resolve(ref, scope, self.as_of, team_id, kind=kind_of(self.team(team_id)))

    def resolve_all(self, ref: str) -> dict[str, tuple[Iteration, ...]]:
        """What `ref` means for each team of the snapshot; () for a team that has no such iteration.

        An id or a name leaves out the teams that don't have it; in none, or fitting several iterations, is a UserError.
        """
        scopes = {team.id: self.iterations(team.id) for team in self.teams}
        return resolve_all(ref, scopes, self.as_of, {team.id: kind_of(team) for team in self.teams})

    def state(self, iteration: Iteration) -> IterationState:
        """What an iteration of `iterations` was at `as_of`."""
        return iteration.state if iteration.kind in BY_DAY else membership.state_at(iteration, self.as_of)

    def window(self, team_id: str, iteration: Iteration) -> Window:
        return membership.window(iteration, self.as_of)

    def sets(self, team_id: str, iteration: Iteration) -> IterationSets:
        """Committed, added, delivered, carried over and removed, as of the iteration's end."""
        key = (team_id, iteration.source, iteration.id)
        if key not in self._sets:
            self._sets[key] = self._fold_sets(team_id, iteration)
        return self._sets[key]

    def _fold_sets(self, team_id: str, iteration: Iteration) -> IterationSets:
        bounds = self.window(team_id, iteration)
        begun = self.state(iteration) is not IterationState.FUTURE
        subjects = [self._subject(i, bounds) for i in self._ever_in(team_id, iteration)] if begun else []
        others = self._known(team_id, iteration.source)
        return membership.sets(
            iteration, bounds, subjects, as_of=self.as_of, others=others, rule_hash=self.rule_hash(team_id)
        )

    def _ever_in(self, team_id: str, iteration: Iteration) -> list[Item]:
        return [
            item
            for item in self._near(team_id, iteration)
            if item.counted
            and covers(iteration, item)
            and any(m.iteration_id == iteration.id for m in item.memberships)
        ]

    def _near(self, team_id: str, iteration: Iteration, sieve: Sieve | None = None) -> tuple[Item, ...]:
        """The team's issues that may ever be in an iteration; of a period also those that are open."""
        own, since = iteration.source, iteration.start
        if iteration.kind is not IterationKind.PERIOD or since is None:
            return self._of_team(team_id, lambda v: v.in_iteration(iteration.id, sieve) if v.name == own else ())
        return self._of_team(team_id, lambda view: view.standing_since(since, sieve))

    def _subject(self, item: Item, bounds: Window) -> membership.Subject:
        return membership.Subject(
            key=item.key,
            issue_id=item.issue.id,
            source=item.source,
            intervals=item.intervals,
            memberships=item.memberships,
            fact=self.fact_at(item, bounds.end),
            gone_at=item.gone_at,
            estimate=lambda t: number(item.at(Field.ESTIMATE, t)),
        )

    def members(self, team_id: str, iteration: Iteration, at: int, sieve: Sieve | None = None) -> tuple[Item, ...]:
        """The team's issues in the iteration at an instant, finished ones too; no sub-tasks, none that are gone.

        A period that is still to come begins with the open work that stands in the present one. With a sieve at least
        those that it keeps.
        """
        ahead = iteration.kind is IterationKind.PERIOD and iteration.start is not None and iteration.start > at
        grid = grid_of(self.team(team_id), self.calendar(team_id)) if ahead else None
        place = iteration.id if grid is None else grid.id_at(at)
        return tuple(
            item
            for item in self._near(team_id, iteration, sieve)
            if covers(iteration, item)
            and not item.issue.subtask
            and item.member_of(place, at)
            and (item.open or not ahead)
            and (item.gone_at is None or item.gone_at > at)
        )


def _finished(items: Iterable[Item], since: int) -> Iterator[Item]:
    finished = ((item, item.fact.finished_at) for item in items if not item.issue.subtask)
    return (item for item, at in finished if at is not None and at >= since)


def covers(iteration: Iteration, item: Item) -> bool:
    """Whether an issue's source can have it in the iteration; periods are those of the team, in all its sources."""
    return iteration.kind is IterationKind.PERIOD or item.source == iteration.source
