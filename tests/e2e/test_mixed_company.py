"""One company, its mobile team on GitLab and its other teams on Jira: each gets its verdict, and all one picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.sandbox import TOKEN, USER, gitlab, jira_cloud
from okr_delivery.sandbox.gitlab.state import Tier
from okr_delivery.sandbox.gitlab.translate import of_world
from okr_delivery.sandbox.workspace import write_mixed
from okr_delivery.sandbox.world import build
from tests.e2e.runner import NOW, Cli
from tests.e2e.trackers import Tracker, serve

ISSUES = 40
TEAMS = ["payments", "mobile", "portal", "platform"]
ENV = {"OKR_DELIVERY_JIRA_USER": USER, "OKR_DELIVERY_JIRA_TOKEN": TOKEN, "OKR_DELIVERY_GITLAB_TOKEN": TOKEN}
DAY = 86_400


@dataclass
class Company:
    """Both servers and the workspace; `now` is the clock of all."""

    folder: Path
    now: float = float(NOW)

    def __post_init__(self) -> None:
        world = build(seed=1, issues=ISSUES, now=NOW, by_day=True)
        self.jira = jira_cloud.serve(world, clock=lambda: self.now)
        moved = of_world(world, projects=("MOB", "OKR"))
        self.gitlab = gitlab.serve(moved, clock=lambda: self.now)
        write_mixed(self.folder, world, self.jira.url, self.gitlab.url, "en", Tier.ULTIMATE)
        self.cli = Cli(self.folder, ENV, clock=lambda: self.now)
        self.cli.edit(
            "okr-delivery.yaml",
            "    dispute: {label: disputed}\n",
            "    dispute: {label: disputed}\n    release: {from: [finished]}\n",
        )

    def stop(self) -> None:
        self.jira.stop()
        self.gitlab.stop()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Read it, don't change it."""
    made = Company(tmp_path_factory.mktemp("mixed"))
    (*_, last) = made.cli.ok("sync", "--format", "json").json["sources"]
    assert last["complete"]
    yield made
    made.stop()


