from __future__ import annotations

import re
from dataclasses import replace

import pytest

from okr_delivery.gate.baseline import Baseline, Known
from okr_delivery.gate.finding import Stage
from okr_delivery.gate.result import TeamVerdict, Verdict
from okr_delivery.locale import LANGS, translator
from okr_delivery.output import gate_markdown, gate_text
from tests.gate.world import READY, World, issue
from tests.output.company import HOSTILE, company, half_blind
from tests.output.findings import answer, finding

EN, ZH = translator("en"), translator("zh")


def test_one_finding_as_its_owner_gets_it(world: World) -> None:
    world.synced(issue(1), issue(2, "", title="Three-step checkout"), issue(3, labels=("ops",), estimate="6"))
    assert gate_text.write(world.gate(), EN) == (
        "Gate up to stage pitch, as of 2026-11-18T19:06:40+08:00\n"
        "  payments: PAY S28\n"
        "\n"
        "PAY-2  Three-step checkout  (payments, by fang)\n"
        "  https://acme.atlassian.net/browse/PAY-2\n"
        "  ✗ error KR101 missing-key-result: It names no key result.\n"
        "      paste: Contributes-to: GROW-KR1 M\n"
        "      suggested: GROW-KR1 “30-day retention” (the team works for its objective GROW)\n"
        "      or: GROW-KR2 “Refund ratio” (the team works for its objective GROW)\n"
        "      Put the line into the description, or set the key-result field or a label `kr:<id>`.\n"
        "      If it serves no key result, say so: Non-OKR: <debt|defect|run> … (the budget for such work is 30 % "
        "of the effort; 50 % are used in this iteration).\n"
        "  Check again: okr-delivery gate --issue PAY-2 --sync\n"
        "\n"
        "not passed: errors 1, warnings 0, info 0, waived 0\n"
        "1 of 2 ready; to fix: PAY-2 (fang)\n"
    )


def test_the_same_in_chinese(world: World) -> None:
    text = gate_text.write(world.synced(issue(1), issue(2, "")).gate(), ZH)
    assert "      请粘贴：贡献: GROW-KR1 中\n" in text
    assert "非OKR: <debt|defect|run> …" in text and "Non-OKR" not in text and "Contributes-to" not in text
    assert text.endswith("2 个中 1 个就绪；待修正：PAY-2（fang）\n")


def test_all_ready(world: World) -> None:
    text = gate_text.write(world.synced(issue(1), issue(2)).gate(), EN)
    assert text.endswith("passed: errors 0, warnings 0, info 0, waived 0\n2 of 2 ready\n")


def test_the_closing_line_names_ten_and_counts_the_rest(world: World) -> None:
    text = gate_text.write(world.synced(*(issue(n, "") for n in range(1, 14))).gate(), EN)
    last = text.splitlines()[-1]
    assert last.startswith("0 of 13 ready; to fix: PAY-1 (fang), PAY-2 (fang), ")
    assert last.endswith("PAY-10 (fang) and 3 more")


def test_findings_of_one_requirement_stand_together(world: World) -> None:
    world.synced(issue(1, "Contributes-to: GROW-KR1 ?", estimate=None), issue(2, ""))
    text = gate_text.write(world.gate(), EN)
    block = next(part for part in text.split("\n\n") if part.startswith("PAY-1"))
    assert re.findall(r"KR\d\d\d", block) == ["KR201", "KR205"]
    assert block.count("Check again") == 1
    assert "see okrs/2026Q4.yaml:8" in block


def test_waived_findings_and_waivers_are_listed(world: World) -> None:
    text = gate_text.write(company(world).gate(), EN)
    assert "Waived\n  PAY-50 KR101 missing-key-result  until 2026-11-20 by lin: regulatory fix\n" in text
    assert "WVR002 expired-waiver: The waiver of KR205 for PAY-51 ended on 2026-11-01" in text
    assert "see okr-delivery.waivers.yaml:2" in text


def test_no_verdict_says_why_and_what_to_run(world: World) -> None:
    text = gate_text.write(half_blind(world).gate(), EN)
    assert "No verdict\n  mobile: west was never synced to its end. Run: okr-delivery sync west\n" in text
    assert text.endswith("no verdict: errors 0, warnings 0, info 0, waived 0\n1 of 1 ready\n")


def test_nothing_to_judge_is_named(world: World) -> None:
    text = gate_text.write(world.synced(iterations=()).gate(), EN)
    assert "Nothing to judge\n  payments: it has no next iteration\n" in text
    assert "nothing was selected" in text


def test_an_empty_iteration_is_named(world: World) -> None:
    text = gate_text.write(world.synced().gate(), EN)
    assert "Notes\n  payments: PAY S28 has no open requirement\n" in text


def test_quiet_leaves_the_verdict(world: World) -> None:
    text = gate_text.write(world.synced(issue(1, "")).gate(), EN, quiet=True)
    assert text.splitlines() == [
        "not passed: errors 1, warnings 0, info 0, waived 0",
        "0 of 1 ready; to fix: PAY-1 (fang)",
    ]


