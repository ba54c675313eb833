"""Epics of groups and the sight of single issues, on a served GitLab and at the HTTP edge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from okr_delivery.model.work import Field
from okr_delivery.sandbox.gitlab import serve
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.state import Tier
from okr_delivery.sync.connector import Page
from okr_delivery.sync.errors import AbortSyncError, RetryLaterError
from okr_delivery_gitlab import GitLabConnector
from okr_delivery_gitlab.epics import passes
from tests.okr_delivery_gitlab.builders import NOW, at
from tests.okr_delivery_gitlab.syncing import Clock, connect, organisation

GROUP: dict[str, Any] = {"projects": (), "options": {"groups": ("acme",), "label_scope": "workflow"}}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[RunningServer]:
    with serve(organisation(12, projects=("PAY",)), clock=clock) as running:
        yield running


def reading(server: RunningServer, **more: Any) -> GitLabConnector:
    connector, _ = connect(server, **(GROUP | more))
    connector.metadata()
    return connector


def ids(pages: Iterator[Page]) -> set[str]:
    return {issue.id for page in pages for issue in page.issues}


def everything(connector: GitLabConnector, since: int | None = None, **more: Any) -> set[str]:
    return ids(connector.pages(since, None, lambda _: {}, **more))


def test_an_epic_is_read_with_its_history_as_an_issue_of_its_group(server: RunningServer, clock: Clock) -> None:
    clock.now += 60
    epic = server.forge.create_epic("acme", "Checkout", description="Contributes-to: GROW-KR1")
    server.forge.label(f"acme&{epic.iid}", "kr:GROW-KR1", "ops")
    pages = list(reading(server).pages(None, None, lambda _: {}))
    found = next(issue for page in pages for issue in page.issues if issue.id == f"epic-{epic.id}")
    assert (found.key, found.project, found.type, found.title) == (f"acme&{epic.iid}", "acme", "Epic", "Checkout")
    assert set(found.labels) == {"kr:GROW-KR1", "ops"}
    assert "GROW-KR1" in (found.value(Field.CLAIM_LINES).name or "")
    assert any(c.field is Field.LABELS for page in pages for c in page.changes if c.issue_id == found.id)
    assert found.history_complete


def test_a_changed_epic_comes_alone_and_is_counted_and_seen(server: RunningServer, clock: Clock) -> None:
    epics = [server.forge.create_epic("acme", f"Epic {number}") for number in range(3)]
    clock.now += 7200
    server.forge.close(f"acme&{epics[1].iid}")
    refs = [f"epic-{epic.id}" for epic in epics]
    connector = reading(server)
    assert everything(connector, int(clock.now) - 600) == {refs[1]}
    assert set(refs) <= set(connector.census())
    assert connector.visible([*refs, "epic-999999", "epic-x", "999999"]) == frozenset(refs)


def test_epics_come_in_pages_that_a_complex_server_makes_smaller(server: RunningServer) -> None:
    made = {f"epic-{server.forge.create_epic('acme', f'Epic {number}').id}" for number in range(9)}
    server.faults = {"page_most": 2}
    assert made <= everything(reading(server))
    server.faults = {"complexity_limit": 120}
    assert made <= everything(reading(server))


def test_behind_an_epic_exactly_the_rest_comes(server: RunningServer, clock: Clock) -> None:
    for number in range(4):
        clock.now += 60
        server.forge.create_epic("acme", f"Epic {number}")
    every = [page for page in reading(server).pages(None, None, lambda _: {}) if page.issues]
    last = every[-1].issues
    assert all(issue.id.startswith("epic-") for issue in last)
    prefix = (every[-1].after or "").rpartition(":epic-")[0]
    created = at(server.state.items[int(last[1].id.removeprefix("epic-"))].created / 1000)
    rest = ids(reading(server).pages(None, f"{prefix}:{last[1].id}:{created}", lambda _: {}))
    assert rest == {issue.id for issue in last[2:]}


@pytest.mark.parametrize(("tier", "there"), [(Tier.FREE, False), (Tier.PREMIUM, True)])
def test_a_tier_without_epics_is_never_asked_for_them(tier: Tier, there: bool) -> None:
    with serve(organisation(12, tier=tier), clock=Clock()) as server:
        assert any(ref.startswith("epic-") for ref in everything(reading(server))) is there
        assert (server.operations["epics"] > 0) is there


def test_a_source_of_projects_has_no_epics(server: RunningServer) -> None:
    connector = reading(server, projects=("acme/payments",), options={"label_scope": "workflow"})
    assert not any(ref.startswith("epic-") for ref in everything(connector))


def test_a_query_for_epics_that_goes_wrong_is_no_empty_group(server: RunningServer) -> None:
    connector = reading(server)
    server.reset()
    server.faults = {"failures": [{"endpoint": "graphql", "at": 1, "times": 99, "kind": "graphql_errors"}]}
    with pytest.raises((AbortSyncError, RetryLaterError)):
        everything(connector)
    server.reset()
    server.faults = {"failures": [{"endpoint": "graphql", "at": 1, "times": 999, "status": 500}]}
    with pytest.raises(RetryLaterError):
        everything(connector)


def test_a_hidden_issue_is_not_visible_and_others_are(server: RunningServer) -> None:
    connector = reading(server)
    known = sorted(everything(connector))
    hidden = next(ref for ref in known if ref.isdigit())
    server.forge.hide(server.state.reference(server.state.items[int(hidden)]))
    assert connector.visible(known) == frozenset(known) - {hidden}


def test_without_work_items_by_id_the_lists_say_what_is_visible(server: RunningServer) -> None:
    server.faults = {"without": ["Query.workItem"]}
    connector = reading(server)
    known = everything(connector)
    assert connector.visible([*sorted(known), "999999999"]) == known


@pytest.mark.parametrize(
    ("filters", "passed"),
    [
        ({}, True),
        ({"state": "opened"}, True),
        ({"state": "closed"}, False),
        ({"updated_after": at(NOW)}, True),
        ({"updated_after": at(NOW + 1)}, False),
        ({"updated_before": at(NOW)}, True),
        ({"updated_before": at(NOW - 1)}, False),
    ],
)
def test_bounds_include_their_instant(filters: dict[str, str], passed: bool) -> None:
    assert passes({"state": "opened", "updated_at": at(NOW)}, filters) is passed