@pytest.fixture(scope="module")
def on_jira(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    """The same organisation, all of it on Jira."""
    found = serve("cloud", tmp_path_factory.mktemp("jira"), seed=1, issues=ISSUES)
    found.cli.ok("sync")
    yield found
    found.server.stop()


def scopes(cli: Cli, *argv: str) -> dict[str, Any]:
    return {scope["team"]: scope for scope in cli.ok("metrics", *argv, "--format", "json").json["scopes"]}


FIGURES = ("value", "n", "status", "percentiles")


@pytest.mark.parametrize("argv", [(), ("--since", "2026-08-01", "--until", "2026-11-20")], ids=["iteration", "period"])
def test_every_team_has_the_figures_it_would_have_on_one_tracker(
    company: Company, on_jira: Tracker, argv: tuple[str, ...]
) -> None:
    mixed, plain = scopes(company.cli, *argv), scopes(on_jira.cli, *argv)
    assert [*mixed] == [*plain] == TEAMS
    assert {scope["source"] for scope in mixed.values()} == {"jira", "gitlab"}
    for team in TEAMS:
        for name, metric in plain[team]["metrics"].items():
            assert {f: mixed[team]["metrics"][name][f] for f in FIGURES} == {f: metric[f] for f in FIGURES}, name


def test_the_gate_judges_both_at_once(company: Company, on_jira: Tracker) -> None:
    mixed, plain = company.cli("gate", "--format", "json"), on_jira.cli("gate", "--format", "json")
    assert mixed.code == plain.code == 1
    found = [
        [(f["rule"], f["team"], f["entity"]["title"], f["kr"]) for f in e.json["findings"]] for e in (mixed, plain)
    ]
    assert sorted(map(str, found[0])) == sorted(map(str, found[1]))
    assert {f["entity"]["source"] for f in mixed.json["findings"]} == {"jira", "gitlab"}
    assert {source["name"]: source["complete"] for source in mixed.json["sources"]} == {"jira": True, "gitlab": True}


def test_progress_and_trace_add_up_over_both(company: Company, on_jira: Tracker) -> None:
    for argv in (("progress",), ("trace",)):
        mixed, plain = (cli.ok(*argv, "--format", "json").json for cli in (company.cli, on_jira.cli))
        assert [krs(row) for row in rows(mixed)] == [krs(row) for row in rows(plain)]


def rows(document: Any) -> list[Any]:
    return list(document.get("iterations") or [document])


def krs(row: Any) -> list[tuple[Any, ...]]:
    return [tuple(kr.get(name) for name in ("kr", "promised", "delivered", "observed")) for kr in row["key_results"]]


class Page(HTMLParser):
    """What a report shows: its headings and how often each kind of element stands in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings, self.tags, self._in = list[str](), list[str](), False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in = self._in or tag == "h1"
        self.headings += [""] if tag == "h1" else []

    def handle_endtag(self, tag: str) -> None:
        self._in = self._in and tag != "h1"

    def handle_data(self, data: str) -> None:
        if self._in:
            self.headings[-1] += data


def test_one_report_holds_the_teams_of_both(company: Company, tmp_path: Path) -> None:
    path, teams = tmp_path / "report.html", ("--team", "payments", "--team", "mobile")
    assert company.cli.ok("report", "iteration", *teams, "-o", str(path)).out.split() == [str(path)]
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert page.tags.count("html") == page.tags.count("main") == 1
    assert len(page.headings) == 2
    for name in ("Payments", "Mobile"):
        assert sum(name in heading for heading in page.headings) == 1, page.headings
    assert company.gitlab.url in text and company.jira.url in text  # issues of both lead to their tracker
    assert "<script" not in text


def test_the_same_as_one_document_of_each_kind(company: Company, tmp_path: Path) -> None:
    printed = company.cli.ok("report", "iteration", "--format", "json", "-o", "-").json
    company.cli.ok("report", "iteration", "-o", str(tmp_path / "report.json"))
    assert (tmp_path / "report.json").read_text("utf-8").strip() == company.cli.ok(
        "report", "iteration", "--format", "json", "-o", "-"
    ).out.strip()
    assert [entry["head"]["team"] for entry in printed["iterations"]] == TEAMS
    markdown = company.cli.ok("report", "iteration", "--format", "markdown", "-o", "-").out
    assert headings(markdown) == len(TEAMS)


def headings(markdown: str) -> int:
    return sum(line.startswith("# ") for line in markdown.splitlines())


def test_a_folder_holds_one_file_for_each_team(company: Company, tmp_path: Path) -> None:
    paths = company.cli.ok("report", "iteration", "--format", "markdown", "-o", str(tmp_path)).out.split()
    assert len(set(paths)) == len(TEAMS)
    assert sorted(Path(path).name.partition("-")[0] for path in paths) == sorted(TEAMS)
    assert all(headings(Path(path).read_text("utf-8")) == 1 for path in paths)


def test_an_issue_is_found_by_what_either_tracker_calls_it(company: Company) -> None:
    for key in ("PAY-5", "gitlab:acme/mobile#5", "#5", f"{company.gitlab.url}/acme/mobile/-/issues/5"):
        ended = company.cli("gate", "--issue", key, "--format", "json")
        assert ended.code in (0, 1), ended.err
        assert len(keys := {finding["entity"]["key"] for finding in ended.json["findings"]}) <= 1
        assert keys <= {"PAY-5", "acme/mobile#5"}


SIDES = {"gitlab": (["mobile"], "OKR_DELIVERY_GITLAB_TOKEN"), "jira": (["payments", "portal", "platform"], "jira")}


@pytest.mark.parametrize("dead", SIDES)
def test_a_token_revoked_on_one_side_leaves_the_other_its_verdict(dead: str, tmp_path: Path) -> None:
    here = Company(tmp_path)
    try:
        here.cli.ok("sync")
        here.now += 30 * 3600  # older than the gate allows
        getattr(here, dead).faults = {"revoke_after": 0}
        ended = here.cli("sync", "--format", "json")
        assert ended.code == 2
        assert dead in ended.err
        assert TOKEN not in ended.err + ended.out
        assert other(dead) in {row["name"] for row in ended.json["sources"] if row["complete"]}
        gate = here.cli("gate", "--format", "json")
        assert gate.code == 2
        judged = {finding["team"] for finding in gate.json["findings"]}
        assert judged and not judged & set(SIDES[dead][0])
        assert all(team in gate.err + gate.out for team in SIDES[dead][0])
    finally:
        here.stop()


def other(name: str) -> str:
    return next(side for side in SIDES if side != name)
