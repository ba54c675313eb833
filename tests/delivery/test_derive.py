"""Stored derivations: made with the page, rebuilt, and never trusted under other rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from okr_delivery.config import Config
from okr_delivery.delivery import making
from okr_delivery.delivery.derive import rebuild
from okr_delivery.delivery.item import Item, number
from okr_delivery.delivery.releases import Release
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import EMPTY, Field, ItemFact, IterationState, Value
from okr_delivery.store import Derived, Store, open_store
from tests.delivery.world import AS_OF, DAY, SOURCE, YAML, Story, at, config, fill, snapshot, sprint, value

STORIES = [
    Story("PAY-1", "B0 D2 F7 D9", fields={Field.ITERATION: (None, [(3, "7")]), Field.ESTIMATE: ("3", [(4, "5")])}),
    Story("PAY-2", "B0 D3 V5 F8"),
    Story("PAY-3", "B0"),
]
OTHER_RULES = YAML.replace("start: D", "start: T").replace("wait: [V], ", "")


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return config(tmp_path)


@pytest.fixture
def store(database_url: str, settings: Config) -> Iterator[Store]:
    with open_store(database_url, ledger=None) as opened:
        fill(opened, settings, STORIES, [sprint("7", 1, 8, closed=8)])
        yield opened


def derived(store: Store) -> list[Derived]:
    return list(store.derived(SOURCE))


def facts(store: Store, settings: Config, day: float = AS_OF) -> dict[str, ItemFact]:
    return {item.key: item.fact for item in snapshot(store, settings, day).items("jira")}


def test_rebuild_finds_what_the_page_derived(store: Store, settings: Config) -> None:
    before = derived(store)
    assert len(before) == 3
    assert rebuild(store, settings) == 3
    assert derived(store) == before


def test_rebuild_brings_lost_derivations_back(store: Store, settings: Config) -> None:
    before = derived(store)
    with store.page(SOURCE) as tx:
        tx.put_derived([Derived(one.issue_id, (), (), ItemFact(), "stale") for one in before])
    assert derived(store) != before
    rebuild(store, settings)
    assert derived(store) == before


def test_a_snapshot_without_derivations_answers_the_same(settings: Config, tmp_path: Path, store: Store) -> None:
    with open_store(f"sqlite:///{tmp_path / 'bare.db'}", ledger=None) as bare:
        fill(bare, settings, STORIES, [sprint("7", 1, 8, closed=8)], derive=False)
        assert derived(bare) == []
        for day in (1, 4.5, 8, AS_OF):
            assert facts(bare, settings, day) == facts(store, settings, day)


def test_other_rules_are_applied_before_a_rebuild(store: Store, tmp_path: Path) -> None:
    changed = config(tmp_path / "other", OTHER_RULES)
    found = facts(store, changed)
    assert found["PAY-1"].started_at is None
    rebuild(store, changed)
    assert facts(store, changed) == found
    assert len({one.rule_hash for one in derived(store)}) == 1


def test_the_rule_hash_follows_rules_and_calendar(store: Store, settings: Config, tmp_path: Path) -> None:
    hashes = {
        snapshot(store, settings).rule_hash("jira"),
        snapshot(store, config(tmp_path / "a", OTHER_RULES)).rule_hash("jira"),
        snapshot(store, config(tmp_path / "b", zone="Asia/Shanghai")).rule_hash("jira"),
    }
    assert len(hashes) == 3
    assert snapshot(store, settings, 3).rule_hash("jira") in hashes


def test_an_unknown_status_in_the_settings_is_refused(store: Store, tmp_path: Path) -> None:
    typo = config(tmp_path / "typo", YAML.replace("cancelled: [X]", "cancelled: [Y]"))
    with pytest.raises(UserError) as error:
        snapshot(store, typo).items("jira")
    assert error.value.problems[0].what.params["status"] == "Y"


def test_while_a_source_is_incomplete_a_status_may_still_come(store: Store, tmp_path: Path) -> None:
    typo = config(tmp_path / "typo", YAML.replace("cancelled: [X]", "cancelled: [Y]"))
    with store.page(SOURCE) as tx:
        tx.set_state(complete=0)
    assert len(snapshot(store, typo).items("jira")) == 3


def test_python_and_sql_agree_on_the_time_in_each_status(store: Store, settings: Config, database_url: str) -> None:
    """The closed stays that a change began, summed by a window query over the stored changes and by the fold."""
    query = text(
        "SELECT v.ref, SUM(s.until - s.ts) FROM ("
        "SELECT c.new, c.ts, LEAD(c.ts) OVER (PARTITION BY c.issue ORDER BY c.seq) AS until"
        " FROM change c WHERE c.field = :field"
        ") s JOIN value v ON v.id = s.new WHERE s.until IS NOT NULL GROUP BY v.ref"
    )
    engine = create_engine(database_url)
    with engine.connect() as connection:
        by_sql = {ref: int(seconds) for ref, seconds in connection.execute(query, {"field": int(Field.STATUS)})}
    engine.dispose()
    by_fold: Counter[str] = Counter()
    for one in snapshot(store, settings).items("jira"):
        for stay in one.intervals[1:]:
            by_fold[stay.status_id] += (stay.left_at or stay.entered_at) - stay.entered_at
    assert (
        by_sql
        == {ref: seconds for ref, seconds in by_fold.items() if seconds}
        == {"D": 7 * DAY, "V": 3 * DAY, "F": 2 * DAY}
    )


def item(store: Store, settings: Config, day: float = AS_OF) -> Item:
    return snapshot(store, settings, day).find("PAY-1")


@pytest.mark.parametrize(("day", "expected"), [(0, "3"), (3.9, "3"), (4, "5"), (AS_OF, "5")])
def test_a_field_at_an_instant(day: float, expected: str, store: Store, settings: Config) -> None:
    assert item(store, settings).at(Field.ESTIMATE, at(day)) == Value(None, expected)


def test_a_field_without_history_had_its_present_value_all_along(store: Store, settings: Config) -> None:
    assert item(store, settings).at(Field.PRIORITY, at(1)) == EMPTY
    assert snapshot(store, settings).find("PAY-3").at(Field.STATUS, at(1)) == value(Field.STATUS, "B")


def test_versions_begin_with_the_initial_value(store: Store, settings: Config) -> None:
    found = item(store, settings).versions(Field.ITERATION)
    assert found == ((None, EMPTY), (at(3), value(Field.ITERATION, "7")))


def test_open_and_ended(store: Store, settings: Config) -> None:
    assert (item(store, settings, 8).open, item(store, settings, 8).ended_at) == (False, at(7))
    assert (item(store, settings).open, item(store, settings).ended_at) == (True, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (Value(None, "8.0"), 8),
        (Value("13", None), 13),
        (Value("x", "2.5"), 2.5),
        (EMPTY, None),
        (Value("x", "big"), None),
    ],
)
def test_numbers(text: Value, expected: float | None) -> None:
    assert number(text) == expected


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999"])
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert number(Value(None, text)) is None


def test_members_at_an_instant(store: Store, settings: Config) -> None:
    found = snapshot(store, settings)
    (iteration,) = found.iterations("jira")
    assert [i.key for i in found.members("jira", iteration, at(2))] == []
    assert [i.key for i in found.members("jira", iteration, at(3))] == ["PAY-1"]


def test_a_gone_issue_is_no_member(store: Store, settings: Config) -> None:
    with store.page(SOURCE) as tx:
        tx.tombstone({"10001": at(5)}, {})
    found = snapshot(store, settings)
    (iteration,) = found.iterations("jira")
    assert [[i.key for i in found.members("jira", iteration, at(day))] for day in (4, 5)] == [["PAY-1"], []]
    assert found.find("PAY-1").fact.gone_at == at(5)


def test_released_when_finished(store: Store, settings: Config) -> None:
    found = snapshot(store, settings)
    finished = Release(date(2026, 3, 10), "finished")
    assert [found.released(i) for i in found.items("jira")] == [None, finished, None]


def test_released_on_the_day_of_the_team_s_calendar(store: Store, tmp_path: Path) -> None:
    """PAY-2 is finished at midnight UTC."""
    found = snapshot(store, config(tmp_path / "west", zone="America/New_York"))
    assert found.released(found.find("PAY-2")) == Release(date(2026, 3, 9), "finished")


@pytest.mark.parametrize("day", [0.5, 2, 4.5, 7, 8, 9, 12])
def test_a_fact_at_an_earlier_instant_is_that_of_its_snapshot(day: float, store: Store, settings: Config) -> None:
    with store.page(SOURCE) as tx:
        tx.tombstone({"10002": at(11)}, {})
    found = snapshot(store, settings)
    then = snapshot(store, settings, day)
    assert {i.key: found.fact_at(i, at(day)) for i in found.items("jira")} == {
        i.key: i.fact for i in then.items("jira")
    }


def test_children(tmp_path: Path, settings: Config) -> None:
    with open_store(f"sqlite:///{tmp_path / 'family.db'}", ledger=None) as store:
        fill(store, settings, [*STORIES, Story("PAY-9", "B0", subtask_of="PAY-1", type="Sub-task")])
        found = snapshot(store, settings)
        assert [child.key for child in found.children(found.find("PAY-1"))] == ["PAY-9"]
        assert found.children(found.find("PAY-9")) == ()


def test_histories_are_read_in_blocks_and_a_few_are_kept(
    store: Store, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "BLOCK", 1)
    monkeypatch.setattr(making, "KEPT_BLOCKS", 1)
    found = snapshot(store, settings).items("jira")
    assert [len(i.changes) for i in found] == [5, 3, 0]
    assert [len(i.changes) for i in reversed(found)] == [0, 3, 5]


def test_a_future_iteration_holds_nothing_yet(store: Store, settings: Config) -> None:
    fill(store, settings, [Story("PAY-4", "B0 D2", fields={Field.ITERATION: ("8", [])})], [sprint("8", 50, 60)])
    found = snapshot(store, settings)
    (future,) = found.resolve("jira", "S8")
    sets = found.sets("jira", future)
    assert (found.state(future), sets.committed, sets.added) == (IterationState.FUTURE, (), ())
    assert [i.key for i in found.members("jira", future, found.as_of)] == ["PAY-4"]


def test_a_team_s_own_reference(store: Store, settings: Config) -> None:
    found = snapshot(store, settings)
    assert [i.id for i in found.resolve("jira", "jira:S7")] == ["7"]
    assert [i.id for i in found.resolve("jira", "last")] == ["7"]
    assert found.resolve_all("last") == {"jira": found.resolve("jira", "7")}
    assert found.resolve("jira", "nothing") == ()
