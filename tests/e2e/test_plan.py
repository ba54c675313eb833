"""`sync --plan`: what a sync would take, told before any issue is asked for, and nothing stored."""

from __future__ import annotations

from typing import Any

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer
from okr_delivery.store import open_store
from tests.e2e.runner import NOW, Cli

KEYS = {
    "name", "reachable", "kind", "since", "parts", "issues", "requests", "minutes", "megabytes", "points",
    "seconds_per_request", "measured", "warnings",
}  # fmt: skip
ISSUES = frozenset({"issue/bulkfetch", "changelog/bulkfetch", "search/jql"})
OTHER = """\
  - {{name: dead, type: jira, url: "http://127.0.0.1:9", projects: [DEAD], user_env: OKR_DELIVERY_DEAD_USER,
      token_env: OKR_DELIVERY_DEAD_TOKEN}}
"""


def plan(cli: Cli, *argv: str, code: int = 0) -> dict[str, Any]:
    ended = cli("sync", "--plan", "--format", "json", *argv)
    assert ended.code == code, ended.err
    document = ended.json
    assert (document.keys(), document["schema"]) == ({"schema", "estimates", "sources"}, "okr-delivery/sync-plan/1")
    assert all(source.keys() == KEYS for source in document["sources"])
    found: dict[str, Any] = document["sources"][0]
    return found


def test_a_first_sync_is_foretold_and_nothing_is_stored(cli: Cli, server: RunningServer) -> None:
    before = sorted(cli.folder.rglob("*"))
    told = plan(cli)
    assert sorted(cli.folder.rglob("*")) == before
    assert not ISSUES & server.requests.keys()
    assert (told["kind"], told["since"], told["parts"], told["measured"]) == ("first", None, 2, False)
    server.reset()
    really = cli.ok("sync", "--format", "json").json["sources"][0]
    assert told["issues"] == really["issues"]["fetched"]
    assert told["megabytes"] == pytest.approx(told["issues"] * 0.014, abs=0.1)
    assert told["requests"] == pytest.approx(really["requests"], rel=0.3)


def test_each_kind_of_run_is_named(cli: Cli, server: RunningServer) -> None:
    cli.ok("sync")
    later = plan(cli)
    assert (later["kind"], later["since"], later["parts"]) == ("changed", "2026-11-24T06:00:00+00:00", 1)
    assert later["issues"] < 20
    every = plan(cli, "--full")
    assert (every["kind"], every["since"]) == ("full", None)
    server.faults = {"failures": [{"endpoint": "changelog/bulkfetch", "status": 401, "times": 999}]}
    assert cli("sync", "--full").code == 2
    server.faults = {}
    assert plan(cli)["kind"] == "full"  # no page was committed


def test_of_a_run_that_died_only_the_rest_is_foretold(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okr_delivery.sync.run.LIVELY_DAYS", 7)
    monkeypatch.setattr("okr_delivery_jira.cloud.BLOCK", 12)
    whole = plan(cli)
    ticks = iter(range(10**6))
    cli.clock = lambda: NOW + 6.0 * next(ticks)
    done = cli("sync", "--max-minutes", "0.5", "--format", "json").json["sources"][0]
    cli.clock = None
    assert not done["complete"]
    left = plan(cli)
    assert (left["kind"], left["parts"]) == ("resumed", 2)
    assert left["issues"] == whole["issues"] - done["issues"]["fetched"]
    assert left["requests"] < whole["requests"]


def test_the_pace_of_the_last_long_run_is_used(cli: Cli) -> None:
    ticks = iter(range(10**6))
    cli.clock = lambda: float(NOW + next(ticks) / 100)
    cli.ok("sync")
    cli.clock = None
    with open_store(f"sqlite:///{cli.folder}/.okr-delivery/store.db", ledger=None) as store:
        store.note("pace:jira", "0.3100")
    told = plan(cli, "--full")
    assert (told["measured"], told["seconds_per_request"]) == (True, 0.31)
    assert told["minutes"] == pytest.approx(max(told["requests"] * 0.31 / 60, 0.1), abs=0.06)


def test_the_text_says_that_it_estimates(cli: Cli) -> None:
    said = cli.ok("sync", "--plan").out
    assert said.startswith("jira: a first sync: about ")
    assert "an assumption" in said
    assert "All numbers are estimates" in said
    assert "所有数字均为估计" in cli.ok("--lang", "zh", "sync", "--plan").out


def test_a_source_that_can_not_be_reached_is_2_and_the_others_are_told(cli: Cli) -> None:
    path = cli.folder / "okr-delivery.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("sources:\n", "sources:\n" + OTHER.format(), 1), encoding="utf-8")
    cli.env = {**cli.environment, "OKR_DELIVERY_DEAD_USER": "u", "OKR_DELIVERY_DEAD_TOKEN": "t"}
    ended = cli("sync", "--plan", "--format", "json")
    assert ended.code == 2
    shown = {source["name"]: source for source in ended.json["sources"]}
    assert (shown["jira"]["reachable"], shown["dead"]["reachable"]) == (True, False)
    assert shown["dead"].keys() == KEYS
    assert shown["dead"]["issues"] is None
    assert shown["dead"]["warnings"]
    assert "127.0.0.1" in ended.err
