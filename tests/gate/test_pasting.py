"""Whatever line a finding offers: pasted, it settles the rule that offered it; a blank has to be filled in first."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping

import pytest

from okr_delivery.gate.finding import Finding, Stage
from okr_delivery.gate.paste import localised
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.claims import has_blank
from okr_delivery.model.message import Message
from tests.gate.world import CONFIG, NOW, World, issue

METRICS = {
    "UP": '{unit: "%", direction: increase, baseline: 38, target: 50}',
    "DOWN": "{unit: CNY, direction: decrease, baseline: 20000000, target: 8000000}",
    "SCALED": "{unit: 万元, direction: increase, baseline: 100, target: 300}",
    "ODD": "{unit: M CNY, direction: decrease, baseline: 1000, target: 820}",
    "SPACED": "{unit: orders per day, direction: increase, baseline: 100, target: 300}",
    "BARE": "{direction: increase, baseline: 1, target: 5}",
    "BAND": '{unit: "%", direction: range, low: 12, high: 14, tolerance: 2}',
    "BANDOVER": '{unit: "%", direction: range, low: 12, high: 14, tolerance: 2}',
    "BANDMIN": "{unit: 分钟, direction: range, low: 12, high: 14, tolerance: 2}",
    "LEAST": '{unit: "%", direction: at_least, target: 99.9}',
    "LEASTPCS": "{unit: pieces, direction: at_least, target: 24}",
    "LEASTREAD": '{unit: "%", direction: at_least, target: 99.9}',
    "LEASTOVER": '{unit: "%", direction: at_least, target: 99.9}',
    "MOST": "{unit: M CNY, direction: at_most, target: 24}",
    "MOSTREAD": "{unit: 分钟, direction: at_most, target: 24}",
    "LIVE": "{direction: milestones, items: [{id: beta, title: beta, due: 2026-11-15}]}",
    "AUDIT": "{direction: yes_no, due: 2026-12-01}",
    "COUNT": '{direction: issues, source: jira, jql: "labels = cs", count: done, target: 12}',
    "FAST": "{direction: delivery, name: lead_time, statistic: p50, unit: d, team: payments, baseline: 45, target: 32}",
    "BOTH": "{direction: composite, rule: all, parts: [UP-KR1, DOWN-KR1]}",
}
"""By the group of the key result's id; every direction there is, with and without a way to the target."""

READINGS = (
    "kr,date,value\nLEASTREAD-KR1,{day},99.5\nLEASTOVER-KR1,{day},99.95\nMOSTREAD-KR1,{day},40\nBANDOVER-KR1,{day},20\n"
)

ENDINGS = """\
|?|? 60%|M|XL 60%|XXL|XS|share|share 10%|share 0%|share 0.1|-5% share|M L|M because|lots|lots of it|N|+Npp|-N CNY|N/A
+0|+0pp|0|+1|-1|1|+1pp|-1pp|1pp|1%|10%|+10%|-10% 60%|10% M|+1pp 0%|+1pp 60%|+1pp 140%|+1pp -5%|+1pp @0.6|+1pp @70
+1.5 percent|+1e3pp|1e3|-1.2e5 60%|+1e-9|+1,5|-1,20,000|-120.000,50|1 200|+1~2|-120k
-120k CNY|-12w|$-3|¥ -12万|￥-12万 60%
+3 pieces|3 pcs|3 min|2h|1 week|+150bps|-1.2m|+1.2 million|+1e99|99999999999999999999|M 60%|+1.5pp 60% extra words
; +2pp|confidence 60%|sure|60% sure|(M)|~M|+-1|--1|=|>|+1pp; M|+1pp and M|超大 60%|¥12万|+1个百分点 把握60%"""
ENDINGS_ZH = """\
|待定|待定 把握60%|中|特大 把握60%|超大|特小|贡献度|贡献度10%
贡献度0%|份额0.1|中大|中，因为重要|很多|+N个百分点|-N 分钟|N
+0个百分点|0|+1个百分点|-1个点|1个百分点|10%|+10%|-10% 把握60%|+1个百分点 把握160%
1.5百分点 把握60%|+1e3个百分点|-12万|￥-12万
-12万元|12 万元|-12w|3分钟|3 小时|+3件|一点五|+1.5个百分点 把握60% 因为|-1,20,000|12~14|把握60%"""
NAMES = ("{kr}", "{low}", "{full}", "{typo}", "{spaced}")
"""The key result as it is written: right, in lower case, in full, with a slip, with its hyphen left out."""

