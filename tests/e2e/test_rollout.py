"""Three companies take the gate in, each from the first command on: one that begins, one with a thousand old
requirements, and one on two trackers. Everything goes through the command and over HTTP."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.sandbox import TOKEN, USER
from okr_delivery.sandbox.world.setting import DEVELOPMENT, DONE
from tests.e2e.rollout import APPROVER, LANGS, NewJira, Session, instant, new_gitlab, new_jira, session

ON_JIRA = {"OKR_DELIVERY_JIRA_USER": USER, "OKR_DELIVERY_JIRA_TOKEN": TOKEN}
ON_BOTH = {**ON_JIRA, "OKR_DELIVERY_GITLAB_TOKEN": TOKEN}
pytestmark = pytest.mark.parametrize("lang", LANGS)


def begin(cli: Session, jira: NewJira, adopt: str) -> None:
    cli.ok("init")
    cli.note(f"the source's url is set, and what the team adopts: {adopt}")
    cli.edit("okr-delivery.yaml", "https://acme.atlassian.net", jira.url)
    cli.edit("okr-delivery.yaml", "\n  adopt: pitch ", f"\n  adopt: {adopt} ")


# -- a green field -----------------------------------------------------------------------------------------------------


def test_green_field(lang: str, tmp_path: Path) -> None:
    """From an empty folder to the second planning, which waits for what the first iteration's work brought."""
    with session("green-field", tmp_path, instant("2026-10-12"), lang, ON_JIRA) as cli, new_jira(cli) as jira:
        begin(cli, jira, "pitch")
        lint = cli.ok("okr", "lint")
        assert "OKR403" in lint.out and "OKR302" in lint.out  # no reading yet; no store to look for work in
        one = jira.sprint("PAY S1", "2026-10-14", "2026-10-27")
        keys = _first_planning(cli, jira, one)
        _goal(cli, jira, one)
        _iteration(cli, jira, one, keys)
        _second_planning(cli, jira, keys)


def _first_planning(cli: Session, jira: NewJira, sprint: int) -> tuple[str, str]:
    first = jira.write("Pay in three steps", sprint=sprint, points=5)
    second = jira.write("Receipts by mail", "Contributes-to: GROW-KR9 M", sprint=sprint)
    cli.ok("sync")
    told = cli.gate()
    assert told.code == 1
    assert told.found == [("KR101", first), ("KR102", second), ("KR205", second)]
    assert told.paste("KR101", first) == "Contributes-to: KR-ID M"  # nobody can guess for a team without objectives
    offered = told.paste("KR102", second)
    cli.note(f"{second} gets the line that is offered and an estimate, {first} a line of its own")
    jira.change(second, description=offered, points=3)
    jira.change(first, description="Contributes-to: GROW-KR1 M")
    again = cli.gate("--issue", first, "--issue", second, "--sync")
    assert (again.code, again.summary["ready"]) == (0, 2)
    plan = cli.ok("plan").out
    assert plan.index("Receipts by mail") < plan.index("Pay in three steps")  # the same for less effort
    return first, second


def _goal(cli: Session, jira: NewJira, sprint: int) -> None:
    cli.note("the team adopts the stage iteration")
    cli.edit("okr-delivery.yaml", "\n  adopt: pitch ", "\n  adopt: iteration ")
    told = cli.gate("--sync")
    assert (told.code, [rule for rule, _ in told.found]) == (1, ["KR301", "KR302"])
    cli.note("the sprint gets a goal that names the objective")
    jira.aim(sprint, "GROW: three-step checkout")
    assert cli.gate("--sync").code == 0


def _iteration(cli: Session, jira: NewJira, sprint: int, keys: tuple[str, str]) -> None:
    cli.now = instant("2026-10-14")
    cli.note("PAY S1 begins; all of it is done on 2026-10-23, and it ends on 2026-10-27")
    jira.server.tracker.start_sprint(sprint, keep_dates=True)
    jira.move(DEVELOPMENT, *keys)
    cli.now = instant("2026-10-23")
    jira.move(DONE, *keys)
    cli.now = instant("2026-10-27")
    jira.server.tracker.close_sprint(sprint)
    cli.ok("sync")
    (scope,) = cli.ok("metrics", "--format", "json").json["scopes"]
    assert (scope["iteration"]["delivered"], scope["iteration"]["say_do"]) == ([*keys], 1)
    cli.lines = cli.lines[: _last(cli.lines, "$ okr-delivery metrics")]  # for machines


