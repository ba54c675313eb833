"""A small GitLab with a past, and a plain client for it: no library between the test and the wire."""

from __future__ import annotations

from datetime import date
from typing import Any

import requests

from okr_delivery.sandbox.gitlab.forge import Forge
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.state import (
    Cadence,
    CustomField,
    GitLab,
    Group,
    Iteration,
    Project,
    Tier,
    User,
)

START = 1_794_967_200
ME, ANNA = 1, 2


class Clock:
    """The server's clock: stands until it is moved."""

    def __init__(self) -> None:
        self.now = float(START)

    def __call__(self) -> float:
        return self.now


def small(clock: Clock, tier: Tier = Tier.ULTIMATE, version: str = "18.5.0") -> GitLab:
    """Two groups, three projects, six issues and an epic; every write a minute after the one before."""
    state = GitLab("small", int(clock.now), ME, tier=tier, version=version)
    state.users = {ME: User(ME, "okr-bot", "OKR Bot"), ANNA: User(ANNA, "anna", "Anna")}
    state.groups = {7: Group(7, "acme", "Acme"), 8: Group(8, "acme/deep", "Deep", parent=7)}
    state.projects = {
        10: Project(10, "acme/shop", "Shop", 7),
        11: Project(11, "acme/attic", "Attic", 7, archived=True),
        12: Project(12, "acme/deep/tools", "Tools", 8),
    }
    state.cadences = {1: Cadence(1, "Fortnights", 7)}
    state.iterations = {34: Iteration(34, 3, 1, 3, date(2026, 11, 16), date(2026, 11, 29), "current")}
    state.custom_fields = {
        5: CustomField(5, "Key result", "text"),
        6: CustomField(6, "Size", "single_select", ((61, "Small"), (62, "Large"))),
        9: CustomField(9, "Share", "number"),
    }
    _fill(Forge(state, clock), clock)
    return state


def _fill(forge: Forge, clock: Clock) -> None:
    for name in ("workflow::todo", "workflow::doing", "priority::high", "needs love"):
        forge.add_label(name, group="acme")
    sprint = forge.add_milestone("Sprint 1", project="acme/shop", start=date(2026, 11, 2), due=date(2026, 11, 15))
    forge.add_milestone("Quarter", group="acme", due=date(2026, 12, 31))
    for number in range(1, 5):
        clock.now += 60
        forge.create("acme/shop", f"Step {number}", description="- [x] one\n- [ ] two" if number == 1 else "")
    clock.now += 60
    forge.create("acme/attic", "Dusty")
    forge.create("acme/deep/tools", "Deep work")
    clock.now += 60
    forge.label("acme/shop#1", "workflow::todo", "priority::high")
    forge.edit("acme/shop#1", {"milestone": sprint.id})
    clock.now += 60
    forge.label("acme/shop#1", "workflow::doing")
    forge.comment("acme/shop#1", "Shall we?", user=ANNA)
    clock.now += 60
    forge.edit("acme/shop#2", {"title": "Second step"})
    forge.close("acme/shop#2")
    forge.link("acme/shop#1", "acme/shop#3", "blocks")
    if forge.state.tier.paid:
        _paid(forge)
    forge.open_request("acme/shop", "Make it so", "Closes #1, see #3")
    forge.merge("acme/shop", 1)
    forge.deploy("acme/shop")
    forge.release("acme/shop", "v1", (sprint.id,))


def _paid(forge: Forge) -> None:
    forge.edit("acme/shop#1", {"weight": 3, "iteration": 34, "custom": {5: "KR-1", 6: [62], 9: 0.5}})
    epic = forge.create_epic("acme", "All of it")
    forge.edit("acme/shop#1", {"parent": epic.id})


class Client:
    """Requests to one server as `token`; None = nobody, `header` how it is sent."""

    def __init__(self, server: RunningServer, token: str | None = "", header: str = "PRIVATE-TOKEN") -> None:
        self.server = server
        self.token = server.token if token == "" else token
        self._header = header

    def send(self, method: str, path: str, **more: Any) -> requests.Response:
        """An answer, whatever its status; redirects are not followed."""
        value = f"Bearer {self.token}" if self._header == "Authorization" else str(self.token)
        headers = {self._header: value} if self.token else {}
        url = f"{self.server.url}/api/v4/{path}"
        return requests.request(method, url, headers=headers, allow_redirects=False, timeout=10, **more)

    def get(self, path: str, **params: Any) -> Any:
        """The parsed body of an answer that must be 200."""
        answer = self.send("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, path: str, **params: Any) -> list[Any]:
        """All pages of a list, `Link` followed as it stands."""
        answer = self.send("GET", path, params=params)
        rows = list(answer.json())
        while link := answer.links.get("next", {}).get("url"):
            headers = {self._header: str(self.token)}
            answer = requests.get(link, headers=headers, timeout=10)
            rows += answer.json()
        return rows

    def query(self, text: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The whole answer of a query, errors and all; its status must be 200."""
        answer = self.post(text, variables)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def post(self, text: str, variables: dict[str, Any] | None = None) -> requests.Response:
        body = {"query": text, "variables": variables or {}}
        headers = {self._header: str(self.token)} if self.token else {}
        return requests.post(f"{self.server.url}/api/graphql", json=body, headers=headers, timeout=10)

    def data(self, text: str, variables: dict[str, Any] | None = None) -> Any:
        """`data` of a query without errors."""
        found = self.query(text, variables)
        assert "errors" not in found, found["errors"]
        return found["data"]
