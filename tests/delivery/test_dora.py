"""The five DORA metrics per service, by hand: what counts, what is a zero, what is nothing, and what stands in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from okr_delivery.config import Config, deployments_hash
from okr_delivery.delivery.export import tables
from okr_delivery.delivery.metrics import measure
from okr_delivery.delivery.metrics.dora import FIVE, NO_INCIDENTS, NOT_CONNECTED, STAND_INS, first_commits
from okr_delivery.delivery.releases import Release
from okr_delivery.delivery.results import Metric, MetricStatus, Service
from okr_delivery.model.releases import ReleaseId
from okr_delivery.model.work import Deployment, Field, Iteration, IterationKind, IterationState
from okr_delivery.store import DeploymentMark, Store, open_store
from tests.delivery.test_trains import train
from tests.delivery.world import AS_OF, SOURCE, YAML, Story, at, config, fill, snapshot

GITLAB = YAML.replace("type: jira", "type: gitlab").replace("[PAY]", "[acme/pay]")
CONNECTED = GITLAB + "    deployments: {environments: [production, live]}\n"
SINCE, UNTIL = date(2026, 3, 2), date(2026, 3, 29)  # four whole weeks from DAY0 on
PAY = "id-PAY"


def deployed(
    number: int,
    day: float,
    *commits: float,
    project: str = PAY,
    environment: str = "production",
    succeeded: bool = True,
    issues: tuple[str, ...] = (),
) -> Deployment:
    """A deployment on a (fraction of a) day with commits authored on other days."""
    instants = tuple(at(each) for each in commits)
    return Deployment(SOURCE, str(number), project, environment, succeeded, at(day), issues=issues, commits=instants)


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url, ledger=None) as opened:
        yield opened


STORIES = (Story("PAY-1", "B0 D3 F9"),)


def served(
    store: Store,
    folder: Path,
    deployments: Sequence[Deployment] = (),
    *,
    text: str = CONNECTED,
    stories: Sequence[Story] = STORIES,
    versions: Sequence[Iteration] = (),
    read: bool = True,
    span: tuple[date, date] = (SINCE, UNTIL),
    zone: str = "UTC",
) -> tuple[Service, ...]:
    settings = config(folder, text, zone)
    fill(store, settings, stories, versions)
    tell(store, settings, deployments, read=read)
    return measure(snapshot(store, settings), SOURCE, since=span[0], until=span[1]).services


def tell(store: Store, settings: Config, deployments: Sequence[Deployment], *, read: bool = True) -> None:
    with store.page(SOURCE) as tx:
        tx.put_deployments(deployments)
        mark = DeploymentMark(deployments_hash(settings.source(SOURCE)), read, at(AS_OF), at(AS_OF))
        tx.mark_deployments(mark)


def metric(found: tuple[Service, ...], name: str) -> Metric:
    (only,) = found
    return only.metrics[name]


# change lead time


def test_lead_time_is_per_commit_to_the_deployment_that_holds_it(store: Store, tmp_path: Path) -> None:
    found = metric(served(store, tmp_path, [deployed(1, 10, 4, 8), deployed(2, 12, 11)]), "change_lead_time")
    assert found.percentiles is not None
    assert (found.value, found.n, found.percentiles.p85) == (2.0, 3, 6.0)  # 6, 2 and 1: the middle one
    assert (found.unit, found.status) == ("d", MetricStatus.OK)


def test_the_median_is_a_member_of_the_sample(store: Store, tmp_path: Path) -> None:
    found = metric(served(store, tmp_path, [deployed(1, 10, 1, 9)]), "change_lead_time")
    assert found.value == 1.0  # of 9 and 1; never 5


def test_only_deployments_of_the_period_count(store: Store, tmp_path: Path) -> None:
    told = [deployed(1, 1, 0.5), deployed(2, 10, 4), deployed(3, 29, 28.5)]
    found = served(store, tmp_path, told, span=(date(2026, 3, 9), date(2026, 3, 29)))
    assert metric(found, "change_lead_time").n == 1
    assert metric(found, "change_lead_time").value == 6.0


def test_a_failed_deployment_brings_no_commit_and_is_none(store: Store, tmp_path: Path) -> None:
    found = served(store, tmp_path, [deployed(1, 10, 4, succeeded=False), deployed(2, 12, 4)])
    assert metric(found, "change_lead_time").value == 8.0
    assert metric(found, "deployment_frequency").n == 1


def test_a_commit_counts_where_it_reached_users_first(store: Store, tmp_path: Path) -> None:
    told = [deployed(1, 10, 4), deployed(2, 12, 4, 11, environment="live")]
    assert metric(served(store, tmp_path, told), "change_lead_time").n == 2  # 4 → 10 and 11 → 12


def test_two_commits_of_one_second_are_two() -> None:
    told = [deployed(1, 10, 4, 4), deployed(2, 11, 4, environment="live"), deployed(3, 12, 4, 4, environment="live")]
    assert [(d.id, commits) for d, commits in first_commits(told)] == [
        ("1", (at(4), at(4))),
        ("2", ()),
        ("3", (at(4),)),  # the third of that second in `live`: one more than `production` has
    ]


def test_deployments_whose_commits_nobody_tells_are_counted_as_left_out(store: Store, tmp_path: Path) -> None:
    found = metric(served(store, tmp_path, [deployed(1, 10)]), "change_lead_time")
    assert (found.value, found.status) == (None, MetricStatus.NO_DATA)
    assert found.excluded == {"deployments_without_commits": 1}


def test_a_commit_dated_after_its_deployment_took_no_time(store: Store, tmp_path: Path) -> None:
    assert metric(served(store, tmp_path, [deployed(1, 10, 11)]), "change_lead_time").value == 0.0


# deployment frequency


def test_frequency_is_a_week_and_keeps_weeks_without_any(store: Store, tmp_path: Path) -> None:
    found = metric(served(store, tmp_path, [deployed(n, 1 + n / 10) for n in range(6)]), "deployment_frequency")
    assert found.percentiles is not None
    assert (found.value, found.n, found.unit) == (1.5, 6, "per_week")
    assert (found.percentiles.p50, found.percentiles.p85) == (0.0, 6.0)  # 6, 0, 0, 0


def test_a_service_that_did_not_deploy_deployed_zero_times(store: Store, tmp_path: Path) -> None:
    found = metric(served(store, tmp_path), "deployment_frequency")
    assert (found.value, found.n, found.status) == (0.0, 0, MetricStatus.OK)


def test_weeks_are_those_of_the_teams_zone(store: Store, tmp_path: Path) -> None:
    sunday_night = deployed(1, 6.9)  # Sunday in UTC, Monday in Shanghai
    found = served(store, tmp_path, [sunday_night], span=(SINCE, date(2026, 3, 8)), zone="Asia/Shanghai")
    assert metric(found, "deployment_frequency").value == 0.0


def test_a_part_of_a_week_has_a_rate_and_no_percentiles(store: Store, tmp_path: Path) -> None:
    found = served(store, tmp_path, [deployed(1, 3)], span=(date(2026, 3, 3), date(2026, 3, 7)))
    frequency = metric(found, "deployment_frequency")
    assert frequency.percentiles is None
    assert frequency.value == pytest.approx(7 / 5, rel=1e-4)


@pytest.mark.parametrize(
    ("since", "expected", "status"),
    [
        ("2026-03-01", 0.25, MetricStatus.OK),
        ("2026-03-02", 0.25, MetricStatus.OK),
        ("2026-03-10", 0.25, MetricStatus.PARTIAL),
        ("2026-03-30", None, MetricStatus.NO_DATA),
    ],
)
def test_a_window_that_was_not_read_has_no_zero(
    since: str, expected: float | None, status: MetricStatus, store: Store, tmp_path: Path
) -> None:
    text = CONNECTED + f"    history: {{since: {since}}}\n"
    found = metric(served(store, tmp_path, [deployed(1, 20)] if expected else [], text=text), "deployment_frequency")
    assert (found.value, found.status) == (expected, status)


def test_what_was_not_read_to_the_end_is_partial(store: Store, tmp_path: Path) -> None:
    found = served(store, tmp_path, [deployed(1, 10, 9)], read=False)
    assert {metric(found, name).status for name in FIVE[:2]} == {MetricStatus.PARTIAL}


# what no tracker tells, and what is not connected


@pytest.mark.parametrize("name", FIVE[2:])
def test_without_linked_incidents_there_is_no_number_and_a_reason(name: str, store: Store, tmp_path: Path) -> None:
    """An incident does not say which deployment it came from, nearness in time is no link, and 0 would be a claim."""
    incident = Story("PAY-2", "B0 D11 F12", type="Incident")
    (found,) = served(store, tmp_path, [deployed(1, 10)], stories=[*STORIES, incident])
    assert (found.metrics[name].value, found.metrics[name].status) == (None, MetricStatus.NOT_CONFIGURED)
    assert found.reasons[name] == NO_INCIDENTS


def test_not_connected_is_said_of_all_five(store: Store, tmp_path: Path) -> None:
    (found,) = served(store, tmp_path, [deployed(1, 10, 9)], text=GITLAB)
    assert not found.connected
    assert {found.metrics[name].status for name in FIVE} == {MetricStatus.NOT_CONFIGURED}
    assert {found.metrics[name].value for name in FIVE} == {None}
    assert found.reasons == dict.fromkeys(FIVE, NOT_CONNECTED)


def test_stand_ins_have_names_of_their_own(store: Store, tmp_path: Path) -> None:
    (found,) = served(store, tmp_path, text=GITLAB)
    assert tuple(found.metrics) == (*FIVE, *STAND_INS)
    assert all("dora" not in found.metrics[name].definition.casefold() for name in STAND_INS)


# services


def test_each_service_has_its_own_figures(store: Store, tmp_path: Path) -> None:
    stories = [*STORIES, Story("SHOP-7", "B0 D3 F9", project="SHOP")]
    text = CONNECTED.replace("[acme/pay]", "[acme/pay, acme/shop]")
    told = [deployed(1, 10, 9), deployed(2, 10, 2, project="id-SHOP"), deployed(3, 11, project="id-SHOP")]
    found = {s.project: s for s in served(store, tmp_path, told, text=text, stories=stories)}
    assert {name: s.metrics["change_lead_time"].value for name, s in found.items()} == {"PAY": 1.0, "SHOP": 8.0}
    assert {name: s.metrics["deployment_frequency"].n for name, s in found.items()} == {"PAY": 1, "SHOP": 2}


def test_a_project_of_a_group_that_never_deployed_is_no_service(store: Store, tmp_path: Path) -> None:
    text = CONNECTED.replace("projects: [acme/pay]", "groups: [acme]")
    stories = [*STORIES, Story("DOCS-7", "B0 D3 F9", project="DOCS")]
    found = served(store, tmp_path, [deployed(1, 10)], text=text, stories=stories)
    assert [service.project for service in found] == ["PAY"]


def test_a_project_without_an_issue_is_a_service_of_the_team_that_takes_all(store: Store, tmp_path: Path) -> None:
    found = served(store, tmp_path, [deployed(1, 10, project="77")])
    assert [service.project for service in found] == ["77", "PAY"]


def test_a_team_that_takes_one_label_has_the_projects_of_its_issues(store: Store, tmp_path: Path) -> None:
    text = CONNECTED + "teams: [{id: jira, select: [{source: jira, labels: [checkout]}]}]\n"
    mine = Story("PAY-1", "B0 D3 F9", fields={Field.LABELS: ("checkout", [])})
    found = served(store, tmp_path, [deployed(1, 10), deployed(2, 10, project="77")], text=text, stories=[mine])
    assert [service.project for service in found] == ["PAY"]


# stand-ins


def test_release_cadence_counts_versions_a_week(store: Store, tmp_path: Path) -> None:
    """R3 is not released, R4 has no day: neither is one of the four weeks' releases."""
    trains = [train("1", 0, 6, released=True), train("2", 7, 13, released=True), train("3", 7, 13)]
    trains = [replace(t, project_id=PAY) for t in (*trains, train("4", 7, None, released=True))]
    found = metric(served(store, tmp_path, text=GITLAB, versions=trains), "release_cadence")
    assert (found.value, found.n, found.unit) == (0.5, 2, "per_week")


