"""Bad input of the gate, of its files and of the OKR files: one clear error each, or output that can do no harm."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from defusedxml import ElementTree

from tests.e2e.rollout import Session, new_jira, session
from tests.e2e.runner import NOW, Ended
from tests.e2e.test_bad_input import refused
from tests.e2e.test_rollout import ON_JIRA

FORMATS = ("text", "json", "junit", "sarif", "gitlab", "github", "markdown")
WAIVERS, BASELINE, OKRS = "okr-delivery.waivers.yaml", "okr-delivery.baseline.json", "okrs/2026Q4.yaml"
READINGS = "readings/2026q4.csv"
HOSTILE = (
    "/close @all",
    "::error::owned%0A::error::again",
    "##[error]owned",
    "]]> <![CDATA[ & </testcase>",
    "<script>alert(1)</script>",
    "[click](javascript:alert(1)) `code` | cell |",
    "\u202egnp.exe\u202c right to left \u2066isolated\u2069",
    "bell \u0007 escape \u001b[31mred\u001b[0m and \u000b\ufffe",
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A workspace after its first sync, whose requirements have hostile titles and name no key result."""
    folder = tmp_path_factory.mktemp("bad")
    with session("bad", folder, NOW, "en", ON_JIRA) as cli, new_jira(cli) as jira:
        cli.ok("init")
        cli.edit("okr-delivery.yaml", "https://acme.atlassian.net", jira.url)
        sprint = jira.sprint("PAY /close @all <b> %0A", "2026-12-01", "2026-12-14")
        for title in HOSTILE:
            jira.write(title, sprint=sprint)
        cli.ok("sync")
        yield cli


@pytest.fixture
def cli(lab: Session) -> Iterator[Session]:
    """The files that a test changes are what they were afterwards."""
    kept = {name: (lab.folder / name).read_bytes() for name in ("okr-delivery.yaml", WAIVERS, OKRS, READINGS)}
    yield lab
    for name, content in kept.items():
        (lab.folder / name).write_bytes(content)
    (lab.folder / BASELINE).unlink(missing_ok=True)


# -- rules and entities that do not exist ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["gate", "plan", "okr lint", "waivers list", "baseline write"])
def test_a_rule_that_does_not_exist_in_the_configuration(cli: Session, command: str) -> None:
    cli.edit("okr-delivery.yaml", "\n  fail_on: error", "\n  fail_on: error\n  rules: {KR2055: off}")
    ended = cli(*command.split())
    refused(ended, "KR2055", "KR205", "okr-delivery.yaml:")


def test_a_rule_that_does_not_exist_to_be_explained(cli: Session) -> None:
    refused(cli("explain", "KR2055"), "KR2055", "KR205")


@pytest.mark.parametrize("command", ["gate", "okr lint", "waivers list", "baseline write"])
def test_a_waiver_of_a_rule_that_does_not_exist(cli: Session, command: str) -> None:
    cli.write(WAIVERS, "- {rule: KR2055, entity: PAY-1, reason: x, owner: lin, expires: 2026-12-15}\n")
    refused(cli(*command.split()), "KR2055", "KR205", f"{WAIVERS}:1")


def test_a_waiver_of_an_entity_that_nobody_knows_is_told_and_fails_nothing_more(cli: Session) -> None:
    cli.write(WAIVERS, "- {rule: KR101, entity: PAY-999, reason: x, owner: lin, expires: 2026-12-15}\n")
    told = cli.gate()
    assert (told.code, told.summary["waived"]) == (1, 0)
    (problem,) = told.document["waiver_problems"]
    assert (problem["rule"], problem["severity"]) == ("WVR001", "warning")
    assert "PAY-999" in problem["message"] and f"{WAIVERS}:1" in told.ended.out


def test_a_baseline_that_knows_a_rule_that_does_not_exist(cli: Session) -> None:
    """It may be one of another version: it stands for nothing, and is said to."""
    cli.ok("baseline", "write")
    text = (cli.folder / BASELINE).read_text("utf-8")
    assert cli.gate().code == 0
    cli.write(BASELINE, text.replace("KR101", "KR2055"))
    told = cli.gate()
    assert told.code in (1, 2) and "Traceback" not in told.ended.err


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", ["gate", "gate --exit-zero", "okr lint", "baseline write", "baseline write --prune"]
)
def test_a_baseline_of_a_newer_version(cli: Session, command: str) -> None:
    cli.write(BASELINE, '{"version": 2, "findings": [], "and": "more"}\n')
    refused(cli(*command.split()), BASELINE, "2", "next:")
    assert "and" in (cli.folder / BASELINE).read_text("utf-8"), "left alone"


