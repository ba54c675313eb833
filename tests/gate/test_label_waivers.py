"""Waivers by a label: who put it on, when, and that nobody else can pass for an approver."""

from __future__ import annotations

from datetime import date

import pytest

from okr_delivery.delivery.derive import deriver
from okr_delivery.gate.result import GateResult
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.accounts import marks
from okr_delivery.model.work import Change, Field, Issue, Value, joined_labels
from okr_delivery.output import gate_json, gate_junit, gate_markdown, gate_text
from tests.gate.world import CONFIG, DAY, NOW, World, issue

LIN, EVE = marks("JIRAUSER100", "lin"), marks("JIRAUSER666", "eve")
WAIVE = "gate: {waive: {label: OKR waiver, approvers: [lin, 'jira:JIRAUSER300']}, since"
TODAY = date(2026, 11, 18)

Step = tuple[float, str | None, tuple[str, ...]]
"""Days ago, who, and the labels from then on."""


@pytest.fixture
def world(world: World) -> World:
    world.config_text = CONFIG.replace("gate: {since", WAIVE)
    return world


def written(labels: tuple[str, ...]) -> tuple[str, ...]:
    """As a connector writes them: a blank inside a name is none."""
    return tuple(filter(None, (joined_labels(labels),)))


def labelled(number: int, *steps: Step, first: tuple[str, ...] = (), **changed: object) -> tuple[Issue, list[Change]]:
    """A requirement without a key result, whose labels changed so."""
    own = issue(number, "", labels=written(steps[-1][2] if steps else first), **changed)
    before, history = first, []
    for n, (ago, who, after) in enumerate(steps):
        sides = Value(None, joined_labels(before)), Value(None, joined_labels(after))
        history.append(Change(own.id, n + 1, 0, int(NOW - ago * DAY), Field.LABELS, *sides, who))
        before = after
    return own, history


def judged(world: World, *made: tuple[Issue, list[Change]], **asked: object) -> GateResult:
    world.synced(*(own for own, _ in made))
    with world.store.page("jira") as tx:
        ids = [own.id for own, _ in made]
        tx.put_changes(ids, [change for _, history in made for change in history])
        deriver(world.write())(tx, "jira", ids)
    return world.gate(**asked)  # type: ignore[arg-type]  # by name


def said(result: GateResult) -> list[str]:
    return [note.id for team in result.team_verdicts for note in team.notes]


LABEL = "OKR waiver"


def test_the_label_of_an_approver_waives_what_is_found(world: World) -> None:
    result = judged(world, labelled(1, (2, LIN, (LABEL,)), estimate=None))
    assert (result.findings, result.exit_code, result.summary.ready) == ((), 0, 1)
    assert {w.finding.rule for w in result.waived} == {"KR101", "KR205"}
    waiver = result.waived[0].waiver
    assert (waiver.owner, waiver.reason, waiver.expires) == ("lin", LABEL, date(2026, 11, 22))


WANG = marks("JIRAUSER300", "wang")


def test_an_approver_is_called_by_the_name_on_display(world: World) -> None:
    theirs = labelled(2, creator="Lin Wang", creator_marks=marks("JIRAUSER100"))[0]
    result = judged(world, labelled(1, (2, LIN, (LABEL,))), (theirs, []))
    (one,) = (w.waiver for w in result.waived)
    assert (one.who, one.owner) == ("Lin Wang", "lin"), "and counts by the account"
    for write in (gate_text.write, gate_markdown.write, gate_junit.write):
        assert "Lin Wang" in write(result, translator("en"))
    assert gate_json.document(result, translator("en"))["waived"][0]["waiver"]["owner_name"] == "Lin Wang"


