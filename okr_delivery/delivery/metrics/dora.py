"""The five DORA metrics per service, and the two stand-ins where deployments are not connected. METRICS.md, 2.4.

A service is a project. Its figures are never blended with those of another one, and none has a target. Deployments
count where they succeeded in an environment of the source's settings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.metrics.flow import DAY, DAYS, RATIO
from okr_delivery.delivery.metrics.period import Population
from okr_delivery.delivery.metrics.stat import METHOD, percentiles
from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.releases import released_day
from okr_delivery.delivery.results import Metric, MetricStatus, Percentiles, Service
from okr_delivery.delivery.teams import sources_of
from okr_delivery.model.calendar import Calendar
from okr_delivery.model.releases import ReleaseId
from okr_delivery.model.work import Deployment, IterationKind

if TYPE_CHECKING:
    from okr_delivery.config import Selector, Source
    from okr_delivery.delivery.snapshot import Snapshot

WEEK = 7 * DAY
PER_WEEK = "per_week"
FIVE = (
    "change_lead_time",
    "deployment_frequency",
    "failed_deployment_recovery_time",
    "change_fail_rate",
    "deployment_rework_rate",
)
STAND_INS = ("release_cadence", "item_to_release")

NOT_CONNECTED = "deployments_not_connected"
NO_INCIDENTS = "incidents_not_linked"
"""No tracker says which deployment an incident came from, and nearness in time is no link."""

UNITS = {
    "change_lead_time": DAYS,
    "deployment_frequency": PER_WEEK,
    "failed_deployment_recovery_time": DAYS,
    "change_fail_rate": RATIO,
    "deployment_rework_rate": RATIO,
    "release_cadence": PER_WEEK,
    "item_to_release": DAYS,
}
DEFINITIONS = {
    "change_lead_time": f"change_lead_time/authored-first_deployed/commit/{METHOD}",
    "deployment_frequency": "deployment_frequency/successful/per_week",
    "failed_deployment_recovery_time": f"failed_deployment_recovery_time/deployed-resolved/linked/{METHOD}",
    "change_fail_rate": "change_fail_rate/linked_interventions-deployments",
    "deployment_rework_rate": "deployment_rework_rate/unplanned-deployments",
    "release_cadence": "release_cadence/versions_or_releases/per_week",
    "item_to_release": f"item_to_release/first_start-release/days/{METHOD}",
}


@dataclass(frozen=True, slots=True)
class _Project:
    """A project of one source: what is deployed and released of it."""

    source: Source
    id: str
    name: str


def services(p: Population) -> tuple[Service, ...]:
    """The services of a population's team over its period, by source and name."""
    found = sorted(_projects(p.snapshot, p.team_id), key=lambda each: (each.source.name, natural(each.name)))
    items: dict[tuple[str, str], list[Item]] = {}
    for item in p.counted:
        items.setdefault((item.source, item.issue.project_id), []).append(item)
    return tuple(_Figures(p, each, items.get((each.source.name, each.id), [])).service() for each in found)


def _projects(snapshot: Snapshot, team_id: str) -> list[_Project]:
    """Projects of the team's issues, and others of its sources that are deployed and that no selector leaves out.

    Where whole groups are read, a project that was never deployed is taken for no service.
    """
    found: dict[tuple[str, str], str] = {}
    for name in sources_of(snapshot.team(team_id)):
        for project in _deployed_projects(snapshot, team_id, name):
            found[name, project] = project
    for item in snapshot.items(team_id):
        found[item.source, item.issue.project_id] = item.issue.project
    every = [_Project(snapshot.config.source(name), project, shown) for (name, project), shown in found.items()]
    return [each for each in every if not _is_no_service(snapshot, each)]


def _is_no_service(snapshot: Snapshot, project: _Project) -> bool:
    guessed = project.source.deployments is not None and bool(project.source.groups)
    return guessed and all(d.project_id != project.id for d in snapshot.deployments(project.source.name))


