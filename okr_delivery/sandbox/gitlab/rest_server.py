"""REST: the server, the token and whose it is."""

from __future__ import annotations

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab.http import Call, answer, found, unauthorized
from okr_delivery.sandbox.gitlab.logins import scopes_of
from okr_delivery.sandbox.gitlab.render import instant
from okr_delivery.sandbox.gitlab.routing import Endpoint
from okr_delivery.sandbox.gitlab.state import Wire

REVISION = "0a1b2c3d4e5"
TOKEN_ID = 4711
YEAR = 365 * 86_400_000


def shown_version(call: Call) -> str:
    return f"{call.state.version}-ee" if call.features.enterprise else call.state.version


def version(call: Call) -> Response:
    return answer({"version": shown_version(call), "revision": REVISION})


def metadata(call: Call) -> Response:
    kas = {"enabled": False, "externalUrl": None, "externalK8sProxyUrl": None, "version": None}
    return answer(
        {
            "version": shown_version(call),
            "revision": REVISION,
            "kas": kas,
            "enterprise": call.features.enterprise,
        }
    )


def user(call: Call) -> Response:
    """The token's user; of a project's or group's token it is a bot."""
    account = call.state.users[found(call.caller.account, "User")]
    bot = call.faults.login_of in ("project", "group")
    more: Wire = {
        "created_at": instant(0),
        "bio": "",
        "bot": bot,
        "email": f"{account.username}@example.com",
        "commit_email": f"{account.username}@example.com",
        "external": False,
        "private_profile": False,
        "two_factor_enabled": False,
    }
    admin: Wire = {"is_admin": True} if call.faults.administrator else {}
    return answer((call.render.user(account.id) or {}) | more | admin)


def own_token(call: Call) -> Response:
    now = call.forge.now
    return answer(
        {
            "id": TOKEN_ID,
            "name": "sandbox",
            "revoked": False,
            "created_at": instant(now - YEAR // 2),
            "description": None,
            "scopes": scopes_of(call.faults),
            "user_id": call.caller.account,
            "last_used_at": instant(now),
            "active": True,
            "expires_at": (instant(now + YEAR // 2) or "")[:10],
        }
    )


def job(call: Call) -> Response:
    """The CI job a token belongs to; nothing for any other token."""
    if not call.caller.job:
        raise unauthorized()
    projects = sorted(call.state.projects.values(), key=lambda row: row.id)
    return answer(
        {
            "id": 90_001,
            "status": "running",
            "stage": "test",
            "name": "okr-delivery",
            "ref": projects[0].default_branch,
            "tag": False,
            "created_at": instant(call.forge.now),
            "user": call.render.user(call.caller.account),
            "web_url": f"{call.render.url}/{projects[0].path}/-/jobs/90001",
            "project": {"ci_job_token_scope_enabled": True},
        }
    )


ENDPOINTS = [
    Endpoint("GET", "version", version),
    Endpoint("GET", "metadata", metadata),
    Endpoint("GET", "user", user),
    Endpoint("GET", "personal_access_tokens/self", own_token),
    Endpoint("GET", "job", job),
]
