"""Fields, statuses, projects and boards; and what is said when they are not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from okr_delivery.model.work import Category, Field
from okr_delivery.sync.connector import Metadata
from okr_delivery.sync.errors import ConfigError
from tests.okr_delivery_jira.builders import FIELDS, KR, NOW, POINTS, TEAM_POINTS, body, custom, history, item
from tests.okr_delivery_jira.site import BOARD, CONFIGURATION, Site, connect, page


def test_five_requests_for_one_project_with_one_board(site: Site) -> None:
    connector = connect(
        fields={"key_result": "Key Result", "estimate": "auto", "confidence": None, "approved": "scope-approved"}
    )
    connector.identity()
    site.asked.clear()
    metadata = connector.metadata()
    assert sorted(str(asked) for asked in site.asked) == [
        "GET board", "GET board/1/configuration", "GET field", "GET project/PAY", "GET status",
    ]  # fmt: skip
    assert [(s.id, s.category) for s in metadata.statuses] == [
        ("1", Category.NEW), ("3", Category.INDETERMINATE), ("5", Category.DONE),
    ]  # fmt: skip
    assert [(b.id, b.name, b.type, b.project, b.estimate_field) for b in metadata.boards] == [
        ("1", "PAY board", "scrum", "PAY", POINTS)
    ]
    found = {entry.role: (entry.id, entry.reason) for entry in metadata.fields}
    assert found["key_result"] == (KR, "name")
    assert found["estimate"] == (POINTS, "board")
    assert found["iteration"][1] == "schema"
    assert metadata.warnings == ()


def test_metadata_survives_the_store(site: Site) -> None:
    connector = connect(fields={"key_result": "Key Result"})
    connector.identity()
    first = connector.metadata()
    stored = Metadata((), (), (), raw=json.loads(json.dumps(first.raw)))
    other = connect(fields={"key_result": "Key Result"})
    other.identity()
    other.use(stored)
    site.asked.clear()
    list(other.pages(None, None, lambda _: {}))
    assert sorted(str(asked) for asked in site.asked) == ["POST search/approximate-count", "POST search/jql"]


@pytest.mark.parametrize(
    ("more", "problem", "known"),
    [
        ({"projects": ("PAYX",)}, "project_unknown", "CORE, PAY"),
        ({"projects": (), "boards": ("99",)}, "board_unknown", "1 (PAY board)"),
        ({"fields": {"key_result": "Key Reslt"}}, "field_unknown", f"Key Result ({KR})"),
        ({"fields": {"estimate": "customfield_1"}}, "field_unknown", ""),
    ],
)
def test_what_does_not_exist_is_named_with_what_does(
    site: Site, more: dict[str, Any], problem: str, known: str
) -> None:
    connector = connect(**more)
    connector.identity()
    with pytest.raises(ConfigError, match=problem) as caught:
        connector.metadata()
    assert known in str(caught.value)


def test_fields_that_do_not_exist_are_named_all_at_once(site: Site) -> None:
    connector = connect(fields={"key_result": "Key Reslt", "user_value": "Nobody", "estimate": "customfield_1"})
    connector.identity()
    with pytest.raises(ConfigError) as caught:
        connector.metadata()
    named = [(problem.what.id, problem.what.params["name"]) for problem in caught.value.problems]
    assert {name for _, name in named} == {"Key Reslt", "Nobody", "customfield_1"}
    assert {what for what, _ in named} == {"jira.error.field_unknown"}


def test_configured_boards_widen_the_scope_and_a_kanban_board_has_no_sprints(site: Site) -> None:
    connector = connect(boards=("1", "2"))
    connector.identity()
    metadata = connector.metadata()
    assert [board.type for board in metadata.boards] == ["scrum", "kanban"]
    list(connector.pages(None, None, lambda _: {}))
    assert (
        site.last("POST search/jql").body["jql"].startswith('(project in ("PAY") OR filter = 10042 OR filter = 10043)')
    )
    list(connector.iterations({}))
    assert site.count("GET board/2/sprint") == 0


def test_a_board_that_a_team_names_is_read_and_leaves_the_scope_as_it_is(site: Site) -> None:
    site.handlers["GET board/9/configuration"] = lambda _: {**CONFIGURATION, "id": 9, "filter": {"id": "10099"}}
    site.handlers["GET board/9/sprint"] = lambda _: page([{"id": 90, "state": "active", "name": "T S1"}])
    connector = connect(iteration_boards={"9": True, "1": True})
    connector.identity()
    assert [board.id for board in connector.metadata().boards] == ["1", "9"]
    assert [iteration.id for iteration in connector.iterations({})] == ["90"]
    list(connector.pages(None, None, lambda _: {}))
    assert site.last("POST search/jql").body["jql"].startswith('(project in ("PAY"))')


def test_a_team_s_board_that_does_not_exist_is_named(site: Site) -> None:
    connector = connect(iteration_boards={"99": True})
    connector.identity()
    with pytest.raises(ConfigError, match="board_unknown"):
        connector.metadata()


def test_a_team_s_board_that_may_be_another_source_s_is_left_out(site: Site) -> None:
    connector = connect(iteration_boards={"99": False})
    connector.identity()
    assert [board.id for board in connector.metadata().boards] == ["1"]
    site.handlers["GET board/99/configuration"] = lambda _: (401, {"errorMessages": ["no"]})
    with pytest.raises(ConfigError, match="unauthorized"):
        connector.metadata()


def test_metadata_of_other_teams_boards_is_not_used(site: Site) -> None:
    connector = connect()
    connector.identity()
    stored = connector.metadata()
    other = connect(iteration_boards={"2": True})
    with pytest.raises(ValueError, match="other boards"):
        other.use(stored)


def test_a_board_whose_configuration_lacks_the_type_is_read_itself(site: Site) -> None:
    site.handlers["GET board/1/configuration"] = lambda _: {**CONFIGURATION, "type": None}
    site.handlers["GET board/1"] = lambda _: BOARD
    connector = connect(boards=("1",))
    connector.identity()
    assert connector.metadata().boards[0].type == "scrum"


@pytest.mark.parametrize("has", [True, False])
def test_a_team_managed_board_is_asked_whether_it_has_sprints(site: Site, has: bool) -> None:
    site.handlers["GET board"] = lambda _: page([{**BOARD, "type": "simple"}])
    site.handlers["GET board/1/configuration"] = lambda _: {**CONFIGURATION, "type": "simple"}
    site.handlers["GET board/1/sprint"] = lambda _: page([]) if has else (400, {"errorMessages": ["no sprints"]})
    connector = connect()
    connector.identity()
    assert bool(connector.metadata().boards) is has
    assert list(connector.iterations({})) == []


def test_boards_are_paged_by_rows_received(site: Site) -> None:
    boards = [{**BOARD, "id": number, "type": "kanban"} for number in range(10, 17)] + [BOARD]
    site.handlers["GET board"] = lambda asked: {**page(boards, int(asked.query["startAt"]), 3), "maxResults": 50}
    connector = connect()
    connector.identity()
    assert [board.id for board in connector.metadata().boards] == ["1"]
    assert [asked.query["startAt"] for asked in site.asked if asked.path == "board"] == ["0", "3", "6"]


def test_two_possible_estimates_are_reported_and_none_is_read(site: Site) -> None:
    site.handlers["GET board"] = lambda _: page([])
    site.handlers["GET project/PAY"] = lambda _: {"id": "10000", "key": "PAY"}
    connector = connect()
    connector.identity()
    metadata = connector.metadata()
    (warning,) = metadata.warnings
    assert warning.id == "jira.warning.estimate_ambiguous"
    assert POINTS in str(warning.params)
    assert TEAM_POINTS in str(warning.params)
    assert "estimate" not in {entry.role for entry in metadata.fields}


def test_a_configured_estimate_ends_the_doubt(site: Site) -> None:
    site.handlers["GET board"] = lambda _: page([])
    connector = connect(fields={"estimate": "Story point estimate"})
    connector.identity()
    found = {entry.role: entry.id for entry in connector.metadata().fields}
    assert found["estimate"] == TEAM_POINTS


def test_a_site_without_sprints_or_points_is_fine(site: Site) -> None:
    site.handlers["GET field"] = lambda _: FIELDS[:2]
    site.handlers["GET board"] = lambda _: page([])
    connector = connect()
    connector.identity()
    assert connector.metadata().fields == ()
    assert list(connector.iterations({})) == []


VALUE = custom(
    "customfield_10300", "User value", "com.atlassian.jira.plugin.system.customfieldtypes:textarea", "string"
)


@pytest.mark.parametrize(("wanted", "reason"), [("User value", "name"), ("user VALUE", "name"), (VALUE["id"], "id")])
def test_the_field_of_the_user_value_is_found_and_read_with_its_history(site: Site, wanted: str, reason: str) -> None:
    site.handlers["GET field"] = lambda _: [*FIELDS, VALUE]
    site.add(body(10001, **{VALUE["id"]: "Merchants pay in three steps"}))
    text = item("User value", None, "Merchants pay in three steps", field_id=VALUE["id"])
    site.histories["10001"] = [history(1, NOW * 1000, text)]
    connector = connect(fields={"user_value": wanted})
    connector.identity()
    found = {entry.role: (entry.id, entry.reason) for entry in connector.metadata().fields}
    assert found["user_value"] == (VALUE["id"], reason)
    (page,) = connector.pages(None, None, lambda _: {})
    assert page.issues[0].value(Field.USER_VALUE).name == "Merchants pay in three steps"
    assert [(c.field, c.old.name, c.new.name) for c in page.changes] == [
        (Field.USER_VALUE, None, "Merchants pay in three steps")
    ]


def test_team_managed_fields_of_one_name_are_read_each_in_its_project(site: Site) -> None:
    twins = [
        {**VALUE, "id": f"customfield_{place}", "scope": {"type": "PROJECT", "project": {"id": place}}}
        for place in ("10000", "10001")
    ]
    site.handlers["GET field"] = lambda _: [*FIELDS, *twins]
    site.handlers["GET project/CORE"] = lambda _: {"id": "10001", "key": "CORE", "simplified": True, "versions": []}
    connector = connect(projects=("PAY", "CORE"), fields={"user_value": "User value"})
    connector.identity()
    metadata = connector.metadata()
    mine = [(entry.id, entry.project) for entry in metadata.fields if entry.role == "user_value"]
    assert mine == [("customfield_10000", "PAY"), ("customfield_10001", "CORE")]
    core = {"id": "10001", "key": "CORE"}
    site.add(body(10001, customfield_10000="mine"), body(10002, project=core, customfield_10001="theirs"))
    (page,) = connector.pages(None, None, lambda _: {})
    assert [issue.value(Field.USER_VALUE).name for issue in page.issues] == ["mine", "theirs"]


def test_two_fields_of_one_name_are_not_guessed(site: Site) -> None:
    site.handlers["GET field"] = lambda _: [*FIELDS, VALUE, {**VALUE, "id": "customfield_10301"}]
    connector = connect(fields={"user_value": "User value"})
    connector.identity()
    with pytest.raises(ConfigError, match="field_ambiguous") as caught:
        connector.metadata()
    assert "customfield_10301" in str(caught.value)


def test_a_system_field_whose_part_another_plays_keeps_no_history(site: Site) -> None:
    risk = custom("customfield_10400", "Risk", "com.atlassian.jira.plugin.system.customfieldtypes:select", "option")
    site.handlers["GET field"] = lambda _: [*FIELDS, risk]
    connector = connect(fields={"priority": "Risk"})
    connector.identity()
    connector.metadata()
    site.add(body(10001, customfield_10400={"id": "7", "value": "high"}))
    entries = [item("priority", "Low", "High", field_id="priority", was="4", now="2"), item("Priority", "Low", "High")]
    site.histories["10001"] = [history(1, NOW * 1000, *entries)]
    (page,) = connector.pages(None, None, lambda _: {})
    assert page.changes == ()
    assert page.issues[0].value(Field.PRIORITY).name == "high"


def test_boards_that_do_not_say_where_they_belong_may_still_agree(site: Site) -> None:
    bare = {name: CONFIGURATION[name] for name in ("id", "name", "filter", "estimation")}
    site.handlers["GET project/PAY"] = lambda _: {"id": "10000", "key": "PAY"}
    site.handlers["GET board/1/configuration"] = lambda _: bare
    site.handlers["GET board/1"] = lambda _: {"id": 1, "name": "PAY board", "type": "scrum"}
    connector = connect(boards=("1",))
    connector.identity()
    metadata = connector.metadata()
    assert metadata.warnings == ()
    assert [(entry.id, entry.reason) for entry in metadata.fields if entry.role == "estimate"] == [(POINTS, "board")]


@pytest.mark.parametrize(("answer", "problem"), [((404, {}), "project_unknown"), ({"key": "PAY"}, "project_unknown")])
def test_a_project_that_was_removed_is_named_when_metadata_is_due(site: Site, answer: Any, problem: str) -> None:
    site.handlers["GET project/PAY"] = lambda _: answer
    connector = connect()
    connector.identity()
    with pytest.raises(ConfigError, match=problem) as caught:
        connector.metadata()
    assert "PAY" in str(caught.value)
