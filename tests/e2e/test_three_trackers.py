"""One organisation, served as Jira Cloud, Jira Data Center and GitLab of each tier: the same gate, scope and figures.

What differs is named here, path by path, and why; nothing is compared with a tolerance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.sandbox.world import setting
from tests.e2e.trackers import TIERS, Tracker, different, serve

KINDS = ("datacenter", *TIERS)
DOCUMENTS = (
    ("gate", "--backlog"),
    ("gate", "--stage", "iteration"),
    ("gate", "--iteration", "current", "--stage", "iteration"),
    ("metrics",),
    ("metrics", "--since", "2026-08-01", "--until", "2026-11-20"),
    ("trace",),
    ("progress",),
)
STORIES: dict[str, dict[str, Any]] = {
    "en": {"seed": 1, "issues": 50},
    "zh": {"seed": 2, "issues": 30, "lang": "zh"},
}
CASES = [("en", kind) for kind in KINDS] + [("zh", "ultimate"), ("zh", "free")]

ADDRESSES = {
    "*.source": "a source is called after its tracker",
    "sources.*.name": "a source is called after its tracker",
    "*.url": "pages are at each tracker's own address",
    "*.fingerprint": "made of source and key",
    "*rule_hash": "made of the configuration, where statuses have their tracker's names",
    "*.iteration_id": "ids are each tracker's own; the names are compared",
    "iterations.*.id": "ids are each tracker's own; the names are compared",
    "findings.KR30[145] *.entity.key": "ids are each tracker's own; the names are compared",
    "scopes.*.iteration.id": "ids are each tracker's own; the names are compared",
    "findings.KR30[45] *.location.line": "the settings of a source have as many lines as its tracker needs",
}
WORDS = {
    "findings.KR205 *.help": "Jira's boards have an estimate field, GitLab has weights or times",
    "findings.KR206 *.help": "Jira has a priority field, GitLab labels of the scope `priority::`",
}
MEASURED = {
    "scopes.*.services.*": "Jira knows versions alone; of GitLab deployments are read",
    "scopes.*.data_quality.iteration_without_dates.*": "a future sprint is dated by its start, a milestone by people",
    "scopes.*.data_quality.backwards_through_categories.*": "Ready is queue to a Jira, and a label of work to a GitLab",
    "scopes.*.iteration.closed_at": "a sprint is closed by somebody, a milestone is over with its last day",
    "scopes.[01].until": "an instant at midnight, or the day before it: see `test_a_last_day_is_included`",
}
REMEMBERED = {
    "*.requirements.*.late": "GitLab keeps no former descriptions: what a first sync finds is as new as that sync",
}
APART = ADDRESSES | WORDS | MEASURED | REMEMBERED


class Story:
    """The trackers of one organisation, each served and synced when it is first asked for."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._options = folder, STORIES[name]
        self._trackers: dict[str, Tracker] = {}
        self._tables: dict[str, dict[str, list[dict[str, str]]]] = {}
        self._said: dict[tuple[str, ...], dict[str, Any]] = {}

    def __getitem__(self, kind: str) -> Tracker:
        if kind not in self._trackers:
            found = self._trackers[kind] = serve(kind, self._folder, **self._options)
            (result,) = found.cli.ok("sync", "--format", "json").json["sources"]
            assert result["complete"]
            assert result["warnings"] == []
        return self._trackers[kind]

    def says(self, kind: str, *argv: str) -> dict[str, Any]:
        if (kind, *argv) not in self._said:
            self._said[kind, *argv] = self[kind].document(*argv)
        return self._said[kind, *argv]

    def tables(self, kind: str) -> dict[str, list[dict[str, str]]]:
        if kind not in self._tables:
            self._tables[kind] = self[kind].tables()
        return self._tables[kind]

    def stop(self) -> None:
        for tracker in self._trackers.values():
            tracker.server.stop()


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Story]]:
    found = {name: Story(tmp_path_factory.mktemp(name), name) for name in STORIES}
    yield found
    for story in found.values():
        story.stop()


def apart_for(tracker: Tracker) -> dict[str, str]:
    """Two kinds of Jira differ in nothing but addresses; on paid tiers epics are of another kind."""
    if not tracker.on_gitlab:
        return {name: why for name, why in ADDRESSES.items() if name.endswith("url")}
    if tracker.kind == "free":
        return APART
    why = "a size is proposed by the estimate, and an epic's weight is the sum of what is below it"
    unasked = {f"counts.KR205 *.{what}": "so nobody is asked to estimate one" for what in ("ok", "not_applicable")}
    return APART | unasked | {f"findings.KR201 {key} *.help": why for key in epics(tracker)}


def epics(tracker: Tracker) -> list[str]:
    return [i.key for i in tracker.world.site.issues.values() if i.type == setting.TYPES["Epic"]]


@pytest.mark.parametrize("argv", DOCUMENTS, ids=" ".join)
@pytest.mark.parametrize(("name", "kind"), CASES, ids=["-".join(case) for case in CASES])
def test_every_answer_is_the_same(stories: Mapping[str, Story], name: str, kind: str, argv: tuple[str, ...]) -> None:
    cloud, found = (stories[name].says(each, *argv) for each in ("cloud", kind))
    assert different(cloud, found, apart_for(stories[name][kind])) == {}
    assert len(cloud) > 50


