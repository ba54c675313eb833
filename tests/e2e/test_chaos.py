"""Days of work, trouble and dying syncs, drawn from a seed: in the end the store is that of one calm sync.

On the way a source is never whole without an issue that was there, nothing is gone that everybody sees, and no source
is newer than its server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from okr_delivery.config import fetch_hash
from okr_delivery.model.errors import UserError
from okr_delivery.sandbox.site import SiteIssue, Visibility
from okr_delivery.store import SourceState
from okr_delivery.sync.engine import SourceResult
from okr_delivery.sync.workers import Workers
from tests.e2e.chaos import Killed, People, die, in_turn, interrupted, trouble
from tests.e2e.lab import KINDS, Lab, lab
from tests.e2e.runner import NOW

MINUTE, HOUR, DAY = 60, 3600, 86_400
SECOND_RUN = (0, 0.3, 61, 700, HOUR, 5 * HOUR, 21 * HOUR, 26 * HOUR)  # how long after the last one
OTHER = ("PAY, MOB", "PAY", "PAY, MOB, WEB")
ROUNDS = 6
QUIET = 6  # requests of a sync that finds nothing new
NAMES_OF_OTHERS = ("ITERATION", "FIX_VERSION", "PARENT")  # fields that hold what others were called when it was read


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recent past that the seeded organisation is older than, many small pages, and one request after another."""
    monkeypatch.setattr(Workers, "submit", in_turn)
    monkeypatch.setattr("okr_delivery.sync.run.LIVELY_DAYS", 7)
    for name, value in {"cloud.BLOCK": 6, "cloud.BODIES": 3, "cloud.AHEAD": 12, "search.IDS_A_PAGE": 24}.items():
        monkeypatch.setattr(f"okr_delivery_jira.{name}", value)
    for module in ("offsets", "datacenter"):
        monkeypatch.setattr(f"okr_delivery_jira.{module}.PAGE", 6)
        monkeypatch.setattr(f"okr_delivery_jira.{module}.IDS", 18)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_happens_the_store_is_that_of_a_calm_sync(kind: str, seed: int, tmp_path: Path) -> None:
    with lab(kind, tmp_path / "work", issues=20) as here:
        story = Story(here, Random(seed))
        for _ in range(ROUNDS):
            story.day()
        last = story.settle()
        assert last.complete
        assert last.requests <= QUIET
        assert last.changed == 0
        _same(here, story, tmp_path / "calm")


def test_so_it_is_in_every_database(database_urls: Callable[[], str], tmp_path: Path) -> None:
    with lab("cloud", tmp_path / "work", issues=20, database=database_urls()) as here:
        story = Story(here, Random(11))
        story.day()
        story.day()
        assert story.settle().complete
        _same(here, story, tmp_path / "calm")


