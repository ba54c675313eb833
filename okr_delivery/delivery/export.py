"""The tables that can be taken along: columns as promised, rows in a natural order, instants in UTC.

Rows hold numbers, booleans, text and None; how a cell is written is the writer's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from okr_delivery.delivery.item import Item, number
from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.teams import sources_of
from okr_delivery.model.work import Category, Field, IterationState, labels_of

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot

Row = tuple[object, ...]
Table = tuple[tuple[str, ...], Iterator[Row]]

_CATEGORIES = (Category.NEW.value, Category.INDETERMINATE.value, Category.DONE.value)

COLUMNS: Mapping[str, str] = {
    "issues": "source id key project type title status category kind created updated resolved parent_key estimate"
    " priority labels team url gone_at",
    "changes": "source issue_id issue_key history_id item at field from_id from_name to_id to_name",
    "intervals": "source issue_key status_id status kind entered_at left_at",
    "iterations": "source id name goal state start end closed_at",
    "memberships": "source issue_key iteration_id entered_at left_at",
    "facts": "source issue_key committed_at started_at first_finished_at finished_at cancelled_at gone_at lead_seconds"
    " cycle_seconds active_seconds wait_seconds parked_seconds unmapped_seconds reopened",
    "deployments": "source id project environment succeeded finished_at ref sha url issue_keys commits",
}


def tables(snapshot: Snapshot) -> dict[str, Table]:
    """Table name to (columns, rows). Every synced issue created by `as_of`; of some teams only theirs.

    There is a table of deployments only where a source connects them.
    """
    makers: Mapping[str, Callable[[Snapshot], Iterator[Row]]] = {
        "issues": _issues,
        "changes": _changes,
        "intervals": _intervals,
        "iterations": _iterations,
        "memberships": _memberships,
        "facts": _facts,
    }
    if connected(snapshot):
        makers = {**makers, "deployments": _deployments}
    return {name: (tuple(COLUMNS[name].split()), make(snapshot)) for name, make in makers.items()}


def instant(ts: int | None) -> str | None:
    """ISO 8601 in UTC, whole seconds; None stays None."""
    return None if ts is None else datetime.fromtimestamp(ts, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def items(snapshot: Snapshot) -> Iterator[Item]:
    """The exported issues by source and key. Issues that no team owns come along unless teams were chosen."""
    every = {team.id for team in snapshot.config.effective_teams()}
    chosen = {team.id for team in snapshot.teams}
    for source in sorted(s.name for s in snapshot.config.sources):
        found = snapshot.view(source).items.values()
        kept = [item for item in found if chosen == every or item.team in chosen]
        yield from sorted(kept, key=lambda item: natural(item.key))


def _issues(snapshot: Snapshot) -> Iterator[Row]:
    t = snapshot.as_of
    for item in items(snapshot):
        issue, rules = item.issue, snapshot.rules(item.source)
        status = item.intervals[-1].status_id
        category = rules.categories.get(status)
        yield (
            issue.source,
            issue.id,
            issue.key,
            issue.project,
            item.at(Field.TYPE, t).name or issue.type,
            None if issue.confidential else item.at(Field.TITLE, t).name or issue.title,
            rules.names.get(status) or item.at(Field.STATUS, t).name,
            None if category is None else _CATEGORIES[category],
            item.fact.kind.name.lower(),
            instant(issue.created),
            instant(issue.updated),
            instant(issue.resolved),
            _parent_key(snapshot, item),
            plain(number(item.at(Field.ESTIMATE, t))),
            item.at(Field.PRIORITY, t).name,
            json.dumps(labels_of(item.at(Field.LABELS, t)), ensure_ascii=False),
            item.team or None,
            snapshot.link(issue.source, issue.url),
            instant(item.gone_at),
        )


def _parent_key(snapshot: Snapshot, item: Item) -> str | None:
    """The key that the parent of the day has now."""
    value = item.at(Field.PARENT, snapshot.as_of)
    parent = snapshot.item(item.source, value.id) if value.id is not None else None
    return value.name if parent is None else parent.key


def plain(value: float | None) -> float | int | None:
    """A whole number without its fraction."""
    return int(value) if value is not None and value == int(value) else value


def _changes(snapshot: Snapshot) -> Iterator[Row]:
    for item in items(snapshot):
        for change in item.changes:
            if change.ts > snapshot.as_of:
                break
            yield (
                item.source,
                item.issue.id,
                item.key,
                change.history_id,
                change.item,
                instant(change.ts),
                change.field.name.lower(),
                change.old.id,
                change.old.name,
                change.new.id,
                change.new.name,
            )


def _intervals(snapshot: Snapshot) -> Iterator[Row]:
    for item in items(snapshot):
        names = snapshot.rules(item.source).names
        former = _former_names(item) if any(i.status_id not in names for i in item.intervals) else {}
        for i in item.intervals:
            name = names.get(i.status_id) or former.get(i.status_id)
            entered, left = instant(i.entered_at), instant(i.left_at)
            yield item.source, item.key, i.status_id, name, i.kind.name.lower(), entered, left


def _former_names(item: Item) -> dict[str, str | None]:
    """Names of statuses that only an issue's history still knows."""
    values = [value for _, value in item.versions(Field.STATUS)]
    return {value.id: value.name for value in values if value.id is not None}


def _iterations(snapshot: Snapshot) -> Iterator[Row]:
    for source in sorted(s.name for s in snapshot.config.sources):
        for i in sorted(snapshot.exported(source), key=lambda i: natural(i.id)):
            state = snapshot.state(i)
            closed = i.closed_at if state is IterationState.CLOSED else None
            yield source, i.id, i.name, i.goal, state.value, instant(i.start), instant(i.end), instant(closed)


def _memberships(snapshot: Snapshot) -> Iterator[Row]:
    for item in items(snapshot):
        for m in item.own_memberships:
            yield item.source, item.key, m.iteration_id, instant(m.entered_at), instant(m.left_at)


def connected(snapshot: Snapshot) -> list[str]:
    """The sources of the snapshot's teams that connect deployments, by name."""
    names = sorted({name for team in snapshot.teams for name in sources_of(team)})
    return [name for name in names if snapshot.config.source(name).deployments is not None]


def _deployments(snapshot: Snapshot) -> Iterator[Row]:
    """By their end. Keys are those of issues that the store holds; of commits the number that came with it."""
    for source in connected(snapshot):
        projects = {item.issue.project_id: item.issue.project for item in snapshot.view(source).items.values()}
        for one in snapshot.deployments(source):
            brought = (snapshot.item(source, ref) for ref in one.issues)
            keys = sorted({item.key for item in brought if item is not None}, key=natural)
            yield (
                source,
                one.id,
                projects.get(one.project_id, one.project_id),
                one.environment,
                one.succeeded,
                instant(one.finished_at),
                one.ref,
                one.sha,
                snapshot.link(source, one.url),
                json.dumps(keys, ensure_ascii=False),
                len(one.commits),
            )


def _facts(snapshot: Snapshot) -> Iterator[Row]:
    for item in items(snapshot):
        fact = item.fact
        moments = (
            fact.committed_at,
            fact.started_at,
            fact.first_finished_at,
            fact.finished_at,
            fact.cancelled_at,
            item.gone_at,
        )
        yield (
            item.source,
            item.key,
            *(instant(at) for at in moments),
            fact.lead_seconds,
            fact.cycle_seconds,
            fact.active_seconds,
            fact.wait_seconds,
            fact.parked_seconds,
            fact.unmapped_seconds,
            fact.reopened > 0,
        )