def test_versions_of_another_project_are_not_this_services(store: Store, tmp_path: Path) -> None:
    other = replace(train("1", 0, 6, released=True), project_id="id-SHOP")
    found = metric(served(store, tmp_path, text=GITLAB, versions=[other]), "release_cadence")
    assert (found.value, found.status) == (None, MetricStatus.NO_DATA)


def release(tag: str, day: float, milestone: str = "") -> Iteration:
    """A GitLab release as a sync keeps it."""
    ref = str(ReleaseId(PAY, milestone, tag))
    closed, version = IterationState.CLOSED, IterationKind.VERSION
    return Iteration(SOURCE, ref, f"Release {tag}", closed, closed_at=at(day), kind=version, project_id=PAY)


def test_a_release_of_two_milestones_is_one(store: Store, tmp_path: Path) -> None:
    told = [release("v1", 5, "812"), release("v1", 5, "813"), release("v2", 9)]
    found = metric(served(store, tmp_path, text=GITLAB, versions=told), "release_cadence")
    assert found.n == 2


def test_item_to_release_runs_from_the_start_to_the_day_of_the_release(store: Store, tmp_path: Path) -> None:
    story = Story("PAY-1", "B0 D3 F9", fields={Field.ITERATION: ("812", [])})
    late = Story("PAY-2", "B0 F9", fields={Field.ITERATION: ("812", [])})
    idle = Story("PAY-3", "B0 D3 F9")
    told = [release("v2", 15, "812"), release("v1", 12, "812")]
    found = metric(served(store, tmp_path, text=GITLAB, versions=told, stories=[story, late, idle]), "item_to_release")
    assert (found.value, found.n, found.excluded) == (9.0, 1, {"never_started": 1})


