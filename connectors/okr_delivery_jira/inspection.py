"""What `doctor` can say beyond the contract: which permissions are missing, and which address would work instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from okr_delivery.model.message import Message, msg
from okr_delivery.sync.connector import SourceSpec
from okr_delivery.sync.errors import SyncError
from okr_delivery.sync.transport import Repeat
from okr_delivery_jira.text import string

if TYPE_CHECKING:
    from okr_delivery.sync.transport import Transport
    from okr_delivery_jira.dialects import Dialect

GATEWAY_PATH = "/ex/jira/"
GATEWAY = f"https://api.atlassian.com{GATEWAY_PATH}"
READS = ("BROWSE_PROJECTS",)
WRITES = ("ADD_COMMENTS", "EDIT_ISSUES", "LINK_ISSUES")
TENANT = "_edge/tenant_info"


class Inspection:
    """One look at a connection. `dialect` is None when the token was refused."""

    def __init__(self, spec: SourceSpec, transport: Transport, dialect: Dialect | None) -> None:
        self._spec = spec
        self._transport = transport
        self._dialect = dialect

    def told(self) -> Iterable[Message]:
        """Everything worth a line; empty when all is well."""
        return [*self._permissions(self._dialect)] if self._dialect is not None else [*self._elsewhere()]

    def _permissions(self, dialect: Dialect) -> Iterator[Message]:
        unasked: list[tuple[Message, str]] = []
        for project in self._spec.projects:
            try:
                answer = dialect.permissions(project, (*READS, *WRITES))
            except SyncError as error:
                unasked.append((error.problems[0].what, project))
                continue
            for name, wanted in (("read", READS), ("write", WRITES)):
                missing = _missing(answer, wanted)
                if missing:
                    yield msg(f"jira.inspect.{name}", project=project, permissions=", ".join(missing))
        yield from _unasked(unasked)

    def _elsewhere(self) -> Iterator[Message]:
        """A scoped token is taken by the gateway only, a classic one by the site only; nothing else tells."""
        parts = urlsplit(self._spec.url)
        if parts.path.startswith(GATEWAY_PATH):
            yield msg("jira.inspect.site")
            return
        cloud_id = self._cloud_id(f"{parts.scheme}://{parts.netloc}/{TENANT}")
        if cloud_id:
            yield msg("jira.inspect.gateway", url=f"{GATEWAY}{cloud_id}")

    def _cloud_id(self, url: str) -> str | None:
        """Asked of the source's own origin, without the token: anybody is answered."""
        try:
            with requests.Session() as session:
                self._transport.mount(session)
                response = self._transport.call(
                    lambda: session.get(url, allow_redirects=False), repeat=Repeat.FREE, what=f"GET {TENANT}"
                )
                answer: Any = self._transport.json(response, TENANT)
        except SyncError:  # no Jira Cloud site: there is no other address to name
            return None
        return string(answer.get("cloudId")) if isinstance(answer, dict) else None


def _unasked(refused: Sequence[tuple[Message, str]]) -> Iterator[Message]:
    """The projects whose permissions nobody would tell, one line for each reason."""
    reasons = [reason for n, (reason, _) in enumerate(refused) if reason not in [other for other, _ in refused[:n]]]
    for reason in reasons:
        projects = ", ".join(project for other, project in refused if other == reason)
        yield msg("jira.inspect.unasked", projects=projects, reason=reason)


def _missing(answer: object, wanted: Sequence[str]) -> list[str]:
    """Permissions that the answer denies; one that it does not name is not known to be missing."""
    held = answer.get("permissions") if isinstance(answer, dict) else None
    rows = held if isinstance(held, Mapping) else {}
    return [
        name for name in wanted if isinstance(row := rows.get(name), Mapping) and row.get("havePermission") is False
    ]
