"""`gate --issue KEY --sync`: the named issue is fresh, a handful of requests pays for it, and the rest of its source
stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.model.work import Iteration, IterationState
from okr_delivery.store import SourceState, Store, open_store
from tests.e2e.deeds import Deeds, deeds_of
from tests.e2e.runner import NOW, Cli, Ended
from tests.e2e.trackers import Tracker, serve

HOUR = 3600
KINDS = ("cloud", "datacenter", "ultimate")
LINE = "Contributes-to: GROW-KR1 M"
MOST = 5
"""Requests that one key may cost, who is calling included."""


@dataclass
class Lab:
    """A small organisation after its first sync. Everything in it goes by Cloud's keys."""

    tracker: Tracker
    clock: list[float] = field(default_factory=lambda: [float(NOW)])

    @property
    def cli(self) -> Cli:
        return self.tracker.cli

    @property
    def do(self) -> Deeds:
        return deeds_of(self.tracker)

    def gate(self, *keys: str, sync: bool = True, stage: str = "intake", **options: Any) -> Ended:
        named = [part for key in keys for part in ("--issue", self.tracker.own(key))]
        cli = replace(self.cli, **options)
        return cli("gate", *named, "--stage", stage, "--format", "json", *(["--sync"] if sync else []))

    def cost(self, *keys: str, **options: Any) -> tuple[Ended, int]:
        before = sum(self.tracker.server.requests.values())
        ended = self.gate(*keys, **options)
        return ended, sum(self.tracker.server.requests.values()) - before

    def store(self) -> Store:
        config = self.cli.folder / ".okr-delivery" / "store.db"
        return open_store(f"sqlite:///{config}", ledger=self.cli.folder / "ledger")

    def state(self) -> SourceState:
        with self.store() as store:
            (state,) = store.sources()
            return state

    def dump(self) -> Any:
        with self.store() as store:
            return store.dump()

    def later(self, hours: float = 1) -> None:
        self.clock[0] += hours * HOUR


@pytest.fixture(scope="module", params=KINDS)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    clock = [float(NOW)]
    tracker = serve(request.param, tmp_path_factory.mktemp("single"), lambda: clock[0], seed=1, issues=24)
    tracker.cli.clock = lambda: clock[0]
    tracker.cli.ok("sync")
    yield Lab(tracker, clock)
    tracker.server.stop()


def rules(ended: Ended) -> list[str]:
    return [finding["rule"] for finding in ended.json["findings"]]


def test_a_line_that_was_pasted_a_moment_ago_counts(lab: Lab) -> None:
    key = lab.do.create("PAY", "Receipts by mail")
    lab.later()
    lab.cli.ok("sync")
    assert rules(lab.gate(key, sync=False)) == ["KR101"]
    before = lab.state()
    lab.later()
    lab.do.describe(key, LINE)
    ended, requests = lab.cost(key)
    assert (ended.code, rules(ended), ended.err) == (0, [], "")
    assert requests <= MOST
    assert lab.state() == before, "what the next sync goes by is untouched"


def test_the_next_sync_reads_what_it_would_have_read(lab: Lab) -> None:
    key = lab.do.create("PAY", "Receipts by post", text=LINE)
    lab.later()
    assert lab.gate(key).code == 0
    lab.do.describe(key, "Another day")
    lab.later()
    assert lab.cli.ok("sync", "--format", "json").json["sources"][0]["complete"]
    after = lab.dump()
    lab.cli.ok("sync", "--full")
    assert lab.dump() == after


def test_several_keys_cost_little_more_than_one(lab: Lab) -> None:
    keys = [lab.do.create("PAY", f"Part {n}", text=LINE) for n in range(6)]
    ended, requests = lab.cost(*keys)
    assert (ended.code, ended.json["summary"]["ready"]) == (0, 6)
    assert requests <= MOST + len(keys)
    known, again = lab.cost(*keys)
    assert (known.code, again <= MOST) == (0, True)


def test_an_issue_that_is_new_to_the_store_comes_in(lab: Lab) -> None:
    key = lab.do.create("MOB", "Fingerprints")
    assert lab.gate(key, sync=False).code == 2
    ended, requests = lab.cost(key)
    assert (ended.code, rules(ended)) == (1, ["KR101"])
    assert requests <= MOST
    assert lab.gate(key, sync=False).code == 1, "and stays"


def iterations(lab: Lab, name: str) -> list[Iteration]:
    with lab.store() as store:
        return [each for each in store.iterations(lab.state().name) if each.name == name]


def test_an_iteration_that_is_new_comes_with_the_issue(lab: Lab) -> None:
    key = lab.do.create("PAY", "For what was founded just now", text=LINE)
    lab.cli.ok("sync")
    lab.later()
    lab.do.found("PAY", "Brand new", date(2027, 1, 4), date(2027, 1, 17))
    lab.do.plan(key, "Brand new")
    ended, requests = lab.cost(key)
    assert (ended.code, requests <= MOST) == (0, True)
    (there,) = iterations(lab, "Brand new")
    assert there.state is IterationState.FUTURE
    assert "new since" not in ended.out
    lab.cli.ok("sync")
    assert iterations(lab, "Brand new") == [there], "as a sync tells of it"


