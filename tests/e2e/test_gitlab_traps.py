"""The traps of GitLab, by number: each is set in the served site and must change no figure, or end a sync as incomplete
with a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.delivery.teams import Role
from okr_delivery.okrs import load_okrs
from okr_delivery.sync.errors import AbortSyncError, ConfigError, RetryLaterError
from tests.e2e.gitlab_lab import MOB, PAY, GitLabLab, gitlab_lab

HOUR, DAY = 3600, 86_400
FIELD = 'fields: {key_result: "Key Result"}'
SMALL = {"page_most": 7}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a sync without any trap leaves."""
    with gitlab_lab(tmp_path_factory.mktemp("calm")) as undisturbed:
        assert undisturbed.sync().complete
        return undisturbed.dump()


HARMLESS: dict[str, dict[str, Any]] = {
    "W18 a Link to elsewhere": {**SMALL, "foreign_link": "https://elsewhere.invalid"},
    "W20 keyset not looked at": {**SMALL, "keyset": "off"},
    "W20 keyset is 405": {**SMALL, "keyset": "405"},
    "W20 keyset before its version": {**SMALL, "keyset": "on"},
    "W20 no totals": {**SMALL, "count_bound": 5},
    "W20 an end of offsets": {**SMALL, "keyset": "on", "offset_limit": 10},
    "W21 nested pages": {"page_most": 3},
    "W21 labels by name": {"note_references": "name"},
    "W22 complexity": {"complexity_limit": 60},
    "W22 long queries": {"query_limit": 2500},
    "W22 errors with 200": {"failures": [{"endpoint": "graphql", "at": 4, "times": 2, "kind": "graphql_errors"}]},
    "W22 500 to slow down": {"failures": [{"endpoint": "graphql", "at": 4, "times": 2, "status": 500}]},
    "W22 a schema that fails once": {"failures": [{"endpoint": "graphql", "kind": "graphql_errors"}]},
    "W23 429 as text": {"rate_headers": "none", "failures": [{"at": 9, "times": 2, "status": 429}]},
    "W23 429 of GraphQL": {
        "rate_headers": "none",
        "failures": [{"endpoint": "graphql", "at": 2, "times": 2, "status": 429}],
    },
    "W23 a minute's limit": {"requests_per_minute": 8},
    "W23 a minute's limit untold": {"requests_per_minute": 8, "rate_headers": "none"},
    "W24 objectives": {"okr_types": True},
    "W24 objectives that go": {"okr_types": True, "okr_types_gone_after": 6},
    "503": {"failures": [{"at": 9, "status": 503}]},
    "cut JSON": {"failures": [{"at": 9, "kind": "truncated_json"}]},
    "cut GraphQL": {"failures": [{"endpoint": "graphql", "at": 4, "kind": "truncated_json"}]},
    "reset before": {"failures": [{"at": 9, "kind": "drop_before"}]},
    "reset behind": {"failures": [{"at": 9, "kind": "drop_after"}]},
    "a clock ahead": {"clock_skew": 600},
    "a clock behind": {"clock_skew": -600},
}


@pytest.mark.parametrize("faults", HARMLESS.values(), ids=HARMLESS)
def test_changes_nothing(faults: dict[str, Any], calm: dict[str, Any], tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, faults) as disturbed:
        result = disturbed.sync()
        assert (result.complete, result.warnings) == (True, ())
        assert learnt(disturbed.dump()) == learnt(calm, faults.get("clock_skew", 0))
        limited = any(row.status == 429 for row in disturbed.server.log)
    assert limited == ("rate_headers" in faults or "requests_per_minute" in faults)


def learnt(dump: dict[str, Any], skew: int = 0) -> dict[str, Any]:
    """Without the numbers of changes, which lists and notes give differently; a server's clock dates what it shows."""
    source = dump["sources"]["gitlab"]
    changes = {ref: [[row[0], *row[2:]] for row in rows] for ref, rows in source["changes"].items()}
    facts = [[*row[:4], row[4] + skew, *row[5:]] for row in dump["facts"]]
    return {**dump, "facts": facts, "sources": {"gitlab": {**source, "changes": changes}}}


OLDER: dict[str, dict[str, Any]] = {
    "before keyset": {"version": "18.2.1"},
    "before custom statuses": {"version": "17.9.0"},
    "before the list of types": {"version": "16.4.0"},
    "W22 no status widget": {"faults": {"without": ["WorkItemWidgetStatus"]}},
    "W22 no notes widget": {"faults": {"without": ["WorkItemWidgetNotes"]}},
    "W22 no metadata, no hierarchy": {"faults": {"without": ["Note.systemNoteMetadata", "WorkItemWidgetHierarchy"]}},
}


