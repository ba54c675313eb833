"""The connector on a served Data Center, through the real engine and store: what is only difficult changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer
from okr_delivery.sandbox.jira_datacenter import serve
from okr_delivery.sandbox.world import build
from okr_delivery.store import Store, open_store
from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.engine import SourceResult
from okr_delivery.sync.errors import SyncError
from okr_delivery.sync.kit import ConnectorKit
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery_jira import JiraConnector
from tests.okr_delivery_jira.syncing import Clock, content, in_scope, iterations, iterations_of
from tests.okr_delivery_jira.syncing import sync as sync_cloud

ISSUES = 210  # more than a page in the scope


def sync(server: RunningServer, store: Store, **more: Any) -> SourceResult:
    return sync_cloud(server, store, **({"user": None} | more))


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with serve(build(issues=ISSUES), clock=Clock()) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", ledger=None) as opened:
        yield opened


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a first sync leaves when nothing is difficult."""
    url = f"sqlite:///{tmp_path_factory.mktemp('plain') / 'store.db'}"
    with serve(build(issues=ISSUES), clock=Clock()) as server, open_store(url, ledger=None) as store:
        result = sync(server, store)
        assert (result.complete, result.warnings) == (True, ())
        assert {issue.id for issue in store.issues("jira")} == in_scope(server)
        assert len(in_scope(server)) > 100
        assert iterations(store) == iterations_of(server, "PAY", "MOB")
        return content(server, store)


HARMLESS: list[dict[str, Any]] = [
    {"search_cap": 7},
    {"search_cap": 99},
    {"search_cap": 100},
    {"search_history_cap": 2},
    {"empty_sides": "null"},
    {"empty_sides": "absent"},
    {"account_zone": "Pacific/Kiritimati"},
    {"failures": [{"endpoint": "search", "at": 2, "times": 2, "status": 429, "retry_after": 1}]},
    {"failures": [{"endpoint": "search", "kind": "drop_after"}]},
    {"failures": [{"endpoint": "search", "at": 2, "kind": "truncated_json"}]},
]


@pytest.mark.parametrize("faults", HARMLESS, ids=str)
def test_what_is_only_difficult_changes_nothing(
    faults: dict[str, Any], server: RunningServer, store: Store, plain: Any
) -> None:
    server.faults = faults
    assert sync(server, store).complete
    assert content(server, store) == plain


def test_a_password_is_as_good_as_a_token(server: RunningServer, store: Store, plain: Any) -> None:
    assert sync(server, store, user=server.user).complete
    assert content(server, store) == plain


def test_a_site_below_a_path(store: Store) -> None:
    with serve(build(issues=40), clock=Clock(), context="/jira") as server:
        assert sync(server, store).complete
        assert all(str(issue.url).startswith(f"{server.url}/browse/") for issue in store.issues("jira"))


@pytest.mark.parametrize("public", [[], ["PAY", "MOB"]], ids=str)
@pytest.mark.parametrize("login", ["401", "anonymous", "seraph"])
def test_a_token_that_dies_on_the_way_is_never_a_shorter_success(
    login: str, public: list[str], tmp_path: Path, plain: Any
) -> None:
    for number in range(3, 15, 4):
        url = f"sqlite:///{tmp_path}/{number}/store.db"
        with serve(build(issues=ISSUES), clock=Clock()) as server, open_store(url, ledger=None) as store:
            server.faults = {"revoke_after": number, "dead_login": login, "anonymous_projects": public}
            with pytest.raises(SyncError):
                sync(server, store)
            state = store.source("jira")
            assert state is None or not state.complete
            server.faults = {}
            assert sync(server, store).complete
            assert content(server, store) == plain, f"revoked after {number} requests"


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_an_issue_that_goes_while_pages_are_read_takes_no_other_along(
    at: int, server: RunningServer, store: Store
) -> None:
    gone = sorted(in_scope(server), key=int)[5]
    server.faults = {"events": [{"do": "delete", "issue": gone, "endpoint": "search", "at": at}]}
    assert sync(server, store).complete
    assert {issue.id for issue in store.issues("jira")} | {gone} == in_scope(server) | {gone}


def test_the_request_budget_holds(store: Store) -> None:
    """Bars of one project with one board: 8 for what changes rarely, then 100 issues a request, and two id pages."""
    with serve(build(issues=2000), clock=Clock()) as server:

        def requests() -> int:
            server.reset()
            assert sync(server, store, projects=("PAY",)).complete
            return server.requests.total()

        first = requests()
        held = sorted(store.issues("jira"), key=lambda issue: int(issue.id))
        assert len(held) == 1000
        assert first <= 8 + 10 + 3
        assert requests() == 4
        for issue in held[:50]:
            server.tracker.edit(int(issue.id), {"summary": f"{issue.title} again"})
        assert requests() == 4


def test_the_contract_holds() -> None:
    with serve(build(issues=270), clock=Clock()) as server:

        def connect(token: str = server.token) -> tuple[JiraConnector, Transport]:
            transport = Transport(NetworkSpec(), origin=server.url, sleep=lambda _: None)
            spec = SourceSpec(
                name="jira", type="jira", url=server.url, projects=("PAY", "MOB"), token=Secret(token)
            )  # fmt: skip
            return JiraConnector.open(spec, transport), transport

        ConnectorKit(connect, source="jira", token=server.token, refused=lambda: connect("wrong")).check()
