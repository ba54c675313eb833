"""Jira Cloud: its endpoints, its versions 2 and 3, its headers."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Response

from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.jira import comments
from okr_delivery.sandbox.jira.dialect import PAGES, PLATFORM, Dialect
from okr_delivery.sandbox.jira_cloud import bulk, metadata, search
from okr_delivery.sandbox.jira_cloud.limits import CloudLimits
from okr_delivery.sandbox.jira_cloud.render import CloudRenderer
from okr_delivery.sandbox.site import BASE, Site


class Cloud(Dialect):
    """Token pages, bulk endpoints, and an old search that is gone."""

    platform = PLATFORM | {
        ("GET", "statuses/search"): metadata.status_search,
        ("GET", "project/search"): metadata.project_search,
        ("GET", "search"): search.gone,
        ("POST", "search"): search.gone,
        ("GET", "search/jql"): search.search,
        ("POST", "search/jql"): search.search,
        ("POST", "search/approximate-count"): search.count,
        ("POST", "issue/bulkfetch"): bulk.bodies,
        ("POST", "changelog/bulkfetch"): bulk.histories,
        ("GET", "issue/<issue_id>/changelog"): bulk.changelog,
        ("POST", "comment/list"): comments.by_ids,
    }
    pages = PAGES | {("GET", "_edge/tenant_info"): metadata.tenant}
    versions = (2, 3)
    gateway = True
    names_reasons = True
    server_name = "AtlassianEdge"
    unseen = "Issue does not exist or you do not have permission to see it."
    server = {  # noqa: RUF012  # constant of the class
        "baseUrl": BASE,
        "displayUrl": BASE,
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100290,
        "buildDate": "2026-11-01T08:00:00.000+0800",
        "scmInfo": "0000000000000000000000000000000000000000",
        "serverTitle": "Jira",
        "defaultLocale": {"locale": "en_US"},
    }

    def renderer(self, site: Site, zone: str, version: int, faults: Faults) -> CloudRenderer:
        return CloudRenderer(site, zone, version, faults)

    def limits(self) -> CloudLimits:
        return CloudLimits()

    def inline_cap(self, faults: Faults, *, alone: bool) -> int | None:
        return faults.inline_history_cap

    def account(self, site: Site, value: object) -> str | None:
        wanted = (value.get("accountId") or value.get("id")) if isinstance(value, Mapping) else value
        return str(wanted) if str(wanted) in site.users else None

    def headers(self, response: Response, account: str | None, *, failed: bool) -> None:
        if account is not None:
            response.headers["X-AACCOUNTID"] = account
