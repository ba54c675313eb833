"""The GitLab connector as the engine sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from okr_delivery.sync.connector import SourceSpec

if TYPE_CHECKING:
    from okr_delivery.sync.transport import Transport


class GitLabConnector:
    """Reads the projects and groups of one GitLab. Not to be shared between threads."""

    api: ClassVar[int] = 1
    type: ClassVar[str] = "gitlab"

    def __init__(self, spec: SourceSpec, transport: Transport) -> None:
        self._spec = spec
        self._transport = transport

    @classmethod
    def open(cls, spec: SourceSpec, transport: Transport) -> Self:
        """Builds the connector without any request."""
        return cls(spec, transport)
