"""Key results that the tracker itself counts, progress with them filled in, and the exported tables."""

from __future__ import annotations

import pytest

from okr_delivery.locale import LANGS, translator
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Field
from okr_delivery.okrs.results import KrStatus
from okr_delivery.value.evidence import computed, gaps
from okr_delivery.value.export import tables
from okr_delivery.value.filter import Clause, compile_jql
from okr_delivery.value.progress import progress
from tests.value.world import World, at

CS, SPEED, ODD = "2026Q4:CS-KR7", "2026Q4:SPEED-KR8", "2026Q4:JQL-KR10"


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("labels = x", [("labels", "x")]),
        ('project = PAY AND type = "User Story"', [("project", "PAY"), ("type", "User Story")]),
        ("issuetype='Bug' and component = web", [("type", "Bug"), ("component", "web")]),
        ("labels=a AND labels=b", [("labels", "a"), ("labels", "b")]),
    ],
)
def test_queries_that_can_be_answered(text: str, clauses: list[tuple[str, str]]) -> None:
    assert compile_jql(text) == tuple(Clause(name, value) for name, value in clauses)


@pytest.mark.parametrize(
    "text",
    ["", "labels = a OR labels = b", "labels in (a, b)", "labels != a", "status = Done", "labels = a AND",
     "NOT labels = a", "labels = a order by key", "labels = a, b", "(labels = a)"],
)  # fmt: skip
def test_queries_that_can_not(text: str) -> None:
    assert compile_jql(text) is None


def test_counts_of_the_cycle(world: World) -> None:
    world.issue(1, labels="cs", done=at(10, 10))
    world.issue(2, labels="CS x", done=at(10, 20))
    world.issue(3, labels="cs")
    world.issue(4, labels="cs", done=at(9, 25))
    world.issue(5, labels="cs", done=at(10, 21), type_name="Bug")
    world.issue(6, labels="other", done=at(10, 21))
    world.issue(7, labels="cs", done=at(10, 21), subtask=True)
    world.issue(8, labels="cs", done=at(11, 2))
    assert computed(world.snapshot(at(10, 30)))[CS] == 2
    assert computed(world.snapshot(at(10, 15)))[CS] == 1


def test_a_delivery_metric(world: World) -> None:
    for number, day in enumerate((5, 7, 20), start=1):
        world.issue(number, created=at(10, 1), done=at(10, day))
    assert computed(world.snapshot(at(10, 30)))[SPEED] == pytest.approx(6)


def test_what_cannot_be_computed_says_why(world: World) -> None:
    snapshot = world.snapshot()
    assert ODD not in computed(snapshot)
    why = gaps(snapshot)
    assert why[ODD].id == "value.evidence.jql"
    assert why[SPEED].id == "value.evidence.no_value"
    for lang in LANGS:
        assert "labels = a OR labels = b" in translator(lang).render(why[ODD])


def test_a_source_that_is_not_whole_gives_no_count(world: World) -> None:
    world.issue(1, labels="cs", done=at(10, 10))
    with world.filled().page("jira") as tx:
        tx.set_state(complete=0, reason="sync.reason.running")
    snapshot = world.snapshot()
    assert CS not in computed(snapshot)
    assert gaps(snapshot)[CS].id == "value.evidence.incomplete"


def test_progress_with_the_counts(world: World) -> None:
    world.issue(1, labels="cs", done=at(10, 10))
    world.reading("GROW-KR1", 10, 27, 41)
    entries, objectives = progress(world.snapshot(), world.all_readings())
    found = {entry.kr.id: entry for entry in entries}
    assert len(found) == 10
    assert (found["CS-KR7"].value, found["CS-KR7"].progress) == (1, 0.25)
    assert found["GROW-KR1"].progress == pytest.approx(0.25)
    assert (found["JQL-KR10"].progress, found["JQL-KR10"].status) == (None, KrStatus.NO_DATA)
    for lang in LANGS:
        assert "labels = a OR labels = b" in translator(lang).render(found["JQL-KR10"].arithmetic)
    assert [objective.id for objective in objectives] == ["2026Q4:GROW"]


def test_progress_of_named_key_results(world: World) -> None:
    snapshot = world.snapshot()
    entries, objectives = progress(snapshot, world.all_readings(), ["grow-kr1", "2026Q4:COST-KR2"])
    assert [entry.kr.id for entry in entries] == ["COST-KR2", "GROW-KR1"]
    assert len(objectives) == 1
    with pytest.raises(UserError) as caught:
        progress(snapshot, world.all_readings(), ["GROV-KR1", "X"])
    assert [p.next_step is not None for p in caught.value.problems] == [True, False]


def test_tables(world: World) -> None:
    history = [(at(10, 20), Field.CLAIM_LINES, "Contributes-to: GROW-KR1 +1pp", "Contributes-to: GROW-KR1 +2pp")]
    world.issue(2, "Contributes-to: GROW-KR1 +2pp", sprint="27", history=history)
    world.see(at(10, 22), 2, Field.CLAIM_LINES, "Contributes-to: GROW-KR1 +1pp")
    world.issue(10, "贡献: COST-KR2 中; OPS-KR5", labels="kr:GROW-KR1")
    world.issue(11, "Contributes-to: GROW-KR1 +2pp", type_name="Bug")
    world.reading("GROW-KR1", 10, 11, 38)
    world.reading("GROW-KR1", 11, 20, 99)
    world.effect(2, "GROW-KR1", 1.5, day=(10, 29))
    (world.folder / "conclusions.yaml").write_text(
        "- {issue: PAY-2, conclusion: fix, reason: =1+1, at: 2026-10-29, due: 2026-12-01}\n", "utf-8"
    )
    found = tables(world.snapshot(), world.all_readings(), world.effects, world.conclusions())
    columns = {name: ",".join(names) for name, (names, _) in found.items()}
    assert columns == {
        "contributions": "source,issue_key,kr,amount,low,high,unit,confidence,stated_as,carrier,"
        "stated_at,seen_at,frozen_at",
        "readings": "kr,date,value,source,author,independent,note",
        "effects": "source,issue_key,kr,date,value,low,high,method,author,independent,note",
        "conclusions": "source,issue_key,kr,conclusion,reason,by,at,follow_up,due",
    }
    rows = {name: list(found_rows) for name, (_, found_rows) in found.items()}
    created = "2026-09-20T09:00:00Z"
    assert rows["contributions"] == [
        ("jira", "PAY-2", "2026Q4:GROW-KR1", 1.0, None, None, "%", 0.5, "amount", "line", created,
         "2026-10-22T09:00:00Z", "2026-10-15T09:00:00Z"),
        ("jira", "PAY-10", "2026Q4:COST-KR2", -50000.0, -25000.0, -100000.0, "CNY", 0.5, "size", "line", created,
         None, None),
        ("jira", "PAY-10", "2026Q4:GROW-KR1", None, None, None, "%", None, "none", "labels", created, None, None),
        ("jira", "PAY-10", "2026Q4:OPS-KR5", None, None, None, None, 0.5, "none", "line", created, None, None),
    ]  # fmt: skip
    assert rows["readings"] == [("2026Q4:GROW-KR1", "2026-10-11", 38, None, None, False, None)]
    assert rows["effects"] == [
        ("jira", "PAY-2", "2026Q4:GROW-KR1", "2026-10-29", 1.5, 0.75, 3.0, "experiment", None, False, None)
    ]
    assert rows["conclusions"] == [
        ("jira", "PAY-2", None, "fix", "=1+1", None, "2026-10-29T00:00:00Z", None, "2026-12-01")
    ]
