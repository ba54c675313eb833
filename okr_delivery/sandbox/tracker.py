"""Live operations on a site: what people and other tools do to a tracker while it is being synced.

Every write goes through here, whether it came over HTTP or from a test: it takes the clock, adds history, moves
`updated`, and, with an index lag, keeps what the search index still shows.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import RLock

from okr_delivery.sandbox import edits
from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.site import History, IssueLink, Site, SiteIssue, Sprint, Visibility, Wire, by_id


@dataclass(frozen=True, slots=True)
class Stale:
    """What the index shows of an issue until `until` (epoch milliseconds); None = nothing yet."""

    until: float
    shown: SiteIssue | None


class Found:
    """The issues of a query, and where each stands, so that pages deep inside a long list are cheap."""

    def __init__(self, rows: list[SiteIssue]) -> None:
        self.rows = rows
        self._places: dict[int, int] | None = None

    def behind(self, after: int) -> int:
        """Behind the issue with this id, 0 = the start; where that one is gone, behind where its id belongs."""
        if not after:
            return 0
        if self._places is None:
            self._places = {issue.id: number for number, issue in enumerate(self.rows)}
        if after in self._places:
            return self._places[after] + 1
        return sum(1 for issue in self.rows if issue.id <= after)


class Tracker:
    """A site with a clock. `clock` answers epoch seconds; `lag` is how long the search index trails a write."""

    def __init__(self, site: Site, clock: Callable[[], float]) -> None:
        self.site, self._clock = site, clock
        self.skew = 0.0  # seconds that the server's clock is ahead
        self.hidden: frozenset[str] = frozenset()  # ids of projects out of this token's sight
        self.lag = 0.0
        self.lock = RLock()
        self.results: dict[object, Found] = {}  # the last search, so that its pages are cheap
        self._stale: dict[int, list[Stale]] = {}
        self._edited: dict[int, int] = {}  # when each issue was last edited
        self._comments: dict[int, int] = {}  # the number of each issue's latest comment

    def use(self, faults: Faults) -> None:
        """Puts what the switches say of the server's clock and index in force."""
        self.lag, self.skew = faults.index_lag, faults.clock_skew

    def clock(self) -> float:
        """The server's clock in epoch seconds."""
        return self._clock() + self.skew

    @property
    def now(self) -> int:
        """The server's clock in epoch milliseconds."""
        return int(self.clock() * 1000)

    def issue(self, id_or_key: str | int) -> SiteIssue:
        """The issue, deleted ones excluded. Raises KeyError."""
        found = self.site.find(str(id_or_key))
        if found is None:
            raise KeyError(id_or_key)
        return found

    def edit(self, id_or_key: str | int, changes: Mapping[str, object], author: str | None = None) -> History | None:
        """Changes fields by id. Raises BadValueError for what the tracker refuses; then nothing is changed."""
        with self.lock:
            issue = self.issue(id_or_key)
            edits.edit(self.site, copy.deepcopy(issue), changes, self.now, author)  # refuse before anything is changed
            self._remember(issue, issue)
            self._edited[issue.id] = self.now
            return edits.edit(self.site, issue, changes, self.now, author or self.site.account)

    def edited_within(self, issue_id: int, seconds: float) -> bool:
        """Whether the issue was edited within the last `seconds`; never with 0."""
        return seconds > 0 and self.now - self._edited.get(issue_id, -(10**15)) < seconds * 1000

    def transition(self, id_or_key: str | int, status: str, resolution: str | None = None) -> History | None:
        """Moves an issue to a status (id or name); entering a done status sets a resolution, leaving it clears it."""
        with self.lock:
            issue = self.issue(id_or_key)
            row = next(r for r in statuses_of(self.site, issue.project) if status in (r["id"], r["name"]))
            done = _category(row) == "done"
            changes: dict[str, object] = {"status": row["id"]}
            if done or issue.resolution:
                changes["resolution"] = (
                    (resolution or issue.resolution or _first(self.site.resolutions)) if done else None
                )
            self._remember(issue, issue)
            history = edits.edit(self.site, issue, changes, self.now, self.site.account)
            issue.resolved = (issue.resolved or self.now) if done else None
            return history

    def comment(self, id_or_key: str | int, body: object, properties: object = None) -> Wire:
        """Adds a comment; the issue's `updated` moves, its history does not."""
        with self.lock:
            issue = self.issue(id_or_key)
            self._touch(issue)
            made = self._comments[issue.id] = self._comments.get(issue.id, len(issue.comments) - 1) + 1
            number = str(10_000 + issue.id * 100 + made)  # never that of a comment that was removed
            row: Wire = {"id": number, "body": body, "created": self.now, "author": self.site.account}
            issue.comments.append(row | ({"properties": properties} if properties else {}))
            return issue.comments[-1]

    def set_property(self, id_or_key: str | int, key: str, value: object) -> bool:
        """Sets an entity property, which does not move `updated`; True when it is new."""
        with self.lock:
            issue = self.issue(id_or_key)
            new = key not in issue.properties
            issue.properties[key] = value
            self.site.revision += 1
            return new

    def set_remote_link(self, id_or_key: str | int, row: Wire) -> tuple[Wire, bool]:
        """Adds a remote link, or replaces the one with the same `globalId` as a whole; True when it is new."""
        with self.lock:
            issue = self.issue(id_or_key)
            wanted = row.get("globalId")
            old = next((r for r in issue.remote_links if wanted and r.get("globalId") == wanted), None)
            number = old["id"] if old else issue.id * 100 + len(issue.remote_links)
            if old:
                issue.remote_links.remove(old)
            else:
                self._touch(issue)
                url = _member(row.get("object"), "url")
                text = f'This issue links to "{_member(row.get("object"), "title")} ({url})"'
                added = edits.item("RemoteIssueLink", None, (None, None), (str(number), text))
                edits.record(self.site, issue, [added], self.now, self.site.account)
            issue.remote_links.append(row | {"id": number})
            return issue.remote_links[-1], old is None

    def remove_remote_link(self, id_or_key: str | int, row: Wire) -> None:
        """Removes a remote link of the issue."""
        with self.lock:
            issue = self.issue(id_or_key)
            self._touch(issue)
            issue.remote_links.remove(row)
            url, title = (_member(row.get("object"), name) for name in ("url", "title"))
            sides = (str(row["id"]), f'This issue links to "{title} ({url})"')
            removed = edits.item("RemoteIssueLink", None, sides, (None, None))
            edits.record(self.site, issue, [removed], self.now, self.site.account)

    def create(self, project: str, summary: str, *, type_id: str | None = None, **values: object) -> SiteIssue:
        """A new issue in the workflow's first status; `values` are fields by id, set without any history item."""
        with self.lock:
            row = self.site.project(project)
            if row is None:
                raise edits.BadValueError("project", "valid project is required")
            number = max(self.site.issues, default=10_000) + 1
            status = str(statuses_of(self.site, str(row["id"]))[0]["id"])
            issue = SiteIssue(
                id=number,
                key=self._next_key(str(row["key"])),
                project=str(row["id"]),
                type=type_id or str(self.site.types[0]["id"]),
                status=status,
                created=self.now,
                updated=self.now,
                summary=summary,
                creator=self.site.account,
                status_changed=self.now,
            )
            edits.edit(self.site, issue, values, self.now, None)
            issue.histories.clear()
            self._remember(issue, None)
            self.site.revision += 1
            return self.site.add(issue)

    def link(self, id_or_key: str | int, other: str | int, type_id: str) -> None:
        """Links two issues; both get a history item without a field id."""
        with self.lock:
            left, right = self.issue(id_or_key), self.issue(other)
            kind = by_id(self.site.link_types, type_id) or self.site.link_types[0]
            number = left.id * 1000 + len(left.links)
            for here, there, outward in ((left, right, True), (right, left, False)):
                self._touch(here)
                here.links.append(IssueLink(number, str(kind["id"]), there.id, outward))
                text = f"This issue {kind['outward' if outward else 'inward']} {there.key}"
                added = edits.item("Link", None, (None, None), (there.key, text))
                edits.record(self.site, here, [added], self.now, self.site.account)

    def move(self, id_or_key: str | int, project: str) -> SiteIssue:
        """Moves an issue to another project: new key, same id; the old key keeps answering."""
        with self.lock:
            issue, row = self.issue(id_or_key), self.site.project(project)
            if row is None:
                raise edits.BadValueError("project", "valid project is required")
            self._touch(issue)
            old, old_project = issue.key, self.site.projects[issue.project]
            issue.key, issue.project = self._next_key(str(row["key"])), str(row["id"])
            issue.old_keys.append(old)
            items = [
                edits.item("project", "project", (old_project["id"], old_project["name"]), (row["id"], row["name"])),
                edits.item("Key", None, (None, old), (None, issue.key)),
            ]
            edits.record(self.site, issue, items, self.now, self.site.account)
            if issue.recorded is not None:
                issue.recorded.pop("project", None)
            return self.site.add(issue)

    def number(self, id_or_key: str) -> int:
        """The id behind an id or key, of deleted issues too. Raises KeyError."""
        text = id_or_key.strip()
        return int(text) if text.isdigit() else self.site.keys[text.upper()]

    def hide_project(self, project: str) -> None:
        """Takes a project from this token's sight, as removing it or its permissions does."""
        with self.lock:
            row = self.site.project(project)
            if row is None:
                raise KeyError(project)
            self.hidden |= {str(row["id"])}
            self.site.revision += 1

    def show_project(self, project: str) -> None:
        """Takes back `hide_project`."""
        with self.lock:
            row = self.site.project(project)
            self.hidden -= {str(row["id"])} if row else set()
            self.site.revision += 1

    def rename_sprint(self, sprint_id: int, name: str) -> None:
        """Renames a sprint; no issue is touched, histories keep the old name."""
        with self.lock:
            self.site.sprints[sprint_id].name = name
            self.site.revision += 1

    def delete(self, id_or_key: str | int) -> None:
        """Deletes an issue for good."""
        self._see(id_or_key, Visibility.DELETED)

    def hide(self, id_or_key: str | int) -> None:
        """Takes an issue from this token's sight, as a permission or security level does."""
        self._see(id_or_key, Visibility.HIDDEN)

    def archive(self, id_or_key: str | int) -> None:
        """Archives an issue: gone from the search, still answering by id and key."""
        self._see(id_or_key, Visibility.ARCHIVED)

    def restore(self, issue_id: int) -> None:
        """Makes a hidden, archived or deleted issue visible again."""
        with self.lock:
            issue = self.site.issues[issue_id]
            self._remember(issue, None)
            issue.visibility = Visibility.VISIBLE
            self.site.revision += 1

    def start_sprint(self, sprint_id: int, *, keep_dates: bool = False) -> None:
        """Starts a future sprint now, planned for two weeks. Issues are not touched, nor is their `updated`."""
        with self.lock:
            sprint = self.site.sprints[sprint_id]
            sprint.state = "active"
            self.site.revision += 1
            if keep_dates:
                return
            sprint.start = self.now
            sprint.end = sprint.end if sprint.end and sprint.end > self.now else self.now + 14 * 86_400_000

    def close_sprint(self, sprint_id: int, to: int | None = None) -> None:
        """Closes a sprint; what is not done moves to the sprint `to` (None = backlog) within the same second."""
        with self.lock:
            sprint = self.site.sprints[sprint_id]
            sprint.state, sprint.complete = "closed", self.now
            self.site.revision += 1
            if to is None:
                return
            for issue in list(self.site.issues.values()):
                if sprint_id in issue.sprints and not self._done(issue) and issue.visibility is Visibility.VISIBLE:
                    self._touch(issue)
                    changes = {str(self.site.ids.sprint): [*issue.sprints, to]}
                    edits.edit(self.site, issue, changes, self.now + 500, self.site.account)

    def add_sprint(self, board: int, name: str, **values: object) -> Sprint:
        """A new future sprint on a board."""
        with self.lock:
            number = max(self.site.sprints, default=0) + 1
            sprint = replace(Sprint(number, board, name, "future", created=self.now), **values)  # type: ignore[arg-type]  # by name
            self.site.sprints[number] = sprint
            self.site.revision += 1
            return sprint

    def indexed(self) -> list[SiteIssue]:
        """The issues as the search index shows them now."""
        if not self._stale:
            return [i for i in self.site.issues.values() if i.visibility is Visibility.VISIBLE]
        shown = (self._index_view(issue) for issue in self.site.issues.values())
        return [issue for issue in shown if issue is not None and issue.visibility is Visibility.VISIBLE]

    @property
    def lagging(self) -> bool:
        """Whether some write is not in the index yet."""
        now = self.now
        return any(stale[-1].until > now for stale in self._stale.values())

    def _index_view(self, issue: SiteIssue) -> SiteIssue | None:
        now = self.now
        waiting = [stale for stale in self._stale.get(issue.id, ()) if stale.until > now]
        return waiting[0].shown if waiting else issue

    def _remember(self, issue: SiteIssue, shown: SiteIssue | None) -> None:
        if self.lag:
            kept = copy.deepcopy(shown)
            self._stale.setdefault(issue.id, []).append(Stale(self.now + self.lag * 1000, kept))

    def _touch(self, issue: SiteIssue) -> None:
        self._remember(issue, issue)
        issue.updated = max(issue.updated, self.now)
        if issue.recorded is not None:
            issue.recorded.pop("updated", None)
            issue.derived |= {"updated"}
        self.site.revision += 1

    def _see(self, id_or_key: str | int, visibility: Visibility) -> None:
        with self.lock:
            issue = self.issue(id_or_key)
            self._remember(issue, issue)
            issue.visibility = visibility
            self.site.revision += 1

    def _next_key(self, project: str) -> str:
        taken = [int(k.rpartition("-")[2]) for k in self.site.keys if k.rpartition("-")[0] == project.upper()]
        return f"{project}-{max(taken, default=0) + 1}"

    def _done(self, issue: SiteIssue) -> bool:
        row = by_id(self.site.statuses, issue.status)
        return row is not None and _category(row) == "done"


def statuses_of(site: Site, project: str) -> list[Wire]:
    """The statuses an issue of this project can be in: the project's own, else the shared ones."""
    own = [row for row in site.statuses if _scope_project(row) == project]
    return own or [row for row in site.statuses if _scope_project(row) is None]


def _scope_project(row: Wire) -> str | None:
    scope = row.get("scope")
    project = scope.get("project") if isinstance(scope, Mapping) else None
    return str(project["id"]) if isinstance(project, Mapping) else None


def _category(row: Wire) -> str:
    return _member(row.get("statusCategory"), "key")


def _member(value: object, name: str) -> str:
    return str(value.get(name, "")) if isinstance(value, Mapping) else ""


def _first(rows: list[Wire]) -> str | None:
    return str(rows[0]["id"]) if rows else None
