"""Every address of the REST interface."""

from __future__ import annotations

from okr_delivery.sandbox.gitlab import (
    rest_events,
    rest_issues,
    rest_notes,
    rest_planning,
    rest_projects,
    rest_requests,
    rest_server,
    rest_shipping,
    rest_statuses,
    rest_writes,
)
from okr_delivery.sandbox.gitlab.routing import Endpoint

ENDPOINTS: list[Endpoint] = [
    *rest_server.ENDPOINTS,
    *rest_projects.ENDPOINTS,
    *rest_issues.ENDPOINTS,
    *rest_events.ENDPOINTS,
    *rest_notes.ENDPOINTS,
    *rest_planning.ENDPOINTS,
    *rest_requests.ENDPOINTS,
    *rest_shipping.ENDPOINTS,
    *rest_statuses.ENDPOINTS,
    *rest_writes.ENDPOINTS,
]
