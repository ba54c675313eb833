"""What the two kinds of Jira do differently, behind one interface. Cloud is here, Data Center in `datacenter`."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar, Protocol

from okr_delivery.model.message import Message, msg
from okr_delivery.sync.connector import Ahead, Held
from okr_delivery_jira import instants
from okr_delivery_jira.client import JiraClient, StatusError
from okr_delivery_jira.cloud import WORKERS, CloudReader, chunks, requests_for
from okr_delivery_jira.ids import Ids
from okr_delivery_jira.paging import offset_rows
from okr_delivery_jira.problems import broken
from okr_delivery_jira.search import Search
from okr_delivery_jira.text import by_number, members, string

HELD_AT_ONCE = 1000
LISTED = 20
VERSIONS = 1000
MISSING = frozenset({400, 404})

Body = Mapping[str, object]
History = Mapping[str, object]
Tell = Callable[[Message], None]
"""Takes a warning for the user."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some ids, ascending, with what the site showed of them. Every id is in `bodies` or in `not_visible`.

    `incomplete` are ids whose history the site would not give whole.
    """

    ids: tuple[str, ...]
    bodies: tuple[Body, ...]
    histories: Mapping[str, tuple[History, ...]]
    incomplete: frozenset[str] = frozenset()

    @property
    def not_visible(self) -> tuple[str, ...]:
        shown = {str(body["id"]) for body in self.bodies}
        return tuple(issue_id for issue_id in self.ids if issue_id not in shown)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Issues to read. `windowed`: the condition bounds the time, so that what `held` knows need not come again.

    Ids up to `resume` and those in `skip` are left out. `recent` are ids that were changed so lately that the search
    may not show it yet.
    """

    clause: str
    fields: Sequence[str]
    windowed: bool
    held: Held
    resume: str | None = None
    skip: Container[str] = field(default_factory=tuple)
    recent: Sequence[str] = ()

    @property
    def partly(self) -> bool:
        """Whether some of the issues that meet the condition are not to be read again."""
        return self.resume is not None or not isinstance(self.skip, Sized) or len(self.skip) > 0

    def passes(self, issue_id: str) -> bool:
        """Whether an id is still to be read."""
        behind = self.resume is not None and by_number(issue_id) <= by_number(self.resume)
        return not behind and issue_id not in self.skip

    def fresh(self, updated: Mapping[str, int]) -> list[str]:
        """Those of the ids that the store does not hold as they are now, in the given order."""
        found: list[str] = []
        for part in chunks(list(updated), HELD_AT_ONCE):
            have = self.held(part)
            found.extend(issue_id for issue_id in part if have.get(issue_id) != updated[issue_id])
        return found


