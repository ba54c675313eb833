"""Lines and fields on a tracker that keeps no history of them: what syncs saw counts, from when they saw it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from okr_delivery.model.contribution import Contribution
from okr_delivery.model.work import Field
from okr_delivery.value.links import frozen_links, links_at
from okr_delivery.value.results import Links
from tests.value.world import CONFIG, World, at

LAB = CONFIG.replace("type: jira", "type: gitlab").replace("projects: [PAY]", "projects: [acme/pay]")
ONE, NINE = "Contributes-to: GROW-KR1 +1pp", "Contributes-to: GROW-KR1 +9pp"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "work")
    (made.folder / "okr-delivery.yaml").write_text(LAB, "utf-8")
    yield made
    made.close()


def only(found: Links) -> Contribution:
    assert len(found.contributions) == 1, found
    return found.contributions[0]


def test_a_line_counts_from_the_sync_that_saw_it(world: World) -> None:
    world.issue(1, NINE)
    world.see(at(10, 12), 1, Field.CLAIM_LINES, ONE)
    world.see(at(10, 20), 1, Field.CLAIM_LINES, NINE)
    snapshot, item = world.item(1)
    early = only(frozen_links(snapshot, item, at(10, 15)))
    assert (early.amount, early.stated_at, early.seen_at, early.late) == (1, None, at(10, 12), False)
    assert only(links_at(snapshot, item)).amount == 9
    assert only(links_at(snapshot, item)).seen_at == at(10, 20)


def test_a_line_first_seen_after_the_commitment_is_used_and_marked_late(world: World) -> None:
    world.issue(1, ONE)
    world.see(at(10, 20), 1, Field.CLAIM_LINES, ONE)
    snapshot, item = world.item(1)
    frozen = only(frozen_links(snapshot, item, at(10, 15)))
    assert (frozen.amount, frozen.stated_at, frozen.seen_at, frozen.late) == (1, None, at(10, 20), True)


def test_a_line_of_an_issue_that_was_left_alone_since_is_not_late(world: World) -> None:
    world.issue(1, ONE)
    world.issues[0] = replace(world.issues[0], updated=at(10, 10))
    world.see(at(10, 20), 1, Field.CLAIM_LINES, ONE)
    snapshot, item = world.item(1)
    frozen = only(frozen_links(snapshot, item, at(10, 15)))
    assert (frozen.amount, frozen.seen_at, frozen.late) == (1, at(10, 20), False)
    assert only(frozen_links(snapshot, item, at(10, 9))).late


def test_what_a_parent_says_may_still_be_late(world: World) -> None:
    world.issue(1, ONE)
    world.issue(2, parent=1)
    world.issues[1] = replace(world.issues[1], updated=at(10, 1))
    world.see(at(10, 20), 1, Field.CLAIM_LINES, ONE)
    snapshot, item = world.item(2)
    assert only(frozen_links(snapshot, item, at(10, 15))).late


def test_fields_without_a_history_are_seen_too(world: World) -> None:
    world.issue(1, kr="GROW-KR1", contribution="+1pp")
    texts = {Field.KEY_RESULT: "GROW-KR1", Field.CONTRIBUTION: "+1pp"}
    world.saw.append((at(10, 12), {"1": ("PAY-1", "pay", texts)}))
    snapshot, item = world.item(1)
    found = only(links_at(snapshot, item))
    assert (found.amount, found.stated_at, found.seen_at) == (1, None, at(10, 12))
    assert links_at(snapshot, item, at(10, 5)).contributions == ()


def test_labels_have_their_history(world: World) -> None:
    world.issue(1, labels="kr::OPS-KR5", history=[(at(10, 5), Field.LABELS, "", "kr::OPS-KR5")])
    snapshot, item = world.item(1)
    assert only(links_at(snapshot, item)).stated_at == at(10, 5)
    assert links_at(snapshot, item, at(10, 4)).contributions == ()


def test_a_field_that_does_come_with_its_history_is_believed(world: World) -> None:
    world.issue(1, kr="OPS-KR5", history=[(at(10, 5), Field.KEY_RESULT, "", "OPS-KR5")])
    snapshot, item = world.item(1)
    assert only(links_at(snapshot, item)).stated_at == at(10, 5)
    assert links_at(snapshot, item, at(10, 4)).contributions == ()
