"""`--issues-from`: which issues a text speaks of, and the gate of a merge request whose tracker nobody asks."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import jsonschema
import pytest

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run
from okr_delivery.config import Source
from okr_delivery.gate.spoken import spoken
from okr_delivery.model.errors import UserError
from okr_delivery.output.gate_schema import SCHEMA
from okr_delivery.sync import registry
from tests.gate.forge import CONFIG, Forge, held
from tests.gate.world import NOW, World, issue

HOME = "acme/pay"


@pytest.fixture
def world(world: World) -> World:
    """Both sources synced; gitlab holds #7, which is ready, and #8, which names no key result."""
    world.config_text = CONFIG
    return world.synced(held(7), held(8, ""), source="gitlab").synced(issue(1, "Contributes-to: GROW-KR1 ?"))


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Forge:
    made = Forge()
    known = {"gitlab": made.connector(), "jira": object}
    monkeypatch.setattr(registry, "load", lambda name: known[name])
    return made


def gate(world: World, text: str | bytes, *argv: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, str]:
    """A run without any token that is handed a text."""
    data = text.encode() if isinstance(text, str) else text
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    out, err = io.StringIO(), io.StringIO()
    world.write()
    app = App(env={}, cwd=world.root, out=out, err=err, clock=lambda: float(NOW))
    code = run(["gate", "--issues-from", "-", *argv], app=app)
    app.close()
    return code, out.getvalue(), err.getvalue()


SPOKEN = [
    ("Pay faster\n\nCloses #7", ("acme/pay#7",)),
    ("feature/pay-112-three-steps", ("PAY-112",)),
    ("PAY-1: pay; PAY-1 again, and (PAY-2).", ("PAY-1", "PAY-2")),
    ("UTF-8, SHA-256, COVID-19, GL-7", ()),
    ("acme/pay#7 pay#8 acme/other#9 elsewhere#3", ("acme/pay#7", "acme/pay#8")),
    ("https://gitlab.acme.cn/git/acme/pay/-/issues/7, now", ("acme/pay#7",)),
    ("see https://acme.atlassian.net/browse/PAY-3.", ("PAY-3",)),
    ("https://evil.test/acme/pay/-/issues/7 https://[x", ()),
    ("#0 ##7 a/b/#7 x#7y", ()),
    ("PAY-1x xPAY-1 PAY_1-2 PAY-01", ()),
    ("关联PAY-2，以及#8。", ("PAY-2", "acme/pay#8")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), SPOKEN)
def test_keys_are_found_where_a_source_reads_their_project(world: World, text: str, found: tuple[str, ...]) -> None:
    assert spoken(text, world.snapshot(), HOME) == found


def test_a_bare_number_means_nothing_where_nobody_says_whose(world: World) -> None:
    assert spoken("Closes #7, pay#7", world.snapshot()) == ()


def test_projects_that_the_settings_do_not_name_are_those_of_the_store(world: World) -> None:
    world.config_text = CONFIG.replace("projects: [PAY]", "boards: [42]")
    assert spoken("PAY-1 UTF-8", world.snapshot()) == ("PAY-1",)


@pytest.mark.parametrize("text", ["#" * 200_000, "a/" * 200_000 + "#1", "A-" * 200_000, "http://" * 100_000])
def test_no_text_takes_long(world: World, text: str) -> None:
    assert spoken(text, world.snapshot(), HOME) == ()


# the gate


