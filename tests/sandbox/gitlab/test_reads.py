"""What the REST interface shows of one issue and around it, by version and plan."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from okr_delivery.sandbox.gitlab.state import Tier
from tests.sandbox.gitlab.site import ANNA, ME, Client, Clock

Serving = Callable[..., Client]
ONE = "projects/acme%2Fshop/issues/1"


def test_an_issue_as_ultimate_shows_it(small_client: Client) -> None:
    issue = small_client.get(ONE)
    assert issue["labels"] == ["priority::high", "workflow::doing"]
    assert (issue["weight"], issue["iteration"]["id"], issue["epic"]["title"]) == (3, 34, "All of it")
    assert (issue["epic_iid"], issue["health_status"], issue["subscribed"]) == (1, None, False)
    assert issue["milestone"]["due_date"] == "2026-11-15"
    assert (issue["milestone"]["expired"], issue["milestone"]["project_id"]) == (True, 10)
    assert issue["task_completion_status"] == {"count": 2, "completed_count": 1}
    assert issue["task_status"] == "1 of 2 checklist items completed"
    assert issue["references"] == {"short": "#1", "relative": "#1", "full": "acme/shop#1"}
    assert (issue["user_notes_count"], issue["merge_requests_count"], issue["blocking_issues_count"]) == (1, 1, 1)
    assert issue["web_url"] == f"{small_client.server.url}/acme/shop/-/issues/1"


@pytest.mark.parametrize(
    ("tier", "there", "missing"),
    [
        (Tier.PREMIUM, {"weight", "epic", "iteration"}, {"health_status"}),
        (Tier.FREE, set(), {"weight", "epic", "epic_iid", "iteration", "health_status"}),
    ],
)
def test_plans_take_members_away(client_of: Serving, tier: Tier, there: set[str], missing: set[str]) -> None:
    issue = client_of(tier=tier).get(ONE)
    assert there <= issue.keys()
    assert not missing & issue.keys()


def test_versions_take_members_away(client_of: Serving) -> None:
    issue = client_of(version="15.0.0").get(ONE)
    assert not {"imported", "start_date"} & issue.keys()
    assert not {"locked", "public_email"} & issue["author"].keys()


def test_labels_as_objects(small_client: Client) -> None:
    rows = small_client.get("projects/10/issues", with_labels_details="true", **{"iids[]": 1})
    assert [label["name"] for label in rows[0]["labels"]] == ["priority::high", "workflow::doing"]
    assert rows[0]["labels"][0]["id"] == next(
        label.id for label in small_client.server.state.labels.values() if label.name == "priority::high"
    )


def test_single_issues_by_global_id_are_for_administrators(client_of: Serving) -> None:
    client = client_of()
    number = client.server.forge.item("acme/shop#1").id
    assert client.send("GET", f"issues/{number}").status_code == 403
    client.server.faults = {"administrator": True}
    assert client.get(f"issues/{number}")["iid"] == 1
    assert client.send("GET", "issues/99999").status_code == 404


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("projects/acme%2Fnone", "404 Project Not Found"),
        ("projects/acme%2Fnone/issues", "404 Project Not Found"),
        ("groups/none", "404 Group Not Found"),
        ("projects/10/issues/99", "404 Not found"),
        ("projects/10/issues/1/notes/99", "404 Note Not Found"),
        ("projects/10/merge_requests/99", "404 Not found"),
        ("projects/10/deployments/99", "404 Deployment Not Found"),
        ("projects/10/repository/commits/abc/statuses", "404 Commit Not Found"),
    ],
)
def test_what_is_missing_is_named(small_client: Client, path: str, message: str) -> None:
    answer = small_client.send("GET", path)
    assert (answer.status_code, answer.json()) == (404, {"message": message})


def test_addresses_that_are_none(small_client: Client) -> None:
    assert small_client.send("GET", "nothing/here").json() == {"error": "404 Not Found"}
    assert small_client.send("DELETE", "version").status_code == 405
    assert small_client.send("GET", "projects/10/issues/one").json() == {"error": "issue_iid is invalid"}
    assert small_client.server.requests["(unknown)"] == 2


def test_an_address_that_is_too_long(small_client: Client) -> None:
    assert small_client.send("GET", "version?" + "x" * 9000).status_code == 414


def test_projects_by_path_by_id_and_of_groups(small_client: Client) -> None:
    assert small_client.get("projects/acme%2Fdeep%2Ftools")["id"] == 12
    assert small_client.get("projects/12")["path_with_namespace"] == "acme/deep/tools"
    paths = [row["path"] for row in small_client.get("groups/acme/projects")]
    assert sorted(paths) == ["attic", "shop"]
    deep = small_client.get("groups/acme/projects", include_subgroups="true", archived="false", order_by="id")
    assert [row["path"] for row in deep] == ["tools", "shop"]
    assert [row["full_path"] for row in small_client.get("groups/acme/subgroups")] == ["acme/deep"]
    assert [row["id"] for row in small_client.get("groups/acme/descendant_groups")] == [8]
    assert small_client.get("groups/acme%2Fdeep")["full_name"] == "Acme / Deep"
    assert len(small_client.get("projects", simple="true", search="o")) == 2


def test_a_renamed_project_redirects_reads_and_refuses_writes(client_of: Serving) -> None:
    client = client_of()
    client.server.forge.rename_project("acme/shop", "acme/store")
    answer = client.send("GET", "projects/acme%2Fshop/issues", params={"state": "opened"})
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{client.server.url}/api/v4/projects/10/issues?state=opened"
    refused = client.send("PUT", ONE, json={"title": "x"})
    assert (refused.status_code, refused.json()["message"][:7]) == (405, "Non GET")
    client.server.faults = {"redirect_to": "https://elsewhere.invalid"}
    elsewhere = client.send("GET", "projects/acme%2Fshop").headers["Location"]
    assert elsewhere == "https://elsewhere.invalid/api/v4/projects/10"


def test_events_are_exact_and_oldest_first(small_client: Client) -> None:
    labels = small_client.get(f"{ONE}/resource_label_events")
    assert [(row["action"], row["label"]["name"]) for row in labels] == [
        ("add", "workflow::todo"),
        ("add", "priority::high"),
        ("add", "workflow::doing"),
        ("remove", "workflow::todo"),
    ]
    assert [row["state"] for row in small_client.get(f"{ONE}/resource_state_events")] == ["closed"]
    assert [row["milestone"]["title"] for row in small_client.get(f"{ONE}/resource_milestone_events")] == ["Sprint 1"]
    assert [row["iteration"]["sequence"] for row in small_client.get(f"{ONE}/resource_iteration_events")] == [3]
    assert [row["weight"] for row in small_client.get(f"{ONE}/resource_weight_events")] == [3]


def test_events_of_a_deleted_label_stay_behind_without_it(small_client: Client) -> None:
    label = next(row for row in small_client.server.state.labels.values() if row.name == "workflow::todo")
    small_client.server.forge.delete_label(label.id)
    assert [row["label"] is None for row in small_client.get(f"{ONE}/resource_label_events")].count(True) == 2


@pytest.mark.parametrize(("edition", "status"), [("ee", 403), ("ce", 404)])
def test_what_a_plan_has_not_got_is_refused_not_empty(client_of: Serving, edition: str, status: int) -> None:
    client = client_of({"edition": edition}, tier=Tier.FREE)
    for path in (f"{ONE}/resource_weight_events", f"{ONE}/resource_iteration_events", "groups/acme/iterations"):
        assert client.send("GET", path).status_code == status
    assert client.get("metadata")["enterprise"] is (edition == "ee")
    assert client.send("GET", "projects/10/merge_requests/1/status_checks").status_code == status


def test_notes_leave_out_what_is_made_of_events(small_client: Client) -> None:
    everything = small_client.get(f"{ONE}/notes", sort="asc")
    assert not [row for row in everything if "label" in row["body"] or "milestone" in row["body"]]
    activity = small_client.get(f"{ONE}/notes", activity_filter="only_activity")
    assert activity
    assert all(row["system"] for row in activity)
    comments = small_client.get(f"{ONE}/notes", activity_filter="only_comments")
    assert [(row["body"], row["author"]["id"], row["system"]) for row in comments] == [("Shall we?", ANNA, False)]
    assert small_client.get(f"{ONE}/notes/{comments[0]['id']}")["noteable_iid"] == 1
    times = [row["updated_at"] for row in small_client.get(f"{ONE}/notes", order_by="updated_at")]
    assert times == sorted(times, reverse=True)


def test_labels_milestones_and_iterations(small_client: Client) -> None:
    small_client.server.forge.add_label("own", project="acme/shop")
    assert len(small_client.get("projects/10/labels")) == 5
    own = small_client.get("projects/10/labels", include_ancestor_groups="false", with_counts="true")
    assert [(row["name"], row["is_project_label"]) for row in own] == [("own", True)]
    assert len(small_client.get("groups/acme/labels", search="workflow")) == 2
    assert len(small_client.get("groups/acme/labels", only_group_labels="false")) == 5
    titles = [row["title"] for row in small_client.get("projects/10/milestones", include_ancestors="true")]
    assert titles == ["Quarter", "Sprint 1"]
    assert [row["title"] for row in small_client.get("projects/10/milestones", state="active")] == ["Sprint 1"]
    number = small_client.get("groups/acme/milestones")[0]["id"]
    assert small_client.get(f"groups/acme/milestones/{number}")["group_id"] == 7
    assert small_client.send("GET", f"projects/10/milestones/{number}").status_code == 404
    assert [row["state"] for row in small_client.get("projects/10/iterations")] == [2]
    assert small_client.get("groups/acme%2Fdeep/iterations", include_ancestors="false") == []
    assert [row["id"] for row in small_client.get("groups/acme/iterations", state="opened")] == [34]


def test_links_and_merge_requests_of_an_issue(small_client: Client) -> None:
    links = small_client.get(f"{ONE}/links")
    assert [(row["iid"], row["link_type"]) for row in links] == [(3, "blocks")]
    assert [row["iid"] for row in small_client.get(f"{ONE}/closed_by")] == [1]
    assert small_client.get("projects/10/issues/3/closed_by") == []
    assert [row["iid"] for row in small_client.get("projects/10/issues/3/related_merge_requests")] == [1]


def test_merge_requests(small_client: Client, small_clock: Clock) -> None:
    place = "projects/10/merge_requests"
    small_clock.now += 60
    small_client.server.forge.open_request("acme/shop", "Another", "Closes #4", "later")
    assert [row["iid"] for row in small_client.get(place, state="merged")] == [1]
    assert [row["iid"] for row in small_client.get(place, order_by="updated_at", sort="asc")] == [1, 2]
    assert [row["iid"] for row in small_client.get("groups/acme/merge_requests", source_branch="later")] == [2]
    after = "2026-11-18T02:08:30Z"
    assert [row["iid"] for row in small_client.get(place, updated_after=after)] == [2]
    assert small_client.get(place, merged_after=after) == []
    one = small_client.get(f"{place}/1")
    assert (one["state"], one["subscribed"], one["references"]["full"]) == ("merged", False, "acme/shop!1")
    assert [row["iid"] for row in small_client.get(f"{place}/1/closes_issues")] == [1]
    assert [row["iid"] for row in small_client.get(f"{place}/1/related_issues")] == [1, 3]
    assert [row["title"] for row in small_client.get(f"{place}/1/commits")] == ["Make it so"]


def test_deployments_and_releases(small_client: Client) -> None:
    place = "projects/10/deployments"
    rows = small_client.get(
        place, order_by="updated_at", updated_after="2026-11-18T00:00:00Z", environment="production"
    )
    assert [(row["iid"], row["status"]) for row in rows] == [(1, "success")]
    assert small_client.get(f"{place}/{rows[0]['id']}")["environment"]["name"] == "production"
    assert [row["iid"] for row in small_client.get(f"{place}/{rows[0]['id']}/merge_requests")] == [1]
    assert [row["tier"] for row in small_client.get("projects/10/environments")] == ["production"]
    release = small_client.get("projects/10/releases")[0]
    assert (release["tag_name"], [m["title"] for m in release["milestones"]]) == ("v1", ["Sprint 1"])
    assert small_client.get("projects/10/releases/v1")["upcoming_release"] is False


@pytest.mark.parametrize(
    "params",
    [
        {"updated_after": "2026-11-18T00:00:00Z"},
        {"finished_after": "2026-11-18T00:00:00Z", "order_by": "finished_at"},
        {"finished_after": "2026-11-18T00:00:00Z", "status": "success"},
        {"finished_after": "2026-11-18", "updated_after": "2026-11-18", "order_by": "updated_at"},
    ],
)
def test_spans_of_deployments_need_their_order(small_client: Client, params: dict[str, str]) -> None:
    assert small_client.send("GET", "projects/10/deployments", params=params).status_code == 400


def test_the_server_and_its_token(client_of: Serving) -> None:
    client = client_of({"login_of": "project", "scopes": ["read_api"]})
    assert client.get("version")["version"] == "18.5.0-ee"
    user = client.get("user")
    assert (user["id"], user["bot"]) == (ME, True)
    token = client.get("personal_access_tokens/self")
    assert (token["scopes"], token["active"], token["user_id"]) == (["read_api"], True, ME)
    assert client.send("GET", "job").status_code == 401


def test_people_see_a_page_behind_a_link(small_client: Client) -> None:
    page = requests.get(small_client.get(ONE)["web_url"], timeout=10)
    assert (page.status_code, "Step 1" in page.text) == (200, True)
    assert requests.get(f"{small_client.server.url}/groups/acme/-/epics/1", timeout=10).status_code == 200
    assert requests.get(f"{small_client.server.url}/acme/shop/-/issues/99", timeout=10).status_code == 404