def test_a_release_that_is_announced_for_later_is_none_yet(store: Store, tmp_path: Path) -> None:
    told, span = [release("v1", 5, "812"), release("v2", AS_OF + 2, "812")], (SINCE, date(2026, 4, 30))
    assert metric(served(store, tmp_path, text=GITLAB, versions=told, span=span), "release_cadence").n == 1


def test_the_day_of_a_release_is_the_teams(store: Store, tmp_path: Path) -> None:
    settings = config(tmp_path, GITLAB, "Asia/Shanghai")
    story = Story("PAY-1", "B0 D3", fields={Field.ITERATION: ("812", [])})
    fill(store, settings, [story], [release("v1", 12.9, "812")])
    found = snapshot(store, settings)
    assert found.released(found.find("PAY-1")) == Release(date(2026, 3, 15), "version", "Release v1")


def test_item_to_release_knows_deployments_too_and_no_finish(store: Store, tmp_path: Path) -> None:
    told = [deployed(1, 12.5, issues=("10001",))]
    found = metric(served(store, tmp_path, told), "item_to_release")
    assert (found.value, found.n) == (9.0, 1)


# when an issue was released


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([deployed(1, 12, issues=("10001",))], date(2026, 3, 14)),
        ([deployed(1, 12, issues=("10001",)), deployed(2, 11, issues=("10001",))], date(2026, 3, 13)),
        ([deployed(1, 11, issues=("10001",), succeeded=False), deployed(2, 12, issues=("10001",))], date(2026, 3, 14)),
        ([deployed(1, 12, issues=("10002",))], date(2026, 3, 11)),  # another one: finished
        ([deployed(1, AS_OF + 1, issues=("10001",))], date(2026, 3, 11)),  # not yet
    ],
    ids=["deployed", "first of two", "failed before", "another issue", "to come"],
)
def test_released_with_the_first_successful_deployment(
    told: list[Deployment], expected: date, store: Store, tmp_path: Path
) -> None:
    settings = config(tmp_path, CONNECTED)
    fill(store, settings, STORIES)
    tell(store, settings, told)
    found = snapshot(store, settings)
    release = found.released(found.find("PAY-1"))
    assert release is not None
    assert (release.day, release.source) == (expected, "finished" if expected == date(2026, 3, 11) else "deployment")


