"""`okr-delivery okr lint` from the outside: exit codes and words in every format, and that files alone are enough."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
import jsonschema
import pytest

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run
from okr_delivery.output.gate_schema import SCHEMA
from tests.gate.lint.test_engine import BAD, Q3, Q4
from tests.gate.lint.world import CONFIG
from tests.gate.world import DAY, NOW, World, finished, issue
from tests.output.sarif import SCHEMA as SARIF

FORMATS = ("text", "json", "junit", "sarif", "gitlab", "github", "markdown")
LOUD = {  # how each says that there is no verdict
    "text": "no verdict: ",
    "json": '"verdict": "none"',
    "junit": '<error type="no verdict"',
    "sarif": '"executionSuccessful":false',
    "gitlab": '"severity":"blocker"',
    "github": "::error title=no verdict::",
    "markdown": "## OKR lint: no verdict\n",
}
PLACE = {  # how each points at the line of the objective
    "text": "see okrs/q4.yaml:3",
    "json": '"line": 3',
    "junit": "at okrs/q4.yaml:3",
    "sarif": '"uri":"okrs/q4.yaml"',
    "gitlab": '"lines":{"begin":3}',
    "github": "::error file=okrs/q4.yaml,line=3,title=OKR303 missing-alignment::",
    "markdown": "`okrs/q4.yaml:3`",
}


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "work" / "okrs").mkdir(parents=True)
    (tmp_path / "work" / "okr-delivery.yaml").write_text(CONFIG, "utf-8")
    return tmp_path / "work"


def lint(room: Path, *argv: str, okrs: str | None = None, lang: str = "en") -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    if okrs is not None:
        (room / "okrs" / "q4.yaml").write_text(okrs, "utf-8")
    out, err = io.StringIO(), io.StringIO()
    app = App(env={}, cwd=room, out=out, err=err, clock=lambda: float(NOW))
    code = run(["--lang", lang, "okr", "lint", *argv], app=app)
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_fails_and_points_at_the_line(room: Path, kind: str) -> None:
    code, out, _ = lint(room, "--format", kind, okrs=BAD)
    assert code == 1 and PLACE[kind] in out and "OKR303" in out


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_passes(room: Path, kind: str) -> None:
    assert lint(room, "--format", kind, okrs=Q4)[0] == 0


@pytest.mark.parametrize("kind", FORMATS)
def test_nothing_selected_is_2_in_every_format(room: Path, kind: str) -> None:
    code, out, _ = lint(room, "--format", kind, okrs=Q3)
    assert code == 2 and LOUD[kind] in out


@pytest.mark.parametrize("kind", FORMATS)
def test_a_broken_file_is_2_and_the_files_owed_say_so(room: Path, kind: str) -> None:
    broken = Q4.replace("owner: lin", "ownr: lin")
    code, _, err = lint(room, "--output", f"{kind}=answer", okrs=broken)
    assert code == 2 and "okrs/q4.yaml:5" in err and "ownr" in err
    assert LOUD[kind] in (room / "answer").read_text("utf-8")


def test_json_is_the_document_of_the_gate(room: Path) -> None:
    document = json.loads(lint(room, "--format", "json", okrs=BAD)[1])
    jsonschema.validate(document, SCHEMA)
    assert document["schema"] == "okr-delivery/gate/1"
    assert (document["stage"], document["iterations"], document["sources"]) == ("okr lint", [], [])
    finding = next(one for one in document["findings"] if one["rule"] == "OKR303")
    assert (finding["team"], finding["created_by"], finding["paste"]) == ("", "lin", None)


def test_sarif_knows_why_and_how(room: Path) -> None:
    text = lint(room, "--format", "sarif", okrs=BAD)[1]
    (made,) = json.loads(text)["runs"]
    jsonschema.validate(json.loads(text), SARIF)
    rule = next(one for one in made["tool"]["driver"]["rules"] if one["id"] == "OKR303")
    assert "aligned" in rule["fullDescription"]["text"] and "aligns_to" in rule["help"]["text"]


def test_junit_is_named_after_what_was_run(room: Path) -> None:
    root = defusedxml.ElementTree.fromstring(lint(room, "--format", "junit", okrs=BAD)[1])
    assert root.get("name") == "okr-delivery okr lint"
    (failed,) = [case for case in root.iter("testcase") if case.find("failure") is not None]
    assert failed.get("classname") == "okr-delivery.OKR303"
    passed = {case.get("classname") for case in root.iter("testcase") if len(case) == 0}
    assert "okr-delivery.OKR304" in passed


@pytest.mark.parametrize(
    ("lang", "closing"),
    [
        ("en", "3 of 4 objectives, key results and cycles in order; to mend: 2026Q4:GROW (lin)"),
        ("zh", "4 个目标、关键结果和周期中有 3 个没有问题；待修改：2026Q4:GROW（lin）"),
    ],
)
def test_the_last_line_says_what_is_in_order(room: Path, lang: str, closing: str) -> None:
    out = lint(room, okrs=BAD, lang=lang)[1]
    assert out.rstrip().splitlines()[-1] == closing
    assert "requirement" not in out.splitlines()[0] and "需求" not in out.splitlines()[0]


def test_markdown_has_a_column_of_key_results(room: Path) -> None:
    assert "| objective or key result |" in lint(room, "--format", "markdown", okrs=BAD)[1]


def test_exit_zero_and_fail_on(room: Path) -> None:
    assert lint(room, "--exit-zero", okrs=BAD)[0] == 0
    assert lint(room, "--exit-zero", okrs=Q3)[0] == 2
    only_info = Q4.replace("    owner: lin\n", "    owner: lin\n", 1)
    assert lint(room, "--fail-on", "warning", okrs=only_info)[0] == 0
    without_reason = Q4.replace("        rationale: Who is refused leaves\n", "")
    assert lint(room, okrs=without_reason)[0] == 0
    assert lint(room, "--fail-on", "warning", okrs=without_reason)[0] == 1


def test_waivers_beside_the_configuration(room: Path) -> None:
    entry = "- {rule: OKR303, entity: GROW, reason: agreed, owner: li, expires: 2026-12-20}\n"
    (room / "okr-delivery.waivers.yaml").write_text(entry, "utf-8")
    assert lint(room, okrs=BAD)[0] == 0
    assert lint(room, "--no-waivers")[0] == 1


def test_one_path_for_two_outputs_is_refused(room: Path) -> None:
    code, _, err = lint(room, "--output", "json=a", "--output", "sarif=a")
    assert code == 2 and "'a' is named twice" in err and not (room / "a").exists()


def test_several_outputs_in_one_run(room: Path) -> None:
    code, _, _ = lint(room, "--output", "sarif=okrs.sarif", "--output", "junit=okrs.xml", "-q", okrs=BAD)
    assert code == 1
    assert "OKR303" in (room / "okrs.sarif").read_text("utf-8") and "OKR303" in (room / "okrs.xml").read_text("utf-8")


def test_wrong_options_are_2(room: Path) -> None:
    assert lint(room, "--output", "xml=x", okrs=Q4)[0] == 2
    code, _, err = lint(room, "--cycle", "2026Q5", okrs=Q4)
    assert code == 2 and "2026Q4" in err


def test_files_alone_are_enough_and_nothing_is_made(room: Path) -> None:
    before = sorted(room.rglob("*"))
    code, out, _ = lint(room, okrs=Q4)
    assert code == 0 and "no store" in out
    assert sorted(room.rglob("*")) == [*before, room / "okrs" / "q4.yaml"]


# -- with a store ------------------------------------------------------------------------------------------------------


def riders(world: World, *argv: str) -> tuple[int, list[str], str]:
    """Exit code, the key results that ride free, and all that was said."""
    world.write()
    code, out, err = lint(world.root, "--format", "json", *argv)
    free = [one["entity"]["key"] for one in json.loads(out)["findings"] if one["rule"] == "OKR302"]
    return code, free, out + err


def test_work_that_contributes_is_seen_open_or_finished(world: World) -> None:
    done: dict[str, Any] = {"status": "2", "created": NOW - 90 * DAY}
    early, now = issue(3, "Contributes-to: COST-KR2 -1M", **done), issue(1, **done)
    changes = [finished(early, NOW - 60 * DAY), finished(now, NOW - 5 * DAY)]
    world.synced(now, issue(2, "Contributes-to: GROW-KR2 ?"), early, changes=changes)
    assert riders(world)[1] == ["2026Q4:COST-KR2"]  # whose work was finished before the cycle began


def test_the_store_is_only_read(world: World) -> None:
    world.synced(issue(1))
    path = world.root / "store.db"
    before = path.read_bytes()
    riders(world)
    assert path.read_bytes() == before


def test_a_source_that_is_half_fetched_gives_no_finding_and_no_pass_that_counts(world: World) -> None:
    world.synced(issue(1), complete=0)
    assert riders(world)[:2] == (0, [])
    code, out, _ = lint(world.root)
    assert code == 0 and "OKR302 free-rider can't be answered" in out and "jira is incomplete" in out
    assert riders(world, "--fail-on", "warning")[:2] == (2, [])


# -- the baseline ------------------------------------------------------------------------------------------------------


def write_baseline(room: Path, *argv: str) -> tuple[int, str]:
    out = io.StringIO()
    app = App(env={}, cwd=room, out=out, err=out, clock=lambda: float(NOW))
    return run(["baseline", "write", "--okrs", *argv], app=app), out.getvalue()


def entries(room: Path) -> list[tuple[str, str]]:
    known = json.loads((room / "okr-delivery.baseline.json").read_text("utf-8"))
    return [(one["rule"], one["entity"]) for one in known["findings"]]


def test_known_findings_of_the_files_fail_nothing_until_they_are_gone(room: Path) -> None:
    assert lint(room, okrs=BAD)[0] == 1
    assert write_baseline(room)[0] == 0
    assert ("OKR303", "2026Q4:GROW") in entries(room)
    assert (lint(room)[0], lint(room, "--no-baseline")[0]) == (0, 1)
    assert "baseline" in lint(room, okrs=Q4)[1]  # entries that are found no more
    assert write_baseline(room)[0] == 0
    assert ("OKR303", "2026Q4:GROW") not in entries(room)


def test_new_findings_are_taken_in_only_when_asked_for(room: Path) -> None:
    lint(room, okrs=Q4)
    write_baseline(room)
    lint(room, okrs=BAD)
    code, told = write_baseline(room)
    assert (code, entries(room)) == (0, []) and "okr-delivery okr lint shows them" in told
    assert write_baseline(room, "--accept-new")[0] == 0 and ("OKR303", "2026Q4:GROW") in entries(room)


def test_no_baseline_is_written_of_files_that_nobody_could_judge(room: Path) -> None:
    lint(room, okrs=Q3)
    assert write_baseline(room)[0] == 2
    assert not (room / "okr-delivery.baseline.json").exists()


def test_the_gate_leaves_what_is_known_of_the_files_alone(world: World) -> None:
    world.okrs["2026Q4"] = world.okrs["2026Q4"].replace("    source: self_driven\n", "")
    world.synced(issue(1, ""))
    assert write_baseline(world.root)[0] == 0
    known = entries(world.root)
    assert [rule for rule, _ in known].count("OKR303") == 2
    app = App(env={}, cwd=world.root, out=io.StringIO(), err=io.StringIO(), clock=lambda: float(NOW))
    assert run(["baseline", "write", "--accept-new"], app=app) == 0
    assert entries(world.root) == sorted([("KR101", "jira:PAY-1"), *known])


def test_okrs_are_of_no_team(room: Path) -> None:
    assert write_baseline(room, "--stage", "pitch")[0] == 2
