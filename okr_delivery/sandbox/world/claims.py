"""How requirements say what they serve: every carrier, every spelling, and the mistakes people make.

A `Claim` is what one requirement says. `good` tells whether it would pass the pitch stage of the gate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from okr_delivery.sandbox.world.dice import Dice

FRAMES = (
    "{word}{colon} {kr} {amount}",
    "* {word}{colon} {kr} {amount}",
    "*{word}{colon}* {kr} {amount}",
    "| {word}{colon} {kr} {amount} |",
    "{word}：{kr} {amount}",
    "- {word}{colon} `{kr}` {amount}",
    "{word}{colon} [{kr}] {amount}",
    "{word}{colon}\u00a0{kr}\u00a0{amount}",
)
"""Rich-text shapes a line is pasted in: plain, bullet, bold, table cell, full-width colon, code, link, NBSP."""

WORDS = {"en": "Contributes-to", "zh": "贡献"}


@dataclass(frozen=True, slots=True)
class Claim:
    """`carrier`: line, fields, labels, issue_link, parent, or none. `amount` as written behind the key result."""

    carrier: str
    kr: str = ""
    amount: str = ""
    good: bool = True
    fault: str = ""  # the defect's name, for tests and for the reader of the seed
    frame: int = 0

    def line(self, lang: str) -> str:
        """The line of the description."""
        return FRAMES[self.frame].format(word=WORDS[lang], colon=":", kr=self.kr, amount=self.amount).rstrip()


NOTHING = Claim("none", good=False, fault="no_link")

AMOUNTS: dict[str, tuple[tuple[str, str], ...]] = {
    # key result -> (English, Chinese) amounts that are right
    "GROW-KR1": (
        ("+1.5pp 60%", "+1.5个百分点 把握60%"),
        ("M", "中"),
        ("share 10%", "贡献度10%"),
        ("+0.8pp @0.7", "＋0.8个点 把握70%"),
        ("S 80%", "小 把握80%"),
    ),
    "GROW-KR2": (("-0.4pp 50%", "−0.4个百分点 把握50%"),),
    "GROW-KR3": (("", ""),),
    "GROW-KR4": (("-0.02 70%", "-0.02元 把握70%"), ("L 40%", "大 把握40%"), ("–0.01 90%", "–0.01 把握90%")),
    "FLOW-KR2": (("", ""), ("+1", "+1")),
    "APP-KR1": (("+0.1pp 60%", "+0.1个百分点 把握60%"),),
    "APP-KR2": (("+0.9pp 55%", "+0.9个百分点 把握55%"), ("M 60%", "中 把握60%"), ("share 15%", "贡献度15%")),
    "APP-KR3": (("-0.2 60%", "-0.2 把握60%"),),
    "APP-KR4": (("+30k 50%", "+3万 把握50%"), ("+12,000 80%", "+1.2万 把握80%"), ("S", "小")),
    "APP-KR5": (("-2 60%", "-2 把握60%"), ("L", "大")),
    "PORTAL-KR1": (("+1.2pp 60%", "+1.2个百分点 把握60%"), ("M 70%", "中 把握70%"), ("share 10%", "贡献度10%")),
    "PORTAL-KR2": (("-0.3 70%", "-0.3 把握70%"), ("S", "小")),
    "PLAT-KR1": (("-0.5pp 60%", "-0.5个百分点 把握60%"), ("S 80%", "小 把握80%"), ("share 15%", "贡献度15%")),
    "PLAT-KR2": (("-4 60%", "-4 把握60%"), ("M", "中")),
}

MISTAKES: dict[str, dict[str, tuple[str, str, str]]] = {
    # project -> defect -> key result, English amount, Chinese amount
    "PAY": {
        "unknown_kr": ("GROW-KR11", "+1pp 60%", "+1个百分点 把握60%"),
        "inactive_kr": ("{previous}:GROW-KR9", "+200 50%", "+200 把握50%"),
        "missing_amount": ("GROW-KR1", "", ""),
        "pending": ("GROW-KR4", "?", "待定"),
        "wrong_unit": ("GROW-KR1", "+15d 60%", "+15天 把握60%"),
        "bare_percent": ("GROW-KR1", "10%", "10%"),
        "wrong_direction": ("GROW-KR4", "+0.05 60%", "+0.05 把握60%"),
        "implausible": ("GROW-KR1", "+20pp 60%", "+20个百分点 把握60%"),
    },
    "MOB": {
        "unknown_kr": ("AAP-KR2", "+1pp 60%", "+1个百分点 把握60%"),
        "inactive_kr": ("{previous}:GROW-KR9", "+200 50%", "+200 把握50%"),
        "missing_amount": ("APP-KR4", "", ""),
        "pending": ("APP-KR2", "?", "待定"),
        "wrong_unit": ("APP-KR4", "+2pp 60%", "+2个百分点 把握60%"),
        "bare_percent": ("APP-KR2", "10%", "10%"),
        "wrong_direction": ("APP-KR5", "+3 60%", "+3 把握60%"),
        "implausible": ("APP-KR4", "+900k 60%", "+90万 把握60%"),
    },
    "WEB": {
        "missing_amount": ("PORTAL-KR1", "", ""),
        "unknown_kr": ("PORTAL-KR12", "+1pp 60%", "+1个百分点 把握60%"),
    },
    "PLT": {
        "pending": ("PLAT-KR2", "?", "待定"),
        "wrong_direction": ("PLAT-KR2", "+4 60%", "+4 把握60%"),
    },
}


def good(dice: Dice, lang: str, kr: str, carrier: str = "line") -> Claim:
    """A claim on this key result that a gate has nothing to say against."""
    amount = dice.pick(AMOUNTS[kr])[LANG_PLACE[lang]]
    frame = dice.number(0, len(FRAMES) - 1) if carrier == "line" else 0
    return Claim(carrier, kr, amount, frame=frame)


def faulty(lang: str, project: str, fault: str, previous: str) -> Claim:
    """A claim with this defect; `previous` is the id of the closed cycle."""
    if fault == "no_link":
        return NOTHING
    kr, *amounts = MISTAKES[project][fault]
    return Claim("line", kr.format(previous=previous), amounts[LANG_PLACE[lang]], good=False, fault=fault)


def exactly(kr: str, amount: str, carrier: str = "line", frame: int = 0) -> Claim:
    """A claim with an amount of one's own, for requirements that later files speak of."""
    return Claim(carrier, kr, amount, frame=frame)


def by(claim: Claim, carrier: str) -> Claim:
    """The same claim on another carrier."""
    return replace(claim, carrier=carrier)


LANG_PLACE = {"en": 0, "zh": 1}