def _last(lines: list[str], beginning: str) -> int:
    return max(place for place, line in enumerate(lines) if line.startswith(beginning)) - 1


def _second_planning(cli: Session, jira: NewJira, keys: tuple[str, str]) -> None:
    cli.now = instant("2026-12-04")
    cli.note("the next planning; what was released was observed for 28 days")
    two = jira.sprint("PAY S2", "2026-12-07", "2026-12-20")
    jira.aim(two, "GROW: no step too many")
    jira.write("Remember the card", "Contributes-to: GROW-KR1 XL", two, 5)
    told = cli.gate("--sync")
    assert told.code == 1
    assert [(rule, key) for rule, key in told.found if rule == "KR306"] == [("KR306", key) for key in keys]
    assert (told.summary["error"], told.summary["ready"]) == (2, 1)
    plan = cli.ok("plan").out
    assert all(f"okr-delivery conclude {key}" in plan for key in keys)
    cli.ok("conclude", keys[0], "double-down", "--reason", "fewer merchants leave", "--kr", "GROW-KR1", "--by", "lin")
    assert [key for rule, key in cli.gate().found if rule == "KR306"] == [keys[1]]
    cli.ok("conclude", keys[1], "leave", "--reason", "asked for, seldom used", "--kr", "GROW-KR1", "--by", "lin")
    last = cli.gate()
    assert (last.code, last.summary["error"]) == (0, 0)


# -- a thousand old requirements ---------------------------------------------------------------------------------------

OLD, YOUNG = range(1, 401), range(401, 1001)
"""Of a thousand wishes those that nobody touched for 180 days, and the others; every fifth names a key result."""
KNOWN, DORMANT = (len([n for n in part if n % 5]) for part in (YOUNG, OLD))


def test_a_thousand_old_requirements(lang: str, tmp_path: Path) -> None:
    """Look, agree on what is old, hold what is new, shrink, and the next stage the same way."""
    with session("backlog", tmp_path, instant("2026-03-02"), lang, ON_JIRA) as cli, new_jira(cli) as jira:
        for n in (*OLD, *YOUNG):
            cli.now = instant("2026-03-02" if n in OLD else "2026-08-03") + n
            jira.write(f"Wish {n}", "" if n % 5 else "Contributes-to: GROW-KR1 M")
        cli.now = instant("2026-11-02")
        begin(cli, jira, "intake")
        cli.ok("sync")
        _agree(cli)
        _new_one(cli, jira)
        _shrink(cli, jira)
        _next_stage(cli)


def _agree(cli: Session) -> None:
    look = cli.gate("--backlog", "--preview")
    assert look.code == 0 and len(look.found) == KNOWN
    assert str(len(OLD)) in look.ended.out  # nobody wonders where they are
    assert cli("gate", "--backlog").code == 1
    cli.lines = cli.lines[: _last(cli.lines, "$ okr-delivery gate --backlog")]  # 480 blocks
    written = cli.ok("baseline", "write").out
    assert str(KNOWN + DORMANT) in written  # one edit of all must not make new findings of old ones
    cli.note("okr-delivery.baseline.json is committed")
    held = cli.gate("--backlog")
    assert (held.code, held.summary["baselined"], held.found) == (0, KNOWN, [])
    assert len((cli.folder / "okr-delivery.baseline.json").read_text("utf-8").splitlines()) < KNOWN + DORMANT + 10


def _new_one(cli: Session, jira: NewJira) -> None:
    """A requirement that came since: known by nobody, waived by a file or by an approver, and put right."""
    cli.note("somebody writes a new requirement")
    key = jira.write("Gift cards")
    told = cli.gate("--sync")
    assert (told.code, told.found) == (1, [("KR101", key)])
    assert cli.ok("baseline", "write").code == 0  # takes nothing in
    assert cli.gate().code == 1
    entry = (
        f"- {{rule: KR101, entity: {key}, reason: goal is decided on 9 November, owner: lin, expires: 2026-11-09}}\n"
    )
    cli.note(f"okr-delivery.waivers.yaml: {entry.strip()}")
    cli.write("okr-delivery.waivers.yaml", entry)
    waived = cli.gate()
    assert (waived.code, waived.summary["waived"]) == (0, 1)
    assert key in cli.ok("waivers", "list").out
    cli.write("okr-delivery.waivers.yaml", "[]\n")
    cli.edit(
        "okr-delivery.yaml", "\n  adopt:", f'\n  waive: {{label: gate-waived, approvers: ["{APPROVER}"]}}\n  adopt:'
    )
    _by_label(cli, jira, key)


