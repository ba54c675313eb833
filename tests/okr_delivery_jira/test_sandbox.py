"""The connector on a served Jira Cloud, through the real engine and store: the traps of the wild change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.sync_requests import LIMITS, measure
from okr_delivery.model.work import Category, Field
from okr_delivery.sandbox.jira_cloud import RunningServer, serve
from okr_delivery.sandbox.recorded import load
from okr_delivery.sandbox.world import build
from okr_delivery.store import Store, open_store
from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.errors import SyncError
from okr_delivery.sync.kit import ConnectorKit
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery.sync.writes import AddLabel
from okr_delivery_jira import JiraConnector
from tests.okr_delivery_jira.syncing import Clock, content, in_scope, iterations, iterations_of, sync

HOUR = 3600
ISSUES = 130


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[RunningServer]:
    with serve(build(issues=ISSUES), clock=clock) as running:
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
        assert sync(server, store).complete
        return content(server, store)


def test_the_store_holds_what_the_site_holds(server: RunningServer, store: Store) -> None:
    result = sync(server, store)
    assert (result.complete, result.warnings) == (True, ())
    held = {issue.id: issue for issue in store.issues("jira")}
    assert set(held) == in_scope(server)
    for number, issue in held.items():
        truth = server.site.issues[int(number)]
        assert (issue.key, issue.value(Field.STATUS).id) == (truth.key, truth.status)
        assert issue.created == truth.created // 1000
        sprints = issue.value(Field.ITERATION).id
        assert {int(sprint) for sprint in (sprints or "").split(",") if sprint} == set(truth.sprints)
    assert iterations(store) == iterations_of(server, "PAY", "MOB")


def test_every_kept_history_entry_is_there(server: RunningServer, store: Store) -> None:
    sync(server, store)
    changes = dict(store.changes("jira"))
    for number in in_scope(server):
        entries = server.site.issues[int(number)].histories
        wanted = [h.id for h in entries if any(row["field"] in {"status", "Sprint"} for row in h.items)]
        kept = {c.history_id for c in changes.get(number, ()) if c.field in {Field.STATUS, Field.ITERATION}}
        assert kept == {int(history_id) for history_id in wanted}


HARMLESS: list[dict[str, Any]] = [
    {"last_page": "null"},
    {"last_page": "empty", "is_last": False},
    {"id_cap": 10, "is_last": False},
    {"id_cap": 10, "short_pages": [1, 3], "short_rows": 1, "empty_pages": [2, 4]},
    {"bulk_created": "iso", "account_zone": "America/St_Johns"},
    {"history_cap": 37},
    {"account_zone": "Pacific/Kiritimati"},
    {"account_zone": "Pacific/Pago_Pago"},
    {"failures": [{"endpoint": "*", "at": 3, "times": 2, "status": 429, "retry_after": "date"}]},
    {"failures": [{"endpoint": "search/jql", "status": 429, "retry_after": 1}]},
    {"failures": [{"endpoint": "issue/bulkfetch", "at": 2, "times": 3, "status": 503}]},
    {"failures": [{"endpoint": "changelog/bulkfetch", "kind": "drop_before"}]},
    {"failures": [{"endpoint": "issue/bulkfetch", "kind": "drop_after"}]},
]  # fmt: skip


@pytest.mark.parametrize("faults", HARMLESS, ids=str)
def test_what_is_only_difficult_changes_nothing(
    faults: dict[str, Any], server: RunningServer, store: Store, plain: Any
) -> None:
    server.faults = faults
    assert sync(server, store).complete
    assert content(server, store) == plain


HARMFUL: list[dict[str, Any]] = [
    {"id_cap": 10, "loop_from_page": 2},
    {"id_cap": 10, "expire_from_page": 2},
    {"id_cap": 10, "end_early": True},
    {"failures": [{"endpoint": "issue/bulkfetch", "kind": "html_login"}]},
    {"failures": [{"endpoint": "changelog/bulkfetch", "times": 9, "kind": "truncated_json"}]},
    {"failures": [{"endpoint": "search/jql", "times": 9, "status": 500}]},
    {"failures": [{"endpoint": "issue/bulkfetch", "status": 401}]},
]


@pytest.mark.parametrize("faults", HARMFUL, ids=str)
def test_what_is_not_whole_never_looks_whole_and_the_next_run_makes_it_good(
    faults: dict[str, Any], server: RunningServer, store: Store, plain: Any
) -> None:
    server.faults = faults
    with pytest.raises(SyncError):
        sync(server, store)
    state = store.source("jira")
    assert state is None or not state.complete
    server.faults = {}
    server.reset()
    assert sync(server, store).complete
    assert content(server, store) == plain


@pytest.mark.parametrize("login", ["401", "anonymous"])
def test_a_dead_token_is_never_an_empty_project(server: RunningServer, store: Store, login: str) -> None:
    sync(server, store)
    before = store.dump()
    server.faults = {"dead_login": login, "anonymous_projects": ["PAY", "MOB"]}
    with pytest.raises(SyncError):
        sync(server, store, token=Secret("wrong"))
    assert store.dump() == before


@pytest.mark.parametrize("public", [[], ["PAY", "MOB"]], ids=str)
def test_a_token_that_dies_in_the_middle_is_never_a_shorter_success(
    public: list[str], tmp_path: Path, plain: Any
) -> None:
    with (
        serve(build(issues=ISSUES), clock=Clock()) as server,
        open_store(f"sqlite:///{tmp_path}/s.db", ledger=None) as s,
    ):
        requests = sync(server, s).requests
    for number in range(2 + bool(public), requests + 1, 2):  # every request dies in one of the two cases
        url = f"sqlite:///{tmp_path}/{number}/store.db"
        with serve(build(issues=ISSUES), clock=Clock()) as server, open_store(url, ledger=None) as store:
            server.faults = {"revoke_after": number, "dead_login": "anonymous", "anonymous_projects": public}
            if number < requests:
                with pytest.raises(SyncError):
                    sync(server, store)
                server.faults = {}
            assert sync(server, store).complete
            assert content(server, store) == plain, f"revoked after {number} requests"


def test_a_second_sync_asks_five_times_and_changes_no_row(server: RunningServer, store: Store, plain: Any) -> None:
    sync(server, store)
    server.reset()
    again = sync(server, store)
    assert (again.complete, again.fetched, again.changed, again.changes) == (True, 0, 0, 0)
    assert server.requests.total() == again.requests == 5
    assert content(server, store) == plain


def test_once_a_day_metadata_and_the_count_of_ids_are_due(server: RunningServer, store: Store, clock: Clock) -> None:
    sync(server, store)
    for _ in range(2):
        clock.now += 25 * HOUR
        server.reset()
        again = sync(server, store)
        assert (again.complete, again.fetched, again.changes) == (True, 0, 0)
        assert server.requests.total() == 14, server.requests
    assert sync(server, store).requests == 5


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", None), ("Pacific/Kiritimati", None), ("Pacific/Pago_Pago", None), ("Asia/Kathmandu", None),
        ("Pacific/Kiritimati", ""), ("Pacific/Pago_Pago", ""), ("Pacific/Pago_Pago", "Pacific/Kiritimati"),
        ("Pacific/Kiritimati", "Pacific/Pago_Pago"),
    ],
)  # fmt: skip
def test_a_change_is_found_whatever_the_zone_is_and_is_said_to_be(
    zone: str, shown: str | None, server: RunningServer, store: Store, clock: Clock
) -> None:
    server.faults = {"account_zone": zone, "shown_zone": shown}
    sync(server, store)
    clock.now += 90
    issue_id = int(sorted(in_scope(server))[5])
    server.tracker.edit(issue_id, {"summary": "Reworded"})
    clock.now += 30
    again = sync(server, store)
    assert (again.complete, again.changed) == (True, 1)
    assert next(iter(store.issues("jira", [str(issue_id)]))).title == "Reworded"


def test_a_zone_changed_between_two_runs_loses_nothing(server: RunningServer, store: Store, clock: Clock) -> None:
    server.faults = {"account_zone": "Pacific/Kiritimati"}
    sync(server, store)
    issue_id = int(sorted(in_scope(server))[5])
    server.tracker.edit(issue_id, {"summary": "Reworded"})
    server.faults = {"account_zone": "Pacific/Pago_Pago"}
    clock.now += 2 * HOUR
    assert sync(server, store).changed == 1


def test_a_change_that_the_index_shows_late_is_found_by_the_overlap(
    server: RunningServer, store: Store, clock: Clock
) -> None:
    """Runs that see nothing move the watermark on, further than the query's own slack reaches back."""
    sync(server, store)
    server.faults = {"index_lag": 6000}
    issue_id = int(sorted(in_scope(server))[5])
    server.tracker.edit(issue_id, {"summary": "Reworded"})
    for wait, changed in ((10, 0), (5000, 0), (1100, 1)):
        clock.now += wait
        assert sync(server, store).changed == changed