def test_a_merge_request_is_judged_without_a_token(world: World, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, code in ((7, 0), (8, 1)):
        ended = gate(
            world, f"Pay faster\nCloses #{number}", "--merge-request", "acme/pay!12", "--format", "json",
            monkeypatch=monkeypatch,
        )  # fmt: skip
        document = json.loads(ended[1])
        assert (ended[0], document["stage"], document["merge_request"]["mentions"]) == (
            code, "intake", [f"acme/pay#{number}"]
        )  # fmt: skip
    assert (forge.asked, forge.said) == ([], [])


def test_an_issue_that_the_store_does_not_know_leaves_no_verdict(
    world: World, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = gate(world, "Closes #99", "--merge-request", "acme/pay!12", monkeypatch=monkeypatch)
    assert code == 2 and "acme/pay#99" in out


@pytest.mark.parametrize("more", [(), ("--merge-request", "12")], ids=["alone", "request"])
def test_a_text_that_names_no_issue_has_no_verdict(
    world: World, forge: Forge, more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = gate(world, b"Bump \xff UTF-8", *more, monkeypatch=monkeypatch)
    assert (code, out) == (2, "") and "no issue" in err


def test_issues_of_a_text_are_judged_at_intake_unless_told_otherwise(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gate(world, "feature/pay-1", monkeypatch=monkeypatch)[0] == 0
    assert gate(world, "feature/pay-1", "--stage", "pitch", monkeypatch=monkeypatch)[0] == 1


def test_the_text_may_stand_in_a_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (world.root / "title.txt").write_text("PAY-1", "utf-8")
    assert gate(world, "", "--issues-from", "title.txt", monkeypatch=monkeypatch)[0] == 0
    code, _, err = gate(world, "", "--issues-from", "gone.txt", monkeypatch=monkeypatch)
    assert (code, "gone.txt" in err) == (2, True)


@pytest.mark.parametrize(
    "argv", [("--issue", "PAY-1"), ("--backlog",), ("--apply", "tracker"), ("--apply", "status")], ids=" ".join
)
def test_what_does_not_go_together_is_refused(
    world: World, argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gate(world, "PAY-1", *argv, monkeypatch=monkeypatch)[0] == 2


def test_a_store_that_may_not_be_written_is_enough(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world.close()
    world._store = None
    file = world.root / "store.db"
    before = file.read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"PAY-1")))
    out, err = io.StringIO(), io.StringIO()
    env = {"OKR_DELIVERY_STORE": f"sqlite:///{file}?mode=ro"}
    app = App(env=env, cwd=world.root, out=out, err=err, clock=lambda: float(NOW))
    assert run(["gate", "--issues-from", "-"], app=app) == 0, err.getvalue()
    app.close()
    assert file.read_bytes() == before and not (world.root / "ledger").exists()


# a text that is not whole


def test_a_text_that_was_cut_off_gives_no_verdict(
    world: World, forge: Forge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What it names may be ready, and what was behind the cut not."""
    for more in ((), ("--merge-request", "acme/pay!12")):
        asked = ("--issues-from-truncated", "true", "--output", f"json={tmp_path}/gate.json", *more)
        code, out, err = gate(world, "acme/pay#7", *asked, monkeypatch=monkeypatch)
        assert (code, out) == (2, "") and "cut off" in err and "token" in err
        document = json.loads((tmp_path / "gate.json").read_text("utf-8"))
        assert document["verdict"] == "none"


@pytest.mark.parametrize("said", ["false", "0"])
def test_a_text_that_is_whole_is_judged(world: World, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gate(world, "PAY-1", "--issues-from-truncated", said, monkeypatch=monkeypatch)[0] == 0


def test_a_text_that_is_too_long_to_be_read_whole_gives_no_verdict(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = gate(world, "PAY-1 " + "x" * 1_000_000, monkeypatch=monkeypatch)
    assert code == 2 and "cut off" in err
    assert gate(world, "PAY-1 " + "x" * 999_994, monkeypatch=monkeypatch)[0] == 0


def test_only_a_text_can_be_cut_off(world: World) -> None:
    err = io.StringIO()
    app = App(env={}, cwd=world.root, out=io.StringIO(), err=err, clock=lambda: float(NOW))
    assert run(["gate", "--issues-from-truncated", "true"], app=app) == 2
    assert "belongs to --issues-from" in err.getvalue()


# a merge request of which nobody reads the tracker


JIRA_ALONE = CONFIG.replace(
    '  - {name: gitlab, type: gitlab, url: "https://gitlab.acme.cn/git", projects: [acme/pay]}\n', ""
).replace("{source: gitlab}", "{source: jira, projects: [PAY]}")
JIRA_BOARDS = JIRA_ALONE.replace("projects: [PAY]}\n", "boards: [42]}\n")
SECOND = '{name: other, type: gitlab, url: "https://git.other.cn", groups: [acme/apps], token_env: OKR_DELIVERY_X}'
TWO = CONFIG.replace("acme/pay]}", "acme/pay], token_env: OKR_DELIVERY_Y}").replace(
    "teams:\n", f"  - {SECOND}\nteams:\n"
)


@pytest.fixture(params=[JIRA_ALONE, JIRA_BOARDS], ids=["projects", "boards"])
def jira_alone(world: World, request: pytest.FixtureRequest) -> World:
    world.config_text = request.param.replace("  - {id: portal, select: [{source: jira}], objectives: [GROW], "
                                              "gate: {adopt: pitch}}\n", "")  # fmt: skip
    return world.synced(issue(1, "Contributes-to: GROW-KR1 ?"), issue(2, ""))


@pytest.mark.parametrize("ref", ["acme/app!12", "12"])
@pytest.mark.parametrize(
    ("text", "code"), [("Fix PAY-1", 0), ("Fix PAY-2", 1), ("Closes #1, fixes PAY-1", 0), ("pay-1 PAY-2", 1)]
)
def test_keys_of_jira_in_a_merge_request_are_judged_where_jira_is_all(
    jira_alone: World, forge: Forge, ref: str, text: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = gate(jira_alone, text, "--merge-request", ref, "--format", "json", monkeypatch=monkeypatch)
    assert ended[0] == code, ended
    document = json.loads(ended[1])
    jsonschema.validate(document, SCHEMA)
    assert (document["merge_request"]["source"], document["merge_request"]["unknown"]) == (None, [])


def test_one_that_jira_does_not_know_is_no_verdict_with_what_to_run(
    jira_alone: World, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = gate(jira_alone, "PAY-1 PAY-77", "--merge-request", "acme/app!12", monkeypatch=monkeypatch)
    assert code == 2 and "not in the store: PAY-77" in out and "okr-delivery sync jira" in out


def test_with_sync_the_trackers_of_what_a_text_names_are_read_first(
    jira_alone: World, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def sync(app: App, sources: list[Source]) -> tuple[list[object], dict[str, UserError]]:
        synced.extend(source.name for source in sources)
        return [], {}

    monkeypatch.setattr("okr_delivery.cli.syncing.sync_sources", sync)
    asked = ("--merge-request", "acme/app!12", "--sync")
    assert gate(jira_alone, "Fix PAY-1, closes #3", *asked, monkeypatch=monkeypatch)[0] == 0
    assert synced == ["jira"]


def test_a_verdict_is_said_on_no_merge_request_that_only_a_text_tells_of(
    jira_alone: World, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("--merge-request", "acme/app!12", "--apply", "status")
    assert gate(jira_alone, "PAY-1", *asked, monkeypatch=monkeypatch)[0] == 2
    assert forge.said == []


@pytest.fixture
def two(world: World) -> World:
    world.config_text = TWO.replace("[{source: gitlab}]", "[{source: gitlab}, {source: other}]")
    return world.synced(held(30, key="acme/apps/x#3", project="acme/apps/x", source="other"), source="other")


@pytest.mark.parametrize(
    ("text", "code", "judged"),
    [("PAY-1", 0, 1), ("acme/pay#8", 1, 1), ("acme/apps/x#3 PAY-1 #5", 0, 2), ("#5", 2, 0)],
)
def test_a_project_that_neither_of_two_gitlabs_reads_needs_no_source(
    two: World, forge: Forge, text: str, code: int, judged: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = gate(two, text, "--merge-request", "acme/code!12", "--format", "json", monkeypatch=monkeypatch)
    assert ended[0] == code, ended
    if judged:
        document = json.loads(ended[1])
        assert document["merge_request"]["outside"] == (["acme/code#5"] if "#5" in text else [])


def test_an_issue_that_both_of_two_gitlabs_hold_is_not_guessed(
    two: World, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.synced(held(7), held(40, key="acme/code#5", project="acme/code"), source="gitlab")
    two.synced(held(41, key="acme/code#5", project="acme/code", source="other"), source="other")
    code, _, err = gate(two, "Closes #5", "--merge-request", "acme/code!12", monkeypatch=monkeypatch)
    assert code == 2 and "gitlab:acme/code#5, other:acme/code#5" in err


def test_a_number_alone_needs_to_know_its_project(two: World, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = gate(two, "Closes #5", "--merge-request", "12", monkeypatch=monkeypatch)
    assert code == 2 and "gitlab:12, other:12" in err


# what to write instead


@pytest.mark.parametrize(
    ("config", "more", "examples"),
    [
        (CONFIG, (), "acme/pay#12, PAY-12"),
        (CONFIG, ("--merge-request", "acme/pay!1"), "Closes #12, PAY-12"),
        (CONFIG, ("--merge-request", "acme/code!1"), "acme/pay#12, PAY-12"),
        (JIRA_ALONE, (), "PAY-12"),
        (JIRA_BOARDS, ("--merge-request", "acme/code!1"), "PAY-12"),
        (CONFIG.replace("projects: [acme/pay]", "groups: [crm]"), (), "acme/pay#12, PAY-12"),
        (CONFIG.replace("projects: [acme/pay]", "projects: [41]"), (), "acme/pay#12, PAY-12"),
    ],
)
def test_the_next_step_names_what_these_settings_can_read(
    world: World, forge: Forge, config: str, more: tuple[str, ...], examples: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.config_text = config
    code, _, err = gate(world, "Fix typo", *more, monkeypatch=monkeypatch)
    assert code == 2 and f"for example: {examples}\n" in err
    said = gate(world, f"Fix typo, {examples}", *more, monkeypatch=monkeypatch)
    assert "no issue" not in said[2], "the example itself is read"


def test_where_nothing_is_known_of_projects_yet_there_is_no_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path / "fresh", JIRA_BOARDS)
    code, _, err = gate(world, "Fix typo", monkeypatch=monkeypatch)
    assert code == 2 and "for example" not in err and "okr-delivery sync" in err
