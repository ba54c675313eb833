"""Answers of requests that a faults file makes fail."""

from __future__ import annotations

from werkzeug.wrappers import Response

from okr_delivery.sandbox.faults import Failure
from okr_delivery.sandbox.jira.http import UNAUTHENTICATED, answer
from okr_delivery.sandbox.jira.limits import TOO_MANY, Refusal, wait
from okr_delivery.sandbox.jira.login import login_page

TEXTS = {429: TOO_MANY, 401: UNAUTHENTICATED, 409: "The issue is being edited by somebody else.", 413: "Too large."}


def answer_of(failure: Failure, now: float, *, named: bool) -> Response:
    """A status, a login page or a redirect; `named`: whether a 429 gives its reason in a header."""
    if failure.kind == "html_login":
        return login_page()
    if failure.kind == "redirect":
        return Response(b"", 302, headers={"Location": failure.to})
    text = TEXTS.get(failure.status, "Service unavailable.")
    response = answer({"errorMessages": [text], "errors": {}}, failure.status)
    reason = failure.reason or "jira-burst-based"
    if failure.status == 429 and (named or failure.reason):
        response.headers["RateLimit-Reason"] = reason
    for name, value in _wait(failure, reason, now).items():
        response.headers[name] = value
    return response


def _wait(failure: Failure, reason: str, now: float) -> dict[str, str]:
    after = failure.retry_after
    if failure.form is not None:
        return wait(Refusal(reason, after if isinstance(after, int) else 1), failure.form, "beta", now)
    if after == "date":
        return wait(Refusal(reason, 1), "date", "off", now)
    return {} if after is None else {"Retry-After": str(after)}


def truncate(response: Response) -> None:
    """Leaves half of the right answer, with a length that fits."""
    data = response.get_data()
    response.set_data(data[: max(1, len(data) // 2)])
