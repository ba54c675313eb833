"""The connector on a served GitLab, through the real engine and store: the traps of the wild change nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.model.work import Field, IterationKind, IterationState
from okr_delivery.sandbox.gitlab import serve
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.state import Tier
from okr_delivery.store import Store, open_store
from okr_delivery.sync.connector import Secret
from okr_delivery.sync.errors import ConfigError, SyncError
from tests.okr_delivery_gitlab.syncing import PROJECTS, Clock, content, in_scope, organisation, sync

ISSUES = 40
GROUP: dict[str, Any] = {"projects": (), "options": {"groups": ("acme",), "label_scope": "workflow"}}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[RunningServer]:
    with serve(organisation(ISSUES), clock=clock) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", ledger=None) as opened:
        yield opened


def known(server: RunningServer, store: Store) -> Any:
    """The content without the ids of history entries: they are others where exact lists had to be read."""
    found = content(server, store)
    source = found["sources"]["gitlab"]
    source["changes"] = {
        ref: sorted(json.dumps([*row[:1], *row[2:]]) for row in rows) for ref, rows in source["changes"].items()
    }
    return found


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a first sync leaves when nothing is difficult."""
    url = f"sqlite:///{tmp_path_factory.mktemp('plain') / 'store.db'}"
    with serve(organisation(ISSUES), clock=Clock()) as server, open_store(url, ledger=None) as store:
        assert sync(server, store).complete
        return known(server, store)


def one(server: RunningServer, path: str = "acme/payments") -> str:
    """The reference of an open issue of a project."""
    place = server.state.project(path)
    rows = [row for row in server.state.items.values() if place is not None and row.project == place.id]
    return server.state.reference(next(row for row in rows if row.state == "opened"))


def keys(store: Store) -> set[str]:
    return {issue.key for issue in store.issues("gitlab")}


def test_the_store_holds_what_the_projects_hold(server: RunningServer, store: Store) -> None:
    result = sync(server, store)
    assert (result.complete, result.warnings) == (True, ())
    held = {issue.id: issue for issue in store.issues("gitlab")}
    assert set(held) == in_scope(server)
    for ref, issue in held.items():
        truth = server.state.items[int(ref)]
        assert issue.key == server.state.reference(truth)
        assert (issue.created, issue.updated) == (truth.created // 1000, truth.updated // 1000)
        assert issue.value(Field.ITERATION).id == (str(truth.milestone) if truth.milestone else None)
    milestones = {i.id for i in store.iterations("gitlab") if i.kind is IterationKind.MILESTONE}
    projects = {project.id for project in server.state.projects.values() if project.path in PROJECTS}
    assert milestones == {str(m.id) for m in server.state.milestones.values() if m.project in projects}


HARMLESS: list[dict[str, Any]] = [
    {"keyset": "off", "count_bound": 1},
    {"keyset": "405"},
    {"page_most": 7},
    {"keyset": "off", "page_most": 5, "offset_limit": 10},
    {"foreign_link": "https://elsewhere.invalid", "page_most": 5},
    {"complexity_limit": 120},
    {"rate_headers": "none", "failures": [{"endpoint": "projects/:id/issues", "status": 429, "times": 2}]},
    {"failures": [{"endpoint": "graphql", "at": 4, "times": 2, "status": 500}]},
    {"failures": [{"endpoint": "projects/:id/labels", "kind": "drop_before"}]},
    {"failures": [{"endpoint": "projects/:id/issues", "at": 2, "kind": "truncated_json"}]},
]  # fmt: skip


@pytest.mark.parametrize("faults", HARMLESS, ids=str)
def test_what_is_only_difficult_changes_nothing(
    faults: dict[str, Any], server: RunningServer, store: Store, plain: Any
) -> None:
    server.faults = faults
    assert sync(server, store).complete
    assert known(server, store) == plain


HARMFUL: list[dict[str, Any]] = [
    {"failures": [{"endpoint": "projects/:id/issues", "at": 2, "times": 9, "status": 500}]},
    {"failures": [{"endpoint": "projects/:id/issues", "at": 3, "status": 401}]},
    {"failures": [{"endpoint": "projects/:id/labels", "kind": "html_login"}]},
    {"failures": [{"endpoint": "graphql", "at": 3, "kind": "graphql_errors"}]},
    {"failures": [{"endpoint": "projects/:id/issues", "at": 2, "kind": "redirect"}]},
]  # fmt: skip


@pytest.mark.parametrize("faults", HARMFUL, ids=str)
def test_what_is_not_whole_never_looks_whole_and_the_next_run_makes_it_good(
    faults: dict[str, Any], server: RunningServer, store: Store, plain: Any
) -> None:
    server.faults = faults
    with pytest.raises(SyncError):
        sync(server, store)
    state = store.source("gitlab")
    assert state is None or not state.complete
    server.faults = {}
    server.reset()
    assert sync(server, store).complete
    assert known(server, store) == plain


def test_a_run_that_died_reads_only_what_is_missing(server: RunningServer, store: Store, plain: Any) -> None:
    server.faults = {"failures": [{"endpoint": "projects/:id/issues", "at": 4, "times": 9, "status": 500}]}
    with pytest.raises(SyncError):
        sync(server, store)
    held = len(keys(store))
    assert 0 < held < len(in_scope(server))
    server.faults = {}
    result = sync(server, store)
    assert result.complete
    assert result.resumed
    assert known(server, store) == plain


def test_nothing_changed_takes_at_most_six_requests(server: RunningServer, store: Store, clock: Clock) -> None:
    sync(server, store, projects=PROJECTS[:1])
    clock.now += 7200
    server.reset()
    result = sync(server, store, projects=PROJECTS[:1])
    assert (result.complete, result.fetched) == (True, 0)
    assert sum(server.requests.values()) <= 6


def test_a_change_comes_alone(server: RunningServer, store: Store, clock: Clock) -> None:
    sync(server, store)
    clock.now += 7200
    key = one(server)
    server.forge.label(key, "kr:GROW-KR1")
    clock.now += 60
    result = sync(server, store)
    assert (result.fetched, result.changed) == (1, 1)
    found = next(issue for issue in store.issues("gitlab") if issue.key == key)
    assert "kr:GROW-KR1" in found.labels


def test_a_renamed_project_is_followed_and_named(server: RunningServer, store: Store) -> None:
    server.forge.rename_project("acme/payments", "acme/checkout")
    result = sync(server, store)
    assert result.complete
    (warning,) = result.warnings
    assert (warning.id, warning.params) == ("gitlab.warning.renamed", {"old": "acme/payments", "new": "acme/checkout"})
    assert one(server, "acme/checkout") in keys(store)


def test_a_renamed_project_is_not_followed_to_another_host(server: RunningServer, store: Store) -> None:
    server.faults = {"redirect_to": "https://elsewhere.invalid"}
    server.forge.rename_project("acme/payments", "acme/checkout")
    with pytest.raises(ConfigError, match=r"sync\.redirect|sync\.foreign"):
        sync(server, store)


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ({"projects": ("acme/payments", "acme/secret")}, "project_unknown.*acme/secret"),
        ({"projects": (), "options": {"groups": ("elsewhere",)}}, "group_unknown.*elsewhere"),
    ],
    ids=["project", "group"],
)
def test_what_the_token_does_not_see_is_named(
    scope: dict[str, Any], said: str, server: RunningServer, store: Store
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        sync(server, store, **scope)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].next_step is not None