class Story:
    """What happens to one site and its store; every sync is looked at when it is over."""

    def __init__(self, here: Lab, dice: Random) -> None:
        self._lab, self._dice = here, dice
        self.people = People(here.server, dice)
        self._latest = 0.0  # of the server's clock
        self._trailed = 0.0  # when index or clock were last seen wrong: what was read until then may come late

    def day(self) -> None:
        """Some work, then a sync that anything may happen to."""
        dice, here = self._dice, self._lab
        if dice.random() < 0.3:
            self._change_settings()
        for _ in range(dice.randint(0, 5)):
            here.clock.now += dice.choice((0, 0.2, 30, 400))
            self.people.do()
        here.clock.now += dice.choice(SECOND_RUN)
        here.server.reset()
        here.server.faults = trouble(here.kind, self.people, here.server, dice)
        with self._watched(), self._interruption():
            here.sync(full=dice.random() < 0.1, deadline=here.clock.now + MINUTE)
        here.server.faults = None

    def settle(self) -> SourceResult:
        """Calm days, long enough for everything that is done daily, and a sync that has nothing to do."""
        here = self._lab
        self.people.bring_back()
        for wait in (4 * HOUR, 26 * HOUR, 26 * HOUR):
            here.clock.now += wait
            with self._watched():
                assert here.sync().complete
        here.server.reset()
        return here.sync()

    def _change_settings(self) -> None:
        self._lab.projects = self._dice.choice(OTHER)
        since = datetime.fromtimestamp(NOW - self._dice.choice((5, 20)) * DAY, UTC).date()
        self._lab.more = self._dice.choice(("", f", history: {{since: {since}}}"))

    def _interruption(self) -> AbstractContextManager[None]:
        """Now and then a sync dies around a transaction, or its time is up behind one."""
        at, fate = self._dice.randint(1, 14), self._dice.random()
        late = partial(self._lab.clock.sleep, 2 * MINUTE)
        deed, committed = (die, fate < 0.15) if fate < 0.3 else (late, True)
        return interrupted(at if fate < 0.6 else 0, deed, committed=committed)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Errors and deaths are part of it; what the store says of itself afterwards is not to be doubted."""
        before = {issue.id: replace(issue) for issue in self.in_scope()}
        gone = set(self._stored()[2])
        self._look_at_index()
        with suppress(UserError, Killed):
            yield
        self._look_at_index()
        state, shown, gone_now = self._stored()
        self._latest = max(self._latest, self._lab.server.tracker.clock())
        if state is None:
            return
        assert max(state.watermark or 0, state.fetched_at or 0) <= self._latest + 1
        still = {str(ref) for ref in before if ref not in self.people.seen_changing and self._is_visible(ref)}
        assert not (gone_now - gone) & still
        asked = state.fetch_hash == fetch_hash(self._lab.config.source("jira"))
        if state.complete and asked and (state.fetched_at or 0) > self._trailed:
            self._assert_there(before, state, shown)

    def _look_at_index(self) -> None:
        tracker = self._lab.server.tracker
        self._trailed = tracker.clock() if tracker.lagging or tracker.skew else self._trailed

    def _assert_there(self, before: dict[int, SiteIssue], state: SourceState, shown: dict[str, str]) -> None:
        """Every issue that did not change since the source is said to be as new as it is."""
        for ref, was in before.items():
            now = self._lab.server.site.issues[ref]
            touched = now.updated // 1000 >= (state.fetched_at or 0) or was.project != now.project
            if not touched and ref not in self.people.seen_changing and self._surely_asked_for(now):
                assert shown.get(str(ref)) == now.summary, now.key

    def in_scope(self) -> list[SiteIssue]:
        """What everybody sees of the projects that are asked for."""
        keys = set(self._lab.projects.split(", "))
        site = self._lab.server.site
        shown = (issue for issue in site.issues.values() if issue.visibility is Visibility.VISIBLE)
        return [issue for issue in shown if site.projects[issue.project]["key"] in keys]

    def _surely_asked_for(self, issue: SiteIssue) -> bool:
        return not self._lab.more or issue.updated // 1000 > NOW - 4 * DAY

    def _is_visible(self, ref: int) -> bool:
        return self._lab.server.site.issues[ref].visibility is Visibility.VISIBLE

    def _stored(self) -> tuple[SourceState | None, dict[str, str], set[str]]:
        with self._lab.store() as store:
            titles = {issue.id: issue.title for issue in store.issues("jira")}
            return store.source("jira"), titles, set(store.gone("jira"))


def _same(here: Lab, story: Story, folder: Path) -> None:
    """Against a new store; what left the scope or sight stays known to the old one alone."""
    folder.mkdir()
    calm = Lab(here.kind, here.server, folder, here.clock, more=here.more, projects=here.projects)
    assert calm.sync().complete
    old, new = here.dump()["sources"]["jira"], calm.dump()["sources"]["jira"]
    away = {row["ref"] for row in old["issues"]} - {row["ref"] for row in new["issues"]}
    assert not away & {str(issue.id) for issue in story.in_scope()}
    assert not set(old["gone"]) - away
    mine, fresh = _comparable(old, away), _comparable(new, away)
    for part in fresh:
        assert mine[part] == fresh[part], part


def _comparable(source: dict[str, Any], away: set[str]) -> dict[str, Any]:
    found = {part: rows for part, rows in source.items() if part not in ("gone", "missed")}
    found["issues"] = [_own(row) for row in source["issues"] if row["ref"] not in away]
    found["aliases"] = {key: ref for key, ref in source["aliases"].items() if ref not in away}
    for part in ("changes", "derived"):
        found[part] = {ref: rows for ref, rows in source[part].items() if ref not in away}
    return found


def _own(row: dict[str, Any]) -> dict[str, Any]:
    """Without what other issues, sprints and versions were called: that an issue is read again for none of them."""
    current = {name: pair[:1] if name in NAMES_OF_OTHERS else pair for name, pair in row["current"].items()}
    return {**row, "links": len(json.loads(row["links"])), "parent": row["parent"][0], "current": current}
