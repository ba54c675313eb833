"""What a finding advises fits the case that it was found in, in both languages, and claims nothing that isn't so."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_delivery.gate.lint.engine import LintInput, run
from okr_delivery.gate.lint.okr101 import ObjectiveCount
from okr_delivery.gate.lint.okr102 import KeyResultCount
from okr_delivery.gate.lint.okr202 import NoNumberOrDate
from okr_delivery.gate.lint.okr205 import MissingOwner
from okr_delivery.gate.lint.okr303 import MissingAlignment
from okr_delivery.gate.lint.okr304 import StartsBeforeParent
from okr_delivery.gate.lint.okr401 import SameAsLastCycle
from okr_delivery.gate.lint.okr402 import Sandbagging
from okr_delivery.gate.lint.okr403 import StaleReading
from okr_delivery.gate.lint.rule import OkrRule
from okr_delivery.gate.lint.subject import Desk
from okr_delivery.gate.rule import Fault, NotApplicable
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.message import Message
from tests.gate.lint.world import desk_of_files

HEAD = "cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, state: active}\nobjectives:\n"
NUMBER = 'metric: {unit: "%", direction: increase, baseline: 38, target: 50}'
DAY = "metric: {direction: yes_no, due: 2026-12-15, done: 2026-10-14}"
LEVELS = {"company": "公司", "department": "部门", "project": "项目", "team": "团队", "individual": "个人"}


def objective(name: str, *krs: str, more: str = ", owner: lin") -> str:
    return f"  - {{id: {name}, title: Shops stay, source: self_driven{more}, key_results: [{', '.join(krs)}]}}\n"


def kr(name: str, metric: str = NUMBER, more: str = "") -> str:
    return f"{{id: {name}, title: Retention {name}, {metric}{more}}}"


def desk(folder: Path, *rows: str, **more: str) -> Desk:
    return desk_of_files(folder / "work", {"q4": HEAD + "".join(rows)}, **more)  # type: ignore[arg-type]  # by name


def only(outcome: object) -> Fault:
    assert isinstance(outcome, tuple)
    (fault,) = outcome
    assert isinstance(fault, Fault)
    return fault


def hint(rule: type[OkrRule], fault: Fault, lang: str = "en") -> str:
    return translator(lang).render(fault.fix or rule.text("fix"))


def read(message: Message, lang: str = "en") -> str:
    return translator(lang).render(message)


# -- counts ------------------------------------------------------------------------------------------------------------


def held(folder: Path, n: int, level: str = "team") -> Fault:
    rows = [objective(f"O{i}", more=f", owner: lin, level: {level}") for i in range(n)]
    found = desk(folder, *rows)
    return only(ObjectiveCount().check(found.book.cycles["2026Q4"], found))


def test_who_has_too_few_objectives_is_not_told_to_keep_fewer(tmp_path: Path) -> None:
    few, many = held(tmp_path / "few", 1), held(tmp_path / "many", 6)
    assert "move the rest" in hint(ObjectiveCount, many) and "move the rest" not in hint(ObjectiveCount, few)
    assert "其余" in hint(ObjectiveCount, many, "zh") and "其余" not in hint(ObjectiveCount, few, "zh")
    assert all("lint.limits" in hint(ObjectiveCount, fault, lang) for fault in (few, many) for lang in LANGS)


def test_who_has_both_is_told_both(tmp_path: Path) -> None:
    rows = [objective(f"O{i}") for i in range(6)] + [objective("OWN", more=", owner: lin, level: individual")]
    found = desk(tmp_path, *rows)
    fault = only(ObjectiveCount().check(found.book.cycles["2026Q4"], found))
    assert "move the rest" in hint(ObjectiveCount, fault) and "missing" in hint(ObjectiveCount, fault)


@pytest.mark.parametrize(("level", "word"), LEVELS.items())
@pytest.mark.parametrize("n", [1, 6])
def test_a_level_is_named_in_words(tmp_path: Path, level: str, word: str, n: int) -> None:
    text = read(held(tmp_path, n, level).message, "zh")
    assert word in text and level not in text and f"{word}级级" not in text


def test_an_objective_without_key_results_is_not_told_to_keep_some(tmp_path: Path) -> None:
    counts = {0: "fix_none", 1: "fix_few", 5: "fix_many"}
    for n, part in counts.items():
        found = desk(tmp_path / str(n), objective("GROW", *(kr(f"K{i}") for i in range(n))))
        fault = only(KeyResultCount().check(found.subject("2026Q4:GROW"), found))
        assert fault.fix == KeyResultCount.text(part)
    for lang, word in (("en", "Keep"), ("zh", "保留")):
        told = {part: read(KeyResultCount.text(part), lang) for part in counts.values()}
        assert [part for part, text in told.items() if word in text] == ["fix_many"]


# -- owners ------------------------------------------------------------------------------------------------------------


def test_one_missing_owner_is_one_finding(tmp_path: Path) -> None:
    found = desk(tmp_path, objective("GROW", kr("K1"), kr("K2"), more=""))
    result = run(LintInput(found, as_of=0))
    assert [f.entity.key for f in result.findings if f.rule == "OKR205"] == ["2026Q4:GROW"]
    said = MissingOwner().check(found.subject("2026Q4:K1"), found)
    assert isinstance(said, NotApplicable) and said.reason.id == "lint.okr205.objective"
    assert all(read(said.reason, lang) for lang in LANGS)


def test_a_key_result_with_an_owner_needs_none_above(tmp_path: Path) -> None:
    found = desk(tmp_path, objective("GROW", kr("K1", more=", owner: li"), kr("K2"), more=""))
    assert MissingOwner().check(found.subject("2026Q4:K1"), found) == ()
    assert only(MissingOwner().check(found.subject("2026Q4:GROW"), found)).severity is None


# -- readings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", ["K1,2026-10-02,38\n", "K2,2026-11-20,38\n"], ids=["old", "never"])
@pytest.mark.parametrize("declared", ["", ", reading: {cadence: weekly}"], ids=["default", "declared"])
def test_nobody_is_said_to_have_agreed_on_a_default(tmp_path: Path, declared: str, rows: str) -> None:
    found = desk(tmp_path, objective("GROW", kr("K1", more=declared), kr("K2")), readings=rows)
    fault = only(StaleReading().check(found.subject("2026Q4:K1"), found))
    for lang, word in (("en", "agree"), ("zh", "约定")):
        assert word not in read(fault.message, lang) and "7" in read(fault.message, lang)
        assert "cadence" in hint(StaleReading, fault, lang)


@pytest.mark.parametrize(("rows", "part"), [("K1,2026-10-02,38\n", "ended"), ("K2,2026-12-30,38\n", "unread")])
def test_the_age_of_a_reading_ends_with_the_cycle(tmp_path: Path, rows: str, part: str) -> None:
    found = desk(tmp_path, objective("GROW", kr("K1"), kr("K2")), readings=rows, day="2027-01-20")
    fault = only(StaleReading().check(found.subject("2026Q4:K1"), found))
    assert fault.message.id == f"lint.okr403.{part}"
    assert "ago" not in read(fault.message)


# -- other hints -------------------------------------------------------------------------------------------------------


def test_milestones_without_a_day_are_told_to_name_one(tmp_path: Path) -> None:
    steps = "metric: {direction: milestones, items: [{id: beta, title: beta}]}"
    found = desk(tmp_path, objective("GROW", "{id: K1, title: Checkout live, " + steps + "}"))
    fault = only(NoNumberOrDate().check(found.subject("2026Q4:K1"), found))
    assert "milestone" in hint(NoNumberOrDate, fault) and "里程碑" in hint(NoNumberOrDate, fault, "zh")


ABOVE = (
    "cycle: {id: YEAR, start: %s, end: 2027-12-31, state: %s}\n"
    "objectives:\n  - {id: TOP, title: Small towns shop, owner: wang, level: company, source: self_driven}\n"
)


@pytest.mark.parametrize(("start", "state", "part"), [("2026-11-01", "active", None), ("2026-01-01", "draft", "draft")])
def test_a_draft_above_is_to_be_put_in_force(tmp_path: Path, start: str, state: str, part: str | None) -> None:
    below = "  - {id: GROW, title: Shops stay, owner: lin, aligns_to: [YEAR:TOP]}\n"
    found = desk_of_files(tmp_path / "work", {"q4": HEAD + below, "year": ABOVE % (start, state)})
    fault = only(StartsBeforeParent().check(found.subject("2026Q4:GROW"), found))
    assert fault.fix == (part and StartsBeforeParent.text("fix_draft"))


@pytest.mark.parametrize(("source", "word"), [("self_driven", "自驱"), ("support", "外部支撑")])
def test_where_an_objective_comes_from_is_named_in_words(tmp_path: Path, source: str, word: str) -> None:
    row = f"  - {{id: GROW, title: Shops stay, owner: lin, source: {source}}}\n"
    found = desk(tmp_path, row)
    said = MissingAlignment().check(found.subject("2026Q4:GROW"), found)
    assert isinstance(said, NotApplicable) and read(said.reason, "zh").startswith(word)


EARLY = "K1,2026-10-02,38\nK1,2026-10-20,51\n"


@pytest.mark.parametrize(
    ("metric", "rows", "day", "raised"),
    [(NUMBER, EARLY, "2026-11-21", True), (NUMBER, EARLY, "2027-01-05", False), (DAY, "", "2026-11-21", False)],
    ids=["running", "over", "deliverable"],
)
def test_only_a_target_that_can_be_raised_is_to_be_raised(
    tmp_path: Path, metric: str, rows: str, day: str, raised: bool
) -> None:
    found = desk(tmp_path, objective("GROW", kr("K1", metric)), readings=rows, day=day)
    fault = only(Sandbagging().check(found.subject("2026Q4:K1"), found))
    assert all(("amendments" in hint(Sandbagging, fault, lang)) is raised for lang in LANGS)


LAST = (
    "cycle: {id: %s, start: %s, end: %s, state: closed}\nobjectives:\n"
    "  - {id: GROW, title: Shops stay, owner: lin, source: self_driven, key_results: [%s]}\n"
)


def repeated(folder: Path, full_id: str, more: str = "", cycle: tuple[str, str, str] | None = None) -> Fault:
    past = LAST % (*(cycle or ("2026Q3", "2026-07-01", "2026-09-30")), kr("K1"))
    files = {"q4": HEAD + objective("GROW", kr("K1", more=more)), "past": past}
    found = desk_of_files(folder / "work", files)
    return only(SameAsLastCycle().check(found.subject(full_id), found))


def test_an_objective_is_not_told_to_continue_a_number(tmp_path: Path) -> None:
    one, other = repeated(tmp_path / "o", "2026Q4:GROW"), repeated(tmp_path / "k", "2026Q4:K1")
    for lang in LANGS:
        assert "continues" not in hint(SameAsLastCycle, one, lang)
        assert "continues" in hint(SameAsLastCycle, other, lang)


def test_a_number_that_says_what_it_continues_is_not_told_to_say_so(tmp_path: Path) -> None:
    fault = repeated(tmp_path, "2026Q4:K1", ', continues: "2026Q3:K1"')
    assert fault.fix == SameAsLastCycle.text("fix_continued")


def test_what_was_continued_from_longer_ago_is_not_called_the_last_cycle(tmp_path: Path) -> None:
    fault = repeated(tmp_path, "2026Q4:K1", ', continues: "2024:K1"', ("2024", "2024-01-01", "2024-12-31"))
    assert "last cycle" not in read(fault.message) and "上个周期" not in read(fault.message, "zh")


def test_the_usual_hint_of_a_rule_speaks_of_every_case_that_it_is_shown_for() -> None:
    """`explain` and the page of a rule have no case to look at."""
    for lang, few, many in (("en", "missing", "move the rest"), ("zh", "缺", "其余")):
        general = read(ObjectiveCount.text("fix"), lang)
        assert few in general and many in general
