"""OKR files: every kind of metric, and every mistake with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from okr_delivery.model.errors import UserError
from okr_delivery.model.okr import Direction, Location
from okr_delivery.okrs import load_okrs
from tests.okrs.workspace import CYCLE, book_of, objective, refused, words, workspace

PARENT = objective("id: COMPANY-O2-KR1, metric: {direction: increase, baseline: 1, target: 2}", name="COMPANY-O2")
LAST = objective(
    "id: GROW-KR2, metric: {direction: increase, baseline: 30, target: 38}",
    cycle="cycle: {id: 2026Q3, start: 2026-07-01, end: 2026-09-30, state: closed}\n",
)
CONTRACT = """\
cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, state: active}      # draft | active | review | closed
objectives:
  - id: GROW
    title: Merchants in lower-tier cities stay because checkout just works
    owner: lin
    level: team                 # company | department | project | team | individual
    kind: business              # business | capability
    source: aligned             # aligned | self_driven | support
    value: merchant             # one of the configured value dimensions
    aligns_to: [COMPANY-O2-KR1]
    key_results:
      - id: GROW-KR1
        title: 30-day merchant retention
        owner: lin
        weight: 2
        continues: 2026Q3:GROW-KR2
        tracker: jira:OKR-17
        metric: {unit: "%", direction: increase, baseline: 38, target: 50}
        plan: {2026-10: 40, 2026-11: 44, 2026-12: 50}
        health: [{id: refund-rate, title: Refund rate, unit: "%", at_most: 2}]
        reading: {cadence: weekly, by: bi-team}
        lag: 7d
        observe: 28d
        rationale: Retention is what merchants in these cities pay for
        amendments: [{on: 2026-11-10, target: 46, reason: contract postponed, by: lin, approved_by: wang}]
      - {id: GROW-KR2, title: Refund ratio, metric: {unit: "%", direction: range, low: 12, high: 14, tolerance: 2}}
      - {id: GROW-KR3, title: Checkout live,
         metric: {direction: milestones, items: [{id: beta, title: beta, due: 2026-11-15, weight: 1, done: null}]}}
      - {id: GROW-KR4, title: Audit passed, owner: zhao, metric: {direction: yes_no, due: 2026-12-01, done: null}}
      - {id: GROW-KR5, title: Answered,
         metric: {direction: issues, source: jira, jql: "labels = cs-feedback", count: done, target: 12}}
      - {id: GROW-KR6, title: Faster, metric: {direction: delivery, name: lead_time, statistic: p50, unit: d,
                                                team: payments, baseline: 45, target: 32}}
      - {id: GROW-KR7, title: Both, metric: {direction: composite, rule: all, parts: [GROW-KR1, GROW-KR2]}}
iterations:
  - {team: payments, iteration: "PAY S27", objective: GROW, goal: Three-step checkout, key_results: [GROW-KR1]}
