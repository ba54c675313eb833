"""Model objects with every field filled."""

from __future__ import annotations

from okr_delivery.model.work import Change, Field, Interval, Issue, ItemFact, Kind, Link, Membership, Value
from okr_delivery.store import Derived


def issue(ref: str = "10001", key: str = "PAY-1", source: str = "jira") -> Issue:
    return Issue(
        source=source,
        id=ref,
        key=key,
        project_id="1",
        project="PAY",
        type_id="7",
        type="需求",
        subtask=True,
        title="支付 “checkout” 😀",
        created=1_700_000_000,
        updated=1_700_000_500,
        resolved=1_700_000_400,
        url="https://acme.example/browse/PAY-1",
        creator="方",
        creator_marks="0123456789ab",
        parent_id="9",
        parent_key="PAY-0",
        components=("checkout", "合规"),
        links=(Link("blocks", "PAY-2", "a summary"), Link("relates", "OKR-1")),
        confidential=True,
        rank="0|hzzzzz:",
        history_complete=False,
        current={
            Field.STATUS: Value("3", "In Progress"),
            Field.ESTIMATE: Value(None, "5"),
            Field.ITERATION: Value("70,71", "S1, S2"),
            Field.LABELS: Value(None, "kr:GROW-KR1 ops"),
        },
    )


def change(ref: str, ts: int, history: int = 1, item: int = 0, **sides: Value) -> Change:
    old, new = sides.get("old", Value("1", "To Do")), sides.get("new", Value("3", "In Progress"))
    return Change(ref, history, item, ts, Field.STATUS, old, new, "acc-1")


def derived(ref: str, rule: str = "rule") -> Derived:
    fact = ItemFact(
        committed_at=1, started_at=2, finished_at=None, lead_seconds=4, active_seconds=5, reopened=1,
        kind=Kind.WAIT, kind_since=6, last_change=7, notes=("unmapped", "skipped"),
    )  # fmt: skip
    intervals = (Interval("1", Kind.QUEUE, 0, 10, 20), Interval("3", Kind.ACTIVE, 1, 20, None))
    return Derived(ref, intervals, (Membership("70", 12, 18), Membership("71", 18, None)), fact, rule)
