"""Activity in bulk and exact lists tell the same of a served GitLab, and what both tell is what happened in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from okr_delivery.model.work import Change, Field, Value, joined_labels
from okr_delivery.sandbox.gitlab import serve
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.state import GitLab, Tier, WorkItem
from okr_delivery.sync.workers import Workers
from okr_delivery_gitlab.changes import ChangeReader
from okr_delivery_gitlab.history import Detail, HistoryReader
from okr_delivery_gitlab.records import IssueReader
from okr_delivery_gitlab.settings import Settings
from tests.okr_delivery_gitlab.syncing import Clock, connect, organisation

ISSUES = 40
LISTED = (Field.STATUS, Field.LABELS, Field.ITERATION, Field.RESOLUTION, Field.PRIORITY)


@dataclass
class Told:
    """What one GitLab told of its issues in both ways."""

    forge: GitLab
    settings: Settings
    now: int
    rows: list[Mapping[str, Any]]
    bulk: Mapping[str, Detail]
    lists: Mapping[str, Detail]
    requests: Mapping[str, int]

    def changes(self, details: Mapping[str, Detail]) -> dict[str, tuple[Change, ...]]:
        reader = ChangeReader(self.settings, self.now)
        return {str(row["id"]): reader.read(row, details[str(row["id"])]).changes() for row in self.rows}


PLANS = [(Tier.FREE, "labels", False), (Tier.ULTIMATE, "labels", False), (Tier.ULTIMATE, "statuses", True)]


@pytest.fixture(scope="module", params=PLANS, ids=["free", "labels", "statuses-and-cadences"])
def told(request: pytest.FixtureRequest) -> Iterator[Told]:
    tier, workflow, cadences = request.param
    forge = organisation(ISSUES, tier=tier, workflow=workflow, cadences=cadences)
    server = serve(forge, clock=Clock(), tier=tier)
    try:
        yield _told(server, forge, "workflow" if workflow == "labels" else None)
    finally:
        server.stop()


def _told(server: RunningServer, forge: GitLab, scope: str | None) -> Told:
    connector, transport = connect(server, options={"label_scope": scope})
    now = connector.identity().server_time
    connector.metadata()
    list(connector.iterations({}))
    settings, client = connector._known(), connector._site()
    asked = {"scope": "all", "with_labels_details": "true"}
    rows = [row for p in settings.projects for row in client.rows(f"projects/{p.id}/issues", asked, what="issues")]
    with Workers(2) as workers:
        before = dict(transport.requests)
        bulk = HistoryReader(client, settings, workers).read(rows)
        requests = {what: n - before.get(what, 0) for what, n in transport.requests.items() if n > before.get(what, 0)}
        lists = HistoryReader(client, replace(settings, capabilities={}), workers).read(rows)
    return Told(forge, settings, now, rows, bulk, lists, requests)


def test_both_ways_tell_the_same(told: Told) -> None:
    bulk, lists = told.changes(told.bulk), told.changes(told.lists)
    count = 0
    for ref, changes in bulk.items():
        for kept in LISTED[0 if told.settings.label_scope else 1 :]:  # no list tells of custom statuses
            one, other = (_said(own, kept) for own in (changes, lists[ref]))
            assert one == other, (ref, kept)
            count += len(one)
    assert count > ISSUES


def test_both_are_whole_and_the_bulk_needs_no_list_where_its_notes_hold_ids(told: Told) -> None:
    assert all(detail.complete for detail in (*told.bulk.values(), *told.lists.values()))
    assert told.requests == {"POST graphql activity": 1}
    assert len(told.rows) <= 50


def test_both_end_in_what_is_true(told: Told) -> None:
    issues = IssueReader("gitlab", "https://git.example.com")
    reader = ChangeReader(told.settings, told.now)
    for row in told.rows:
        ref = str(row["id"])
        item = told.forge.items[int(ref)]
        for details in (told.bulk, told.lists):
            issue = issues.read(row, details[ref], reader.read(row, details[ref]))
            assert issue.value(Field.LABELS) == Value(None, _names(told.forge, item))
            boxes = [str(item.milestone or ""), f"iteration-{item.iteration}" if item.iteration else ""]
            assert issue.value(Field.ITERATION).id == (",".join(filter(None, boxes)) or None)
            if details is told.lists and told.settings.label_scope is None:
                continue  # no list tells of custom statuses
            assert _is_done(issue.value(Field.STATUS).id, told) is (item.state == "closed")


def test_estimates_have_a_history_on_each_tier(told: Told) -> None:
    """Points are weights where there are weights, hours elsewhere."""
    changes = [c for own in told.changes(told.bulk).values() for c in own if c.field is Field.ESTIMATE]
    assert len(changes) > ISSUES // 4


def test_custom_statuses_have_the_history_that_their_notes_tell(told: Told) -> None:
    changes = [c for own in told.changes(told.bulk).values() for c in own if c.field is Field.STATUS]
    stages = {value.id for change in changes for value in (change.old, change.new)}
    assert len(changes) > ISSUES
    assert any((ref or "").startswith("status-") for ref in stages) is (told.settings.label_scope is None)


def _is_done(status: str | None, told: Told) -> bool:
    done = {f"status-{one.id}" for one in told.settings.statuses if one.category in ("done", "canceled")}
    return status in {"closed", *done}


def _said(changes: tuple[Change, ...], kept: Field) -> list[tuple[object, ...]]:
    return [(change.ts, change.old, change.new, change.actor) for change in changes if change.field is kept]


def _names(forge: GitLab, item: WorkItem) -> str | None:
    return joined_labels(forge.labels[ref].name for ref in item.labels)
