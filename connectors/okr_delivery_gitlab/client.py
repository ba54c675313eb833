"""`python-gitlab` with every request led through our transport: its own retries, paging and redirects are off."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests
from gitlab import Gitlab
from gitlab.exceptions import GitlabError

from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.errors import RetryLaterError, SyncError
from okr_delivery.sync.transport import Repeat
from okr_delivery_gitlab.diagnosis import diagnose
from okr_delivery_gitlab.paging import Next, Pager
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.values import Row, listed, mapping, members, string

if TYPE_CHECKING:
    from okr_delivery.sync.transport import Transport

MOST_PAGES = 100_000
REDIRECTS = frozenset({301, 302, 307, 308})
GRAPHQL = "/api/graphql"
NO_GRAPHQL = frozenset({400, 401, 403, 404, 405, 410, 501})
"""What a server without GraphQL for this account answers; REST says whether the account itself is refused."""
MOST_SAID = 300
_NOT_SHOWN = re.compile(r"does not exist|don't have permission|not found", re.IGNORECASE)


class Shown(Enum):
    """How a token is shown: each kind is known by a header of its own. JOB only to learn whether it is a CI job's."""

    PERSONAL = "private_token"  # those of projects and groups too
    BEARER = "oauth_token"  # an application's
    JOB = "job_token"


class StatusError(Exception):
    """A status that the caller wants to read itself (`expect`)."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(str(status))


class AnswerError(Exception):
    """A refusal of a write (400 to 499, 429 excepted), for the writer to say what it means."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        super().__init__(str(response.status_code))


class GraphQLErrors(Exception):  # noqa: N818  # several at once
    """A query was refused: its top-level `errors`, with whatever HTTP status. `messages` are the server's words.

    `data` is what was answered all the same: where single things may not be seen, the others are there. Its cause, if
    it has one, is what the status means where nothing else can be asked.
    """

    def __init__(self, messages: Sequence[str], data: Row | None = None) -> None:
        self.messages = tuple(messages)
        self.data: Row = data or {}
        super().__init__("; ".join(self.messages))

    @property
    def hidden(self) -> bool:
        """Whether single things are not there or not for this account, and `data` holds the others."""
        return bool(self.data) and all(map(_NOT_SHOWN.search, self.messages))


class ServerBusyError(Exception):
    """A GraphQL query was answered with 500 or more as often as it may be repeated: a smaller one may pass.

    Its cause is the SyncError to raise where nothing smaller can be asked.
    """


