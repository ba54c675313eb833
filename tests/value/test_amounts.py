"""A claim against its key result: the amount, or the line to write instead, which must keep what was meant."""

from __future__ import annotations

import pytest

from okr_delivery.locale import LANGS, translator
from okr_delivery.model.claims import parse_claims
from okr_delivery.model.okr import Direction, KeyResult, Location, Metric
from okr_delivery.value.amounts import Amount, Refusal, amount_of
from okr_delivery.value.krs import Way

SIZES = {"S": 0.02, "M": 0.05, "L": 0.15, "XL": 0.30}


def moving(unit: str | None, baseline: float, target: float) -> KeyResult:
    direction = Direction.INCREASE if target > baseline else Direction.DECREASE
    metric = Metric(direction, unit=unit, baseline=baseline, target=target)
    return KeyResult("K-KR1", "2026Q4", "K", "A key result", metric, Location("okrs.yaml", 1))


SHARE = moving("%", 38, 50)
COST = moving("CNY", 4_000_000, 3_000_000)
DAYS = moving("d", 45, 32)
TURNOVER = moving("M CNY", 820, 1000)
LATENCY = moving("ms", 900, 300)


def said(what: str, kr: KeyResult) -> Amount | Refusal | None:
    metric = kr.metric
    (claim,) = parse_claims(f"Contributes-to: K-KR1 {what}")
    assert claim.error is None
    return amount_of(claim, kr, Way((metric.target or 0) - (metric.baseline or 0), 0), SIZES)


@pytest.mark.parametrize(
    ("what", "kr", "amount"),
    [
        ("M", SHARE, Amount(0.6, 0.3, 1.2)),
        ("M", COST, Amount(-50_000, -25_000, -100_000)),
        ("share 10%", COST, Amount(-100_000)),
        ("120k", COST, Amount(-120_000)),
        ("3 days", DAYS, Amount(-3)),
        ("+1.5", TURNOVER, Amount(1.5)),
        ("+120k", TURNOVER, Amount(0.12)),
        ("+2亿", TURNOVER, Amount(200)),
    ],
)
def test_amount(what: str, kr: KeyResult, amount: Amount) -> None:
    assert said(what, kr) == amount


@pytest.mark.parametrize(
    ("what", "kr", "instead", "amount"),
    [
        ("-10% 60%", COST, "share 10% 60%", -100_000),
        ("+10%", COST, "share -10%", 100_000),
        ("10%", COST, "share 10%", -100_000),
        ("-120k/month", COST, "-120000", -120_000),
        ("-1.2m", COST, "-1200000", -1_200_000),
        ("1.2 million", COST, "1200000", -1_200_000),
        ("-12w", COST, "-12万", -120_000),
        ("+2 million", TURNOVER, "+2", 2),
        ("-24h", DAYS, "-1", -1),
        ("1 week", DAYS, "7", -7),
        ("-5m", LATENCY, "-300000", -300_000),
        ("-1s", LATENCY, "-1000", -1_000),
        ("+150bps", SHARE, "+1.5pp", 1.5),
        ("+10%", SHARE, "+10pp", 10),
    ],
)
def test_the_line_to_write_means_the_same(what: str, kr: KeyResult, instead: str, amount: float) -> None:
    refusal = said(what, kr)
    assert isinstance(refusal, Refusal)
    assert refusal.paste == f"Contributes-to: K-KR1 {instead}"
    assert said(instead, kr) == Amount(amount)
    for lang in LANGS:
        assert "{" not in translator(lang).render(refusal.message)