"""


def test_every_key_of_the_contract(tmp_path: Path) -> None:
    book = book_of(tmp_path, company=PARENT, q3=LAST, q4=CONTRACT)
    kr = book.key_results["2026Q4:GROW-KR1"]
    assert (kr.weight, kr.lag_days, kr.observe_days, kr.cadence_days, kr.read_by) == (2, 7, 28, 7, "bi-team")
    assert kr.plan == {"2026-10": 40, "2026-11": 44, "2026-12": 50}
    assert (kr.health[0].id, kr.health[0].at_most) == ("refund-rate", 2)
    assert (kr.amendments[0].on, kr.amendments[0].approved_by) == (date(2026, 11, 10), "wang")
    assert kr.location == Location("okrs/q4.yaml", 12)
    kinds = [found.metric.direction for full, found in book.key_results.items() if full.startswith("2026Q4:GROW")]
    assert kinds == [
        Direction.INCREASE, Direction.RANGE, Direction.MILESTONES, Direction.YES_NO, Direction.ISSUES,
        Direction.DELIVERY, Direction.COMPOSITE,
    ]  # fmt: skip
    objective_ = book.objective_of(kr)
    assert (objective_.level, objective_.kind, objective_.source, objective_.value) == (
        "team", "business", "aligned", "merchant",
    )  # fmt: skip
    goal = book.goal_for("payments", "pay s27")
    assert goal is not None
    assert (goal.objective, goal.key_results) == ("2026Q4:GROW", ("2026Q4:GROW-KR1",))
    assert book.goal_for("payments", "PAY S28") is None


def test_the_network_of_the_contract(tmp_path: Path) -> None:
    book = book_of(tmp_path, company=PARENT, q3=LAST, q4=CONTRACT)
    assert book.parents("2026Q4:GROW") == ("2026Q4:COMPANY-O2-KR1",)
    assert book.parents("2026Q4:GROW-KR1") == ("2026Q4:GROW", "2026Q4:GROW-KR7")
    assert book.children("2026Q4:GROW-KR7") == ("2026Q4:GROW-KR1", "2026Q4:GROW-KR2")
    assert [kr.full_id for kr in book.continued_by(book.key_results["2026Q3:GROW-KR2"])] == ["2026Q4:GROW-KR1"]


def test_several_files_make_one_cycle(tmp_path: Path) -> None:
    book = book_of(tmp_path, a=objective(name="A"), b=objective(name="B"))
    assert (set(book.objectives), set(book.cycles)) == ({"2026Q4:A", "2026Q4:B"}, {"2026Q4"})


def test_no_files_is_an_empty_book(tmp_path: Path) -> None:
    assert load_okrs(workspace(tmp_path, {})).key_results == {}


KR = "id: GROW-KR1, metric: {direction: increase, baseline: 38, target: 50}"
MOVING = "{direction: increase, baseline: 38, target: 50}"
MISTAKES = {
    "colon in an id": (
        objective('id: ▸"GROW:1", metric: {direction: yes_no}'),
        "objectives[0].key_results[0].id: an id holds no `:`, `/` or blank; 'GROW:1' could be 'GROW-1'",
    ),
    "slash in an id": (
        objective("id: ▸GROW/1, metric: {direction: yes_no}"),
        "objectives[0].key_results[0].id: an id holds no `:`, `/` or blank; 'GROW/1' could be 'GROW-1'",
    ),
    "blank in an id": (
        objective("id: ▸GROW 1, metric: {direction: yes_no}"),
        "objectives[0].key_results[0].id: an id holds no `:`, `/` or blank; 'GROW 1' could be 'GROW-1'",
    ),
    "duplicate key result": (
        objective(KR, KR.replace("GROW-KR1", "▸GROW-KR1")),
        "'GROW-KR1' is already an id of the cycle 2026Q4, at okrs/a.yaml:6:24",
    ),
    "duplicate in another case": (
        objective(KR, KR.replace("GROW-KR1", "▸grow-kr1")),
        "'grow-kr1' is already an id of the cycle 2026Q4, at okrs/a.yaml:6:24",
    ),
    "key result named as its objective": (
        objective(KR.replace("id: ", "id: ▸"), name="GROW-KR1"),
        "'GROW-KR1' is already an id of the cycle 2026Q4, at okrs/a.yaml:3:9",
    ),
    "no way to go": (
        objective("id: K, metric: {direction: increase, baseline: 38, target: ▸38}"),
        "objectives[0].key_results[0].metric: the target 38 is the baseline itself; there is no way to go",
    ),
    "the wrong way": (
        objective("id: K, metric: {direction: ▸increase, baseline: 50, target: 38}"),
        "objectives[0].key_results[0].metric: from 50 to 38 is no increase",
    ),
    "delivery without way": (
        objective("id: K, metric: {direction: delivery, name: lead_time, team: payments, baseline: 3, target: ▸3}"),
        "objectives[0].key_results[0].metric: the target 3 is the baseline itself; there is no way to go",
    ),
    "range upside down": (
        objective("id: K, metric: {direction: range, low: ▸14, high: 12}"),
        "objectives[0].key_results[0].metric: low (14) must be below high (12)",
    ),
    "unknown direction": (
        objective("id: K, metric: {direction: ▸increse, baseline: 1, target: 2}"),
        "objectives[0].key_results[0].metric.direction: 'increse' is not possible; did you mean 'increase'? "
        "Possible are: increase, decrease, at_least, at_most, range, milestones, yes_no, issues, delivery, composite",
    ),
    "no direction": (
        objective("id: K, metric: ▸{baseline: 1}"),
        "objectives[0].key_results[0].metric.direction is missing",
    ),
    "key of another direction": (
        objective("id: K, metric: {direction: range, low: 1, high: 2, ▸targt: 3}"),
        "'targt' is no setting here; possible are: direction, unit, low, high, tolerance",
    ),
    "near key of a direction": (
        objective("id: K, metric: ▸{direction: decrease, baseline: 1, targt: 0}"),
        "objectives[0].key_results[0].metric.target is missing",
    ),
    "no milestones": (
        objective("id: K, metric: {direction: milestones, items: ▸[]}"),
        "objectives[0].key_results[0].metric.items needs at least one entry",
    ),
    "milestone twice": (
        objective("id: K, metric: {direction: milestones, items: ▸[{id: a, title: a}, {id: A, title: b}]}"),
        "objectives[0].key_results[0].metric.items: 'A' is listed twice",
    ),
    "health without limit": (
        objective("id: K, metric: {direction: yes_no}, health: [▸{id: h, title: h}]"),
        "objectives[0].key_results[0].health[0]: the health metric 'h' needs one limit, at_most: or at_least:",
    ),
    "health twice": (
        objective("id: K, metric: {direction: yes_no}, health: [{id: h, title: h, at_most: 1}, {id: ▸h, title: h}]")
        .replace("title: h}]", "title: h, at_most: 2}]"),
        "K.health: 'h' is listed twice",
    ),
    "month": (
        objective(f"id: K, metric: {MOVING}, plan: {{2026-13: ▸40}}"),
        "objectives[0].key_results[0].plan: '2026-13' is no month; write YYYY-MM, such as 2026-10",
    ),
    "month outside": (
        objective(f"id: K, metric: {MOVING}, plan: {{▸2027-01: 40}}"),
        "the plan's month 2027-01 is outside the cycle 2026Q4 (2026-10-01 to 2026-12-31)",
    ),
    "plan without number": (
        objective("id: K, metric: {direction: yes_no}, ▸plan: {2026-10: 1}"),
        "K: a yes_no key result has no number to plan by month",
    ),
    "cadence": (
        objective("id: K, metric: {direction: yes_no}, reading: {cadence: ▸weakly}"),
        "objectives[0].key_results[0].reading.cadence: 'weakly' is no cadence; did you mean 'weekly'? "
        "Possible are daily, weekly, biweekly, monthly, quarterly, or a length such as 10d",
    ),
    "lag in hours": (
        objective("id: K, metric: {direction: yes_no}, lag: ▸12h"),
        "objectives[0].key_results[0].lag: whole days are wanted, such as 7d or 2w",
    ),
    "amended outside": (
        objective(f"id: K, metric: {MOVING}, amendments: [{{on: ▸2027-01-10, target: 46, reason: r, by: b}}]"),
        "the amendment of 2027-01-10 is outside the cycle 2026Q4 (2026-10-01 to 2026-12-31)",
    ),
    "amended to the baseline": (
        objective(f"id: K, metric: {MOVING}, amendments: [{{on: 2026-11-10, target: ▸38, reason: r, by: b}}]"),
        "K.amendments: the target 38 is the baseline itself; there is no way to go",
    ),
    "amended the other way": (
        objective(f"id: K, metric: {MOVING}, amendments: [{{on: 2026-11-10, target: ▸30, reason: r, by: b}}]"),
        "K: seen from the baseline 38, the amended target 30 lies the other way",
    ),
    "amended twice": (
        objective(
            f"id: K, metric: {MOVING}, amendments: [{{on: 2026-11-10, target: 46, reason: r, by: b}}, "
            "{on: ▸2026-11-10, target: 47, reason: r, by: b}]"
        ),
        "there are two amendments on 2026-11-10",
    ),
    "not amendable": (
        objective("id: K, metric: {direction: yes_no}, amendments: [▸{on: 2026-11-10, target: 46, reason: r, by: b}]"),
        "K: a yes_no key result has no target to amend",
    ),
    "cycle backwards": (
        "cycle: {id: 2026Q4, start: 2026-12-31, end: ▸2026-10-01}\n",
        "cycle: the cycle ends on 2026-10-01, before it starts on 2026-12-31",
    ),
    "unknown parent": (
        PARENT + objective(name="GROW", more="    aligns_to: ▸[COMPANY-02-KR1]\n").partition("objectives:\n")[2],
        "aligns_to: there is no 'COMPANY-02-KR1'; did you mean 'COMPANY-O2-KR1'?",
    ),
    "unknown predecessor": (
        objective(KR + ", continues: ▸2026Q4:GROW-KR"),
        "continues: there is no '2026Q4:GROW-KR'; did you mean '2026Q4:GROW-KR1'?",
    ),
    "unknown predecessor, short": (objective(KR + ", continues: ▸OLD"), "continues: there is no 'OLD'"),
    "unknown part": (
        objective(KR, "id: K, metric: {direction: composite, parts: ▸[GROW-KR11]}"),
        "parts: there is no 'GROW-KR11'; did you mean 'GROW-KR1'?",
    ),
    "unknown team": (
        objective("id: K, metric: {direction: delivery, name: lead_time, team: ▸payment, baseline: 3, target: 2}"),
        "team: there is no 'payment'; did you mean 'payments'?",
    ),
    "unknown source": (
        objective("id: K, metric: {direction: issues, source: ▸jirra, jql: x, target: 2}"),
        "source: there is no 'jirra'; did you mean 'jira'?",
    ),
    "tracker without source": (
        objective(KR + ", tracker: ▸OKR-17"),
        "'OKR-17' names no issue; write SOURCE:KEY, such as jira:OKR-17",
    ),
    "goal of an unknown objective": (
        objective(KR) + "iterations: [{team: payments, iteration: 27, objective: ▸GORW}]\n",
        "objective: there is no 'GORW'; did you mean 'GROW'?",
    ),
    "goal with an unknown key result": (
        objective(KR) + "iterations: [{team: payments, iteration: 27, key_results: [GROW-KR1, ▸GROW-KR2]}]\n",
        "key_results: there is no 'GROW-KR2'; did you mean 'GROW-KR1'?",
    ),
    "goal of an unknown team": (
        objective(KR) + "iterations: [{team: ▸payment, iteration: 27}]\n",
        "team: there is no 'payment'; did you mean 'payments'?",
    ),
    "key": (CYCLE + "▸objektives: []\n", "'objektives' is no setting here; did you mean 'objectives'?"),
    "empty": ("", "the file is empty"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_one_sentence_with_its_position(tmp_path: Path, text: str, expected: str) -> None:
    """`▸` in the text marks where the problem is."""
    before, mark, after = text.partition("▸")
    where = f":{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}" if mark else ""
    config = workspace(tmp_path, {"okrs/a.yaml": before + after})
    assert f"okrs/a.yaml{where}: {expected}" in refused(lambda: load_okrs(config))


def test_all_mistakes_of_all_files_at_once(tmp_path: Path) -> None:
    broken = {
        "okrs/a.yaml": objective("id: K, metric: {direction: range, low: 14, high: 12}", "id: L"),
        "okrs/b.yaml": "cycle: [\n",
        "okrs/c.yaml": objective(KR, KR, name="OTHER"),
    }
    config = workspace(tmp_path, broken)
    assert [line.split(": ")[0] for line in refused(lambda: load_okrs(config))] == [
        "okrs/a.yaml:6:59", "okrs/a.yaml:7:9", "okrs/b.yaml:2:1", "okrs/c.yaml:7:24",
    ]  # fmt: skip


def test_duplicate_ids_over_files(tmp_path: Path) -> None:
    config = workspace(tmp_path, {"okrs/a.yaml": objective(KR), "okrs/b.yaml": objective(KR, name="OTHER")})
    assert refused(lambda: load_okrs(config)) == [
        "okrs/b.yaml:6:24: 'GROW-KR1' is already an id of the cycle 2026Q4, at okrs/a.yaml:6:24"
    ]


def test_a_cycle_declared_in_two_ways(tmp_path: Path) -> None:
    other = CYCLE.replace("12-31", "12-30")
    config = workspace(tmp_path, {"okrs/a.yaml": objective(name="A"), "okrs/b.yaml": objective(name="B", cycle=other)})
    assert refused(lambda: load_okrs(config)) == [
        "okrs/b.yaml:1:8: the cycle 2026Q4 is declared in another way at okrs/a.yaml:1:8; "
        "start, end and state must be the same"
    ]


def test_a_circle_is_shown_as_the_path_of_ids(tmp_path: Path) -> None:
    a = objective("id: A-KR1, metric: {direction: yes_no}", name="A", more="    aligns_to: [B]\n")
    b = objective(name="B", more="    aligns_to: [A-KR1]\n")
    config = workspace(tmp_path, {"okrs/a.yaml": a, "okrs/b.yaml": b})
    path = "2026Q4:A → 2026Q4:B → 2026Q4:A-KR1 → 2026Q4:A"
    assert refused(lambda: load_okrs(config)) == [f"okrs/a.yaml:3:5: the OKRs align in a circle: {path}"]
    assert refused(lambda: load_okrs(config), "zh") == [f"okrs/a.yaml:3:5: OKR 的对齐形成了环：{path}"]
    with pytest.raises(UserError) as caught:
        load_okrs(config)
    step = caught.value.problems[0].next_step
    assert step is not None
    assert words(step) == ["take one aligns_to: or part out of the circle"]


def test_a_composite_of_itself_is_a_circle(tmp_path: Path) -> None:
    config = workspace(tmp_path, {"okrs/a.yaml": objective("id: K, metric: {direction: composite, parts: [K]}")})
    assert refused(lambda: load_okrs(config))[0].endswith("in a circle: 2026Q4:K → 2026Q4:K")


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    from tests.config.files import loaded
    from tests.okrs.workspace import CONFIG

    config = loaded(tmp_path, CONFIG + "okrs: [okrs/, plan.yaml]\n")
    assert refused(lambda: load_okrs(config)) == [
        "okr-delivery.yaml:6:8: there is neither a file nor a folder okrs",
        "okr-delivery.yaml:6:15: there is neither a file nor a folder plan.yaml",
    ]


def test_mistakes_in_chinese(tmp_path: Path) -> None:
    config = workspace(
        tmp_path, {"okrs/a.yaml": objective("id: K, metric: {direction: increase, baseline: 1, target: 1}")}
    )
    assert refused(lambda: load_okrs(config), "zh") == [
        "okrs/a.yaml:6:78: objectives[0].key_results[0].metric：目标 1 就是基线，没有可走的路程"
    ]