def test_something_is_compared(stories: Mapping[str, Story]) -> None:
    """Each rule of the gate that a seed can break is broken, and each metric of an iteration has a value."""
    rules = {path.split()[0] for path in stories["en"].says("cloud", *DOCUMENTS[0]) if path.startswith("findings.")}
    assert len(rules) >= 9
    figures = stories["en"].says("cloud", "metrics")
    for name in ("say_do", "carry_over", "scope_change", "throughput", "velocity", "lead_time", "flow_efficiency"):
        assert figures[f"scopes.0.metrics.{name}.status"] in ("ok", "too_few"), name


def test_every_difference_that_is_named_is_one(stories: Mapping[str, Story]) -> None:
    """A name that nothing needs any more would hide what comes next."""
    story = stories["en"]
    unused = dict(apart_for(story["ultimate"]))
    for argv in DOCUMENTS:
        found = different(story.says("cloud", *argv), story.says("ultimate", *argv), {})
        for like in [
            like for like in unused if different(dict.fromkeys(found, 1), {}, {like: ""}).keys() != found.keys()
        ]:
            del unused[like]
    assert not [like for like in unused if not like.startswith("findings.KR201 ")]


@pytest.mark.parametrize("tier", TIERS)
def test_a_last_day_is_included(stories: Mapping[str, Story], tier: str) -> None:
    cloud, found = (stories["en"].says(kind, "metrics") for kind in ("cloud", tier))
    for scope in ("scopes.0", "scopes.1"):
        midnight, last = (date.fromisoformat(each[f"{scope}.until"]) for each in (cloud, found))
        assert midnight - last == timedelta(days=1)
        assert found[f"{scope}.data_quality.iteration_without_dates.n"] == 1


# -- tables ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", TIERS)
def test_every_item_has_the_same_moments(stories: Mapping[str, Story], tier: str) -> None:
    """A raised flag is waiting; GitLab has none, and what it would say is work there."""
    cloud, found = (facts(stories["en"].tables(kind)["facts"]) for kind in ("cloud", tier))
    assert cloud.keys() == found.keys()
    flagged = {key for key in cloud if cloud[key] != found[key]}
    assert flagged == once_flagged(stories["en"]["cloud"]) & set(cloud)
    for key in flagged:
        one, other = cloud[key], found[key]
        assert sum(work(one)) == sum(work(other))
        assert work(one)[1] > work(other)[1]
        assert {**one, "active_seconds": "", "wait_seconds": ""} == {**other, "active_seconds": "", "wait_seconds": ""}


def facts(rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """By key, without the issues that stand for key results: Jira's workspace leaves their project out."""
    found = {row["issue_key"]: {**row, "source": ""} for row in rows}
    return {key: row for key, row in found.items() if not key.startswith("OKR-")}


def work(row: dict[str, str]) -> tuple[int, int]:
    return int(row["active_seconds"]), int(row["wait_seconds"])


def once_flagged(tracker: Tracker) -> set[str]:
    field = tracker.world.site.ids.flagged
    return {
        issue.key
        for issue in tracker.world.site.issues.values()
        for entry in issue.histories
        for row in entry.items
        if row.get("fieldId") == field
    }


@pytest.mark.parametrize("tier", TIERS)
def test_every_item_went_through_the_same_stages_and_iterations(stories: Mapping[str, Story], tier: str) -> None:
    """A sprint that was closed stays in Jira's field when its open work goes on; a milestone is left."""
    cloud, found = (stories["en"].tables(kind) for kind in ("cloud", tier))
    ours = [{**row, "source": "", "status": "", "status_id": ""} for row in cloud["intervals"]]
    theirs = [{**row, "source": "", "status": "", "status_id": ""} for row in found["intervals"]]
    assert sorted(map(str, ours)) == sorted(str(row) for row in theirs if not row["issue_key"].startswith("OKR-"))
    entered = [[(r["issue_key"], r["iteration_id"], r["entered_at"]) for r in t["memberships"]] for t in (cloud, found)]
    assert sorted(entered[0]) == sorted(entered[1])
    left = [{(r["issue_key"], r["iteration_id"]): r["left_at"] for r in t["memberships"]} for t in (cloud, found)]
    closed = {row["name"] for row in cloud["iterations"] if row["state"] == "closed"}
    assert {name for (_, name), at in left[0].items() if left[1][_, name] != at} <= closed


@pytest.mark.parametrize("tier", TIERS)
def test_every_requirement_serves_the_same_key_results(stories: Mapping[str, Story], tier: str) -> None:
    """Amounts are compared by `trace` as of each iteration; here it is who serves what, and by which words."""
    cloud, found = (stories["en"].tables(kind)["contributions"] for kind in ("cloud", tier))
    has_fields = tier == "ultimate"
    ours, theirs = (
        sorted((r["issue_key"], r["kr"], r["unit"], r["carrier"] if has_fields else "") for r in rows)
        for rows in (cloud, found)
    )
    assert ours == theirs
    assert len(ours) > 20
