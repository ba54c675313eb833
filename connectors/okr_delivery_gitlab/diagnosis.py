"""What a refusal by GitLab means, and what to set so that it goes away."""

from __future__ import annotations

import requests

from okr_delivery.sync.errors import SyncError
from okr_delivery_gitlab.problems import path_of, refused

READS = "read_api"


def diagnose(response: requests.Response, what: str) -> SyncError | None:
    """The error for statuses that mean one thing in GitLab; None leaves the answer to the transport."""
    path = path_of(response.url)
    error: SyncError
    match response.status_code:
        case 401:
            error = refused("unauthorized", path)
        case 403 if "insufficient_scope" in response.text[:2000]:
            error = refused("scope", path, scope=READS)
        case 403 if "blocked" in response.text[:2000].lower():
            error = refused("blocked", path)
        case 403:
            error = refused("forbidden", path)
        case 404:
            error = refused("not_found", path)
        case _:
            return None
    error.status = response.status_code
    return error
