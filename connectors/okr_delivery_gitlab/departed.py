"""What left the source's scope or GitLab itself, none of which touches an issue: looked for by id, one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from okr_delivery.model.work import Iteration, IterationKind
from okr_delivery.sync.workers import together
from okr_delivery_gitlab.client import GitLabClient, StatusError
from okr_delivery_gitlab.scope import HIDDEN
from okr_delivery_gitlab.settings import Settings
from okr_delivery_gitlab.values import Row, mapping, string

DOOMED = ("marked_for_deletion_on", "marked_for_deletion_at")


@dataclass(frozen=True, slots=True)
class Departed:
    """`settings` are those that were read just now. Raises SyncError for what can't be learnt."""

    client: GitLabClient
    settings: Settings

    def deleted(self, iterations: Sequence[Iteration]) -> frozenset[str]:
        """Those that are not where they were, though that place is still shown."""
        found = together([partial(self._is_deleted, iteration) for iteration in iterations])
        return frozenset(i.id for i, gone in zip(iterations, found, strict=True) if gone)

    def left(self, projects: Sequence[str]) -> dict[str, str]:
        """Paths of the projects that are shown and archived, about to be deleted, or in no group in scope."""
        asked = [ref for ref in projects if ref.isdigit() and ref not in self.settings.named]
        rows = together([partial(self._shown, f"projects/{ref}", "projects/:id") for ref in asked])
        found = zip(asked, rows, strict=True)
        return {ref: path for ref, row in found if row is not None and (path := self._outside(row)) is not None}

    def _outside(self, row: Row) -> str | None:
        """Its path, unless nothing says why the groups do not list it."""
        path = string(row.get("path_with_namespace")) or ""
        closed = row.get("archived") is True or any(row.get(name) for name in DOOMED)
        return path if path and (closed or not self._within(path)) else None

    def _within(self, path: str) -> bool:
        return any(f"{path}/".casefold().startswith(f"{g.path}/".casefold()) for g in self.settings.groups)

    def _is_deleted(self, iteration: Iteration) -> bool:
        """A group's iterations have no address of their own, but its list was read."""
        home, what = self._home(iteration)
        if iteration.kind is IterationKind.ITERATION:
            return iteration.group is not None and self._is_read(iteration.group)
        if self._shown(f"{home}/milestones/{iteration.id}", f"{what}/milestones/:id") is not None:
            return False
        return self._shown(home, what) is not None

    def _is_read(self, group: str) -> bool:
        """Whether the iterations of a group come with those of the groups in scope, as theirs or an ancestor's."""
        inside = [g.path for g in self.settings.groups] + [p.group for p in self.settings.projects if p.group]
        above = f"{group}/".casefold()
        return self._within(group) or any(f"{path}/".casefold().startswith(above) for path in inside)

    def _home(self, iteration: Iteration) -> tuple[str, str]:
        if iteration.project_id:
            return f"projects/{iteration.project_id}", "projects/:id"
        return f"groups/{quote(iteration.group or '', safe='')}", "groups/:id"

    def _shown(self, path: str, what: str) -> Row | None:
        try:
            return mapping(self.client.get(path, what=what, expect=HIDDEN))
        except StatusError:
            return None


def lost(before: Settings, now: Settings) -> Mapping[str, str]:
    """Names, by id, of the labels that are listed no more."""
    there = {label.id for label in now.labels}
    return {label.id: label.name for label in before.labels if label.id not in there}
