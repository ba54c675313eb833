"""The ledger: one line per fact, the first one wins, nothing is lost and nothing is named."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from okr_delivery.model.errors import UserError
from okr_delivery.model.message import msg
from okr_delivery.model.work import Field, Value
from okr_delivery.store import Fact, Ledger, open_store
from okr_delivery.store.ledger import slug
from tests.store.builders import change, issue

OCTOBER = int(datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC).timestamp())


def fact(entity: str = "10001/claim_lines/1", at: int = OCTOBER, team: str = "payments", **body: object) -> Fact:
    said = {"key": "PAY-1", "field": "CLAIM_LINES", "version": 1, "text": "贡献: GROW-KR1 +1.5个百分点"} | body
    return Fact("claim", "jira", entity, at, team, None, "10001", said)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


def test_a_fact_is_one_json_line_in_its_month_and_team(ledger: Ledger) -> None:
    plan = Fact("plan", "jira", "10001", OCTOBER + 1, "payments", "70", "10001", {"points": 5})
    ledger.append([fact(), plan])
    (october, november) = ledger.files()
    assert [f.relative_to(ledger.path).as_posix() for f in (october, november)] == [
        "2026-10/payments.jsonl",
        "2026-11/payments.jsonl",
    ]
    assert json.loads(october.read_text("utf-8")) == {
        "kind": "claim",
        "source": "jira",
        "entity": "10001/claim_lines/1",
        "iteration": None,
        "at": "2026-10-31T23:59:59Z",
        "team": "payments",
        "issue": "10001",
        "key": "PAY-1",
        "field": "CLAIM_LINES",
        "version": 1,
        "text": "贡献: GROW-KR1 +1.5个百分点",
    }
    assert ledger.read().facts == (fact(), plan)


def test_nothing_there_is_nothing_known(ledger: Ledger) -> None:
    assert ledger.read().facts == ()
    assert ledger.files() == []
    assert not ledger.path.exists()


def test_the_first_line_wins(ledger: Ledger) -> None:
    ledger.append([fact(text="first"), fact(text="second")])
    ledger.append([fact(text="third", team="aaa"), fact(text="earlier month", at=OCTOBER - 40 * 86_400)])
    assert [f.body["text"] for f in ledger.read().facts] == ["earlier month"]
    ledger.append([replace(fact(), iteration="70")])
    assert len(ledger.read().facts) == 2


def test_a_torn_last_line_is_reported_and_the_rest_kept(ledger: Ledger) -> None:
    ledger.append([fact("1"), fact("2")])
    (file,) = ledger.files()
    with file.open("a", encoding="utf-8") as stream:
        stream.write('{"kind": "claim", "source": "ji')
    found = ledger.read()
    assert [f.entity for f in found.facts] == ["1", "2"]
    assert [(p.what, p.where) for p in found.problems] == [(msg("sync.ledger.unreadable"), f"{file}:3")]
    ledger.append([fact("3")])
    found = ledger.read()
    assert [f.entity for f in found.facts] == ["1", "2", "3"]
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    "line", ["<<<<<<< HEAD", "[]", "null", '{"kind": 1, "source": "s", "entity": "e", "at": "x"}', "\xff"]
)
def test_a_line_that_is_no_fact_is_reported(ledger: Ledger, line: str) -> None:
    ledger.append([fact("1")])
    (file,) = ledger.files()
    file.write_bytes(line.encode("latin-1") + b"\n" + file.read_bytes())
    found = ledger.read()
    assert [p.where for p in found.problems] == [f"{file}:1"]
    assert [f.entity for f in found.facts] == ["1"]


def test_windows_line_ends_are_read(ledger: Ledger) -> None:
    ledger.append([fact("1"), fact("2")])
    (file,) = ledger.files()
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert [f.entity for f in ledger.read().facts] == ["1", "2"]
    assert ledger.read().problems == ()


@pytest.mark.parametrize("team", ["../../etc/x", "支付", "a/b", "CON.", "", "Team One", "team-one", "x" * 300])
def test_no_team_names_a_file_elsewhere(ledger: Ledger, team: str) -> None:
    ledger.append([fact(team=team)])
    (file,) = ledger.files()
    assert file.parent.parent == ledger.path
    assert len(file.name) < 100
    assert [f.team for f in ledger.read().facts] == [team]


def test_teams_do_not_share_a_file() -> None:
    teams = ["Team One", "team-one", "team one", "支付", "物流", "payments"]
    assert len({slug(team) for team in teams}) == len(teams)
    assert slug("payments") == "payments"


def test_a_ledger_that_can_not_be_written_stops_the_page(tmp_path: Path, database_url: str) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, not a folder")
    with open_store(database_url, ledger=blocked / "ledger") as store:
        with pytest.raises(UserError) as caught, store.page("jira") as tx:
            tx.put_issues([issue("1")])
            tx.add_facts([fact()])
        assert caught.value.problems[0].what.id == "sync.ledger.unwritable"
        assert store.dump()["sources"] == {}
        assert store.dump()["facts"] == []


def test_a_new_store_reads_the_ledger_first(tmp_path: Path, database_url: str, ledger: Ledger) -> None:
    ledger.append([fact()])
    with open_store(database_url, ledger=ledger.path) as store:
        (claim,) = store.seen_claims("jira")
        assert (claim.issue_id, claim.field, claim.version, claim.seen_at) == ("10001", Field.CLAIM_LINES, 1, OCTOBER)
        assert claim.text == "贡献: GROW-KR1 +1.5个百分点"


def test_lines_that_others_committed_arrive(tmp_path: Path, database_url: str, ledger: Ledger) -> None:
    with open_store(database_url, ledger=ledger.path) as store:
        with store.page("jira") as tx:
            tx.see_claims({"10001": ("PAY-1", "payments", {Field.CLAIM_LINES: "mine"})}, OCTOBER)
        assert len(store.seen_claims("jira")) == 1
    ledger.append([fact("10002/claim_lines/1", team="logistics")])
    with open_store(database_url, ledger=ledger.path) as store:
        assert [f.entity for f in store.facts("claim")] == ["10001/claim_lines/1", "10002/claim_lines/1"]
        assert store.ledger_problems == ()


def test_unreadable_lines_are_told_when_the_store_is_opened(database_url: str, ledger: Ledger) -> None:
    ledger.append([fact("1")])
    (file,) = ledger.files()
    with file.open("a") as stream:
        stream.write('{"torn')
    with open_store(database_url, ledger=ledger.path) as store:
        assert [p.where for p in store.ledger_problems] == [f"{file}:2"]
        assert len(list(store.facts())) == 1


def test_going_back_to_an_old_text_is_a_fact_of_its_own(database_url: str, ledger: Ledger) -> None:
    with open_store(database_url, ledger=ledger.path) as store:
        for at, text in enumerate(("A", "A", "B", "A"), OCTOBER):
            with store.page("jira") as tx:
                tx.see_claims({"1": ("PAY-1", "payments", {Field.CLAIM_LINES: text})}, at)
        seen = [(c.version, c.text, c.seen_at) for c in store.seen_claims("jira")]
    assert seen == [(1, "A", OCTOBER), (2, "B", OCTOBER + 2), (3, "A", OCTOBER + 3)]
    assert len(ledger.read().facts) == 3


def test_facts_added_twice_are_written_once(database_url: str, ledger: Ledger) -> None:
    with open_store(database_url, ledger=ledger.path) as store:
        for _ in range(2):
            with store.page("jira") as tx:
                tx.add_facts([fact(text="first"), fact(text="second")])
        assert [f.body["text"] for f in store.facts("claim", "jira")] == ["first"]
    assert len(ledger.files()[0].read_text("utf-8").splitlines()) == 1


def test_without_a_ledger_the_store_keeps_the_facts(database_url: str, tmp_path: Path) -> None:
    with open_store(database_url, ledger=None) as store, store.page("jira") as tx:
        tx.add_facts([fact()])
    with open_store(database_url, ledger=None) as store:
        assert list(store.facts()) == [fact()]


def test_a_tombstone_lets_a_new_store_know_the_issue_again(database_url: str, ledger: Ledger, tmp_path: Path) -> None:
    with open_store(database_url, ledger=ledger.path) as store, store.page("jira") as tx:
        tx.put_issues([issue("1")])
        tx.put_changes(["1"], [change("1", 5), change("1", 6)._replace(field=Field.TITLE)])
        tx.tombstone({"1": OCTOBER}, {"1": "payments"})
    text = ledger.files()[0].read_text("utf-8")
    for hidden in (issue().title, "a summary", "方", "acc-1", "S1, S2"):
        assert hidden not in text
    with open_store(f"sqlite:///{tmp_path}/again/store.db", ledger=ledger.path) as fresh:
        found = next(fresh.issues("jira"))
        assert (found.key, found.type, found.labels, found.title) == ("PAY-1", "需求", ("kr:GROW-KR1", "ops"), "")
        assert found.value(Field.ITERATION) == Value("70,71")
        assert [c.ts for c in dict(fresh.changes("jira"))["1"]] == [5]
        assert fresh.gone("jira") == {"1": OCTOBER}
        state = fresh.source("jira")
        assert state is not None
        assert not state.complete


@pytest.mark.parametrize("broken", ['"x"', '{"key": "PAY-1"}', "null"])
def test_a_tombstone_without_a_readable_record_is_still_a_fact(sqlite_url: str, ledger: Ledger, broken: str) -> None:
    gone = Fact("tombstone", "jira", "1/1", OCTOBER, "payments", None, "1", {"record": json.loads(broken)})
    ledger.append([gone])
    with open_store(sqlite_url, ledger=ledger.path) as store:
        assert list(store.facts("tombstone")) == [gone]
        assert list(store.issues("jira")) == []
