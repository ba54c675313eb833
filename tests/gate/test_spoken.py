"""`--issues-from`: which issues a text speaks of, and the gate of a merge request whose tracker nobody asks."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run
from okr_delivery.gate.spoken import spoken
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
