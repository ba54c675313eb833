"""What is written can be read, on both databases, and equal things leave rows alone."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from okr_delivery.model.errors import UserError
from okr_delivery.model.message import msg
from okr_delivery.model.work import (
    Board,
    Category,
    Field,
    FoundField,
    Iteration,
    IterationState,
    Link,
    Status,
    Value,
)
from okr_delivery.store import Store, open_store
from tests.store.builders import change, derived, issue


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url, ledger=None) as opened:
        yield opened


def put(store: Store, *issues: object, source: str = "jira") -> None:
    with store.page(source) as tx:
        tx.put_issues(issues)  # type: ignore[arg-type]  # issues of a test


def test_an_issue_comes_back_as_it_was(store: Store) -> None:
    plain = replace(
        issue("2", "PAY-2"), resolved=None, url=None, creator=None, parent_id=None, parent_key=None, rank=None
    )
    plain = replace(plain, components=(), links=(), current={})
    put(store, issue("1"), plain)
    assert list(store.issues("jira")) == [issue("1"), plain]
    assert list(store.issues()) == [issue("1"), plain]


def test_empty_values_are_no_values(store: Store) -> None:
    put(store, replace(issue("1"), current={Field.STATUS: Value("", ""), Field.ESTIMATE: Value(None, "3")}))
    assert next(store.issues("jira")).current == {Field.ESTIMATE: Value(None, "3")}


def test_issues_are_sorted_by_source_and_number(store: Store) -> None:
    refs = [str(n) for n in range(1, 1301)]
    shuffled = random.Random(1).sample(refs, len(refs))
    put(store, *(issue(ref, f"PAY-{ref}") for ref in shuffled))
    put(store, issue("5", source="alpha"), source="alpha")
    assert [i.id for i in store.issues("jira")] == refs
    assert [i.source for i in store.issues()][:2] == ["alpha", "jira"]
    assert [i.id for i in store.issues("jira", ["20", "3", "nobody", "3", "100"])] == ["3", "20", "100"]
    assert store.issue_count("jira") == 1300


def test_histories_come_in_one_order_without_doubles(store: Store) -> None:
    put(store, issue("1"), issue("2", "PAY-2"), issue("10", "PAY-10"))
    ordered = [change("1", 5, 9), change("1", 5, 2**40), change("1", 5, 2**40, 1), change("1", 6, 1)]
    double = ordered[0]._replace(new=Value("9", "Other"))
    given = [ordered[2], ordered[0], ordered[3], double, ordered[1], change("10", 7)]
    with store.page("jira") as tx:
        changed, added = tx.put_changes(["1", "2", "10"], given)
    assert (changed, added) == (frozenset({"1", "2", "10"}), 5)
    assert list(store.changes("jira")) == [("1", tuple(ordered)), ("2", ()), ("10", (change("10", 7),))]
    assert list(store.changes("jira", ["10"])) == [("10", (change("10", 7),))]


def test_a_history_of_an_unknown_issue_is_refused(store: Store) -> None:
    with pytest.raises(KeyError), store.page("jira") as tx:
        tx.put_changes(["404"], [])


def test_equal_things_change_no_row(store: Store) -> None:
    for expected in (frozenset({"1"}), frozenset()):
        with store.page("jira") as tx:
            assert tx.put_issues([issue("1")]) == expected
            assert tx.put_changes(["1"], [change("1", 5)]) == (expected, len(expected))
            tx.put_derived([derived("1")])
    with store.page("jira") as tx:
        assert tx.put_issues([replace(issue("1"), title="new")]) == {"1"}
        later = change("1", 5)._replace(new=Value("4", "Testing"))
        assert tx.put_changes(["1"], [later, change("1", 6)]) == (frozenset({"1"}), 1)


def test_derivations_come_back_and_are_replaced(store: Store) -> None:
    put(store, issue("1"), issue("2", "PAY-2"))
    with store.page("jira") as tx:
        tx.put_derived([derived("1"), derived("2")])
        assert list(tx.derived("jira", ["1"])) == [derived("1")]
    fewer = replace(derived("1", "other rule"), intervals=(), memberships=())
    with store.page("jira") as tx:
        tx.put_derived([fewer])
    assert list(store.derived("jira")) == [fewer, derived("2")]


def test_metadata_comes_back_in_order(store: Store) -> None:
    statuses = [Status("jira", "10", "Done", Category.DONE, 2), Status("jira", "9", "New", Category.NEW, 0)]
    boards = [Board("jira", "42", "PAY", "scrum", "PAY", "customfield_1"), Board("jira", "7", "K", "kanban")]
    fields = [FoundField("iteration", "c2", "Sprint", "schema"), FoundField("estimate", "c1", "Points", "board", "PAY")]
    with store.page("jira") as tx:
        tx.put_metadata(statuses, boards, fields, {"b": [1], "a": "中"}, at=77)
    assert store.statuses("jira") == (statuses[1], statuses[0])
    assert store.boards("jira") == (boards[1], boards[0])
    assert store.found_fields("jira") == (fields[1], fields[0])
    assert store.metadata("jira") == {"a": "中", "b": [1]}
    with store.page("jira") as tx:
        tx.put_metadata([replace(statuses[0], name="Closed")], boards[:1], [], {}, at=78)
    assert [s.name for s in store.statuses("jira")] == ["New", "Closed"]  # history refers to the first
    assert store.boards("jira") == (boards[0],)
    assert store.found_fields("jira") == ()
    assert store.metadata("nobody") is None


def test_iterations_come_back(store: Store) -> None:
    first = Iteration("jira", "70", "S1", IterationState.CLOSED, "goal", 1, 2, 3, 4, "42", 1)
    second = Iteration("jira", "9", "S0", IterationState.FUTURE, order=0)
    with store.page("jira") as tx:
        tx.put_iterations([first, second])
    assert store.iterations("jira") == (second, first)
    with store.page("jira") as tx:
        tx.put_iterations([replace(second, state=IterationState.ACTIVE)])
    assert [i.state for i in store.iterations("jira")] == [IterationState.ACTIVE, IterationState.CLOSED]


def test_sources_do_not_see_each_other(store: Store) -> None:
    put(store, issue("1"))
    put(store, replace(issue("1", "MOB-1"), source="gitlab"), source="gitlab")
    with store.page("gitlab") as tx:
        tx.put_changes(["1"], [change("1", 3)])
        tx.tombstone({"1": 9}, {})
    assert [i.key for i in store.issues("jira")] == ["PAY-1"]
    assert dict(store.changes("jira")) == {"1": ()}
    assert (store.gone("jira"), store.gone("gitlab")) == ({}, {"1": 9})
    assert (store.held("jira"), store.aliases("jira")) == ({}, {})


def test_an_issue_without_history_is_not_held(store: Store) -> None:
    put(store, issue("1"))
    assert store.held("jira") == {}
    with store.page("jira") as tx:
        tx.put_changes(["1"], [])
    assert store.held("jira", ["1", "2"]) == {"1": 1_700_000_500}


def test_a_page_that_fails_leaves_nothing(store: Store) -> None:
    put(store, issue("1"))
    before = store.dump()
    with pytest.raises(KeyboardInterrupt), store.page("jira") as tx:
        tx.put_issues([replace(issue("1"), title="x"), issue("2", "PAY-2")])
        tx.see_claims({"1": ("PAY-1", "pay", {Field.CLAIM_LINES: "new text"})}, 5)
        raise KeyboardInterrupt
    assert store.dump() == before
    put(store, replace(issue("3", "PAY-3"), current={Field.STATUS: Value("77", "another text")}))
    assert next(store.issues("jira", ["3"])).value(Field.STATUS) == Value("77", "another text")


def test_reads_inside_a_page_see_it(store: Store) -> None:
    with store.page("jira") as tx:
        tx.put_issues([issue("1")])
        tx.put_changes(["1"], [change("1", 5)])
        assert list(tx.issues("jira")) == [issue("1")]
        assert dict(tx.changes("jira", ["1"])) == {"1": (change("1", 5),)}
        assert list(store.issues("jira")) == []


def test_one_view_for_many_reads(store: Store) -> None:
    put(store, issue("1"))
    with store.reading() as view:
        assert view.issue_count("jira") == 1
        put(store, issue("2", "PAY-2"))
        assert view.issue_count("jira") == 1
    assert store.issue_count("jira") == 2


def test_state_of_a_source(store: Store) -> None:
    assert store.sources() == ()
    assert store.source("jira") is None
    with store.page("jira") as tx:
        tx.set_state(fetched_at=2**40, cursor={"after": "7"})
    found = store.source("jira")
    assert found is not None
    assert (found.complete, found.reason_message, found.fetched_at) == (False, msg("sync.reason.never"), 2**40)
    assert found.cursor == {"after": "7"}
    with store.page("jira") as tx:
        tx.set_state(complete=1, reason=None, cursor=None)
    found = store.source("jira")
    assert found is not None
    assert (found.complete, found.reason_message, found.cursor) == (True, None, None)


def test_long_texts_are_values_too(store: Store) -> None:
    text = "\n".join(f"Contributes-to: GROW-KR{n} +1pp" for n in range(4000))
    put(store, replace(issue("1"), current={Field.CLAIM_LINES: Value(None, text)}))
    assert next(store.issues("jira")).value(Field.CLAIM_LINES).name == text


def test_characters_that_no_database_stores(store: Store) -> None:
    strange = replace(issue("1"), title="a\0b\ud800c 中😀", current={Field.STATUS: Value("3", "x\0y\udfff")}, links=())
    for expected in ({"1"}, set()):
        with store.page("jira") as tx:
            assert tx.put_issues([strange]) == expected
            tx.put_changes(["1"], [change("1", 5, new=Value("3", "z\ud801"))])
            assert len(tx.see_claims({"1": ("PAY-1", "pay", {Field.CLAIM_LINES: "l\ud800\0"})}, 5)) == len(expected)
    found = next(store.issues("jira"))
    assert (found.title, found.value(Field.STATUS).name) == ("a\ufffdb\ufffdc 中😀", "x\ufffdy\ufffd")
    assert dict(store.changes("jira"))["1"][0].new == Value("3", "z\ufffd")
    assert [c.text for c in store.seen_claims("jira")] == ["l\ufffd\ufffd"]


@pytest.mark.parametrize("strange", ["", "a\0b\ud800c"])
def test_what_was_just_written_reads_as_it_will(store: Store, strange: str) -> None:
    side = Value(strange, strange)
    texts = {"title": strange, "project": strange, "creator": strange, "parent_id": strange, "rank": strange}
    links, current = (Link("blocks", "PAY-2", strange),), {Field.STATUS: Value("3", strange), Field.FLAGGED: side}
    first = replace(issue("1"), links=links, components=(strange,), current=current, **texts)  # type: ignore[arg-type]  # by name
    history = [change("1", 5, old=side, new=Value(strange, "x"))._replace(actor=strange), change("1", 6)]
    for _ in range(2):
        with store.page("jira") as tx:
            tx.put_issues([first, issue("10", "PAY-10")])
            tx.put_changes(["10", "1"], history)
            written = list(tx.issues("jira", ["10", "1"])), list(tx.changes("jira", ["10", "1"]))
            assert list(tx.issues("jira", ["10"])) == written[0][1:]
        assert written == (list(store.issues("jira")), list(store.changes("jira")))


def test_what_is_dropped_or_gone_is_read_anew(store: Store) -> None:
    with store.page("jira") as tx:
        tx.put_issues([issue("1"), issue("2", "PAY-2")])
        tx.put_changes(["1", "2"], [change("1", 5)])
        tx.drop(["1"])
        tx.tombstone({"2": 9}, {})
        assert [i.id for i in tx.issues("jira", ["1", "2"])] == ["2"]
        assert dict(tx.changes("jira", ["1", "2"])) == {"2": ()}
        assert tx.gone("jira", ["1", "2"]) == {"2": 9}
        assert tx.put_issues([issue("1"), issue("2", "PAY-2")]) == {"1"}
        assert tx.gone("jira") == {}


def test_a_page_that_is_undone_teaches_nothing(store: Store) -> None:
    put(store, issue("1"))
    new = replace(issue("2", "PAY-2"), type="Spike", current={Field.STATUS: Value("8", "Odd")})
    with pytest.raises(RuntimeError), store.page("jira") as tx:
        tx.put_issues([new])
        raise RuntimeError
    put(store, replace(issue("3", "PAY-3"), current={Field.STATUS: Value("9", "Even")}))
    put(store, new)
    assert [i.value(Field.STATUS).name for i in store.issues("jira")] == ["In Progress", "Odd", "Even"]
    assert next(store.issues("jira", ["2"])).type == "Spike"


def test_dropped_issues_leave_nothing(store: Store) -> None:
    empty = {**store.dump()}
    with store.page("jira") as tx:
        tx.put_issues([issue("1")])
        tx.put_changes(["1"], [change("1", 5)])
        tx.put_derived([derived("1")])
        tx.drop(["1", "2"])
    found = store.dump()["sources"]["jira"]
    assert (found["issues"], found["changes"], found["derived"]) == ([], {}, {})
    assert store.dump()["facts"] == empty["facts"]


def test_a_dump_is_json_and_the_same_for_another_order_of_arrival(store: Store, tmp_path: object) -> None:
    issues = [issue(str(n), f"PAY-{n}") for n in range(1, 9)]
    put(store, *issues[:3])
    put(store, *issues[3:])
    with open_store(f"sqlite:///{tmp_path}/other/store.db", ledger=None) as other:
        put(other, *reversed(issues))
        assert json.loads(json.dumps(other.dump())) == json.loads(json.dumps(store.dump()))
        put(other, replace(issues[0], title="x"))
        assert other.dump() != store.dump()


def test_a_source_is_held_by_one(store: Store, database_url: str) -> None:
    with open_store(database_url, ledger=None) as other:
        with store.lock("jira"):
            with pytest.raises(UserError) as caught, other.lock("jira"):
                pass
            assert caught.value.problems[0].what == msg("sync.store.taken", source="jira")
            with other.lock("gitlab"):
                pass
        with other.lock("jira"):
            pass