ABOUT_THE_LINE = ("KR101", "KR102", "KR201", "KR202")
"""No offered line may lead from one of these to another; `…` stands for a reason that only a person can give."""

WORDS = "+ - M 中 % pp k 万 ? N @ 0 1 7.5 1,000 个百分点 share CNY 60% 把握60% 贡献度 XXL d and 待定 e3"
"""What lines are rolled from."""

WHOLE = """\
|It makes checkout better.|Contributes-to:|Contributes-to: grow|Contributes-to: NOPE|Contributes-to: NOPE-KR77 M
Contributes-to: KR-ID M|Contributes-to: lots of joy|Contributes-to: OLD-KR1 +1pp|Contributes-to: OLD-KR1 lots
Contributes-to: 2026Q2:OLD-KR1|Contributes-to: UP-KR1 +1pp DOWN-KR1 -3|Contributes-to: BAND-KR1 M, LEAST-KR1 M
Contributes-to: BAND-KR1 M; LEAST-KR1 1%|Contributes-to: UP-KR1 +1pp\\nContributes-to: UP-KR1 +2pp
Contributes-to: +1pp UP-KR1
Contributes-to: M|Contributes-to: +1pp|贡献: 很大|贡献: UP-KR1 +1个百分点；BAND-KR1 中
Non-OKR: because|Non-OKR: run|非OKR: 合规
Contributes-to: 2027Q1:NEXT-KR1 +1pp|Contributes-to: 2026Q4:UP-KR11 lots"""


def okrs() -> str:
    krs = "\n".join(f"      - {{id: {name}-KR1, title: {name}, metric: {text}}}" for name, text in METRICS.items())
    head = "cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, state: active}\nobjectives:\n  - id: GROW\n"
    return f"{head}    title: Merchants stay\n    owner: lin\n    source: self_driven\n    key_results:\n{krs}\n"


def written() -> list[str]:
    """Every ending on half of the key results, however each is named, and what is wrong in other ways."""
    rolled = random.Random(7)
    lines = [line.replace("\\n", "\n") for line in _cells(WHOLE)]
    for word, endings in (("Contributes-to: ", ENDINGS), ("贡献：", ENDINGS_ZH)):
        for ending in _cells(endings):
            some = rolled.sample(list(METRICS), 10)
            names = [_named(name, rolled.choice(NAMES) if rolled.random() < 0.5 else "{kr}") for name in some]
            lines += [f"{word}{name} {ending}".strip() for name in names]
    return lines + list(_rolled(rolled, 300))


def _cells(table: str) -> list[str]:
    return [cell for row in table.split("\n") for cell in row.split("|")]


def _named(group: str, how: str) -> str:
    kr = f"{group}-KR1"
    return how.format(kr=kr, low=kr.lower(), full=f"2026Q4:{kr}", typo=f"{kr}1", spaced=kr.lower().replace("-", " "))


def _rolled(rolled: random.Random, n: int) -> Iterator[str]:
    """Words of the grammar in any order."""
    words = ["", *WORDS.split()]
    for _ in range(n):
        parts = rolled.choices(words, k=rolled.randint(1, 5))
        glue = rolled.choice(["", " "])
        word = rolled.choice(["Contributes-to: ", "贡献: "])
        yield f"{word}{_named(rolled.choice(list(METRICS)), rolled.choice(NAMES))} {glue.join(parts)}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("pasting") / "work", CONFIG)
    made.okrs["2026Q4"] = okrs()
    made.root.mkdir()
    (made.root / "readings").mkdir()
    (made.root / "readings" / "q.csv").write_text(READINGS.format(day="2026-09-30"), "utf-8")
    yield made
    made.close()