@pytest.mark.parametrize("options", OLDER.values(), ids=OLDER)
def test_w22_a_server_that_knows_less_tells_the_same(
    options: dict[str, Any], calm: dict[str, Any], tmp_path: Path
) -> None:
    """What it knows is asked, so that no query names a field that is not there."""
    with gitlab_lab(tmp_path, **options) as old:
        assert old.sync().complete
        assert told(old.dump()) == told(calm)
        assert not {row.status for row in old.server.log} - {200, 405}


def told(dump: dict[str, Any]) -> dict[str, Any]:
    """What was learnt of issues; metadata say what a server can."""
    source = learnt(dump)["sources"]["gitlab"]
    return {part: rows for part, rows in source.items() if part not in ("metadata", "fields")}


def test_w22_the_community_edition_is_the_free_tier(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path / "ce", {"edition": "ce"}, tier="free") as community:
        assert community.sync().complete
        found = told(community.dump())
    with gitlab_lab(tmp_path / "free", tier="free") as free:
        assert free.sync().complete
        assert told(free.dump()) == found


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "a login page with 200": ({"failures": [{"at": 3, "kind": "html_login"}]}, ConfigError, "sync.login_page"),
    "a login page of GraphQL": (
        {"failures": [{"endpoint": "graphql", "kind": "html_login"}]},
        ConfigError,
        "sync.login_page",
    ),
    "W18 a redirect to elsewhere": ({"failures": [{"at": 4, "kind": "redirect"}]}, ConfigError, "elsewhere.invalid"),
    "W22 errors and nothing else": (
        {"failures": [{"endpoint": "graphql", "times": 99, "kind": "graphql_errors"}]},
        RetryLaterError,
        "gitlab.error.graphql",
    ),
    "W22 500 for ever": (
        {"failures": [{"endpoint": "graphql", "times": 99, "status": 500}]},
        RetryLaterError,
        "sync.server_error",
    ),
    "W23 429 for ever": (
        {"rate_headers": "none", "failures": [{"at": 9, "times": 99, "status": 429}]},
        RetryLaterError,
        "sync.too_many",
    ),
    "a CI job's token": ({"login_of": "job"}, ConfigError, "gitlab.error.job_token"),
    "a token that may not read": ({"scopes": ["read_user"]}, ConfigError, "gitlab.error"),
    "a hidden project": ({"hidden_projects": [MOB]}, ConfigError, MOB),
    "revoked at once": ({"revoke_after": 2}, ConfigError, "gitlab.error.unauthorized"),
    "revoked among lists": ({"revoke_after": 9}, ConfigError, "gitlab.error.unauthorized"),
    "revoked among histories": ({"revoke_after": 18}, ConfigError, "gitlab.error"),
    "revoked behind a login page": ({"revoke_after": 9, "dead_login": "sso"}, ConfigError, "sync.login_page"),
}


@pytest.mark.parametrize(("faults", "kind", "said"), REFUSED.values(), ids=REFUSED)
def test_ends_with_a_reason_and_the_next_run_goes_on(
    faults: dict[str, Any], kind: type[Exception], said: str, calm: dict[str, Any], tmp_path: Path
) -> None:
    with gitlab_lab(tmp_path, faults) as troubled:
        error = troubled.refused()
        assert isinstance(error, kind)
        assert said in str(error)
        assert troubled.server.token not in str(error)
        troubled.server.faults = None
        assert troubled.sync().complete
        assert told(troubled.dump()) == told(calm)


def test_a_token_that_is_refused_later_loses_nothing(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path) as dead:
        dead.sync()
        before = dead.source
        for login in ("401", "sso"):
            dead.server.faults = {"revoke_after": 0, "dead_login": login}
            for _ in range(3):
                dead.clock.now += DAY
                with pytest.raises(ConfigError):
                    dead.sync()
        assert dead.source["issues"] == before["issues"]
        assert dead.source["gone"] == {}


def test_a_group_that_the_token_can_not_see_is_named(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, scope="groups: [acme]") as blind:
        blind.server.forge.hide_group("acme")
        (problem,) = blind.refused().problems
        assert problem.what.id == "gitlab.error.group_unknown"