class Dialect(Protocol):
    """One kind of Jira."""

    deployment: ClassVar[str]
    named_items: ClassVar[bool]
    """History items carry display names only: a name that two fields bear tells nothing."""

    def account(self, me: Mapping[str, object]) -> str | None:
        """The stable id in what `myself` answered; None for nobody."""
        ...

    def known_projects(self) -> list[Mapping[str, object]]:
        """Some of the projects that this account sees, for an error's text."""
        ...

    def permissions(self, project: str, wanted: Sequence[str]) -> object:
        """What `mypermissions` answers for a project."""
        ...

    def versions(self, project: str) -> list[Mapping[str, object]]:
        """All versions of a project, in its order. Raises StatusError (404) for a project that is not shown."""
        ...

    def blocks(self, wanted: Wanted) -> Iterator[Block]:
        """Issues with their whole history, in ascending numeric id."""
        ...

    def census(self, clause: str) -> Iterator[str]:
        """The ids of all issues that meet a condition, complete or an error."""
        ...

    def visible(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of `ids` that the site shows when asked for them by id."""
        ...

    def ahead(self, clause: str) -> Ahead:
        """What reading the issues of a condition would take."""
        ...

    def named(self, keys: Sequence[str], fields: Sequence[str]) -> list[Body]:
        """Bodies of the issues that these keys lead to, former ones too; nothing for what the site does not show."""
        ...

    def within(self, clause: str, ids: Sequence[str]) -> frozenset[str]:
        """Those of some visible issues that meet a condition."""
        ...

    def whole(self, bodies: Sequence[Body], fields: Sequence[str]) -> Block:
        """What `named` gave, with whole histories."""
        ...


class Cloud:
    """Jira Cloud: ids by the search, then bodies and histories in bulk. `today` (epoch seconds) is the server's."""

    deployment: ClassVar[str] = "cloud"
    named_items: ClassVar[bool] = False

    def __init__(self, client: JiraClient, today: int, tell: Tell) -> None:
        self._client = client
        self._note = partial(_remark, tell)
        self._search = Search(client, datetime.fromtimestamp(today, UTC).date(), self._note)

    def account(self, me: Mapping[str, object]) -> str | None:
        return string(me.get("accountId"))

    def known_projects(self) -> list[Mapping[str, object]]:
        payload = self._client.read("project/search", {"maxResults": LISTED}, expect=MISSING)
        return members(payload.get("values")) if isinstance(payload, dict) else []

    def permissions(self, project: str, wanted: Sequence[str]) -> object:
        return self._client.read("mypermissions", {"projectKey": project, "permissions": ",".join(wanted)})

    def versions(self, project: str) -> list[Mapping[str, object]]:
        def page(start: int) -> object:
            params = {"startAt": start, "maxResults": VERSIONS}
            return self._client.read(f"project/{project}/version", params, what=where, expect=frozenset({404}))

        where = "project/{key}/version"
        return list(offset_rows(page, where))

    def blocks(self, wanted: Wanted) -> Iterator[Block]:
        ids = Ids(issue_id for issue_id in self._ids(wanted) if wanted.passes(issue_id))
        reader = CloudReader(self._client, self._note)
        for block in reader.blocks(ids, wanted.fields):
            yield Block(block.ids, block.bodies, block.histories)

    def census(self, clause: str) -> Iterator[str]:
        return iter(self._search.everything(clause, counted=False))

    def visible(self, ids: Sequence[str]) -> frozenset[str]:
        return CloudReader(self._client, self._note).visible(ids)

    def ahead(self, clause: str) -> Ahead:
        """By the count that Jira keeps, which trails the issues by a little."""
        count = self._search.count(clause)
        return Ahead(count, None if count is None else requests_for(count), WORKERS)

    def named(self, keys: Sequence[str], fields: Sequence[str]) -> list[Body]:
        """In bulk; what that does not know by its key may be known by a former one, which a single GET follows."""
        reader = CloudReader(self._client, self._note)
        found = reader.bodies(keys, fields) if len(keys) > 1 else []
        met = {str(body.get("key")).casefold() for body in found}
        alone = (one(self._client, key, fields) for key in keys if key.casefold() not in met)
        return in_order([*found, *(body for body in alone if body is not None)])

    def within(self, clause: str, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(self._search.changed(f"{clause} AND id in ({', '.join(ids)})", ids))

    def whole(self, bodies: Sequence[Body], fields: Sequence[str]) -> Block:
        ids = [str(body["id"]) for body in bodies]
        return Block(tuple(ids), tuple(bodies), CloudReader(self._client, self._note).histories(ids))

    def _ids(self, wanted: Wanted) -> Sequence[str]:
        if not wanted.windowed:
            return self._search.everything(wanted.clause, counted=True)
        rows = self._search.changed(wanted.clause, wanted.recent)
        return wanted.fresh({issue_id: updated_of(row, "search/jql") for issue_id, row in rows.items()})


def _remark(tell: Tell, sentence: str) -> None:
    tell(msg("jira.warning.server", said=sentence))


def one(client: JiraClient, key: str, fields: Sequence[str], expand: str | None = None) -> Body | None:
    """The issue that a key leads to, or an id; None for what the site does not show."""
    params = {"fields": ",".join(fields)} | ({"expand": expand} if expand else {})
    try:
        body = client.read(f"issue/{key}", params, what="issue/{id}", expect=frozenset({404}))
    except StatusError:
        return None
    if not isinstance(body, dict) or string(body.get("id")) is None:
        raise broken("shape", "issue/{id}")
    if not isinstance(body.get("fields"), dict):
        raise broken("no_fields", "issue/{id}")
    return body


def in_order(bodies: Sequence[Body]) -> list[Body]:
    """Each issue once, by id."""
    return sorted({str(body["id"]): body for body in bodies}.values(), key=lambda body: by_number(str(body["id"])))


def updated_of(row: Mapping[str, object], where: str) -> int:
    """When a row says that its issue was updated last (epoch seconds). Raises AbortSyncError for a row that doesn't."""
    fields = row.get("fields")
    try:
        ts = instants.parse(fields.get("updated")) if isinstance(fields, dict) else None
    except ValueError:
        ts = None
    if ts is None:
        raise broken("no_updated", where)
    return ts
