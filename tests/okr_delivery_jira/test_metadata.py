"""Fields, statuses, projects and boards; and what is said when they are not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from okr_delivery.model.work import Category
from okr_delivery.sync.connector import Metadata
from okr_delivery.sync.errors import ConfigError
from tests.okr_delivery_jira.builders import FIELDS, KR, POINTS, TEAM_POINTS
from tests.okr_delivery_jira.site import BOARD, CONFIGURATION, Site, connect, page


def test_five_requests_for_one_project_with_one_board(site: Site) -> None:
    connector = connect(
        fields={"key_result": "Key Result", "estimate": "auto", "confidence": None, "approved": "scope-approved"}
    )
    connector.identity()
    site.asked.clear()
    metadata = connector.metadata()
    assert [str(asked) for asked in site.asked] == [
        "GET field", "GET status", "GET project/PAY", "GET board", "GET board/1/configuration",
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
    assert [str(asked) for asked in site.asked] == ["POST search/approximate-count", "POST search/jql"]


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
