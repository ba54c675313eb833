"""Which field plays which role: by schema, by board, by kind of project, by name; never by a guess."""

from __future__ import annotations

from typing import Any

import pytest

from okr_delivery.sync.errors import ConfigError
from okr_delivery_jira.fields import EVERYWHERE, Catalogue, by_schema, estimates, flagged, read_fields
from okr_delivery_jira.settings import BoardInfo, Settings
from tests.okr_delivery_jira.builders import FIELDS, FLAG, KR, POINTS, SPRINT, TEAM_POINTS, custom

TEXT = "com.atlassian.jira.plugin.system.customfieldtypes:textfield"


def catalogue(*more: dict[str, Any], projects: tuple[str, ...] = ()) -> Catalogue:
    return Catalogue(read_fields([*FIELDS, *more]), projects)


def own(field_id: str, name: str, project: str) -> dict[str, Any]:
    return custom(field_id, name, TEXT, "string", scope={"type": "PROJECT", "project": {"id": project}})


def test_sprint_is_found_by_schema_and_flagged_by_its_untranslated_name() -> None:
    sprint, found = by_schema(catalogue(), "iteration")
    assert (sprint.of("1"), found[0].reason) == (SPRINT, "schema")
    assert flagged(catalogue())[0].of("1") == FLAG


def test_flagged_is_a_list_of_boxes_whatever_it_calls_its_items() -> None:
    boxes = "com.atlassian.jira.plugin.system.customfieldtypes:multicheckboxes"
    fields = [
        custom("customfield_7", "Flagged", TEXT),
        custom("customfield_8", "Flagged", boxes, "array", items="json"),
    ]
    role, _ = flagged(Catalogue(read_fields(fields)))
    assert (role.ids, role.kind) == (("customfield_8",), "options")


@pytest.mark.parametrize(
    ("kind", "items", "expected"), [("user", None, "people"), ("array", "user", "people"), ("array", "string", "words")]
)
def test_a_field_of_people_is_known_as_one(kind: str, items: str | None, expected: str) -> None:
    fields = catalogue(custom("customfield_4", "For whom", "x:userpicker", kind, **({"items": items} if items else {})))
    role, _ = fields.configured("user_value", "For whom")
    assert role.kind == expected


@pytest.mark.parametrize("wanted", ["Key Result", "key result", KR])
def test_a_configured_field_by_name_or_id(wanted: str) -> None:
    role, found = catalogue().configured("key_result", wanted)
    assert role.of("any") == KR
    assert found[0].reason == ("id" if wanted == KR else "name")


def test_an_unknown_field_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        catalogue().configured("key_result", "Key Reslt")
    assert "Key Result (customfield_10100)" in str(caught.value)


def test_one_name_in_several_team_managed_projects_is_a_field_per_project() -> None:
    fields = catalogue(
        own("customfield_2", "KR", "20"), own("customfield_3", "KR", "30"), custom("customfield_1", "KR", TEXT)
    )
    role, _ = fields.configured("key_result", "KR")
    assert [role.of(project) for project in ("20", "30", "99")] == ["customfield_2", "customfield_3", "customfield_1"]


def test_fields_of_projects_out_of_scope_do_not_count() -> None:
    fields = catalogue(own("customfield_2", "KR", "20"), own("customfield_3", "KR", "30"), projects=("30",))
    role, _ = fields.configured("key_result", "KR")
    assert role.ids == ("customfield_3",)


def test_one_name_for_two_shared_fields_is_ambiguous() -> None:
    fields = catalogue(custom("customfield_1", "KR", TEXT), custom("customfield_2", "KR", TEXT))
    with pytest.raises(ConfigError, match=r"customfield_1.*customfield_2"):
        fields.configured("key_result", "KR")


def test_the_board_says_what_its_project_is_estimated_by() -> None:
    result = estimates(catalogue(), {"20": POINTS, "30": TEAM_POINTS}, {"20": None, "30": None})
    assert [result.role.of("20"), result.role.of("30"), result.rivals] == [POINTS, TEAM_POINTS, ()]
    assert {found.reason for found in result.found} == {"board"}


def test_the_only_board_speaks_for_projects_without_one() -> None:
    assert estimates(catalogue(), {EVERYWHERE: POINTS}, {}).role.of("99") == POINTS


def test_without_a_board_the_kind_of_project_decides() -> None:
    result = estimates(catalogue(), {}, {"20": True, "30": False})
    assert [result.role.of("20"), result.role.of("30")] == [TEAM_POINTS, POINTS]


def test_two_candidates_and_nothing_to_decide_is_no_estimate() -> None:
    result = estimates(catalogue(), {}, {"20": None})
    assert result.role.of("20") is None
    assert {info.id for info in result.rivals} == {POINTS, TEAM_POINTS}


def test_a_single_candidate_needs_no_decision() -> None:
    only = Catalogue(read_fields([entry for entry in FIELDS if entry["id"] != POINTS]))
    assert estimates(only, {}, {"20": None}).role.of("20") == TEAM_POINTS


def test_names_shared_by_two_fields_are_no_names() -> None:
    fields = catalogue(custom("customfield_9", "Key Result", TEXT))
    bearers = {name: [info.id for info in found] for name, found in fields.bearers([KR, POINTS]).items()}
    assert bearers["key result"] == [KR, "customfield_9"]
    assert bearers["story points"] == [POINTS]


def test_settings_survive_json() -> None:
    import json

    fields = catalogue(own("customfield_2", "KR", "20"))
    settings = Settings(
        roles={"key_result": fields.configured("key_result", "KR")[0], "iteration": by_schema(fields, "iteration")[0]},
        names={"kr": "customfield_2"},
        boards=(BoardInfo("42", "PAY", "scrum", "10042", True), BoardInfo("43", "K", "kanban")),
        filters=("10042",),
        status_ids=("1", "3"),
    )
    assert Settings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


@pytest.mark.parametrize(
    "raw", [{}, {"roles": 3}, {"roles": {}, "names": {}, "boards": [[1]], "filters": [], "statuses": []}]
)
def test_settings_of_another_version_are_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"settings|unpack"):
        Settings.from_json(raw)
