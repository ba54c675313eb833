"""Recorded answers of real sites: every issue parses, and what their history says replays to what their body says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.model.work import Change, Field, Issue
from okr_delivery_jira.changes import ChangeReader, set_of
from okr_delivery_jira.fields import Catalogue, by_schema, flagged, read_fields
from okr_delivery_jira.records import IssueReader, read_sprint, read_status
from okr_delivery_jira.settings import Settings

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
SITES = ("cloud-a", "cloud-b", "cloud-c", "cloud-d", "cloud-e")
NOW = 1_790_000_000
ESTIMATES = {"cloud-b": "customfield_10034", "cloud-c": "customfield_10028", "cloud-d": "customfield_10036"}
SPRINT_FIELD = "customfield_10020"

pytestmark = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the recorded payloads are not beside this repository")


def lines(name: str, site: str | None = None) -> Iterator[dict[str, Any]]:
    with (PAYLOADS / name).open(encoding="utf-8") as file:
        for line in map(json.loads, file):
            if site in (None, line["site"]):
                yield line["payload"]


@cache
def settings(site: str) -> Settings:
    """As discovery would find them; where no `/field` was recorded, the ids that the README names."""
    entries = list(lines("jira-fields.jsonl", site))
    if not any(entry["id"] == SPRINT_FIELD for entry in entries):
        schema = {"type": "array", "custom": "com.pyxis.greenhopper.jira:gh-sprint"}
        entries.append({"id": SPRINT_FIELD, "name": "Sprint", "custom": True, "schema": schema})
    if site in ESTIMATES and not any(entry["id"] == ESTIMATES[site] for entry in entries):
        entries.append({"id": ESTIMATES[site], "name": "Story Points", "custom": True, "schema": {"type": "number"}})
    catalogue = Catalogue(read_fields(entries))
    roles = {name: by_schema(catalogue, name)[0] for name in ("iteration", "epic_link", "parent_link", "rank")}
    roles["flagged"] = flagged(catalogue)[0]
    if site in ESTIMATES:
        roles["estimate"] = catalogue.configured("estimate", ESTIMATES[site])[0]
    return Settings(roles=roles)


@cache
def site_issues(site: str) -> tuple[tuple[Issue, tuple[Change, ...], Mapping[str, Any]], ...]:
    issues = IssueReader(site, settings(site), "https://x.example.com", NOW)
    changes = ChangeReader(settings(site), NOW)
    read = []
    for payload in lines("jira-cloud-issues.jsonl", site):
        issue = issues.read(payload)
        histories = payload["changelog"]["histories"]
        read.append((issue, changes.read(issue.id, issue.project_id, issue.current, histories), payload))
    return tuple(read)


@pytest.mark.parametrize("site", SITES)
def test_every_issue_parses_and_no_person_is_kept_of_its_history(site: str) -> None:
    found = site_issues(site)
    assert len(found) == {"cloud-a": 3, "cloud-b": 53, "cloud-c": 5, "cloud-d": 11, "cloud-e": 25}[site]
    for issue, changes, _ in found:
        assert issue.key.startswith(f"{issue.project}-")
        assert issue.value(Field.STATUS).id
        assert "user-" not in repr([change.actor for change in changes])
        assert [change.order for change in changes] == sorted(change.order for change in changes)


@pytest.mark.parametrize(("site", "status", "sprint"), [
    ("cloud-a", 0, 0), ("cloud-b", 205, 4), ("cloud-c", 4, 44), ("cloud-d", 28, 3), ("cloud-e", 64, 0),
])  # fmt: skip
def test_no_status_and_no_sprint_change_is_lost(site: str, status: int, sprint: int) -> None:
    counted = Counter(change.field for _, changes, _ in site_issues(site) for change in changes)
    assert (counted[Field.STATUS], counted[Field.ITERATION]) == (status, sprint)


REPLAYED = (
    Field.STATUS, Field.ITERATION, Field.ESTIMATE, Field.TYPE, Field.FIX_VERSION, Field.COMPONENTS, Field.LABELS,
    Field.RESOLUTION, Field.PRIORITY, Field.DUE, Field.TITLE, Field.KEY, Field.FLAGGED, Field.PARENT,
)  # fmt: skip


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("field", REPLAYED)
def test_the_last_change_leaves_what_the_body_shows(site: str, field: Field) -> None:
    for issue, changes, payload in site_issues(site):
        own = [change for change in changes if change.field is field]
        if own and _was_asked(field, payload, settings(site)):
            last, now = own[-1].new, issue.value(field)
            assert (last.id or last.name) == (now.id or now.name), issue.key


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("field", REPLAYED)
def test_each_change_takes_up_where_the_one_before_left(site: str, field: Field) -> None:
    for issue, changes, _ in site_issues(site):
        own = [change for change in changes if change.field is field]
        for before, after in pairwise(own):
            assert (before.new.id or before.new.name) == (after.old.id or after.old.name), (issue.key, before, after)


def _was_asked(field: Field, payload: Mapping[str, Any], found: Settings) -> bool:
    """Some recordings asked for a few fields only, and none gives the history of a field it does not show."""
    ids = {
        Field.STATUS: "status", Field.TYPE: "issuetype", Field.FIX_VERSION: "fixVersions", Field.LABELS: "labels",
        Field.COMPONENTS: "components", Field.RESOLUTION: "resolution", Field.PRIORITY: "priority",
        Field.DUE: "duedate", Field.TITLE: "summary", Field.PARENT: "parent", Field.KEY: "summary",
    }  # fmt: skip
    custom = {Field.ITERATION: "iteration", Field.ESTIMATE: "estimate", Field.FLAGGED: "flagged"}
    field_id = ids.get(field) or found.role(custom[field]).of("")
    return field_id in payload["fields"]


def test_two_items_of_one_field_in_one_history_are_one_change_of_whole_sets() -> None:
    (changes,) = [changes for issue, changes, _ in site_issues("cloud-b") if issue.key == "IMP-64"]
    own = [change for change in changes if change.field is Field.FIX_VERSION]
    assert len({change.history_id for change in own}) == len(own)
    assert all(set_of(change.old).keys() != set_of(change.new).keys() for change in own)


@pytest.mark.parametrize("key", ["IMP-73", "IMP-74", "ORDER-15", "PROMO-1"])
def test_a_move_is_seen_with_the_old_key(key: str) -> None:
    changes = [change for issue, own, _ in site_issues("cloud-b") if issue.key == key for change in own]
    moved = [change for change in changes if change.field is Field.KEY]
    assert moved
    assert moved[-1].new.name == key
    assert {change.field for change in changes if change.history_id == moved[-1].history_id} >= {
        Field.KEY,
        Field.PROJECT,
    }


def test_two_spellings_of_one_new_parent_are_one_change() -> None:
    (changes,) = [changes for issue, changes, _ in site_issues("cloud-b") if issue.key == "ORDER-15"]
    entries = Counter(change.history_id for change in changes if change.field is Field.PARENT)
    assert set(entries.values()) == {1}


def test_a_sprint_that_was_deleted_stays_in_the_history() -> None:
    named = {sprint_id for _, changes, _ in site_issues("cloud-c") for c in changes if c.field is Field.ITERATION
             for side in (c.old, c.new) for sprint_id in (side.id or "").split(",")}  # fmt: skip
    listed = {read_sprint("x", payload, 0).id for payload in lines("jira-sprints.jsonl", "cloud-c")}
    assert "21" in named - listed


def test_sprints_statuses_and_fields_of_all_sites_parse() -> None:
    sprints = [read_sprint("x", payload, place) for place, payload in enumerate(lines("jira-sprints.jsonl"))]
    statuses = [read_status("x", payload, place) for place, payload in enumerate(lines("jira-statuses.jsonl"))]
    assert (len(sprints), len(statuses), None in statuses) == (54, 14, False)
    assert len(read_fields(list(lines("jira-fields.jsonl")))) == 265
