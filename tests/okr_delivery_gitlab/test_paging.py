"""The end of a list: told, or seen by looking behind a full page; never taken from silence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.structures import CaseInsensitiveDict

from okr_delivery.sandbox.gitlab import serve
from okr_delivery.store import open_store
from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.client import GitLabClient
from okr_delivery_gitlab.lists import IssueList, Walk
from okr_delivery_gitlab.paging import Next, Pager
from okr_delivery_gitlab.scope import Place
from okr_delivery_gitlab.values import instant
from tests.okr_delivery_gitlab.builders import NOW, URL, at, issue
from tests.okr_delivery_gitlab.site import Answer, Asked, Site, spec, transport
from tests.okr_delivery_gitlab.syncing import Clock, in_scope, organisation, sync

HERE = f"{URL}/api/v4/projects/7/labels?per_page=3"
LINK = f'<{HERE}&page=9>; rel="next"'
FOREIGN = "</fonts/a.woff2>; rel=preload; as=font"
OWN = f'<{HERE}&page=1>; rel="first"'
BEHIND = f"{HERE}&page=2"


def answer(headers: Mapping[str, str], url: str = HERE) -> requests.Response:
    made = requests.Response()
    made.url, made.headers = url, CaseInsensitiveDict(headers)
    return made


@pytest.mark.parametrize(
    ("headers", "rows", "found"),
    [
        ({"Link": LINK}, 1, Next(f"{HERE}&page=9", told=True)),
        ({"Link": f"{FOREIGN}, {LINK}", "X-Next-Page": "2"}, 3, Next(f"{HERE}&page=9", told=True)),
        ({"Link": FOREIGN, "X-Next-Page": "2"}, 3, Next(BEHIND, told=True)),
        ({"Link": OWN, "X-Next-Page": "2"}, 3, Next(BEHIND, told=True)),
        ({"Link": FOREIGN}, 3, Next(BEHIND, told=False)),
        ({"Link": OWN}, 3, None),
        ({"X-Next-Page": "2"}, 2, Next(BEHIND, told=True)),
        ({"X-Next-Page": ""}, 3, None),
        ({"X-Page": "1", "X-Total-Pages": "2"}, 3, Next(BEHIND, told=True)),
        ({"X-Page": "2", "X-Total-Pages": "2"}, 3, None),
        ({"X-Page": "1"}, 3, Next(BEHIND, told=False)),
        ({"X-Runtime": "0.1", "X-Request-Id": "a"}, 3, Next(BEHIND, told=False)),
        ({"X-Runtime": "0.1", "X-Per-Page": "2"}, 2, Next(BEHIND, told=False)),
        ({}, 3, Next(BEHIND, told=False)),
        ({}, 0, None),
    ],
)
def test_a_next_page_is_told_or_looked_for(headers: Mapping[str, str], rows: int, found: Next | None) -> None:
    assert Pager().following(answer(headers), rows) == found


def test_a_short_page_is_the_last_one_of_a_server_whose_links_come_through() -> None:
    pager = Pager()
    assert pager.following(answer({"Link": LINK}), 3) is not None
    assert pager.following(answer({}), 2) is None
    assert pager.following(answer({}), 3) == Next(BEHIND, told=False)


def test_of_a_server_that_tells_nothing_the_fullest_page_so_far_may_be_all_it_gives_at_once() -> None:
    pager = Pager()
    assert [pager.following(answer({}), rows) is not None for rows in (2, 1, 2, 1)] == [True, False, True, False]


def test_looking_behind_a_page_keeps_what_was_asked_for_but_no_cursor() -> None:
    url = f"{URL}/api/v4/projects/7/issues?iids[]=1&iids[]=2&per_page=2&pagination=keyset&cursor=abc"
    found = Pager().following(answer({}, url), 2)
    assert found == Next(f"{URL}/api/v4/projects/7/issues?iids%5B%5D=1&iids%5B%5D=2&per_page=2&page=2", told=False)


def served(rows: list[dict[str, Any]], cap: int, numbers: bool = True) -> Callable[[Asked], Answer]:
    """A list by number (or without pages at all) of a server whose headers a proxy drops."""

    def told(asked: Asked) -> Answer:
        since = instant(asked.query.get("created_after")) or 0
        left = [row for row in rows if (instant(row.get("created_at")) or 0) >= since]
        size = min(int(asked.query.get("per_page", 20)), cap)
        start = (int(asked.query.get("page", 1)) - 1) * size if numbers and "pagination" not in asked.query else 0
        return Answer(200, left[start : start + size], {"X-Runtime": "0.1"})

    return told


def client() -> GitLabClient:
    token = spec().token
    assert token is not None
    return GitLabClient(spec(), token, transport())


@pytest.mark.parametrize("cap", [100, 20, 3])
@pytest.mark.parametrize("count", [0, 1, 60, 100, 105])
@pytest.mark.parametrize(
    "place", [Place("projects", "7", "acme/app"), Place("groups", "3", "acme")], ids=["keyset", "offset"]
)
def test_a_silent_server_s_issues_come_whole(site: Site, place: Place, count: int, cap: int) -> None:
    rows = [issue(n, created_at=at(NOW + n // 2)) for n in range(count)]
    site.handlers[f"GET {place.below}/issues"] = served(rows, cap)
    found = [str(row["id"]) for page in Walk(client(), Capabilities()).pages(IssueList(place)) for row in page]
    assert found == [str(row["id"]) for row in rows]


@pytest.mark.parametrize("cap", [100, 3])
def test_many_issues_of_one_instant_come_whole_from_a_silent_server(site: Site, cap: int) -> None:
    rows = [issue(n, created_at=at(NOW)) for n in range(250 if cap == 100 else 11)] + [
        issue(900, created_at=at(NOW + 9))
    ]
    site.handlers["GET projects/7/issues"] = served(rows, cap)
    walk = Walk(client(), Capabilities())
    found = [row["id"] for page in walk.pages(IssueList(Place("projects", "7", "acme/app"))) for row in page]
    assert found == [row["id"] for row in rows]


def test_a_full_page_that_is_the_last_costs_one_request_more(site: Site) -> None:
    rows = [issue(n) for n in range(100)]
    site.handlers["GET projects/7/issues"] = served(rows, 100)
    found = list(Walk(client(), Capabilities()).pages(IssueList(Place("projects", "7", "acme/app"))))
    assert [len(page) for page in found] == [100]
    assert len(site.asked) == 2


def test_a_silent_server_that_only_has_its_first_page_is_left_soon(site: Site) -> None:
    rows = [issue(n, created_at=at(NOW)) for n in range(100)]
    site.handlers["GET projects/7/issues"] = served(rows, 100, numbers=False)
    found = list(Walk(client(), Capabilities()).pages(IssueList(Place("projects", "7", "acme/app"))))
    assert [len(page) for page in found] == [100]
    assert len(site.asked) <= 3


@pytest.mark.parametrize(
    ("count", "cap", "asked"), [(250, 100, 3), (200, 100, 3), (45, 20, 3), (40, 20, 3), (0, 100, 1)]
)
@pytest.mark.parametrize(
    "name", ["labels", "milestones", "deployments", "issues/4/notes", "issues/4/resource_label_events"]
)
def test_every_other_list_comes_whole_too(site: Site, name: str, count: int, cap: int, asked: int) -> None:
    site.handlers[f"GET projects/7/{name}"] = served([{"id": n} for n in range(count)], cap)
    assert [row["id"] for row in client().rows(f"projects/7/{name}", what=name)] == list(range(count))
    assert len(site.asked) == asked


PAGING = ("Link", "X-Next-Page", "X-Page", "X-Prev-Page", "X-Per-Page", "X-Total", "X-Total-Pages")


@pytest.mark.parametrize("put", [None, FOREIGN], ids=["dropped", "replaced"])
@pytest.mark.parametrize("dropped", [PAGING[:1], PAGING], ids=["link", "all"])
@pytest.mark.parametrize(
    ("version", "scope"),
    [("18.5.0", {}), ("16.11.0", {"projects": (), "options": {"groups": ("acme",), "label_scope": "workflow"}})],
    ids=["keyset", "groups"],
)
def test_a_proxy_that_takes_headers_away_hides_no_issue(
    version: str, scope: dict[str, Any], dropped: tuple[str, ...], put: str | None,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    real = requests.Session.send

    def proxied(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        response = real(session, request, **more)
        for name in dropped:
            response.headers.pop(name, None)
        if put:
            response.headers["Link"] = put
        return response

    with (
        serve(organisation(40), clock=Clock(), version=version) as server,
        open_store(f"sqlite:///{tmp_path / 'store.db'}", ledger=None) as store,
    ):
        server.faults = {"page_most": 7}
        monkeypatch.setattr(requests.Session, "send", proxied)
        assert sync(server, store, **scope).complete
        found = {row.id for row in store.issues("gitlab") if not row.id.startswith("epic-")}
        paths = [project.path for project in server.state.projects.values() if scope and not project.archived]
        assert (len(found) > 14, found) == (True, in_scope(server, *paths))
