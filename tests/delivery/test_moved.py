"""G03 and the ends that are no deliveries: issues that live on elsewhere, duplicates, rejected ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from okr_delivery.config import Config
from okr_delivery.delivery import export
from okr_delivery.delivery.membership import replay
from okr_delivery.delivery.metrics import measure
from okr_delivery.delivery.moves import lives_on, moved_at
from okr_delivery.delivery.results import Removal
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.delivery.teams import Role
from okr_delivery.model.work import Change, Field, Issue, Iteration, Kind, Value
from okr_delivery.store import Store, open_store
from tests.delivery.lab import SOURCES, YAML, Card, fill, held, id_of, settings, snapshot, timebox
from tests.delivery.world import at

BOX = (timebox("1", 7, 20, group="acme"), timebox("2", 21, 27, group="acme"))
OLD, NEW = "acme/pay#1", "acme/web#9"
DUPLICATE = Value("duplicate", "Duplicate")


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url, ledger=None) as opened:
        yield opened


@pytest.fixture
def made(tmp_path: Path) -> Config:
    return settings(tmp_path)


def seen(
    store: Store, made: Config, cards: Sequence[Card], boxes: Sequence[Iteration] = BOX, day: float = 30
) -> Snapshot:
    fill(store, made, cards, boxes)
    return snapshot(store, made, day)


def old(day: float = 15, to: str = NEW, **more: object) -> Card:
    return Card(OLD, f"O0 D8 C{day}", held("1"), moved=(day, to), **more)  # type: ignore[arg-type]  # a card's fields


def new(key: str = NEW, **more: object) -> Card:
    """The tracker copies what happened, and the milestone where the new place knows it."""
    return Card(key, "O0 D8 C18", held("1"), **more)  # type: ignore[arg-type]  # a card's fields


def item_of(found: Snapshot, key: str) -> dict[str, object]:
    one = found.view("lab").items[id_of(key)]
    return {"alias": one.alias, "team": one.team, "role": one.role, "gone": one.gone_at, "open": one.open}


# -- the new one is held -----------------------------------------------------------------------------------------------


def test_g03_a_moved_issue_is_one_piece_of_work(store: Store, made: Config) -> None:
    found = seen(store, made, [old(), new()])
    assert [item.key for item in found.items("pay")] == [NEW]
    sets = found.sets("pay", found.resolve("pay", "M1")[0])
    assert [[m.key for m in part] for part in (sets.committed, sets.delivered, sets.removed)] == [[NEW], [NEW], []]
    figures = measure(found, "pay", found.resolve("pay", "M1")[0]).metrics
    assert (figures["throughput"].value, figures["lead_time"].n, figures["cycle_time"].n) == (1, 1, 1)
    assert item_of(found, OLD) == {"alias": True, "team": "", "role": Role.OTHER, "gone": at(15), "open": False}


@pytest.mark.parametrize("day", [5, 12, 14.9, 15, 16, 30])
def test_there_is_one_of_it_at_every_instant(store: Store, made: Config, day: float) -> None:
    """Even before it was moved: the new one has all of its history."""
    found = seen(store, made, [old(), new()], day=day)
    assert [item.key for item in found.items("pay")] == [NEW]
    assert found.find(OLD).key == NEW


@pytest.mark.parametrize(
    "asked",
    [
        OLD,
        "lab:acme/pay#1",
        "pay#1",
        "#1",
        "1",
        "https://gitlab.acme.cn/acme/pay/-/issues/1",
        "https://gitlab.acme.cn/acme/pay/-/work_items/1",
    ],
)
def test_its_old_key_leads_to_the_new_one(store: Store, made: Config, asked: str) -> None:
    assert seen(store, made, [old(), new()]).find(asked).key == NEW


def test_moved_twice(store: Store, made: Config) -> None:
    last = "other/app#4"
    second = replace(new(), moved=(18, last))
    found = seen(store, made, [old(), second, Card(last, "O0 D8 C19", held("1"))])
    assert [item.key for item in found.items("pay")] == [last]
    assert [found.find(key).key for key in (OLD, NEW, last)] == [last] * 3
    assert found.view("lab").former_keys(found.find(last)) == (OLD, NEW)


def test_children_follow_their_parent(store: Store, made: Config) -> None:
    child = Card("acme/pay#5", "O0", parent=OLD)
    task = Card("acme/pay#6", "O0", parent=OLD, type="Task")
    found = seen(store, made, [old(), new(), child, task])
    parent = found.find(NEW)
    assert [item.key for item in found.children(parent)] == ["acme/pay#5", "acme/pay#6"]
    assert found.item("lab", id_of(OLD)) is parent
    assert [m.iteration_id for m in found.find("acme/pay#6").memberships] == ["1"]
    rows = {row[2]: row for row in export.tables(found)["issues"][1]}
    assert rows["acme/pay#5"][12] == NEW


def test_exports_show_both_and_no_figure_of_the_old_one(store: Store, made: Config) -> None:
    tables = export.tables(seen(store, made, [old(), new()]))
    issues = {row[2]: (row[8], row[16], row[18]) for row in tables["issues"][1]}
    assert issues == {OLD: ("active", None, "2026-03-17T00:00:00Z"), NEW: ("done", "pay", None)}
    facts = {row[1]: (row[5], row[6], row[7]) for row in tables["facts"][1]}
    assert facts == {OLD: (None, None, "2026-03-17T00:00:00Z"), NEW: ("2026-03-20T00:00:00Z", None, None)}


# -- the new one is not ------------------------------------------------------------------------------------------------


def test_g03_moved_out_of_sight_it_is_gone_and_not_delivered(store: Store, made: Config) -> None:
    found = seen(store, made, [old()])
    (item,) = found.items("pay")
    assert (item.fact.finished_at, item.fact.cancelled_at, item.fact.gone_at) == (None, None, at(15))
    assert [(i.kind, i.left_at) for i in item.intervals] == [(Kind.QUEUE, at(8)), (Kind.ACTIVE, at(15))]
    sets = found.sets("pay", found.resolve("pay", "M1")[0])
    assert [(m.key, m.removal) for m in sets.removed] == [(OLD, Removal.GONE)]
    assert not sets.delivered
    assert measure(found, "pay", found.resolve("pay", "M1")[0]).metrics["throughput"].value == 0
    assert found.find(OLD) is item


def test_before_it_left_it_was_there(store: Store, made: Config) -> None:
    found = seen(store, made, [old()], day=12)
    (item,) = found.items("pay")
    assert (item.open, item.gone_at) == (True, None)
    assert [i.key for i in found.members("pay", found.resolve("pay", "current")[0], at(12))] == [OLD]


def test_what_was_delivered_before_it_left_stays_delivered(store: Store, made: Config) -> None:
    card = Card(OLD, "O0 D8 C12", held("1"), moved=(25, NEW))
    found = seen(store, made, [card])
    (item,) = found.items("pay")
    assert (item.fact.finished_at, item.fact.gone_at) == (at(12), at(25))
    assert [m.key for m in found.sets("pay", found.resolve("pay", "M1")[0]).delivered] == [OLD]


def bare(resolved: int | None) -> Issue:
    issue, _ = old().build()
    return replace(issue, resolved=resolved, updated=at(20))


def told(field: Field, day: float, ref: str) -> Change:
    return Change(id_of(OLD), 1, 0, at(day), field, Value(), Value(ref))


@pytest.mark.parametrize(
    ("issue", "changes", "day"),
    [
        (bare(at(15)), [told(Field.STATUS, 14, "closed"), told(Field.RESOLUTION, 16, "moved")], 16),
        (bare(at(15)), [told(Field.RESOLUTION, 13, "duplicate"), told(Field.STATUS, 14, "closed")], 14),
        (bare(at(15)), [], 15),
        (bare(None), [], 20),
        (bare(at(-1)), [], 0),
    ],
    ids=["as its resolution says", "with its last status", "as it was closed", "as it was seen last", "not before"],
)
def test_when_it_left(issue: Issue, changes: list[Change], day: float) -> None:
    assert moved_at(issue, changes) == at(day)


def test_g03_closed_without_an_event() -> None:
    """Connectors seed what no event tells: open when created, closed as the issue says."""
    issue, changes = Card(OLD, "O0 C15", held("1")).build()
    assert [(c.ts, c.old.id, c.new.id) for c in changes] == [(at(15), "opened", "closed")]
    assert [(m.entered_at, m.left_at) for m in replay(issue, changes)] == [(at(0), None)]


def test_moves_in_a_circle_end() -> None:
    assert lives_on("1", {"1": "2", "2": "1"}) == ("2",)
    assert lives_on("1", {"1": "1"}) == ()
    assert lives_on("3", {"1": "2"}) == ()


# -- ends that are no deliveries ---------------------------------------------------------------------------------------

ENDS = [
    ("duplicate", DUPLICATE, Kind.CANCELLED),
    ("a label of the workflow that is cancelled, by its name", Value("45", "rejected"), Kind.CANCELLED),
    ("the same, its name gone", Value("45", None), Kind.CANCELLED),
    ("another label of the workflow", Value("44", "test"), Kind.DONE),
    ("a label named like a resolution that delivers nothing", Value("49", "Won't do"), Kind.CANCELLED),
    ("none", Value(), Kind.DONE),
]


@pytest.mark.parametrize(("resolution", "kind"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_what_counts_as_delivered(store: Store, made: Config, resolution: Value, kind: Kind) -> None:
    card = Card("acme/pay#1", "O0 D8 C15", held("1"), resolution=(15, resolution))
    found = seen(store, made, [card])
    (item,) = found.items("pay")
    assert item.fact.kind is kind
    delivered = kind is Kind.DONE
    assert (item.fact.finished_at, item.fact.cancelled_at) == ((at(15), None) if delivered else (None, at(15)))
    sets = found.sets("pay", found.resolve("pay", "M1")[0])
    assert [bool(sets.delivered), bool(sets.removed)] == [delivered, not delivered]


def test_without_labels_as_statuses_no_resolution_is_taken_for_one(store: Store, tmp_path: Path) -> None:
    text = YAML[: YAML.index("      label_scope")].replace("    statuses:\n", "") + YAML[YAML.index("teams:") :]
    made = settings(tmp_path, text.replace("groups:", "statuses: {cancelled: [rejected]}\n    groups:"))
    card = Card("acme/pay#1", "O0 D8 C15", held("1"), resolution=(15, Value("45", "rejected")))
    (item,) = seen(store, made, [card]).items("pay")
    assert item.fact.kind is Kind.DONE


@pytest.mark.parametrize("labels", [("workflow::dev",), ("workflow::dev", "Workflow::review"), ("workflow::a::b", "x")])
def test_two_labels_of_the_workflow_are_named(store: Store, made: Config, labels: tuple[str, ...]) -> None:
    found = seen(store, made, [Card("acme/pay#1", "O0 D8", held("1"), labels=labels)])
    quality = {q.check: q.keys for q in measure(found, "pay", found.resolve("pay", "M1")[0]).data_quality}
    twofold = sum(name.casefold().count("::") == 1 for name in labels) > 1
    assert quality.get("two_workflow_labels", ()) == (("acme/pay#1",) if twofold else ())


def test_a_deleted_label_is_a_status_that_nobody_mapped(store: Store, made: Config) -> None:
    found = seen(store, made, [Card("acme/pay#1", "O0 D8 ?10 C12", held("1"))])
    (item,) = found.items("pay")
    assert (item.fact.unmapped_seconds, item.fact.finished_at) == (at(12) - at(10), at(12))
    scope = measure(found, "pay", found.resolve("pay", "M1")[0])
    assert {q.check for q in scope.data_quality} >= {"status_unmapped", "status_deleted"}
    assert scope.metrics["cycle_time"].status == "partial"


def test_no_resolution_is_asked_for_where_the_tracker_has_none(store: Store, made: Config) -> None:
    cards = [Card("acme/pay#1", "O0 C8", resolution=(8, DUPLICATE)), Card("acme/pay#2", "O0 D8 C9", held("1"))]
    scope = measure(seen(store, made, cards), "pay", None)
    assert "done_without_resolution" not in {q.check for q in scope.data_quality}


# -- who owns what -----------------------------------------------------------------------------------------------------

TEAMS = (
    SOURCES
    + """\
