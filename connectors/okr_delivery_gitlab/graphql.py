"""What the readers of histories ask of a GitLab: a GraphQL query, or the pages of one list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from okr_delivery_gitlab.values import Row


class Asks(Protocol):
    """The reading side of the client; safe to call from several threads."""

    def graphql(self, query: str, variables: Mapping[str, object] | None = None, *, what: str) -> Row:
        """`data` of one query.

        Raises GraphQLErrors for top-level errors, whatever the status, and ServerBusyError for a server that went on
        failing; its cause is the SyncError to raise where nothing smaller can be asked.
        """
        ...

    def pages(
        self,
        path: str,
        params: Mapping[str, object] | None = None,
        *,
        what: str,
        expect: frozenset[int] = frozenset(),
    ) -> Iterator[list[Row]]:
        """All pages of a REST list. Raises StatusError for a status in `expect`."""
        ...
