"""What somebody might try so that the gate looks away, or so that it can't look at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_delivery.gate.finding import Finding
from okr_delivery.gate.result import GateResult
from okr_delivery.gate.rule import Example, PlanExample
from okr_delivery.locale import LANGS, translator
from tests.gate.plans import planned

ENOUGH = "Contributes-to: GROW-KR1 +12pp 90%"


def found(result: GateResult, *rules: str) -> list[Finding]:
    return [finding for finding in result.findings if finding.rule in rules]


# -- a requirement's text and fields -----------------------------------------------------------------------------------

NINES = "9" * 40
GREAT = {
    "an amount": f"Contributes-to: GROW-KR1 +{NINES}pp",
    "no number at all": f"Contributes-to: GROW-KR1 +{NINES * 9}pp",
    "a scaled one": f"贡献: COST-KR2 -{NINES}亿",
    "a share": f"Contributes-to: GROW-KR1 share {NINES}%",
}


@pytest.mark.parametrize("line", GREAT.values(), ids=GREAT)
def test_an_amount_beyond_all_reason_is_refused_and_leaves_the_others_their_verdict(line: str, tmp_path: Path) -> None:
    result = planned(tmp_path / "work", PlanExample(work=(Example(line), Example(ENOUGH)))).gate()
    (finding,) = found(result, "KR202")
    assert (finding.entity.key, result.exit_code, result.summary.ready) == ("PAY-1", 1, 1)
    assert finding.paste is not None and finding.paste.endswith((" ?", " 待定"))
    assert all(NINES in translator(lang).render(finding.message) for lang in LANGS)
