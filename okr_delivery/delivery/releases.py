"""When an issue reached its users: the first source in `release.from` that has a date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.membership import VERSION_ID, iteration_ids
from okr_delivery.model.calendar import Calendar
from okr_delivery.model.releases import ReleaseId
from okr_delivery.model.work import Deployment, Field, Iteration, IterationKind, IterationState


@dataclass(frozen=True, slots=True)
class Release:
    """The local day of a release. `source` is the entry of `release.from` that knew it, `name` that of the version."""

    day: date
    source: str
    name: str | None = None


class Releases:
    """What a source's tracker tells of releases as of an instant: versions, and deployments up to then, oldest first.

    `lives_on` answers the ids of the issues that a deployed one lives on as.
    """

    def __init__(
        self,
        versions: Mapping[str, Iteration],
        deployments: Sequence[Deployment],
        lives_on: Callable[[str], Sequence[str]],
        as_of: int,
    ) -> None:
        self._versions, self._deployments, self._as_of = versions, deployments, as_of
        self._lives_on = lives_on

    @cached_property
    def told(self) -> bool:
        """Whether there is a version or a deployment at all."""
        versions = (version.kind is IterationKind.VERSION for version in self._versions.values())
        return bool(self._deployments) or any(versions)

    def of(self, item: Item, wanted: Sequence[str], calendar: Calendar) -> Release | None:
        """The release of an issue; None while nothing in `wanted` has a date. Days are the calendar's."""
        for source in wanted:
            found = self._by(source, item, calendar)
            if found is not None:
                return found
        return None

    def _by(self, source: str, item: Item, calendar: Calendar) -> Release | None:
        if source == "version":
            return self._by_version(item, calendar)
        at = item.fact.finished_at if source == "finished" else self.deployed.get(item.issue.id)
        return None if at is None else Release(calendar.local_date(at), source)

    def _by_version(self, item: Item, calendar: Calendar) -> Release | None:
        """The earliest release of a version that the issue was to be fixed in, or of a milestone that it is in."""
        known, today = self._named(item), calendar.local_date(self._as_of)
        every = [(released_day(version, calendar, today), version) for version in known]
        dated = [(day, version.order, version.name) for day, version in every if day is not None]
        return Release(min(dated)[0], "version", min(dated)[2]) if dated else None

    def _named(self, item: Item) -> Iterator[Iteration]:
        for one in iteration_ids(item.at(Field.FIX_VERSION, self._as_of).id):
            if VERSION_ID + one in self._versions:
                yield self._versions[VERSION_ID + one]
        if self._of_milestones:
            for one in iteration_ids(item.at(Field.ITERATION, self._as_of).id):
                yield from self._of_milestones.get(one, ())

    @cached_property
    def _of_milestones(self) -> dict[str, list[Iteration]]:
        found: dict[str, list[Iteration]] = {}
        for version in self._versions.values():
            parts = ReleaseId.of(version.id)
            if parts is not None and parts.milestone:
                found.setdefault(parts.milestone, []).append(version)
        return found

    @cached_property
    def deployed(self) -> dict[str, int]:
        """When each issue first reached users with a successful deployment, by the tracker's id."""
        found: dict[str, int] = {}
        for deployment in self._deployments:
            for one in deployment.issues if deployment.succeeded else ():
                for ref in (one, *self._lives_on(one)):
                    found.setdefault(ref, deployment.finished_at)
        return found


def released_day(version: Iteration, calendar: Calendar, today: date) -> date | None:
    """The local day on which a version was released; None for one that was not by `today`, or that has no day."""
    day = version.last_day if version.closed_at is None else calendar.local_date(version.closed_at)
    return day if version.state is IterationState.CLOSED and day is not None and day <= today else None
