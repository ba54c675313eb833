"""One company that meets every part of the gate's outputs, hostile text in every place that a person can type into."""

from __future__ import annotations

from dataclasses import replace

from tests.gate.world import CONFIG, NOW, S28, World, issue

HOSTILE = [
    "/close @all",
    "<script>alert(1)</script>",
    "::error file=a,line=1::boom",
    "##[error]boom",
    "]]>",
    "100%0A::error::x",
    "=cmd|'/c calc'!A1",
    "a\r\n::error::b\nKR101: fine",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202egnp.exe\u2066",
    "\x08\x0b\x9b31m\u2028",
    "`code` {key} {0} %s",
]

WAIVERS = """\
- {rule: KR101, entity: PAY-50, reason: regulatory fix, owner: lin, expires: 2026-11-20}
- {rule: KR205, entity: PAY-51, reason: spike, owner: zhao, expires: 2026-11-01}
- {rule: KR101, entity: PAY-52, reason: gone long ago, owner: zhao, expires: 2027-02-01}
"""


def company(world: World) -> World:
    """Findings of all severities, waived ones, waivers with problems, confidential and hostile requirements."""
    hostile = [issue(n, "", title=text, creator=text) for n, text in enumerate(HOSTILE)]
    hostile.append(issue(40, f"Contributes-to: GROW-KR1 {HOSTILE[0]} {HOSTILE[1]}"))
    rest = [
        issue(50, ""),
        issue(51, estimate=None),
        issue(53, "Contributes-to: GROW-KR1 +15pp"),
        issue(54, "Contributes-to: GROW-KR1 +1pp; GROW-KR1 +2pp"),
        issue(55, "", title="Secret", confidential=True),
        issue(56),
        issue(57, "Contributes-to: GROW-KR1 ?; COST-KR2 ?"),
        issue(58, "", iteration=None, created=NOW - 60),
    ]
    return world.synced(*hostile, *rest).waivers(WAIVERS)


def with_second_source(text: str, project: str) -> str:
    """The configuration with another source, west, that no team uses yet."""
    west = f'name: west, type: jira, url: "https://west.acme.cn", projects: [{project}], token_env: OKR_DELIVERY_WEST'
    text = text.replace("    projects: [PAY]\n", "    projects: [PAY]\n    token_env: OKR_DELIVERY_JIRA_TOKEN\n")
    return text.replace("teams:\n", f"  - {{{west}}}\nteams:\n")


def half_blind(world: World) -> World:
    """A team that passes beside one whose source was never synced."""
    mobile = "  - {id: mobile, select: [{source: west}]}\n"
    world.config_text = with_second_source(CONFIG, "APP").replace("gate: {since", mobile + "gate: {since")
    return world.synced(issue(1), iterations=(replace(S28, name="S28 <b>"),))