def test_w22_a_server_in_trouble_is_none_that_knows_nothing(tmp_path: Path) -> None:
    """Epics and key results of fields come from GraphQL alone: a bad moment must not take them away."""
    with gitlab_lab(tmp_path, scope=f"groups: [acme]\n    {FIELD}") as shaken:
        shaken.sync()
        before = shaken.source
        for _ in range(3):
            shaken.clock.now += 26 * HOUR
            shaken.server.reset()
            shaken.server.faults = {"failures": [{"endpoint": "graphql", "times": 99, "kind": "graphql_errors"}]}
            with pytest.raises(RetryLaterError):
                shaken.sync()
        shaken.server.faults = None
        assert shaken.sync().complete
        assert shaken.source["issues"] == before["issues"]
        assert shaken.source["gone"] == {}


def test_an_epic_has_a_time(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, scope="groups: [acme]\n    fields: {estimate: time_estimate}") as timed:
        epic = timed.server.forge.create_epic("acme", "Grow", time_estimate=9 * HOUR)
        assert timed.sync().complete
        assert timed.issue(f"epic-{epic.id}")["current"]["ESTIMATE"] == ["", "9"]


# -- what moves, and what goes -----------------------------------------------------------------------------------------


def test_w18_a_renamed_project_is_followed_on_its_own_host(calm: dict[str, Any], tmp_path: Path) -> None:
    with gitlab_lab(tmp_path) as renamed:
        renamed.server.forge.rename_project(PAY, "acme/checkout")
        result = renamed.sync()
        assert result.complete
        assert [(w.id, w.params["new"]) for w in result.warnings] == [("gitlab.warning.renamed", "acme/checkout")]
        found = renamed.source
    assert {issue["ref"] for issue in found["issues"]} == {i["ref"] for i in calm["sources"]["gitlab"]["issues"]}
    assert not [issue for issue in found["issues"] if issue["key"].startswith(PAY)]


def test_w18_a_renamed_project_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, {"redirect_to": "https://elsewhere.invalid"}) as led:
        led.server.forge.rename_project(PAY, "acme/checkout")
        assert "elsewhere.invalid" in str(led.refused())


def test_a_project_renamed_between_syncs_keeps_its_issues(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path) as renamed:
        renamed.sync()
        count = len(renamed.source["issues"])
        renamed.server.forge.rename_project(PAY, "acme/checkout")
        for _ in range(3):
            renamed.clock.now += 26 * HOUR
            assert renamed.sync().complete
        assert len(renamed.source["issues"]) == count
        assert renamed.source["gone"] == {}


@pytest.mark.parametrize("first", ["synced before", "synced after"])
@pytest.mark.parametrize(("scope", "held"), [(f"projects: [{PAY}, {MOB}]", True), (f"projects: [{PAY}]", False)])
def test_a_moved_issue_is_one_requirement(first: str, scope: str, held: bool, tmp_path: Path) -> None:
    """GitLab makes a new one of it; where that one is out of scope the old one has gone there."""
    with gitlab_lab(tmp_path, scope=scope) as moving:
        if first == "synced before":
            moving.sync()
        old = moving.server.forge.item(f"{PAY}#3")
        moving.clock.now += HOUR
        new = moving.server.forge.move(old.id, MOB)
        assert moving.sync().complete
        assert moving.issue(old.id)["moved_to"] == str(new.id)
        known = {issue["ref"] for issue in moving.source["issues"]}
        assert (str(new.id) in known) is held
        counted = requirements(moving)
        assert str(old.id) not in counted
        assert (str(new.id) in counted) is held


def requirements(here: GitLabLab) -> set[str]:
    """Ids of the issues that count as of the lab's clock."""
    at = int(here.clock.now)
    with here.store() as store:
        snapshot = Snapshot.at(store, here.config, load_okrs(here.config), at)
        items = snapshot.view("gitlab").items.values()
        return {item.issue.id for item in items if item.role is Role.REQUIREMENT and item.gone_at is None}


def test_w21_a_deleted_label_stays_in_the_past(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path) as relabelled:
        relabelled.server.forge.label(f"{PAY}#3", "short-lived")
        relabelled.sync()
        before = stays_of(relabelled)
        label = next(row for row in relabelled.server.state.labels.values() if row.name == "short-lived")
        relabelled.server.forge.delete_label(label.id)
        relabelled.clock.now += HOUR
        relabelled.server.forge.edit(f"{PAY}#3", {"title": "Reworded"})
        assert relabelled.sync().complete
        ref = str(relabelled.server.forge.item(f"{PAY}#3").id)
        assert relabelled.issue(ref)["title"] == "Reworded"
        assert stays_of(relabelled) == before  # it was no stage


