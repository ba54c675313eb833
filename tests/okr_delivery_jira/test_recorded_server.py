"""Recorded servers of the Data Center line, served as they were recorded and synced; ten issues read by hand.

The expected days and statuses were written down from the raw histories, whose instants are of the east coast (-0400).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from okr_delivery.delivery.membership import replay
from okr_delivery.model.work import Change, Field, Issue
from okr_delivery.sandbox import jira_datacenter
from okr_delivery.sandbox.jira_cloud import RunningServer
from okr_delivery.sandbox.recorded import load
from okr_delivery.store import Store, open_store
from okr_delivery.sync.engine import SourceResult
from tests.okr_delivery_jira.syncing import sync

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
PROJECTS = {"server-a": "DZFNK0168", "server-b": "TEST", "server-c": "DTS"}

pytestmark = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the recorded payloads are not beside this repository")


@dataclass(frozen=True, slots=True)
class Synced:
    server: RunningServer
    store: Store
    result: SourceResult
    issues: dict[str, Issue]

    def changes(self, key: str, field: Field) -> list[Change]:
        own = dict(self.store.changes("jira")).get(self.issues[key].id, ())
        return [change for change in own if change.field is field]


@pytest.fixture(scope="module", params=PROJECTS)
def any_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    yield from synced(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    """The one with histories of sprints."""
    yield from synced("server-b", tmp_path_factory)


def synced(name: str, folders: pytest.TempPathFactory) -> Iterator[Synced]:
    recording = load(sorted(PAYLOADS.glob("jira-*.jsonl")), name)
    url = f"sqlite:///{folders.mktemp(name) / 'store.db'}"
    with jira_datacenter.serve(recording) as server, open_store(url, ledger=None) as store:
        result = sync(server, store, projects=(PROJECTS[name],), user=None)
        yield Synced(server, store, result, {issue.key: issue for issue in store.issues("jira")})


def test_a_recorded_server_syncs_whole_and_without_a_warning(any_site: Synced) -> None:
    recorded = any_site.server.site.issues.values()
    assert (any_site.result.complete, any_site.result.warnings) == (True, ())
    assert any_site.issues.keys() == {issue.key for issue in recorded}
    assert all(issue.history_complete for issue in any_site.issues.values())


def test_a_second_sync_changes_nothing(any_site: Synced) -> None:
    project = next(iter(any_site.issues.values())).project
    again = sync(any_site.server, any_site.store, projects=(project,), user=None)
    assert (again.complete, again.changed, again.changes, again.warnings) == (True, 0, 0, ())


def test_what_the_last_change_left_is_what_the_body_shows(any_site: Synced) -> None:
    for key, issue in any_site.issues.items():
        for field in (Field.STATUS, Field.ITERATION, Field.ESTIMATE, Field.TYPE, Field.FIX_VERSION, Field.COMPONENTS):
            own = any_site.changes(key, field)
            if own:
                last, now = own[-1].new, issue.value(field)
                assert (last.id or last.name) == (now.id or now.name), (key, field)


def east(text: str) -> int:
    """`10-23 02:04:29` of 2019, summer time of the east coast, as epoch seconds."""
    return int(datetime.fromisoformat(f"2019-{text}-04:00").timestamp())


STATUSES = {
    "TEST-21490": ["1", "13401", "13402"],
    "TEST-20975": ["1", "13401", "13402", "13403", "13404", "13405", "10501", "10110", "13206"],
    "TEST-21489": ["1", "13401", "13402", "13403", "13404", "13405", "10501", "10110", "13206", "13406"],
    "TEST-21131": ["1", "13401", "13402", "13403", "13404", "13405", "10501", "10110", "13206", "10110"],
    "TEST-21501": ["10207", "1", "10111"],
    "TEST-20878": ["1", "13401", "13402", "13403"],
    "TEST-19806": ["1", "13401", "13402", "13403", "13404", "13405", "10501", "10110", "13206", "13406", "5", "6"],
    "TEST-21517": [],
    "TEST-21708": [],
    "TEST-21118": ["10207", "10406", "1", "10111", "10208", "10209", "10001"],
}
"""The statuses of ten issues, in order: that of the day they were created, then each that was entered."""


@pytest.mark.parametrize("key", STATUSES)
def test_statuses_by_hand(site: Synced, key: str) -> None:
    changes = site.changes(key, Field.STATUS)
    path = [changes[0].old.id, *(change.new.id for change in changes)] if changes else []
    assert path == STATUSES[key]


def test_instants_by_hand(site: Synced) -> None:
    entered = {c.new.id: c.ts for c in site.changes("TEST-21490", Field.STATUS)}
    assert entered == {"13401": east("10-23 02:04:29"), "13402": east("10-23 02:05:05")}


MEMBERSHIPS: dict[str, list[tuple[str, int | None, int | None]]] = {
    "TEST-21490": [
        ("14599", east("10-23 02:28:10"), east("10-25 12:17:03")),
        ("14622", east("10-25 12:17:03"), east("10-28 10:44:44")),
    ],
    "TEST-20975": [
        ("12294", east("08-27 16:44:42"), east("09-26 06:29:11")), ("14494", east("09-26 06:29:11"), None),
        ("14566", east("10-10 09:20:59"), None), ("14622", east("10-22 07:19:35"), None),
    ],
    "TEST-21489": [("14622", east("10-23 01:53:22"), None)],
    "TEST-21131": [
        ("12294", east("08-27 16:44:27"), east("09-25 23:53:07")), ("14494", east("09-25 23:53:07"), None),
        ("14566", east("10-10 09:20:59"), None), ("14622", east("10-22 07:19:35"), None),
    ],
    "TEST-21501": [("14622", None, None)],
    "TEST-20878": [],
    "TEST-19806": [("13672", None, None)],
    "TEST-21517": [("14622", east("10-31 06:15:23"), None)],
    "TEST-21708": [("14871", None, None)],
    "TEST-21118": [("14871", int(datetime.fromisoformat("2019-12-04T01:04:58-05:00").timestamp()), None)],
}  # fmt: skip
"""Stays of the same ten: sprint, entered, left. Entered None: it was created there."""


@pytest.mark.parametrize("key", MEMBERSHIPS)
def test_stays_in_sprints_by_hand(site: Synced, key: str) -> None:
    issue = site.issues[key]
    stays = replay(issue, site.changes(key, Field.ITERATION))
    expected = [(ref, issue.created if at is None else at, left) for ref, at, left in MEMBERSHIPS[key]]
    assert [(stay.iteration_id, stay.entered_at, stay.left_at) for stay in stays] == expected


def test_other_changes_by_hand(site: Synced) -> None:
    def told(key: str, field: Field) -> list[tuple[str | None, str | None]]:
        return [(change.old.name, change.new.name) for change in site.changes(key, field)]

    assert told("TEST-21131", Field.ESTIMATE) == [("8", None), (None, "5")]
    assert told("TEST-21708", Field.ESTIMATE) == [(None, "5")]
    assert told("TEST-21500", Field.KEY) == [("GQPT-98142", "TEST-21500")]
    assert told("TEST-21517", Field.FIX_VERSION) == [("TEST R55\nTEST R56\nTEST R59\nTEST R60\nTEST R61", None)]
    assert site.changes("TEST-19806", Field.FIX_VERSION)[-1].new.id == "21693,21968,22215,22602,23100"
    assert told("TEST-21501", Field.COMPONENTS)[0] == ("TEST", "TEST")


def test_a_moved_issue_answers_to_its_old_key(site: Synced) -> None:
    assert site.store.aliases("jira")["GQPT-98142"] == site.issues["TEST-21500"].id


def test_sprints_come_from_the_agile_interface(site: Synced) -> None:
    sprints = {i.id: (i.name, str(i.state)) for i in site.store.iterations("jira") if i.kind == "sprint"}
    assert sprints == {
        "13672": ("TEST TESTBA - Sprint 45", "closed"), "14494": ("TEST TESTBA - Sprint 57", "closed"),
        "14566": ("TEST TESTBA - Sprint 58", "closed"), "14622": ("TEST TESTBA - Sprint 59", "active"),
        "14871": ("TEST Deploy - Sprint 62", "active"),
    }  # fmt: skip