def _deployed_projects(snapshot: Snapshot, team_id: str, source: str) -> set[str]:
    wide = [s for s in snapshot.team(team_id).select if s.source == source and _takes_projects_whole(s)]
    deployed = {d.project_id for d in snapshot.deployments(source)}
    return {one for one in deployed if any(not s.projects or one in s.projects for s in wide)}


def _takes_projects_whole(selector: Selector) -> bool:
    return not (selector.components or selector.labels or selector.types or selector.boards)


class _Figures:
    """The figures of one service."""

    def __init__(self, p: Population, project: _Project, items: Sequence[Item]) -> None:
        """`items` are the project's issues that count."""
        self._p, self._project, self._items, self._snapshot = p, project, items, p.snapshot
        self._source = project.source.name
        self._connected = project.source.deployments is not None
        every = [d for d in p.snapshot.deployments(self._source) if d.project_id == project.id]
        self._first_commits = [(d, commits) for d, commits in first_commits(every) if p.period.holds(d.finished_at)]

    def service(self) -> Service:
        makers: dict[str, Callable[[], Metric]] = {
            "change_lead_time": self._change_lead_time,
            "deployment_frequency": self._deployment_frequency,
        }
        five = {name: makers[name]() if name in makers and self._connected else self._absent(name) for name in FIVE}
        missing = (name for name in FIVE if five[name].status is MetricStatus.NOT_CONFIGURED)
        settings = self._project.source.deployments
        return Service(
            source=self._source,
            project=self._project.name,
            connected=self._connected,
            environments=() if settings is None else settings.environments,
            metrics=five | {"release_cadence": self._release_cadence(), "item_to_release": self._item_to_release()},
            reasons=dict.fromkeys(missing, NO_INCIDENTS if self._connected else NOT_CONNECTED),
        )

    def _absent(self, name: str) -> Metric:
        return self._metric(name, None, 0, status=MetricStatus.NOT_CONFIGURED)

    def _metric(
        self,
        name: str,
        value: float | None,
        n: int,
        *,
        spread: Percentiles | None = None,
        out: Counter[str] | None = None,
        status: MetricStatus | None = None,
    ) -> Metric:
        p, unit = self._p, UNITS[name]
        return p.metric(value, n, unit, DEFINITIONS[name], excluded=out, percentiles=spread, status=status)

    def _known(self, value: float | None) -> MetricStatus | None:
        """Partial where not all deployments of the period were read."""
        whole = self._snapshot.deployments_read(self._source) and self._p.period.after + 1 >= self._read_since
        return MetricStatus.PARTIAL if value is not None and not whole else None

    @property
    def _read_since(self) -> int:
        """The instant from which on deployments are read."""
        first = self._project.source.history.since
        return 0 if first is None else self._p.calendar.midnight(first)

    def _change_lead_time(self) -> Metric:
        """Days from each commit to the first deployment that holds it, of deployments in the period."""
        every = [max(0, d.finished_at - at) / DAY for d, commits in self._first_commits for at in commits]
        spread = percentiles(sorted(every))
        value = None if spread is None else spread.p50
        out = Counter({"deployments_without_commits": sum(not d.commits for d, _ in self._first_commits)})
        return self._metric("change_lead_time", value, len(every), spread=spread, out=out, status=self._known(value))

    def _deployment_frequency(self) -> Metric:
        """Successful deployments a week; a week without any is a 0 and counts."""
        at = [d.finished_at for d, _ in self._first_commits]
        unread = self._p.period.until < self._read_since
        value, spread = (None, None) if unread else self._a_week([self._p.calendar.local_date(t) for t in at])
        return self._metric("deployment_frequency", value, len(at), spread=spread, status=self._known(value))

    def _a_week(self, days: Sequence[date]) -> tuple[float | None, Percentiles | None]:
        """The rate over the whole period, and percentiles over the ISO weeks that lie whole in it.

        None of a period that is to come, and of one that nobody knows the beginning of.
        """
        if not (self._p.period.seconds and self._p.period.after):
            return None, None
        return len(days) * WEEK / self._p.period.seconds, percentiles(sorted(per_week(days, self._weeks())))

    def _weeks(self) -> list[date]:
        """The Mondays of the weeks that lie whole in the period and are over."""
        period, calendar = self._p.period, self._p.calendar
        first = period.first + timedelta(days=-period.first.weekday() % 7)
        count = max(0, (period.last - first).days + 1) // 7
        mondays = [first + timedelta(weeks=n) for n in range(count)]
        return [day for day in mondays if _is_in(day, period.after, period.until, calendar)]

    def _release_cadence(self) -> Metric:
        """Versions or releases a week, by their days."""
        period, days = self._p.period, self._release_days()
        if days is None:
            return self._metric("release_cadence", None, 0)
        last = min(period.last, self._p.calendar.local_date(self._snapshot.as_of))
        inside = [day for day in days if period.first <= day <= last]
        value, spread = self._a_week(inside)
        return self._metric("release_cadence", value, len(inside), spread=spread)

    def _release_days(self) -> list[date] | None:
        """The local days of the project's releases, each once; None where it has neither versions nor releases."""
        homes = {self._project.id.casefold(), self._project.name.casefold()}
        every = self._snapshot.view(self._source).iterations_in_order
        own = [i for i in every if i.kind is IterationKind.VERSION and (i.project_id or "").casefold() in homes]
        today = self._p.calendar.local_date(self._snapshot.as_of)
        days = {_release(i.id): released_day(i, self._p.calendar, today) for i in own}
        return [day for day in days.values() if day is not None] if own else None

    def _item_to_release(self) -> Metric:
        """Local days from an issue's first start to its release, of issues released in the period."""
        found = [(item, day) for item, day in self._released() if self._p.period.first <= day <= self._p.period.last]
        started = [(day, item.fact.started_at) for item, day in found if item.fact.started_at is not None]
        lengths = sorted(float(max(0, (day - self._p.calendar.local_date(at)).days)) for day, at in started)
        spread = percentiles(lengths)
        value = None if spread is None else spread.p50
        out = Counter({"never_started": len(found) - len(started)})
        return self._metric("item_to_release", value, len(lengths), spread=spread, out=out)

    def _released(self) -> Iterator[tuple[Item, date]]:
        """Issues with the day of their release, where a version or a deployment has one."""
        wanted = [one for one in self._project.source.release.from_ if one != "finished"]
        releases = self._snapshot.releases(self._source)
        for item in self._items if wanted and releases.told else ():
            found = releases.of(item, wanted, self._p.calendar)
            if found is not None:
                yield item, found.day


