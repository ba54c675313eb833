"""`gate --apply tracker` about requirements that were told before: by another run's choice, label, sprint or record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from okr_delivery.gate.telling import LOOK_AGAIN
from okr_delivery.sync.errors import GoneError
from tests.gate.test_telling import LABEL, apply, gate, pad
from tests.gate.told import Pad, refused
from tests.gate.world import CONFIG, DAY, NOW, World, issue

__all__ = ["pad"]

READY = "Contributes-to: GROW-KR1 +1.5pp 60%"
OPEN = "Contributes-to: GROW-KR1 ?"  # enough for intake alone
ELSEWHERE = "27"  # the sprint that has begun, which nobody plans any more
LATER = NOW + 2 * LOOK_AGAIN


def moved(world: World, pad: Pad, text: str, at: int = NOW + 600, **changed: Any) -> None:
    """PAY-1 as the next sync finds it, beside one that keeps the next sprint filled."""
    labels = tuple(pad.labels.get("1001", ()))
    world.synced(issue(1, text, labels=labels, **changed), issue(2), fetched_at=at)


def told(world: World, pad: Pad, **changed: Any) -> None:
    """PAY-1 was told in its next sprint."""
    moved(world, pad, "", NOW - 60, **changed)
    assert apply(world)[0] == 1
    assert (pad.labels["1001"], set(pad.comments)) == ({LABEL}, {"1001"})


# out of the scope of the run


def test_a_requirement_whose_sprint_has_begun_is_asked_until_it_is_ready(world: World, pad: Pad) -> None:
    told(world, pad)
    moved(world, pad, "Contributes-to: GROW-KR9 M", iteration=ELSEWHERE)
    code, err = apply(world, now=NOW + 700)
    assert (code, "1 renewed" in err, "KR102" in pad.comments["1001"]) == (0, True, True)
    moved(world, pad, READY, NOW + 800, iteration=ELSEWHERE)
    assert "PAY-1: would lose the label okr-gate" in gate(world, "--apply", "tracker", "--dry-run", now=NOW + 900)[2]
    code, err = apply(world, now=NOW + 900)
    assert (code, "1 cleared" in err, pad.labels["1001"], pad.comments) == (0, True, set(), {})
    count = len(pad.asked)
    apply(world, now=NOW + 1000)
    assert len(pad.asked) == count


def test_who_was_told_at_intake_is_asked_no_more_by_a_run_about_others(world: World, pad: Pad) -> None:
    told(world, pad, iteration=None, created=NOW - DAY)
    moved(world, pad, OPEN, iteration=None, created=NOW - DAY)
    code, err = apply(world, "--issue", "PAY-2", now=NOW + 700)
    assert (code, "1 cleared" in err) == (0, True)


def test_who_was_told_at_the_stage_of_the_team_is_asked_up_to_it(world: World, pad: Pad) -> None:
    told(world, pad)
    moved(world, pad, OPEN, iteration=ELSEWHERE)
    assert "1 renewed" in apply(world, now=NOW + 700)[1]
    assert "KR201" in pad.comments["1001"]


@pytest.mark.parametrize("ended", [{"status": "2"}, {"subtask": True}, {"type": "Bug"}], ids=str)
def test_what_nobody_will_judge_any_more_is_cleared(world: World, pad: Pad, ended: dict[str, Any]) -> None:
    told(world, pad)
    moved(world, pad, "", **ended)
    code, err = apply(world, now=NOW + 700)
    assert (code, "1 cleared" in err, pad.labels["1001"], pad.comments) == (0, True, set(), {})


def test_what_is_gone_is_forgotten_without_a_word(world: World, pad: Pad) -> None:
    told(world, pad)
    moved(world, pad, "")
    with world.store.page("jira") as tx:
        tx.tombstone({"1001": NOW + 600}, {"1001": "payments"})
    pad.refuses["1001"] = refused("gone", "1001", GoneError)
    code, err = apply(world, now=NOW + 700)
    assert (code, "gone" in err, "0 cleared" in err) == (0, False, True)
    assert apply(world, now=NOW + 800)[0] == 0
    assert pad.asked.count("1001") == 2


def test_what_is_gone_from_here_and_still_there_is_cleared(world: World, pad: Pad) -> None:
    told(world, pad)
    with world.store.page("jira") as tx:
        tx.tombstone({"1001": NOW + 600}, {"1001": "payments"})
    assert "1 cleared" in apply(world, now=NOW + 700)[1]
    assert not pad.comments


def test_other_teams_and_sources_that_are_too_old_are_left_alone(world: World, pad: Pad) -> None:
    two = "teams:\n  - {id: other, select: [{source: jira, types: [Task]}], gate: {adopt: pitch}}\n"
    world.config_text = CONFIG.replace("teams:\n", two)
    told(world, pad)
    moved(world, pad, READY, iteration=ELSEWHERE)
    count = len(pad.asked)
    apply(world, "--team", "other", now=NOW + 700)
    apply(world, now=NOW + 3 * DAY)
    assert len(pad.asked) == count
    apply(world, "--team", "payments", now=NOW + 700)
    assert not pad.comments


# another label


def test_a_label_of_a_former_name_goes_with_the_next_write(world: World, pad: Pad) -> None:
    told(world, pad)
    world.config_text = CONFIG.replace("gate: {since", "gate: {tell: {label: okr-check}, since")
    moved(world, pad, "")
    assert "1 renewed" in apply(world, now=NOW + 700)[1]
    assert pad.labels["1001"] == {"okr-check"}


def test_a_label_of_a_former_name_goes_when_it_is_ready_too(world: World, pad: Pad) -> None:
    told(world, pad)
    world.config_text = CONFIG.replace("gate: {since", "gate: {tell: {label: okr-check}, since")
    moved(world, pad, READY)
    shown = gate(world, "--apply", "tracker", "--dry-run", now=NOW + 700)[2]
    assert "PAY-1: would lose the label okr-gate" in shown
    apply(world, now=NOW + 700)
    assert (pad.labels["1001"], pad.comments) == (set(), {})


# what people did to the comment


def test_a_comment_is_looked_for_again_after_an_hour(world: World, pad: Pad) -> None:
    told(world, pad)
    pad.comments.clear()
    code, err = apply(world, now=NOW + 60)
    assert (code, "1 unchanged" in err, "1 were seen within the last hour" in err) == (1, True, True)
    moved(world, pad, "", LATER - 60)
    code, err = apply(world, now=LATER)
    assert (code, "1 renewed" in err, "within the last hour" in err) == (1, True, False)
    assert set(pad.comments) == {"1001"}
    moved(world, pad, "", 2 * LATER - NOW - 60)
    code, err = apply(world, now=2 * LATER - NOW)
    assert (code, "1 unchanged" in err, "within the last hour" in err) == (1, True, False)


def test_a_comment_is_looked_for_at_once_where_the_requirement_has_changed(world: World, pad: Pad) -> None:
    told(world, pad)
    pad.comments.clear()
    moved(world, pad, "", updated=NOW + 120)
    assert "1 renewed" in apply(world, now=NOW + 700)[1]
    assert set(pad.comments) == {"1001"}


def test_a_comment_is_named_by_its_id(world: World, pad: Pad) -> None:
    told(world, pad)
    moved(world, pad, "Contributes-to: GROW-KR9 M")
    apply(world, now=NOW + 700)
    moved(world, pad, READY, NOW + 800)
    apply(world, now=NOW + 900)
    assert pad.known == [None, "c1001", "c1001"]


# without a record


def lost(world: World) -> None:
    world.store.note("told jira", "not ours")


def test_a_label_is_enough_where_the_record_is_lost(world: World, pad: Pad) -> None:
    told(world, pad)
    lost(world)
    moved(world, pad, "", iteration=ELSEWHERE)
    count = len(pad.asked)
    assert apply(world, now=NOW + 700)[0] == 0
    assert len(pad.asked) == count  # that it fails is told by a run that is about it
    moved(world, pad, READY, NOW + 800, iteration=ELSEWHERE)
    apply(world, now=NOW + 900)
    assert (pad.labels["1001"], pad.comments) == (set(), {})


def test_a_label_that_stands_without_our_comment_is_somebody_elses(world: World, pad: Pad) -> None:
    pad.labels["1001"] = {LABEL}
    moved(world, pad, READY, NOW - 60, status="2")
    assert apply(world)[0] == 0
    assert (pad.labels["1001"], pad.asked) == ({LABEL}, ["1001"])
    assert apply(world, now=NOW + 60)[0] == 0
    assert pad.asked == ["1001"]


def test_a_store_that_is_not_whole_is_asked_for_labels_when_it_is(world: World, pad: Pad) -> None:
    pad.labels["1001"], pad.comments["1001"] = {LABEL}, "ours"
    moved(world, pad, READY, NOW - 60, status="2")
    with world.store.page("jira") as tx:
        tx.set_state(complete=0)
    apply(world)
    assert (pad.asked, world.store.noted("told jira")) == ([], None)
    moved(world, pad, READY, NOW - 60, status="2")
    apply(world)
    assert (pad.labels["1001"], pad.comments) == (set(), {})


def test_a_record_of_an_earlier_version_is_read(world: World, pad: Pad) -> None:
    told(world, pad)
    kept = json.loads(world.store.noted("told jira") or "")["told"]
    world.store.note("told jira", json.dumps({ref: row[:2] for ref, row in kept.items()}))
    count = len(pad.asked)
    apply(world, now=NOW + 60)
    assert len(pad.asked) == count
    moved(world, pad, READY, iteration=ELSEWHERE)
    apply(world, now=NOW + 700)
    assert (pad.labels["1001"], pad.comments) == (set(), {})


def test_without_anything_told_nothing_is_asked(world: World, pad: Pad) -> None:
    moved(world, pad, READY, NOW - 60)
    assert apply(world)[0] == 0
    assert (pad.opened, pad.asked) == (0, [])