def judged(world: World, lines: Mapping[int, str], stage: Stage) -> dict[int, list[Finding]]:
    """The findings of one requirement for each line."""
    world.close()
    world._store = None
    (world.root / "store.db").unlink(missing_ok=True)
    world.synced(*(issue(number, line) for number, line in lines.items()))
    found: dict[int, list[Finding]] = {number: [] for number in lines}
    for finding in world.gate(stage=stage, as_of=NOW).findings:
        if finding.entity.kind == "issue":
            found[int(finding.entity.key.removeprefix("PAY-"))].append(finding)
    return found


def filled(line: str) -> str:
    """A person puts a number where the blank is, and a key result where nothing says which one is meant."""
    return re.sub(r"(?<= [+-])N", "3", line).replace("KR-ID", "UP-KR1")


def reasons(finding: Finding) -> set[str]:
    """The messages that it is made of."""
    parts = [part for part in finding.message.params.values() if isinstance(part, Message)]
    return {part.id for part in parts}


@pytest.fixture(scope="module")
def offered(world: World) -> dict[Stage, list[tuple[str, Finding]]]:
    """What was written and each finding that offers a line."""
    lines = dict(enumerate(written(), 1))
    out: dict[Stage, list[tuple[str, Finding]]] = {}
    for stage in (Stage.INTAKE, Stage.PITCH):
        found = judged(world, lines, stage)
        out[stage] = [(lines[n], one) for n, findings in found.items() for one in findings if one.paste]
    return out


@pytest.mark.parametrize("stage", [Stage.INTAKE, Stage.PITCH])
def test_the_rule_that_offered_a_line_takes_it(
    stage: Stage, world: World, offered: dict[Stage, list[tuple[str, Finding]]]
) -> None:
    rows = offered[stage]
    assert len(rows) > (150 if stage is Stage.INTAKE else 500)
    lines = {n: filled(localised(one.paste or "", LANGS[n % 2])) for n, (_, one) in enumerate(rows, 1)}
    again = judged(world, lines, stage)
    wrong = [
        (text, one.rule, lines[n], [(f.rule, translator("en").render(f.message)) for f in again[n]])
        for n, (text, one) in enumerate(rows, 1)
        if {one.rule, *ABOUT_THE_LINE} & {f.rule for f in again[n]} and "…" not in lines[n]
    ]
    assert wrong == []


def test_an_open_amount_is_offered_at_intake_only(offered: dict[Stage, list[tuple[str, Finding]]]) -> None:
    assert any((one.paste or "").endswith(" ?") for _, one in offered[Stage.INTAKE])
    assert [(text, one.paste) for text, one in offered[Stage.PITCH] if "?" in (one.paste or "")] == []


def test_a_blank_that_nobody_filled_in_is_refused_and_says_why(
    world: World, offered: dict[Stage, list[tuple[str, Finding]]]
) -> None:
    blanks = {one.paste for _, one in offered[Stage.PITCH] if one.paste and has_blank(one.paste)}
    assert {"Contributes-to: LEAST-KR1 +Npp", "Contributes-to: MOST-KR1 -N", "贡献: BANDMIN-KR1 +N 分钟"} <= blanks
    lines = dict(enumerate(sorted(blanks), 1))
    for number, found in judged(world, lines, Stage.PITCH).items():
        assert found, lines[number]
        for one in found:
            assert (one.rule, reasons(one)) == ("KR202", {"value.claim.blank"}), lines[number]
            assert one.paste is not None and has_blank(one.paste)
            assert "gate.help.blank" in {line.id for line in _lines(one)}


def test_a_band_is_offered_the_sign_that_leads_back_into_it(world: World) -> None:
    lines = {
        1: "Contributes-to: BANDOVER-KR1 2pp 60%",
        2: "Contributes-to: BANDOVER-KR1 M",
        3: "Contributes-to: BAND-KR1 2pp",
    }
    found = judged(world, lines, Stage.PITCH)
    assert [[one.paste for one in found[n] if one.rule == "KR202"] for n in lines] == [
        ["Contributes-to: BANDOVER-KR1 -2pp 60%"],
        ["Contributes-to: BANDOVER-KR1 -Npp"],
        ["Contributes-to: BAND-KR1 +2pp"],
    ]


