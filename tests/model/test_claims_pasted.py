"""Contribution lines as people paste them, each with what is read or with the line to write instead."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from okr_delivery.locale import LANGS, translator
from okr_delivery.model.claims import claim_lines, parse_claims
from okr_delivery.model.contribution import Claim, StatedAs


@dataclass(frozen=True)
class Amount:
    """Expected reading of one claim: the amount scaled, the unit as written."""

    kr: str
    number: float
    suffix: str | None = None
    confidence: float | None = None
    scale: str | None = None


@dataclass(frozen=True)
class Size:
    kr: str
    size: str
    confidence: float | None = None


@dataclass(frozen=True)
class Share:
    kr: str
    share: float
    confidence: float | None = None


@dataclass(frozen=True)
class Bare:
    kr: str


@dataclass(frozen=True)
class Pending:
    kr: str


@dataclass(frozen=True)
class NonOkr:
    work_class: str | None
    reason: str


@dataclass(frozen=True)
class Refused:
    """Expected error and the line to write instead."""

    error: str
    paste: str | None


Expected = Amount | Size | Share | Bare | Pending | NonOkr | Refused
G = "GROW-KR1"

READ: list[tuple[str, str, list[Expected]]] = [
    ("plain", "Contributes-to: GROW-KR1 +1.5pp 60%", [Amount(G, 1.5, "pp", 0.6)]),
    ("plain zh", "贡献: GROW-KR1 +1.5个百分点 把握60%", [Amount(G, 1.5, "个百分点", 0.6)]),
    ("size", "Contributes-to: GROW-KR1 M", [Size(G, "M")]),
    ("size zh", "贡献: GROW-KR1 中", [Size(G, "M")]),
    ("size zh glued", "贡献：GROW-KR1特大60%", [Size(G, "XL", 0.6)]),
    ("share", "Contributes-to: GROW-KR1 share 10%", [Share(G, 0.1)]),
    ("share zh", "贡献: GROW-KR1 贡献度10%", [Share(G, 0.1)]),
    ("share and confidence zh", "贡献：GROW-KR1　贡献度：１０％　把握：６０％", [Share(G, 0.1, 0.6)]),
    ("k", "Contributes-to: COST-KR2 -120k", [Amount("COST-KR2", -120000, scale="k")]),
    ("万", "贡献: COST-KR2 -12万", [Amount("COST-KR2", -120000, scale="万")]),
    ("亿元", "贡献：GMV-KR1 +1.2亿元 50%", [Amount("GMV-KR1", 120_000_000, "元", 0.5, "亿")]),
    ("百万", "贡献：GMV-KR1 3百万", [Amount("GMV-KR1", 3_000_000, scale="百万")]),
    ("grouped", "Contributes-to: GMV-KR1 1,200 CNY", [Amount("GMV-KR1", 1200, "CNY")]),
    ("grouped full-width", "贡献：GMV-KR1 １，２００元", [Amount("GMV-KR1", 1200, "元")]),
    ("currency first", "Contributes-to: GMV-KR1 ¥120k 70%", [Amount("GMV-KR1", 120000, "¥", 0.7, "k")]),
    ("scale and unit apart", "Contributes-to: GMV-KR1 120 k CNY", [Amount("GMV-KR1", 120000, "CNY", scale="k")]),
    ("k of a unit is no scale", "Contributes-to: OPS-KR1 -5kg", [Amount("OPS-KR1", -5, "kg")]),
    ("bare link", "Contributes-to: OPS-KR3", [Bare("OPS-KR3")]),
    ("bare link, full stop", "贡献：OPS-KR3。", [Bare("OPS-KR3")]),
    ("pending", "Contributes-to: GROW-KR1 ?", [Pending(G)]),
    ("pending zh", "贡献：GROW-KR1 待定", [Pending(G)]),
    ("pending full-width, glued", "贡献：GROW-KR1？", [Pending(G)]),
    ("non-okr", "Non-OKR: compliance audit of MLPS", [NonOkr("compliance", "audit of MLPS")]),
    ("non-okr zh", "非OKR: 合规 等保整改", [NonOkr("compliance", "等保整改")]),
    ("non-okr lower case, other class", "non okr: party next week", [NonOkr(None, "party next week")]),
    ("bullet", "- Contributes-to: GROW-KR1 S", [Size(G, "S")]),
    ("bullet dot", "• Contributes-to: GROW-KR1 L 40%", [Size(G, "L", 0.4)]),
    ("wiki bullets", "** Contributes-to: GROW-KR1 XL", [Size(G, "XL")]),
    ("numbered", "3) Contributes-to: GROW-KR1 +2 pp 60 %", [Amount(G, 2, "pp", 0.6)]),
    ("numbered full-width", "１）贡献：GROW-KR1 小", [Size(G, "S")]),
    ("check box", "- [x] **贡献：** `GROW-KR1` 大", [Size(G, "L")]),
    ("bold keyword", "**Contributes-to:** GROW-KR1 +1.5pp", [Amount(G, 1.5, "pp")]),
    ("wiki bold", "*Contributes-to:* *GROW-KR1* *+1.5pp* _60%_", [Amount(G, 1.5, "pp", 0.6)]),
    ("bold in mid-word", "**Contributes**-to: GROW-KR1 M", [Size(G, "M")]),
    ("wiki underline", "+Contributes-to: GROW-KR1 +1.5pp 60%+", [Amount(G, 1.5, "pp", 0.6)]),
    ("html", "<p><b>Contributes-to</b>:&nbsp;<u>GROW-KR1</u>&nbsp;&#43;1.5pp</p>", [Amount(G, 1.5, "pp")]),
    ("encoded twice", "Contributes-to: GROW-KR1 &amp;plus;1.5pp", [Amount(G, 1.5, "pp")]),
    ("colour macro", "{color:red}Contributes-to: GROW-KR1 M{color}", [Size(G, "M")]),
    ("wiki heading", "h3. Contributes-to: GROW-KR1 M", [Size(G, "M")]),
    ("markdown heading zh", "### 贡献：GROW-KR1 中", [Size(G, "M")]),
    ("wiki table", "|Contributes-to:|GROW-KR1|+1.5pp|60%|lin|", [Amount(G, 1.5, "pp", 0.6)]),
    ("wiki header cells", "||Contributes-to||GROW-KR1 M||Owner||", [Size(G, "M")]),
    ("markdown table zh", "| **预期贡献** | GROW-KR1 +1.5pp | 负责人 |", [Amount(G, 1.5, "pp")]),
    ("html table", "<tr><td>贡献</td><td>GROW-KR1</td><td>＋１．５个点</td></tr>", [Amount(G, 1.5, "个点")]),
    ("spreadsheet row", "Contributes-to\tGROW-KR1\tM\t2026-11-01", [Size(G, "M")]),
    ("full-width signs", "贡献：ＧＲＯＷ－ＫＲ１　＋１．５ｐｐ　６０％", [Amount(G, 1.5, "pp", 0.6)]),
    ("nbsp and thin blanks", "Contributes-to:\u00a0GROW-KR1\u2009+1.5\u202fpp\u300060%", [Amount(G, 1.5, "pp", 0.6)]),
    ("zero-width", "\ufeffContributes\u200b-to: GROW\u2060-KR1 +1\u200d.5pp", [Amount(G, 1.5, "pp")]),
    ("back-ticks", "`Contributes-to: GROW-KR1 +1.5pp 60%`", [Amount(G, 1.5, "pp", 0.6)]),
    ("escaped", "Contributes\\-to: GROW\\_KR1 \\+1\\.5pp", [Amount("GROW_KR1", 1.5, "pp")]),
    ("wiki link", "Contributes-to: [GROW-KR1|https://acme.example/browse/OKR-17] M", [Size(G, "M")]),
    ("smart link", "Contributes-to: [GROW-KR1|https://acme.example/x|smart-link] +2pp", [Amount(G, 2, "pp")]),
    ("markdown link", "Contributes-to: [GROW-KR1](https://acme.example/x) +2pp", [Amount(G, 2, "pp")]),
    ("en dash", "Contributes-to: COST–KR2 –120k", [Amount("COST-KR2", -120000, scale="k")]),
    ("minus sign", "Contributes-to: COST-KR2 −1.5pp", [Amount("COST-KR2", -1.5, "pp")]),
    ("full-width minus", "贡献：COST-KR2 －12万", [Amount("COST-KR2", -120000, scale="万")]),
    ("em dash", "贡献：COST-KR2 —12万", [Amount("COST-KR2", -120000, scale="万")]),
    ("dash before a size", "Contributes-to: GROW-KR1 - M (60%)", [Size(G, "M", 0.6)]),
    ("em dash before a sign", "Contributes-to: GROW-KR1 — +1.5pp", [Amount(G, 1.5, "pp")]),
    ("lower case", "contributes to: grow-kr1 m 60%", [Size("grow-kr1", "M", 0.6)]),
    ("upper case", "CONTRIBUTES-TO: GROW-KR1 +1.5PP", [Amount(G, 1.5, "PP")]),
    ("no blank before the sign", "贡献:GROW-KR1+1.5pp", [Amount(G, 1.5, "pp")]),
    ("brackets zh", "贡献：【GROW-KR1】（+1.5个百分点，把握 60%）", [Amount(G, 1.5, "个百分点", 0.6)]),
    ("at confidence", "Contributes-to: GROW-KR1 +1.5pp @0.6", [Amount(G, 1.5, "pp", 0.6)]),
    ("word confidence first", "Contributes-to: GROW-KR1 confidence 60% +1.5pp", [Amount(G, 1.5, "pp", 0.6)]),
    (
        "glued confidence zh",
        "贡献：GROW-KR1 1.5百分点把握六",
        [Refused("leftover", "贡献: GROW-KR1 1.5百分点")],
    ),
    ("bare per cent", "Contributes-to: GROW-KR1 10%", [Amount(G, 10, "%")]),
    (
        "points in words",
        "Contributes-to: GROW-KR1 +1.5 percentage points 60%",
        [Amount(G, 1.5, "percentage points", 0.6)],
    ),
    ("full id", "Contributes-to: 2026Q4:GROW-KR1 +1.5pp", [Amount("2026Q4:GROW-KR1", 1.5, "pp")]),
    ("colon behind the id", "贡献：GROW-KR1：+1.5pp", [Amount(G, 1.5, "pp")]),
    (
        "several",
        "贡献：GROW-KR1 +1.5pp；OPS-KR3; COST-KR2 中",
        [Amount(G, 1.5, "pp"), Bare("OPS-KR3"), Size("COST-KR2", "M")],
    ),
    (
        "two keywords",
        "Contributes-to: GROW-KR1 M. Non-OKR: debt old parser",
        [Size(G, "M"), NonOkr("debt", "old parser")],
    ),
    ("list below the keyword", "Contributes-to:\n\n- GROW-KR1 M\n- COST-KR2 -3%pt\nbye", [Size(G, "M")]),
    ("wiki monospace id", "Contributes-to: {{GROW-KR1}} +1.5pp 60%", [Amount(G, 1.5, "pp", 0.6)]),
    ("wiki monospace line", "{{Contributes-to: GROW-KR1 +1.5pp}}", [Amount(G, 1.5, "pp")]),
    ("wiki monospace keyword", "{{Contributes-to:}} GROW-KR1 M", [Size(G, "M")]),
    ("wiki monospace zh", "贡献：{{GROW-KR1}} {{+1.5个百分点}} 把握{{60%}}", [Amount(G, 1.5, "个百分点", 0.6)]),
    ("colour in mid-line", "Contributes-to: GROW-KR1 {color:#ff0000}+1.5pp{color} 60%", [Amount(G, 1.5, "pp", 0.6)]),
    ("inserted amount", "Contributes-to: GROW-KR1 ++1.5pp+ 60%", [Amount(G, 1.5, "pp", 0.6)]),
    ("inserted id", "Contributes-to: +GROW-KR1+ +1.5pp", [Amount(G, 1.5, "pp")]),
    ("struck size, then another", "Contributes-to: GROW-KR1 -M- L", [Size(G, "L")]),
    ("struck amount, then another", "Contributes-to: GROW-KR1 -+1pp- +1.5pp", [Amount(G, 1.5, "pp")]),
    ("struck second claim", "Contributes-to: GROW-KR1 M; -OPS-KR3-", [Size(G, "M")]),
    ("struck claim, then another zh", "-贡献：GROW-KR1 中- 贡献：GROW-KR1 大", [Size(G, "L")]),
    (
        "no strike",
        "- Contributes-to: COST-KR2 -120k; COST-KR3 -5d",
        [Amount("COST-KR2", -120000, scale="k"), Amount("COST-KR3", -5, "d")],
    ),
    ("cell with an empty one behind", "|Contributes-to:|COST-KR2|-120k|-|", [Amount("COST-KR2", -120000, scale="k")]),
    ("mention before", "[~accountid:5b10a2844c20165700ede21g] Contributes-to: GROW-KR1 M", [Size(G, "M")]),
    ("mention behind", "贡献：GROW-KR1 中 [~accountid:557058:5b10a284-4c20]", [Size(G, "M")]),
    ("wiki numbered", "## Contributes-to: GROW-KR1 M", [Size(G, "M")]),
    ("wiki tick", "Contributes-to: GROW-KR1 M (/)", [Size(G, "M")]),
    ("emoji behind", "贡献：GROW-KR1 +2pp 60% 👍", [Amount(G, 2, "pp", 0.6)]),
    ("emoji before", "🎯 Contributes-to: GROW-KR1 +2pp ✅", [Amount(G, 2, "pp")]),
    ("exclamation", "贡献：GROW-KR1 中！", [Size(G, "M")]),
    ("unit, full stop zh", "贡献：COST-KR2 -12万元。", [Amount("COST-KR2", -120000, "元", scale="万")]),
    ("points, full stop zh", "贡献：GROW-KR1 +1.5个百分点。", [Amount(G, 1.5, "个百分点")]),
    ("unit, full stop", "Contributes-to: GROW-KR1 +1.5pp.", [Amount(G, 1.5, "pp")]),
    ("dots behind", "Contributes-to: GROW-KR1 +1.5pp…", [Amount(G, 1.5, "pp")]),
    ("single curly quotes", "Contributes-to: ‘GROW-KR1’ ‘+1.5pp’", [Amount(G, 1.5, "pp")]),
    ("guillemets", "Contributes-to: «GROW-KR1» M", [Size(G, "M")]),
    ("book marks", "贡献：《GROW-KR1》中", [Size(G, "M")]),
    ("arrow", "Contributes-to: GROW-KR1 → +1.5pp", [Amount(G, 1.5, "pp")]),
    ("em dash glued to the id", "贡献：COST-KR2—12万", [Amount("COST-KR2", -120000, scale="万")]),
    ("minus glued to the id", "Contributes-to: COST-KR2−120k 60%", [Amount("COST-KR2", -120000, None, 0.6, "k")]),
    ("the word KR before", "贡献：KR：GROW-KR1 中", [Size(G, "M")]),
    ("goes on below a semicolon", "贡献：GROW-KR1 中；\nCOST-KR2 小", [Size(G, "M"), Size("COST-KR2", "S")]),
    ("per month", "Contributes-to: COST-KR2 -120k/month", [Amount("COST-KR2", -120000, "/month", scale="k")]),
    ("behind a sentence", "We sell more. Contributes-to: GROW-KR1 M", [Size(G, "M")]),
    ("behind a word zh", "本需求的贡献：GROW-KR1 中", [Size(G, "M")]),
]

REFUSED: list[tuple[str, str, list[Expected]]] = [
    ("decimal comma", "Contributes-to: GROW-KR1 1,5pp", [Refused("comma", "Contributes-to: GROW-KR1 1.5pp")]),
    ("wrong groups", "贡献：GMV-KR1 +12,00元", [Refused("comma", "贡献: GMV-KR1 +12.00元")]),
    ("groups of four", "贡献：GMV-KR1 1,2000,0000", [Refused("comma", "贡献: GMV-KR1 120000000")]),
    ("blank groups", "Contributes-to: GMV-KR1 +1 200 60%", [Refused("spaced", "Contributes-to: GMV-KR1 +1200 60%")]),
    ("range", "Contributes-to: GROW-KR1 +1~2pp", [Refused("range", "Contributes-to: GROW-KR1 +1.5pp")]),
    ("range zh", "贡献：COST-KR2 -10万至-20万", [Refused("range", "贡献: COST-KR2 -15万")]),
    ("verb zh", "贡献：GROW-KR1 提升1.5个百分点", [Refused("leftover", "贡献: GROW-KR1 ?")]),
    (
        "words behind",
        "Contributes-to: GROW-KR1 +2pp 60% as agreed",
        [Refused("leftover", "Contributes-to: GROW-KR1 +2pp 60%")],
    ),
    (
        "per cent before the size",
        "Contributes-to: GROW-KR1 60% M",
        [Refused("percent_first", "Contributes-to: GROW-KR1 M 60%")],
    ),
    ("confidence over 100", "贡献：GROW-KR1 +2pp 把握120%", [Refused("confidence", "贡献: GROW-KR1 +2pp")]),
    (
        "confidence negative",
        "Contributes-to: GROW-KR1 +2pp -60%",
        [Refused("confidence", "Contributes-to: GROW-KR1 +2pp")],
    ),
    (
        "confidence as fraction",
        "Contributes-to: GROW-KR1 M 0.6",
        [Refused("confidence_form", "Contributes-to: GROW-KR1 M 60%")],
    ),
    ("share as fraction zh", "贡献：GROW-KR1 贡献度0.1", [Refused("share_form", "贡献: GROW-KR1 贡献度10%")]),
    ("two amounts", "Contributes-to: GROW-KR1 +2pp M", [Refused("twice", "Contributes-to: GROW-KR1 +2pp")]),
    (
        "two key results",
        "Contributes-to: GROW-KR1, GROW-KR2",
        [Refused("several_krs", "Contributes-to: GROW-KR1 ?; GROW-KR2 ?")],
    ),
    ("two key results zh", "贡献：GROW-KR1 中、COST-KR2", [Refused("several_krs", "贡献: GROW-KR1 中; COST-KR2 ?")]),
    (
        "two key results, amounts",
        "Contributes-to: GROW-KR1 +1.5pp 60%, COST-KR2 -120k",
        [Refused("several_krs", "Contributes-to: GROW-KR1 +1.5pp 60%; COST-KR2 -120k")],
    ),
    (
        "two key results, and",
        "Contributes-to: GROW-KR1 M and COST-KR2 S",
        [Refused("several_krs", "Contributes-to: GROW-KR1 M; COST-KR2 S")],
    ),
    (
        "two key results, plus",
        "Contributes-to: GROW-KR1 + COST-KR2",
        [Refused("several_krs", "Contributes-to: GROW-KR1 ?; COST-KR2 ?")],
    ),
    ("blank in the id", "Contributes-to: GROW KR1 +1.5pp", [Refused("no_kr", "Contributes-to: GROW-KR1 +1.5pp")]),
    ("slash in the id", "贡献：2026Q4/GROW-KR1 中", [Refused("no_kr", "贡献: 2026Q4:GROW-KR1 中")]),
    ("share first", "Contributes-to: share 10% GROW-KR1", [Refused("no_kr", "Contributes-to: GROW-KR1 share 10%")]),
    (
        "per cent before the amount",
        "Contributes-to: GROW-KR1 60% +1.5pp",
        [Refused("percent_first", "Contributes-to: GROW-KR1 +1.5pp 60%")],
    ),
    ("apostrophe groups", "Contributes-to: COST-KR2 -120’000", [Refused("spaced", "Contributes-to: COST-KR2 -120000")]),
    (
        "thin blank groups",
        "Contributes-to: COST-KR2 -120\u2009000 CNY",
        [Refused("spaced", "Contributes-to: COST-KR2 -120000 CNY")],
    ),
    ("dot groups", "Contributes-to: COST-KR2 -120.000,50", [Refused("comma", "Contributes-to: COST-KR2 -120000.50")]),
    ("exponent", "Contributes-to: COST-KR2 -1.2e5", [Refused("exponent", "Contributes-to: COST-KR2 -120000")]),
    (
        "small exponent",
        "Contributes-to: GROW-KR1 +1.5e-1pp 60%",
        [Refused("exponent", "Contributes-to: GROW-KR1 +0.15pp 60%")],
    ),
    ("money before the sign", "贡献: COST-KR2 ￥-12万", [Refused("money_first", "贡献: COST-KR2 -￥12万")]),
    ("no such size", "Contributes-to: GROW-KR1 XXL 60%", [Refused("no_size", "Contributes-to: GROW-KR1 XL 60%")]),
    ("no such small size", "Contributes-to: GROW-KR1 XS", [Refused("no_size", "Contributes-to: GROW-KR1 S")]),
    ("no such size in Chinese", "贡献: GROW-KR1 超大", [Refused("no_size", "贡献: GROW-KR1 特大")]),
    ("blank", "Contributes-to: GROW-KR1 +Npp 60%", [Refused("blank", "Contributes-to: GROW-KR1 ? 60%")]),
    ("inserted blank", "Contributes-to: GROW-KR1 ++Npp+ 60%", [Refused("blank", "Contributes-to: GROW-KR1 ? 60%")]),
    ("blank in a unit", "贡献: GROW-KR1 -N 分钟", [Refused("blank", "贡献: GROW-KR1 ?")]),
    ("blank without a sign", "Contributes-to: GROW-KR1 N", [Refused("blank", "Contributes-to: GROW-KR1 ?")]),
    ("not available", "Contributes-to: GROW-KR1 N/A", [Refused("leftover", "Contributes-to: GROW-KR1 ?")]),
    ("hyphen missing", "Contributes-to: grow kr1 M", [Refused("no_kr", "Contributes-to: grow-kr1 M")]),
    (
        "title behind the id",
        "Contributes-to: GROW-KR1 (30-day retention) +1.5pp 60%",
        [Refused("leftover", "Contributes-to: GROW-KR1 +1.5pp 60%")],
    ),
    (
        "title behind the id zh",
        "贡献：GROW-KR1 商家留存 +1.5个百分点",
        [Refused("leftover", "贡献: GROW-KR1 +1.5个百分点")],
    ),
    ("no id at all", "Contributes-to: share M-1", [Refused("no_kr", None)]),
    ("two sizes", "Contributes-to: GROW-KR1 S/M", [Refused("leftover", "Contributes-to: GROW-KR1 ?")]),
    ("range of dots", "Contributes-to: GROW-KR1 +1pp..+2pp", [Refused("range", "Contributes-to: GROW-KR1 +1.5pp")]),
    ("amount first", "Contributes-to: +1.5pp GROW-KR1", [Refused("no_kr", "Contributes-to: GROW-KR1 +1.5pp")]),
    ("only an amount", "贡献：10%", [Refused("no_kr", None)]),
    ("placeholder left", "Contributes-to: <KR> M", [Refused("no_kr", None)]),
    ("address", "Contributes-to: https://acme.example/browse/OKR-17", [Refused("no_kr", None)]),
    ("plus-minus", "Contributes-to: GROW-KR1 ±2pp", [Refused("leftover", "Contributes-to: GROW-KR1 ?")]),
    ("too long", "Contributes-to: GROW-KR1 " + "very " * 120, [Refused("cut", "Contributes-to: GROW-KR1 ?")]),
    ("no reason", "Non-OKR: debt", [Refused("non_okr_reason", "Non-OKR: debt …")]),
    ("second part without id", "贡献：GROW-KR1 中；60%", [Size(G, "M"), Refused("no_kr", None)]),
]

SILENT = [
    ("wiki code", "{code:java}\nContributes-to: GROW-KR1 M\n{code}"),
    ("code on one line", "see {noformat}Contributes-to: GROW-KR1 M{noformat}"),
    ("wiki quote", "{quote}\n贡献：GROW-KR1 中\n{quote}"),
    ("wiki block quote", "bq. Contributes-to: GROW-KR1 M"),
    ("fence", "```text\nContributes-to: GROW-KR1 M\n```"),
    ("tilde fence zh", "~~~\n贡献：GROW-KR1 中\n~~~"),
    ("markdown quote", "> Contributes-to: GROW-KR1 M"),
    ("pre", "<pre>Contributes-to: GROW-KR1 M</pre>"),
    ("comment", "<!-- Contributes-to: GROW-KR1 M -->"),
    ("struck through", "~~Contributes-to: GROW-KR1 M~~"),
    ("wiki struck through", "-Contributes-to: GROW-KR1 M-"),
    ("wiki struck cell", "|-Contributes-to: GROW-KR1 M-|"),
    ("wiki struck item", "* -贡献：GROW-KR1 中-"),
    ("wiki struck claim", "Contributes-to: -GROW-KR1 M-"),
    ("template", "Contributes-to:\nNon-OKR: n/a\n贡献：\n非OKR：无"),
    ("prose", "This contributes to: a better world; 他的贡献：修复缺陷、整理 OKR"),
    ("nothing", ""),
]


def read(text: str) -> list[Expected]:
    return [expected_of(claim) for claim in parse_claims(text)]


def expected_of(claim: Claim) -> Expected:
    if claim.error is not None:
        return Refused(claim.error.id.removeprefix("value.claim."), claim.paste)
    if claim.non_okr is not None:
        return NonOkr(claim.non_okr_class, claim.non_okr)
    assert claim.kr is not None
    if claim.stated_as is StatedAs.PENDING:
        return Pending(claim.kr)
    if claim.stated_as is StatedAs.SIZE:
        return Size(claim.kr, str(claim.size), claim.confidence)
    if claim.number is None:
        return Bare(claim.kr)
    if claim.stated_as is StatedAs.SHARE:
        return Share(claim.kr, claim.number, claim.confidence)
    return Amount(claim.kr, claim.number, claim.suffix, claim.confidence, claim.scale)


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in READ + REFUSED], ids=[row[0] for row in READ + REFUSED]
)
def test_pasted_line(text: str, expected: list[Expected]) -> None:
    assert read(text) == expected


def test_there_are_at_least_sixty() -> None:
    assert len({text for _, text, _ in READ}) >= 60
    assert len({text for _, text, _ in REFUSED}) >= 20


@pytest.mark.parametrize("text", [row[1] for row in SILENT], ids=[row[0] for row in SILENT])
def test_says_nothing(text: str) -> None:
    assert claim_lines(text) == ""
    assert parse_claims(text) == ()


@pytest.mark.parametrize("text", [row[1] for row in READ + REFUSED], ids=[row[0] for row in READ + REFUSED])
def test_normalised_lines_say_the_same(text: str) -> None:
    lines = claim_lines(text)
    assert claim_lines(lines) == lines
    assert parse_claims(lines) == parse_claims(text)
    assert lines.isascii() or not lines.translate({0x20: None}).isspace()


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("Contributes-to: GROW-KR1 +Npp 60%", "+Npp"),
        ("Contributes-to: GROW-KR1 + Npp", "+ Npp"),
        ("Contributes-to: GROW-KR1 ++Npp+ 60%", "+Npp"),
        ("Contributes-to: GROW-KR1 ＋Npp", "+Npp"),
        ("Contributes-to: GROW-KR1 +N CNY; COST-KR2 M", "+N CNY"),
        ("贡献：GROW-KR1 +N个百分点", "+N个百分点"),
        ("贡献: GROW-KR1 +N", "+N"),
        ("Contributes-to: GROW-KR1 -Npp", "-Npp"),
    ],
)
def test_a_blank_is_named_with_its_sign(text: str, detail: str) -> None:
    error = parse_claims(text)[0].error
    assert error is not None
    assert (error.id, error.params["detail"]) == ("value.claim.blank", detail)


@pytest.mark.parametrize("text", ["+NPS-KR1 M+", "+NPS-KR1+ M", "+NPS-KR1 M", "+N-KR1+ M", "+N-KR1 M"])
def test_underlined_ids_are_no_blanks(text: str) -> None:
    (claim,) = parse_claims(f"Contributes-to: {text}")
    assert (claim.error, claim.size) == (None, "M")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("text", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refusals_are_told_in_both_languages(text: str, lang: str) -> None:
    for claim in parse_claims(text):
        if claim.error is not None:
            said = translator(lang).render(claim.error)
            assert "{" not in said
            assert not said.startswith("value.")


@pytest.mark.parametrize("text", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_the_line_to_write_is_read(text: str) -> None:
    for claim in parse_claims(text):
        if claim.paste is not None and not claim.paste.endswith("…"):
            assert all(better.error is None for better in parse_claims(claim.paste))
