"""Jira Data Center 10.3: its endpoints, version 2 only, and rate limit headers on every answer to a known caller."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Response

from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.jira.dialect import PLATFORM, Dialect
from okr_delivery.sandbox.jira_datacenter import search
from okr_delivery.sandbox.jira_datacenter.limits import BucketLimits
from okr_delivery.sandbox.jira_datacenter.people import account_of, name_of
from okr_delivery.sandbox.jira_datacenter.render import DataCenterRenderer
from okr_delivery.sandbox.site import BASE, Site


class DataCenter(Dialect):
    """The old search is the only one; histories come inside issues."""

    platform = PLATFORM | {("GET", "search"): search.search, ("POST", "search"): search.search}
    versions = (2,)
    server_name = "Apache-Coyote/1.1"
    unseen = "Issue Does Not Exist"
    link_made = 200
    server = {  # noqa: RUF012  # constant of the class
        "baseUrl": BASE,
        "version": "10.3.0",
        "versionNumbers": [10, 3, 0],
        "deploymentType": "Server",
        "buildNumber": 10_030_000,
        "buildDate": "2024-12-05T00:00:00.000+0000",
        "databaseBuildNumber": 10_030_000,
        "scmInfo": "0000000000000000000000000000000000000000",
        "serverTitle": "Jira",
    }

    def renderer(self, site: Site, zone: str, version: int, faults: Faults) -> DataCenterRenderer:
        return DataCenterRenderer(site, zone, version, faults)

    def limits(self) -> BucketLimits:
        return BucketLimits()

    def inline_cap(self, faults: Faults, *, alone: bool) -> int | None:
        return faults.issue_history_cap if alone else faults.search_history_cap

    def account(self, site: Site, value: object) -> str | None:
        wanted = (value.get("name") or value.get("key")) if isinstance(value, Mapping) else value
        return account_of(site, str(wanted))

    def rewrite(self, data: bytes) -> bytes:
        """The site is kept with Cloud's addresses of version 3."""
        return data.replace(f"{BASE}/rest/api/3/".encode(), f"{BASE}/rest/api/2/".encode())

    def headers(self, response: Response, account: str | None, *, failed: bool) -> None:
        if failed:
            response.headers["X-Seraph-LoginReason"] = "AUTHENTICATED_FAILED"
        if account is not None:
            response.headers["X-AUSERNAME"] = name_of(account)
            response.headers["X-Seraph-LoginReason"] = "OK"