@pytest.mark.parametrize("raw", ["# 监管\n[]\n".encode("gb18030"), "[]".encode("utf-16")], ids=["gb18030", "utf-16"])
@pytest.mark.parametrize(
    ("name", "command"),
    [
        (WAIVERS, "gate --preview"),
        (WAIVERS, "waivers list"),
        (WAIVERS, "waivers prune"),
        (BASELINE, "gate --exit-zero"),
        (OKRS, "gate"),
        (OKRS, "okr lint"),
        (OKRS, "plan"),
        ("okr-delivery.yaml", "gate"),
    ],
)
def test_a_file_that_is_not_utf8(cli: Session, raw: bytes, name: str, command: str) -> None:
    (cli.folder / name).write_bytes(raw)
    refused(cli(*command.split()), f"{name}:1", "UTF-8", "next:")
    assert (cli.folder / name).read_bytes() == raw


# -- hostile text ------------------------------------------------------------------------------------------------------


def harmless(ended: Ended, kind: str) -> None:
    """Nothing in it is a command, a mark-up or a control character to whoever reads this format."""
    assert "Traceback" not in ended.err
    text = ended.out
    assert not [sign for sign in "\u0007\u001b\u000b\u202e\u202c\u2066\u2069\ufffe" if sign in text], kind
    if kind == "junit":
        assert ElementTree.fromstring(text).tag == "testsuites"
    elif kind in ("json", "sarif", "gitlab"):
        assert json.loads(text)
    elif kind == "github":
        assert all(
            line.startswith(("::error ", "::warning ", "::notice ")) for line in text.splitlines() if "::" in line
        )
    else:
        begins = [line.lstrip(" |*-#>") for line in text.splitlines()]
        assert not [line for line in begins if line.startswith(("/close", "::", "##["))], kind
    if kind == "markdown":
        assert "<script" not in re.sub(r"(`+)[^\n]*?\1", "", text)


@pytest.mark.parametrize("kind", FORMATS)
def test_hostile_titles_in_the_tracker(cli: Session, kind: str) -> None:
    for asked in ([], ["--backlog"], ["--preview"]):
        ended = cli("gate", "--format", kind, *asked)
        assert ended.code == (0 if asked == ["--preview"] else 1)
        harmless(ended, kind)


@pytest.mark.parametrize("kind", ["text", "json"])
def test_hostile_titles_in_a_plan(cli: Session, kind: str) -> None:
    ended = cli.ok("plan", "--format", kind)
    assert "alert(1)" in ended.out
    harmless(ended, kind)


def spiteful() -> str:
    rows = []
    for n, title in enumerate(HOSTILE[:-1]):
        shown = json.dumps(title)
        rows.append(f"""\
  - id: O{n}
    title: {shown}
    owner: {shown}
    source: self_driven
    key_results: [{{id: O{n}-KR1, title: {shown}, metric: {{unit: "%", direction: increase, baseline: 1, target: 2}}}}]
""")
    head = "cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, state: active}\nobjectives:\n"
    return head + "".join(rows)


@pytest.mark.parametrize("kind", FORMATS)
def test_hostile_titles_in_okr_files(cli: Session, kind: str) -> None:
    cli.write(READINGS, "kr,date,value\n")
    cli.write(OKRS, spiteful())
    ended = cli("okr", "lint", "--format", kind, "--fail-on", "warning")
    assert ended.code == 1
    harmless(ended, kind)


def test_control_characters_in_okr_files_are_refused_at_their_line(cli: Session) -> None:
    cli.write(OKRS, "objectives:\n  - {id: A, title: 'bell \u0007'}\n")
    refused(cli("okr", "lint"), f"{OKRS}:2", "control character")


def test_hostile_owners_and_reasons_of_waivers(cli: Session) -> None:
    said = json.dumps("::error::x ]]> <script> \u202e")
    cli.write(WAIVERS, f"- {{rule: KR101, entity: PAY-1, reason: {said}, owner: {said}, expires: 2026-12-15}}\n")
    for kind in FORMATS:
        harmless(cli("gate", "--format", kind), kind)
    harmless(cli("waivers", "list"), "text")


# -- many --------------------------------------------------------------------------------------------------------------


def test_thousands_of_faults_in_okr_files_are_told_in_time_in_every_format(cli: Session) -> None:
    kr = '{{id: O{n}-KR1, title: DAU {n}, metric: {{unit: "%", direction: increase, baseline: 1, target: 2}}}}'
    rows = [f"  - {{id: O{n}, title: DAU {n}, key_results: [{kr.format(n=n)}]}}\n" for n in range(600)]
    cycle = "cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, state: active}\nobjectives:\n"
    cli.write(READINGS, "kr,date,value\n")
    cli.write(OKRS, cycle + "".join(rows))
    began = time.process_time()
    ended = cli("okr", "lint", *(f"--output={kind}=lint.{kind}" for kind in FORMATS))
    assert ended.code == 1 and time.process_time() - began < 20
    found = json.loads((cli.folder / "lint.json").read_text("utf-8"))
    assert len(found["findings"]) > 2000
    assert sum((cli.folder / f"lint.{kind}").stat().st_size for kind in FORMATS) < 50_000_000


def test_nothing_stands_outside_the_workspace(cli: Session, tmp_path: Path) -> None:
    """A format's file is written where it was asked for, whatever the titles are."""
    cli("gate", f"--output=markdown={tmp_path}/gate.md")
    assert [path.name for path in tmp_path.iterdir()] == ["gate.md"]
