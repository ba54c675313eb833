"""What tells one kind of Jira from the other: endpoints, wire forms, logins and headers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

from werkzeug.wrappers import Response

from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.jira import agile, browse, comments, issues, links, metadata, sprints, write
from okr_delivery.sandbox.jira.limits import Limits
from okr_delivery.sandbox.jira.render import Renderer
from okr_delivery.sandbox.site import Site, Wire

Handler = Callable[..., Response]
Table = Mapping[tuple[str, str], Handler]

PLATFORM: dict[tuple[str, str], Handler] = {
    ("GET", "serverInfo"): metadata.server_info,
    ("GET", "myself"): metadata.myself,
    ("GET", "mypermissions"): metadata.permissions,
    ("GET", "field"): metadata.fields,
    ("GET", "status"): metadata.statuses,
    ("GET", "issuetype"): metadata.types,
    ("GET", "priority"): metadata.priorities,
    ("GET", "resolution"): metadata.resolutions,
    ("GET", "project"): metadata.projects,
    ("GET", "project/<key>"): metadata.project,
    ("GET", "project/<key>/version"): metadata.versions,
    ("GET", "project/<key>/versions"): metadata.version_list,
    ("POST", "issue"): write.create,
    ("GET", "issue/<issue_id>"): issues.issue,
    ("PUT", "issue/<issue_id>"): write.update,
    ("DELETE", "issue/<issue_id>"): write.delete,
    ("GET", "issue/<issue_id>/transitions"): write.transitions,
    ("POST", "issue/<issue_id>/transitions"): write.transition,
    ("GET", "issue/<issue_id>/comment"): comments.comments,
    ("POST", "issue/<issue_id>/comment"): comments.comment,
    ("GET", "issue/<issue_id>/comment/<comment_id>"): comments.get_comment,
    ("PUT", "issue/<issue_id>/comment/<comment_id>"): comments.update,
    ("DELETE", "issue/<issue_id>/comment/<comment_id>"): comments.delete,
    ("GET", "issue/<issue_id>/properties"): write.properties,
    ("GET", "issue/<issue_id>/properties/<key>"): write.get_property,
    ("PUT", "issue/<issue_id>/properties/<key>"): write.set_property,
    ("DELETE", "issue/<issue_id>/properties/<key>"): write.delete_property,
    ("GET", "comment/<comment_id>/properties"): comments.properties,
    ("GET", "comment/<comment_id>/properties/<key>"): comments.get_property,
    ("PUT", "comment/<comment_id>/properties/<key>"): comments.set_property,
    ("GET", "issue/<issue_id>/remotelink"): links.remote_links,
    ("POST", "issue/<issue_id>/remotelink"): links.put,
    ("DELETE", "issue/<issue_id>/remotelink"): links.delete_by_global_id,
    ("GET", "issue/<issue_id>/remotelink/<link_id>"): links.get,
    ("DELETE", "issue/<issue_id>/remotelink/<link_id>"): links.delete,
}
"""What both kinds answer under `/rest/api/{version}`."""
AGILE: dict[tuple[str, str], Handler] = {
    ("GET", "board"): agile.boards,
    ("GET", "board/<int:board_id>"): agile.board,
    ("GET", "board/<int:board_id>/configuration"): agile.configuration,
    ("GET", "board/<int:board_id>/sprint"): agile.sprints,
    ("GET", "sprint/<int:sprint_id>"): agile.sprint,
    ("POST", "sprint"): sprints.create,
    ("POST", "sprint/<int:sprint_id>"): sprints.update,
    ("PUT", "sprint/<int:sprint_id>"): sprints.replace,
    ("POST", "sprint/<int:sprint_id>/issue"): sprints.put_issues,
    ("POST", "backlog/issue"): sprints.to_backlog,
}
PAGES: dict[tuple[str, str], Handler] = {("GET", "browse/<key>"): browse.page}


class Dialect(ABC):
    """One kind of Jira. The class attributes are constants of the kind; the methods say what depends on a request."""

    platform: ClassVar[Table] = PLATFORM
    agile: ClassVar[Table] = AGILE
    pages: ClassVar[Table] = PAGES
    versions: ClassVar[tuple[int, ...]]
    server_name: ClassVar[str]
    server: ClassVar[Wire]  # of `serverInfo`
    unseen: ClassVar[str]  # what a 404 says
    gateway: ClassVar[bool] = False  # whether tokens can be bound to a second root
    names_reasons: ClassVar[bool] = False  # whether a 429 says why
    link_made: ClassVar[int] = 201  # the status of a remote link that is new

    @abstractmethod
    def renderer(self, site: Site, zone: str, version: int, faults: Faults) -> Renderer:
        """How issues and metadata are written for one request."""

    @abstractmethod
    def limits(self) -> Limits:
        """A fresh count of requests."""

    @abstractmethod
    def inline_cap(self, faults: Faults, *, alone: bool) -> int | None:
        """How many entries `expand=changelog` gives, for an issue asked for `alone` or in a list; None = all."""

    @abstractmethod
    def account(self, site: Site, value: object) -> str | None:
        """The site's own id of the user that a client means."""

    def rewrite(self, data: bytes) -> bytes:
        """A body as this kind would address it."""
        return data

    @abstractmethod
    def headers(self, response: Response, account: str | None, *, failed: bool) -> None:
        """Adds what an answer says of its caller; `failed`: a login came with the request and was not good."""