def test_what_this_account_wrote_is_read_at_once_though_the_index_trails(server: RunningServer, clock: Clock) -> None:
    spec = SourceSpec("jira", "jira", server.url, projects=("PAY",), user=server.user, token=Secret(server.token))
    connector = JiraConnector.open(spec, Transport(NetworkSpec(), origin=server.url))
    now = connector.identity().server_time
    connector.metadata()
    server.faults = {"index_lag": 300}
    clock.now += 3 * HOUR
    mine, other = (str(server.tracker.issue(key).id) for key in ("PAY-3", "PAY-4"))
    server.tracker.edit(other, {"labels": ["late"]})
    connector.writer().write(mine, [AddLabel("late")])
    pages = connector.pages(now + HOUR, None, lambda _: {})
    assert [issue.id for page in pages for issue in page.issues] == [mine]
    connector.close()


def test_a_moved_issue_is_the_same_issue(server: RunningServer, store: Store, clock: Clock) -> None:
    sync(server, store)
    moved = server.tracker.issue("PAY-3")
    server.tracker.move("PAY-3", "MOB")
    clock.now += 60
    assert sync(server, store).changed == 1
    (issue,) = store.issues("jira", [str(moved.id)])
    assert (issue.key, issue.project) == (moved.key, "MOB")
    assert store.aliases("jira")["PAY-3"] == str(moved.id)