def test_w21_a_deleted_stage_is_told_from_the_others(tmp_path: Path) -> None:
    """Its stays are of no stage that is known, and nobody takes them for another."""
    with gitlab_lab(tmp_path) as restaged:
        ref = str(restaged.server.forge.item(f"{PAY}#3").id)
        restaged.server.forge.label(f"{PAY}#3", "workflow::Parked")
        restaged.clock.now += HOUR
        restaged.server.forge.label(f"{PAY}#3", "workflow::Testing")
        label = next(row for row in restaged.server.state.labels.values() if row.name == "workflow::Parked")
        restaged.server.forge.delete_label(label.id)
        assert restaged.sync().complete
        stays = [stay[0] for stay in restaged.source["derived"][ref][0]]
        assert any(str(stay).startswith("label-") for stay in stays)
        assert str(label.id) not in map(str, stays)


@pytest.mark.parametrize("state", ["opened", "closed"])
def test_a_deleted_milestone_is_told_and_leaves_what_a_new_store_would_have(tmp_path: Path, state: str) -> None:
    with gitlab_lab(tmp_path, issues=60) as unplanned:
        unplanned.sync()
        riders = [ref for ref, row in unplanned.source["derived"].items() if row[1]]
        items = unplanned.server.state.items
        held = [items[int(ref)].milestone for ref in riders if items[int(ref)].state == state]
        number = next(milestone for milestone in held if milestone)
        name = unplanned.server.state.milestones[number].title
        assert any(str(number) in str(stay) for stays in stays_of(unplanned).values() for stay in stays[1])
        unplanned.clock.now += HOUR
        unplanned.server.forge.delete_milestone(number)
        assert unplanned.sync().complete
        unplanned.clock.now += 26 * HOUR
        result = unplanned.sync(full=True)
        assert [w.params["names"] for w in result.warnings if w.id == "sync.iterations_deleted"] == [name]
        assert str(number) not in {row["ref"] for row in unplanned.source["iterations"]}
        assert not any(str(number) in str(stay) for stays in stays_of(unplanned).values() for stay in stays[1])


def stays_of(here: GitLabLab) -> dict[str, Any]:
    """Stays in stages and in iterations, by issue."""
    return {ref: row[:2] for ref, row in here.source["derived"].items()}


WAYS: dict[str, Callable[[GitLabLab, int], object]] = {
    "deleted": lambda here, number: here.server.forge.delete(number),
    "hidden": lambda here, number: here.server.forge.hide(number),
    "confidential": lambda here, number: here.server.forge.make_confidential(number),
}


@pytest.mark.parametrize("vanish", WAYS.values(), ids=WAYS)
def test_w10_gone_after_two_censuses_and_not_before(vanish: Callable[[GitLabLab, int], object], tmp_path: Path) -> None:
    with gitlab_lab(tmp_path) as shrinking:
        shrinking.sync()
        number = shrinking.server.forge.item(f"{MOB}#3").id
        vanish(shrinking, number)
        for expected in (set(), {str(number)}):
            shrinking.clock.now += DAY
            assert shrinking.sync().complete
            assert shrinking.source["gone"].keys() == expected


@pytest.mark.parametrize("sees", [True, False])
def test_confidential_issues_are_there_for_who_may_see_them(sees: bool, tmp_path: Path) -> None:
    with gitlab_lab(tmp_path, {"confidential": sees}) as private:
        number = private.server.forge.item(f"{PAY}#3").id
        private.server.forge.edit(number, {"confidential": True})
        assert private.sync().complete
        known = {issue["ref"]: issue["confidential"] for issue in private.source["issues"]}
    assert known.get(str(number)) == (True if sees else None)


def test_a_project_that_vanishes_is_no_smaller_source(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path) as shrinking:
        shrinking.sync()
        count = len(shrinking.source["issues"])
        shrinking.server.forge.hide_project(MOB)
        for _ in range(3):
            shrinking.clock.now += DAY + HOUR
            with pytest.raises((ConfigError, AbortSyncError), match="mobile"):
                shrinking.sync()
        assert len(shrinking.source["issues"]) == count
        assert shrinking.source["gone"] == {}