def _by_label(cli: Session, jira: NewJira, key: str) -> None:
    cli.note(f"no waiver in the file any more; its creator puts the label gate-waived on {key}")
    jira.change(key, labels=["gate-waived"])
    assert cli.gate("--issue", key, "--sync").code == 1
    cli.note("the approver does")
    jira.change(key, labels=[])
    cli.now += 60
    jira.change(key, APPROVER, labels=["gate-waived"])
    waived = cli.gate("--issue", key, "--sync")
    assert (waived.code, waived.summary["waived"]) == (0, 1)
    cli.note(f"{key} gets its line, and the label goes")
    jira.change(key, labels=[], description="Contributes-to: GROW-KR1 S")
    fixed = cli.gate("--issue", key, "--sync")
    assert (fixed.code, fixed.summary["waived"], fixed.summary["ready"]) == (0, 0, 1)


def _shrink(cli: Session, jira: NewJira) -> None:
    mended = [n for n in YOUNG if n % 5 == 1]
    cli.note(f"{len(mended)} old requirements are told their key result")
    for n in mended:
        jira.change(f"PAY-{n}", description="Contributes-to: GROW-KR1 S")
    cli.now += 600
    cli.ok("sync")
    told = cli.gate("--backlog")
    assert told.code == 0 and str(len(mended)) in told.ended.out  # entries that stand for nothing any more
    cli.ok("baseline", "write")
    assert cli.gate("--backlog").summary["baselined"] == KNOWN - len(mended)
    jira.change(f"PAY-{mended[0]}", description="")
    back = cli.gate("--issue", f"PAY-{mended[0]}", "--sync")
    assert back.code == 1  # what was settled once is not known any more
    jira.change(f"PAY-{mended[0]}", description="Contributes-to: GROW-KR1 S")
    assert cli.gate("--issue", f"PAY-{mended[0]}", "--sync").code == 0


def _next_stage(cli: Session) -> None:
    look = cli.gate("--stage", "pitch", "--backlog", "--preview")
    assert look.code == 0 and {rule for rule, _ in look.found} == {"KR205"}
    cli.edit("okr-delivery.yaml", "\n  adopt: intake ", "\n  adopt: pitch ")
    cli.note("the team adopts the stage pitch")
    before = (cli.folder / "okr-delivery.baseline.json").read_text("utf-8")
    refused = cli.ok("baseline", "write").out
    assert (
        str(len(look.found) + len(OLD)) in refused
        and (cli.folder / "okr-delivery.baseline.json").read_text("utf-8") == before
    )
    cli.ok("baseline", "write", "--accept-new")
    held = cli.gate("--backlog")
    assert (held.code, held.found) == (0, [])


# -- two trackers ------------------------------------------------------------------------------------------------------

CONFIG = """\
version: 1
calendar: {{timezone: Asia/Shanghai}}
okrs: [okrs/]
sources:
  - {{name: jira, type: jira, url: "{jira}", projects: [PAY]}}
  - {{name: gitlab, type: gitlab, url: "{gitlab}", projects: [acme/mobile]}}
gate: {{since: 2026-11-01}}
teams:
  - {{id: payments, name: Payments, select: [{{source: jira}}], objectives: [GROW], gate: {{adopt: pitch}}}}
  - {{id: mobile, name: Mobile, select: [{{source: gitlab}}], objectives: [APP], gate: {{adopt: intake}}}}
"""
OKRS = """\
cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, state: active}
objectives:
  - id: GROW
    title: Merchants stay because checkout just works
    owner: lin
    source: self_driven
    key_results:
      - {id: GROW-KR1, title: Retention, owner: lin, metric: {unit: "%", direction: increase, baseline: 38, target: 50}}
  - id: APP
    title: Shoppers pay with two taps
    owner: zhao
    source: self_driven
    key_results:
      - {id: APP-KR1, title: Two taps, owner: zhao, metric: {unit: "%", direction: increase, baseline: 10, target: 60}}
"""


