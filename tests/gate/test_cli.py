"""`okr-delivery gate` from the outside: exit codes in every format, and what is written where."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Mapping

import defusedxml.ElementTree
import jsonschema
import pytest

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run
from okr_delivery.output.gate_schema import SCHEMA
from tests.gate.world import CONFIG, DAY, NOW, World, issue

FORMATS = ("text", "json", "junit", "sarif", "gitlab", "github", "markdown")
LOUD = {  # how each says that there is no verdict
    "text": "no verdict: ",
    "json": '"verdict": "none"',
    "junit": '<error type="no verdict"',
    "sarif": '"executionSuccessful":false',
    "gitlab": '"severity":"blocker"',
    "github": "::error title=no verdict::",
    "markdown": "## Gate: no verdict\n",
}


def gate(world: World, *argv: str, now: int = NOW, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    world.write()
    app = App(env=dict(env or {}), cwd=world.root, out=out, err=err, clock=lambda: float(now))
    code = run(["gate", *argv], app=app)
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(("text", "code"), [("Contributes-to: GROW-KR1 M", 0), ("", 1)])
def test_the_code_is_the_same_in_every_format(world: World, kind: str, text: str, code: int) -> None:
    world.synced(issue(1, text))
    assert gate(world, "--format", kind)[0] == code


@pytest.mark.parametrize("kind", FORMATS)
def test_no_verdict_is_2_in_every_format(world: World, kind: str) -> None:
    world.synced(issue(1))
    code, out, _ = gate(world, "--format", kind, now=NOW + 3 * DAY)
    assert code == 2 and LOUD[kind] in out


@pytest.mark.parametrize("flag", ["--exit-zero", "--preview"])
def test_0_whatever_is_found_but_still_2_without_data(world: World, flag: str) -> None:
    world.synced(issue(1, ""))
    assert gate(world, flag)[0] == 0
    assert gate(world, flag, now=NOW + 3 * DAY)[0] == 2


CHOICES: tuple[list[str], ...] = (
    [],
    ["--iteration", "next"],
    ["--issue", "PAY-1"],
    ["--backlog"],
    ["--team", "payments"],
)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda argv: " ".join(argv) or "plain")
def test_every_choice_goes_with_every_stage_and_mode(world: World, choice: list[str]) -> None:
    world.synced(issue(1, ""), issue(2))
    stages = {"intake": 1, "pitch": 1, "iteration": 1, "release": 2}  # no rule of the last one is on
    for stage, code in stages.items():
        asked = [*choice, "--stage", stage]
        assert gate(world, *asked)[0] == code, asked
        for mode in (["--preview"], ["--exit-zero"], ["--preview", "--fail-on", "warning", "--format", "json"]):
            ended, out, err = gate(world, *asked, *mode)
            assert (ended, "Internal" in err) == (0 if code == 1 else 2, False), (asked, mode)
            assert out.strip()


EACH = ("--iteration=next", "--issue=PAY-1", "--backlog", "--merge-request=12")


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(EACH, 2)))
def test_two_choices_at_once_are_refused(world: World, first: str, second: str) -> None:
    world.synced(issue(1))
    code, _, err = gate(world, first, second, "--exit-zero")
    assert (code, "exclude each other" in err) == (2, True)


def test_nothing_was_ever_synced(world: World) -> None:
    code, out, err = gate(world)
    assert code == 2
    assert "okr-delivery sync jira" in out + err


def test_fail_on_comes_from_the_command_line_else_from_the_configuration(world: World) -> None:
    world.synced(issue(1, "Contributes-to: GROW-KR1 +15pp"))
    assert gate(world)[0] == 0
    assert gate(world, "--fail-on", "warning")[0] == 1
    world.config_text = CONFIG.replace("gate: {since", "gate: {fail_on: warning, since")
    assert gate(world)[0] == 1
    assert gate(world, "--fail-on", "error")[0] == 0


def test_files_are_written_also_when_nothing_was_found(world: World) -> None:
    world.synced(issue(1))
    code, out, _ = gate(world, "--output", "junit=gate.xml", "--output", "json=gate.json")
    assert code == 0
    assert out.endswith("1 of 1 ready\n")
    jsonschema.validate(json.loads((world.root / "gate.json").read_text("utf-8")), SCHEMA)
    root = defusedxml.ElementTree.parse(world.root / "gate.xml").getroot()
    assert root is not None and root.attrib["failures"] == "0"


def test_one_run_writes_every_format(world: World) -> None:
    world.synced(issue(1, ""))
    code, out, _ = gate(world, *(f"--output={kind}=out/gate.{kind}" for kind in FORMATS))
    assert code == 1 and out.endswith("0 of 1 ready; to fix: PAY-1 (fang)\n")
    for kind in FORMATS:
        assert "PAY-1" in (world.root / "out" / f"gate.{kind}").read_text("utf-8")
    assert sorted(path.name for path in (world.root / "out").iterdir()) == sorted(f"gate.{kind}" for kind in FORMATS)


@pytest.mark.parametrize("kind", FORMATS)
def test_whatever_ends_a_run_its_files_say_that_there_is_no_verdict(world: World, kind: str) -> None:
    world.synced(issue(1))
    path = world.root / "gate.out"
    assert gate(world, "--output", f"{kind}={path}")[0] == 0
    assert gate(world, "--output", f"{kind}={path}", "--issue", "PAY-9")[0] == 2
    text = path.read_text("utf-8")
    assert LOUD[kind] in text and "PAY-9" in text
    world.okrs["2026Q4"] = "cycle: nonsense\n"
    assert gate(world, "--output", f"{kind}={path}")[0] == 2
    assert LOUD[kind] in path.read_text("utf-8") and "PAY-9" not in path.read_text("utf-8")


def test_a_defect_of_ours_is_no_verdict_in_files_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret")

    world.synced(issue(1))
    monkeypatch.setattr("okr_delivery.gate.engine.run", broken)
    assert gate(world, "--output", "gitlab=gate.json")[0] == 2
    (entry,) = json.loads((world.root / "gate.json").read_text("utf-8"))
    assert entry["severity"] == "blocker" and "ZeroDivisionError" in entry["description"]
    assert "secret" not in entry["description"]


def test_a_file_that_cannot_be_written_is_2_and_the_others_say_so(world: World) -> None:
    world.synced(issue(1))
    (world.root / "taken").mkdir()
    code, _, err = gate(world, "--output", "junit=taken", "--output", "gitlab=gate.json")
    assert (code, "taken" in err) == (2, True)
    assert '"severity":"blocker"' in (world.root / "gate.json").read_text("utf-8")


def test_paths_begin_where_the_repository_does(world: World) -> None:
    (world.root.parent / ".git").mkdir()
    world.synced(issue(1, "Contributes-to: GROW-KR1 ?"), issue(2, ""))
    gate(world, "--output", "gitlab=gate.json")
    entries = json.loads((world.root / "gate.json").read_text("utf-8"))
    assert {entry["check_name"]: entry["location"]["path"] for entry in entries} == {
        "KR101": "work/okr-delivery.yaml",
        "KR201": "work/okrs/2026Q4.yaml",
    }


def test_the_payload_is_alone_on_standard_output(world: World) -> None:
    world.synced(issue(1, "", title="/close @all"))
    code, out, _ = gate(world, "--format", "json", "--lang", "zh")
    found = json.loads(out)
    assert (code, found["verdict"], found["findings"][0]["message"]) == (1, "fail", "没有写明关键结果。")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--issue", "PAY-12"), "PAY-1?"),
        (("--iteration", "PAY S82"), "PAY S28"),
        (("--team", "payment"), "payments"),
        (("--stage", "pitchy"), "pitch"),
    ],
)
def test_what_does_not_exist_is_2_with_what_does(world: World, argv: tuple[str, ...], said: str) -> None:
    world.synced(issue(1))
    code, out, err = gate(world, *argv)
    assert (code, out) == (2, "")
    assert said in err


def test_unknown_rules_and_bad_waivers_are_2_with_their_place(world: World) -> None:
    world.synced(issue(1)).waivers("- {rule: KR1O1, entity: PAY-1, reason: x, owner: lin, expires: 2027-01-01}\n")
    code, _, err = gate(world)
    assert (code, "okr-delivery.waivers.yaml:1:10" in err, "KR101" in err) == (2, True, True)
    assert gate(world, "--no-waivers")[0] == 0
    world.config_text = CONFIG.replace("gate: {since", "gate: {rules: {KR109: off}, since")
    code, _, err = gate(world, "--no-waivers")
    assert (code, "okr-delivery.yaml:15:16" in err) == (2, True)


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "text"])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("key", ["PAY-9999", "PAY-103"])
def test_what_is_wrong_and_what_to_do_read_like_sentences(world: World, kind: str, lang: str, key: str) -> None:
    world.synced(issue(9), issue(102))
    out = world.root / "out"
    assert gate(world, "--issue", key, "--lang", lang, "--output", f"{kind}={out}")[0] == 2
    said = out.read_text("utf-8")
    assert key in said and ".." not in said and "。。" not in said and "PAY-9?" not in said
    if lang == "en":
        assert ". Check the key" in said or ". Did you mean" in said


@pytest.mark.parametrize("second", ["out/gate.json", "./out/../out/gate.json", "link/gate.json"])
def test_a_path_can_take_one_answer_only(world: World, second: str) -> None:
    world.synced(issue(1))
    (world.root / "out").mkdir()
    (world.root / "link").symlink_to("out")
    code, out, err = gate(world, "--output", "json=out/gate.json", "--output", f"junit={second}")
    assert (code, out) == (2, "") and "out/gate.json" in err and "twice" in err
    assert not (world.root / "out" / "gate.json").exists()
