"""Who is asking: personal, project and group tokens, CI job tokens, their scopes, and logins that fail."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.gitlab.http import RefusedError, unauthorized

LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Sign in · GitLab</title></head><body>GitLab.com Sign in</body></html>"
REVOKED = {
    "error": "invalid_token",
    "error_description": "Token was revoked. You have to re-authorize from the user.",
}
JOB_MAY = frozenset(
    {
        "job",
        "projects/:id/deployments",
        "projects/:id/deployments/:deployment_id",
        "projects/:id/deployments/:deployment_id/merge_requests",
        "projects/:id/environments",
        "projects/:id/releases",
        "projects/:id/releases/:tag",
        "projects/:id/merge_requests",
        "projects/:id/merge_requests/:iid",
        "projects/:id/merge_requests/:iid/commits",
        "projects/:id/merge_requests/:iid/closes_issues",
    }
)
"""Endpoints that a CI job's token opens."""
OPEN = frozenset({"graphql"})  # endpoints with an anonymous form


@dataclass(frozen=True, slots=True)
class Caller:
    """`account` None = nobody. `job`: with a CI job's token."""

    account: int | None
    job: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """What a login is checked against. `live`: not revoked yet."""

    token: str
    account: int
    live: bool


def identify(request: Request, label: str, door: Door, faults: Faults) -> Caller:
    """The caller. Raises RefusedError for a login that is refused, LoginPageError for one that is led to a form."""
    sent, as_job = _sent(request)
    job = faults.login_of == "job"
    if sent is not None and door.live and sent == door.token and as_job == job:
        if job and label not in JOB_MAY:
            raise _refused(label)
        return Caller(door.account, job)
    if faults.dead_login == "sso":
        raise LoginPageError
    if sent is None and label in OPEN:
        return Caller(None)
    if sent == door.token and not door.live and label != "graphql":
        raise RefusedError(401, REVOKED)
    raise _refused(label)


def _refused(label: str) -> RefusedError:
    if label == "graphql":
        return RefusedError(401, {"errors": [{"message": "Invalid token"}]})
    return unauthorized()


def _sent(request: Request) -> tuple[str | None, bool]:
    """The token of a request, and whether it came as a job's."""
    job = request.headers.get("JOB-TOKEN") or request.args.get("job_token")
    if job:
        return job, True
    login = request.authorization
    if login is not None and login.type == "bearer":
        return login.token, False
    return request.headers.get("PRIVATE-TOKEN") or request.args.get("private_token"), False


class LoginPageError(Exception):
    """What single sign-on answers to a stranger: a form, with a status that says all is well."""


def login_page() -> Response:
    return Response(LOGIN_PAGE, 200, content_type="text/html; charset=utf-8")


def check_scope(method: str, label: str, faults: Faults) -> None:
    """Refuses a token without the scope of an endpoint."""
    if faults.scopes is None or label in ("version", "job", "personal_access_tokens/self"):
        return
    allowed = {"api"} | ({"read_api"} if method == "GET" or label == "graphql" else set())
    allowed |= {"read_user"} if label == "user" else set()
    if allowed & set(faults.scopes):
        return
    if label == "graphql":
        raise RefusedError(401, {"errors": [{"message": "Invalid token"}]})
    described = "The request requires higher privileges than provided by the access token."
    scopes = " ".join(sorted(allowed))
    raise RefusedError(403, {"error": "insufficient_scope", "error_description": described, "scope": scopes})


def scopes_of(faults: Faults) -> list[str]:
    """What the token's own description says."""
    return ["api"] if faults.scopes is None else list(faults.scopes)
