"""GraphQL: work items with their widgets, what a query may cost, what a schema has, and how errors are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests

from okr_delivery.sandbox.gitlab import graphql_fast
from okr_delivery.sandbox.gitlab.state import Lifecycle, Status, Tier
from tests.sandbox.gitlab.site import Client

Serving = Callable[..., Client]
NOTES = """query activity($path: ID!, $iids: [String!], $first: Int, $after: String) {
  queryComplexity { score limit }
  project(fullPath: $path) { workItems(iids: $iids, first: 100) { nodes { ...item } } }
}
fragment item on WorkItem {
  id iid title state webUrl reference(full: true) createdAt updatedAt closedAt
  workItemType { name }
  namespace { fullPath }
  author { username }
  widgets {
    type
    ... on WorkItemWidgetNotes { discussions(filter: ONLY_ACTIVITY, first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { id notes { nodes {
        body system createdAt systemNoteIconName systemNoteMetadata { action } author { id } } } }
    } }
    ... on WorkItemWidgetLabels { labels { nodes { id title } } }
    ... on WorkItemWidgetMilestone { milestone { id title dueDate expired } }
    ... on WorkItemWidgetIteration { iteration { id startDate iterationCadence { title } } }
    ... on WorkItemWidgetWeight { weight }
    ... on WorkItemWidgetHierarchy { hasChildren parent { id title reference(full: true) } children { nodes { iid } } }
    ... on WorkItemWidgetLinkedItems { linkedItems(first: 5) { nodes { linkType workItem { iid } } } }
    ... on WorkItemWidgetStatus { status { id name category } }
    ... on WorkItemWidgetTimeTracking { timeEstimate totalTimeSpent humanReadableAttributes { timeEstimate } }
    ... on WorkItemWidgetStartAndDueDate { startDate dueDate }
    ... on WorkItemWidgetHealthStatus { healthStatus }
    ... on WorkItemWidgetAssignees { assignees { nodes { username } } }
    ... on WorkItemWidgetCustomFields { customFieldValues {
      customField { id name fieldType }
      ... on WorkItemTextFieldValue { text: value }
      ... on WorkItemNumberFieldValue { number: value }
      ... on WorkItemSelectFieldValue { selectedOptions { value } }
    } }
  }
}"""
ONE: dict[str, Any] = {"path": "acme/shop", "iids": ["1"], "first": 50}


def _widgets(client: Client, variables: Mapping[str, Any] = ONE) -> dict[str, dict[str, Any]]:
    item = client.data(NOTES, dict(variables))["project"]["workItems"]["nodes"][0]
    return {row["type"]: row for row in item["widgets"]}


def _bodies(client: Client, **more: object) -> list[str]:
    rows = _widgets(client, {**ONE, **more})["NOTES"]["discussions"]["nodes"]
    return [note["body"] for row in rows for note in row["notes"]["nodes"]]


def test_a_work_item_with_its_widgets(small_client: Client) -> None:
    item = small_client.data(NOTES, ONE)["project"]["workItems"]["nodes"][0]
    number = small_client.server.forge.item("acme/shop#1").id
    assert (item["id"], item["iid"], item["state"]) == (f"gid://gitlab/WorkItem/{number}", "1", "CLOSED")
    assert (item["workItemType"], item["namespace"]) == ({"name": "Issue"}, {"fullPath": "acme/shop"})
    found = _widgets(small_client)
    assert [row["title"] for row in found["LABELS"]["labels"]["nodes"]] == ["priority::high", "workflow::doing"]
    assert found["MILESTONE"]["milestone"]["dueDate"] == "2026-11-15"
    assert found["ITERATION"]["iteration"]["iterationCadence"] == {"title": "Fortnights"}
    assert found["WEIGHT"]["weight"] == 3
    assert found["HIERARCHY"]["parent"]["reference"] == "acme&1"
    assert found["LINKED_ITEMS"]["linkedItems"]["nodes"] == [{"linkType": "blocks", "workItem": {"iid": "3"}}]
    values = {row["customField"]["name"]: row for row in found["CUSTOM_FIELDS"]["customFieldValues"]}
    assert (values["Key result"]["text"], values["Share"]["number"]) == ("KR-1", 0.5)
    assert values["Size"]["selectedOptions"] == [{"value": "Large"}]


def test_activity_has_what_rest_leaves_out(small_client: Client) -> None:
    notes = _widgets(small_client)["NOTES"]["discussions"]["nodes"]
    actions = [row["notes"]["nodes"][0]["systemNoteMetadata"]["action"] for row in notes]
    assert {"label", "milestone", "iteration", "weight", "closed"} <= set(actions)
    stored = [row["body"] for row in small_client.get("projects/10/issues/1/notes", activity_filter="only_activity")]
    assert set(stored) < set(_bodies(small_client))
    assert "Shall we?" not in _bodies(small_client)


def test_comments_and_all_notes(small_client: Client) -> None:
    text = NOTES.replace("ONLY_ACTIVITY", "ONLY_COMMENTS")
    item = small_client.data(text, ONE)["project"]["workItems"]["nodes"][0]
    notes = next(row for row in item["widgets"] if row["type"] == "NOTES")["discussions"]["nodes"]
    assert [row["notes"]["nodes"][0]["body"] for row in notes] == ["Shall we?"]
    item = small_client.data(NOTES.replace("filter: ONLY_ACTIVITY, ", ""), ONE)["project"]["workItems"]["nodes"][0]
    everything = next(row for row in item["widgets"] if row["type"] == "NOTES")["discussions"]["nodes"]
    assert len(everything) == len(_bodies(small_client)) + 1


def test_references_by_number_or_by_name(client_of: Serving) -> None:
    client = client_of()
    numbers = [body for body in _bodies(client) if "~" in body]
    assert all(body.split("~")[1][0].isdigit() for body in numbers)
    client.server.faults = {"note_references": "name"}
    assert any("workflow::doing" in body for body in _bodies(client))


def test_nested_pages_overflow_and_go_on(client_of: Serving) -> None:
    client = client_of()
    whole = _bodies(client)
    found: list[str] = []
    after: str | None = None
    while True:
        page = _widgets(client, {**ONE, "first": 2, "after": after})["NOTES"]["discussions"]
        found += [row["notes"]["nodes"][0]["body"] for row in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == whole
    client.server.faults = {"page_most": 3}
    assert len(_bodies(client)) == 3


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ("", ["4", "3", "2", "1"]),
        ("sort: CREATED_ASC, first: 2", ["1", "2"]),
        ("last: 1", ["1"]),
        ('iids: ["3", "1"]', ["3", "1"]),
        ("state: closed, sort: UPDATED_ASC", ["1", "2"]),
        ("types: [TASK]", []),
        ('labelName: ["needs love"]', []),
        ('search: "second"', ["2"]),
        ('createdAfter: "2026-11-18T02:03:00Z"', ["4", "3"]),
        ('updatedBefore: "2026-11-18T02:04:30Z"', ["4"]),
        ('closedAfter: "2026-11-18T02:00:00Z", sort: TITLE_ASC', ["2", "1"]),
        ("confidential: true", []),
    ],
)
def test_work_items_are_chosen_and_ordered(small_client: Client, args: str, expected: list[str]) -> None:
    inside = f"workItems({args})" if args else "workItems"
    found = small_client.data(f'{{ project(fullPath: "acme/shop") {{ {inside} {{ count nodes {{ iid }} }} }} }}')
    assert [row["iid"] for row in found["project"]["workItems"]["nodes"]] == expected


def test_pages_of_work_items(small_client: Client) -> None:
    text = """query ($after: String) { project(fullPath: "acme/shop") { workItems(first: 3, after: $after) {
      pageInfo { hasNextPage hasPreviousPage endCursor } nodes { iid } } } }"""
    first = small_client.data(text)["project"]["workItems"]
    assert first["pageInfo"]["hasNextPage"] is True
    small_client.server.forge.hide("acme/shop#2")  # the row that the cursor names
    rest = small_client.data(text, {"after": first["pageInfo"]["endCursor"]})["project"]["workItems"]
    assert [row["iid"] for row in rest["nodes"]] == ["1"]
    assert rest["pageInfo"]["hasPreviousPage"] is True
    assert "valid cursor" in small_client.query(text, {"after": "!!"})["errors"][0]["message"]


def test_groups_show_their_own_items_and_those_below(small_client: Client) -> None:
    text = """{ group(fullPath: "acme") { workItems { nodes { reference(full: true) } }
      deep: workItems(includeDescendants: true) { count }
      bare: workItems(includeDescendants: true, excludeProjects: true) { count } }
      namespace(fullPath: "acme/deep/tools") {
        id fullName workItems { nodes { iid } } workItem(iid: "1") { title } } }"""
    found = small_client.data(text)
    assert found["group"]["workItems"]["nodes"] == [{"reference": "acme&1"}]
    assert (found["group"]["deep"]["count"], found["group"]["bare"]["count"]) == (6, 1)
    assert found["namespace"]["workItem"] == {"title": "Deep work"}
    assert found["namespace"]["id"] == "gid://gitlab/Namespaces::ProjectNamespace/12"


def test_items_by_ids_and_by_reference(small_client: Client) -> None:
    number = small_client.server.forge.item("acme/shop#3").id
    text = f"""{{ workItem(id: "gid://gitlab/WorkItem/{number}") {{ iid }}
      project(fullPath: "acme/shop") {{ workItems(ids: ["gid://gitlab/WorkItem/{number}"]) {{ nodes {{ iid }} }} }}
      workItemsByReference(contextNamespacePath: "acme/shop", refs: ["#2", "acme/deep/tools#1", "none#1"]) {{
        nodes {{ title }} }} }}"""
    found = small_client.data(text)
    assert (found["workItem"], found["project"]["workItems"]["nodes"]) == ({"iid": "3"}, [{"iid": "3"}])
    assert [row["title"] for row in found["workItemsByReference"]["nodes"]] == ["Second step", "Deep work"]
    assert "errors" in small_client.query('{ workItem(id: "gid://gitlab/User/1") { iid } }')


@pytest.mark.parametrize(
    ("context", "count", "said"),
    [("acme/shop", 10, None), ("acme/shop", 11, "no more than 10 references"), ("acme/none", 1, "does not exist")],
)
def test_references_are_few_and_need_a_context(
    small_client: Client, context: str, count: int, said: str | None
) -> None:
    text = (
        "query($c: ID, $r: [String!]!) { workItemsByReference(contextNamespacePath: $c, refs: $r) { nodes { iid } } }"
    )
    told = small_client.query(text, {"c": context, "r": ["#2"] * count})
    assert (said in told["errors"][0]["message"]) if said else told["data"]["workItemsByReference"]["nodes"]


@pytest.mark.parametrize(("version", "found"), [("17.1.0", 0), ("17.2.0", 1)])
def test_a_group_is_a_context_of_references_since_a_later_version(client_of: Serving, version: str, found: int) -> None:
    text = '{ workItemsByReference(contextNamespacePath: "acme", refs: ["acme/shop#2"]) { nodes { iid } } }'
    assert len(client_of(version=version).data(text)["workItemsByReference"]["nodes"]) == found


def test_moved_and_duplicated_items_tell_where_to(small_client: Client) -> None:
    forge = small_client.server.forge
    made = forge.move("acme/shop#3", "acme/deep/tools")
    forge.duplicate("acme/shop#4", "acme/shop#1")
    text = """{ project(fullPath: "acme/shop") { workItems(iids: ["3", "4"]) {
      nodes { movedToWorkItemUrl duplicatedToWorkItemUrl } } } }"""
    duplicate, moved = small_client.data(text)["project"]["workItems"]["nodes"]
    assert moved["movedToWorkItemUrl"] == f"{small_client.server.url}/acme/deep/tools/-/issues/{made.iid}"
    assert duplicate["duplicatedToWorkItemUrl"] == f"{small_client.server.url}/acme/shop/-/issues/1"


def test_the_rest_of_a_project(small_client: Client) -> None:
    text = """{ currentUser { id username } metadata { version enterprise }
      project(fullPath: "acme/shop") {
        id name archived
        group { fullName descendantGroups { nodes { path } } projects(includeSubgroups: true) { count } }
        labels(includeAncestorGroups: true) { count }
        milestones(includeAncestors: true, state: active) { nodes { title } }
        iterations(state: opened) { nodes { sequence } }
        iterationCadences(includeAncestorGroups: true) { nodes { title } }
        mergeRequests(state: merged, mergedAfter: "2026-11-18T00:00:00Z", sort: MERGED_AT_DESC) {
          count nodes {
            iid mergedAt reference(full: true) commits { nodes { title authoredDate } } mergeUser { name } } }
        mergeRequest(iid: "1") { diffHeadSha project { path } milestone { title } }
        environments { nodes { name tier deployments(statuses: [SUCCESS]) { nodes { iid status finishedAt } } } }
        workItemTypes(name: ISSUE) { nodes { id name } } } }"""
    found = small_client.data(text)
    project = found["project"]
    assert (found["currentUser"]["username"], found["metadata"]["enterprise"]) == ("okr-bot", True)
    assert (project["labels"]["count"], [row["title"] for row in project["milestones"]["nodes"]]) == (
        4,
        ["Sprint 1", "Quarter"],
    )
    assert project["iterations"]["nodes"] == [{"sequence": 3}]
    request = project["mergeRequests"]["nodes"][0]
    assert (request["iid"], request["reference"]) == ("1", "acme/shop!1")
    assert [row["title"] for row in request["commits"]["nodes"]] == ["Make it so"]
    assert project["environments"]["nodes"][0]["deployments"]["nodes"][0]["status"] == "SUCCESS"
    assert project["workItemTypes"]["nodes"] == [{"id": "gid://gitlab/WorkItems::Type/1", "name": "Issue"}]


STATUSES = '{ namespace(fullPath: "acme") { lifecycles { nodes { id name statuses { id name category } } } } }'


def test_statuses_of_a_namespace_that_configured_none(small_client: Client) -> None:
    row = small_client.data(STATUSES)["namespace"]["lifecycles"]["nodes"][0]
    assert [status["name"] for status in row["statuses"]] == ["To do", "In progress", "Done", "Won't do", "Duplicate"]
    assert all("SystemDefined" in status["id"] for status in row["statuses"])
    assert _widgets(small_client)["STATUS"]["status"]["name"] == "Done"


def test_configured_statuses(client_of: Serving) -> None:
    client = client_of()
    state = client.server.state
    state.statuses = {1: Status(1, "Ready", "to_do"), 2: Status(2, "Shipped", "done")}
    state.lifecycles = [Lifecycle(4, "Ours", (1, 2), 1, 2, 2)]
    state.revision += 1
    row = client.data(STATUSES)["namespace"]["lifecycles"]["nodes"][0]
    assert [(s["id"], s["category"]) for s in row["statuses"]] == [
        ("gid://gitlab/WorkItems::Statuses::Custom::Status/1", "TO_DO"),
        ("gid://gitlab/WorkItems::Statuses::Custom::Status/2", "DONE"),
    ]
    client.server.forge.edit("acme/shop#3", {"status": 2})
    assert _widgets(client, {**ONE, "iids": ["3"]})["STATUS"]["status"]["name"] == "Shipped"
    assert client_of(tier=Tier.FREE).data(STATUSES)["namespace"]["lifecycles"] is None


@pytest.mark.parametrize("tier", list(Tier))
def test_plans_take_widgets_away(client_of: Serving, tier: Tier) -> None:
    kinds = set(_widgets(client_of(tier=tier)))
    paid = {"ITERATION", "WEIGHT", "STATUS", "CUSTOM_FIELDS"}
    assert (paid <= kinds) is tier.paid
    assert not tier.paid or paid <= kinds
    assert ("HEALTH_STATUS" in kinds) is (tier is Tier.ULTIMATE)
    assert {"NOTES", "LABELS", "MILESTONE", "HIERARCHY"} <= kinds


def test_chosen_widgets_and_features(small_client: Client) -> None:
    text = """{ project(fullPath: "acme/shop") { workItems(iids: ["1"]) { nodes {
      widgets(onlyTypes: [WEIGHT, LABELS]) { type } features { weight { weight } notes { discussionLocked } } } } } }"""
    item = small_client.data(text)["project"]["workItems"]["nodes"][0]
    assert [row["type"] for row in item["widgets"]] == ["LABELS", "WEIGHT"]
    assert item["features"]["weight"] == {"weight": 3}


@pytest.mark.parametrize(
    ("version", "edition", "field"),
    [
        ("16.3.0", "ee", '{ group(fullPath: "acme") { workItems { nodes { iid } } } }'),
        ("17.0.0", "ee", '{ namespace(fullPath: "acme") { lifecycles { nodes { id } } } }'),
        ("18.5.0", "ce", '{ project(fullPath: "acme/shop") { iterations { nodes { id } } } }'),
    ],
)
def test_one_unknown_field_fails_the_whole_query(client_of: Serving, version: str, edition: str, field: str) -> None:
    tier = Tier.FREE if edition == "ce" else Tier.ULTIMATE
    client = client_of({"edition": edition}, tier=tier, version=version)
    told = client.query("{ currentUser { id } " + field[1:])
    assert "data" not in told
    assert told["errors"][0]["extensions"]["code"] == "undefinedField"
    assert "doesn't exist on type" in told["errors"][0]["message"]


def test_an_unknown_type_fails_even_where_it_is_left_out(client_of: Serving) -> None:
    client = client_of({"edition": "ce"}, tier=Tier.FREE)
    text = """{ project(fullPath: "acme/shop") { workItems { nodes { widgets {
      ... on WorkItemWidgetWeight @include(if: false) { weight } } } } } }"""
    assert client.query(text)["errors"][0]["message"][:33] == "No such type WorkItemWidgetWeight"


def test_types_and_fields_can_be_taken_out(client_of: Serving) -> None:
    client = client_of({"without": ["WorkItemWidgetNotes", "Query.queryComplexity"]})
    assert len(client.query(NOTES, ONE)["errors"]) == 2
    asked = '{ __type(name: "WorkItemWidget") { possibleTypes { name } } __schema { queryType { fields { name } } } }'
    found = client.data(asked)
    assert "WorkItemWidgetNotes" not in {row["name"] for row in found["__type"]["possibleTypes"]}
    assert "queryComplexity" not in {row["name"] for row in found["__schema"]["queryType"]["fields"]}


def test_an_argument_that_is_not_there(client_of: Serving) -> None:
    client = client_of(version="16.3.0")
    told = client.query(
        '{ project(fullPath: "acme/shop") { workItems(updatedAfter: "2026-01-01") { nodes { iid } } } }'
    )
    assert told["errors"][0]["message"] == "Field 'workItems' doesn't accept argument 'updatedAfter'"


def test_the_score_is_told_and_grows_with_rows_and_aliases(small_client: Client) -> None:
    def score(inside: str) -> int:
        found = small_client.data(f'{{ queryComplexity {{ score }} project(fullPath: "acme/shop") {{ {inside} }} }}')
        value: int = found["queryComplexity"]["score"]
        return value

    bare = score("name")
    assert bare == 4  # queryComplexity, score, project that is looked up, name
    one = score("workItems(first: 1) { nodes { iid title } }")
    many = score("workItems(first: 100) { nodes { iid title } }")
    by_number = score('workItems(iids: ["1"], first: 100) { nodes { iid title } }')
    assert by_number == one == bare - 1 + 4
    assert many == bare - 1 + 8
    twice = score("a: workItems(first: 1) { nodes { iid title } } b: workItems(first: 1) { nodes { iid title } }")
    assert twice == one + 4


def test_of_fragments_on_different_types_the_dearest_counts(small_client: Client) -> None:
    text = """{ queryComplexity { score } project(fullPath: "acme/shop") { workItems(iids: ["1"]) { nodes { widgets {
      type ... on WorkItemWidgetWeight { weight }
      ... on WorkItemWidgetStartAndDueDate { startDate dueDate } } } } } }"""
    assert small_client.data(text)["queryComplexity"]["score"] == 2 + 1 + 1 + 1 + 1 + 3


def test_discussions_are_dear(small_client: Client) -> None:
    cheap = small_client.data(NOTES, {**ONE, "first": 1})["queryComplexity"]["score"]
    dear = small_client.data(NOTES, {**ONE, "first": 100})["queryComplexity"]["score"]
    assert dear > 3 * cheap


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ({"complexity_limit": 20}, "which exceeds max complexity of 20"),
        ({"depth_limit": 6}, "which exceeds max depth of 6"),
    ],
)
def test_what_is_too_much_is_refused_with_status_200(client_of: Serving, faults: dict[str, int], told: str) -> None:
    found = client_of(faults).query(NOTES, ONE)
    assert "data" not in found
    assert told in found["errors"][0]["message"]


def test_a_query_that_is_too_long(client_of: Serving) -> None:
    answer = client_of({"query_limit": 100}).post("{ currentUser { id } }" + " " * 100)
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (422, "Query too large")


def test_queries_sent_together_are_scored_together(client_of: Serving) -> None:
    client = client_of({"complexity_limit": 6})
    one = {"query": '{ project(fullPath: "acme/shop") { name path } }'}
    headers = {"PRIVATE-TOKEN": client.server.token}
    url = f"{client.server.url}/api/graphql"
    answers = requests.post(url, json=[one, one, one], headers=headers, timeout=10).json()
    assert ["errors" in row for row in answers] == [False, False, True]


@pytest.mark.parametrize("text", ["{", "nonsense"])
def test_what_is_no_query(small_client: Client, text: str) -> None:
    assert "errors" in small_client.query(text)


def test_variables_that_do_not_fit(small_client: Client) -> None:
    assert "errors" in small_client.query(NOTES, {"iids": ["1"]})
    assert "errors" in small_client.query(NOTES, {**ONE, "first": "many"})


def test_operations_are_counted_by_name(small_client: Client) -> None:
    small_client.data(NOTES, ONE)
    small_client.data("{ currentUser { id } }")
    assert small_client.server.operations == {"activity": 1, "": 1}
    assert small_client.server.requests == {"graphql": 2}
    assert [row.operation for row in small_client.server.log] == ["activity", ""]


QUERIES: tuple[tuple[str, dict[str, Any]], ...] = (
    (NOTES, ONE),
    (NOTES, {**ONE, "iids": ["1", "2", "3", "4"], "first": 2}),
    (NOTES, {**ONE, "iids": None}),
    (STATUSES, {}),
    ('{ group(fullPath: "acme") { __typename name workItems { nodes { iid __typename } } } }', {}),
    ('{ none: project(fullPath: "no/such") { name } milestone(id: "gid://gitlab/Milestone/1") { title } }', {}),
)


@pytest.mark.parametrize(("text", "variables"), QUERIES)
def test_the_fast_way_finds_what_the_library_finds(
    small_client: Client, monkeypatch: pytest.MonkeyPatch, text: str, variables: dict[str, Any]
) -> None:
    used: list[bool] = []
    run = graphql_fast.run

    def watched(*args: Any) -> Any:
        found = run(*args)
        used.append(found is not None)
        return found

    monkeypatch.setattr(graphql_fast, "run", watched)
    fast = small_client.query(text, variables)
    monkeypatch.setattr(graphql_fast, "run", lambda *args: None)
    assert small_client.query(text, variables) == fast
    assert used == [True]
