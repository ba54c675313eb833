"""The files of the example organisation on GitLab, and of the company that has both trackers."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_delivery.config import Config, load
from okr_delivery.okrs import load_effects, load_okrs
from okr_delivery.sandbox import workspace
from okr_delivery.sandbox.gitlab.state import GitLab, Tier
from okr_delivery.sandbox.gitlab.translate import of_world
from okr_delivery.sandbox.world import World, build
from okr_delivery.value import conclusions

JIRA, GITLAB = "http://127.0.0.1:8765", "http://127.0.0.1:8766"


def _config(folder: Path) -> Config:
    return load(folder / "okr-delivery.yaml", cwd=folder, env={})


def _exists(state: GitLab, key: str) -> bool:
    path, sign, iid = key.replace("&", "#").rpartition("#")
    project = state.project(path)
    return bool(sign) and project is not None and state.issue(project.id, int(iid)) is not None


@pytest.fixture(scope="module", params=["en", "zh"])
def world(request: pytest.FixtureRequest) -> World:
    return build(lang=request.param)


@pytest.mark.parametrize("tier", list(Tier))
def test_a_company_on_gitlab_loads(tmp_path: Path, world: World, tier: Tier) -> None:
    assert workspace.write_gitlab(tmp_path, world, GITLAB, world.lang, tier)
    config, state = _config(tmp_path), of_world(world, tier)
    [source] = config.sources
    assert (source.type, source.groups, source.token_env) == ("gitlab", ("acme",), "OKR_DELIVERY_GITLAB_TOKEN")
    assert source.statuses.label_scope == "workflow"
    assert (source.fields.key_result is not None) == (tier is Tier.ULTIMATE)
    labels = {label.name for label in state.labels.values()}
    assert {f"workflow::{name}" for name in source.statuses.order if name not in ("Open", "Closed")} <= labels
    assert [str(team.iterations and team.iterations.from_) for team in config.teams][:3] == ["milestones"] * 3
    paths = [path for team in config.teams for select in team.select for path in select.projects]
    assert all(state.project(path) for path in paths)


@pytest.mark.parametrize("tier", list(Tier))
def test_its_effects_and_conclusions_name_issues_that_are_there(tmp_path: Path, world: World, tier: Tier) -> None:
    workspace.write_gitlab(tmp_path, world, GITLAB, "en", tier)
    config, state = _config(tmp_path), of_world(world, tier)
    book = load_okrs(config)
    effects = load_effects(config, book)
    paths = sorted(effect.issue.partition("#")[0] for effect in effects)
    assert paths == ["acme/mobile", "acme/payments", "acme/payments"]
    concluded = conclusions.load(config, book).all
    assert len(concluded) > 4
    named = [(row.source, row.issue) for row in effects] + [(row.source, row.issue) for row in concluded]
    assert all(source == "gitlab" and _exists(state, key) for source, key in named)
    trackers = [kr.tracker for kr in book.key_results.values() if kr.tracker]
    assert trackers
    assert all(_exists(state, tracker.removeprefix("gitlab:")) for tracker in trackers)


def test_a_mixed_company_has_both_teams_in_one_file(tmp_path: Path, world: World) -> None:
    workspace.write_mixed(tmp_path, world, JIRA, GITLAB, world.lang)
    config = _config(tmp_path)
    state = of_world(world, projects=("MOB", "OKR"))
    assert [(source.name, source.type, source.url) for source in config.sources] == [
        ("jira", "jira", JIRA),
        ("gitlab", "gitlab", GITLAB),
    ]
    owners = {team.id: team.select[0].source for team in config.teams}
    assert owners == {"payments": "jira", "mobile": "gitlab", "portal": "jira", "platform": "jira"}
    book = load_okrs(config)
    there, *here = sorted(load_effects(config, book), key=lambda effect: effect.source)
    assert [effect.source for effect in (there, *here)] == ["gitlab", "jira", "jira"]
    assert all(world.site.find(effect.issue) for effect in here)
    assert _exists(state, there.issue)
    trackers = {kr.id: str(kr.tracker).partition(":")[0] for kr in book.key_results.values() if kr.tracker}
    assert {(kr[:3], source) for kr, source in trackers.items()} == {("GRO", "jira"), ("APP", "gitlab")}


def test_a_second_gitlab_may_have_its_own_token(tmp_path: Path) -> None:
    workspace.write_gitlab(tmp_path, build(issues=10), GITLAB, "en", token_env="OKR_DELIVERY_B_TOKEN")
    assert _config(tmp_path).sources[0].token_env == "OKR_DELIVERY_B_TOKEN"
