"""Deployments at the HTTP edge: which are read, what they brought, what a refusal means, how many requests it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import responses
from graphql import parse, validate

from okr_delivery.model.releases import ReleaseId
from okr_delivery.model.work import Deployment, IterationKind, IterationState
from okr_delivery.sync.errors import AbortSyncError, ConfigError
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery_gitlab.deployments import DeploymentReader
from okr_delivery_gitlab.releases import ReleaseReader
from okr_delivery_gitlab.shipments import MOST_REQUESTS, QUERY
from tests.okr_delivery_gitlab.schemas import SPEC
from tests.okr_delivery_gitlab.schemas import spec as spec_schema
from tests.okr_delivery_gitlab.shipping import APP, SHOP, URL, Forge, client, commit, deployment, request, spec

DEPLOYMENTS = "projects/7/deployments"


@pytest.fixture
def forge() -> Iterator[Forge]:
    served = Forge()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        served.serve(mock)
        yield served


def read(since: int | None = None, held: tuple[str, ...] = (), *environments: str, **more: Any) -> list[Deployment]:
    reader = DeploymentReader(spec(*environments, **more), client(), [APP, SHOP], URL)
    return list(reader.read(since, held))


def march(day: int, hour: int = 12) -> int:
    return int(datetime(2026, 3, day, hour, tzinfo=UTC).timestamp())


def test_ended_ones_come_oldest_first_with_what_they_brought(forge: Forge) -> None:
    change = request(1, commit(4), commit(5), description="Closes #12")
    forge.issues[APP.path] = {"12": 5012}
    forge.deployments["7"] = [deployment(41, 9, change), deployment(40, 8, status="failed")]
    failed, found = read()
    assert (failed.id, failed.succeeded, failed.issues, failed.commits) == ("40", False, (), ())
    assert found == Deployment(
        "gitlab", "41", "7", "production", True, march(9), "main", f"{41:040x}", f"{URL}/-/jobs/41",
        ("5012",), (march(4, 8), march(5, 8)),
    )  # fmt: skip


@pytest.mark.parametrize("status", ["created", "running", "blocked", "skipped"])
def test_what_has_not_ended_is_none(status: str, forge: Forge) -> None:
    forge.deployments["7"] = [deployment(41, 9, status=status)]
    assert read() == []


@pytest.mark.parametrize(("status", "succeeded"), [("success", True), ("failed", False), ("canceled", False)])
def test_every_way_to_end(status: str, succeeded: bool, forge: Forge) -> None:
    forge.deployments["7"] = [deployment(41, 9, status=status)]
    assert [one.succeeded for one in read()] == [succeeded]


def test_one_that_no_job_made_ended_with_its_last_change(forge: Forge) -> None:
    forge.deployments["7"] = [deployment(41, 9, deployable=None)]
    (found,) = read()
    assert (found.finished_at, found.url) == (march(9) + 9, None)


def test_one_without_any_time_can_not_be_placed(forge: Forge) -> None:
    forge.deployments["7"] = [deployment(41, 9, deployable=None, updated_at=None, created_at=None)]
    with pytest.raises(AbortSyncError):
        read()


def test_a_window_is_asked_newest_first_by_its_updates(forge: Forge) -> None:
    """A row that is updated between two pages moves to where it was read already: it may come twice, never not."""
    forge.deployments["7"] = [deployment(40, 3), deployment(41, 9)]
    assert [one.id for one in read(march(5))] == ["41"]
    query = next(query for path, query in forge.asked if path == DEPLOYMENTS)
    assert (query["order_by"], query["sort"], query["updated_after"]) == (
        ["updated_at"],
        ["desc"],
        ["2026-03-05T12:00:00Z"],
    )


def test_all_are_asked_by_id(forge: Forge) -> None:
    forge.deployments["7"] = [deployment(41, 9)]
    read()
    query = next(query for path, query in forge.asked if path == DEPLOYMENTS)
    assert (query["order_by"], query["sort"], "updated_after" in query) == (["id"], ["asc"], False)


def test_a_first_day_bounds_the_past(forge: Forge) -> None:
    forge.deployments["7"] = [deployment(40, 3), deployment(41, 9)]
    reader = DeploymentReader(spec(since=date(2026, 3, 6)), client(), [APP], URL)
    assert [one.id for one in reader.read(None)] == ["41"]


def test_all_pages_are_read(forge: Forge) -> None:
    forge.page = 2
    forge.deployments["7"] = [deployment(n, n) for n in range(1, 6)]
    assert [one.id for one in read()] == ["1", "2", "3", "4", "5"]


def test_what_is_held_is_not_looked_into(forge: Forge) -> None:
    forge.deployments["7"] = [deployment(40, 8, request(1)), deployment(41, 9, request(2))]
    assert [one.id for one in read(None, ("40",))] == ["41"]
    assert forge.count(f"{DEPLOYMENTS}/40/merge_requests") == 0


def test_several_environments_and_projects_are_one_row(forge: Forge) -> None:
    forge.environments = ("production", "live")
    live = deployment(50, 7, environment={"id": 2, "name": "live"})
    forge.deployments = {"7": [deployment(41, 9)], "8": [live, deployment(60, 8, environment={"id": 3, "name": "qa"})]}
    found = read(None, (), "production", "live")
    assert [(one.id, one.project_id, one.environment) for one in found] == [
        ("50", "8", "live"),
        ("41", "7", "production"),
    ]


# requests


def test_the_requests_of_deployments_are_few_and_have_labels_of_their_own(forge: Forge) -> None:
    """Per new deployment one list; per batch one query; per project with closed issues one list; nothing else."""
    forge.deployments["7"] = [deployment(n, n, request(n, commit(2), description=f"Closes #{n}")) for n in range(1, 21)]
    forge.issues[APP.path] = {str(n): 5000 + n for n in range(1, 21)}
    transport = Transport(NetworkSpec(), origin=URL, sleep=lambda _: None)
    reader = DeploymentReader(spec(), client(transport), [APP], URL)
    assert all(len(one.issues) == len(one.commits) == 1 for one in reader.read(None))
    assert dict(transport.requests) == {
        "GET projects/:id/deployments": 1,
        "GET projects/:id/deployments/:id/merge_requests": 20,
        "POST graphql deployments": 1,
        "GET projects/:id/issues of deployments": 1,
    }


def test_where_nothing_changed_it_is_one_list_and_a_look_for_the_environment(forge: Forge) -> None:
    list(DeploymentReader(spec(), client(), [APP], URL).read(march(9)))
    assert [path for path, _ in forge.asked] == [DEPLOYMENTS, "projects/7/environments"]


# commits


def test_a_server_without_the_query_is_asked_for_each_merge_request(forge: Forge) -> None:
    forge.graphql = False
    forge.deployments["7"] = [deployment(41, 9, request(1, commit(4)), request(2, commit(5), commit(6)))]
    (found,) = read()
    assert found.commits == (march(4, 8), march(5, 8), march(6, 8))
    assert forge.count("/api/graphql") == 1  # once, and not again
    assert forge.count("projects/7/merge_requests/2/commits") == 1


def test_more_commits_than_a_page_of_the_query_are_listed(forge: Forge) -> None:
    forge.deployments["7"] = [deployment(41, 9, request(1, *[commit(4)] * 101), request(2, commit(5)))]
    (found,) = read()
    assert len(found.commits) == 102
    assert {path for path, _ in forge.asked if path.endswith("/commits")} == {"projects/7/merge_requests/1/commits"}


@pytest.mark.parametrize("graphql", [True, False])
def test_merges_are_no_work_of_anyone(graphql: bool, forge: Forge) -> None:
    forge.graphql = graphql
    forge.deployments["7"] = [deployment(41, 9, request(1, commit(4), commit(6, parent_ids=["a", "b"])))]
    assert [one.commits for one in read()] == [(march(4, 8),)]


def test_a_commit_dated_before_all_trackers_is_left_out(forge: Forge) -> None:
    forge.deployments["7"] = [
        deployment(41, 9, request(1, commit(4), {**commit(4), "authored_date": "1970-01-01T00:00:00Z"}))
    ]
    assert [one.commits for one in read()] == [(march(4, 8),)]


def test_the_commits_of_a_first_deployment_of_everything_are_not_read(forge: Forge) -> None:
    """GitLab says of the first deployment to an environment that it brought every merge request there ever was."""
    many = [request(n, commit(4), description=f"Closes #{n}") for n in range(1, MOST_REQUESTS + 2)]
    forge.issues[APP.path] = {str(n): 5000 + n for n in range(1, MOST_REQUESTS + 2)}
    forge.deployments["7"] = [deployment(41, 9, *many)]
    (found,) = read()
    assert (len(found.issues), found.commits, forge.count("/api/graphql")) == (MOST_REQUESTS + 1, (), 0)


@pytest.mark.skipif(not SPEC.exists(), reason="GitLab's schema is not beside the repository")
def test_the_query_is_one_that_gitlab_has() -> None:
    assert validate(spec_schema(), parse(QUERY)) == []


# issues


def test_an_issue_closed_by_a_commit_or_in_another_project_came_with_it(forge: Forge) -> None:
    forge.issues = {APP.path: {"12": 5012}, SHOP.path: {"3": 6003}, "other/place": {"9": 7009}}
    text = f"Fixes {SHOP.path}#3 and {URL}/other/place/-/issues/9"
    forge.deployments["7"] = [deployment(41, 9, request(1, commit(4, "fix: resolves #12"), description=text))]
    assert [set(one.issues) for one in read()] == [{"5012", "6003", "7009"}]


def test_an_issue_in_a_project_that_is_not_shown_is_left_out(forge: Forge) -> None:
    forge.issues = {APP.path: {"12": 5012}}
    forge.deployments["7"] = [deployment(41, 9, request(1, title="Closes secret/place#3, #12"))]
    assert [one.issues for one in read()] == [("5012",)]


# what may be wrong


def test_an_environment_that_is_nowhere_is_named_with_those_there_are(forge: Forge) -> None:
    forge.environments = ("prod", "staging")
    with pytest.raises(ConfigError, match=r"gitlab\.error\.environment_unknown") as caught:
        read()
    assert caught.value.problems[0].what.params == {"environment": "production", "known": "prod, staging"}


def test_an_environment_that_was_renamed_since_is_noticed_in_a_window(forge: Forge) -> None:
    forge.environments = ("prod",)
    with pytest.raises(ConfigError, match=r"gitlab\.error\.environment_unknown"):
        read(march(9))


def test_an_environment_that_never_was_deployed_to_is_empty(forge: Forge) -> None:
    assert read() == []


def test_a_project_of_several_may_have_no_such_environment(forge: Forge) -> None:
    forge.deployments["8"] = [deployment(60, 8)]
    assert [one.id for one in read()] == ["60"]
    assert forge.count("projects/7/environments") == 0


@pytest.mark.parametrize("status", [403, 404])
def test_deployments_that_this_account_may_not_see_are_an_error(status: int, forge: Forge) -> None:
    forge.refusals["8/deployments"] = status
    with pytest.raises(ConfigError, match=r"gitlab\.error\.deployments_forbidden") as caught:
        read()
    assert caught.value.problems[0].what.params == {"project": SHOP.path, "status": status}


@pytest.mark.parametrize("feature", ["builds_access_level", "environments_access_level", "repository_access_level"])
def test_a_project_that_has_the_feature_switched_off_has_none(feature: str, forge: Forge) -> None:
    forge.refusals["8/deployments"] = 403
    forge.features[feature] = "disabled"
    forge.deployments["7"] = [deployment(41, 9)]
    assert [one.id for one in read()] == ["41"]


# releases


def test_a_release_is_one_iteration_for_each_of_its_milestones(forge: Forge) -> None:
    forge.releases["7"] = [
        {
            "tag_name": "v1:a",
            "name": "",
            "released_at": "2026-03-04T12:00:00Z",
            "milestones": [{"id": 812}, {"id": 813}],
        },
        {"tag_name": "v2", "name": "Two", "released_at": "2026-03-05T12:00:00.123Z"},
    ]
    found = list(ReleaseReader("gitlab", client(), [APP]).read())
    assert [(ReleaseId.of(one.id), one.name, one.closed_at) for one in found] == [
        (ReleaseId("7", "812", "v1:a"), "v1:a", march(4)),
        (ReleaseId("7", "813", "v1:a"), "v1:a", march(4)),
        (ReleaseId("7", "", "v2"), "Two", march(5)),
    ]
    assert {(one.kind, one.state, one.project_id) for one in found} == {
        (IterationKind.VERSION, IterationState.CLOSED, "7")
    }


def test_a_project_that_shows_no_releases_is_passed_over(forge: Forge) -> None:
    forge.refusals["7/releases"] = 403
    forge.releases["8"] = [{"tag_name": "v1", "released_at": "2026-03-04T12:00:00Z"}]
    assert [one.project_id for one in ReleaseReader("gitlab", client(), [APP, SHOP]).read()] == ["8"]


@pytest.mark.parametrize("row", [{"released_at": "2026-03-04T12:00:00Z"}, {"tag_name": "v1", "released_at": "soon"}])
def test_a_release_that_can_not_be_read_ends_the_run(row: dict[str, str], forge: Forge) -> None:
    forge.releases["7"] = [row]
    with pytest.raises(AbortSyncError):
        list(ReleaseReader("gitlab", client(), [APP]).read())


def test_other_ids_are_no_releases() -> None:
    assert ReleaseId.of("version-12") is None
    assert ReleaseId.of("release-x") is None
