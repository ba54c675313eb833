"""The ground that work items stand on: the clock, projects, labels, milestones and iterations, changed as people do."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from threading import RLock
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from okr_delivery.sandbox.gitlab import changes
from okr_delivery.sandbox.gitlab.state import (
    OPENED,
    GitLab,
    Group,
    Iteration,
    Label,
    Milestone,
    Project,
    Visibility,
    WorkItem,
)

if TYPE_CHECKING:
    from okr_delivery.sandbox.faults import Faults

ROBOT = "automation-bot"


@dataclass(frozen=True, slots=True)
class Stale:
    """What a replica shows of a work item until `until` (epoch milliseconds); None = nothing yet."""

    until: float
    shown: WorkItem | None


class Ground:
    """A GitLab with a clock. `clock` answers epoch seconds; `lag` is how long lists trail a write."""

    def __init__(self, state: GitLab, clock: Callable[[], float]) -> None:
        self.state, self._clock = state, clock
        self.skew = 0.0  # seconds that the server's clock is ahead
        self.lag = 0.0
        self.lock = RLock()
        self._stale: dict[int, list[Stale]] = {}

    def use(self, faults: Faults) -> None:
        """Puts what the switches say of the server's clock and replicas in force."""
        self.lag, self.skew = faults.index_lag, faults.clock_skew

    def clock(self) -> float:
        """The server's clock in epoch seconds."""
        return self._clock() + self.skew

    @property
    def now(self) -> int:
        """The server's clock in epoch milliseconds."""
        return int(self.clock() * 1000)

    @property
    def today(self) -> date:
        """The server's day, which iterations follow."""
        return datetime.fromtimestamp(self.clock(), UTC).astimezone(ZoneInfo(self.state.zone)).date()

    def listed(self) -> list[WorkItem]:
        """The work items as lists show them now, hidden and deleted ones left out."""
        if not self._stale:
            return [i for i in self.state.items.values() if i.visibility is Visibility.VISIBLE]
        shown = (self._replica(item) for item in self.state.items.values())
        return [item for item in shown if item is not None and item.visibility is Visibility.VISIBLE]

    def _replica(self, item: WorkItem) -> WorkItem | None:
        waiting = [stale for stale in self._stale.get(item.id, ()) if stale.until > self.now]
        return waiting[0].shown if waiting else item

    def remember(self, item: WorkItem, shown: WorkItem | None) -> None:
        """Keeps what replicas show of the item until the lag is over; None = that there is none."""
        if self.lag:
            self._stale.setdefault(item.id, []).append(Stale(self.now + self.lag * 1000, copy.deepcopy(shown)))

    @contextmanager
    def writing(self, *items: WorkItem) -> Iterator[None]:
        """A write to these items, under the lock."""
        with self.lock:
            for item in items:
                self.remember(item, item)
            yield
            self.state.revision += 1

    def place(self, project: str | int) -> Project:
        """A project by id or path, former paths too. Raises KeyError."""
        found = self.state.project(project) or self.state.moved_project(str(project))
        if found is None:
            raise KeyError(project)
        return found

    def rename_project(self, project: str | int, path: str) -> None:
        """Moves a project to another path; the old one redirects. No work item is touched."""
        with self.writing():
            found = self.place(project)
            found.old_paths.append(found.path)
            found.path = path

    def rename_group(self, group: str, path: str) -> None:
        """Moves a group with all that is in it to another path. Raises KeyError."""
        with self.writing():
            found = self.state.group(group)
            if found is None:
                raise KeyError(group)
            inside: list[Group | Project] = [*self.state.groups.values(), *self.state.projects.values()]
            old = found.path
            for row in inside:
                if row.path == old or row.path.startswith(f"{old}/"):
                    row.old_paths.append(row.path)
                    row.path = path + row.path[len(old) :]

    def archive_project(self, project: str | int, *, archived: bool = True) -> None:
        """Archives a project: group lists leave its issues out."""
        with self.writing():
            self.place(project).archived = archived

    def hide_project(self, project: str | int, *, hidden: bool = True) -> None:
        """Takes a project from this token's sight, or gives it back."""
        with self.writing():
            self.place(project).hidden = hidden

    def hide_group(self, group: str | int, *, hidden: bool = True) -> None:
        """Takes a group and its projects from this token's sight, or gives them back. Raises KeyError."""
        with self.writing():
            found = self.state.group(group)
            if found is None:
                raise KeyError(group)
            found.hidden = hidden
            for project in self.state.within(found.id):
                project.hidden = hidden

    def rename_label(self, label: int, name: str) -> None:
        """No work item is touched, and the past speaks with the new name."""
        with self.writing():
            self.state.labels[label].name = name

    def delete_label(self, label: int) -> None:
        """Takes it off every item without touching them; its events stay behind without a label."""
        with self.writing():
            del self.state.labels[label]
            for item in self.state.items.values():
                item.labels = [number for number in item.labels if number != label]
                for event in item.events.label:
                    event.label = None if event.label == label else event.label
                item.derived |= {"labels"} if item.recorded is not None else set()

    def add_label(self, name: str, project: str | None = None, group: str | None = None) -> Label:
        """A new label in a project or a group. Raises KeyError."""
        with self.writing():
            home = self._home(project, group)
            made = Label(self.state.take("label"), name, *home)
            self.state.labels[made.id] = made
            return made

    def _home(self, project: str | None, group: str | None) -> tuple[int | None, int | None]:
        if project is not None:
            return self.place(project).id, None
        found = self.state.group(group or "")
        if found is None:
            raise KeyError(group)
        return None, found.id

    def add_milestone(
        self, title: str, project: str | None = None, group: str | None = None, **dates: date | None
    ) -> Milestone:
        """A new active milestone; `start` and `due` are days. Raises KeyError."""
        with self.writing():
            home = self._home(project, group)
            taken = [m.iid for m in self.state.milestones.values() if (m.project, m.group) == home]
            number = self.state.take("milestone")
            made = Milestone(number, max(taken, default=0) + 1, title, *home, created=self.now, updated=self.now)
            made.start, made.due = dates.get("start"), dates.get("due")
            self.state.milestones[number] = made
            return made

    def edit_milestone(self, number: int, **fields: object) -> None:
        """Changes title, state, start, due or description; no work item is touched."""
        with self.writing():
            milestone = self.state.milestones[number]
            for name, value in fields.items():
                setattr(milestone, name, value)
            milestone.updated = self.now

    def delete_milestone(self, number: int) -> None:
        """Takes it off its items, each with an event, then leaves all its events without a milestone."""
        with self.lock:
            held = [item for item in self.state.items.values() if item.milestone == number]
            with self.writing(*held):
                for item in held:
                    changes.edit(self.state, item, {"milestone": None}, self.now, self.state.account)
                del self.state.milestones[number]
                for item in self.state.items.values():
                    for event in item.events.milestone:
                        event.milestone = None if event.milestone == number else event.milestone

    def promote_milestone(self, number: int) -> Milestone:
        """Makes one of the project's group of it, and of its namesakes there: no item is touched, no event is written,
        the former ones are gone and their events stay behind without a milestone. Raises KeyError outside a group.
        """
        with self.writing():
            found = self.state.milestones[number]
            home = self.state.groups[self.state.projects[found.project or 0].group or 0]
            inside = {project.id for project in self.state.within(home.id)}
            same = [m for m in self.state.milestones.values() if m.project in inside and m.title == found.title]
            made = self.add_milestone(found.title, group=home.path, start=found.start, due=found.due)
            made.state, made.description = found.state, found.description
            for old in same:
                self._replace_milestone(old.id, made.id)
            return made

    def _replace_milestone(self, old: int, new: int) -> None:
        del self.state.milestones[old]
        for item in self.state.items.values():
            item.milestone = new if item.milestone == old else item.milestone
            for event in item.events.milestone:
                event.milestone = None if event.milestone == old else event.milestone

    def delete_iteration(self, number: int) -> None:
        """Takes it off its items without touching them, and its events with it."""
        with self.writing():
            del self.state.iterations[number]
            for item in self.state.items.values():
                item.iteration = None if item.iteration == number else item.iteration
                item.events.iteration = [event for event in item.events.iteration if event.iteration != number]

    def transfer_project(self, project: str | int, group: str) -> None:
        """Moves a project into another group, made if there is none; no work item is touched."""
        with self.writing():
            found = self.place(project)
            home = self.state.group(group)
            if home is None:
                number = max(self.state.groups, default=0) + 1
                home = self.state.groups[number] = Group(number, group, group)
            found.group = home.id
            self.rename_project(found.id, f"{home.path}/{found.path.rpartition('/')[2]}")

    def roll_over(self) -> list[Iteration]:
        """What GitLab does early on each of its days: iterations begin and end, and of those that ended in a rolling
        cadence the open items go on to the next. Returns the ones that ended.
        """
        with self.lock:
            ended = [row for row in self.state.iterations.values() if row.state != "closed" and row.due < self.today]
            for row in ended:
                row.state = "closed"
            for row in self.state.iterations.values():
                if row.state == "upcoming" and row.start <= self.today <= row.due:
                    row.state = "current"
            for row in ended:
                if self.state.cadences[row.cadence].roll_over:
                    self._carry(row)
            self.state.revision += 1
            return ended

    def _carry(self, old: Iteration) -> None:
        rows = [row for row in self.state.iterations.values() if row.cadence == old.cadence and row.start > old.due]
        following = min(rows, key=lambda row: row.start, default=None)
        if following is None:
            return
        left = [i for i in self.state.items.values() if i.iteration == old.id and i.state == OPENED]
        with self.writing(*left):
            for item in left:
                changes.edit(self.state, item, {"iteration": following.id}, self.now, self._robot())

    def _robot(self) -> int:
        found = (user.id for user in self.state.users.values() if user.username == ROBOT)
        return next(found, self.state.account)
