"""What the readers of histories ask of a GitLab: a GraphQL query, or the pages of one list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Protocol

from okr_delivery.sync.errors import SyncError
from okr_delivery_gitlab.client import MOST_SAID, GraphQLErrors
from okr_delivery_gitlab.problems import broken, later
from okr_delivery_gitlab.values import Row

_TROUBLE = re.compile(r"internal server error|tim(?:ed |e-?)out", re.IGNORECASE)
"""The words of a server in trouble, which the same query may pass a moment later."""


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


class Queries(Protocol):
    """What answers queries, and no lists."""

    def graphql(self, query: str, variables: Mapping[str, object] | None = None, *, what: str) -> Row: ...


def persistent(client: Queries, query: str, variables: Mapping[str, object] | None = None, *, what: str) -> Row:
    """The `data` of a query that is asked a second time where the server is in trouble and says so with 200.

    What a server fails to say must not be taken for what it has not got. Raises RetryLaterError if the trouble lasts,
    GraphQLErrors for a refusal, and ServerBusyError.
    """
    try:
        return client.graphql(query, variables, what=what)
    except GraphQLErrors as error:
        if not _in_trouble(error):
            raise
    try:
        return client.graphql(query, variables, what=what)
    except GraphQLErrors as error:
        if _in_trouble(error):
            raise refusal(error, what) from error
        raise


def refusal(error: GraphQLErrors, what: str) -> SyncError:
    """What to raise where nothing else can be asked: what the status means, and whether a later run may pass."""
    if isinstance(error.__cause__, SyncError):
        return error.__cause__
    said = "; ".join(error.messages)[:MOST_SAID]
    return later("graphql", what, said=said) if _in_trouble(error) else broken("graphql", what, said=said)


def _in_trouble(error: GraphQLErrors) -> bool:
    return any(_TROUBLE.search(said) for said in error.messages)
