"""Waivers: read with every mistake named, matched by key, and watched for their own end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from importlib import resources

import pytest

from okr_delivery.gate.finding import Severity
from okr_delivery.gate.result import GateResult
from okr_delivery.gate.waivers import load_waivers
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Change, Field, IterationState, Value
from tests.gate.test_exit_codes import TWO_SOURCES
from tests.gate.world import CONFIG, DAY, NOW, S27, S28, World, issue

TODAY = date(2026, 11, 18)


def entry(entity: str = "PAY-1", rule: str = "KR101", expires: str = "2027-01-31") -> str:
    return f"- {{rule: {rule}, entity: '{entity}', reason: regulatory fix, owner: lin, expires: {expires}}}\n"


def problems(result: GateResult) -> list[tuple[str, str, str]]:
    return [(p.rule, str(p.severity), p.message.id.rpartition(".")[2]) for p in result.waiver_problems]


def test_a_waived_finding_is_listed_and_does_not_count(world: World) -> None:
    result = world.synced(issue(1, "", estimate=None), issue(2, "")).waivers(entry()).gate()
    assert [f"{f.rule} {f.entity.key}" for f in result.findings] == ["KR101 PAY-2", "KR205 PAY-1"]
    (one,) = result.waived
    assert (one.finding.entity.key, one.waiver.owner, one.waiver.expires) == ("PAY-1", "lin", date(2027, 1, 31))
    assert result.waiver_problems == ()


def test_a_waived_requirement_is_ready(world: World) -> None:
    result = world.synced(issue(1, "")).waivers(entry()).gate()
    assert (result.summary.ready, result.summary.waived, result.exit_code) == (1, 1, 0)


def test_no_waivers_shows_everything(world: World) -> None:
    result = world.synced(issue(1, "")).waivers(entry()).gate(waive=False)
    assert (len(result.findings), result.waived, result.exit_code) == (1, (), 1)


@pytest.mark.parametrize(
    ("expires", "expected", "exit_code"),
    [
        ("2026-12-02", [], 0),
        ("2026-12-01", [("WVR003", "info", "message")], 0),  # its last 14 days
        ("2026-11-18", [("WVR003", "info", "message")], 0),  # the end includes its day
        ("2026-11-17", [("WVR002", "error", "message")], 1),
    ],
)
def test_the_end_of_a_waiver(world: World, expires: str, expected: list[tuple[str, str, str]], exit_code: int) -> None:
    result = world.synced(issue(1, "")).waivers(entry(expires=expires)).gate()
    assert (problems(result), result.exit_code) == (expected, exit_code)
    assert bool(result.waived) is (exit_code == 0)


def test_the_end_is_held_against_as_of(world: World) -> None:
    world.synced(issue(1, "")).waivers(entry(expires="2026-11-17"))
    assert world.gate(as_of=NOW - 86_400).waived != ()


@pytest.mark.parametrize(
    ("entity", "rule", "expected"),
    [
        ("PAY-1", "KR101", [("WVR001", "warning", "judged")]),
        ("PAY-3", "KR101", [("WVR001", "warning", "finished")]),
        ("PAY-99", "KR101", [("WVR001", "warning", "gone")]),
        ("PAY-4", "KR101", []),  # exists, but nobody looked at it
        ("PAY-1", "KR301", []),  # the rule was not asked
    ],
)
def test_unused_waivers(world: World, entity: str, rule: str, expected: list[tuple[str, str, str]]) -> None:
    world.synced(issue(1), issue(3, status="2"), issue(4, "", iteration=None)).waivers(entry(entity, rule))
    result = world.gate()
    assert (problems(result), result.exit_code) == (expected, 0)


def test_nothing_is_called_gone_while_a_source_can_not_be_trusted(world: World) -> None:
    world.config_text = TWO_SOURCES
    world.synced(issue(1, "", source="east"), source="east", iterations=(replace(S28, source="east"),))
    assert world.waivers(entry("APP-1")).gate().waiver_problems == ()


def test_an_unused_waiver_fails_when_warnings_do(world: World) -> None:
    world.synced(issue(1)).waivers(entry())
    assert world.gate(fail_on=Severity.WARNING).exit_code == 1


def test_waiver_rules_can_be_set_too(world: World) -> None:
    world.config_text = CONFIG.replace("gate: {since", "gate: {rules: {WVR002: warning, WVR001: off}, since")
    world.synced(issue(1, ""), issue(2)).waivers(entry(expires="2026-11-01") + entry("PAY-2"))
    assert problems(world.gate()) == [("WVR002", "warning", "message")]


def test_old_keys_and_addresses_match(world: World) -> None:
    moved = issue(1, "")
    world.synced(moved)
    with world.store.page("jira") as tx:
        tx.put_changes(
            [moved.id], [Change(moved.id, 1, 0, NOW - 99, Field.KEY, Value(None, "OLD-7"), Value(None, "PAY-1"))]
        )
    for entity in ("OLD-7", "jira:PAY-1", "https://acme.atlassian.net/browse/PAY-1"):
        result = world.waivers(entry(entity)).gate()
        assert (len(result.waived), problems(result)) == (1, []), entity


def test_a_key_of_two_sources_must_name_its_source(world: World) -> None:
    world.config_text = TWO_SOURCES.replace("projects: [APP]", "projects: [PAY]")
    for source in ("east", "west"):
        world.synced(issue(1, "", source=source), source=source, iterations=(replace(S28, source=source),))
    with pytest.raises(UserError) as error:
        world.waivers(entry()).gate()
    assert error.value.problems[0].where == "okr-delivery.waivers.yaml:1"
    result = world.waivers(entry("west:PAY-1")).gate()
    found = [f for f in result.findings if f.rule == "KR101"]
    assert [f.entity.source for f in found] == ["east"]
    recheck = found[0].help.params["lines"][-1]  # type: ignore[index]  # messages
    assert recheck.params["command"] == "okr-delivery gate --issue east:PAY-1 --sync"


def test_none_is_no_error_and_an_empty_file_neither(world: World) -> None:
    config = world.write()
    assert len(load_waivers(config)) == 0
    world.waivers("# nothing yet\n")
    assert not load_waivers(config)


@pytest.mark.parametrize(("uncommented", "appended", "kept"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 1, 2)])
def test_the_file_of_init_takes_entries_as_it_is(world: World, uncommented: int, appended: int, kept: int) -> None:
    """Taking the `#` off the example, adding an entry below, both or neither."""
    text = (resources.files("okr_delivery.config") / "templates" / "okr-delivery.waivers.yaml").read_text("utf-8")
    assert text.count("\n#-") == 1
    config = world.write()
    world.waivers(text.replace("\n#-", "\n-", uncommented) + entry("PAY-7") * appended)
    assert len(load_waivers(config)) == kept


BAD = [
    ("rule: KR101\n", ["gate.waiver.list"], ":1:1"),
    ("- just text\n", ["gate.waiver.entry"], ":1:3"),
    ("- {rule: KR101, entity: PAY-1, reason: x, owner: lin}\n", ["gate.waiver.missing"], ":1:3"),
    ("- {rule: KR101, entity: PAY-1, reason: '', owner: lin, expires: 2026-12-15}\n", ["gate.waiver.missing"], ":1:40"),
    (entry(rule="KR109"), ["gate.waiver.rule.nearest"], ":1:10"),
    (entry(rule="KR999"), ["gate.waiver.rule"], ":1:10"),
    (entry(rule="missing-key-result"), ["gate.waiver.rule.nearest"], ":1:10"),
    (entry(rule="nonsense"), ["gate.waiver.rule"], ":1:10"),
    (entry(expires="soon"), ["gate.waiver.date"], None),
    (entry(expires="20261215"), ["gate.waiver.date"], None),
    (entry().replace("}", ", until: 2026-12-15}"), ["gate.waiver.unknown_key"], None),
    (entry() + entry(expires="2028-01-01"), ["gate.waiver.twice"], ":2:3"),
    ("- {rule: KR101\n", ["config.yaml.bracket"], ":1:3"),
    (entry() + "[]\n", ["config.yaml.empty_list"], ".yaml:2"),
    ("- rule: KR101\n  entity:\n  reason: x\n  owner: lin\n  expires: 2026-12-15\n", ["gate.waiver.missing"], ":2:3"),
]


@pytest.mark.parametrize(("text", "ids", "where"), BAD)
def test_mistakes_are_named_with_their_place(world: World, text: str, ids: list[str] | None, where: str | None) -> None:
    config = world.write()
    world.waivers(text)
    with pytest.raises(UserError) as error:
        load_waivers(config)
    assert error.value.exit_code == 2
    assert all((p.where or "").startswith("okr-delivery.waivers.yaml:") for p in error.value.problems)
    if ids is not None:
        assert [p.what.id for p in error.value.problems] == ids
    if where is not None:
        assert (error.value.problems[0].where or "").endswith(where)


def test_all_mistakes_at_once(world: World) -> None:
    config = world.write()
    world.waivers(entry(rule="KR999", expires="soon") + "- {}\n")
    with pytest.raises(UserError) as error:
        load_waivers(config)
    assert len(error.value.problems) == 2 + 5


def test_a_file_in_another_encoding_is_named(world: World) -> None:
    config = world.write()
    (world.root / "okr-delivery.waivers.yaml").write_bytes(entry().replace("regulatory fix", "监管").encode("gb18030"))
    with pytest.raises(UserError) as error:
        load_waivers(config)
    assert error.value.problems[0].where == "okr-delivery.waivers.yaml:1"


@pytest.mark.parametrize(("expires", "refused"), [("2027-02-18", False), ("2027-02-19", True)])
def test_a_waiver_may_not_run_longer_than_agreed(world: World, expires: str, refused: bool) -> None:
    world.synced(issue(1, "")).waivers(entry().replace("PAY-1", "PAY-2") + entry(expires=expires))
    if not refused:
        assert len(world.gate().waived) == 1
        return
    with pytest.raises(UserError) as error:
        world.gate()
    (problem,) = error.value.problems
    assert problem.where == "okr-delivery.waivers.yaml:2"
    assert problem.next_step is not None and problem.next_step.params["last"] == "2027-02-18"


def test_how_long_is_configured_and_held_against_as_of(world: World) -> None:
    world.config_text = CONFIG.replace("gate: {since", "gate: {max_waiver_days: 10, since")
    world.synced(issue(1, "")).waivers(entry(expires="2026-11-28"))
    assert len(world.gate().waived) == 1
    with pytest.raises(UserError):
        world.gate(as_of=NOW - DAY)


ITERATION = CONFIG.replace("adopt: pitch", "adopt: iteration")


@pytest.mark.parametrize("entity", ["PAY S28", "pay  s28", "28", "jira:28", "payments:28", "payments:PAY S28"])
def test_an_iteration_is_waived_by_id_or_name(world: World, entity: str) -> None:
    world.config_text = ITERATION
    world.synced(issue(1), iterations=(S27, replace(S28, goal=None))).waivers(entry(entity, "KR301"))
    result = world.gate()
    assert [w.finding.rule for w in result.waived] == ["KR301"]
    assert problems(result) == []


@pytest.mark.parametrize("entity", ["GROW-KR1", "grow-kr1", "2026Q4:GROW-KR1"])
def test_a_key_result_is_waived_by_short_or_full_id(world: World, entity: str) -> None:
    world.config_text = ITERATION
    found = [f.entity.key for f in world.synced(issue(1)).gate().findings if f.rule == "KR302"]
    assert found == ["2026Q4:GROW-KR1"]
    result = world.waivers(entry(entity, "KR302")).gate()
    assert [w.finding.rule for w in result.waived] == ["KR302"]


@pytest.mark.parametrize(
    ("entity", "rule", "expected"),
    [
        ("PAY S28", "KR301", [("WVR001", "warning", "judged")]),
        ("PAY S29", "KR301", [("WVR001", "warning", "gone")]),
        ("PAY S26", "KR301", [("WVR001", "warning", "closed")]),
        ("PAY S27", "KR301", []),  # the current one is not looked at
        ("COST-KR2", "KR302", [("WVR001", "warning", "judged")]),
        ("COST-KR9", "KR302", [("WVR001", "warning", "gone")]),
        ("GROW", "OKR201", []),  # for another command
        ("PAY-3", "KR306", [("WVR001", "warning", "judged")]),  # it is finished, which is what the rule is about
    ],
)
def test_unused_waivers_of_plans(world: World, entity: str, rule: str, expected: list[tuple[str, str, str]]) -> None:
    world.config_text = ITERATION
    s26 = replace(S27, id="26", name="PAY S26", state=IterationState.CLOSED, closed_at=NOW - 10 * DAY)
    world.synced(issue(1), issue(3, status="2"), iterations=(s26, S27, replace(S28, goal="GROW: faster")))
    assert problems(world.waivers(entry(entity, rule)).gate()) == expected
    if entity != "PAY-3":
        assert problems(world.gate(issues=("PAY-1",))) == (
            expected if expected[:1] and expected[0][2] != "judged" else []
        )


def test_a_name_of_two_iterations_must_say_which(world: World) -> None:
    world.config_text = TWO_SOURCES
    for source, project in (("east", "PAY"), ("west", "APP")):
        sprint = replace(S28, source=source, name="Sprint 28", id=f"28{source}", goal=None)
        world.synced(issue(1, source=source, project=project, iteration=sprint.id), source=source, iterations=(sprint,))
    with pytest.raises(UserError) as error:
        world.waivers(entry("Sprint 28", "KR301")).gate()
    assert error.value.problems[0].what.params["candidates"] == ("east:28east", "west:28west")
    result = world.waivers(entry("mobile:Sprint 28", "KR301")).gate()
    assert [w.finding.team for w in result.waived] == ["mobile"]


def test_a_file_that_is_too_big_is_refused(world: World) -> None:
    config = world.write()
    (world.root / "okr-delivery.waivers.yaml").write_text("# " + "x" * 5_000_001, "utf-8")
    with pytest.raises(UserError) as error:
        load_waivers(config)
    assert error.value.problems[0].what.id == "config.yaml.too_big"
