"""The `jira` library with every request led through our transport: its own retries, paging and logging are off."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import requests
from jira import JIRA
from jira.exceptions import JIRAError

from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.transport import Repeat
from okr_delivery_jira.diagnosis import diagnose
from okr_delivery_jira.problems import broken, path_of

if TYPE_CHECKING:
    from okr_delivery.sync.transport import Transport


class StatusError(Exception):
    """A status that the caller wants to read itself (`expect`)."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(str(status))


class AnswerError(Exception):
    """A refusal of a write (400 to 499), for the writer to say what it means."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        super().__init__(str(response.status_code))


class JiraClient(JIRA):
    """One site. The constructor asks for `serverInfo`; other threads get sessions of their own with the same auth."""

    def __init__(self, spec: SourceSpec, token: Secret, transport: Transport) -> None:
        self._transport = transport
        self._sessions = threading.local()
        self._opened: list[requests.Session] = []
        self._opening = threading.Lock()
        self.server_date: str | None = None  # `Date` of the first answer: the server's clock before the first page
        self.site: Mapping[str, object] = {}  # what `serverInfo` said
        self.always_named = True  # every answer so far names the account that it was made for
        super().__init__(server=spec.url, max_retries=0, logging=False, get_server_info=True, **_auth(spec, token))

    def _add_ssl_cert_verif_strategy_to_session(self) -> None:
        """The library's hook between creating its session and its first request: the transport takes the session."""
        super()._add_ssl_cert_verif_strategy_to_session()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        self._adopt(self._session)

    def server_info(self) -> dict[str, Any]:
        """Asked once, by the constructor. Raises AbortSyncError for an answer that names no version."""
        answer = self.read("serverInfo")
        if not isinstance(answer, dict) or not isinstance(answer.get("versionNumbers"), list):
            raise broken("shape", "serverInfo")
        self.site = answer
        return answer

    def myself(self) -> dict[str, Any]:
        """Whose token it is; an answer that is no object names nobody."""
        answer = self.read("myself")
        return answer if isinstance(answer, dict) else {}

    def _adopt(self, session: requests.Session) -> None:
        self._transport.mount(session)
        self._sessions.here = session
        with self._opening:
            self._opened.append(session)

    def _session_here(self) -> requests.Session:
        session: requests.Session | None = getattr(self._sessions, "here", None)
        if session is None:
            session = requests.Session()
            session.headers["Accept"] = "application/json"
            session.auth = self._session.auth
            self._adopt(session)
        return session

    def _get_json(
        self,
        path: str,
        params: dict[str, Any] | None = None,
        base: str = JIRA.JIRA_BASE_URL,
        use_post: bool = False,
    ) -> Any:
        """What the library's own methods (`server_info`, `myself`, `fields`, `statuses`) read through."""
        if use_post:
            return self.ask(path, params or {})
        return self.read(path, params, base=base)

    def read(
        self, path: str, params: Mapping[str, Any] | None = None, *, base: str = JIRA.JIRA_BASE_URL,
        what: str | None = None, expect: frozenset[int] = frozenset(),
    ) -> Any:  # fmt: skip
        """GET. `what` labels the endpoint where `path` holds ids; a status in `expect` is raised as StatusError."""
        url = self._get_url(path, base)
        return self._send(
            lambda: self._session_here().get(url, params=params, allow_redirects=False),
            url, f"GET {what or path}", expect,
        )  # fmt: skip

    def agile(
        self, path: str, params: Mapping[str, Any] | None = None, *, what: str, expect: frozenset[int] = frozenset()
    ) -> Any:
        """GET of the agile API."""
        return self.read(path, params, base=self.AGILE_BASE_URL, what=what, expect=expect)

    def ask(self, path: str, body: Mapping[str, Any], *, expect: frozenset[int] = frozenset()) -> Any:
        """A POST that only reads, so that it may be repeated."""
        url, data = self._get_url(path), json.dumps(body)
        headers = {"Content-Type": "application/json"}
        return self._send(
            lambda: self._session_here().post(url, data=data, headers=headers, allow_redirects=False),
            url, f"POST {path}", expect,
        )  # fmt: skip

    def change(
        self, method: str, path: str, body: object = None, *, what: str, repeat: Repeat, issue: str
    ) -> requests.Response:
        """A request that changes the issue with the id `issue`. Raises AnswerError for 400 to 499, 429 excepted."""
        url, data = self._get_url(path), None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"}

        def attempt() -> requests.Response:
            response = _plain(
                lambda: self._session_here().request(method, url, data=data, headers=headers, allow_redirects=False)
            )
            if 400 <= response.status_code < 500 and response.status_code != 429:
                raise AnswerError(response)
            return response

        return self._transport.call(attempt, repeat=repeat, what=f"{method} {what}", issue=issue)

    def parsed(self, response: requests.Response, what: str) -> object:
        """The body of a write's answer. Raises as `Transport.json` does."""
        return self._transport.json(response, what)

    def _send(self, send: Callable[[], requests.Response], url: str, what: str, expect: frozenset[int]) -> Any:
        def attempt() -> requests.Response:
            response = _plain(send)
            if response.status_code in expect:
                raise StatusError(response.status_code)
            problem = diagnose(response, what)
            if problem is not None:
                raise problem
            return response

        response, value = self._transport.read(attempt, repeat=Repeat.FREE, what=what)
        self.server_date = self.server_date or response.headers.get("Date")
        if not _named(response):  # only ever set to one value, because threads answer at once
            self.always_named = False
        return value

    def close(self) -> None:
        """Closes every session of every thread."""
        with self._opening:
            for session in self._opened:
                session.close()
            self._opened.clear()
        super().close()  # type: ignore[no-untyped-call]  # the library leaves it untyped


def _named(response: requests.Response) -> bool:
    """Whether an answer names the account it was made for, as Cloud and Data Center do in headers of their own."""
    headers = response.headers
    return "X-AACCOUNTID" in headers or headers.get("X-AUSERNAME", "anonymous") != "anonymous"


def _auth(spec: SourceSpec, token: Secret) -> dict[str, Any]:
    """Basic with a user, bearer without: never Basic with an empty name."""
    return {"basic_auth": (spec.user, token.value)} if spec.user else {"token_auth": token.value}


def _plain(send: Callable[[], requests.Response]) -> requests.Response:
    """The library's session turns a status into an exception; the transport wants the answer."""
    try:
        return send()
    except JIRAError as error:
        if error.response is None:
            raise requests.ConnectionError(f"no answer from {path_of(str(error.url or ''))}") from None
        return error.response
