"""A plain client for the sandbox: no library between the test and the wire."""

from __future__ import annotations

from typing import Any

import requests

from okr_delivery.sandbox.jira_cloud import RunningServer


class Client:
    """Requests to one server. `user` None = anonymous."""

    def __init__(
        self, server: RunningServer, user: str | None = "", token: str | None = None, version: int = 2
    ) -> None:
        self.server, self.version = server, version
        self.root = server.url
        self.session = requests.Session()
        self.session.trust_env = False
        if user is not None:
            self.session.auth = (user or server.user, token or server.token)

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """`path` is under the platform API unless it begins with a slash."""
        address = path if path.startswith("/") else f"/rest/api/{self.version}/{path}"
        return self.session.request(method, self.root + address, timeout=10, **options)

    def get(self, path: str, **query: Any) -> Any:
        return self._ok(self.send("GET", path, params=query))

    def post(self, path: str, body: object) -> Any:
        return self._ok(self.send("POST", path, json=body))

    def _ok(self, response: requests.Response) -> Any:
        assert response.status_code in (200, 201), response.text
        return response.json()

    def search(self, jql: str, **more: object) -> dict[str, Any]:
        """One page."""
        found: dict[str, Any] = self.post("search/jql", {"jql": jql, "maxResults": 5000} | more)
        return found

    def found(self, jql: str, **more: object) -> dict[str, Any]:
        """One page of the old search, which only a Data Center answers."""
        page: dict[str, Any] = self.post("search", {"jql": jql, "maxResults": 1000} | more)
        return page

    def ids(self, jql: str, **more: object) -> list[str]:
        """All pages."""
        found: list[str] = []
        token: dict[str, object] = {}
        for _ in range(500):
            page = self.search(jql, **(more | token))
            found += [row["id"] for row in page["issues"]]
            if not page.get("nextPageToken"):
                return found
            token = {"nextPageToken": page["nextPageToken"]}
        raise AssertionError("no end")

    def histories(self, ids: list[str], **more: object) -> list[dict[str, Any]]:
        """All pages of the bulk history, as they came."""
        pages = [self.post("changelog/bulkfetch", {"issueIdsOrKeys": ids, **more})]
        while pages[-1].get("nextPageToken"):
            body = {"issueIdsOrKeys": ids, "nextPageToken": pages[-1]["nextPageToken"], **more}
            pages.append(self.post("changelog/bulkfetch", body))
        return pages

    def issue(self, key: str | int, **query: Any) -> Any:
        return self.get(f"issue/{key}", **query)

    def errors(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """Status and messages of a refusal."""
        response = self.send(method, path, json=body)
        data = response.json()
        return response.status_code, " ".join([*data["errorMessages"], *data["errors"].values()])
