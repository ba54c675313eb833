"""Projects, groups, labels, statuses, custom fields and timeboxes; and what is said when they are not there."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from okr_delivery.model.work import Category, Iteration, IterationKind, IterationState
from okr_delivery.sandbox.gitlab.graphql_sources import GONE
from okr_delivery.sync.connector import Metadata
from okr_delivery.sync.errors import AbortSyncError, ConfigError, RetryLaterError
from okr_delivery_gitlab.settings import Settings
from tests.okr_delivery_gitlab.builders import issue, label, milestone, project
from tests.okr_delivery_gitlab.site import TOKEN, Answer, Asked, Site, connect

WORKFLOW = {"options": {"label_scope": "workflow"}}


def named(*types: str, **fields: list[str]) -> dict[str, Any]:
    """What introspection answers: types with their fields, each `name(arg, …)`."""
    known: dict[str, Any] = dict.fromkeys(types)
    for owner, entries in fields.items():
        rows = []
        for entry in entries:
            name, _, args = entry.rstrip(")").partition("(")
            rows.append({"name": name, "type": {"name": "X"}, "args": [{"name": a} for a in args.split(", ") if a]})
        known[owner] = {"fields": rows}
    return known


def graphql(site: Site, schema: dict[str, Any], **answers: Any) -> None:
    """Answers by the name of the query."""

    def answer(asked: Asked) -> Any:
        name = asked.body["query"].split("(")[0].split()[1]
        return {"data": schema if name == "schema" else answers[name]}

    site.handlers["POST graphql"] = answer


def test_six_requests_for_one_project_on_a_server_without_graphql(site: Site) -> None:
    site.answer("POST graphql", {"error": "404 Not Found"}, 404)
    site.rows("GET projects/7/labels", label(31, "workflow::Ready"), label(32, "bug"), label(33, "Priority::High"))
    connector = connect(**WORKFLOW)
    connector.identity()
    site.asked.clear()
    found = connector.metadata()
    assert sorted(map(str, site.asked)) == [
        "GET groups/acme/iterations", "GET projects/7/issues", "GET projects/7/labels", "GET projects/7/milestones",
        "GET projects/acme/app", "POST graphql",
    ]  # fmt: skip
    assert [(s.id, s.name, s.category) for s in found.statuses] == [
        ("opened", "Open", Category.NEW), ("31", "Ready", Category.INDETERMINATE), ("closed", "Closed", Category.DONE),
    ]  # fmt: skip
    assert {f.role: f.id for f in found.fields} == {
        "status": "workflow::", "estimate": "time_estimate", "priority": "priority::",
    }  # fmt: skip
    assert found.warnings == ()


@pytest.mark.parametrize("wanted", [None, "Key result"])
def test_introspection_that_fails_alone_leaves_what_every_gitlab_has(site: Site, wanted: str | None) -> None:
    def answer(asked: Asked) -> Any:
        query = asked.body["query"]
        return Answer(500, {}) if "__type" in query else {"data": {"project": None, "group": None, "n0": None}}

    site.handlers["POST graphql"] = answer
    connector = connect(fields={"key_result": wanted})
    connector.identity()
    if wanted:
        with pytest.raises(RetryLaterError):
            connector.metadata()
        return
    found = connector.metadata()
    assert [warning.id for warning in found.warnings] == ["gitlab.warning.untold"]
    assert Settings.from_json(found.raw).capabilities["filters"] == ["ONLY_ACTIVITY"]


def test_metadata_survives_the_store(site: Site) -> None:
    site.rows("GET projects/7/labels", label(31, "workflow::Ready"))
    site.rows("GET projects/7/milestones", milestone(801, "Sprint 1"))
    connector = connect(**WORKFLOW)
    connector.identity()
    raw = json.loads(json.dumps(connector.metadata().raw))
    assert Settings.from_json(raw).to_json() == raw
    again = connect(**WORKFLOW)
    again.use(Metadata((), (), (), raw=raw))
    with pytest.raises(ValueError, match="scopes"):
        connect().use(Metadata((), (), (), raw=raw))
    with pytest.raises(ValueError, match="settings"):
        again.use(Metadata((), (), (), raw={**raw, "format": 0}))
    with pytest.raises(ValueError, match="settings"):
        again.use(Metadata((), (), (), raw={"format": raw["format"]}))


@pytest.mark.parametrize(
    ("row", "features", "estimate"),
    [
        ({}, frozenset(), "time"),
        ({"weight": None}, frozenset({"weight", "scoped_labels"}), "weight"),
        ({"weight": 1, "epic": None, "iteration": None, "health_status": None},
         frozenset({"weight", "scoped_labels", "epics", "iterations", "health"}), "weight"),
    ],
    ids=["free", "some", "all"],
)  # fmt: skip
def test_a_tier_is_known_by_what_its_issues_answer(
    site: Site, row: dict[str, Any], features: frozenset[str], estimate: str
) -> None:
    site.rows("GET projects/7/issues", issue(1, **row))
    connector = connect()
    found = Settings.from_json(connector.metadata().raw)
    assert (found.features, found.estimate) == (features, estimate)


@pytest.mark.parametrize(("wanted", "estimate"), [("weight", "weight"), ("time_estimate", "time"), ("auto", "weight")])
def test_a_configured_estimate_wins(site: Site, wanted: str, estimate: str) -> None:
    site.rows("GET projects/7/issues", issue(1, weight=None))
    connector = connect(fields={"estimate": wanted})
    assert Settings.from_json(connector.metadata().raw).estimate == estimate


LIFECYCLES = {"nodes": [{"id": "gid://gitlab/WorkItems::Statuses::Custom::Lifecycle/1", "name": "Default", "statuses": [
    {"id": f"gid://gitlab/WorkItems::Statuses::Custom::Status/{n}", "name": name, "category": category}
    for n, name, category in [(1, "Triage", "TRIAGE"), (2, "Doing", "IN_PROGRESS"), (3, "Won't do", "CANCELED")]
]}]}  # fmt: skip
STATUSES = named(Namespace=["lifecycles"], WorkItemStatus=["id", "name", "category"])


def test_custom_statuses_are_used_unless_labels_carry_the_workflow(site: Site) -> None:
    graphql(site, STATUSES, statuses={"n0": {"lifecycles": LIFECYCLES}})
    found = connect().metadata()
    assert [(s.id, s.name, s.category) for s in found.statuses[1:-1]] == [
        ("status-1", "Triage", Category.NEW), ("status-2", "Doing", Category.INDETERMINATE),
        ("status-3", "Won't do", Category.CANCELLED),
    ]  # fmt: skip
    assert [s.id for s in connect(**WORKFLOW).metadata().statuses] == ["opened", "closed"]


def test_a_top_level_group_without_statuses_leaves_those_of_the_others(site: Site) -> None:
    site.answer("GET projects/other/tool", project(9, "other/tool"))
    for what in ("labels", "issues", "milestones"):
        site.rows(f"GET projects/9/{what}")

    def answer(asked: Asked) -> Any:
        if "query statuses" not in asked.body["query"]:
            return {"data": STATUSES}
        gone = {"message": GONE, "path": ["n1", "lifecycles"]}
        return {"data": {"n0": {"lifecycles": LIFECYCLES}, "n1": None}, "errors": [gone]}

    site.handlers["POST graphql"] = answer
    found = connect(projects=("acme/app", "other/tool")).metadata()
    assert [s.id for s in found.statuses] == ["opened", "status-1", "status-2", "status-3", "closed"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"options": {"label_scope": "wrkflow"}}, {"no_status_labels"}),
        ({"options": {"label_scope": "WORKFLOW"}}, set()),
        ({"fields": {"priority": "prio"}}, {"no_priority_labels"}),
        ({"fields": {"priority": "size"}}, set()),
        ({}, set()),
    ],
)
def test_a_scope_that_no_label_has_is_told_and_not_found(site: Site, wanted: dict[str, Any], said: set[str]) -> None:
    site.rows("GET projects/7/labels", label(31, "workflow::Ready"), label(32, "size::S"), label(33, "wrkflow"))
    found = connect(**wanted).metadata()
    assert {warning.id.rpartition(".")[2] for warning in found.warnings} == said
    assert all(warning.params["known"] == "size, workflow" for warning in found.warnings)
    assert not [f for f in found.fields if f.id in ("wrkflow::", "prio::", "priority::")]


@pytest.mark.parametrize("status", [200, 400])
def test_a_token_that_the_server_s_words_echo_is_not_shown(site: Site, status: int) -> None:
    def answer(asked: Asked) -> Answer:
        sent = asked.headers["PRIVATE-TOKEN"]
        return Answer(status, {"errors": [{"message": f"Internal server error for {sent}"}]}, {})

    site.handlers["POST graphql"] = answer
    with pytest.raises(RetryLaterError) as caught:
        connect().metadata()
    said = str(caught.value.problems[0].what)
    assert "Internal server error for ***" in said
    assert TOKEN not in said


FIELDS = named(Group=["customFields(active)"], CustomField=["id", "name"])
CUSTOM = {"n0": {"customFields": {"nodes": [
    {"id": f"gid://gitlab/Issuables::CustomField/{n}", "name": name}
    for n, name in [(21, "Key Result"), (22, "Confidence"), (23, "confidence")]
]}}}  # fmt: skip


@pytest.mark.parametrize(("wanted", "reason"), [("key result", "name"), ("21", "id")])
def test_a_custom_field_is_found_by_name_or_number(site: Site, wanted: str, reason: str) -> None:
    graphql(site, FIELDS, fields=CUSTOM)
    found = connect(fields={"key_result": wanted}).metadata()
    assert [(f.id, f.name, f.reason) for f in found.fields if f.role == "key_result"] == [("21", "Key Result", reason)]
    assert Settings.from_json(found.raw).fields == {"key_result": "21"}


def test_custom_fields_that_are_not_there_are_all_named_at_once(site: Site) -> None:
    graphql(site, FIELDS, fields=CUSTOM)
    with pytest.raises(ConfigError) as caught:
        connect(fields={"key_result": "Key Reslt", "confidence": "CONFIDENCE"}).metadata()
    said = str(caught.value)
    assert "field_unknown" in said
    assert "Key Result (21)" in str(caught.value.problems[0].next_step)
    assert "field_ambiguous" in said


def test_a_server_without_custom_fields_is_read_all_the_same(site: Site) -> None:
    found = connect(fields={"key_result": "Key Result"}).metadata()
    (warning,) = found.warnings
    assert (warning.id, warning.params) == (
        "gitlab.warning.no_custom_fields", {"role": "key_result", "name": "Key Result"},
    )  # fmt: skip


# scope


def group_site(site: Site) -> None:
    site.answer("GET groups/acme", {"id": 3, "full_path": "acme"})
    site.rows("GET groups/3/projects", project(7), project(8, "acme/deep/web"))
    for what in ("labels", "issues", "milestones"):
        site.rows(f"GET groups/3/{what}")
    site.rows("GET projects/8/milestones")


def test_a_group_is_read_as_one_list_and_its_named_projects_with_it(site: Site) -> None:
    group_site(site)
    connector = connect(projects=("acme/app", "other/tool"), options={"groups": ("acme",)})
    site.answer("GET projects/other/tool", project(9, "other/tool"))
    for what in ("labels", "issues", "milestones"):
        site.rows(f"GET projects/9/{what}")
    connector.metadata()
    list(connector.pages(None, None, lambda _: {}))
    lists = {str(asked) for asked in site.asked if asked.path.endswith("/issues")}
    assert lists == {"GET groups/3/issues", "GET projects/9/issues"}


def test_the_projects_of_a_group_are_asked_for_without_archived_and_shared_ones(site: Site) -> None:
    """Of old ones and of new ones: its issues are not listed, so its labels and milestones must not be."""
    group_site(site)
    connector = connect(projects=(), options={"groups": ("acme",)})
    connector.metadata()
    list(connector.iterations({}))
    list(connector.iterations({"1": Iteration("gitlab", "1", "S1", IterationState.CLOSED)}))
    asked = [each.query for each in site.asked if each.path == "groups/3/projects"]
    assert {query["sort"] for query in asked} == {"asc", "desc"}
    for query in asked:
        assert query.items() >= {"archived": "false", "with_shared": "false", "include_subgroups": "true"}.items()


def test_groups_inside_groups_are_read_once(site: Site) -> None:
    group_site(site)
    site.answer("GET groups/acme/deep", {"id": 4, "full_path": "acme/deep"})
    connector = connect(projects=(), options={"groups": ("acme", "acme/deep")})
    connector.metadata()
    assert site.count("GET groups/4/.*") == 0


def test_a_source_without_scope_is_refused(site: Site) -> None:
    with pytest.raises(ConfigError, match="no_scope"):
        connect(projects=()).metadata()


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("kind", ["project", "group"])
def test_a_place_without_access_is_one_error_that_names_it(site: Site, kind: str, status: int) -> None:
    site.answer("GET (projects|groups)/acme/secret", {"message": "no"}, status)
    scope: dict[str, Any] = {"projects": ("acme/app", "acme/secret")}
    if kind == "group":
        scope = {"projects": (), "options": {"groups": ("acme/secret",)}}
    with pytest.raises(ConfigError, match=rf"{kind}_unknown.*acme/secret.*{status}") as caught:
        connect(**scope).metadata()
    assert len(caught.value.problems) == 1


# milestones and iterations


def test_milestones_keep_their_days_and_their_home(site: Site) -> None:
    site.rows(
        "GET projects/7/milestones",
        milestone(802, "Later", start_date="2026-10-01", due_date="2026-10-14"),
        milestone(801, "Now", start_date="2026-09-14", due_date="2026-09-27", description="GROW"),
        milestone(803, "Over", start_date="2026-08-01", due_date="2026-08-14", state="closed"),
        milestone(804, "Undated"),
        {**milestone(805, "Group's"), "project_id": None, "group_id": 3},
    )  # fmt: skip
    connector = connect()
    found = list(connector.iterations({}))
    assert [(i.id, i.state.value, i.first_day, i.last_day) for i in found] == [
        ("803", "closed", date(2026, 8, 1), date(2026, 8, 14)),
        ("801", "active", date(2026, 9, 14), date(2026, 9, 27)),
        ("802", "future", date(2026, 10, 1), date(2026, 10, 14)),
        ("804", "active", None, None),
        ("805", "active", None, None),
    ]
    assert [(i.goal, i.project_id, i.group) for i in found if i.id in ("801", "805")] == [
        ("GROW", "7", None), (None, None, "acme"),
    ]  # fmt: skip
    assert {i.kind for i in found} == {IterationKind.MILESTONE}


def test_later_only_live_milestones_are_read_and_those_that_left_are_looked_at(site: Site) -> None:
    rows = [milestone(n, f"M{n}") for n in (801, 802, 803)]
    site.rows("GET projects/7/milestones", *rows)
    connector = connect()
    known = {i.id: i for i in connector.iterations({})}
    site.rows("GET projects/7/milestones", rows[0])
    site.answer("GET projects/7/milestones/802", {**rows[1], "state": "closed"})
    site.asked.clear()
    later = list(connector.iterations(known))
    assert {(i.id, i.state) for i in later} == {("801", IterationState.ACTIVE), ("802", IterationState.CLOSED)}
    assert site.all("GET projects/7/milestones")[0].query["state"] == "active"
    assert [i.order for i in later if i.id == "801"] == [known["801"].order]


def test_a_milestone_whose_days_can_t_be_read_ends_the_run(site: Site) -> None:
    site.rows("GET projects/7/milestones", milestone(801, "Odd", due_date="soon"))
    with pytest.raises(AbortSyncError, match="timebox_unreadable"):
        connect().metadata()


def iteration(number: int, **members: Any) -> dict[str, Any]:
    base = {"id": number, "iid": number, "sequence": 1, "group_id": 3, "title": None, "state": 2,
            "start_date": "2026-09-14", "due_date": "2026-09-27"}  # fmt: skip
    return base | members


def test_iterations_without_a_title_are_named_by_their_days(site: Site) -> None:
    site.rows("GET groups/acme/iterations", iteration(34), iteration(35, title="Sprint 35", state=1))
    connector = connect()
    found = list(connector.iterations({}))
    assert [(i.id, i.name, i.state, i.group, i.kind) for i in found] == [
        ("iteration-34", "2026-09-14 – 2026-09-27", IterationState.ACTIVE, "acme", IterationKind.ITERATION),
        ("iteration-35", "Sprint 35", IterationState.FUTURE, "acme", IterationKind.ITERATION),
    ]


def test_iterations_by_graphql_carry_their_cadence_and_come_whole(site: Site) -> None:
    pages: dict[Any, Any] = {
        None: ([34], "next"),
        "next": ([35], None),
    }

    def answer(asked: Asked) -> Any:
        if asked.body["query"].startswith("query schema"):
            return {"data": named(Group=["iterations(includeAncestors, state)"])}
        numbers, cursor = pages[asked.body["variables"].get("a0")]
        nodes = [
            {"id": f"gid://gitlab/Iteration/{n}", "title": None, "state": "current", "startDate": "2026-09-14",
             "dueDate": "2026-09-27", "webPath": "/groups/acme/-/iterations/1", "description": None,
             "iterationCadence": {"id": "gid://gitlab/Iterations::Cadence/6", "title": "Payments"}}
            for n in numbers
        ]  # fmt: skip
        page = {"hasNextPage": cursor is not None, "endCursor": cursor}
        return {"data": {"l0": {"iterations": {"pageInfo": page, "nodes": nodes}}}}

    site.handlers["POST graphql"] = answer
    found = list(connect().iterations({}))
    assert [(i.id, i.name, i.board_id, i.group) for i in found] == [
        (f"iteration-{n}", "Payments 2026-09-14 – 2026-09-27", "cadence-6", "acme") for n in (34, 35)
    ]


@pytest.mark.parametrize(("last", "state"), [("2026-09-20", IterationState.CLOSED), ("2026-09-25", None)])
def test_an_iteration_that_left_the_open_ones_ended_or_was_deleted(
    site: Site, last: str, state: IterationState | None
) -> None:
    site.rows("GET groups/acme/iterations", iteration(34, due_date=last))
    connector = connect()
    known: dict[str, Iteration] = {i.id: i for i in connector.iterations({})}
    site.rows("GET groups/acme/iterations")
    found = {i.id: i.state for i in connector.iterations(known)}
    assert found == ({"iteration-34": state} if state else {})


def test_a_group_s_milestones_come_with_those_of_its_projects(site: Site) -> None:
    group_site(site)
    rows = [
        {"id": "gid://gitlab/Milestone/801", "iid": "1", "title": "App", "state": "active", "startDate": "2026-09-14",
         "dueDate": "2026-09-27T00:00:00Z", "webPath": "/sub/acme/app/-/milestones/1"},
        {"id": "gid://gitlab/Milestone/802", "iid": "1", "title": "All", "state": "closed", "startDate": None,
         "dueDate": None, "webPath": "/groups/acme/-/milestones/1"},
    ]  # fmt: skip
    page = {"l0": {"milestones": {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": rows}}}
    graphql(site, named(Group=["milestones(includeAncestors, includeDescendants, state)"]), timeboxes=page)
    connector = connect(projects=(), options={"groups": ("acme",)})
    found = list(connector.iterations({}))
    assert [(i.id, i.project_id, i.group, i.last_day) for i in found] == [
        ("801", "7", None, date(2026, 9, 27)), ("802", None, "acme", None),
    ]  # fmt: skip
    homes = {(m.home, m.iid): m.id for m in Settings.from_json(connector.metadata().raw).milestones}
    assert homes == {("project 7", "1"): "801", ("group 3", "1"): "802"}


def test_a_project_with_issues_switched_off_has_no_milestones(site: Site) -> None:
    site.handlers["GET projects/7/milestones"] = lambda _: Answer(403, {"message": "403 Forbidden"})
    assert list(connect().iterations({})) == []
