"""Three weeks of work on one organisation, drawn from a seed and done in trackers of each kind: it arrives the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from okr_delivery.sandbox.site import SiteIssue, Visibility
from okr_delivery.sandbox.world import setting
from okr_delivery.sandbox.world.calendar import local_day
from tests.e2e.deeds import deeds_of
from tests.e2e.runner import NOW
from tests.e2e.test_three_trackers import apart_for
from tests.e2e.trackers import different, serve

DAY, MINUTE = 86_400, 60
CASES = [(3, "en", ("datacenter", "ultimate")), (8, "zh", ("free",))]
MIDWAY = (("gate", "--backlog"), ("metrics", "--iteration", "current"))
AT_THE_END = (
    ("gate", "--backlog"),
    ("gate", "--iteration", "current"),
    ("metrics", "--iteration", "last"),
    ("metrics", "--since", "2026-10-01", "--until", "2026-12-15"),
    ("trace", "--iteration", "last"),
    ("progress",),
)
TEAMS = ("PAY", "MOB")


@pytest.mark.parametrize(("seed", "lang", "kinds"), CASES, ids=[f"{lang}-{kinds[-1]}" for _, lang, kinds in CASES])
def test_what_people_do_afterwards_arrives_the_same(
    seed: int, lang: str, kinds: tuple[str, ...], tmp_path: Path
) -> None:
    story = Story(tmp_path, seed, lang, kinds)
    try:
        story.sync()
        for number in (27, 28):
            story.date(number + 1)
            for _ in range(2):
                story.day()
                story.sync()
            story.compare(MIDWAY)
            story.turn(number)
            story.sync()
        story.compare(AT_THE_END)
        assert {"create", "plan", "stage", "move", "delete", "estimate", "label", "serve"} <= story.done
    finally:
        story.stop()


class Story:
    """One organisation in several trackers; what is done is chosen by the state of Cloud and done in all of them."""

    def __init__(self, folder: Path, seed: int, lang: str, kinds: tuple[str, ...]) -> None:
        self.now, self.dice, self.done = float(NOW), Random(seed), set[str]()
        every = ("cloud", *kinds)
        self.trackers = [serve(k, folder, lambda: self.now, seed=seed, issues=30, lang=lang) for k in every]
        self.moved: set[int] = set()  # since the last sync

    @property
    def site(self) -> Any:
        return self.trackers[0].server.site

    def sync(self) -> None:
        self.moved.clear()
        for tracker in self.trackers:
            (result,) = tracker.cli.ok("sync", "--format", "json").json["sources"]
            assert result["complete"], tracker.kind
            assert result["warnings"] == [], tracker.kind

    def day(self) -> None:
        """A day and its deeds, a minute between them, then the evening."""
        deeds = list(DEEDS)
        self.dice.shuffle(deeds)
        for deed in (*deeds, *self.dice.choices(DEEDS, k=6)):
            self.now += MINUTE
            deed(self)
        self.now += DAY - MINUTE * (len(deeds) + 6)

    def turn(self, number: int) -> None:
        """The night in which the sprints of that number end. Open work goes on half a minute before."""
        sprint = self.sprint("PAY", number)
        self.now = sprint.end / 1000 - MINUTE / 2
        for team in TEAMS:
            old, new = (self.sprint(team, n) for n in (number, number + 1))
            for issue in [i for i in self.issues(team) if self.is_open(i) and old.id in i.sprints]:
                self.do("plan", issue.key, new.name)
        self.now = sprint.end / 1000
        for team in TEAMS:
            self.do("turn", self.sprint(team, number).name, self.sprint(team, number + 1).name)
        self.do("ship", local_day(sprint.end))
        self.now += 9 * 3600

    def date(self, number: int) -> None:
        """The sprints of that number get the two weeks behind those before, where nobody has dated them."""
        for team in TEAMS:
            end = local_day(self.sprint(team, number - 1).end)
            self.do("date", self.sprint(team, number).name, end, end + timedelta(days=13))

    def do(self, deed: str, *args: Any, **more: Any) -> None:
        found = {getattr(deeds_of(tracker), deed)(*args, **more) for tracker in self.trackers}
        assert len(found) == 1, (deed, args)
        self.done.add(deed)

    def compare(self, documents: tuple[tuple[str, ...], ...]) -> None:
        """What GitLab does not remember a sync may see late; it never makes anything earlier than it was."""
        for argv in documents:
            cloud, *others = (tracker.document(*argv) for tracker in self.trackers)
            for tracker, found in zip(self.trackers[1:], others, strict=True):
                assert different(cloud, found, apart_for(tracker)) == {}, (tracker.kind, argv)
                late = {path: pair for path, pair in different(cloud, found, {}).items() if path.endswith(".late")}
                assert all(pair == (False, True) for pair in late.values()), late

    def issues(self, team: str) -> list[SiteIssue]:
        """A team's visible issues that are no epics, oldest first."""
        rows = sorted(self.site.issues.values(), key=lambda issue: issue.id)
        usual = [i for i in rows if i.visibility is Visibility.VISIBLE and i.type != setting.TYPES["Epic"]]
        return [i for i in usual if i.key.startswith(f"{team}-")]

    def is_open(self, issue: SiteIssue) -> bool:
        return self.place(issue) not in (setting.DONE, setting.REJECTED)

    def speaks(self, issue: SiteIssue) -> bool:
        """Of a key result: on a tier without fields two lines would compete where Jira has a field and a line."""
        text = issue.description if isinstance(issue.description, str) else str(issue.description)
        return "-KR" in text or bool(issue.custom.get("customfield_10040"))

    def place(self, issue: SiteIssue) -> int:
        """The stage, whichever project's status says it."""
        return next(ids.index(issue.status) for ids in setting.STATUS_IDS.values() if issue.status in ids)

    def any(self, *, among: Callable[[SiteIssue], bool] | None = None, team: str | None = None) -> SiteIssue:
        chosen = team or self.dice.choice(TEAMS)
        return self.dice.choice([i for i in self.issues(chosen) if (among or self.is_open)(i)])

    def sprint(self, team: str, number: int) -> Any:
        return next(s for s in self.sprints(team) if str(number) in s.name)

    def running(self, team: str) -> Any:
        return next(s for s in self.sprints(team) if s.state == "active")

    def sprints(self, team: str) -> list[Any]:
        return [s for s in self.site.sprints.values() if s.board == setting.BOARDS[team]]

    def stop(self) -> None:
        for tracker in self.trackers:
            tracker.server.stop()

    # deeds

    def someone_creates(self) -> None:
        team, kr = self.dice.choice((("PAY", "GROW-KR1"), ("MOB", "APP-KR2")))
        text = f"Contributes-to: {kr} +{self.dice.randint(1, 9) / 10}pp 60%"
        self.do("create", team, f"New {self.dice.randint(1, 999)}", (f"kr:{kr}",), text)
        newest = self.issues(team)[-1]
        self.now += MINUTE
        self.do("plan", newest.key, self.running(team).name)
        self.do("estimate", newest.key, self.dice.randint(1, 8))

    def someone_works(self) -> None:
        issue = self.any()
        self.do("stage", issue.key, self.dice.choice((setting.READY, setting.DEVELOPMENT, setting.REVIEW)))

    def someone_finishes(self) -> None:
        team = self.dice.choice(TEAMS)
        running = self.running(team).id
        planned = [i for i in self.issues(team) if self.is_open(i) and running in i.sprints]
        if planned:
            self.do("stage", self.dice.choice(planned).key, setting.DONE)

    def someone_reopens(self) -> None:
        over = [i for team in TEAMS for i in self.issues(team) if self.place(i) == setting.DONE]
        if over:
            self.do("stage", self.dice.choice(over).key, setting.DEVELOPMENT)

    def someone_rejects(self) -> None:
        self.do("stage", self.any().key, setting.REJECTED)

    def someone_plans(self) -> None:
        issue = self.any()
        team = issue.key.partition("-")[0]
        following = [s for s in self.sprints(team) if s.state == "future"]
        chosen = self.dice.choice([None, self.running(team).name, *(s.name for s in following[:1])])
        self.do("plan", issue.key, chosen)

    def someone_estimates(self) -> None:
        self.do("estimate", self.any().key, self.dice.choice((None, 1, 2, 5, 13)))

    def someone_serves(self) -> None:
        team, kr = self.dice.choice((("PAY", "GROW-KR1"), ("MOB", "APP-KR2")))
        silent = [i for i in self.issues(team) if self.is_open(i) and not self.speaks(i)]
        if silent:
            self.do("serve", self.dice.choice(silent).key, kr, f"+{self.dice.randint(1, 9) / 10}pp")

    def someone_labels(self) -> None:
        issue, name = self.any(), self.dice.choice(("ops", "tech-debt", "kr:GROW-KR1"))
        self.do("label", issue.key, name, on=name not in issue.labels)

    def someone_rewords(self) -> None:
        self.do("title", self.any().key, f"Reworded 😀 {self.dice.randint(1, 999)}")

    def someone_moves(self) -> None:
        """Out of its sprint first: a sprint goes along in a Jira, a project's milestone stays behind in a GitLab."""
        issue = self.any(team="MOB")
        self.do("plan", issue.key, None)
        self.now += MINUTE
        self.do("move", issue.key, "PAY")
        self.moved.add(issue.id)

    def someone_deletes(self) -> None:
        """Not what moved today: GitLab then says at once that it is gone, Jira that it was missed."""
        issue = self.any()
        if self.dice.random() < 0.5 and issue.id not in self.moved:
            self.do("delete", issue.key)


DEEDS: tuple[Callable[[Story], None], ...] = (
    Story.someone_creates, Story.someone_works, Story.someone_finishes, Story.someone_finishes, Story.someone_reopens,
    Story.someone_rejects, Story.someone_plans, Story.someone_estimates, Story.someone_serves, Story.someone_labels,
    Story.someone_rewords, Story.someone_moves, Story.someone_deletes,
)  # fmt: skip