def test_the_day_of_a_deployment_is_the_teams(store: Store, tmp_path: Path) -> None:
    settings = config(tmp_path, CONNECTED, "Asia/Shanghai")
    fill(store, settings, STORIES)
    tell(store, settings, [deployed(1, 12.9, issues=("10001",))])
    found = snapshot(store, settings)
    release = found.released(found.find("PAY-1"))
    assert release is not None and release.day == date(2026, 3, 15)


def test_an_issue_that_was_moved_is_released_as_what_it_lives_on_as(store: Store, tmp_path: Path) -> None:
    settings = config(tmp_path, CONNECTED)
    old, changes = Story("PAY-2", "B0 D3").build()
    fill(store, settings, STORIES, extra=[(replace(old, moved_to="10001"), changes)])
    tell(store, settings, [deployed(1, 12, issues=("10002",))])
    found = snapshot(store, settings)
    release = found.released(found.find("PAY-1"))
    assert release is not None and release.source == "deployment"


def test_deployments_of_a_source_that_connects_none_say_nothing(store: Store, tmp_path: Path) -> None:
    settings = config(tmp_path, GITLAB)
    fill(store, settings, STORIES)
    tell(store, settings, [deployed(1, 12, issues=("10001",))])
    found = snapshot(store, settings)
    assert found.deployments(SOURCE) == ()
    assert found.deployments_read(SOURCE)


