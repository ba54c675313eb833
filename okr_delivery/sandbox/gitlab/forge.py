"""Live operations on a GitLab: what people and other tools do to it while it is being synced.

Every write goes through here, whether it came over HTTP or from a test: it takes the clock, adds events and notes,
moves `updated`, and, with a lag, keeps what a trailing replica still shows.
"""

from __future__ import annotations

from collections.abc import Mapping

from okr_delivery.sandbox.gitlab import changes, linking, moving, shipping, wording
from okr_delivery.sandbox.gitlab.events import Note
from okr_delivery.sandbox.gitlab.ground import Ground
from okr_delivery.sandbox.gitlab.requests import Deployment, MergeRequest, Release
from okr_delivery.sandbox.gitlab.state import CLOSED, ISSUE, OPENED, Link, Visibility, WorkItem


class Forge(Ground):
    """The operations on work items and merge requests."""

    def item(self, which: str | int) -> WorkItem:
        """A work item by its id, or as `group/project#12` or `group&3`; deleted ones excluded. Raises KeyError."""
        found = self._find(which)
        if found is None or found.visibility is Visibility.DELETED:
            raise KeyError(which)
        return found

    def _find(self, which: str | int) -> WorkItem | None:
        if isinstance(which, int):
            return self.state.items.get(which)
        path, sign, iid = which.rpartition("#") if "#" in which else which.rpartition("&")
        if sign == "&":
            group = self.state.group(path)
            return self.state.epic(group.id, int(iid)) if group else None
        project = self.state.project(path) or self.state.moved_project(path)
        return self.state.issue(project.id, int(iid)) if project else None

    def edit(self, which: str | int, fields: Mapping[str, object], user: int | None = None) -> bool:
        """Changes members by name, `add_labels` and `remove_labels` beside. Raises BadValueError before any change."""
        with self.lock:
            item = self.item(which)
            changes.check(self.state, item, fields)
            with self.writing(item):
                return changes.edit(self.state, item, fields, self.now, user or self.state.account)

    def close(self, which: str | int, user: int | None = None, merge_request: int | None = None) -> None:
        """Closes a work item, by hand or by a merge request's id."""
        self._turn(which, CLOSED, user, merge_request)

    def reopen(self, which: str | int, user: int | None = None) -> None:
        """Opens a closed work item again."""
        self._turn(which, OPENED, user, None)

    def _turn(self, which: str | int, state: str, user: int | None, merge_request: int | None) -> None:
        with self.lock:
            item = self.item(which)
            with self.writing(item):
                by = user or self.state.account
                changes.edit(self.state, item, {"state": state}, self.now, by, merge_request)

    def label(self, which: str | int, *names: str) -> None:
        """Adds labels by name, making those that are not there in the item's own project."""
        with self.lock:
            item = self.item(which)
            numbers = [self.label_id(name, item) for name in names]
            self.edit(item.id, {"add_labels": numbers})

    def unlabel(self, which: str | int, *names: str) -> None:
        """Takes labels away by name."""
        with self.lock:
            item = self.item(which)
            self.edit(item.id, {"remove_labels": [self.label_id(name, item) for name in names]})

    def label_id(self, name: str, item: WorkItem) -> int:
        """The label of that name that the item may have, its own project's first; made if there is none."""
        with self.lock:
            return moving.label_of(self.state, name, item.project, item.group)

    def create(
        self, project: str | int, title: str, fields: Mapping[str, object] | None = None, **more: object
    ) -> WorkItem:
        """A new work item in a project. What it is born with leaves no events but those of its labels.

        Raises KeyError for an unknown project and BadValueError.
        """
        with self.lock:
            home = self.state.project(project)
            if home is None:
                raise KeyError(project)
            item = self._newborn(title, str(more.pop("kind", ISSUE)))
            item.project, item.iid = home.id, self.state.next_iid(home.id, None)
            return self._add(item, {**(fields or {}), **more})

    def create_epic(self, group: str | int, title: str, **fields: object) -> WorkItem:
        """A new epic in a group. Raises KeyError for an unknown group and BadValueError."""
        with self.lock:
            home = self.state.group(group)
            if home is None:
                raise KeyError(group)
            item = self._newborn(title, "epic")
            item.group, item.iid = home.id, self.state.next_iid(None, home.id)
            item.epic_id = self.state.take("epic")
            return self._add(item, fields)

    def _newborn(self, title: str, kind: str) -> WorkItem:
        return WorkItem(self.state.take("item"), 0, kind, title, self.now, self.now, self.state.account)

    def _add(self, item: WorkItem, fields: Mapping[str, object]) -> WorkItem:
        """Labels, milestone, iteration and weight of a new item are written as events at its birth; notes are not."""
        lifecycle = changes.lifecycle_of(self.state, item)
        item.status = lifecycle.opens if lifecycle else None
        changes.edit(self.state, item, fields, self.now, self.state.account)
        item.notes.clear()
        self.remember(item, None)
        self.state.revision += 1
        return self.state.add(item)

    def comment(self, which: str | int, body: str, *, internal: bool = False, user: int | None = None) -> Note:
        """Adds a comment, which moves `updated`."""
        with self.lock:
            item = self.item(which)
            with self.writing(item):
                by = user or self.state.account
                note = Note(self.state.take("note"), self.now, by, body, internal=internal)
                item.notes.append(note)
                changes.touch(self.state, item, self.now, "user_notes_count")
                return note

    def edit_note(self, which: str | int, note: int, body: str) -> Note:
        """Changes a comment's text. Raises KeyError for one that is not there, or a system note."""
        with self.lock:
            item = self.item(which)
            found = next((n for n in item.notes if n.id == note and not n.system), None)
            if found is None:
                raise KeyError(note)
            with self.writing(item):
                found.body, found.updated = body, self.now
                changes.touch(self.state, item, self.now)
                return found

    def link(self, which: str | int, other: str | int, kind: str = "relates_to") -> Link:
        """Links two work items; a note is written at both. Raises BadValueError for two that are linked already."""
        with self.lock:
            left, right = self.item(which), self.item(other)
            with self.writing(left, right):
                return linking.link(self.state, left, right, kind, self.now, self.state.account)

    def unlink(self, which: str | int, number: int) -> None:
        """Takes a link away at both ends. Raises KeyError."""
        with self.lock:
            left = self.item(which)
            ends = [self.state.items[row.other] for row in left.links if row.id == number]
            with self.writing(left, *ends):
                linking.unlink(self.state, left, number, self.now, self.state.account)

    def duplicate(self, which: str | int, of: str | int) -> None:
        """Closes an item as a duplicate of another one; with statuses it takes the lifecycle's one for duplicates."""
        with self.lock:
            item, canonical = self.item(which), self.item(of)
            here, there = wording.duplicate(self.state, item, canonical)
            with self.writing(item), self.writing(canonical):
                linking.note(self.state, canonical, there, "duplicate", self.now, self.state.account)
                linking.note(self.state, item, here, "duplicate", self.now, self.state.account)
                lifecycle = changes.lifecycle_of(self.state, item)
                ended: dict[str, object] = {"status": lifecycle.duplicates} if lifecycle else {"state": CLOSED}
                changes.edit(self.state, item, ended, self.now, self.state.account)
                item.duplicated_to = canonical.id
                item.derived |= {"_links"} if item.recorded is not None else set()

    def move(self, which: str | int, project: str | int) -> WorkItem:
        """Moves an issue to another project: a new one with its past, the old one closed. Raises KeyError."""
        with self.lock:
            item, home = self.item(which), self.state.project(project)
            if home is None:
                raise KeyError(project)
            with self.writing(item):
                made = moving.move(self.state, item, home, self.now)
            self.remember(made, None)
            return made

    def delete(self, which: str | int) -> None:
        """Deletes a work item for good."""
        self._see(which, Visibility.DELETED)

    def hide(self, which: str | int) -> None:
        """Takes a work item from this token's sight."""
        self._see(which, Visibility.HIDDEN)

    def restore(self, number: int) -> None:
        """Makes a hidden or deleted work item visible again."""
        with self.lock:
            item = self.state.items[number]
            self.remember(item, None)
            item.visibility = Visibility.VISIBLE
            self.state.revision += 1

    def make_confidential(self, which: str | int, *, visible: bool = False) -> None:
        """Makes an issue confidential; unless `visible`, this token may then not see it any more."""
        self.edit(which, {"confidential": True})
        if not visible:
            self.hide(which)

    def _see(self, which: str | int, visibility: Visibility) -> None:
        with self.lock:
            item = self.item(which)
            with self.writing(item):
                item.visibility = visibility
                self.state.revision += 1

    def open_request(self, project: str | int, title: str, description: str = "", branch: str = "work") -> MergeRequest:
        """A new merge request. Raises KeyError for an unknown project."""
        with self.writing():
            where = self.place(project).id
            return shipping.open_request(self.state, where, title, description, branch, self.now, self.state.account)

    def request(self, project: str | int, iid: int) -> MergeRequest:
        """A merge request by its number in the project. Raises KeyError."""
        where = self.place(project).id
        found = (r for r in self.state.merge_requests.values() if (r.project, r.iid) == (where, iid))
        request = next(found, None)
        if request is None:
            raise KeyError(iid)
        return request

    def merge(self, project: str | int, iid: int) -> None:
        """Merges a request, which closes what it says it closes."""
        with self.writing():
            shipping.merge(self.state, self.request(project, iid), self.now, self.state.account)

    def deploy(self, project: str | int, *, status: str = "success", environment: str = "production") -> Deployment:
        """Deploys the default branch now."""
        with self.writing():
            where = shipping.environment(self.state, self.place(project).id, environment)
            return shipping.deploy(self.state, where, self.now, self.now, self.state.account, status)

    def release(self, project: str | int, tag: str, milestones: tuple[int, ...] = ()) -> Release:
        """Releases the default branch now."""
        with self.writing():
            return shipping.release(self.state, self.place(project).id, tag, self.now, self.state.account, milestones)
