"""Links: the union of carriers, precedence of amounts, units, signs, sizes, history."""

from __future__ import annotations

from datetime import date

import pytest

from okr_delivery.locale import LANGS, translator
from okr_delivery.model.claims import has_blank, parse_claims
from okr_delivery.model.contribution import Carrier, Contribution, StatedAs
from okr_delivery.model.work import Field
from okr_delivery.okrs import Readings
from okr_delivery.value.links import frozen_links, links_at
from okr_delivery.value.results import LinkFault, LinkProblem, Links
from tests.value.world import World, at


def links(world: World, number: int = 1) -> Links:
    snapshot, item = world.item(number)
    return links_at(snapshot, item)


def only(found: Links) -> Contribution:
    assert len(found.contributions) == 1, found
    return found.contributions[0]


def problem(found: Links) -> LinkProblem:
    assert len(found.problems) == 1, found
    return found.problems[0]


@pytest.mark.parametrize(
    ("line", "kr", "amount", "low", "high", "confidence"),
    [
        ("Contributes-to: GROW-KR1 +1.5pp 60%", "GROW-KR1", 1.5, None, None, 0.6),
        ("Contributes-to: GROW-KR1 1.5", "GROW-KR1", 1.5, None, None, 0.5),
        ("Contributes-to: grow-kr1 -1.5 个点", "GROW-KR1", -1.5, None, None, 0.5),
        ("Contributes-to: GROW-KR1 M", "GROW-KR1", 0.6, 0.3, 1.2, 0.5),
        ("贡献: GROW-KR1 特大 把握80%", "GROW-KR1", 3.6, 1.8, 7.2, 0.8),
        ("Contributes-to: GROW-KR1 share 10%", "GROW-KR1", 1.2, None, None, 0.5),
        ("Contributes-to: COST-KR2 -120k", "COST-KR2", -120_000, None, None, 0.5),
        ("Contributes-to: COST-KR2 120k", "COST-KR2", -120_000, None, None, 0.5),
        ("Contributes-to: COST-KR2 +120k", "COST-KR2", 120_000, None, None, 0.5),
        ("贡献: COST-KR2 -12万元", "COST-KR2", -120_000, None, None, 0.5),
        ("贡献: COST-KR2 ¥12万", "COST-KR2", -120_000, None, None, 0.5),
        ("Contributes-to: COST-KR2 M", "COST-KR2", -50_000, -25_000, -100_000, 0.5),
        ("贡献: GMV-KR3 +12万元", "GMV-KR3", 12, None, None, 0.5),
        ("贡献: GMV-KR3 +12万", "GMV-KR3", 12, None, None, 0.5),
        ("贡献: GMV-KR3 +12", "GMV-KR3", 12, None, None, 0.5),
        ("贡献: GMV-KR3 120000元", "GMV-KR3", 12, None, None, 0.5),
        ("Contributes-to: CS-KR7 +2", "CS-KR7", 2, None, None, 0.5),
        ("Contributes-to: CS-KR7 L", "CS-KR7", 0.6, 0.3, 1.2, 0.5),
        ("Contributes-to: SPEED-KR8 3d", "SPEED-KR8", -3, None, None, 0.5),
        ("贡献: SPEED-KR8 -3天", "SPEED-KR8", -3, None, None, 0.5),
        ("Contributes-to: BAND-KR4 -0.5pp", "BAND-KR4", -0.5, None, None, 0.5),
        ("Contributes-to: OKR-17 M", "GROW-KR1", 0.6, 0.3, 1.2, 0.5),
        ("Contributes-to: 2026Q4:GROW-KR1 M", "GROW-KR1", 0.6, 0.3, 1.2, 0.5),
    ],
)
def test_amounts(
    world: World, line: str, kr: str, amount: float, low: float | None, high: float | None, confidence: float
) -> None:
    world.issue(1, line)
    found = links(world)
    assert found.problems == ()
    stated = only(found)
    assert (stated.kr, stated.carrier) == (f"2026Q4:{kr}", Carrier.LINE)
    assert (stated.amount, stated.low, stated.high) == (amount, low, high)  # exact: no noise of binary fractions
    assert stated.confidence == confidence


