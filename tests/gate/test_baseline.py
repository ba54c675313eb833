"""The baseline: what it lets pass and what it never does, how it is written, and what happens to a damaged one."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run
from okr_delivery.delivery.derive import deriver
from okr_delivery.gate.baseline import FILE, Baseline, Known, load_baseline, parse
from okr_delivery.gate.finding import Severity
from okr_delivery.gate.result import GateResult
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Change, Field, Issue, Value
from tests.gate.test_exit_codes import TWO_SOURCES
from tests.gate.world import CONFIG, DAY, NOW, S27, S28, World, issue

PRINT = "0123456789abcdef" * 2


def command(world: World, *argv: str, now: int = NOW) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    world.write()
    app = App(env={}, cwd=world.root, out=out, err=err, clock=lambda: float(now))
    return run(list(argv), app=app), out.getvalue(), err.getvalue()


def write(world: World, *argv: str) -> str:
    code, out, err = command(world, "baseline", "write", *argv)
    assert code == 0, err
    return out


def entries(world: World) -> list[str]:
    data = json.loads((world.root / FILE).read_text("utf-8"))
    return [f"{entry['rule']} {entry['entity']}" for entry in data["findings"]]


def gate(world: World, **asked: object) -> GateResult:
    return world.gate(baseline=load_baseline(world.write()), **asked)  # type: ignore[arg-type]  # by name


def stale(result: GateResult) -> list[object]:
    return [note.params["n"] for team in result.team_verdicts for note in team.notes if note.id == "baseline.stale"]


# -- what it lets pass -------------------------------------------------------------------------------------------------


def test_what_is_known_is_shown_and_fails_nothing(world: World) -> None:
    world.synced(issue(1, ""), issue(2, estimate=None))
    assert write(world) == f"{FILE}: 0 kept, 0 dropped, 2 added\n"
    assert entries(world) == ["KR101 jira:PAY-1", "KR205 jira:PAY-2"]
    result = gate(world)
    assert [f.baselined for f in result.findings] == [True, True]
    assert (result.exit_code, result.summary.baselined, result.summary.ready) == (0, 2, 2)
    assert stale(result) == []


def test_another_fault_of_the_same_requirement_is_new(world: World) -> None:
    world.synced(issue(1, "Contributes-to: GROW-KR9 M"))
    write(world)
    world.synced(issue(1, "Contributes-to: GROW-KR8 M", estimate=None))
    result = gate(world)
    assert [(f.rule, f.baselined) for f in result.findings] == [("KR102", False), ("KR205", False)]
    assert result.exit_code == 1


def test_another_requirement_of_the_same_key_in_another_source_is_new(world: World) -> None:
    world.config_text = TWO_SOURCES.replace("projects: [APP]", "projects: [PAY]")
    for source in ("east", "west"):
        world.synced(issue(1, "", source=source), source=source, iterations=())
    config = world.write()
    known = [Known.of(f) for f in world.gate(backlog=True, teams=["payments"]).findings if f.entity.kind == "issue"]
    (config.root / FILE).write_text(Baseline.of(known).text(), "utf-8")
    marked = {f.entity.source: f.baselined for f in gate(world, backlog=True).findings if f.rule == "KR101"}
    assert marked == {"east": True, "west": False}


def test_no_baseline_counts_everything(world: World) -> None:
    world.synced(issue(1, ""))
    write(world)
    assert command(world, "gate")[0] == 0
    assert command(world, "gate", "--no-baseline")[0] == 1


def test_findings_about_iterations_are_never_known(world: World) -> None:
    world.config_text = CONFIG.replace("adopt: pitch", "adopt: iteration")
    world.synced(issue(1, ""))
    write(world)
    assert {entry.partition(" ")[0] for entry in entries(world)} == {"KR101"}
    found = [f for f in gate(world).findings if f.entity.kind != "issue"]
    assert found and not any(f.baselined for f in found)


def moved(world: World, *keys: str) -> None:
    """PAY-1 had these keys before."""
    world.synced(issue(1, ""))
    sides = [(Value(None, was), Value(None, "PAY-1")) for was in keys]
    with world.store.page("jira") as tx:
        made = [Change("1001", n, 0, NOW - 99 + n, Field.KEY, *side) for n, side in enumerate(sides)]
        tx.put_changes(["1001"], made)
        deriver(world.write())(tx, "jira", ["1001"])


def test_a_moved_requirement_is_known_by_its_former_key_and_written_under_the_present_one(world: World) -> None:
    world.synced(issue(1, "", project="OLD", key="OLD-7"))
    write(world)
    assert entries(world) == ["KR101 jira:OLD-7"]
    moved(world, "OLD-7")
    result = gate(world)
    assert ([f.baselined for f in result.findings], result.exit_code, stale(result)) == ([True], 0, [])
    assert write(world) == f"{FILE}: 1 kept, 0 dropped, 0 added\n"
    assert entries(world) == ["KR101 jira:PAY-1"]
    assert gate(world).exit_code == 0


# -- how it is written -------------------------------------------------------------------------------------------------


def test_it_only_shrinks_unless_new_ones_are_accepted(world: World) -> None:
    world.synced(issue(1, ""), issue(2, ""))
    write(world)
    world.synced(issue(1), issue(2, ""), issue(3, ""))
    assert stale(gate(world)) == [1]
    out = write(world)
    assert out.startswith(f"{FILE}: 1 kept, 1 dropped, 0 added\n") and "--accept-new" in out
    assert entries(world) == ["KR101 jira:PAY-2"]
    assert command(world, "gate")[0] == 1
    assert write(world, "--accept-new") == f"{FILE}: 1 kept, 0 dropped, 1 added\n"
    assert command(world, "gate")[0] == 0


def test_prune_needs_a_baseline(world: World) -> None:
    world.synced(issue(1, ""))
    code, _, err = command(world, "baseline", "write", "--prune")
    assert (code, (world.root / FILE).exists()) == (2, False)
    assert "okr-delivery baseline write" in err
    write(world)
    world.synced(issue(1))
    assert write(world, "--prune") == f"{FILE}: 0 kept, 1 dropped, 0 added\n"
    assert json.loads((world.root / FILE).read_text("utf-8")) == {"version": 1, "findings": []}
    assert command(world, "baseline", "write", "--prune", "--accept-new")[0] == 2


@pytest.mark.parametrize(
    ("after", "left"),
    [
        (issue(1, "", status="2"), []),  # finished
        (issue(1, "", type="Bug"), []),  # no requirement any more
        (issue(1, "", iteration=None), ["KR101 jira:PAY-1"]),
    ],
    ids=["finished", "no requirement", "planned nowhere"],
)
def test_entries_of_what_nobody_judges_any_more_go(world: World, after: Issue, left: Sequence[str]) -> None:
    world.synced(issue(1, ""), issue(2))
    write(world)
    world.synced(after, issue(2))
    write(world)
    assert entries(world) == list(left)


def test_entries_of_issues_that_are_gone_go(world: World) -> None:
    world.synced(issue(1, ""), issue(2))
    world.write()
    (world.root / FILE).write_text(Baseline.of([Known(PRINT, "KR101", "jira:PAY-99")]).text(), "utf-8")
    assert "0 kept, 1 dropped" in write(world)


def test_what_another_rule_hides_is_kept(world: World) -> None:
    world.synced(issue(1, "Contributes-to: GROW-KR1"))
    write(world)
    assert entries(world) == ["KR201 jira:PAY-1"]
    world.synced(issue(1, ""))
    assert "1 kept, 0 dropped" in write(world)
    world.synced(issue(1, "Contributes-to: GROW-KR1"))
    assert gate(world).exit_code == 0


def test_a_stage_and_a_team_touch_only_their_own(world: World) -> None:
    world.config_text = TWO_SOURCES
    world.synced(issue(1, "", estimate=None, source="east"), source="east", iterations=())
    world.synced(issue(2, "", source="west", project="APP"), source="west", iterations=())
    write(world, "--stage", "intake", "--team", "payments")
    assert entries(world) == ["KR101 east:PAY-1"]
    write(world, "--stage", "pitch", "--accept-new")
    assert entries(world) == ["KR101 east:PAY-1", "KR101 west:APP-2", "KR205 east:PAY-1"]
    world.synced(issue(1, source="east"), source="east", iterations=())
    world.synced(issue(2, source="west", project="APP"), source="west", iterations=())
    assert "2 kept, 1 dropped" in write(world, "--stage", "intake", "--team", "payments")
    assert entries(world) == ["KR101 west:APP-2", "KR205 east:PAY-1"]


def test_waived_findings_are_not_taken_in_and_infos_neither(world: World) -> None:
    world.synced(issue(1, ""), issue(2, "Contributes-to: GROW-KR1 M", labels=("kr:GROW-KR1",)))
    world.config_text = CONFIG.replace("gate: {since", "gate: {rules: {KR101: warning}, since")
    world.waivers("- {rule: KR101, entity: PAY-1, reason: audit, owner: lin, expires: 2026-12-15}\n")
    write(world)
    assert entries(world) == []
    (world.root / "okr-delivery.waivers.yaml").unlink()
    write(world, "--accept-new")
    assert entries(world) == ["KR101 jira:PAY-1"]


def test_nothing_is_written_while_a_team_has_no_verdict(world: World) -> None:
    world.config_text = TWO_SOURCES
    world.synced(issue(1, "", source="east"), source="east", iterations=())
    code, _, err = command(world, "baseline", "write")
    assert (code, (world.root / FILE).exists()) == (2, False)
    assert "west" in err
    world.synced(issue(2, "", source="west", project="APP"), source="west", iterations=())
    write(world)
    before = (world.root / FILE).read_bytes()
    assert command(world, "baseline", "write", now=NOW + 9 * DAY)[0] == 2
    assert (world.root / FILE).read_bytes() == before


def test_it_shrinks_to_nothing_when_the_last_one_is_settled(world: World) -> None:
    """A team without open work was judged; one that nobody could look at was not."""
    world.synced(issue(1, ""), issue(2, status="2"))
    write(world)
    world.synced(issue(1, "", status="2"))
    before = (world.root / FILE).read_bytes()
    code, _, err = command(world, "baseline", "write", now=NOW + 9 * DAY)  # data that is too old
    assert (code, (world.root / FILE).read_bytes()) == (2, before)
    assert "okr-delivery sync jira" in err
    assert write(world) == f"{FILE}: 0 kept, 1 dropped, 0 added\n"
    assert entries(world) == []
    assert write(world, "--prune") == f"{FILE}: 0 kept, 0 dropped, 0 added\n"


def test_its_bytes_are_the_same_however_issues_come(world: World, tmp_path: Path) -> None:
    world.synced(issue(2, ""), issue(10, ""), issue(1, "", estimate=None))
    write(world)
    first = (world.root / FILE).read_bytes()
    other = World(tmp_path / "other").synced(issue(1, "", estimate=None), issue(10, ""), issue(2, ""))
    write(other)
    other.close()
    assert (other.root / FILE).read_bytes() == first
    lines = first.decode().splitlines()
    assert [line[:1] for line in lines] == ["{", *"{" * 4, "]"]
    assert [json.loads(line.rstrip(","))["entity"] for line in lines[1:-1]] == [
        "jira:PAY-1", "jira:PAY-2", "jira:PAY-10", "jira:PAY-1"
    ]  # fmt: skip


# -- bad input ---------------------------------------------------------------------------------------------------------


def entry(rule: str = "KR101", entity: str = "jira:PAY-1", fingerprint: str = PRINT) -> str:
    return json.dumps({"fingerprint": fingerprint, "rule": rule, "entity": entity})


def file_of(*lines: str) -> str:
    return '{"version": 1, "findings": [\n' + ",\n".join(lines) + "\n]}\n"


BAD = {
    "no json": ("nonsense", "baseline.syntax", 1),
    "cut off": (file_of(entry())[:-4], "baseline.syntax", 2),
    "a comma too few": (file_of(entry(), entry(entity="jira:PAY-2")).replace(",\n", "\n"), "baseline.syntax", 3),
    "a merge": (file_of("<<<<<<< HEAD", entry(), "=======", ">>>>>>> main"), "baseline.conflict", 2),
    "deep": ("[" * 100_000, "baseline.syntax", 1),
    "a list": ("[]", "baseline.no_version", 1),
    "no version": ('{"findings": []}', "baseline.no_version", 1),
    "true is no version": ('{"version": true, "findings": []}', "baseline.no_version", 1),
    "no findings": ('{"version": 1}', "baseline.no_findings", 1),
    "more": ('{"version": 1, "findings": [], "lines": 3}', "baseline.no_findings", 1),
    "no entry": (file_of(entry(), '"KR101"'), "baseline.entry", 3),
    "a member too many": (file_of(entry(), entry()[:-1] + ', "line": 3}'), "baseline.entry", 3),
    "a number": (file_of('{"fingerprint": 1, "rule": "KR101", "entity": "jira:PAY-1"}'), "baseline.entry", 2),
    "a fingerprint": (file_of(entry(fingerprint="abc")), "baseline.fingerprint", 2),
    "an entity": (file_of(entry(entity="PAY-1")), "baseline.entity", 2),
    "no rule": (file_of(entry(), entry("KR109", fingerprint="f" * 32)), "baseline.rule.nearest", 3),
    "a waiver's rule": (file_of(entry("WVR002")), "baseline.rule", 2),
    "an iteration's rule": (file_of(entry("KR301")), "baseline.rule", 2),
    "twice": (file_of(entry(), entry(entity="jira:PAY-2")), "baseline.twice", 3),
}


@pytest.mark.parametrize(("text", "message", "line"), BAD.values(), ids=BAD)
def test_a_damaged_file_is_refused_with_its_line(text: str, message: str, line: int) -> None:
    with pytest.raises(UserError) as error:
        parse(text)
    problem = error.value.problems[0]
    assert (problem.what.id, problem.where) == (message, f"{FILE}:{line}")


def test_a_newer_version_is_refused_and_named(world: World) -> None:
    world.synced(issue(1))
    (world.root / FILE).write_text('{"version": 7, "entries": {}}', "utf-8")
    for argv in (["gate"], ["baseline", "write"]):
        code, _, err = command(world, *argv)
        assert code == 2
        assert "version 7" in err and "upgrade okr-delivery" in err


@pytest.mark.parametrize("raw", ["监管".encode("gb18030"), b"\xff\xfe{\x00"], ids=["gb18030", "utf-16"])
def test_another_encoding_is_refused(world: World, raw: bytes) -> None:
    config = world.write()
    (config.root / FILE).write_bytes(raw)
    with pytest.raises(UserError) as error:
        load_baseline(config)
    assert error.value.problems[0].what.id == "config.file.not_utf8"


def test_a_bom_and_other_line_ends_are_read(world: World) -> None:
    config = world.write()
    (config.root / FILE).write_bytes(b"\xef\xbb\xbf" + file_of(entry()).replace("\n", "\r\n").encode())
    assert load_baseline(config) == Baseline((Known(PRINT, "KR101", "jira:PAY-1"),))


def test_none_is_no_error(world: World) -> None:
    assert load_baseline(world.write()) is None


# -- a company of a thousand requirements ------------------------------------------------------------------------------


def test_a_thousand_requirements_are_taken_in_and_a_new_one_is_not(world: World) -> None:
    world.synced(*(issue(n, "", iteration="28" if n % 20 == 0 else None) for n in range(1, 1001)))
    begun = time.process_time()
    assert "1000 added" in write(world)
    assert command(world, "gate", "--backlog", "--output", "sarif=a.sarif")[0] == 0
    assert time.process_time() - begun < 20
    world.synced(*(issue(n, "", iteration="28" if n % 20 == 0 else None) for n in range(1, 1002)))
    code, out, _ = command(world, "gate", "--backlog")
    assert code == 1
    assert "PAY-1001" in out


def test_what_it_holds_is_a_warning_or_an_error(world: World) -> None:
    world.synced(issue(1, "Contributes-to: GROW-KR1 +15pp", iteration="27"), iterations=(S27, S28))
    assert [f.severity for f in world.gate(backlog=True).findings] == [Severity.WARNING]
    write(world)
    assert gate(world, backlog=True, fail_on=Severity.WARNING).exit_code == 0