@pytest.mark.parametrize(
    ("creator", "who", "shown"),
    [("Lin Wang", LIN, "Lin Wang"), ("Lin Wang", EVE, "Lin Wang [lin]"), ("Eve", EVE, "Lin Wang")],
    ids=["herself", "another of that name", "another"],
)
def test_of_two_with_one_name_the_account_is_shown(world: World, creator: str, who: str, shown: str) -> None:
    theirs = labelled(2, creator="Lin Wang", creator_marks=LIN)[0]
    made = labelled(1, (2, LIN, (LABEL,)), creator=creator, creator_marks=who)
    assert {w.waiver.who for w in judged(world, made, (theirs, [])).waived} == {shown}


def test_two_approvers_with_one_name_are_told_apart(world: World) -> None:
    others = [labelled(n, creator="Lin", creator_marks=who) for n, who in ((3, LIN), (4, WANG))]
    made = labelled(1, (2, LIN, (LABEL,))), labelled(2, (2, WANG, (LABEL,)))
    result = judged(world, *made, *others)
    assert {w.waiver.who for w in result.waived} == {"Lin [lin]", "Lin [jira:JIRAUSER300]"}


def test_of_names_that_an_account_had_the_latest_is_shown(world: World) -> None:
    pairs = ((2, "Lin New", 3), (3, "Lin Old", 30))
    named = [labelled(n, creator=name, creator_marks=LIN, created=NOW - ago * DAY) for n, name, ago in pairs]
    result = judged(world, labelled(1, (9, LIN, (LABEL,))), *named)
    (note,) = [n for team in result.team_verdicts for n in team.notes]
    assert (note.id, note.params["owner"]) == ("waivers.label.over", "Lin New")


@pytest.mark.parametrize(
    "label", ["okr waiver", "OKR  Waiver", "OKR waiver:kr101", "okr waiver: KR101", "OKR waiver::KR101"]
)
def test_case_and_blanks_make_no_difference(world: World, label: str) -> None:
    assert len(judged(world, labelled(1, (2, LIN, (label,)))).waived) == 1


def test_a_label_with_a_rule_waives_that_rule_alone(world: World) -> None:
    result = judged(world, labelled(1, (2, LIN, ("OKR waiver:KR205",)), estimate=None))
    assert [f.rule for f in result.findings] == ["KR101"]
    assert [w.finding.rule for w in result.waived] == ["KR205"]
    assert said(result) == []


OTHERS = {
    "another account": ((2, EVE, (LABEL,)),),
    "one who calls herself so": ((2, marks("JIRAUSER666", "Lin Wang"), (LABEL,)),),
    "one whose user name is an id": ((2, marks("JIRAUSER666", "JIRAUSER300"), (LABEL,)),),
    "an approver after her": ((3, EVE, (LABEL,)), (2, LIN, (LABEL, "x"))),
    "put on again by her": ((3, LIN, (LABEL,)), (2, EVE, ()), (1, EVE, (LABEL,))),
    "the id of another source": ((2, marks("gitlab:JIRAUSER300"), (LABEL,)),),
}


@pytest.mark.parametrize("steps", OTHERS.values(), ids=OTHERS)
def test_nobody_else_waives(world: World, steps: tuple[Step, ...]) -> None:
    result = judged(world, labelled(1, *steps))
    assert (len(result.findings), result.waived, result.exit_code) == (1, (), 1)
    assert said(result) == ["waivers.label.no_approver"]


def test_an_approver_by_the_id_of_one_source(world: World) -> None:
    result = judged(world, labelled(1, (2, marks("JIRAUSER300", "zhao"), (LABEL,))))
    assert result.waived[0].waiver.owner == "jira:JIRAUSER300"


@pytest.mark.parametrize(
    ("ago", "counts"),
    [(0, True), (6.4, True), (6.9, False), (8, False)],  # 6.9 days ago it was the seventh day before in Shanghai
)
def test_a_label_counts_for_seven_days_the_first_one_included(world: World, ago: float, counts: bool) -> None:
    result = judged(world, labelled(1, (ago, LIN, (LABEL,))))
    assert bool(result.waived) is counts
    assert said(result) == ([] if counts else ["waivers.label.over"])


