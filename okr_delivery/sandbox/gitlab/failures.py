"""Answers of requests that a faults file makes fail."""

from __future__ import annotations

from email.utils import formatdate
from math import ceil

from werkzeug.wrappers import Response

from okr_delivery.sandbox.faults import Failure, Faults
from okr_delivery.sandbox.gitlab.http import answer, text
from okr_delivery.sandbox.gitlab.limits import LATER
from okr_delivery.sandbox.gitlab.logins import login_page

TEXTS = {
    401: "401 Unauthorized",
    403: "403 Forbidden",
    404: "404 Not found",
    409: "409 Conflict",
    500: "500 Internal Server Error",
}
SLOW = "Internal server error"


def answer_of(failure: Failure, label: str, faults: Faults, now: float) -> Response:
    """A status, a login page, a redirect, or a GraphQL answer that is nothing but errors."""
    if failure.kind == "html_login":
        return login_page()
    if failure.kind == "redirect":
        return Response(b"", 302, headers={"Location": failure.to})
    if failure.kind == "graphql_errors":
        return answer({"errors": [{"message": failure.reason or SLOW}]})
    return _waiting(_status(failure, label), failure, faults, now)


def _status(failure: Failure, label: str) -> Response:
    if failure.status == 429:
        return text(LATER, 429)
    if failure.status in (502, 503, 504):
        page = f"<html><head><title>GitLab is not responding ({failure.status})</title></head></html>"
        return Response(page, failure.status, content_type="text/html")
    said = TEXTS.get(failure.status, str(failure.status))
    return answer({"errors": [{"message": SLOW}]} if label == "graphql" else {"message": said}, failure.status)


def _waiting(response: Response, failure: Failure, faults: Faults, now: float) -> Response:
    after = formatdate(ceil(now) + 1, usegmt=True) if failure.retry_after == "date" else failure.retry_after
    if after is not None and faults.rate_headers == "all":
        response.headers["Retry-After"] = str(after)
    return response


def truncate(response: Response) -> None:
    """Leaves half of the right answer, with a length that fits."""
    data = response.get_data()
    response.set_data(data[: max(1, len(data) // 2)])