@pytest.mark.parametrize("how", ["delete", "hide", "archive"])
def test_one_sighting_of_absence_deletes_nothing(how: str, server: RunningServer, store: Store, clock: Clock) -> None:
    sync(server, store)
    number = server.tracker.issue("PAY-3").id
    getattr(server.tracker, how)("PAY-3")
    clock.now += 21 * HOUR
    assert sync(server, store).deleted == 0
    assert str(number) not in store.gone("jira")
    clock.now += 21 * HOUR
    assert sync(server, store).deleted == (0 if how == "archive" else 1)
    assert (str(number) in store.gone("jira")) is (how != "archive")


def test_a_closed_sprint_is_seen_though_no_issue_changed(server: RunningServer, store: Store, clock: Clock) -> None:
    sync(server, store)
    active = next(sprint for sprint in server.site.sprints.values() if sprint.state == "active")
    server.tracker.close_sprint(active.id)
    clock.now += 60
    sync(server, store)
    (iteration,) = [i for i in store.iterations("jira") if i.id == str(active.id)]
    assert (iteration.state, iteration.closed_at) == ("closed", int(clock.now) - 60)


def test_the_scope_can_be_narrowed(server: RunningServer, store: Store) -> None:
    sync(server, store, projects=("PAY",), jql="issuetype = Epic")
    assert {issue.type for issue in store.issues("jira")} == {"Epic"}
    assert {issue.project for issue in store.issues("jira")} == {"PAY"}


def test_since_keeps_the_open_and_the_recent(server: RunningServer, store: Store, clock: Clock) -> None:
    since = datetime.fromtimestamp(clock.now - 30 * 24 * HOUR, UTC)
    sync(server, store, since=since.date())
    done = {status.id for status in store.statuses("jira") if status.category is Category.DONE}
    for number in in_scope(server):
        issue = server.site.issues[int(number)]
        margin = abs(issue.updated / 1000 - since.timestamp()) < 48 * HOUR
        kept = bool(list(store.issues("jira", [number])))
        assert margin or kept == (issue.status not in done or issue.updated / 1000 > since.timestamp())


def test_the_request_budget_holds() -> None:
    for measured in measure():
        assert measured.total <= LIMITS[measured.name], measured.requests
        assert measured.result.complete


def test_the_contract_holds() -> None:
    with serve(build(issues=270), clock=Clock()) as server:

        def connect(token: str = server.token) -> tuple[JiraConnector, Transport]:
            transport = Transport(NetworkSpec(), origin=server.url, sleep=lambda _: None)
            spec = SourceSpec(
                name="jira", type="jira", url=server.url, projects=("PAY", "MOB"), user=server.user, token=Secret(token)
            )
            return JiraConnector.open(spec, transport), transport

        kit = ConnectorKit(connect, source="jira", token=server.token, refused=lambda: connect("wrong"))
        kit.check()


PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the recorded payloads are not beside this repository")
@pytest.mark.parametrize(
    ("site", "issues", "warned"),
    [
        ("cloud-a", 3, []), ("cloud-b", 53, ["jira.warning.estimate_ambiguous"]), ("cloud-c", 5, []),
        ("cloud-d", 10, []), ("cloud-e", 25, []),
    ],
)  # fmt: skip
def test_a_recorded_site_syncs_whole(site: str, issues: int, warned: list[str], store: Store) -> None:
    """One of them has two fields that may be the estimate and no board that says which."""
    recording = load(sorted(PAYLOADS.glob("jira-*.jsonl")), site)
    with serve(recording) as server:
        projects = sorted({issue.key.rpartition("-")[0] for issue in server.site.issues.values()})
        result = sync(server, store, projects=tuple(projects))
        assert (result.complete, result.fetched) == (True, issues)
        assert [warning.id for warning in result.warnings] == warned
        assert not sync(server, store, projects=tuple(projects)).changed
    held = {issue.key for issue in store.issues("jira")}
    assert held == {issue.key for issue in server.site.issues.values()}
    assert iterations(store) == iterations_of(server, *projects)