@pytest.mark.parametrize(
    ("line", "fault", "paste"),
    [
        ("Contributes-to: GROW-KR1 10%", LinkFault.INVALID, "Contributes-to: GROW-KR1 10pp"),
        ("贡献: GROW-KR1 +10%", LinkFault.INVALID, "贡献: GROW-KR1 +10个百分点"),
        ("Contributes-to: COST-KR2 10%", LinkFault.INVALID, "Contributes-to: COST-KR2 share 10%"),
        ("Contributes-to: COST-KR2 10% 60%", LinkFault.INVALID, "Contributes-to: COST-KR2 share 10% 60%"),
        ("Contributes-to: GROW-KR1 3d", LinkFault.INVALID, "Contributes-to: GROW-KR1 3pp"),
        ("Contributes-to: COST-KR2 -2pp", LinkFault.INVALID, "Contributes-to: COST-KR2 -2"),
        ("贡献: COST-KR2 -12w", LinkFault.INVALID, "贡献: COST-KR2 -12万"),
        ("Contributes-to: GROW-KR1 +0pp", LinkFault.INVALID, "Contributes-to: GROW-KR1 M"),
        ("Contributes-to: BAND-KR4 M", LinkFault.INVALID, "Contributes-to: BAND-KR4 +Npp"),
        ("Contributes-to: BAND-KR4 0.5pp", LinkFault.INVALID, "Contributes-to: BAND-KR4 +0.5pp"),
        ("Contributes-to: OPS-KR5 M", LinkFault.INVALID, "Contributes-to: OPS-KR5"),
        ("Contributes-to: AUD-KR6 +1", LinkFault.INVALID, "Contributes-to: AUD-KR6"),
        ("Contributes-to: UP-KR9 S", LinkFault.INVALID, "Contributes-to: UP-KR9 +Npp"),
        ("Contributes-to: GROW-KR1 +1pp 140%", LinkFault.UNREADABLE, "Contributes-to: GROW-KR1 +1pp"),
        ("Contributes-to: GROW-KR1 1,5pp", LinkFault.UNREADABLE, "Contributes-to: GROW-KR1 1.5pp"),
        ("Contributes-to: GROW-KR1 ?", LinkFault.PENDING, "Contributes-to: GROW-KR1 M"),
        ("Contributes-to: GROW-KR1", LinkFault.MISSING_AMOUNT, "Contributes-to: GROW-KR1 M"),
        ("Contributes-to: BAND-KR4", LinkFault.MISSING_AMOUNT, "Contributes-to: BAND-KR4 +Npp"),
    ],
)
def test_no_amount(world: World, line: str, fault: LinkFault, paste: str) -> None:
    world.issue(1, line)
    found = links(world)
    wrong = problem(found)
    assert (wrong.fault, wrong.paste, wrong.carrier) == (fault, paste, Carrier.LINE)
    assert only(found).amount is None
    assert wrong.kr == only(found).kr
    assert has_blank(paste) or all(claim.error is None for claim in parse_claims(paste))
    for lang in LANGS:
        text = translator(lang).render(wrong.message)
        assert not text.startswith("value.")
        assert "{" not in text


