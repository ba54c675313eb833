"""What a tracker that has paths and groups adds: renamed projects, issues that live on, iterations of groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from okr_delivery.model.work import Issue, Iteration, IterationKind, IterationState
from okr_delivery.store import Store, mapping, open_store
from okr_delivery.store.codes import digest
from tests.store.builders import issue

URL = "https://gitlab.acme.cn/{path}/-/issues/{n}"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url, ledger=None) as opened:
        yield opened


def lab(n: int, path: str = "acme/pay", project: str = "77") -> Issue:
    url = URL.format(path=path, n=n)
    return replace(issue(str(9000 + n), f"{path}#{n}", "lab"), project_id=project, project=path, url=url)


def keys(store: Store) -> list[str]:
    return [each.key for each in store.issues("lab")]


def test_a_renamed_project_renames_all_its_keys_when_one_issue_tells(store: Store) -> None:
    with store.page("lab") as tx:
        tx.put_issues([lab(1), lab(2), replace(lab(3, "acme/web", "78"), id="9103")])
    with store.page("lab") as tx:
        tx.put_issues([lab(2, "acme/checkout")])
    assert keys(store) == ["acme/checkout#1", "acme/checkout#2", "acme/web#3"]
    assert next(each.url for each in store.issues("lab")) == URL.format(path="acme/checkout", n=1)
    assert store.aliases("lab") == {"acme/pay#1": "9001", "acme/pay#2": "9002"}


def test_a_renamed_project_is_known_by_its_id_alone(store: Store) -> None:
    with store.page("lab") as tx:
        tx.put_issues([lab(1), lab(2)])
        assert tx.rename_projects({"77": "acme/pay", "78": "acme/web"}) == frozenset()
    with store.page("lab") as tx:
        assert tx.rename_projects({"77": "acme/checkout"}) == {"9001", "9002"}
        assert [each.key for each in tx.issues("lab", ["9001"])] == ["acme/checkout#1"]
    with store.page("lab") as tx:
        assert tx.rename_projects({"77": "acme/pay"}) == {"9001", "9002"}
    assert keys(store) == ["acme/pay#1", "acme/pay#2"]
    assert store.aliases("lab") == {"acme/checkout#1": "9001", "acme/checkout#2": "9002"}


def test_what_is_sent_again_under_the_present_name_is_no_change(store: Store) -> None:
    with store.page("lab") as tx:
        tx.put_issues([lab(1)])
        tx.rename_projects({"77": "acme/checkout"})
    with store.page("lab") as tx:
        assert tx.put_issues([lab(1, "acme/checkout")]) == frozenset()


def test_a_gone_issue_is_renamed_and_stays_gone(store: Store) -> None:
    with store.page("lab") as tx:
        tx.put_issues([lab(1), lab(2)])
        tx.put_changes(["9001", "9002"], [])
        tx.tombstone({"9001": 1_700_000_900}, {})
        tx.rename_projects({"77": "acme/checkout"})
    assert (keys(store)[0], store.gone("lab")) == ("acme/checkout#1", {"9001": 1_700_000_900})


def test_an_issue_that_moves_alone_renames_nothing(store: Store) -> None:
    with store.page("jira") as tx:
        tx.put_issues([issue("1", "PAY-1"), issue("2", "PAY-2"), issue("3", "WEB-3")])
    with store.page("jira") as tx:
        tx.put_issues([replace(issue("2", "WEB-9"), project_id="2", project="WEB")])
    assert [each.key for each in store.issues("jira")] == ["PAY-1", "WEB-9", "WEB-3"]


def test_where_an_issue_lives_on_comes_back(store: Store) -> None:
    with store.page("lab") as tx:
        tx.put_issues([replace(lab(1), moved_to="9200")])
    assert [each.moved_to for each in store.issues("lab")] == ["9200"]
    with store.page("lab") as tx:
        assert tx.put_issues([replace(lab(1), moved_to="9200")]) == frozenset()
        assert tx.put_issues([lab(1)]) == {"9001"}


def test_bodies_stored_before_issues_could_live_on_are_not_written_again() -> None:
    plain, pairs, kept = mapping.body_plain(lab(1)), mapping.body_pairs(lab(1)), mapping.kept(lab(1))
    before = {name: part for name, part in plain.items() if name != "moved_to"}
    assert mapping.body_digest(plain, pairs, kept) == digest(before, pairs, kept)
    other = mapping.body_plain(replace(lab(1), moved_to="9200"))
    assert mapping.body_digest(other, pairs, kept) != digest(before, pairs, kept)


def test_an_iteration_of_a_group_comes_back(store: Store) -> None:
    plain = Iteration("lab", "812", "S1", IterationState.ACTIVE, kind=IterationKind.MILESTONE, group="acme")
    found = replace(plain, first_day=date(2026, 3, 2), last_day=date(2026, 3, 15))
    with store.page("lab") as tx:
        tx.put_iterations([found])
    assert store.iterations("lab") == (found,)


@pytest.mark.parametrize("target", [None, "9200"])
def test_a_ledger_remembers_where_a_gone_issue_lives_on(database_url: str, tmp_path: Path, target: str | None) -> None:
    with open_store(database_url, ledger=tmp_path / "ledger") as store, store.page("lab") as tx:
        tx.put_issues([replace(lab(1), moved_to=target)])
        tx.put_changes(["9001"], [])
        tx.tombstone({"9001": 1_700_000_900}, {})
    with open_store(f"sqlite:///{tmp_path / 'other.db'}", ledger=tmp_path / "ledger") as anew:
        anew.read_ledger()
        assert [each.moved_to for each in anew.issues("lab")] == [target]
