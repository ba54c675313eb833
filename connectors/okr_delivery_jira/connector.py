"""The Jira connector as the engine sees it. It speaks Jira Cloud; Data Center is refused by name."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, ClassVar, Self

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Category, Change, Field, Issue, Iteration, Status
from okr_delivery.sync.connector import Ahead, Held, Identity, Metadata, Page, SourceSpec
from okr_delivery.sync.errors import SkipRecordError
from okr_delivery_jira import instants
from okr_delivery_jira.changes import ChangeReader
from okr_delivery_jira.client import JiraClient
from okr_delivery_jira.cloud import WORKERS, Block, CloudReader, chunks, requests_for
from okr_delivery_jira.discovery import Discovery
from okr_delivery_jira.jql import Scope
from okr_delivery_jira.problems import broken, refused
from okr_delivery_jira.records import IssueReader, UnreadableError, read_status
from okr_delivery_jira.search import Search
from okr_delivery_jira.settings import Settings
from okr_delivery_jira.sprints import SprintReader
from okr_delivery_jira.text import by_number, string
from okr_delivery_jira.writer import JiraWriter

if TYPE_CHECKING:
    from okr_delivery.sync.transport import Transport

HELD_AT_ONCE = 1000


class JiraConnector:
    """Reads one Jira site. Not to be shared between threads; its own workers are its own affair."""

    api: ClassVar[int] = 1
    type: ClassVar[str] = "jira"

    def __init__(self, spec: SourceSpec, transport: Transport) -> None:
        self._spec = spec
        self._transport = transport
        self._client: JiraClient | None = None
        self._identity: Identity | None = None
        self._settings: Settings | None = None
        self._warnings: list[Message] = []

    @classmethod
    def open(cls, spec: SourceSpec, transport: Transport) -> Self:
        """Builds the connector without any request. Raises ConfigError for Data Center."""
        if spec.deployment == "datacenter":
            raise refused("datacenter", None, deployment="datacenter")
        return cls(spec, transport)

    def identity(self) -> Identity:
        """`serverInfo`, which tells the kind of site, and `myself`, which must answer with an account."""
        if self._spec.token is None:
            raise refused("no_token")
        self.close()
        client = self._client = JiraClient(self._spec, self._spec.token, self._transport)
        server = client.site
        if server.get("deploymentType") != "Cloud":
            raise refused("datacenter", "serverInfo", deployment=str(server.get("deploymentType")))
        me: Mapping[str, object] = client.myself()
        account = string(me.get("accountId"))
        if account is None:
            raise refused("anonymous", "myself")
        zone = string(me.get("timeZone"))
        self._identity = Identity(
            account=account,
            display_name=string(me.get("displayName")) or account,
            timezone=zone if instants.zone_of(zone) else None,
            server_time=_server_time(client.server_date, server.get("serverTime")),
            deployment="cloud",
            base_url=string(server.get("baseUrl")) or self._spec.url,
            version=string(server.get("version")),
        )
        return self._identity

    def metadata(self) -> Metadata:
        """Reads fields, statuses, projects and boards anew."""
        found = Discovery(self._spec, self._site()).read()
        self._confirm()
        self.use(found)
        return found

    def use(self, metadata: Metadata) -> None:
        """Takes stored metadata.

        Raises ValueError when another version of this connector wrote it or teams name other boards now.
        """
        settings = Settings.from_json(metadata.raw)
        if settings.team_boards != self._spec.iteration_boards:
            raise ValueError("teams name other boards than those that were read")
        self._settings = settings

    def iterations(self, known: Mapping[str, Iteration]) -> Iterable[Iteration]:
        """Sprints of the boards in scope."""
        return SprintReader(self._spec.name, self._site(), self._known().boards).read(known)

    def pages(
        self,
        since: int | None,
        resume: str | None,
        held: Held,
        *,
        lively: int | None = None,
        skip: Container[str] = (),
    ) -> Iterator[Page]:
        """Whole issues in ascending numeric id, up to 250 a page."""
        reader = CloudReader(self._site(), self._note)
        ids = [issue_id for issue_id in self._changed(since, held, lively) if issue_id not in skip]
        if resume is not None:
            ids = [issue_id for issue_id in ids if by_number(issue_id) > by_number(resume)]
        if not ids:
            self._confirm()
        pages = _Pages(self._spec.name, self._known(), self._who())
        for block in reader.blocks(ids, self._known().body_fields):
            if block.not_visible:
                self._confirm()
            yield pages.page(block, self._told())
        if self._warnings:
            yield Page((), (), None, warnings=self._told())

    def census(self) -> Iterator[str]:
        """The ids of all issues in scope, in numeric order."""
        return iter(self._search().everything(self._scope().clause(), counted=False))

    def visible(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of `ids` that the site still shows by id."""
        shown = CloudReader(self._site(), self._note).visible(ids)
        if len(shown) < len(ids):
            self._confirm()
        return shown

    def close(self) -> None:
        """Closes the sessions."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def ahead(self, since: int | None) -> Ahead:
        """By the count that Jira keeps, which trails the issues by a little."""
        who, scope = self._who(), self._scope()
        clause = scope.clause() if since is None else scope.changed(since, who.timezone, who.server_time)
        count = self._search().count(clause)
        return Ahead(count, None if count is None else requests_for(count), WORKERS)

    def writer(self) -> JiraWriter:
        """What writes as this account. Raises ConfigError as `identity()` does."""
        return JiraWriter(self._site(), self._who(), self._confirm)

    def _changed(self, since: int | None, held: Held, lively: int | None) -> list[str]:
        """The ids to read: all in scope, or those of the window that the store does not hold as they are now."""
        who = self._who()
        if since is None:
            scope = self._scope()
            clause = scope.clause() if lively is None else scope.lively(lively, who.timezone)
            return self._search().everything(clause, counted=True)
        if who.timezone is None:
            self._warnings.append(msg("jira.warning.zone_unknown"))
        rows = self._search().changed(self._scope().changed(since, who.timezone, who.server_time))
        now = {issue_id: _updated(row) for issue_id, row in rows.items()}
        fresh: list[str] = []
        for part in chunks(list(now), HELD_AT_ONCE):
            have = held(part)
            fresh.extend(issue_id for issue_id in part if have.get(issue_id) != now[issue_id])
        return fresh

    def _confirm(self) -> None:
        """Raises ConfigError when the token has died since `identity()`.

        Searches, lists and bodies are answered to nobody too, with 200 and less in them; only histories are not. Jira
        Cloud names the account in a header of each answer; where one came without, it is asked once more.
        """
        account, client = self._who().account, self._site()
        if not client.always_named and string(client.myself().get("accountId")) != account:
            raise refused("anonymous", "myself")

    def _search(self) -> Search:
        today = datetime.fromtimestamp(self._who().server_time, UTC).date()
        return Search(self._site(), today, self._note)

    def _scope(self) -> Scope:
        return Scope(self._spec.projects, self._known().filters, self._spec.jql, self._spec.since)

    def _site(self) -> JiraClient:
        if self._client is None:
            self.identity()
        if self._client is None:
            raise RuntimeError("identity() leaves a client")
        return self._client

    def _who(self) -> Identity:
        return self._identity or self.identity()

    def _known(self) -> Settings:
        if self._settings is None:
            self.metadata()
        if self._settings is None:
            raise RuntimeError("metadata() leaves settings")
        return self._settings

    def _note(self, sentence: str) -> None:
        self._warnings.append(msg("jira.warning.server", said=sentence))

    def _told(self) -> tuple[Message, ...]:
        told = tuple(self._warnings)
        self._warnings.clear()
        return told


class _Pages:
    """Turns blocks of raw answers into pages of model types."""

    def __init__(self, source: str, settings: Settings, who: Identity) -> None:
        self._source = source
        self._issues = IssueReader(source, settings, who.base_url, who.server_time)
        self._changes = ChangeReader(settings, who.server_time)
        self._listed = set(settings.status_ids)

    def page(self, block: Block, warnings: tuple[Message, ...]) -> Page:
        issues: list[Issue] = []
        changes: list[Change] = []
        skipped: list[SkipRecordError] = []
        for body in block.bodies:
            issue_id = str(body["id"])
            try:
                issue = self._issues.read(body)
            except UnreadableError as error:
                what = msg(f"jira.unreadable.{error.reason}")
                skipped.append(SkipRecordError([Problem(what, string(body.get("key")) or issue_id)]))
                continue
            history = block.histories.get(issue_id, ())
            own = self._changes.read(issue_id, issue.project_id, issue.current, history)
            issues.append(_dated(issue, body, own))
            changes.extend(own)
        return Page(
            issues=tuple(issues),
            changes=tuple(changes),
            after=block.ids[-1],
            not_visible=block.not_visible,
            warnings=warnings,
            skipped=tuple(skipped),
            statuses=tuple(self._new_statuses(block, changes)),
        )

    def _new_statuses(self, block: Block, changes: Sequence[Change]) -> Iterator[Status]:
        """Statuses that the site no longer lists: of bodies with their category, of histories by name alone."""
        for body in block.bodies:
            fields = body.get("fields")
            payload = fields.get("status") if isinstance(fields, dict) else None
            status = read_status(self._source, payload, 0) if isinstance(payload, dict) else None
            if status is not None and status.id not in self._listed:
                self._listed.add(status.id)
                yield status
        for side in (side for c in changes if c.field is Field.STATUS for side in (c.old, c.new)):
            if side.id is not None and side.id not in self._listed:
                self._listed.add(side.id)
                yield Status(self._source, side.id, side.name or side.id, Category.UNDEFINED)


def _dated(issue: Issue, body: Mapping[str, object], changes: Sequence[Change]) -> Issue:
    """A body that came without `updated` is as new as its last change."""
    fields = body.get("fields")
    if isinstance(fields, dict) and fields.get("updated"):
        return issue
    return replace(issue, updated=max([issue.updated, *(change.ts for change in changes)]))


def _updated(row: Mapping[str, object]) -> int:
    fields = row.get("fields")
    try:
        ts = instants.parse(fields.get("updated")) if isinstance(fields, dict) else None
    except ValueError:
        ts = None
    if ts is None:
        raise broken("no_updated", "search/jql")
    return ts


def _server_time(date_header: str | None, server_time: object) -> int:
    """The `Date` header of the first answer, else `serverTime`; never our own clock."""
    try:
        if date_header:
            return int(parsedate_to_datetime(date_header).timestamp())
        ts = instants.parse(server_time)
    except ValueError:
        ts = None
    if ts is None:
        raise broken("no_server_time", "serverInfo")
    return ts
