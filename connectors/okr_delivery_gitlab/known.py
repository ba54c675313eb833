"""Labels, milestones, iterations and statuses by what GitLab calls them: here a reference becomes an id."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from okr_delivery.model.work import Value
from okr_delivery_gitlab.settings import CustomStatus, Milestone, Settings

_LABEL = re.compile(r"[^~]*~(\d+)")
_MILESTONE = re.compile(r"(?P<place>[^%]*)%(?P<iid>\d+)")
_TITLED = re.compile(r'(?P<place>[^%"]*)%"(?P<title>[^"]+)"')
_ITERATION = re.compile(r"[^*]*\*iteration:(\d+)")


class Known:
    """Looks up what one source's settings list."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.labels: Mapping[str, str] = {label.id: label.name for label in settings.labels}
        self._named = _by_name(settings)
        self._milestones = {(m.home.casefold(), m.iid): m for m in settings.milestones}
        self._titled = _by_title(settings)
        self._titles = {m.id: m.title for m in settings.milestones}
        self._projects = {project.id: project for project in settings.projects}
        self._groups = {f"group {p.group_id}": p.group for p in settings.projects if p.group_id and p.group}
        self._groups |= {f"group {group.id}": group.path for group in settings.groups}
        self._homes = {path.casefold(): home for home, path in self._groups.items()}
        self._homes |= {p.path.casefold(): f"project {p.id}" for p in settings.projects}
        self._statuses = {status.id: status for status in settings.statuses}
        self._status_names = {status.name.casefold(): status for status in settings.statuses}

    def label(self, ref: str) -> Value | None:
        """The label of `~12`, which may stand behind a path; None for one that is not listed, or told by name."""
        found = _LABEL.fullmatch(ref)
        name = self.labels.get(found[1]) if found else None
        return Value(found[1], name) if found and name is not None else None

    def label_id(self, project_id: str, name: str) -> str | None:
        """The id of a label that an issue of a project carries by name alone; None where several might be meant."""
        homes = self._named.get(name, {})
        project = self._projects.get(project_id)
        for home in (f"project {project_id}", f"group {project.group_id}" if project else ""):
            if home in homes:
                return homes[home]
        others = {ref for home, ref in homes.items() if not home.startswith("project ")}
        return others.pop() if len(others) == 1 else None

    def milestone(self, project_id: str, ref: str) -> Value | None:
        """The milestone of `%5`, `path%5` or `/path%5`; None for one that is not listed, or told by title.

        A group's milestone goes by its number only where its title holds a quotation mark: then `%5` may be either.
        """
        found = _MILESTONE.fullmatch(ref)
        if found is None:
            return None
        place = found["place"].strip("/").casefold()
        home = self._home_at(place) if place else f"project {project_id}"
        own = self._milestones.get((home, found["iid"]))
        if own is None or (not place and self._doubtful(project_id, found["iid"])):
            return None
        return Value(own.id, own.title)

    def milestone_titled(self, group: str | None, ref: str) -> Value | None:
        """The group's milestone of `%"Title"`, `/path%"Title"`, in an item below the group with the path `group`.

        None unless exactly one milestone that the item can see goes by that title today.
        """
        found = _TITLED.fullmatch(ref)
        if found is None:
            return None
        place = found["place"].strip("/").casefold()
        same = self._titled.get(found["title"], ())
        if any(self._path_of(m) is None for m in same):
            return None
        above = [m for m in same if self._path_of(m) == place or (not place and self._above(m, group))]
        return Value(above[0].id, above[0].title) if len(above) == 1 else None

    def _home_at(self, place: str) -> str:
        return self._homes.get(place) or f"group {place}"

    def _path_of(self, milestone: Milestone) -> str | None:
        """Where a group's milestone belongs; None where its list did not tell."""
        home = milestone.home
        path = self._groups.get(home) or home.removeprefix("group ")
        return None if path.isdigit() or path == "None" else path.casefold()

    def _above(self, milestone: Milestone, group: str | None) -> bool:
        return f"{group or ''}/".casefold().startswith(f"{self._path_of(milestone)}/")

    def title(self, milestone_id: str) -> str | None:
        """The title of a milestone of today."""
        return self._titles.get(milestone_id)

    def iteration(self, ref: str) -> Value | None:
        """The iteration of `*iteration:12`, with its bare id; None for one told by name."""
        found = _ITERATION.fullmatch(ref)
        return Value(found[1], self.settings.iterations.get(found[1])) if found else None

    def status(self, status_id: str) -> CustomStatus | None:
        return self._statuses.get(status_id)

    def status_named(self, name: str) -> CustomStatus | None:
        """Names of custom statuses are unique within their namespace, whatever their case."""
        return self._status_names.get(name.strip().casefold())

    def path(self, project_id: str) -> str | None:
        """Where a project is now."""
        project = self._projects.get(project_id)
        return project.path if project else None

    def group_path(self, project_id: str) -> str | None:
        """The group around a project; None for one of a person's own namespace."""
        project = self._projects.get(project_id)
        return project.group if project else None

    def _doubtful(self, project_id: str, iid: str) -> bool:
        project = self._projects.get(project_id)
        above = self._milestones.get((f"group {project.group_id}", iid)) if project else None
        return above is not None and '"' in above.title


def _by_name(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for label in settings.labels:
        found[label.name][label.home or "group ?"] = label.id
    return found


def _by_title(settings: Settings) -> Mapping[str, list[Milestone]]:
    """Those of groups: notes name them by title."""
    found: dict[str, list[Milestone]] = defaultdict(list)
    for milestone in settings.milestones:
        if milestone.home.startswith("group "):
            found[milestone.title].append(milestone)
    return dict(found)