def test_both_readings_of_a_bare_percentage_are_written_out(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 10%\nContributes-to: COST-KR2 10%")
    points, share = (translator("en").render(p.message) for p in links(world).problems)
    assert "Contributes-to: GROW-KR1 10pp" in points
    assert "Contributes-to: GROW-KR1 share 10%" in points
    assert "Contributes-to: COST-KR2 share 10%" in share
    assert "Contributes-to: COST-KR2 ? 10%" in share


@pytest.mark.parametrize("kr", ["OPS-KR5", "AUD-KR6", "CS-KR7"])
def test_key_results_that_need_no_amount(world: World, kr: str) -> None:
    world.issue(1, f"Contributes-to: {kr}")
    found = links(world)
    assert found.problems == ()
    assert (only(found).amount, only(found).stated_as) == (None, StatedAs.NONE)


def test_a_size_on_a_lower_bound_needs_the_reading_at_the_start(world: World) -> None:
    world.issue(1, "Contributes-to: UP-KR9 L")
    world.reading("UP-KR9", 9, 30, 99.5)
    snapshot, item = world.item(1)
    found = links_at(snapshot, item, readings=world.all_readings())
    assert only(found).amount == pytest.approx(0.06)
    assert only(links_at(snapshot, item, readings=Readings(()))).amount is None


def test_unknown_key_result_with_the_nearest(world: World) -> None:
    world.issue(1, "Contributes-to: GROV-KR1 +1pp 60%", labels="kr:GROW-KR11")
    found = links(world)
    assert found.contributions == ()
    assert found.stated
    written, open_ = "Contributes-to: GROW-KR1 +1pp 60%", "Contributes-to: GROW-KR1"
    assert {(p.fault, p.kr, p.nearest, p.paste, p.pending) for p in found.problems} == {
        (LinkFault.UNKNOWN_KR, "GROV-KR1", "GROW-KR1", written, written),
        (LinkFault.UNKNOWN_KR, "GROW-KR11", "GROW-KR1", f"{open_} M", f"{open_} ?"),
    }


@pytest.mark.parametrize("rest", ["lots", "+1~2", "M L", "+0pp"])
def test_the_nearest_whatever_the_rest_of_the_line(world: World, rest: str) -> None:
    world.issue(1, f"Contributes-to: GROW-KR11 {rest}")
    found = problem(links(world))
    assert (found.kr, found.nearest) == ("GROW-KR11", "GROW-KR1")
    assert found.paste is not None and found.paste.startswith("Contributes-to: GROW-KR1 ")


def test_the_line_with_the_nearest_states_an_amount_that_it_can_take(world: World) -> None:
    world.issue(1, "Contributes-to: COTS-KR2 -1pp 60%")
    found = problem(links(world))
    assert found.nearest == "COST-KR2"
    assert found.paste == "Contributes-to: COST-KR2 -1 60%"


def test_the_nearest_takes_over_the_amount_of_the_field(world: World) -> None:
    world.issue(1, kr="GROV-KR1", contribution="+1.5pp 60%")
    assert problem(links(world)).paste == "Contributes-to: GROW-KR1 +1.5pp 60%"


def test_words_without_a_key_result_name_none(world: World) -> None:
    world.issue(1, "Contributes-to: better performance for all")
    found = links(world)
    assert (problem(found).fault, problem(found).kr) == (LinkFault.UNREADABLE, None)


def test_the_union_of_carriers_and_the_first_amount(world: World) -> None:
    world.issue(
        1,
        "Contributes-to: GROW-KR1 +2pp\nContributes-to: COST-KR2 -1k",
        labels="kr:GROW-KR1 KR::ops-kr5 backend",
        kr="GROW-KR1",
        contribution="1.5",
        confidence="70",
        links=[("OKR-17", "Retention"), ("X-1", "Serves AUD-KR6, really")],
    )
    found = links(world)
    by_kr = {c.kr.partition(":")[2]: c for c in found.contributions}
    assert set(by_kr) == {"GROW-KR1", "COST-KR2", "OPS-KR5", "AUD-KR6"}
    assert (by_kr["GROW-KR1"].amount, by_kr["GROW-KR1"].carrier) == (1.5, Carrier.FIELDS)
    assert by_kr["GROW-KR1"].confidence == 0.7
    assert by_kr["COST-KR2"].confidence == 0.7
    assert by_kr["AUD-KR6"].carrier is Carrier.ISSUE_LINK
    wrong = problem(found)
    assert (wrong.fault, wrong.carrier) == (LinkFault.DISAGREE, Carrier.LINE)
    assert "1.5" in translator("en").render(wrong.message)


def test_the_order_of_carriers_is_configured(world: World) -> None:
    world.configure("    fields: {key", "    links: {order: [line, fields]}\n    fields: {key")
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", kr="GROW-KR1", contribution="1.5")
    assert (only(links(world)).amount, only(links(world)).carrier) == (2, Carrier.LINE)


@pytest.mark.parametrize("field", ["GROW-KR1 +2pp", "Contributes-to: GROW-KR1 +2pp", "{{GROW-KR1}} +2pp"])
def test_a_whole_line_in_the_field_is_the_line_to_paste(world: World, field: str) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +1pp", contribution=field)
    snapshot, item = world.item(1)
    wrong = problem(links_at(snapshot, item))
    assert wrong.fault is LinkFault.DISAGREE
    assert wrong.paste == "Contributes-to: GROW-KR1 +2pp"


def test_equal_amounts_do_not_disagree(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 M\nContributes-to: GROW-KR1 +0.6pp")
    assert links(world).problems == ()


def test_two_amounts_in_one_carrier_disagree(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +1.5pp\nContributes-to: GROW-KR1 +2pp")
    found = links(world)
    assert problem(found).fault is LinkFault.DISAGREE
    assert only(found).amount == 1.5


@pytest.mark.parametrize(
    ("kr", "contribution", "labels", "amount"),
    [
        ("GROW-KR1", "+1.5pp 60%", "", 1.5),
        ("", "GROW-KR1 +1.5pp", "", 1.5),
        ("", "贡献：GROW-KR1 １．５个百分点", "", 1.5),
        ("", "1.5", "kr:GROW-KR1", 1.5),
        ("2026Q4:GROW-KR1 Retention", "M", "", 0.6),
        ("GROW-KR1", "GROW-KR1 +1.5pp", "", 1.5),
        ("GROW-KR1: 30-day retention", "1.5", "", 1.5),
        ("GROW-KR1", "１．５个百分点", "", 1.5),
    ],
)
def test_the_contribution_field(world: World, kr: str, contribution: str, labels: str, amount: float) -> None:
    world.issue(1, kr=kr, contribution=contribution, labels=labels)
    found = links(world)
    assert found.problems == ()
    assert only(found).amount == pytest.approx(amount)
    assert only(found).carrier is Carrier.FIELDS


def test_a_number_field_with_several_key_results(world: World) -> None:
    world.issue(1, kr="GROW-KR1, COST-KR2", contribution="1.5")
    found = links(world)
    wrong = [p for p in found.problems if p.fault is LinkFault.INVALID]
    assert [p.paste for p in wrong] == ["Contributes-to: GROW-KR1 M; COST-KR2 M"]
    assert {c.kr for c in found.contributions} == {"2026Q4:GROW-KR1", "2026Q4:COST-KR2"}


def test_an_amount_without_any_key_result(world: World) -> None:
    world.issue(1, contribution="1.5")
    found = links(world)
    assert found.contributions == ()
    assert problem(found).message.id == "value.links.amount_without_kr"


def test_a_confidence_field_out_of_bounds(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +1pp", confidence="160")
    found = problem(links(world))
    assert (found.fault, found.paste) == (LinkFault.CONFIDENCE, None)


def test_non_okr(world: World) -> None:
    world.issue(1, "Non-OKR: compliance audit of MLPS")
    world.issue(2, "Non-OKR: RUN on-call week")
    world.issue(3, "Non-OKR: because")
    assert links(world, 1).non_okr == "audit of MLPS"
    assert links(world, 2).non_okr == "on-call week"
    third = links(world, 3)
    assert third.non_okr is None
    assert problem(third).paste == "Non-OKR: defect because"


def test_short_ids_mean_the_cycle_of_the_iteration(world: World) -> None:
    later = (world.folder / "okrs" / "q4.yaml").read_text("utf-8")
    later = later.replace("2026Q4", "2027Q1").replace("2026-10-01", "2027-01-01").replace("2026-12-31", "2027-03-31")
    (world.folder / "okrs" / "q1.yaml").write_text(later.partition("iterations:")[0], "utf-8")
    world.issue(1, "Contributes-to: GROW-KR1 M")
    snapshot, item = world.item(1)
    assert only(links_at(snapshot, item)).kr == "2026Q4:GROW-KR1"
    assert only(links_at(snapshot, item, day=date(2027, 1, 4))).kr == "2027Q1:GROW-KR1"


# -- history ---------------------------------------------------------------------------------------------------------


def test_the_version_at_commitment_counts(world: World) -> None:
    history = [
        (at(10, 10), Field.CLAIM_LINES, "", "Contributes-to: GROW-KR1 +1pp"),
        (at(10, 20), Field.CLAIM_LINES, "Contributes-to: GROW-KR1 +1pp", "Contributes-to: GROW-KR1 +9pp"),
    ]
    world.issue(1, "Contributes-to: GROW-KR1 +9pp", history=history)
    world.see(at(10, 12), 1, Field.CLAIM_LINES, "Contributes-to: GROW-KR1 +1pp")
    snapshot, item = world.item(1)
    frozen = only(frozen_links(snapshot, item, at(10, 15)))
    assert (frozen.amount, frozen.stated_at, frozen.seen_at) == (1, at(10, 10), at(10, 12))
    assert (frozen.frozen_at, frozen.late) == (at(10, 15), False)
    assert only(links_at(snapshot, item)).amount == 9


def test_a_claim_first_stated_after_the_commitment_is_used_and_marked_late(world: World) -> None:
    history = [(at(10, 20), Field.CLAIM_LINES, "Contributes-to: GROW-KR1 ?", "Contributes-to: GROW-KR1 +2pp")]
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", history=history)
    snapshot, item = world.item(1)
    frozen = only(frozen_links(snapshot, item, at(10, 15)))
    assert (frozen.amount, frozen.stated_at, frozen.late) == (2, at(10, 20), True)


def test_without_history_what_syncs_saw_counts(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +9pp", whole=False)
    world.see(at(10, 12), 1, Field.CLAIM_LINES, "Contributes-to: GROW-KR1 +1pp")
    world.see(at(10, 20), 1, Field.CLAIM_LINES, "Contributes-to: GROW-KR1 +9pp")
    snapshot, item = world.item(1)
    early = only(frozen_links(snapshot, item, at(10, 15)))
    assert (early.amount, early.stated_at, early.seen_at, early.late) == (1, None, at(10, 12), False)
    late = only(frozen_links(snapshot, item, at(10, 11)))
    assert (late.amount, late.seen_at, late.late) == (1, at(10, 12), True)


def test_labels_and_links_have_their_own_instants(world: World) -> None:
    history = [
        (at(10, 5), Field.LABELS, "", "kr:OPS-KR5"),
        (at(10, 8), Field.LABELS, "kr:OPS-KR5", "kr:AUD-KR6 kr:OPS-KR5"),
        (at(10, 9), Field.LINK, "", "OKR-17"),
        (at(10, 25), Field.LINK, "OKR-17", ""),
    ]
    world.issue(1, labels="kr:AUD-KR6 kr:OPS-KR5", history=history)
    snapshot, item = world.item(1)
    then = {c.kr: c.stated_at for c in links_at(snapshot, item, at(10, 20)).contributions}
    assert then == {"2026Q4:OPS-KR5": at(10, 5), "2026Q4:AUD-KR6": at(10, 8), "2026Q4:GROW-KR1": at(10, 9)}
    assert "2026Q4:GROW-KR1" not in {c.kr for c in links_at(snapshot, item).contributions}
    assert links_at(snapshot, item, at(10, 1)).contributions == ()


# -- the parent ------------------------------------------------------------------------------------------------------


def amounts(world: World, *numbers: int) -> list[float | None]:
    found = []
    for number in numbers:
        contributions = links(world, number).contributions
        found.append(contributions[0].amount if contributions else None)
    return found


def test_a_parent_is_split_by_estimate(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +4pp 60%", type_name="Epic")
    world.issue(2, parent=1, estimate=3)
    world.issue(3, parent=1, estimate=1)
    world.issue(4, parent=1, estimate=4, type_name="Bug")
    assert amounts(world, 2, 3, 4) == [3, 1, None]
    inherited = links(world, 2)
    assert inherited.inherited
    assert (only(inherited).carrier, only(inherited).confidence) == (Carrier.PARENT, 0.6)
    assert [note.id for note in inherited.notes] == ["value.links.split_by_estimate"]


def test_a_split_is_equal_and_says_so_when_an_estimate_is_missing(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 M", type_name="Epic")
    world.issue(2, parent=1, estimate=3)
    world.issue(3, parent=1)
    assert amounts(world, 2, 3) == [pytest.approx(0.3), pytest.approx(0.3)]
    assert only(links(world, 2)).high == pytest.approx(0.6)
    assert [note.id for note in links(world, 2).notes] == ["value.links.split_equally"]


def test_own_amounts_of_children_come_off_first(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +4pp", type_name="Epic")
    world.issue(2, "Contributes-to: GROW-KR1 +1pp", parent=1, estimate=100)
    world.issue(3, parent=1, estimate=2)
    world.issue(4, parent=1, estimate=1)
    world.issue(5, "Non-OKR: debt old parser", parent=1, estimate=50)
    assert amounts(world, 2, 3, 4, 5) == [1, 2, 1, None]


def test_children_that_state_more_than_the_parent_leave_nothing(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +1pp", type_name="Epic")
    world.issue(2, "Contributes-to: GROW-KR1 +3pp", parent=1)
    world.issue(3, parent=1)
    assert amounts(world, 2, 3) == [3, 0]


def test_a_parent_of_parents(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +4pp", type_name="Epic")
    world.issue(2, parent=1, estimate=1, type_name="Epic")
    world.issue(3, parent=1, estimate=1, type_name="Epic")
    world.issue(4, parent=2, estimate=1)
    assert amounts(world, 4) == [2]


def test_a_parent_that_speaks_late(world: World) -> None:
    history = [(at(10, 20), Field.CLAIM_LINES, "", "Contributes-to: GROW-KR1 +4pp")]
    world.issue(1, "Contributes-to: GROW-KR1 +4pp", type_name="Epic", history=history)
    world.issue(2, parent=1, estimate=1)
    snapshot, item = world.item(2)
    frozen = only(frozen_links(snapshot, item, at(10, 15)))
    assert (frozen.amount, frozen.late, frozen.stated_at) == (4, True, at(10, 20))


def test_circular_parents_end(world: World) -> None:
    world.issue(1, parent=2)
    world.issue(2, parent=1)
    assert links(world, 1) == Links(())


def test_the_split_is_that_of_the_freeze(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +4pp", type_name="Epic")
    world.issue(2, parent=1, estimate=1)
    world.issue(3, parent=1, estimate=3, created=at(10, 20))
    snapshot, item = world.item(2)
    assert only(frozen_links(snapshot, item, at(10, 15))).amount == 4
    assert only(links_at(snapshot, item)).amount == 1