class GitLabClient:
    """One GitLab for one account. Threads get sessions of their own with the same authentication.

    `server_date` is the `Date` of the first answer: the server's clock before the first page.
    """

    def __init__(self, spec: SourceSpec, token: Secret, transport: Transport, shown: Shown = Shown.PERSONAL) -> None:
        self._url = spec.url
        self._token = token
        self._shown = shown
        self._transport = transport
        self._here = threading.local()
        self._opened: list[requests.Session] = []
        self._opening = threading.Lock()
        self._pager = Pager()
        self.server_date: str | None = None

    def __repr__(self) -> str:
        return "GitLabClient(…)"

    def get(
        self,
        path: str,
        params: Mapping[str, object] | None = None,
        *,
        what: str,
        expect: frozenset[int] = frozenset(),
    ) -> object:
        """The parsed answer of a GET. `path` is that behind `/api/v4/`, ids and paths in it already quoted.

        `what` labels the endpoint ("projects/:id/issues"); a status in `expect` is raised as StatusError. Redirects
        on our own origin are followed. Raises what `Transport.read` raises.
        """
        return self._read(f"/{path}", params, what, expect)[1]

    def first(
        self,
        path: str,
        params: Mapping[str, object] | None = None,
        *,
        what: str,
        expect: frozenset[int] = frozenset(),
    ) -> tuple[list[Row], requests.Response]:
        """The rows of one page and its answer, for who reads its headers."""
        response, value = self._read(f"/{path}", params, what, expect)
        return _rows(value, what), response

    def pages(
        self,
        path: str,
        params: Mapping[str, object] | None = None,
        *,
        what: str,
        expect: frozenset[int] = frozenset(),
    ) -> Iterator[list[Row]]:
        """All pages of a list; `paging` tells how the next one is found. Totals are not looked at.

        Raises AbortSyncError for a page that is no list and for links that lead in a circle.
        """
        rows, response = self.first(path, {"per_page": 100, **(params or {})}, what=what, expect=expect)
        seen: set[str] = set()
        while True:
            yield rows
            following = self.next_page(response, rows)
            if following is None:
                return
            if following.link in seen or len(seen) > MOST_PAGES:
                raise broken("endless", what)
            seen.add(following.link)
            before = rows
            rows, response = self.follow(following.link, what=what)
            if rows == before:  # a server that has no pages gives all it has each time
                return

    def rows(
        self,
        path: str,
        params: Mapping[str, object] | None = None,
        *,
        what: str,
        expect: frozenset[int] = frozenset(),
    ) -> list[Row]:
        """All rows of a short list."""
        return [row for page in self.pages(path, params, what=what, expect=expect) for row in page]

    def follow(self, link: str, *, what: str) -> tuple[list[Row], requests.Response]:
        """The page behind a link of ours."""
        response, value = self._read(link, None, what, frozenset())
        return _rows(value, what), response

    def next_page(self, response: requests.Response, rows: Sequence[Row]) -> Next | None:
        """Where the page behind these rows is, or may be; None on the last one."""
        return self._pager.following(response, len(rows))

    def graphql(self, query: str, variables: Mapping[str, object] | None = None, *, what: str) -> Row:
        """`data` of one query that only reads. `what` labels it ("graphql activity").

        Raises GraphQLErrors for top-level errors, an answer without data and a server that has no GraphQL for this
        account, ServerBusyError for a server that went on failing (its cause is what to raise where nothing smaller
        can be asked), else what `Transport.read` raises.
        """
        body = {"query": query, "variables": dict(variables or {})}

        def attempt() -> requests.Response:
            response = self._send("post", f"{self._url}{GRAPHQL}", None, body)
            if response.status_code in NO_GRAPHQL:
                raise _errors(response, what, self._token)
            return response

        try:
            _, value = self._transport.read(attempt, repeat=Repeat.FREE, what=f"POST {what}")
        except RetryLaterError as error:
            if error.status is None or error.status < 500:
                raise
            raise ServerBusyError(what) from error
        return _data(value, self._token)

    def demand(self, query: str, variables: Mapping[str, object] | None = None, *, what: str) -> Row:
        """`graphql` for a query that nothing smaller can stand in for: all its errors are SyncErrors."""
        try:
            return self.graphql(query, variables, what=what)
        except GraphQLErrors as error:
            if isinstance(error.__cause__, SyncError):
                raise error.__cause__ from None
            raise broken("graphql", what, said="; ".join(error.messages)[:MOST_SAID]) from error
        except ServerBusyError as error:
            raise error.__cause__ or error from None

    def mutate(self, query: str, variables: Mapping[str, object], *, what: str, issue: str) -> Row:
        """`data` of a mutation with absolute values: twice is the same as once. Raises as `graphql` does."""
        body = {"query": query, "variables": dict(variables)}
        response = self._change("post", f"{self._url}{GRAPHQL}", body, f"POST {what}", Repeat.ABSOLUTE, issue)
        return _data(self._transport.json(response, what), self._token)

    def rest(self, method: str, path: str, body: object = None, *, what: str, repeat: Repeat, issue: str) -> object:
        """A request that changes something of the issue with the id `issue`; the parsed answer, None for no content.

        Raises AnswerError for 400 to 499, 429 excepted; a redirect is never followed.
        """
        label = f"{method.upper()} {what}"
        response = self._change(method, f"/{path}", body, label, repeat, issue)
        return self._transport.json(response, label) if response.content.strip() else None

    def close(self) -> None:
        """Closes every session of every thread."""
        with self._opening:
            for session in self._opened:
                session.close()
            self._opened.clear()
            self._here = threading.local()

    def _change(
        self, method: str, path: str, body: object, label: str, repeat: Repeat, issue: str
    ) -> requests.Response:
        def attempt() -> requests.Response:
            response = self._send(method, path, None, body)
            if 400 <= response.status_code < 500 and response.status_code != 429:
                raise AnswerError(response)
            return response

        return self._transport.call(attempt, repeat=repeat, what=label, issue=issue)

    def _read(
        self, path: str, params: Mapping[str, object] | None, what: str, expect: frozenset[int]
    ) -> tuple[requests.Response, object]:
        def attempt() -> requests.Response:
            response = self._followed(path, params)
            if response.status_code in expect:
                raise StatusError(response.status_code)
            problem = diagnose(response, what)
            if problem is not None:
                raise problem
            return response

        response, value = self._transport.read(attempt, repeat=Repeat.FREE, what=f"GET {what}")
        self.server_date = self.server_date or response.headers.get("Date")
        return response, value

    def _followed(self, path: str, params: Mapping[str, object] | None) -> requests.Response:
        """A GET; what a renamed project answers is followed once, and the transport keeps it on our own origin."""
        response = self._send("get", path, params, None)
        target = response.headers.get("Location")
        if response.status_code not in REDIRECTS or not target:
            return response
        return self._send("get", urljoin(response.url, target), None, None)

    def _send(self, method: str, path: str, params: Mapping[str, object] | None, body: object) -> requests.Response:
        """One request; the library turns a status into an exception, the transport wants the answer."""
        gitlab, session = self._tools()
        bearer = {"Authorization": f"Bearer {self._token.value}"} if path.endswith(GRAPHQL) else None
        try:
            return gitlab.http_request(
                method, path, query_data=dict(params or {}), post_data=body,  # type: ignore[arg-type]  # lists are JSON too
                max_retries=0, obey_rate_limit=False, retry_transient_errors=False, extra_headers=bearer,
            )  # fmt: skip
        except GitlabError:
            if session.answer is None:
                raise
            return session.answer
        finally:
            session.answer = None  # each thread would keep a large body until its next request

    def _tools(self) -> tuple[Gitlab, _Session]:
        found: tuple[Gitlab, _Session] | None = getattr(self._here, "tools", None)
        if found is None:
            session = _Session()
            self._transport.mount(session)
            token: dict[str, Any] = {self._shown.value: self._token.value}
            gitlab = Gitlab(self._url, **token, session=session, keep_base_url=True, user_agent="okr-delivery")
            found = self._here.tools = (gitlab, session)
            with self._opening:
                self._opened.append(session)
        return found


