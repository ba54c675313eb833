"""What every endpoint shares: answers, refusals, and the request with what is known about its caller."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from okr_delivery.sandbox.faults import Faults
    from okr_delivery.sandbox.jira.dialect import Dialect
    from okr_delivery.sandbox.jira.render import Renderer
    from okr_delivery.sandbox.jira.tokens import Tokens
    from okr_delivery.sandbox.tracker import Tracker

UNAUTHENTICATED = "Client must be authenticated to access this resource."
BAD_BODY = "Invalid request payload. Refer to the REST API documentation and try again."


class RefusedError(Exception):
    """An answer other than success. `errors` are by field, `messages` are of the whole request."""

    def __init__(
        self,
        status: int,
        *messages: str,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.messages, self.errors = status, messages, dict(errors or {})
        self.headers = dict(headers or {})
        super().__init__(f"{status}: {messages}")

    def response(self) -> Response:
        made = answer({"errorMessages": list(self.messages), "errors": self.errors}, self.status)
        made.headers.extend(self.headers)
        return made


class AnsweredError(Exception):
    """An answer other than success that has a shape of its own."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer
        super().__init__(str(answer.status_code))


def answer(data: object, status: int = 200) -> Response:
    """A JSON answer; `BASE` inside it is replaced when it leaves the server."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, content_type="application/json;charset=UTF-8")


def nothing(status: int = 204) -> Response:
    """An answer without a body."""
    return Response(b"", status)


@dataclass(slots=True)
class Call:
    """One request under the server's lock. `account` None = anonymous; `projects` None = every project is visible.

    `gone` are ids of projects that a query can't even name.
    """

    request: Request
    version: int
    account: str | None
    projects: frozenset[str] | None
    tracker: Tracker
    faults: Faults
    tokens: Tokens
    render: Renderer
    zone: str  # in which the account's queries are read
    dialect: Dialect
    gone: frozenset[str] = frozenset()

    def sees(self, project: str) -> bool:
        """Whether the caller may see a project, by id."""
        return project not in self.gone and (self.projects is None or project in self.projects)

    def number(self, name: str, default: int, most: int | None = None) -> int:
        """A whole number of the query string. Refuses text; cuts at `most`."""
        text = self.request.args.get(name)
        if text is None:
            return default
        if not text.lstrip("-").isdigit():
            raise RefusedError(400, f"The value of {name} must be a number.")
        return max(0, min(int(text), most) if most is not None else int(text))

    def body(self) -> dict[str, object]:
        """The JSON object of a request. Refuses anything else."""
        try:
            data = json.loads(self.request.get_data())
        except ValueError as error:
            raise RefusedError(400, BAD_BODY) from error
        if not isinstance(data, dict):
            raise RefusedError(400, BAD_BODY)
        return data

    def refuse_anonymous(self) -> None:
        """For endpoints that have no anonymous form."""
        if self.account is None:
            raise RefusedError(401, UNAUTHENTICATED)


def checked(body: Mapping[str, object], allowed: Mapping[str, type | tuple[type, ...]]) -> None:
    """Refuses unknown members, null and wrong types, as the real server's strict bodies do."""
    for name, value in body.items():
        if (
            name not in allowed
            or not isinstance(value, allowed[name])
            or (isinstance(value, bool) and allowed[name] is int)
        ):
            raise RefusedError(400, BAD_BODY)


def strings(value: object, name: str) -> list[str]:
    """A list of strings, or a refusal that names the member."""
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise RefusedError(400, f"{name} must be a list of strings.")
    return [str(v) for v in value]


def page_of(rows: list[object], call: Call, most: int) -> dict[str, object]:
    """An offset page over rows, with `startAt`, `maxResults`, `total` and `isLast`."""
    start, size = call.number("startAt", 0), call.number("maxResults", most, most)
    part = rows[start : start + size]
    last = start + len(part) >= len(rows)
    page = {"maxResults": size, "startAt": start, "total": len(rows), "isLast": last, "values": part}
    if call.faults.foreign_link and not last:
        page["nextPage"] = f"{call.faults.foreign_link}{call.request.path}?startAt={start + len(part)}"
    return page