def _lines(finding: Finding) -> list[Message]:
    found = finding.help.params["lines"]
    assert isinstance(found, tuple)
    return list(found)


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("LEAST-KR1", "KR201", "LEAST-KR1 +Npp"),
        ("LEAST-KR1 ? 70%", "KR201", "LEAST-KR1 +Npp 70%"),
        ("LEAST-KR1 M", "KR202", "LEAST-KR1 +Npp"),
        ("LEASTREAD-KR1", "KR201", "LEASTREAD-KR1 M"),
        ("LEASTOVER-KR1 M", "KR202", "LEASTOVER-KR1 +Npp"),
        ("LEASTPCS-KR1 M", "KR202", "LEASTPCS-KR1 +N pieces"),
        ("LEASTPCS-KR1 10% 60%", "KR202", "LEASTPCS-KR1 +N pieces 60%"),
        ("BAND-KR1 M", "KR202", "BAND-KR1 +Npp"),
        ("BAND-KR1 1%", "KR202", "BAND-KR1 +1pp"),
        ("UP-KR1 +0pp 60%", "KR202", "UP-KR1 M 60%"),
        ("UP-KR1 XXL", "KR202", "UP-KR1 XL"),
        ("UP-KR1 share", "KR202", "UP-KR1 M"),
        ("UP-KR1 +1e1pp", "KR202", "UP-KR1 +10pp"),
        ("UP-KR1 +Npp", "KR202", "UP-KR1 M"),
        ("DOWN-KR1 ￥-12万", "KR202", "DOWN-KR1 -￥12万"),
        ("LIVE-KR1 M 60%", "KR202", "LIVE-KR1 confidence 60%"),
        ("up kr1 M", "KR101", "UP-KR1 M"),
        ("UP-KR11 lots", "KR102", "UP-KR1 M"),
        ("BAND-KR11 M", "KR102", "BAND-KR1 +Npp"),
        ("BAND-KR1 M; UP-KR1 S", "KR202", "BAND-KR1 +Npp"),
    ],
)
def test_the_line_that_is_offered_for_planning(world: World, text: str, rule: str, line: str) -> None:
    (found,) = judged(world, {1: f"Contributes-to: {text}"}, Stage.PITCH)[1]
    assert (found.rule, found.paste) == (rule, f"Contributes-to: {line}")


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("", "KR101", "UP-KR1 ?"),
        ("UP-KR11 lots", "KR102", "UP-KR1 ?"),
        ("UP-KR11 ? 60%", "KR102", "UP-KR1 ? 60%"),
        ("UP-KR11 +1pp", "KR102", "UP-KR1 +1pp"),
        ("LEAST-KR11", "KR102", "LEAST-KR1 ?"),
        ("LIVE-KR11", "KR102", "LIVE-KR1"),
    ],
)
def test_the_line_that_is_offered_at_intake(world: World, text: str, rule: str, line: str) -> None:
    (found,) = judged(world, {1: f"Contributes-to: {text}" if text else ""}, Stage.INTAKE)[1]
    assert (found.rule, found.paste) == (rule, f"Contributes-to: {line}")


@pytest.mark.parametrize("ending", ["", " M", " lots", " +0pp", " 1%", " +Npp"])
def test_the_nearest_id_whatever_the_rest_of_the_line(world: World, ending: str) -> None:
    (found,) = judged(world, {1: f"Contributes-to: BAND-KR11{ending}"}, Stage.PITCH)[1]
    said = [(one.kr, one.reason.id) for one in found.suggestions]
    assert (found.rule, said) == ("KR102", [("BAND-KR1", "gate.suggest.nearest")])


def test_where_no_size_has_a_meaning_none_is_asked_for(world: World) -> None:
    found = judged(world, {1: "Contributes-to: LEAST-KR1", 2: "Contributes-to: UP-KR1"}, Stage.PITCH)
    (without,), (sized,) = (_lines(one)[:1] for (one,) in found.values())
    assert (without.id, sized.id) == ("gate.kr201.fix_amount_unit", "gate.kr201.fix_unit")