@pytest.mark.parametrize("lang", LANGS)
def test_the_preview_is_a_table_per_team_and_rule(world: World, lang: str) -> None:
    world.synced(issue(1, ""), issue(2, "Contributes-to: GROW-KR11 lots"), issue(3, READY))
    text = gate_text.write(world.gate(), translator(lang), preview=True)
    rows = {line.split()[1]: line.split()[3:] for line in text.splitlines() if line.startswith("payments  KR")}
    assert rows["KR101"] == ["2", "1", "0", "0", "0", "0"]
    assert rows["KR102"] == ["2", "1", "0", "0", "0", "0"]
    assert rows["KR202"] == ["2", "0", "0", "0", "0", "1"]
    assert list(rows) == sorted(rows)
    assert "PAY-1" in text.splitlines()[-1]


@pytest.mark.parametrize("lang", LANGS)
def test_the_preview_tells_what_the_baseline_holds_and_could_hold(world: World, lang: str) -> None:
    world.synced(issue(1, ""), issue(2, ""), issue(3, "", estimate=None), issue(4, READY))
    every = world.gate(backlog=True).findings
    held = Baseline.of(Known.of(one) for one in every if one.entity.key in ("PAY-1", "PAY-2"))
    result = world.gate(backlog=True, baseline=held)
    text = gate_text.write(result, translator(lang), preview=True)
    rows = {line.split()[1]: line.split()[3:7] for line in text.splitlines() if line.startswith("payments  KR")}
    assert (rows["KR101"], rows["KR205"]) == (["1", "3", "0", "2"], ["3", "1", "0", "0"])
    assert translator(lang)("gate.text.could_baseline", n=2) in text
    page = gate_markdown.write(result, translator(lang), preview=True)
    assert "| `payments` | KR101 | missing-key-result | 1 | 3 | 0 | 2 | 0 | 0 |" in page.splitlines()
    assert "PAY-3`](" not in page, "no list of what is to be done"


def test_colour_only_when_asked_for(world: World) -> None:
    result = world.synced(issue(1, "")).gate()
    plain, coloured = gate_text.write(result, EN), gate_text.write(result, EN, color=True)
    assert "\x1b" not in plain
    assert "\x1b[31m✗ error KR101 missing-key-result\x1b[0m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


def test_our_own_signs_are_ascii_where_asked_for(world: World) -> None:
    text = gate_text.write(
        world.synced(issue(1, ""), issue(2, "Contributes-to: GROW-KR1 +15pp")).gate(), EN, unicode=False
    )
    assert "  x error KR101" in text and "  ! warning KR204" in text and "✗" not in text
    assert text.isascii()


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("preview", [False, True])
def test_hostile_text_can_do_nothing(world: World, lang: str, preview: bool) -> None:
    text = gate_text.write(company(world).gate(), translator(lang), preview=preview)
    assert all(char.isprintable() or char == "\n" for char in text)
    starts = [line.lstrip() for line in text.splitlines()]
    assert not any(line.startswith(("::", "/", "##", "KR101: fine")) for line in starts)
    assert "##[" not in text


def test_hostile_titles_stay_readable(world: World) -> None:
    text = gate_text.write(company(world).gate(), EN)
    for title in (HOSTILE[0], HOSTILE[1], HOSTILE[4], HOSTILE[5], HOSTILE[6], HOSTILE[11]):
        assert title in text
    assert "Secret" not in text and "PAY-55  (payments)" in text


def test_thousands_of_findings_are_written_in_time(world: World) -> None:
    from dataclasses import replace
    from time import process_time

    result = world.synced(issue(1, "")).gate()
    (finding,) = result.findings
    many = tuple(replace(finding, entity=replace(finding.entity, key=f"PAY-{n}")) for n in range(10_000))
    began = process_time()
    text = gate_text.write(replace(result, findings=many), EN)
    assert text.count("KR101") == 10_000
    assert process_time() - began < 4


def test_what_is_known_is_counted_and_listed_on_request() -> None:
    known, fresh = finding("PAY-7", baselined=True), finding("PAY-2")
    result = answer(known, fresh)
    result = replace(result, summary=replace(result.summary, error=1, baselined=1))
    text = gate_text.write(result, EN)
    assert "PAY-7" not in text and "PAY-2" in text
    assert "that are not shown (-v lists them): 1\n" in text
    assert "not passed: errors 1, warnings 0, info 0, waived 0, known 1\n" in text
    listed = gate_text.write(result, EN, known=True)
    assert "It names no key result. (known, in the baseline)" in listed and "-v" not in listed
    assert "已知 1" in gate_text.write(result, ZH) and "-v 可列出" in gate_text.write(result, ZH)


def test_teams_that_are_not_equally_far_are_told_apart() -> None:
    stages = {"payments": Stage.PITCH, "mobile": Stage.INTAKE}
    teams = tuple(TeamVerdict(team, Verdict.PASS, stage, 1, 1) for team, stage in stages.items())
    head = "Gate up to stage intake, as of 2026-11-18T11:06:40+00:00\n  payments: up to pitch\n  mobile: up to intake\n"
    assert gate_text.write(answer(team_verdicts=teams), EN).startswith(head)
    assert "up to" not in gate_text.write(answer(team_verdicts=teams[:1]), EN).replace("up to stage", "")