def test_two_trackers(lang: str, tmp_path: Path) -> None:
    """Two teams, not equally far, one on each tracker; on the second day one token is refused."""
    start = instant("2026-11-02")
    with (
        session("two-trackers", tmp_path, start, lang, ON_BOTH) as cli,
        new_jira(cli) as jira,
        new_gitlab(cli) as gitlab,
    ):
        cli.write("okrs/2026Q4.yaml", OKRS)
        cli.write("okr-delivery.yaml", CONFIG.format(jira=jira.url, gitlab=gitlab.url))
        here = jira.write(
            "Pay in three steps", "Contributes-to: GROW-KR1 ?", jira.sprint("PAY S1", "2026-11-09", "2026-11-22"), 5
        )
        there = f"acme/mobile#{gitlab.forge.create('acme/mobile', 'Fingerprint instead of PIN').iid}"
        cli.ok("sync")
        told = cli.gate()
        assert (told.code, told.found) == (1, [("KR101", there), ("KR201", here)])
        _tell(cli, jira, gitlab, here, there)
        _revoked(cli, jira, here, told.paste("KR201", here))
        _merge_request(cli, gitlab, there, told.paste("KR101", there))
        _settled(cli, jira, gitlab, here, there)


def _said(jira: NewJira, gitlab: Any, here: str, there: str) -> list[tuple[bool, int]]:
    """Of each requirement, whether it has the gate's label, and its comments."""
    issue, item = jira.server.tracker.issue(here), gitlab.forge.item(there)
    names = {gitlab.forge.state.labels[number].name for number in item.labels}
    notes = [note for note in item.notes if not note.system]
    return [("okr-gate" in issue.labels, len(issue.comments)), ("okr-gate" in names, len(notes))]


def _tell(cli: Session, jira: NewJira, gitlab: Any, here: str, there: str) -> None:
    dry = cli("gate", "--apply", "tracker", "--dry-run")
    assert dry.code == 1 and _said(jira, gitlab, here, there) == [(False, 0), (False, 0)]
    for _ in range(2):
        assert cli("gate", "--apply", "tracker").code == 1
        assert _said(jira, gitlab, here, there) == [(True, 1), (True, 1)]


def _revoked(cli: Session, jira: NewJira, key: str, line: str) -> None:
    """The team on Jira goes on; nobody judges the other one, and no switch makes that a pass."""
    cli.now = instant("2026-11-03")
    cli.note(f"{key} got its line; GitLab's token was revoked over night")
    jira.change(key, description=line)
    cli.env = {**cli.environment, "OKR_DELIVERY_GITLAB_TOKEN": "glpat-revoked"}
    for more in ([], ["--exit-zero"], ["--preview"]):
        told = cli.gate("--sync", *more)
        assert told.code == 2
        verdicts = {row["team"]: row["verdict"] for row in told.document["teams"]}
        assert verdicts == {"payments": "pass", "mobile": "none"}
        assert "glpat-revoked" not in told.ended.out + told.ended.err
    assert cli.gate("--team", "payments", "--sync").code == 0
    cli.now += 3 * 3600  # what is stored of GitLab is too old by now
    assert cli("plan").code == 2
    cli.env = {**cli.environment, "OKR_DELIVERY_GITLAB_TOKEN": TOKEN}


def _merge_request(cli: Session, gitlab: Any, key: str, line: str) -> None:
    cli.note(f"a new token; a merge request closes {key}")
    request = gitlab.forge.open_request("acme/mobile", "Fingerprint", f"Closes #{key.rpartition('#')[2]}")
    ref = f"acme/mobile!{request.iid}"
    told = cli.gate("--merge-request", ref, "--sync")
    assert (told.code, told.found) == (1, [("KR101", key)])
    cli.note(f"{key} gets the line that was offered")
    gitlab.forge.edit(key, {"description": line})
    assert cli.gate("--merge-request", ref, "--sync", "--apply", "status").code == 0
    (rows,) = gitlab.posted.statuses.values()
    assert rows[-1].state == "success"


def _settled(cli: Session, jira: NewJira, gitlab: Any, here: str, there: str) -> None:
    cli.ok("sync")
    assert cli("gate", "--apply", "tracker").code == 0
    assert _said(jira, gitlab, here, there) == [(False, 0), (False, 0)]
    cli.note("mobile plans by milestones from now on")
    stone = gitlab.forge.add_milestone("Sprint 1", "acme/mobile", start=date(2026, 11, 9), due=date(2026, 11, 22))
    gitlab.forge.edit(there, {"milestone": stone.id})
    cli.now += 600
    assert cli.gate("--sync").code == 0
    cli.ok("report", "iteration", "--iteration", "next", "-o", "report.html")
    page = (cli.folder / "report.html").read_text("utf-8")
    assert all(name in page for name in ("Payments", "Mobile", "PAY S1", "Sprint 1"))