def test_a_group_brings_all_its_projects_but_archived_ones(server: RunningServer, store: Store) -> None:
    archived = server.state.project("acme/mobile")
    assert archived is not None
    archived.archived = True
    result = sync(server, store, **GROUP)
    assert result.complete
    projects = {issue.project for issue in store.issues("gitlab")}
    assert "acme/payments" in projects
    assert "acme/mobile" not in projects


def test_a_project_that_is_new_in_a_group_is_noticed(server: RunningServer, store: Store, clock: Clock) -> None:
    sync(server, store, **GROUP)
    known = server.state.project("acme/payments")
    assert known is not None
    number = max(server.state.projects) + 1
    server.state.projects[number] = replace(known, id=number, path="acme/fresh", name="fresh", old_paths=[])
    clock.now += 3600
    item = server.forge.create("acme/fresh", "A first thing")
    clock.now += 60
    result = sync(server, store, **GROUP)
    assert result.complete
    found = next(issue for issue in store.issues("gitlab") if issue.id == str(item.id))
    assert (found.key, found.project_id) == ("acme/fresh#1", str(number))


def test_a_moved_issue_is_an_alias_of_the_new_one(server: RunningServer, store: Store, clock: Clock) -> None:
    sync(server, store)
    clock.now += 3600
    old = server.forge.item(one(server))
    new = server.forge.move(server.state.reference(old), "acme/mobile")
    clock.now += 60
    sync(server, store)
    held = {issue.id: issue for issue in store.issues("gitlab")}
    assert held[str(old.id)].moved_to == str(new.id)
    assert held[str(new.id)].moved_to is None


def test_an_issue_that_the_token_no_longer_sees_is_gone_after_two_counts(
    server: RunningServer, store: Store, clock: Clock
) -> None:
    sync(server, store)
    key = one(server)
    ref = str(server.forge.item(key).id)
    server.forge.make_confidential(key)
    for _ in range(3):
        clock.now += 86_400
        result = sync(server, store)
        assert result.complete
    assert ref in set(store.gone("gitlab"))


def test_a_milestone_that_was_deleted_leaves_the_list(server: RunningServer, store: Store, clock: Clock) -> None:
    sync(server, store)
    live = next(i for i in store.iterations("gitlab") if i.state is not IterationState.CLOSED)
    server.forge.delete_milestone(int(live.id))
    clock.now += 3 * 86_400
    result = sync(server, store)
    assert result.complete
    assert live.id not in {i.id for i in store.iterations("gitlab")}


@pytest.mark.parametrize("faults", [{"login_of": "job"}, {}], ids=["old", "prefixed"])
def test_the_token_of_a_job_is_refused_with_what_to_create(
    faults: dict[str, Any], server: RunningServer, store: Store
) -> None:
    server.faults = faults
    token = Secret("glcbt-64_abc") if not faults else Secret(server.token)
    with pytest.raises(ConfigError, match="job_token"):
        sync(server, store, token=token)


@pytest.mark.parametrize("tier", list(Tier))
def test_every_tier_is_read_whole(tier: Tier, store: Store, clock: Clock) -> None:
    with serve(organisation(16, tier=tier), clock=clock) as server:
        result = sync(server, store)
        assert result.complete
        assert {issue.id for issue in store.issues("gitlab")} == in_scope(server)
        assert all(issue.history_complete for issue in store.issues("gitlab"))
