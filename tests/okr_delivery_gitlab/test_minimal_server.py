"""A GitLab that others wrote from GitLab's documentation: little is there, and little may be asked of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.model.work import Field, IterationKind
from okr_delivery.store import Store, open_store
from tests.okr_delivery_gitlab.plain import TOKEN, Plain, Row, serving, sync

COUNT = 110
FEW = 14
HISTORY = ("resource_state_events", "resource_label_events", "resource_milestone_events")


def when(day: int, hour: int = 9) -> str:
    return f"2026-03-{day:02d}T{hour:02d}:00:00.000Z"


def label(number: int, name: str) -> Row:
    return {"id": number, "name": name, "description": None, "color": "#428bca", "text_color": "#FFFFFF",
            "is_project_label": True}  # fmt: skip


LABELS = [label(31, "workflow::doing"), label(32, "workflow::review"), label(33, "kr:KR-1")]
MILESTONES = [
    {"id": 51, "iid": 1, "project_id": 7, "title": "Sprint 1", "description": "", "state": "closed",
     "start_date": "2026-03-02", "due_date": "2026-03-15", "created_at": when(1), "updated_at": when(16)},
    {"id": 52, "iid": 2, "project_id": 7, "title": "Sprint 2", "description": "", "state": "active",
     "start_date": "2026-03-16", "due_date": "2026-03-29", "created_at": when(1), "updated_at": when(1)},
]  # fmt: skip
USER = {"id": 3, "username": "reader", "name": "Reader"}
PROJECT = {
    "id": 7, "path_with_namespace": "acme/app", "name": "App", "archived": False,
    "namespace": {"id": 4, "name": "acme", "path": "acme", "kind": "group", "full_path": "acme"},
}  # fmt: skip


def issue(number: int, **more: Any) -> Row:
    """An issue of the examples in the documentation, on the Free tier."""
    done = number % 13 == 0
    base: Row = {
        "id": 900 + number, "iid": number, "project_id": 7, "title": f"Issue {number}", "description": "Words.",
        "state": "closed" if done else "opened", "updated_at": when(20),
        "created_at": f"2026-02-{number % 28 + 1:02d}T0{number % 9}:00:00.000Z",
        "closed_at": when(12) if done else None, "closed_by": USER if done else None,
        "labels": ["kr:KR-1"] if done else ["workflow::review", "kr:KR-1"], "milestone": MILESTONES[done - 1],
        "assignees": [], "author": USER, "type": "ISSUE", "due_date": None, "confidential": False,
        "issue_type": "issue", "web_url": f"http://gitlab.example.com/acme/app/-/issues/{number}",
        "time_stats": {"time_estimate": 7200, "total_time_spent": 0, "human_time_estimate": "2h"},
        "task_completion_status": {"count": 0, "completed_count": 0}, "has_tasks": False,
        "_links": {"self": "x", "closed_as_duplicate_of": None},
        "references": {"short": f"#{number}", "relative": f"#{number}", "full": f"acme/app#{number}"},
        "severity": "UNKNOWN", "moved_to_id": None, "imported": False,
    }  # fmt: skip
    return base | more


def events(row: Row) -> dict[tuple[int, str], list[Row]]:
    """Doing, review, and for what is done its end; Sprint 1, and for what is open Sprint 2."""
    ref, done = row["id"], row["state"] == "closed"
    steps = [("add", 0, 3), ("remove", 0, 6), ("add", 1, 6)] + ([("remove", 1, 12)] if done else [])
    labels = [
        {"id": ref * 10 + n, "user": USER, "created_at": when(day), "resource_type": "Issue", "resource_id": ref,
         "label": LABELS[at], "action": action}
        for n, (action, at, day) in enumerate(steps)
    ]  # fmt: skip
    boxes = [(0, 2)] + ([] if done else [(1, 16)])
    milestones = [
        {"id": ref * 10 + n, "user": USER, "created_at": when(day), "resource_type": "Issue", "resource_id": ref,
         "milestone": MILESTONES[at], "action": "add"}
        for n, (at, day) in enumerate(boxes)
    ]  # fmt: skip
    states = [{"id": ref * 10, "user": USER, "created_at": when(12), "resource_type": "Issue", "resource_id": ref,
               "state": "closed"}] if done else []  # fmt: skip
    return {(ref, name): rows for name, rows in zip(HISTORY, (states, labels, milestones), strict=True)}


def company(count: int = COUNT, **more: Any) -> Plain:
    rows = [issue(number) for number in range(1, count + 1)]
    told = {key: found for row in rows for key, found in events(row).items()}
    given: dict[str, Any] = {"labels": LABELS, "milestones": MILESTONES, "events": told}
    return Plain([PROJECT], rows, **(given | more))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", ledger=None) as opened:
        yield opened


def content(plain: Plain, store: Store) -> Any:
    """What is known of issues and their histories."""
    source = json.loads(json.dumps(store.dump()).replace(plain.url, "SERVER"))["sources"]["gitlab"]
    return {name: source[name] for name in ("issues", "changes", "iterations")}


@pytest.fixture(scope="module")
def ideal(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Any]:
    """What a server without any oddity leaves, by the number of its issues."""

    @cache
    def left(count: int) -> Any:
        url = f"sqlite:///{tmp_path_factory.mktemp('ideal') / 'store.db'}"
        with serving(company(count)) as plain, open_store(url, ledger=None) as store:
            assert sync(plain, store).complete
            return content(plain, store)

    return left


def test_lists_alone_make_a_whole_history(store: Store) -> None:
    with serving(company()) as plain:
        assert sync(plain, store).complete
    found = {row.key: row for row in store.issues("gitlab")}
    assert len(found) == COUNT
    assert all(row.history_complete for row in found.values())
    opened, done = found["acme/app#1"], found["acme/app#13"]
    assert (opened.value(Field.STATUS).name, done.value(Field.STATUS).name) == ("review", "Closed")
    assert (opened.value(Field.ITERATION).id, done.value(Field.ITERATION).id) == ("52", "51")
    assert opened.value(Field.ESTIMATE).name == "2"
    assert done.resolved is not None
    moves = {ref: [c for c in changes if c.field is Field.STATUS] for ref, changes in store.changes("gitlab")}
    assert [change.new.name for change in moves[done.id]] == ["doing", "review", "Closed"]
    assert {box.kind for box in store.iterations("gitlab")} == {IterationKind.MILESTONE}


def test_little_is_asked_of_a_server_that_has_little(store: Store) -> None:
    with serving(company()) as plain:
        sync(plain, store)
        first = plain.requests.copy()
        plain.requests.clear()
        plain.asked.clear()
        assert sync(plain, store).complete
        assert plain.requests["projects/:id/issues/:id/resource_state_events"] == 0
        assert plain.requests.total() <= 6, plain.requests
    lists = sum(count for name, count in first.items() if name.count("/") > 3)
    assert lists <= 3 * COUNT + 15, first  # lists that are not there are given up soon
    assert first.total() - lists <= 20, first


@pytest.mark.parametrize(
    "graphql",
    [
        (404, {"error": "404 Not Found"}),
        (404, "<html>not here</html>"),
        (403, {"message": "403 Forbidden"}),
        (401, {"errors": [{"message": "Invalid token"}]}),
        (405, {"error": "405 Not Allowed"}),
        (400, {"errors": [{"message": "No query"}]}),
        (501, {"message": "not here"}),
        (200, {"errors": [{"message": "introspection is not allowed"}]}),
        (200, {"data": None, "errors": [{"message": "nothing here"}]}),
        (200, {"data": {}}),
        (200, {"message": "hello"}),
        (200, []),
    ],
    ids=["404", "page", "403", "401", "405", "400", "501", "errors", "null", "empty", "other", "list"],
)
def test_whatever_a_server_says_to_graphql_its_lists_are_read(
    store: Store, ideal: Callable[[int], Any], graphql: Any
) -> None:
    with serving(company(FEW, graphql=graphql)) as plain:
        assert sync(plain, store).complete
        assert plain.requests["graphql"] <= 8
        assert content(plain, store) == ideal(FEW)


@pytest.mark.parametrize(
    "odd",
    [
        {"most": 5},
        {"most": 5, "paging": "number"},
        {"most": 5, "begins": False},
        {"most": 5, "begins": False, "paging": "number"},
        {"most": 5, "sorts": False},
        {"most": 5, "sorts": False, "begins": False},
        {"details": False},
        {"bearer": "graphql"},
        {"bearer": "everywhere"},
    ],
    ids=lambda odd: "-".join(f"{name}={value}" for name, value in odd.items()),
)
def test_an_oddity_changes_nothing(store: Store, ideal: Callable[[int], Any], odd: dict[str, Any]) -> None:
    with serving(company(FEW, **odd)) as plain:
        assert sync(plain, store).complete
        assert content(plain, store) == ideal(FEW)


@pytest.mark.parametrize("odd", [{}, {"sorts": False, "begins": False}], ids=["orderly", "not"])
def test_full_pages_without_any_header_are_followed(store: Store, odd: dict[str, Any]) -> None:
    with serving(company(COUNT, paging="none", **odd)) as plain:
        assert sync(plain, store).complete
    assert len(list(store.issues("gitlab"))) == COUNT


def test_a_group_s_issues_are_read_as_a_project_s(store: Store, ideal: Callable[[int], Any]) -> None:
    group = {"id": 4, "full_path": "acme", "name": "acme"}
    with serving(company(FEW, groups=[group])) as plain:
        more: Any = {"projects": (), "options": {"groups": ("acme",), "label_scope": "workflow"}}
        assert sync(plain, store, **more).complete
        assert content(plain, store)["issues"] == ideal(FEW)["issues"]


def test_groups_of_a_server_without_iterations_are_not_asked_one_by_one(store: Store) -> None:
    group = {"id": 4, "full_path": "acme", "name": "acme"}
    inside = [
        {**PROJECT, "id": 7 + n, "path_with_namespace": f"acme/team{n}/app",
         "namespace": {"id": 40 + n, "kind": "group", "full_path": f"acme/team{n}"}}
        for n in range(8)
    ]  # fmt: skip
    plain = company(2, groups=[group])
    plain.projects = inside
    with serving(plain):
        assert sync(plain, store, projects=(), options={"groups": ("acme",)}).complete
    assert sum(count for name, count in plain.requests.items() if name.endswith("/iterations")) == 1
    assert plain.requests["projects/:id/milestones"] == 0  # the group's list held them


@pytest.mark.parametrize(
    ("version", "name"),
    [("16.6.3-ee", "include_parent_milestones"), ("16.7.0", "include_ancestors"), ("18.6.0-pre", "include_ancestors")],
)
def test_milestones_of_groups_are_asked_for_by_the_name_of_the_day(store: Store, version: str, name: str) -> None:
    with serving(company(1, version=version)) as plain:
        assert sync(plain, store).complete
    asked = [query for label, query in plain.asked if label == "projects/:id/milestones"]
    assert [{member for member in query if member.startswith("include")} for query in asked] == [{name}]


@pytest.mark.parametrize("member", ["references", "_links", "issue_type", "time_stats", "moved_to_id", "type"])
def test_a_member_that_is_missing_costs_no_issue(store: Store, member: str) -> None:
    plain = company(4)
    plain.issues = [{name: value for name, value in row.items() if name != member} for row in plain.issues]
    with serving(plain):
        assert sync(plain, store).complete
    assert {row.key for row in store.issues("gitlab")} == {f"acme/app#{n}" for n in range(1, 5)}


def test_the_token_goes_to_nobody_else(store: Store) -> None:
    with serving(company(2)) as plain:
        sync(plain, store)
        assert not any(TOKEN in json.dumps(query) for _, query in plain.asked)
