"""Who may ever have named a key result is found from texts alone: never too few, and hardly too many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.model.claims import claim_lines, label_claim
from okr_delivery.model.work import Field, Value
from okr_delivery.value.carriers import claims_in, field_claims
from okr_delivery.value.krs import Names
from okr_delivery.value.mentions import ANY, Mentions, Words
from tests.value.world import World, at

DAY = date(2026, 10, 30)
LINE = "Contributes-to: GROW-KR1 +2pp"


def seen(world: World, text: str) -> None:
    """An issue whose history is not whole, and a line that is no longer there."""
    world.issue(1, whole=False)
    world.see(at(10, 2), 1, Field.CLAIM_LINES, text)


WAYS: dict[str, Callable[[World], object]] = {
    "line": lambda w: w.issue(1, LINE),
    "full id": lambda w: w.issue(1, "Contributes-to: 2026Q4:grow-kr1 +2pp"),
    "line with a quoted id": lambda w: w.issue(1, 'Contributes-to: "GROW-KR1" +2pp'),
    "label": lambda w: w.issue(1, labels="web KR:Grow-kr1"),
    "field": lambda w: w.issue(1, kr="GROW-KR1, COST-KR2"),
    "field in wide letters": lambda w: w.issue(1, kr="\uff27\uff32\uff2f\uff37-KR1"),
    "field with marks inside": lambda w: w.issue(1, kr="GROW\\-KR1"),
    "contribution": lambda w: w.issue(1, contribution="GROW-KR1 +2pp"),
    "summary of a linked issue": lambda w: w.issue(1, links=[("OKR-9", "GROW-KR1 retention")]),
    "key of a linked issue": lambda w: w.issue(1, links=[("OKR-17", "retention")]),
    "field naming the tracker's key": lambda w: w.issue(1, kr="okr-17"),
    "line of earlier": lambda w: w.issue(1, history=[(at(10, 2), Field.CLAIM_LINES, LINE, "")]),
    "label of earlier": lambda w: w.issue(1, labels="web", history=[(at(10, 2), Field.LABELS, "kr:GROW-KR1", "web")]),
    "line of a day": lambda w: w.issue(
        1, history=[(at(10, 2), Field.CLAIM_LINES, "", LINE), (at(10, 3), Field.CLAIM_LINES, LINE, "")]
    ),
    "line that a sync saw": lambda w: seen(w, LINE),
    "parent": lambda w: (w.issue(1, parent=2), w.issue(2, LINE)),
    "parent's parent": lambda w: (w.issue(1, parent=2), w.issue(2, parent=3), w.issue(3, LINE)),
    "parent of earlier": lambda w: (
        w.issue(1, history=[(at(10, 2), Field.PARENT, "2", "")]),
        w.issue(2, LINE),
    ),
    "parents in a ring": lambda w: (w.issue(1, parent=2), w.issue(2, LINE, parent=1)),
}


def kept(world: World, *ids: str, kr: str = "2026Q4:GROW-KR1") -> list[str]:
    snapshot = world.snapshot(at(11, 1))
    return Mentions(snapshot).sieve(snapshot.book.key_results[kr])("jira", ids)


@pytest.mark.parametrize("way", WAYS)
def test_however_it_is_named_it_is_kept(world: World, way: str) -> None:
    WAYS[way](world)
    world.issue(8, "Contributes-to: COST-KR2 -5", labels="web kr:COST-KR2")
    world.issue(9, labels="web")
    assert kept(world, "9", "8", "1") == ["1"]


def test_a_parent_that_was_looked_at_before_is_kept_for_itself(world: World) -> None:
    world.issue(1, parent=2)
    world.issue(2, LINE)
    snapshot = world.snapshot(at(11, 1))
    sieve = Mentions(snapshot).sieve(snapshot.book.key_results["2026Q4:GROW-KR1"])
    assert (sieve("jira", ["1"]), sieve("jira", ["2"])) == (["1"], ["2"])


def test_a_prefix_that_is_all_letters_hides_no_label(world: World) -> None:
    world.configure("    fields: {key", "    links: {labels: [ziel, 'kr:']}\n    fields: {key")
    world.issue(1, labels="ZIELgrow-KR1")
    world.issue(9, labels="web")
    assert kept(world, "1", "9") == ["1"]


def test_one_name_in_another_is_no_reason_to_read_it(world: World) -> None:
    world.issue(1, "Contributes-to: JQL-KR10 +1")
    world.issue(2, "Contributes-to: UP-KR9 +0.1pp")
    assert kept(world, "1", "2", kr="2026Q4:JQL-KR10") == ["1"]


NAMES = ("GROW-KR1", "grow-kr1", "2026Q4:GROW-KR1", "COST-KR2", "GROW", "-KR1", "KR1", "OKR-17", "\uff27")
MARKS = (
    "**",
    "_",
    "\\",
    "`",
    "~~",
    "{color:red}",
    "{color}",
    "<b>",
    "</b>",
    "&#45;",
    "&amp;",
    "\u200b",
    "\u3000",
    "\u2011",
)
SIGNS = (" ", "\n", ": ", "; ", ",", "|", "/", "(", ")", '"', "+2pp", "60%", "M", "?", "\u4e2d", "Contributes-to")
PIECES = st.one_of(*map(st.sampled_from, (NAMES, MARKS, SIGNS)))
TEXTS = st.lists(PIECES, max_size=9).map("".join)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> tuple[Names, Words]:
    book = World(tmp_path_factory.mktemp("names") / "work").book
    return Names(book), Words(book)


def held(names: Names, words: Words, field: Field, text: str, refs: list[str | None]) -> None:
    """Every name that the carrier's own reading finds is among those that the text may hold."""
    found = words.of(field, Value(None, text))
    for ref in refs:
        answer = names.resolve(ref, "jira", DAY) if ref else None
        full = getattr(getattr(answer, "kr", None), "full_id", None)
        assert full is None or full in found or ANY in found, (text, ref)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(text=TEXTS)
def test_no_reading_of_a_text_finds_more(names: tuple[Names, Words], text: str) -> None:
    lines = claim_lines(f"Contributes-to: {text}")
    held(*names, Field.CLAIM_LINES, lines, [claim.kr for claim in claims_in(lines)])
    known = [claim.kr for claim in field_claims(text, "", [], lambda ref: names[0].known(ref, "jira"))]
    held(*names, Field.KEY_RESULT, text, known)
    amounts = [claim.kr for claim in field_claims("", text, [], lambda ref: names[0].known(ref, "jira"))]
    held(*names, Field.CONTRIBUTION, text, amounts)
    held(*names, Field.LABELS, f"kr:{text}", [label_claim(f"kr:{text}", ["kr:"])])