class _Session(requests.Session):
    """Keeps the last answer, which the library's exceptions do not carry, and follows nothing by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: requests.Response | None = None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        self.answer = None
        self.answer = super().send(request, **kwargs)
        return self.answer

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: a library that follows a redirect of a POST sends a GET."""


def _rows(value: object, what: str) -> list[Row]:
    found = members(value)
    if not isinstance(value, list) or len(found) != len(value):
        raise broken("shape", what)
    return found


def _data(value: object, token: Secret) -> Row:
    answer = mapping(value)
    said = [_said(error, token) for error in listed(answer.get("errors"))]
    if said or not isinstance(answer.get("data"), dict):
        raise GraphQLErrors(said or ["no data"], mapping(answer.get("data")))
    return mapping(answer["data"])


def _errors(response: requests.Response, what: str, token: Secret) -> GraphQLErrors:
    """A refusal by status, in the server's words where it has some."""
    try:
        said = [_said(error, token) for error in listed(mapping(response.json()).get("errors"))]
    except ValueError:
        said = []
    refusal = GraphQLErrors(said or [str(response.status_code)])
    refusal.__cause__ = diagnose(response, what)
    return refusal


def _said(error: object, token: Secret) -> str:
    """The server's words, which are shown to people; what stands before a server may echo a request's header."""
    return (string(mapping(error).get("message")) or "–").replace(token.value, "***")[:MOST_SAID]
