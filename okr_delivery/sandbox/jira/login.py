"""Who is asking: tokens, the gateway, scopes, and the many faces of a login that fails."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.jira.http import UNAUTHENTICATED, AnsweredError, RefusedError, answer

LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Log in</title></head><body>Log in to continue</body></html>"
READS = frozenset(
    {
        "search",
        "search/jql",
        "search/approximate-count",
        "issue/bulkfetch",
        "changelog/bulkfetch",
        "comment/list",
    }
)
"""Endpoints that are asked by POST and only read."""


@dataclass(frozen=True, slots=True)
class Caller:
    """`account` None = nobody; `failed`: a login came with the request and was not good."""

    account: str | None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """What a login is checked against. `gateway`: whether the request came through it; `live`: not revoked yet."""

    user: str
    token: str
    account: str
    gateway: bool
    live: bool
    gated: bool  # whether this kind of Jira has a gateway
    url: str


def identify(request: Request, door: Door, faults: Faults) -> Caller:
    """The caller. Raises RefusedError or AnsweredError for a login that is refused."""
    login = request.authorization
    if login is None and not door.gateway:
        return Caller(None)
    if login is not None and door.live and _fits(request, door, faults):
        return Caller(door.account)
    if door.gateway or (door.gated and faults.login_kind != "classic"):
        raise AnsweredError(answer({"code": 401, "message": "Unauthorized"}, 401))
    return _failed(door, faults)


def _fits(request: Request, door: Door, faults: Faults) -> bool:
    login = request.authorization
    basic = login is not None and login.type == "basic" and (login.username, login.password) == (door.user, door.token)
    bearer = login is not None and login.type == "bearer" and login.token == door.token
    if not door.gated or faults.login_kind == "classic":
        return (basic or bearer) and not door.gateway
    return door.gateway and (basic if faults.login_kind == "scoped" else bearer)


def _failed(door: Door, faults: Faults) -> Caller:
    if faults.dead_login in ("anonymous", "seraph"):
        return Caller(None, failed=True)
    if faults.dead_login == "captcha":
        page = Response("<html><body>Basic Authentication Failure</body></html>", 403, content_type="text/html")
        denied = f"CAPTCHA_CHALLENGE; login-url={door.url}/login.jsp"
        page.headers["X-Authentication-Denied-Reason"] = denied
        raise AnsweredError(page)
    if faults.dead_login == "sso":
        raise AnsweredError(login_page())
    raise RefusedError(401, UNAUTHENTICATED)


def login_page() -> Response:
    """What single sign-on answers to a stranger, with a status that says all is well."""
    return Response(LOGIN_PAGE, 200, content_type="text/html;charset=UTF-8")


def check_scope(method: str, label: str, agile: bool, faults: Faults) -> None:
    """Refuses a token that lacks the scope of an endpoint, in the words of the gateway."""
    needed = _scope(method, label, agile)
    if faults.scopes is not None and needed is not None and needed not in faults.scopes:
        raise AnsweredError(answer({"code": 401, "message": "Unauthorized; scope does not match"}, 401))


def _scope(method: str, label: str, agile: bool) -> str | None:
    writes = method != "GET" and label not in READS
    if agile:
        thing = "sprint" if label.startswith("sprint") or label.endswith("sprint") else "board-scope"
        return f"{'write' if writes else 'read'}:{thing}:jira-software"
    if label in ("serverInfo", "browse/{key}", "_edge/tenant_info"):
        return None
    if label == "myself":
        return "read:jira-user"
    return "write:jira-work" if writes else "read:jira-work"
