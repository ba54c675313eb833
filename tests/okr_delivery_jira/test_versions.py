"""Versions as iterations: read with the metadata, never on a quiet run."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from okr_delivery.model.work import IterationKind, IterationState
from okr_delivery.sync.errors import AbortSyncError, ConfigError
from okr_delivery_jira import JiraConnector
from okr_delivery_jira.versions import read_version
from tests.okr_delivery_jira import server as datacenter
from tests.okr_delivery_jira.site import Site, connect, page

TRAIN = {
    "id": "10494", "name": "PAY 4.21", "description": "Checkout", "archived": False, "released": True,
    "startDate": "2026-08-03", "releaseDate": "2026-08-31", "projectId": 10000,
}  # fmt: skip


def ready(**more: Any) -> JiraConnector:
    connector = connect(**more)
    connector.identity()
    connector.metadata()
    return connector


def test_a_version_is_an_iteration_of_days() -> None:
    train = read_version("jira", TRAIN, "1", 3)
    assert (train.id, train.name, train.goal, train.kind) == ("version-10494", "PAY 4.21", "Checkout", "version")
    assert (train.first_day, train.last_day) == (date(2026, 8, 3), date(2026, 8, 31))
    assert (train.project_id, train.board_id, train.order) == ("10000", None, 3)
    assert (train.start, train.end, train.closed_at) == (None, None, None)


def test_what_was_archived_was_not_released_therefore() -> None:
    abandoned = read_version("jira", {**TRAIN, "released": False, "archived": True}, "1", 0)
    assert (abandoned.state, abandoned.last_day) == (IterationState.CLOSED, None)
    assert read_version("jira", {**TRAIN, "released": True, "archived": True}, "1", 0).last_day is not None


@pytest.mark.parametrize(
    ("released", "archived", "state"),
    [
        (True, False, IterationState.CLOSED), (False, True, IterationState.CLOSED),
        (False, False, IterationState.FUTURE), (None, None, IterationState.FUTURE),
    ],
)  # fmt: skip
def test_released_and_archived_ones_are_over(released: object, archived: object, state: IterationState) -> None:
    assert read_version("jira", {**TRAIN, "released": released, "archived": archived}, "1", 0).state is state


@pytest.mark.parametrize(
    ("text", "day"), [(None, None), ("", None), ("2026-08-03T00:00:00.000+0000", date(2026, 8, 3))]
)
def test_days_come_as_days_or_as_the_start_of_an_instant(text: object, day: date | None) -> None:
    assert read_version("jira", {**TRAIN, "startDate": text}, "1", 0).first_day == day


@pytest.mark.parametrize(("row", "problem"), [({"name": "x"}, "shape"), ({**TRAIN, "startDate": "soon"}, "version_")])
def test_a_version_that_makes_no_sense_ends_the_run(row: Any, problem: str) -> None:
    with pytest.raises(AbortSyncError, match=problem):
        read_version("jira", row, "1", 0)


def test_all_of_them_by_rows_received_and_beside_sprints_of_one_id(site: Site) -> None:
    site.sprints = [{"id": 10494, "state": "closed", "name": "S", "originBoardId": 1}]
    site.versions = [{**TRAIN, "id": str(10_494 + n)} for n in range(120)]
    found = {i.id: i for i in ready().iterations({})}
    assert list(found) == ["10494", *(f"version-{10_494 + n}" for n in range(120))]
    assert found["10494"].kind is IterationKind.SPRINT
    starts = [one.query["startAt"] for one in site.asked if one.path == "project/PAY/version"]
    assert starts == ["0", "50", "100"]


def test_versions_that_come_with_the_project_are_not_asked_for(site: Site) -> None:
    site.handlers["GET project/PAY"] = lambda _: {"id": "10000", "key": "PAY", "versions": [TRAIN]}
    assert [i.id for i in ready().iterations({})] == ["version-10494"]
    assert site.count("GET project/PAY/version") == 0


def test_a_quiet_run_does_not_ask_and_never_takes_a_version_for_a_sprint(site: Site) -> None:
    site.versions = [{**TRAIN, "released": False}]
    first = ready()
    metadata, known = first.metadata(), {i.id: i for i in first.iterations({})}
    quiet = connect()
    quiet.identity()
    quiet.use(metadata)
    site.asked.clear()
    assert list(quiet.iterations(known)) == []
    assert [str(asked) for asked in site.asked] == ["GET board/1/sprint"]


def test_with_new_metadata_they_are_read_again(site: Site) -> None:
    site.versions = [TRAIN]
    known = {i.id: i for i in ready().iterations({})}
    site.versions = [{**TRAIN, "name": "PAY 4.21 hotfix"}]
    assert [i.name for i in ready().iterations(known)] == ["PAY 4.21 hotfix"]


def test_only_projects_in_scope_have_trains(site: Site) -> None:
    site.versions = [TRAIN]
    assert list(ready(projects=(), boards=("1",)).iterations({})) == []


def test_a_project_that_went_in_mid_run_is_named(site: Site) -> None:
    connector = ready()
    site.handlers["GET project/PAY/version"] = lambda _: (404, {"errorMessages": ["No project"]})
    with pytest.raises(ConfigError, match="project_gone") as caught:
        connector.iterations({})
    assert "PAY" in str(caught.value)


def test_data_center_lists_them_at_once() -> None:
    with datacenter.served() as server:
        server.versions = [TRAIN, {**TRAIN, "id": "10495"}]
        found = list(datacenter.ready().iterations({}))
        assert [i.id for i in found] == ["version-10494", "version-10495"]
        assert server.count("GET project/PAY/versions") == 1
        server.handlers["GET project/PAY/versions"] = lambda _: (404, {})
        with pytest.raises(ConfigError, match="project_gone"):
            datacenter.ready().iterations({})


def test_pages_of_versions_that_do_not_end_are_an_error(site: Site) -> None:
    site.handlers["GET project/PAY/version"] = lambda _: {**page([]), "isLast": False}
    with pytest.raises(AbortSyncError, match="empty_page"):
        ready().iterations({})