@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
def test_what_was_moved_is_found_by_its_old_key(lab: Lab, known: bool) -> None:
    old = lab.do.create("PAY", "Wanders", text=LINE)
    if known:
        assert lab.gate(old).code == 0
    asked = lab.tracker.own(old)
    new = lab.do.move(old, "MOB")
    before = sum(lab.tracker.server.requests.values())
    ended = lab.cli("gate", "--issue", asked, "--stage", "intake", "--sync", "--format", "json")
    assert sum(lab.tracker.server.requests.values()) - before <= MOST
    assert ended.code == 0, ended.err
    assert lab.gate(new, sync=False).code == 0


def test_what_is_gone_gives_no_verdict(lab: Lab) -> None:
    key = lab.do.create("PAY", "Short-lived", text=LINE)
    assert lab.gate(key).code == 0
    lab.do.delete(key)
    ended = lab.gate(key)
    assert (ended.code, ended.json["verdict"]) == (2, "none")
    (reason,) = ended.json["reasons"]
    assert lab.tracker.own(key) in reason["message"] and "okr-delivery sync" in reason["message"]


@pytest.mark.parametrize("key", ["PAY-99999", "ZZZ-1", "no key", "../../etc"])
def test_what_nobody_knows_is_named(lab: Lab, key: str) -> None:
    ended = lab.gate(key)
    assert ended.code == 2
    assert key in ended.err


def test_an_old_store_is_no_obstacle_and_is_said_to_be_old(lab: Lab) -> None:
    key = lab.do.create("PAY", "Early bird", text=LINE)
    lab.later(30)
    assert lab.cli("gate", "--backlog").code == 2
    assert lab.gate("PAY-1", sync=False).code == 2
    ended, requests = lab.cost(key)
    assert (ended.code, requests <= MOST) == (0, True)
    told = lab.cli("gate", "--issue", lab.tracker.own(key), "--stage", "intake", "--sync").out
    assert "only what was asked about is fresh" in told
    lab.cli.ok("sync")


def test_what_it_inherits_from_is_fresh_too(lab: Lab) -> None:
    parent = lab.do.create("PAY", "Above")
    child = lab.do.create("PAY", "Below")
    lab.later()
    lab.cli.ok("sync")
    lab.do.adopt(child, parent)
    lab.do.describe(parent, LINE)
    lab.later(30)
    ended, requests = lab.cost(child)
    assert (ended.code, rules(ended)) == (0, []), "the parent it was given, as it speaks now"
    assert requests <= MOST + 2
    lab.do.describe(parent, "Nothing any more")
    ended, requests = lab.cost(child)
    assert (ended.code, rules(ended)) == (1, ["KR101"])
    assert requests <= MOST
    lab.cli.ok("sync")


def test_a_tracker_that_refuses_or_is_away_gives_no_verdict(lab: Lab) -> None:
    before = lab.dump()
    key = "PAY-1"
    wrong = {name: "wrong" if name.endswith("TOKEN") else value for name, value in lab.cli.environment.items()}
    refused = lab.gate(key, env=wrong)
    assert (refused.code, refused.json["verdict"]) == (2, "none")
    assert "could not be refreshed" in refused.json["reasons"][0]["message"]
    config = lab.cli.folder / "okr-delivery.yaml"
    text = config.read_text("utf-8")
    lab.tracker.server.faults = {"failures": [{"times": 1000, "status": 404}]}
    try:
        ended = lab.gate(key)
    finally:
        lab.tracker.server.faults = None
        config.write_text(text, "utf-8")
    assert (ended.code, ended.json["verdict"]) == (2, "none")
    assert lab.dump() == before


def test_while_a_sync_runs_there_is_no_second_one(lab: Lab) -> None:
    with lab.store() as store, store.lock(lab.state().name):
        ended, requests = lab.cost("PAY-1")
    assert (ended.code, requests) == (2, 0)
    assert "another sync" in ended.json["reasons"][0]["message"].lower()


@pytest.mark.parametrize("state", [{"complete": 0, "reason": "sync.reason.unfinished"}, {"fetched_at": None}])
def test_a_source_that_is_not_whole_is_synced_first(lab: Lab, state: dict[str, Any]) -> None:
    key = lab.do.create("PAY", "Asked for in between", text=LINE)
    with lab.store() as store, store.page(lab.state().name) as tx:
        tx.set_state(**state)
    assert lab.gate("PAY-1", sync=False).code == 2
    assert lab.gate(key).code == 0
    assert lab.state().complete and lab.state().fetched_at is not None


def test_a_store_that_was_never_filled_is_filled_first(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "okr-delivery.yaml").write_bytes((lab.cli.folder / "okr-delivery.yaml").read_bytes())
    for name in ("okrs", "teams"):
        if (lab.cli.folder / name).exists():
            (tmp_path / name).symlink_to(lab.cli.folder / name)
    ended, requests = lab.cost("PAY-1", folder=tmp_path)
    assert ended.code in (0, 1) and requests > MOST