def test_put_on_again_by_an_approver_it_counts_anew(world: World) -> None:
    result = judged(world, labelled(1, (20, LIN, (LABEL,)), (3, EVE, ()), (1, LIN, (LABEL,))))
    assert result.waived[0].waiver.expires == date(2026, 11, 23)


def test_what_was_taken_off_waives_nothing(world: World) -> None:
    result = judged(world, labelled(1, (3, LIN, (LABEL,)), (1, EVE, ("x",))))
    assert (len(result.findings), said(result)) == (1, [])


def test_as_of_an_earlier_day_the_label_stands_as_it_stood_then(world: World) -> None:
    made = labelled(1, (20, LIN, (LABEL,)), (10, EVE, ()))
    then = judged(world, made, as_of=NOW - 15 * DAY, backlog=True)
    assert then.waived[0].waiver.expires == date(2026, 11, 4)
    before = world.gate(as_of=NOW - 21 * DAY, backlog=True)
    assert (len(before.findings), before.waived) == (1, ())
    later = world.gate(as_of=NOW - 12 * DAY, backlog=True)
    assert said(later) == ["waivers.label.over"]


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"creator_marks": LIN, "created": NOW - 2 * DAY}, None),
        ({"creator_marks": EVE, "created": NOW - 2 * DAY}, "waivers.label.no_approver"),
        ({"creator_marks": LIN, "created": NOW - 9 * DAY}, "waivers.label.over"),
        ({"creator": "lin", "created": NOW - 2 * DAY}, "waivers.label.nobody"),  # a name alone is nobody
        ({"creator_marks": LIN, "created": NOW - 2 * DAY, "history_complete": False}, "waivers.label.nobody"),
    ],
)
def test_a_label_from_the_beginning_is_its_creators(world: World, changed: dict[str, object], note: str | None) -> None:
    result = judged(world, labelled(1, first=(LABEL,), **changed))
    assert (bool(result.waived), said(result)) == (note is None, [note] if note else [])


@pytest.mark.parametrize(
    "steps", [((2, None, (LABEL,)),), ((3, LIN, ("x",)), (2, LIN, ()))], ids=["nameless", "unseen"]
)
def test_what_history_does_not_tell_does_not_count(world: World, steps: tuple[Step, ...]) -> None:
    own, history = labelled(1, *steps)
    own = issue(1, "", labels=written((LABEL,)), creator_marks=LIN, created=NOW - 4 * DAY)
    result = judged(world, (own, history))
    assert (result.waived, said(result)) == ((), ["waivers.label.nobody"])


def test_a_rule_that_nobody_knows_is_said_and_waives_nothing(world: World) -> None:
    result = judged(world, labelled(1, (2, LIN, ("OKR waiver:KR999",))))
    assert (result.waived, said(result)) == ((), ["waivers.label.rule"])


def test_without_the_setting_and_with_no_waivers_labels_are_labels(world: World) -> None:
    made = labelled(1, (2, LIN, (LABEL,)))
    assert judged(world, made, waive=False).waived == ()
    world.config_text = CONFIG
    result = judged(world, made)
    assert (result.waived, said(result)) == ((), [])


def test_a_waiver_of_the_file_comes_first(world: World) -> None:
    world.write()
    world.waivers("- {rule: KR101, entity: PAY-1, reason: audit, owner: wang, expires: 2026-12-15}\n")
    result = judged(world, labelled(1, (2, LIN, (LABEL,))))
    assert [w.waiver.owner for w in result.waived] == ["wang"]


@pytest.mark.parametrize("lang", LANGS)
def test_what_does_not_count_is_said_with_key_and_label(world: World, lang: str) -> None:
    result = judged(world, labelled(1, (2, EVE, (LABEL,)), estimate=None))
    (note,) = [note for team in result.team_verdicts for note in team.notes]
    text = translator(lang).render(note)
    assert "PAY-1" in text and LABEL in text
