"""Recorded GitLab payloads, served as they are: nothing of ours stands between them and the connector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.model.work import Field, labels_of
from okr_delivery.store import Store, open_store
from okr_delivery_gitlab.values import instant
from tests.okr_delivery_gitlab.plain import Plain, Row, serving, sync

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
SITES = ("gitlab-a", "gitlab-b", "gitlab-c")
LISTS = ("resource_state_events", "resource_label_events", "resource_milestone_events", "notes")
pytestmark = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the recorded payloads are not beside this repository")


def lines(name: str, site: str) -> list[Row]:
    rows = map(json.loads, (PAYLOADS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    return [row["payload"] for row in rows if row["site"] == site]


def newest(site: str) -> list[Row]:
    """Each issue once, as it was last, in the order of the file."""
    known: dict[int, Row] = {}
    for row in lines("gitlab-issues", site):
        if row["id"] not in known or row["updated_at"] >= known[row["id"]]["updated_at"]:
            known[row["id"]] = row
    return list(known.values())


def path_of(row: Row) -> str:
    full: str = row["references"]["full"]
    return full.partition("#")[0]


def recorded(site: str, **more: Any) -> Plain:
    issues = newest(site)
    paths = {row["project_id"]: path_of(row) for row in issues}
    home = {"id": 1, "kind": "user", "full_path": "somebody"}
    projects = [{"id": ref, "path_with_namespace": path, "namespace": home} for ref, path in paths.items()]
    boxes = [row["milestone"] for row in issues if row["milestone"]] + lines("gitlab-milestones", site)
    notes = lines("gitlab-events-notes", site)
    told: dict[tuple[int, str], list[Row]] = {(row["id"], name): [] for row in issues for name in LISTS}
    for row in issues:
        told[row["id"], "notes"] = [note for note in notes if note["noteable_id"] == row["id"]]
    given: dict[str, Any] = {"milestones": list({row["id"]: row for row in boxes}.values()), "events": told}
    return Plain(projects, issues, **(given | more))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", ledger=None) as opened:
        yield opened


@pytest.mark.parametrize("odd", [{}, {"sorts": False, "begins": False, "most": 5}], ids=["sorted", "as-recorded"])
@pytest.mark.parametrize("site", SITES)
def test_every_recorded_issue_is_read(store: Store, site: str, odd: dict[str, Any]) -> None:
    with serving(recorded(site, **odd)) as plain:
        projects = tuple(row["path_with_namespace"] for row in plain.projects)
        assert sync(plain, store, projects=projects, options={}).complete
    found = {row.id: row for row in store.issues("gitlab")}
    assert found.keys() == {str(row["id"]) for row in newest(site)}
    changes = dict(store.changes("gitlab"))
    for row in newest(site):
        read = found[str(row["id"])]
        assert (read.key, read.title) == (row["references"]["full"], row["title"])
        assert (read.created, read.updated) == (instant(row["created_at"]), instant(row["updated_at"]))
        closed = row["state"] == "closed"
        assert read.value(Field.STATUS).id == row["state"]
        assert read.resolved == (instant(row["closed_at"]) if closed else None)
        assert set(labels_of(read.value(Field.LABELS))) == set(row["labels"])
        assert read.value(Field.ITERATION).id == (str(row["milestone"]["id"]) if row["milestone"] else None)
        ends = [c for c in changes.get(read.id, ()) if c.field is Field.STATUS and c.new.id == "closed"]
        assert bool(ends) is closed
        if closed:
            assert ends[-1].ts in (read.resolved, read.updated)


def test_what_was_moved_is_known_where_it_went(store: Store) -> None:
    with serving(recorded("gitlab-a")) as plain:
        sync(plain, store, projects=tuple(row["path_with_namespace"] for row in plain.projects), options={})
    moved = [row for row in newest("gitlab-a") if row["moved_to_id"]]
    found = {row.id: row for row in store.issues("gitlab")}
    assert moved
    for row in moved:
        read = found[str(row["id"])]
        assert (read.moved_to, read.value(Field.RESOLUTION).id) == (str(row["moved_to_id"]), "moved")


def test_a_weight_is_the_estimate_where_the_tier_has_it(store: Store) -> None:
    with serving(recorded("gitlab-a")) as plain:
        sync(plain, store, projects=tuple(row["path_with_namespace"] for row in plain.projects), options={})
    found = {row.id: row for row in store.issues("gitlab")}
    weights = {str(row["id"]): str(row["weight"]) if row["weight"] is not None else None for row in newest("gitlab-a")}
    assert {ref: row.value(Field.ESTIMATE).name for ref, row in found.items()} == weights
