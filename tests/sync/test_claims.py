"""Which texts of an issue are recorded as seen."""

from __future__ import annotations

from dataclasses import replace

from okr_delivery.model.work import Field, Value
from okr_delivery.sync.claims import LONGEST, claim_texts
from tests.sync.fake import issue


def test_carriers_with_text_and_nothing_else() -> None:
    current = {
        Field.CLAIM_LINES: Value(None, "Contributes-to: GROW-KR1 +1pp"),
        Field.KEY_RESULT: Value("10100", "GROW-KR1"),
        Field.CONTRIBUTION: Value("+1.5pp"),
        Field.CONFIDENCE: Value(None, "  "),
        Field.LABELS: Value(None, "ops KR:GROW-KR2 kr:GROW-KR1 krill"),
        Field.TITLE: Value(None, "kr:NOT-A-CLAIM"),
    }
    assert claim_texts(replace(issue(1), current=current), ("kr:", "kr::")) == {
        Field.CLAIM_LINES: "Contributes-to: GROW-KR1 +1pp",
        Field.KEY_RESULT: "GROW-KR1",
        Field.CONTRIBUTION: "+1.5pp",
        Field.LABELS: "KR:GROW-KR2 kr:GROW-KR1",
    }


def test_without_prefixes_no_label_is_a_claim() -> None:
    assert claim_texts(issue(1), ()) == {}


def test_a_carrier_is_cut_at_a_length() -> None:
    long = replace(issue(1), current={Field.CLAIM_LINES: Value(None, "x" * (LONGEST + 5))})
    assert len(claim_texts(long, ())[Field.CLAIM_LINES]) == LONGEST
