"""What people do to one organisation, told to whatever tracker serves it in its terms. Issues go by Cloud's keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date as day
from datetime import timedelta
from typing import Any, Protocol

from okr_delivery.sandbox.gitlab.state import Milestone, Tier
from okr_delivery.sandbox.gitlab.translate import path_of
from okr_delivery.sandbox.gitlab.translate.setting import FIELD_IDS
from okr_delivery.sandbox.world import setting
from okr_delivery.sandbox.world.calendar import instant
from tests.e2e.trackers import Tracker

POINTS, FLAGGED = "customfield_10026", "customfield_10021"
HOUR = 3600
STORY = setting.TYPES["Story"]


class Deeds(Protocol):
    """The same deeds in every tracker; `stage` is a place in the workflow (`setting.READY` …)."""

    def create(self, project: str, title: str, labels: tuple[str, ...] = (), text: str = "") -> str: ...
    def title(self, key: str, text: str) -> None: ...
    def describe(self, key: str, text: str) -> None: ...
    def label(self, key: str, name: str, *, on: bool = True) -> None: ...
    def estimate(self, key: str, points: int | None) -> None: ...
    def serve(self, key: str, kr: str, amount: str) -> None: ...
    def stage(self, key: str, stage: int) -> None: ...
    def plan(self, key: str, iteration: str | None) -> None: ...
    def adopt(self, key: str, parent: str | None) -> None: ...
    def move(self, key: str, project: str) -> str: ...
    def delete(self, key: str) -> None: ...
    def found(self, project: str, iteration: str, first: day, last: day) -> None: ...
    def rename(self, iteration: str, name: str) -> None: ...
    def turn(self, old: str, new: str) -> None: ...
    def date(self, iteration: str, first: day, last: day) -> None: ...
    def ship(self, today: day) -> None: ...


def deeds_of(tracker: Tracker) -> Deeds:
    return OnGitLab(tracker) if tracker.on_gitlab else OnJira(tracker)


@dataclass
class OnJira:
    of: Tracker

    def create(self, project: str, title: str, labels: tuple[str, ...] = (), text: str = "") -> str:
        made = self._tracker.create(project, title, type_id=STORY, labels=list(labels), description=text)
        return str(made.key)

    def title(self, key: str, text: str) -> None:
        self._tracker.edit(key, {"summary": text})

    def describe(self, key: str, text: str) -> None:
        self._tracker.edit(key, {"description": text})

    def label(self, key: str, name: str, *, on: bool = True) -> None:
        labels = [one for one in self._tracker.issue(key).labels if one != name]
        self._tracker.edit(key, {"labels": [*labels, name] if on else labels})

    def estimate(self, key: str, points: int | None) -> None:
        self._tracker.edit(key, {POINTS: points})

    def serve(self, key: str, kr: str, amount: str) -> None:
        self._tracker.edit(key, {"customfield_10040": kr, "customfield_10041": amount})

    def stage(self, key: str, stage: int) -> None:
        issue = self._tracker.issue(key)
        home = next(name for name, number in setting.PROJECTS.items() if number == issue.project)
        self._tracker.transition(key, setting.STATUS_IDS[home][stage])

    def plan(self, key: str, iteration: str | None) -> None:
        chosen = [self._sprint(iteration)] if iteration else []
        self._tracker.edit(key, {str(self._site.ids.sprint): chosen})

    def adopt(self, key: str, parent: str | None) -> None:
        self._tracker.edit(key, {"parent": {"key": parent} if parent else None})

    def move(self, key: str, project: str) -> str:
        return str(self._tracker.move(key, project).key)

    def delete(self, key: str) -> None:
        self._tracker.delete(key)

    def found(self, project: str, iteration: str, first: day, last: day) -> None:
        """A new one, ahead of everybody."""
        board = next(s.board for s in self._site.sprints.values() if s.name.startswith(f"{project} "))
        self._tracker.add_sprint(board, iteration)
        self.date(iteration, first, last)

    def rename(self, iteration: str, name: str) -> None:
        self._tracker.rename_sprint(self._sprint(iteration), name)

    def turn(self, old: str, new: str) -> None:
        """One ends and the next begins; whoever goes on was moved before."""
        self._tracker.close_sprint(self._sprint(old))
        self._tracker.start_sprint(self._sprint(new), keep_dates=True)

    def date(self, iteration: str, first: day, last: day) -> None:
        """Jira's sprints have instants: the midnights before and behind the days."""
        sprint = self._site.sprints[self._sprint(iteration)]
        sprint.start, sprint.end = instant(first, 0), instant(last + timedelta(days=1), 0)
        self._site.revision += 1

    def ship(self, today: day) -> None:
        """What was due is released."""
        for row in self._site.versions[setting.PROJECTS["WEB"]]:
            row["released"] = row["released"] or day.fromisoformat(str(row.get("releaseDate", today))) < today
        self._site.revision += 1

    @property
    def _tracker(self) -> Any:
        return self.of.server.tracker

    @property
    def _site(self) -> Any:
        return self.of.server.site

    def _sprint(self, name: str) -> int:
        return next(int(number) for number, sprint in self._site.sprints.items() if sprint.name == name)