def test_nothing_later_than_the_snapshot_is_known(store: Store, tmp_path: Path) -> None:
    settings = config(tmp_path, CONNECTED)
    fill(store, settings, STORIES)
    tell(store, settings, [deployed(1, 10), deployed(2, 20)])
    assert [d.id for d in snapshot(store, settings, 15).deployments(SOURCE)] == ["1"]


# taken along


def test_the_table_of_deployments(store: Store, tmp_path: Path) -> None:
    settings = config(tmp_path, CONNECTED)
    fill(store, settings, STORIES)
    url = "https://acme.example.com/-/jobs/1"
    told = replace(deployed(1, 12, 4, 5, issues=("10001", "99")), url=url, ref="main", sha="abc")
    foreign = replace(deployed(2, 13, project="77", succeeded=False), url="https://elsewhere.example.org/x")
    tell(store, settings, [told, foreign])
    columns, rows = tables(snapshot(store, settings))["deployments"]
    assert columns == (
        "source", "id", "project", "environment", "succeeded", "finished_at", "ref", "sha", "url", "issue_keys",
        "commits",
    )  # fmt: skip
    assert list(rows) == [
        (SOURCE, "1", "PAY", "production", True, "2026-03-14T00:00:00Z", "main", "abc", url, '["PAY-1"]', 2),
        (SOURCE, "2", "77", "production", False, "2026-03-15T00:00:00Z", None, None, None, "[]", 0),
    ]


def test_there_is_no_such_table_where_none_are_connected(store: Store, tmp_path: Path) -> None:
    settings = config(tmp_path, GITLAB)
    fill(store, settings, STORIES)
    assert "deployments" not in tables(snapshot(store, settings))
