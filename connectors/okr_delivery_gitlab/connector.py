"""The GitLab connector as the engine sees it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, ClassVar, Self

from okr_delivery.model.message import Message
from okr_delivery.model.work import Deployment, Iteration
from okr_delivery.sync.connector import (
    Ahead,
    Fetched,
    Held,
    Identity,
    MergeRequest,
    Metadata,
    Page,
    SourceSpec,
    Verdict,
)
from okr_delivery.sync.errors import ConfigError
from okr_delivery.sync.workers import MOST, Workers
from okr_delivery_gitlab import single
from okr_delivery_gitlab.blocks import Block, Plan, Planner, Wanted, blocks, first_instant
from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.client import GitLabClient, GraphQLErrors, ServerBusyError, Shown
from okr_delivery_gitlab.departed import Departed, lost
from okr_delivery_gitlab.deployments import DeploymentReader
from okr_delivery_gitlab.epics import EPIC_ID, offers_epics
from okr_delivery_gitlab.history import HistoryReader
from okr_delivery_gitlab.identities import identify
from okr_delivery_gitlab.inspection import Inspection
from okr_delivery_gitlab.iterations import Timeboxes, TimeboxReader, remembering
from okr_delivery_gitlab.jobs import Detailed, jobs
from okr_delivery_gitlab.labels import read_labels, renamed
from okr_delivery_gitlab.lists import PAGE, Walk
from okr_delivery_gitlab.mergerequests import Head, RequestReader, full_key
from okr_delivery_gitlab.met import met
from okr_delivery_gitlab.metadata import MetadataReader, same_settings
from okr_delivery_gitlab.pages import PageMaker
from okr_delivery_gitlab.problems import gone, refused
from okr_delivery_gitlab.releases import ReleaseReader
from okr_delivery_gitlab.scope import Place, ScopeReader, places
from okr_delivery_gitlab.settings import Settings
from okr_delivery_gitlab.sight import Sight
from okr_delivery_gitlab.strides import AT_ONCE, Strides
from okr_delivery_gitlab.tokens import check_kind, why_refused
from okr_delivery_gitlab.values import Row, by_number, string
from okr_delivery_gitlab.verdicts import CommitStatus, StatusCheck
from okr_delivery_gitlab.writer import GitLabWriter
from okr_delivery_gitlab.writer_calls import Spot

if TYPE_CHECKING:
    from okr_delivery.sync.transport import Transport

READERS = 2
"""Blocks whose histories are read side by side."""
A_QUERY = 25
"""Issues whose activity one query brings, about."""
NOTES, A_NOTE = "POST projects/:id/issues/:iid/notes", 1.0
"""GitLab takes 60 notes a minute of an account, and does not say so before there are more."""


class GitLabConnector:
    """Reads the projects and groups of one GitLab. Not to be shared between threads; its workers are its own affair."""

    api: ClassVar[int] = 1
    type: ClassVar[str] = "gitlab"

    def __init__(self, spec: SourceSpec, transport: Transport) -> None:
        self._spec = spec
        self._transport = transport
        self._client: GitLabClient | None = None
        self._identity: Identity | None = None
        self._settings: Settings | None = None
        self._timeboxes: Timeboxes | None = None  # read with the metadata just now
        self._first_part: int | None = None  # the instant that divides a first sync whose first part this has read
        self._heads: dict[str, Head] = {}  # of merge requests that were read
        self._warnings: list[Message] = []

    @classmethod
    def open(cls, spec: SourceSpec, transport: Transport) -> Self:
        """Builds the connector without any request."""
        return cls(spec, transport)

    def identity(self) -> Identity:
        """`version` and `user`. Raises ConfigError for a token that is missing, refused or a CI job's."""
        return self._identify(None)

    def _identify(self, version: str | None) -> Identity:
        """`version` is not asked for where it is known."""
        if self._spec.token is None:
            raise refused("no_token")
        check_kind(self._spec.token)
        self.close()
        show = partial(GitLabClient, self._spec, self._spec.token, self._transport)
        self._client = show()
        try:
            self._identity = identify(self._spec, self._client, version)
        except ConfigError as error:
            self._identity = self._otherwise(error, show)
        return self._identity

    def _otherwise(self, error: ConfigError, show: Callable[[Shown], GitLabClient]) -> Identity:
        """Who a token of an application speaks for: GitLab knows it by another header only."""
        if error.status == 401:
            self.close()
            self._client = show(Shown.BEARER)
            with suppress(ConfigError):
                return identify(self._spec, self._client)
        raise why_refused(error, partial(show, Shown.JOB)) from None

    def metadata(self) -> Metadata:
        """Reads projects, labels, statuses, custom fields, capabilities and timeboxes anew."""
        reader = MetadataReader(self._spec, self._site(), self._who().version)
        self._settings, found = reader.read()
        self._timeboxes = self._read_timeboxes({})
        return replace(found, raw=self._known().to_json())

    def use(self, metadata: Metadata) -> None:
        """Takes stored metadata.

        Raises ValueError when another version of this connector wrote it, or when other scopes of labels are named now.
        """
        settings = Settings.from_json(metadata.raw)
        if not same_settings(self._spec, settings):
            raise ValueError("other scopes of labels are named than those that were read")
        self._settings, self._timeboxes = settings, None

    def outgrown(self, raw: Mapping[str, object]) -> bool:
        """Whether a label was renamed since the metadata of `raw` was read."""
        with suppress(ValueError):  # another version of this connector wrote it
            return renamed(Settings.from_json(raw).labels, self._known().labels)
        return False

    def lost_labels(self, raw: Mapping[str, object]) -> Mapping[str, str]:
        """Names, by id, of labels that the metadata of `raw` had, deleted since or hidden."""
        with suppress(ValueError):
            return lost(Settings.from_json(raw), self._known())
        return {}

    def deleted(self, iterations: Sequence[Iteration]) -> frozenset[str]:
        """Those that are gone from projects and groups that are still shown."""
        return Departed(self._site(), self._known()).deleted(iterations)

    def left(self, projects: Sequence[str]) -> Mapping[str, str]:
        """Those that were archived, or moved out of the groups in scope."""
        return Departed(self._site(), self._known()).left(projects)

    def iterations(self, known: Mapping[str, Iteration]) -> Iterable[Iteration]:
        """Milestones and iterations of the projects and groups in scope: all of them when nothing is known or the
        metadata is new, else what may have changed.

        Looks for projects that were made in the groups since the metadata was read.
        """
        self._known()  # which may read the metadata just now
        brought, self._timeboxes = self._timeboxes, None
        if brought is not None:
            return brought.iterations
        if known:
            self._notice()
        return self._read_timeboxes(known).iterations

    def pages(
        self,
        since: int | None,
        resume: str | None,
        held: Held,
        *,
        lively: int | None = None,
        skip: Container[str] = (),
    ) -> Iterator[Page]:
        """Whole issues, project after project in the order of creation, up to 250 a page."""
        plan = self._plan(since, lively, resume)
        maker = PageMaker(self._spec.name, self._known(), self._who())
        for block, details in self._read(Wanted(plan, held, resume, skip)):
            yield maker.page(block, details, self._told())
        if lively is not None and resume is None:
            self._first_part = lively
        if self._warnings:
            yield Page((), (), None, warnings=self._told())

    def fetch(self, keys: Sequence[str], known: Mapping[str, Iteration]) -> Fetched:
        """Issues by their numbers, one request a project and one a group, and their histories. The version is that of
        the last reading of metadata."""
        who = self._identify(self._known().version or None)
        reader = self._single()
        if reader.elsewhere(keys):
            self._notice()
            reader = self._single()
        rows = reader.rows(keys)
        new = met(self._spec.name, rows, self._known(), known, self._today())
        self._settings = remembering(self._known(), new)
        with Workers(MOST) as fetching:
            details = HistoryReader(self._site(), self._known(), fetching).read(rows) if rows else {}
        block = Block(tuple(rows), single.AFTER)
        page = PageMaker(self._spec.name, self._known(), who).page(block, details, self._told())
        return Fetched(page, who.server_time, new.iterations)

    def _single(self) -> single.SingleReader:
        return single.SingleReader(self._site(), self._known(), first_instant(self._spec.since), self._key_of)

    def census(self) -> Iterator[str]:
        """The ids of all issues in scope, by the lists that `pages` reads."""
        return (str(row["id"]) for row in self._rows())

    def visible(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of `ids` that GitLab still shows."""
        can = Capabilities.from_json(self._known().capabilities)
        return Sight(self._site(), can, self.census).visible(ids)

    def close(self) -> None:
        """Closes the sessions."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def ahead(self, since: int | None) -> Ahead:
        """What `pages` would take, by GitLab's own statistics."""
        plan = self._planner().every() if since is None else self._planner().window(since)
        walk = self._walk()
        counts = [walk.count(issues) for issues in plan.lists]
        if None in counts:
            return Ahead(None, None, MOST)
        issues = sum(count or 0 for count in counts)
        return Ahead(issues, len(counts) + ceil(issues / PAGE) + ceil(issues / A_QUERY), MOST)

    def deployments(self, since: int | None, held: Container[str] = ()) -> Iterator[Deployment]:
        """Ended deployments of the projects in scope to the environments of the settings, oldest first."""
        reader = DeploymentReader(self._spec, self._site(), self._known().projects, self._who().base_url)
        return reader.read(since, held)

    def _releases(self) -> Iterable[Iteration]:
        """Of the projects in scope, unless no issue's release is taken from them."""
        wanted = bool(self._spec.options.get("releases"))
        return ReleaseReader(self._spec.name, self._site(), self._known().projects).read() if wanted else ()

    def inspect(self) -> Iterable[Message]:
        """Version, the tier's features, the token's kind, scopes and end; nothing when the token was refused."""
        client, who = self._client, self._identity
        if client is None or who is None:
            return []
        return Inspection(client, who.version, self._today(), self._known).told()

    def merge_request(self, ref: str) -> MergeRequest:
        """One merge request: `12`, `!12` (where the source has one project), `group/project!12`, or its address."""
        request, head = RequestReader(self._spec, self._site()).read(ref)
        self._heads[request.ref] = head
        return request

    def put_verdict(self, request: MergeRequest, verdict: Verdict, *, name: str, text: str, url: str | None) -> bool:
        """A commit status, or the answer of the external status check that the settings name (`status_check`)."""
        head = self._heads.get(request.ref) or RequestReader(self._spec, self._site()).read(request.ref)[1]
        head = replace(head, sha=request.sha)
        check = string(self._spec.options.get("status_check"))
        if check is not None:
            return StatusCheck(self._site(), head, check).put(verdict)
        return CommitStatus(self._site(), head, name).put(verdict, text, url)

    def writer(self) -> GitLabWriter:
        """Writes with the account of this connection."""
        client = self._site()
        self._transport.space(NOTES, A_NOTE)
        return GitLabWriter(client, self._who(), self._spot)

    def _spot(self, issue_id: str) -> Spot:
        """Where the issue of a global id is. Raises ConfigError for an epic and for what is not shown."""
        if issue_id.startswith(EPIC_ID):
            raise refused("epic_write", issue_id)
        key = self._key_of(issue_id)
        path, sign, iid = (key or "").rpartition("#")
        if not sign:
            raise gone("write_gone", issue_id)
        return Spot(path, iid)

    def _key_of(self, issue_id: str) -> str | None:
        try:
            return Sight(self._site(), Capabilities(), self.census).key(issue_id) if issue_id.isdigit() else None
        except (GraphQLErrors, ServerBusyError):
            return next((full_key(row) for row in self._rows() if str(row["id"]) == issue_id), None)

    def _read_timeboxes(self, known: Mapping[str, Iteration]) -> Timeboxes:
        """What was found; the settings can look it up from now on."""
        settings = self._known()
        found = TimeboxReader(
            source=self._spec.name,
            client=self._site(),
            can=Capabilities.from_json(settings.capabilities),
            places=self._places(),
            groups=settings.groups,
            projects=settings.projects,
            today=self._today(),
            version=self._who().version or "",
        ).read(known)
        self._settings = remembering(settings, found)
        return found

    # how pages are read

    def _plan(self, since: int | None, lively: int | None, resume: str | None) -> Plan:
        planner, first_part = self._planner(), self._first_part
        if since is not None:
            return planner.window(since)
        self._first_part = None
        if lively is not None:
            return planner.lively(lively)
        if first_part is not None and resume is None:
            return planner.rest(first_part, self._who().server_time)
        return planner.every()

    def _read(self, wanted: Wanted) -> Iterator[Detailed]:
        """Blocks with their histories; while those of one are read, the list behind it goes on."""
        walk = self._walk()
        with Workers(MOST - AT_ONCE) as fetching, Workers(AT_ONCE) as listing, Workers(READERS) as reading:
            histories = HistoryReader(self._site(), self._known(), fetching)
            strides = Strides(walk, listing, self._who().server_time)
            yield from reading.ordered(jobs(histories, blocks(walk, wanted, strides.pages)), READERS)

    def _rows(self) -> Iterator[Row]:
        """Every row in scope."""
        walk = self._walk()
        for issues in self._planner().every().lists:
            for rows in walk.pages(issues):
                yield from rows

    def _planner(self) -> Planner:
        settings = self._known()
        epics = "epics" in settings.features and offers_epics(Capabilities.from_json(settings.capabilities))
        return Planner(self._places(), first_instant(self._spec.since), epics)

    def _walk(self) -> Walk:
        settings = self._known()
        paths = {project.id: project.path for project in settings.projects}
        return Walk(self._site(), Capabilities.from_json(settings.capabilities), paths)

    def _places(self) -> list[Place]:
        settings = self._known()
        return places(settings.groups, settings.projects, settings.named)

    def _notice(self) -> None:
        """Adds projects that are new in the groups, for this run; the next reading of metadata lists them for good."""
        settings = self._known()
        reader = ScopeReader(self._spec, self._site())
        known = {project.id for project in settings.projects}
        new = {p.id: p for group in settings.groups for p in reader.newest(group) if p.id not in known}
        if new:
            projects = sorted([*settings.projects, *new.values()], key=lambda project: by_number(project.id))
            labels = read_labels(self._site(), [Place("projects", p.id, p.path) for p in new.values()])
            merged = {label.id: label for label in (*settings.labels, *labels)}
            self._settings = replace(settings, projects=tuple(projects), labels=tuple(merged.values()))

    def _today(self) -> date:
        return datetime.fromtimestamp(self._who().server_time, UTC).date()

    def _site(self) -> GitLabClient:
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

    def _tell(self, warning: Message) -> None:
        if warning not in self._warnings:
            self._warnings.append(warning)

    def _told(self) -> tuple[Message, ...]:
        told = tuple(self._warnings)
        self._warnings.clear()
        return told
