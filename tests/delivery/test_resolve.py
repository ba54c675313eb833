"""`current`, `next`, `last`, ids, names and `team:I`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from okr_delivery.delivery.resolve import resolve, resolve_all
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Iteration, IterationKind, IterationState
from tests.delivery.world import SOURCE, at, sprint

ONE, TWO = sprint("1", 0, 10, closed=11), sprint("2", 10, 20, closed=19)
THREE, FOUR = sprint("3", 20, 30), sprint("4", 21, 31)
FIVE = replace(sprint("5", 30, 40), state=IterationState.FUTURE)
SIX = replace(sprint("6", 45, 50), state=IterationState.FUTURE)
UNDATED = Iteration(SOURCE, "9", "S9", IterationState.FUTURE, order=9)
LATER = Iteration(SOURCE, "10", "S10", IterationState.FUTURE, order=10)
ALL = (ONE, TWO, THREE, FOUR, LATER, UNDATED, SIX, FIVE)


def found(
    ref: str, day: float = 25, scope: tuple[Iteration, ...] = ALL, *, kind: IterationKind = IterationKind.SPRINT
) -> list[str]:
    return [i.id for i in resolve(ref, scope, at(day), "pay", kind=kind)]


@pytest.mark.parametrize(
    ("ref", "day", "expected"),
    [
        ("current", 25, ["3", "4"]),
        ("current", 20.5, ["3"]),
        ("current", 19.5, []),
        ("current", 5, ["1"]),
        ("current", 10.5, ["1", "2"]),
        ("last", 25, ["2"]),
        ("last", 15, ["1"]),
        ("last", 5, []),
        ("next", 25, ["5"]),
        ("next", 15, ["3"]),
        ("3", 25, ["3"]),
        ("S3", 25, ["3"]),
        ("s3", 25, ["3"]),
        ("S77", 25, []),
    ],
)
def test_by_state_of_the_day(ref: str, day: float, expected: list[str]) -> None:
    assert found(ref, day) == expected


def test_undated_ones_come_after_dated_ones_in_the_tracker_s_order() -> None:
    assert found("next", scope=(LATER, UNDATED, SIX)) == ["6"]
    assert found("next", scope=(LATER, UNDATED)) == ["9"]


def test_last_goes_by_the_real_close() -> None:
    late = replace(sprint("8", 0, 5), state=IterationState.CLOSED, closed_at=at(22))
    assert found("last", scope=(TWO, late)) == ["8"]


def test_an_id_wins_over_a_name() -> None:
    named = replace(sprint("11", 0, 5), name="3")
    assert found("3", scope=(*ALL, named)) == ["3"]


MILESTONES = (
    Iteration("gitlab", "1", "M1", IterationState.ACTIVE, start=at(0), end=at(10)),
    Iteration("gitlab", "2", "M2", IterationState.CLOSED, start=at(10), end=at(20)),
    Iteration("gitlab", "3", "M3", IterationState.ACTIVE, start=at(20), end=at(30)),
    Iteration("gitlab", "4", "M4", IterationState.ACTIVE, end=at(28)),
    Iteration("gitlab", "5", "M5", IterationState.ACTIVE, start=at(30), end=at(40)),
)


@pytest.mark.parametrize(("ref", "expected"), [("current", ["3"]), ("last", ["2"]), ("next", ["5"])])
def test_milestones_go_by_their_dates(ref: str, expected: list[str]) -> None:
    assert found(ref, scope=MILESTONES, kind=IterationKind.MILESTONE) == expected


def test_milestones_without_start_are_current_by_the_earliest_due() -> None:
    undated = tuple(replace(m, start=None) for m in MILESTONES)
    assert found("current", scope=undated, kind=IterationKind.MILESTONE) == ["4"]


def teams(ref: str, **scopes: tuple[Iteration, ...]) -> dict[str, list[str]]:
    return {team: [i.id for i in some] for team, some in resolve_all(ref, scopes, at(25)).items()}


def test_a_keyword_is_resolved_per_team() -> None:
    assert teams("next", a=(FIVE,), b=(SIX,), c=()) == {"a": ["5"], "b": ["6"], "c": []}


def test_a_name_leaves_out_teams_without_it() -> None:
    assert teams("S5", a=(FIVE,), b=(SIX,)) == {"a": ["5"]}


def test_a_shared_iteration_is_everyone_s() -> None:
    assert teams("S5", a=(FIVE,), b=(FIVE, SIX)) == {"a": ["5"], "b": ["5"]}


def test_a_team_in_front_narrows() -> None:
    other = replace(SIX, name="S5")
    assert teams("b:S5", a=(FIVE,), b=(other,)) == {"b": ["6"]}
    assert teams("b:current", a=(THREE,), b=(FOUR,)) == {"b": ["4"]}


def test_a_name_with_a_colon_is_a_name_first() -> None:
    odd = replace(SIX, name="a:S5")
    assert teams("a:S5", a=(FIVE,), b=(odd,)) == {"b": ["6"]}


def problem(ref: str, lang: str = "en", **scopes: tuple[Iteration, ...]) -> str:
    with pytest.raises(UserError) as error:
        resolve_all(ref, scopes, at(25))
    assert error.value.exit_code == 2
    (one,) = error.value.problems
    t = translator(lang)
    return f"{t.render(one.what)} {t.render(one.next_step) if one.next_step else ''}"


def test_in_no_team_is_an_error_with_the_nearest() -> None:
    assert problem("S55", a=(FIVE,), b=(SIX,)) == "No team has an iteration “S55”. Did you mean “S5”?"
    assert problem("a:S66", a=(FIVE,), b=(SIX,)).startswith("No team has an iteration “a:S66”.")


def test_several_fits_are_an_error_with_the_candidates() -> None:
    other = replace(SIX, name="S5")
    text = problem("S5", a=(FIVE,), b=(other,))
    assert text == "“S5” fits several iterations: a:5 (S5), b:6 (S5). Write team:id, as in the list."


def test_two_of_one_name_in_one_team_stay_ambiguous() -> None:
    other = replace(SIX, name="S5")
    assert "a:5 (S5), a:6 (S5)" in problem("a:S5", a=(FIVE, other))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("ref", ["S5", "nothing like it"])
def test_every_refusal_reads_in_every_language(lang: str, ref: str) -> None:
    assert ref in problem(ref, lang, a=(FIVE,), b=(replace(SIX, name="S5"),))