teams:
  - {id: web, select: [{source: lab, projects: [ACME/web]}]}
  - {id: both, select: [{source: lab, projects: [other/app], groups: [acme/sub]}]}
  - {id: acme, select: [{source: lab, groups: [acme], labels: ["squad::pay"]}]}
  - {id: rest, select: [{source: lab, groups: [acme]}]}
"""
)


@pytest.mark.parametrize(
    ("key", "labels", "team"),
    [
        ("acme/web#1", (), "web"),
        ("acme/website#1", (), "rest"),
        ("other/app#1", (), "both"),
        ("other/app2#1", (), ""),
        ("acme/sub/deep/x#1", (), "both"),
        ("acme/subs#1", (), "rest"),
        ("acme/pay#1", ("squad::pay",), "acme"),
        ("acme/pay#1", ("two words",), "rest"),
        ("acmes/pay#1", (), ""),
    ],
)
def test_teams_own_projects_and_whole_groups(
    store: Store, tmp_path: Path, key: str, labels: tuple[str, ...], team: str
) -> None:
    made = settings(tmp_path, TEAMS)
    found = seen(store, made, [Card(key, "O0", labels=labels)])
    assert found.find(key).team == team


# -- keys --------------------------------------------------------------------------------------------------------------


def test_issues_are_in_the_order_people_count(store: Store, made: Config) -> None:
    cards = [Card(f"acme/pay#{n}", "O0") for n in (10, 2, 1)] + [Card("acme/web#3", "O0")]
    found = seen(store, made, cards)
    ordered = ["acme/pay#1", "acme/pay#2", "acme/pay#10", "acme/web#3"]
    assert [item.key for item in found.items("pay")] == ordered
    assert [row[2] for row in export.tables(found)["issues"][1]] == ordered
