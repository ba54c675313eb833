"""What must hold for every history: the oracles of the metrics contract, on random ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okr_delivery.delivery import membership
from okr_delivery.delivery.derive import derive_one
from okr_delivery.delivery.item import Item
from okr_delivery.delivery.membership import Subject, replay
from okr_delivery.delivery.metrics import iteration as figures
from okr_delivery.delivery.metrics.period import in_progress
from okr_delivery.delivery.metrics.stat import LEVELS, band, nearest_rank, percentiles, rank
from okr_delivery.delivery.teams import Role
from okr_delivery.delivery.timeline import fold, reread
from okr_delivery.model.work import EMPTY, Change, Field, Issue, Kind, Value
from tests.delivery.world import RULES, SOURCE, Story, at, sprint

oracle = settings(deadline=None, derandomize=True, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
"""The same examples on every machine, however slow it is today."""

CREATED = at(0)
LAST = at(20)
STATUS_IDS = [*"BRDVTFGX?"]
RESOLUTIONS = [None, "Done", "Won't Do"]
FLAGS = [None, "Impediment"]
ITERATIONS = [None, "7", "8", "7,8"]
ESTIMATES = [None, "3", "8"]
SEVEN, EIGHT = sprint("7", 5, 10, closed=10), sprint("8", 9, 14, closed=14)

# a coarse clock, so that events share seconds and lie within a minute of each other often
instants = st.one_of(
    st.integers(CREATED, LAST),
    st.builds(lambda day, seconds: at(day) + seconds, st.integers(0, 19), st.sampled_from([0, 0, 1, 30, 59, 60, 61])),
)
VALUES = {
    Field.STATUS: STATUS_IDS,
    Field.RESOLUTION: RESOLUTIONS,
    Field.FLAGGED: FLAGS,
    Field.ITERATION: ITERATIONS,
    Field.ESTIMATE: ESTIMATES,
}


def _value(name: Field, text: str | None) -> Value:
    if text is None:
        return EMPTY
    return Value(None, text) if name is Field.ESTIMATE else Value(text, text)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Issue, tuple[Change, ...]]:
    """An issue and a consistent history of it: every change leaves the value that the one before left."""
    now = {name: draw(st.sampled_from(choices)) for name, choices in VALUES.items()}
    events = sorted(draw(st.lists(instants, max_size=14)))
    fields = draw(
        st.lists(st.sampled_from([*VALUES, Field.STATUS, Field.STATUS]), min_size=len(events), max_size=len(events))
    )
    changes = []
    for n, (ts, name) in enumerate(zip(events, fields, strict=True)):
        after = draw(st.sampled_from(VALUES[name]))
        changes.append(Change("1", n, 0, ts, name, _value(name, now[name]), _value(name, after)))
        now[name] = after
    current = {name: _value(name, text) for name, text in now.items()}
    issue = Issue(
        source=SOURCE, id="1", key="PAY-1", project_id="1", project="PAY", type_id="1", type="Story", subtask=False,
        title="", created=CREATED, updated=LAST, current=current,
    )  # fmt: skip
    return issue, tuple(changes)


History = tuple[Issue, tuple[Change, ...]]
moments = st.one_of(st.integers(CREATED, LAST + 1000), instants)
gone_or_not = st.one_of(st.none(), st.integers(CREATED, LAST))


def at_instant(name: Field, issue: Issue, changes: Sequence[Change], t: int) -> Value:
    """The rule "field at an instant", written down once more."""
    of_field = [c for c in changes if c.field is name]
    past = [c.new for c in of_field if c.ts <= t]
    return past[-1] if past else of_field[0].old if of_field else issue.value(name)


@oracle
@given(histories(), moments, gone_or_not)
def test_intervals_cover_the_time_from_created_without_gap(history: History, as_of: int, gone: int | None) -> None:
    intervals = fold(*history, RULES, as_of, gone).intervals
    end = as_of if gone is None or gone > as_of else gone
    assert intervals[0].entered_at == CREATED
    assert all(a.left_at == b.entered_at for a, b in pairwise(intervals))
    assert sum((i.left_at if i.left_at is not None else end) - i.entered_at for i in intervals) == end - CREATED


@oracle
@given(histories(), moments, gone_or_not)
def test_time_since_the_start_splits_exactly(history: History, as_of: int, gone: int | None) -> None:
    fact = fold(*history, RULES, as_of, gone).fact
    parts = (fact.active_seconds, fact.wait_seconds, fact.parked_seconds, fact.unmapped_seconds)
    end = next(
        (t for t in (fact.finished_at, fact.cancelled_at, fact.gone_at) if t is not None),
        as_of,
    )
    assert all(part >= 0 for part in parts)
    assert sum(parts) == (0 if fact.started_at is None else max(0, end - fact.started_at))


@oracle
@given(histories(), moments, st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(history: History, as_of: int, random: object) -> None:
    issue, changes = history
    mixed = list(changes)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert fold(issue, mixed, RULES, as_of) == fold(issue, changes, RULES, as_of)
    assert replay(issue, mixed) == replay(issue, changes)


@oracle
@given(histories(), moments)
def test_what_comes_later_is_not_read(history: History, as_of: int) -> None:
    issue, changes = history
    cut = tuple(c for c in changes if c.ts <= as_of)
    then = {name: at_instant(name, issue, changes, as_of) for name in VALUES}
    short = fold(replace(issue, current=then), cut, RULES, as_of)
    full = fold(issue, changes, RULES, as_of)
    assert (short.intervals, short.fact) == (full.intervals, full.fact)
    assert full.later == len(changes) - len(cut)


@oracle
@given(histories(), moments, gone_or_not)
def test_a_stored_fact_answers_like_a_new_fold(history: History, as_of: int, gone: int | None) -> None:
    issue, changes = history
    stored = derive_one(issue, changes, RULES, "")
    read = reread(issue, stored.intervals, stored.fact, as_of, gone)
    fresh = fold(issue, changes, RULES, as_of, gone)
    last = max((c.ts for c in changes), default=CREATED)
    horizon = as_of if gone is None or gone > as_of else gone
    assert (read is None) == (horizon < last or (horizon == last and gone == last))
    assert read is None or read == (fresh.intervals, fresh.fact)


def test_a_resolution_given_as_an_issue_goes_needs_a_new_fold() -> None:
    story = Story("PAY-1", "B0 D1 F2", fields={Field.RESOLUTION: (None, [(5.0, "Duplicate")])})
    issue, changes = story.build()
    stored = derive_one(issue, changes, RULES, "")
    assert reread(issue, stored.intervals, stored.fact, at(9), at(5)) is None
    assert fold(issue, changes, RULES, at(9), at(5)).fact.finished_at == at(2)


def _item(history: History, as_of: int, gone: int | None) -> Item:
    issue, changes = history
    timeline = fold(issue, changes, RULES, as_of, gone)
    stays = replay(issue, changes)
    return Item(
        issue=issue, team="t", role=Role.REQUIREMENT, non_okr=None, fact=timeline.fact, intervals=timeline.intervals,
        memberships=stays, own_memberships=stays, gone_at=timeline.fact.gone_at, last_change=timeline.fact.last_change,
        rule_hash="", _load=lambda: changes,
    )  # fmt: skip


def _in_progress_at(history: History, t: int, gone: int | None) -> bool:
    """WIP by its definition, from a fold made at that instant."""
    fact = fold(*history, RULES, t, gone).fact
    return fact.started_at is not None and fact.kind not in (Kind.DONE, Kind.CANCELLED) and fact.gone_at is None


def _lasting(history: History, t: int) -> bool:
    """No done status was entered in the last minute: a click that may yet be undone looks different from later on."""
    return all(not (t - 60 <= c.ts <= t) for c in history[1] if c.field in (Field.STATUS, Field.RESOLUTION))


@oracle
@given(histories(), moments, moments, gone_or_not)
def test_the_identity_of_work_in_progress(history: History, a: int, b: int, gone: int | None) -> None:
    a, b = sorted((a, b))
    runs = in_progress(_item(history, LAST + 1000, gone), LAST + 1000)
    starts = sum(a < run.since <= b for run in runs)
    ends = sum(run.until is not None and a < run.until <= b for run in runs)
    before, after = (sum(run.holds(t) for run in runs) for t in (a, b))
    assert after - before == starts - ends
    for t, now in ((a, before), (b, after)):
        if _lasting(history, t):
            assert now == _in_progress_at(history, t, gone)


def _subject(history: History, end: int, gone: int | None) -> Subject:
    issue, changes = history
    return Subject(
        key=issue.key,
        issue_id=issue.id,
        source=SOURCE,
        intervals=fold(issue, changes, RULES, LAST).intervals,
        memberships=replay(issue, changes),
        fact=fold(issue, changes, RULES, end, gone).fact,
        gone_at=gone,
        estimate=lambda t: {"3": 3.0, "8": 8.0}.get(at_instant(Field.ESTIMATE, issue, changes, t).name or ""),
    )


@oracle
@given(st.lists(st.tuples(histories(), gone_or_not), max_size=6), st.sampled_from([at(7), at(9.5), LAST]))
def test_the_balance_of_an_iteration(world: list[tuple[History, int | None]], as_of: int) -> None:
    for one in (SEVEN, EIGHT):
        window = membership.window(one, as_of)
        subjects = [
            replace(_subject(history, window.end, gone), key=f"PAY-{n}", issue_id=str(n))
            for n, (history, gone) in enumerate(world)
        ]
        others = {"7": SEVEN, "8": EIGHT}
        found = membership.sets(one, window, subjects, as_of=as_of, others=others, rule_hash="")
        into = {m.issue_id for m in found.committed} | {m.issue_id for m in found.added}
        out = [m.issue_id for m in (*found.delivered, *found.carried_over, *found.removed)]
        assert sorted(out) == sorted(into)
        assert not {m.issue_id for m in found.committed} & {m.issue_id for m in found.added}
        summary = figures.summary(found)
        assert summary.say_do is None or 0 <= summary.say_do <= 1
        assert summary.say_do_points is None or 0 <= summary.say_do_points <= 1


@oracle
@given(histories(), moments)
def test_a_closed_iteration_is_never_rewritten(history: History, later: int) -> None:
    """Whatever happens after the close (beyond its minute), the sets stay."""
    issue, changes = history
    end = at(10)
    window = membership.window(SEVEN, LAST)
    cut = tuple(c for c in changes if c.ts <= end + 60)
    then = {name: at_instant(name, issue, changes, end + 60) for name in VALUES}

    def found(known: History) -> object:
        subject = _subject(known, window.end, None)
        both = {"7": SEVEN, "8": EIGHT}
        return membership.sets(SEVEN, window, [subject], as_of=LAST, others=both, rule_hash="")

    assert found((replace(issue, current=then), cut)) == found(history)


@oracle
@given(st.lists(st.floats(0, 1000), min_size=1, max_size=120))
def test_percentiles_rise_and_are_members(values: list[float]) -> None:
    ordered = sorted(values)
    found = [nearest_rank(ordered, p) for p in range(1, 101)]
    assert all(a is not None and b is not None and a <= b for a, b in pairwise(found))
    assert set(found) <= set(values)
    spread = percentiles(ordered)
    assert spread is not None
    for value, (low, high) in zip((spread.p50, spread.p85, spread.p95), spread.bands, strict=True):
        assert low is None or value is None or low <= value
        assert high is None or value is None or value <= high


@pytest.mark.parametrize(("n", "ranks"), [(30, (22, 26, 29)), (100, (79, 85, 92))])
def test_the_band_of_the_contract(n: int, ranks: tuple[int, int, int]) -> None:
    low, high = band(n, 85)
    assert (low, rank(n, 85), high) == ranks


def test_whole_numbers_do_not_round_up() -> None:
    assert rank(100, 7) == 7
    assert [rank(1, p) for p in LEVELS] == [1, 1, 1]


@pytest.mark.parametrize(("n", "p", "is_open"), [(18, 85, True), (19, 85, False), (58, 95, True), (59, 95, False)])
def test_thin_samples_have_no_upper_bound(n: int, p: int, is_open: bool) -> None:
    assert (band(n, p)[1] > n) is is_open
