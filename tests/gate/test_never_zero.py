"""A broken connector or a half-finished sync never ends in 0: every fault with every way to ask, in every format."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from okr_delivery.sync.build import connector_for
from tests.gate.test_cli import FORMATS, LOUD, gate
from tests.gate.world import CONFIG, DAY, NOW, World, issue

HOUR = 3600
FAULTS: dict[str, dict[str, Any]] = {
    "first sync died": {"complete": 0, "reason": "sync.reason.unfinished", "fetched_at": None},
    "later sync died": {"complete": 0, "reason": "sync.reason.unfinished", "cursor": {"after": "1001"}},
    "a record was left out": {"complete": 0, "reason": "sync.reason.skipped"},
    "too much vanished": {"complete": 0, "reason": "sync.reason.vanished"},
    "says whole, never was": {"fetched_at": None},
    "too old": {"fetched_at": NOW - 27 * HOUR},
    "fetched with other settings": {"fetch_hash": "others"},
    "history coming, and too old": {"complete": 0, "whole_since": NOW - 90 * DAY, "fetched_at": NOW - 27 * HOUR},
}
ASKED = {
    "plain": [],
    "exit zero": ["--exit-zero"],
    "preview": ["--preview"],
    "both": ["--preview", "--exit-zero"],
    "one issue": ["--issue", "PAY-1"],
    "one issue, exit zero": ["--issue", "jira:PAY-1", "--exit-zero"],
    "an issue nobody knows": ["--issue", "PAY-9", "--exit-zero", "--preview"],
    "backlog": ["--backlog", "--exit-zero"],
    "team": ["--team", "payments", "--preview"],
    "iteration": ["--iteration", "PAY S28", "--exit-zero"],
    "keyword": ["--iteration", "next", "--preview", "--exit-zero"],
    "stage": ["--stage", "intake", "--exit-zero", "--fail-on", "warning"],
    "nothing counts": ["--no-waivers", "--no-baseline", "--exit-zero"],
    "quiet": ["-q", "--exit-zero"],
}


FEW = ("plain", "both", "one issue")
PAIRS = [(fault, asked) for fault in FAULTS for asked in ASKED if fault.endswith("died") or asked in FEW]


@pytest.mark.parametrize(("fault", "asked"), PAIRS, ids=" / ".join)
def test_no_verdict_is_2_everywhere(world: World, fault: str, asked: str) -> None:
    world.synced(issue(1), **FAULTS[fault])
    code, out, err = gate(world, *ASKED[asked], *(f"--output={kind}=gate.{kind}" for kind in FORMATS))
    assert code == 2
    assert "okr-delivery sync jira" in out + err
    for kind in FORMATS:
        assert LOUD[kind] in (world.root / f"gate.{kind}").read_text("utf-8"), kind


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("asked", [["--exit-zero", "--backlog"], ["--issue", "PAY-1", "--preview"]])
def test_nor_on_standard_output(world: World, asked: list[str], kind: str) -> None:
    world.synced(issue(1), **FAULTS["later sync died"])
    code, out, _ = gate(world, *asked, "--format", kind)
    assert code == 2 and LOUD[kind] in out


BROKEN = ("no token", "unreachable", "not installed", "defect")
REFRESHED = [(broken, asked) for broken in BROKEN for asked in ASKED if broken == "unreachable" or asked in FEW]


@pytest.mark.parametrize(("broken", "how"), REFRESHED, ids=" / ".join)
def test_a_source_that_can_not_be_refreshed_is_2(
    world: World, how: str, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though what the store holds would do: the run was to refresh it."""
    asked = [*ASKED[how], "--sync"]
    world.synced(issue(1))
    with world.store.page("jira") as tx:
        tx.put_metadata((), (), (), {"some": "connector's"}, at=NOW)
    secret = {"OKR_DELIVERY_JIRA_USER": "bot", "OKR_DELIVERY_JIRA_TOKEN": "x"}
    if broken == "unreachable":
        impatient = partial(connector_for, sleep=lambda _: None)
        monkeypatch.setattr("okr_delivery.sync.build.connector_for", impatient)
        world.config_text = CONFIG.replace("https://acme.atlassian.net", "http://127.0.0.1:9")
    elif broken == "not installed":
        world.config_text = CONFIG.replace("type: jira", "type: linear")
    elif broken == "defect":
        monkeypatch.setattr("okr_delivery.sync.build.connector_for", _defect)
    code, out, err = gate(world, *asked, *LOUDLY, env={} if broken == "no token" else secret)
    assert code == 2, (out, err)
    assert (out + err).strip()
    for kind in ("json", "gitlab"):
        assert LOUD[kind] in (world.root / f"gate.{kind}").read_text("utf-8")


LOUDLY = [f"--output={kind}=gate.{kind}" for kind in ("json", "gitlab")]


def _defect(*_: object, **__: object) -> None:
    raise ZeroDivisionError("a connector's own mistake")