@dataclass
class OnGitLab:
    of: Tracker

    def create(self, project: str, title: str, labels: tuple[str, ...] = (), text: str = "") -> str:
        made = self._forge.create(path_of(project), title, description=text)
        self._forge.label(made.id, *labels)
        return self._known(made.id, project)

    def title(self, key: str, text: str) -> None:
        self._edit(key, title=text)

    def describe(self, key: str, text: str) -> None:
        self._edit(key, description=text)

    def label(self, key: str, name: str, *, on: bool = True) -> None:
        (self._forge.label if on else self._forge.unlabel)(self._id(key), name)

    def estimate(self, key: str, points: int | None) -> None:
        if self._tier.paid:
            self._edit(key, weight=points)
        else:
            self._edit(key, time_estimate=(points or 0) * HOUR)

    def serve(self, key: str, kr: str, amount: str) -> None:
        """Where there are no custom fields a line says the same."""
        if self._forge.state.custom_fields:
            self._edit(key, custom=dict(zip(FIELD_IDS.values(), (kr, amount), strict=True)))
        else:
            text = self._forge.item(self._id(key)).description
            self._edit(key, description=f"{text}\n\nContributes-to: {kr} {amount}")

    def stage(self, key: str, stage: int) -> None:
        """A label takes the place of the one before; open and closed are said without."""
        item = self._forge.item(self._id(key))
        state, names = self._forge.state, _stages(self.of)
        wanted = [n for n in item.labels if not state.labels[n].name.startswith("workflow::")]
        if stage not in (setting.TODO, setting.DONE):
            wanted.append(self._forge.label_id(f"workflow::{names[stage]}", item))
        ended = "closed" if stage in (setting.DONE, setting.REJECTED) else "opened"
        self._forge.edit(item.id, {"state": ended, "labels": wanted})

    def plan(self, key: str, iteration: str | None) -> None:
        self._edit(key, milestone=self._milestone(iteration).id if iteration else None)

    def adopt(self, key: str, parent: str | None) -> None:
        self._edit(key, parent=self._id(parent) if parent else None)

    def move(self, key: str, project: str) -> str:
        made = self._forge.move(self._id(key), path_of(project))
        return self._known(made.id, project)

    def delete(self, key: str) -> None:
        self._forge.delete(self._id(key))

    def found(self, project: str, iteration: str, first: day, last: day) -> None:
        state, home = self._forge.state, self._forge.place(path_of(project)).id
        number = state.take("milestone")
        iid = 1 + max((m.iid for m in state.milestones.values() if m.project == home), default=0)
        days = {"start": first, "due": last, "created": self._forge.now, "updated": self._forge.now}
        state.milestones[number] = Milestone(number, iid, iteration, project=home, **days)

    def rename(self, iteration: str, name: str) -> None:
        self._forge.edit_milestone(self._milestone(iteration).id, title=name)

    def turn(self, old: str, new: str) -> None:
        """Milestones end with their last day, whenever they are closed."""
        self._forge.edit_milestone(self._milestone(old).id, state="closed")

    def date(self, iteration: str, first: day, last: day) -> None:
        self._forge.edit_milestone(self._milestone(iteration).id, start=first, due=last)

    def ship(self, today: day) -> None:
        """Its days end a milestone, whether somebody closes it or not."""

    @property
    def _forge(self) -> Any:
        return self.of.server.forge

    @property
    def _tier(self) -> Tier:
        return Tier(self.of.kind)

    def _edit(self, key: str, **fields: object) -> None:
        self._forge.edit(self._id(key), fields)

    def _id(self, key: str) -> int:
        return int(self._forge.item(self.of.own(key)).id)

    def _known(self, number: int, project: str) -> str:
        """The key that Cloud gives to the same issue: the next one of the project."""
        taken = [int(k.rpartition("-")[2]) for k in self.of.keys.values() if k.startswith(f"{project}-")]
        key = f"{project}-{max(taken) + 1}"
        self.of.keys[self._forge.state.reference(self._forge.item(number))] = key
        return key

    def _milestone(self, name: str) -> Milestone:
        rows: Iterable[Milestone] = self._forge.state.milestones.values()
        return next(row for row in rows if row.title == name)


def _stages(tracker: Tracker) -> list[str]:
    rows = {str(row["id"]): str(row["name"]) for row in tracker.world.site.statuses}
    return [rows[number] for number in setting.STATUS_IDS["PAY"]]
