"""conclusions.yaml: reading it with every problem at its place, and adding to it without harm."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.config.document import parse
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.conclusion import Verb
from okr_delivery.model.errors import UserError
from okr_delivery.value.conclusions import Conclusions, add, add_goal, verb
from okr_delivery.value.yaml_list import append_entry
from tests.value.world import SPRINTS, World, at

FILE = """\
# what we decided
- {source: jira, issue: PAY-1, kr: GROW-KR1, conclusion: double-down, reason: it works, by: lin, at: 2026-11-20}
- issue: PAY-2   # every key result
  conclusion: 继续观察
  reason: 数据还不够
  at: 2026-11-21T10:00:00+08:00
  due: 2026-12-05
- {goal: S27, team: pay, verdict: missed, reason: slipped a week, at: 2026-11-02}
"""


def write(world: World, text: str) -> Path:
    path = world.folder / "conclusions.yaml"
    path.write_text(text, "utf-8")
    return path


def problems(world: World, text: str) -> list[tuple[str | None, str]]:
    write(world, text)
    with pytest.raises(UserError) as caught:
        world.conclusions()
    for lang in LANGS:
        for one in caught.value.problems:
            assert not translator(lang).render(one.what).startswith("value.")
    return [(p.where, p.what.id) for p in caught.value.problems]


def test_no_file_is_no_conclusion(world: World) -> None:
    assert world.conclusions() == Conclusions()
    write(world, "# nothing yet\n")
    assert world.conclusions() == Conclusions()


def test_reads_both_kinds(world: World) -> None:
    write(world, FILE)
    found = world.conclusions()
    assert [(c.source, c.issue, c.kr, c.conclusion, c.due) for c in found.all] == [
        ("jira", "PAY-1", "2026Q4:GROW-KR1", Verb.DOUBLE_DOWN, None),
        ("jira", "PAY-2", None, Verb.OBSERVE, date(2026, 12, 5)),
    ]
    assert found.all[0].at == at(11, 20, 0)
    assert found.all[1].at == at(11, 21, 2)
    goal = found.goal("pay", SPRINTS[1], at(11, 30))
    assert goal is not None
    assert (goal.hit, goal.reason) == (False, "slipped a week")
    assert found.goal("pay", SPRINTS[1], at(11, 1)) is None
    assert found.goal("other", SPRINTS[1], at(11, 30)) is None


def test_the_latest_counts_and_later_ones_are_not_known_yet(world: World) -> None:
    write(world, FILE + "- {issue: pay-1, conclusion: 下线, reason: it broke, at: 2026-12-01}\n")
    found = world.conclusions()
    early = found.latest("jira", ["PAY-1"], "2026Q4:GROW-KR1", at(11, 25))
    late = found.latest("jira", ["OLD-9", "PAY-1"], "2026Q4:GROW-KR1", at(12, 2))
    assert early is not None
    assert late is not None
    assert (early.conclusion, late.conclusion) == (Verb.DOUBLE_DOWN, Verb.RETIRE)
    assert found.latest("jira", ["PAY-1"], "2026Q4:COST-KR2", at(11, 25)) is None


def test_every_problem_at_its_place(world: World) -> None:
    text = """\