def first_commits(deployments: Iterable[Deployment]) -> Iterator[tuple[Deployment, tuple[int, ...]]]:
    """Successful deployments of a service, oldest first, with the commits that none before them held.

    Each environment gets every commit once, so what another environment had before is known by its instant.
    """
    held: dict[str, Counter[int]] = {}
    reached: Counter[int] = Counter()
    for deployment in deployments:
        if not deployment.succeeded:
            continue
        own = held.setdefault(deployment.environment, Counter())
        own.update(deployment.commits)
        new = {at: own[at] - reached[at] for at in dict.fromkeys(deployment.commits)}
        reached |= Counter({at: own[at] for at in new})
        yield deployment, tuple(at for at, n in new.items() for _ in range(max(0, n)))


def per_week(days: Iterable[date], mondays: Sequence[date]) -> list[float]:
    """How many of the days lie in each week, zeros kept."""
    counts = Counter(day - timedelta(days=day.weekday()) for day in days)
    return [float(counts[monday]) for monday in mondays]


def _is_in(monday: date, after: int, until: int, calendar: Calendar) -> bool:
    return calendar.midnight(monday) > after and calendar.day_end(monday + timedelta(days=6)) - 1 <= until


def _release(iteration_id: str) -> tuple[str, str]:
    """What tells one release from another; one with several milestones is one."""
    parts = ReleaseId.of(iteration_id)
    return ("", iteration_id) if parts is None else (parts.project, parts.tag)
