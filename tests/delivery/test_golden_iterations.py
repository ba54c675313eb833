"""The golden rows I01–I16 of the metrics contract: sprint 7 runs from day 10 to day 20, sprint 8 from day 21 to 31."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from okr_delivery.delivery import membership
from okr_delivery.delivery.item import number
from okr_delivery.delivery.membership import Subject, replay
from okr_delivery.delivery.metrics import iteration as figures
from okr_delivery.delivery.results import CarryTo, IterationSets, Removal
from okr_delivery.delivery.timeline import fold
from okr_delivery.model.work import Change, Field, Issue, Iteration, IterationState, Membership, Value
from okr_delivery.store import Store, open_store
from tests.delivery.world import DAY, RULES, SOURCE, Story, at, config, fill, snapshot, sprint

SEVEN = sprint("7", 10, 20, closed=20)
EIGHT = sprint("8", 21, 31, closed=31)
SPRINTS = {"7": SEVEN, "8": EIGHT}
AS_OF = 40
SECOND = 1 / DAY

Steps = Sequence[tuple[float, str | None]]


def member(way: str, initial: str | None = "7", moves: Steps = (), *, estimate: object = None, **more: object) -> Story:
    fields = {Field.ITERATION: (initial, moves)}
    if estimate is not None:
        fields[Field.ESTIMATE] = estimate  # type: ignore[assignment]  # (initial, steps), as for every field
    return Story("PAY-1", way, fields=fields, **more)  # type: ignore[arg-type]  # the fields of Story


def subject(story: Story, end: int, as_of: int) -> Subject:
    issue, changes = story.build()
    timeline = fold(issue, changes, RULES, as_of)
    gone = None if story.gone is None else at(story.gone)
    return Subject(
        key=issue.key,
        issue_id=issue.id,
        source=SOURCE,
        intervals=timeline.intervals,
        memberships=replay(issue, changes),
        fact=fold(issue, changes, RULES, end, gone).fact,
        gone_at=gone,
        estimate=lambda t: _estimate(issue, changes, t),
    )


def _estimate(issue: Issue, changes: Sequence[Change], t: int) -> float | None:
    past = [c.new for c in changes if c.field is Field.ESTIMATE and c.ts <= t]
    first = [c.old for c in changes if c.field is Field.ESTIMATE]
    return number(past[-1] if past else first[0] if first else issue.value(Field.ESTIMATE))


def held(
    *stories: Story, sprint: Iteration = SEVEN, as_of: float = AS_OF, grace: int = 0, others: Sequence[Iteration] = ()
) -> IterationSets:
    window = membership.window(sprint, at(as_of), grace)
    subjects = [subject(story, window.end, at(as_of)) for story in stories]
    every = SPRINTS | {one.id: one for one in (*others, sprint)}
    return membership.sets(sprint, window, subjects, as_of=at(as_of), others=every, rule_hash="x")


def letters(found: IterationSets) -> str:
    """The sets that hold anything, such as "CD"."""
    parts = {"C": found.committed, "A": found.added, "D": found.delivered, "K": found.carried_over, "R": found.removed}
    return "".join(letter for letter, members in parts.items() if members)


@dataclass(frozen=True)
class Row:
    id: str
    story: Story
    expected: str
    removal: Removal | None = None
    carry: CarryTo | None = None
    flips: int = 0


ROWS = [
    Row("I01 delivered", member("B0 D12 F15"), "CD"),
    Row("I02 joins and is delivered", member("B0 D12 F15", None, [(12, "7")]), "AD"),
    Row("I03 leaves open", member("B0 D12", "7", [(14, None)]), "CR", Removal.LEFT),
    Row("I03 joins and leaves", member("B0 D12", None, [(12, "7"), (14, None)]), "AR", Removal.LEFT),
    Row("I04 leaves 2 s after the close", member("B0 D12", "7", [(20 + 2 * SECOND, "8")]), "CK", carry=CarryTo.NEXT),
    Row("I04 leaves 30 s before", member("B0 D12", "7", [(20 - 30 * SECOND, "8")]), "CK", carry=CarryTo.NEXT),
    Row("I04 leaves 120 s before", member("B0 D12", "7", [(20 - 120 * SECOND, "8")]), "CR", Removal.LEFT),
    Row("I05 done before", member("B0 D2 F8"), ""),
    Row("I06 taken out when done", member("B0 D12 F15", "7", [(16, None)]), "CD"),
    Row("I07 re-opened inside", member("B0 D12 F15 D18"), "CK", carry=CarryTo.BACKLOG),
    Row("I08 done after the close", member("B0 D12 F22", "7", [(20 + 2 * SECOND, "8")]), "CK", carry=CarryTo.NEXT),
    Row("I09 created inside", member("B12 D13", created=12), "AK", carry=CarryTo.BACKLOG),
    Row("I11 out and back", member("B0 D12", "7", [(13, None), (16, "7")]), "CK", carry=CarryTo.BACKLOG, flips=2),
    Row("I12 cancelled", member("B0 D12 X15"), "CR", Removal.CANCELLED),
    Row("gone", member("B0 D12", gone=15), "CR", Removal.GONE),
    Row("finished outside", member("B0 D12 F15", "7", [(14, None)]), "CR", Removal.FINISHED_OUTSIDE),
    Row("cancelled after it left", member("B0 D12 X15", "7", [(14, None)]), "CR", Removal.LEFT),
    Row("unmapped at the start", member("B0 ?5 D12 F15"), "AD"),
    Row("re-opened and delivered again", member("B0 D2 F8 D12 F15"), "AD"),
    Row("joined when done", member("B0 D2 F11", None, [(12, "7")]), ""),
    Row("joined as it was closed", member("B0 D12", None, [(20 - 30 * SECOND, "7")]), ""),
]


def ids(row: Row) -> str:
    return row.id


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_sets(row: Row) -> None:
    found = held(row.story)
    assert letters(found) == row.expected
    for one in (*found.committed, *found.added):
        assert (one.removal, one.carry_to, one.flips) == (row.removal, row.carry, row.flips)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_the_balance_holds(row: Row) -> None:
    found = held(row.story)
    assert len(found.committed) + len(found.added) == len(found.delivered) + len(found.carried_over) + len(
        found.removed
    )


def test_i01_points_at_the_start_and_at_the_finish() -> None:
    found = held(member("B0 D12 F15", estimate=("3", [(14, "8")])))
    (one,) = found.committed
    assert (one.estimate_in, one.estimate_out) == (3, 8)
    summary = figures.summary(found)
    assert (summary.committed_points, summary.delivered_points, summary.say_do_points) == (3, 8, 1)
    assert figures.scope_change_points(found) == 5


def test_i05_is_listed_only() -> None:
    assert held(member("B0 D2 F8")).done_before_start == ("PAY-1",)


def test_joined_when_done_is_listed_only() -> None:
    found = held(member("B0 D2 F11", None, [(12, "7")]))
    assert (found.done_before_added, found.done_before_start) == (("PAY-1",), ())


def test_i07_the_next_one_knows_where_it_was_re_opened() -> None:
    moved = member("B0 D12 F15 D18", "7", [(20 + 2 * SECOND, "8")])
    (one,) = held(moved, sprint=EIGHT).committed
    assert one.reopened_from == "7"


def test_i08_is_committed_and_delivered_in_the_next_and_this_freeze_stays() -> None:
    moved = member("B0 D12 F22", "7", [(20 + 2 * SECOND, "8")])
    assert letters(held(moved, sprint=EIGHT)) == "CD"
    assert [letters(held(moved, as_of=day)) for day in (20.5, 21.5, 40)] == ["CK"] * 3


def test_i10_counts_in_every_open_iteration_and_is_flagged() -> None:
    parallel = sprint("8", 11, 21, closed=21)
    story = member("B0 D12 F15", "7,8")
    for one in (SEVEN, parallel):
        found = held(story, sprint=one, others=(SEVEN, parallel))
        assert (letters(found), [m.parallel for m in found.delivered]) == ("CD", [True])


def test_i10_a_later_iteration_is_not_parallel() -> None:
    (one,) = held(member("B0 D12 F15", "7,8")).delivered
    assert not one.parallel


def test_i11_ids_rule_over_names_and_a_repeated_set_is_no_flip() -> None:
    issue, changes = member("B0 D12", "7", [(12, "7"), (13, None), (16, "7")]).build()
    renamed = [c._replace(new=Value(c.new.id, "Payments, week 3")) if c.new.id else c for c in changes]
    assert replay(issue, renamed) == (Membership("7", at(0), at(13)), Membership("7", at(16), None))


def test_touching_stays_are_joined() -> None:
    issue, changes = member("B0", "7", [(12, "7,8"), (13, "8"), (13, "7,8")]).build()
    assert replay(issue, changes) == (Membership("7", at(0), None), Membership("8", at(12), None))


def test_i13_nothing_committed_says_nothing() -> None:
    summary = figures.summary(held())
    assert (summary.say_do, summary.delivered_ratio, summary.carry_over_ratio, summary.scope_change) == (
        None,
        None,
        None,
        0,
    )


def test_i13_never_closed_ends_now_and_is_provisional() -> None:
    window = membership.window(sprint("7", 10, 20), at(25))
    assert (window.end, window.closing, window.provisional) == (at(25), at(25), True)


@pytest.mark.parametrize(("grace", "expected"), [(24 * 3600, "CD"), (0, "AD")])
def test_i14_grace_commits_late_joiners(grace: int, expected: str) -> None:
    late = member("B0 D12 F15", None, [(10 + 3 / 24, "7")])
    assert letters(held(late, grace=grace)) == expected


def test_i15_it_begins_when_it_was_activated() -> None:
    one = sprint("7", 9, 20, closed=20, activated_at=at(10))
    assert membership.window(one, at(AS_OF)).start == at(10)


def test_a_future_iteration_is_future_however_it_is_dated() -> None:
    planned = replace(sprint("9", 5, 15), state=IterationState.FUTURE)
    assert membership.state_at(planned, at(30)) is IterationState.FUTURE


@pytest.mark.parametrize(("day", "state"), [(9, "future"), (10, "active"), (19.9, "active"), (20, "closed")])
def test_the_state_is_that_of_the_day(day: float, state: str) -> None:
    assert membership.state_at(SEVEN, at(day)).value == state


@pytest.fixture
def store(tmp_path: Path, database_url: str) -> Iterator[Store]:
    with open_store(database_url, ledger=None) as opened:
        yield opened


def test_i16_sub_tasks_inherit_and_are_in_no_set(store: Store, tmp_path: Path) -> None:
    parent = member("B0 D12", "7", estimate=("3", []))
    child = Story("PAY-2", "B0 D12 F13", subtask_of="PAY-1", type="Sub-task")
    settings = config(tmp_path)
    fill(store, settings, [parent, child], [SEVEN, EIGHT], fetched=AS_OF)
    found = snapshot(store, settings, AS_OF)
    sets = found.sets("jira", SEVEN)
    assert [m.key for m in sets.carried_over] == [m.key for m in sets.committed] == ["PAY-1"]
    assert (sets.added, sets.delivered) == ((), ())
    assert found.find("PAY-2").memberships == found.find("PAY-1").memberships
    assert found.find("PAY-2").own_memberships == ()


def test_the_stored_path_finds_the_same_sets(store: Store, tmp_path: Path) -> None:
    stories = [replace(row.story, key=f"PAY-{n}") for n, row in enumerate(ROWS, 1) if row.story.gone is None]
    settings = config(tmp_path)
    fill(store, settings, stories, [SEVEN, EIGHT], fetched=AS_OF)
    assert snapshot(store, settings, AS_OF).sets("jira", SEVEN) == replace(
        held(*stories), rule_hash=snapshot(store, settings, AS_OF).rule_hash("jira")
    )
