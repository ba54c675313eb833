"""The Jira connector as the engine sees it. What Cloud and Data Center do differently is behind a dialect."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, ClassVar, Self

from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Iteration
from okr_delivery.sync.connector import Ahead, Fetched, Held, Identity, Metadata, Page, SourceSpec
from okr_delivery.sync.errors import ConfigError
from okr_delivery_jira import instants
from okr_delivery_jira.client import JiraClient
from okr_delivery_jira.datacenter import DataCenter
from okr_delivery_jira.dialects import Cloud, Dialect, Wanted
from okr_delivery_jira.discovery import Discovery
from okr_delivery_jira.inspection import Inspection
from okr_delivery_jira.jql import Scope
from okr_delivery_jira.met import met
from okr_delivery_jira.pages import PageMaker, joined
from okr_delivery_jira.problems import broken, refused
from okr_delivery_jira.search import RECONCILED
from okr_delivery_jira.settings import Settings
from okr_delivery_jira.single import SingleReader
from okr_delivery_jira.sprints import SprintReader
from okr_delivery_jira.text import string
from okr_delivery_jira.versions import VersionReader
from okr_delivery_jira.writer import JiraWriter

if TYPE_CHECKING:
    from okr_delivery.sync.transport import Transport

Row = Mapping[str, object]


class JiraConnector:
    """Reads one Jira site. Not to be shared between threads; its own workers are its own affair."""

    api: ClassVar[int] = 1
    type: ClassVar[str] = "jira"

    def __init__(self, spec: SourceSpec, transport: Transport) -> None:
        self._spec = spec
        self._transport = transport
        self._client: JiraClient | None = None
        self._dialect: Dialect | None = None
        self._identity: Identity | None = None
        self._settings: Settings | None = None
        self._versions: Mapping[str, Sequence[Row]] | None = None  # of projects whose metadata was read just now
        self._sprint_names: dict[str, str] = {}
        self._warnings: list[Message] = []
        self._written: deque[str] = deque(maxlen=RECONCILED)  # ids this account changed: the search may trail behind

    @classmethod
    def open(cls, spec: SourceSpec, transport: Transport) -> Self:
        """Builds the connector without any request."""
        return cls(spec, transport)

    def identity(self) -> Identity:
        """`serverInfo`, which tells the kind of site, and `myself`, which must answer with an account."""
        if self._spec.token is None:
            raise refused("no_token")
        self.close()
        client = self._client = JiraClient(self._spec, self._spec.token, self._transport)
        server = client.site
        now = _server_time(client.server_date, server.get("serverTime"))
        dialect = self._dialect = self._speak(client, now)
        me: Row = client.myself()
        account = dialect.account(me)
        if account is None:
            raise self._nobody(string(server.get("deploymentType")) or "–", dialect)
        zone = string(me.get("timeZone"))
        self._identity = Identity(
            account=account,
            display_name=string(me.get("displayName")) or account,
            timezone=zone if instants.zone_of(zone) else None,
            server_time=now,
            deployment=dialect.deployment,
            base_url=string(server.get("baseUrl")) or self._spec.url,
            version=string(server.get("version")),
        )
        return self._identity

    def metadata(self) -> Metadata:
        """Reads fields, statuses, projects and boards anew."""
        discovery = Discovery(self._spec, self._site(), self._spoken())
        found = discovery.read()
        self._confirm()
        self.use(found)
        self._versions = discovery.versions
        return found

    def use(self, metadata: Metadata) -> None:
        """Takes stored metadata.

        Raises ValueError when another version of this connector wrote it, when it is of another kind of site or when
        teams name other boards now.
        """
        settings = Settings.from_json(metadata.raw)
        if settings.team_boards != self._spec.iteration_boards:
            raise ValueError("teams name other boards than those that were read")
        if settings.deployment != self._who().deployment:
            raise ValueError("the site was of another kind when it was read")
        self._settings, self._versions = settings, None

    def iterations(self, known: Mapping[str, Iteration]) -> Iterable[Iteration]:
        """Sprints of the boards in scope; the versions of the projects when nothing is known or metadata is new."""
        found = SprintReader(self._spec.name, self._site(), self._known().boards).read(known)
        self._sprint_names = {i.id: i.name for i in (*known.values(), *found)}
        if known and self._versions is None:
            return found
        reader = VersionReader(self._spec.name, self._spoken(), self._known().projects)
        brought, self._versions = self._versions or {}, None
        return [*found, *reader.read(brought)]

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
        clause, fields = self._clause(since, lively), self._known().body_fields
        maker = PageMaker(self._spec.name, self._known(), self._who(), self._sprint_names)
        wanted = Wanted(clause, fields, since is not None, held, resume, skip, tuple(dict.fromkeys(self._written)))
        for block in self._spoken().blocks(wanted):
            if block.not_visible or self._who().deployment == "datacenter":
                self._confirm()
            yield maker.page(block, self._told())
        self._confirm()
        if self._warnings:
            yield Page((), (), None, warnings=self._told())

    def fetch(self, keys: Sequence[str], known: Mapping[str, Iteration]) -> Fetched:
        """Bodies by key, histories by id; where boards or conditions make the scope, one search in between."""
        self._sprint_names = {iteration.id: iteration.name for iteration in known.values()}
        found = SingleReader(self._spoken(), self._known(), self._scope()).blocks(keys)
        new = met(self._spec.name, (body for block in found for body in block.bodies), self._known(), known)
        self._sprint_names |= {iteration.id: iteration.name for iteration in new}
        maker = PageMaker(self._spec.name, self._known(), self._who(), self._sprint_names)
        pages = [maker.page(block, ()) for block in found]
        self._confirm()
        return Fetched(joined(pages, self._told()), self._who().server_time, new)

    def census(self) -> Iterator[str]:
        """The ids of all issues in scope, in numeric order."""
        return self._spoken().census(self._scope().clause())

    def visible(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of `ids` that the site still shows by id."""
        shown = self._spoken().visible(ids)
        if len(shown) < len(ids):
            self._confirm()
        return shown

    def close(self) -> None:
        """Closes the sessions."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def ahead(self, since: int | None) -> Ahead:
        """What `pages` would take, by the site's own count."""
        return self._spoken().ahead(self._clause(since, None, warned=True))

    def inspect(self) -> Iterable[Message]:
        """Permissions that are missing, and the address that would work instead; never raises for a refusal."""
        dialect = self._dialect if self._identity is not None else None
        return Inspection(self._spec, self._transport, dialect).told()

    def writer(self) -> JiraWriter:
        """What writes as this account. Raises ConfigError as `identity()` does."""
        return JiraWriter(self._site(), self._who(), self._confirm, self._written.append)

    def _clause(self, since: int | None, lively: int | None, *, warned: bool = False) -> str:
        """The condition of what is to be read."""
        who, scope = self._who(), self._scope()
        if since is None:
            return scope.clause() if lively is None else scope.lively(lively, who.timezone)
        if who.timezone is None and not warned:
            self._tell(msg("jira.warning.zone_unknown"))
        return scope.changed(since, who.timezone, who.server_time)

    def _speak(self, client: JiraClient, now: int) -> Dialect:
        """The kind of site that the settings name, else the one it says it is."""
        kind = self._spec.deployment
        cloud = client.site.get("deploymentType") == "Cloud" if kind == "auto" else kind == "cloud"
        return Cloud(client, now, self._tell) if cloud else DataCenter(client, self._tell)

    def _nobody(self, said: str, dialect: Dialect) -> ConfigError:
        """`myself` named no account: a site of another kind than configured names accounts in another way."""
        if self._spec.deployment != "auto" and (said == "Cloud") != (dialect.deployment == "cloud"):
            return refused("deployment", "serverInfo", configured=self._spec.deployment, said=said)
        return refused("anonymous", "myself")

    def _confirm(self) -> None:
        """Raises ConfigError when the token has died since `identity()`.

        Searches, lists and bodies are answered to nobody too, with 200 and less in them. Jira names the account in a
        header of each answer; where one came without, it is asked once more.
        """
        account, client = self._who().account, self._site()
        if not client.always_named and self._spoken().account(client.myself()) != account:
            raise refused("anonymous", "myself")

    def _scope(self) -> Scope:
        return Scope(self._spec.projects, self._known().filters, self._spec.jql, self._spec.since)

    def _site(self) -> JiraClient:
        if self._client is None:
            self.identity()
        if self._client is None:
            raise RuntimeError("identity() leaves a client")
        return self._client

    def _spoken(self) -> Dialect:
        self._site()
        if self._dialect is None:
            raise RuntimeError("identity() leaves a dialect")
        return self._dialect

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