- {issue: PAY-1, conclusion: doubel-down, reason: x, at: 2026-11-20}
- {issue: PAY-1, kr: GROV-KR1, conclusion: fix, reason: x, at: 2026-11-20}
- {issue: PAY-1, conclusion: fix, at: 2026-11-20}
- {issue: PAY-1, conclusion: fix, reason: x, at: yesterday}
- {source: jria, issue: PAY-1, conclusion: fix, reason: x, at: 2026-11-20, foo: 1}
- {goal: S27, verdict: perhaps, reason: x, at: 2026-11-20T10:00:00}
- {goal: S27, team: pya, verdict: hit, reason: x, at: 2026-11-20}
- just text
"""
    lines = text.splitlines()
    expected = [
        (1, "doubel-down", "value.conclusion.verb"),
        (2, "GROV-KR1", "value.conclusion.kr"),
        (3, "{issue", "config.missing"),
        (4, "yesterday", "value.conclusion.at"),
        (5, "jria", "value.conclusion.source"),
        (5, "foo", "config.unknown_key"),
        (6, "perhaps", "value.conclusion.goal"),
        (6, "2026-11-20T", "value.conclusion.at"),
        (7, "pya", "value.conclusion.team"),
        (8, "just", "value.conclusion.no_mapping"),
    ]
    places = [(f"conclusions.yaml:{n}:{lines[n - 1].index(word) + 1}", message) for n, word, message in expected]
    assert problems(world, text) == [place for place in places if place[1] != "value.conclusion.source"]
    assert problems(world, text.replace(", foo: 1", "")) == [p for p in places if p[1] != "config.unknown_key"]


def test_no_list(world: World) -> None:
    assert problems(world, "issue: PAY-1\n") == [("conclusions.yaml:1:1", "value.conclusion.no_list")]


def test_broken_yaml_names_its_line(world: World) -> None:
    where, _ = problems(world, "- {issue: PAY-1\n- x")[0]
    assert where is not None
    assert where.startswith("conclusions.yaml:2")


def test_observing_longer_a_third_time_is_refused(world: World) -> None:
    line = "- {issue: PAY-2, conclusion: observe, reason: x, at: 2026-11-2%d}\n"
    write(world, line % 1 + line % 2)
    assert len(world.conclusions().all) == 2
    assert problems(world, line % 1 + line % 2 + line % 3) == [("conclusions.yaml:3:30", "value.conclusion.observed")]
    write(world, line % 1 + line % 2)
    world.issue(2)
    with pytest.raises(UserError, match="observed"):
        conclude(world, 2, "继续观察")


LONGEST = [("kr: GROW-KR1, ", "2026-12-19"), ("kr: COST-KR2, ", "2026-12-30"), ("", "2026-12-30")]


@pytest.mark.parametrize(("kr", "last"), LONGEST, ids=["at-least-28-days", "its-own-length", "the-longest-of-all"])
def test_observing_longer_has_a_longest_term_counted_from_the_decision(world: World, kr: str, last: str) -> None:
    path = world.folder / "okrs" / "q4.yaml"
    path.write_text(path.read_text("utf-8").replace("title: Cost,", "title: Cost, observe: 39d,"), "utf-8")
    line = f"- {{issue: PAY-2, {kr}conclusion: observe, reason: x, at: 2026-11-21, due: %s}}\n"
    write(world, line % last)
    assert [str(c.due) for c in world.conclusions().all] == [last]
    place = f"conclusions.yaml:1:{line.index('%s') + 1}"
    assert problems(world, line % "2099-12-31") == [(place, "value.conclusion.too_long")]
    after = date.fromordinal(date.fromisoformat(last).toordinal() + 1)
    assert problems(world, line % after) == [(place, "value.conclusion.too_long")]
    assert last in world_problem(world)


def world_problem(world: World) -> str:
    with pytest.raises(UserError) as caught:
        world.conclusions()
    (one,) = caught.value.problems
    return translator("en").render(one.what)


def test_a_follow_up_of_another_conclusion_may_be_due_whenever_it_is(world: World) -> None:
    write(world, "- {issue: PAY-2, conclusion: fix, reason: x, at: 2026-11-21, due: 2028-01-01}\n")
    assert [c.due for c in world.conclusions().all] == [date(2028, 1, 1)]


def test_the_command_refuses_the_same_and_writes_nothing(world: World) -> None:
    world.issue(2)
    with pytest.raises(UserError, match=r"too_long.*2026-12-23") as caught:
        conclude(world, 2, "observe", kr="GROW-KR1", due=date(2026, 12, 24))
    assert caught.value.problems[0].next_step is not None
    assert not (world.folder / "conclusions.yaml").exists()
    conclude(world, 2, "observe", kr="GROW-KR1", due=date(2026, 12, 23))
    assert world.conclusions().all[-1].due == date(2026, 12, 23)


def conclude(world: World, number: int, word: str, **details: object) -> Path:
    _, item = world.item(number)
    given = {"at": at(11, 25), "reason": "because", **details}
    return add(world.config, world.book, world.conclusions(), item, word, **given)  # type: ignore[arg-type]  # by test


def test_adding_keeps_what_people_wrote(world: World) -> None:
    world.issue(7)
    path = write(world, FILE)
    assert conclude(world, 7, "加码", kr="grow-kr1", by="lin", due=date(2027, 1, 10)) == path
    text = path.read_text("utf-8")
    assert text.startswith(FILE)
    assert text[len(FILE) :] == (
        "- source: jira\n"
        '  issue: PAY-7\n  kr: "2026Q4:GROW-KR1"\n  conclusion: double-down\n  reason: because\n  by: lin\n'
        '  at: "2026-11-25T09:00:00+00:00"\n  due: "2027-01-10"\n'
    )
    added = world.conclusions().all[-1]
    assert (added.issue, added.kr, added.due) == ("PAY-7", "2026Q4:GROW-KR1", date(2027, 1, 10))
    assert [p.name for p in world.folder.iterdir() if "conclusions" in p.name] == ["conclusions.yaml"]


def test_adding_a_goal_makes_the_file(world: World) -> None:
    path = add_goal(world.config, "pay", SPRINTS[1], "达成", reason='said: "done" # really', at=at(11, 25), by="王")
    assert path.read_text("utf-8").startswith("- goal: S27\n")
    (goal,) = world.conclusions().goals
    assert (goal.hit, goal.team, goal.by, goal.reason) == (True, "pay", "王", 'said: "done" # really')


@pytest.mark.parametrize("word", ["doubel-down", "", "maybe"])
def test_adding_refuses_other_words(world: World, word: str) -> None:
    world.issue(7)
    with pytest.raises(UserError) as caught:
        conclude(world, 7, word)
    assert caught.value.problems[0].next_step is not None
    assert not (world.folder / "conclusions.yaml").exists()
    with pytest.raises(UserError, match="goal"):
        add_goal(world.config, "pay", SPRINTS[1], word, reason="x", at=1)


def test_adding_refuses_an_unknown_key_result(world: World) -> None:
    world.issue(7)
    with pytest.raises(UserError, match=r"value\.conclusion\.kr"):
        conclude(world, 7, "fix", kr="GROV-KR1")


def test_a_list_in_brackets_is_not_rewritten(world: World) -> None:
    world.issue(7)
    path = write(world, "[{issue: PAY-1, conclusion: fix, reason: x, at: 2026-11-20}]\n")
    with pytest.raises(UserError, match="flow_list"):
        conclude(world, 7, "fix")
    assert path.read_text("utf-8").startswith("[")


def test_a_read_only_folder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.issue(7)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("okr_delivery.value.yaml_list.tempfile.mkstemp", refuse)
    with pytest.raises(UserError, match="not_written"):
        conclude(world, 7, "fix")


def test_words() -> None:
    assert verb("Double Down") is Verb.DOUBLE_DOWN
    assert verb("stop_loss") is Verb.STOP_LOSS
    assert verb(" 止损 ") is Verb.STOP_LOSS
    assert {verb(word) for word in ("加码", "放着", "修正", "止损", "降级", "下线", "继续观察")} == set(Verb)


@settings(max_examples=200, deadline=None)
@given(
    reason=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip), indent=st.booleans()
)
def test_any_reason_survives(tmp_path_factory: pytest.TempPathFactory, reason: str, indent: bool) -> None:
    path = tmp_path_factory.mktemp("list") / "c.yaml"
    before = "# head\n  - a: 1\n    # inside\n" if indent else "# head\n[]\n"
    path.write_text(before, "utf-8")
    append_entry(path, "c.yaml", {"issue": "PAY-1", "reason": reason})
    text = path.read_text("utf-8")
    assert text.startswith("# head\n")
    assert parse(text, "c.yaml").data[-1] == {"issue": "PAY-1", "reason": reason}


@pytest.mark.parametrize("lang", LANGS)
def test_the_words_that_are_offered_are_all_there_are(lang: str) -> None:
    words = re.split(r"[,、] ?", translator(lang)("terms.conclusion.words"))
    assert [verb(word) for word in words] == list(Verb)
