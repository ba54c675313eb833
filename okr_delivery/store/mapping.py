"""Model types to rows and back. Nothing here touches a connection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Row

from okr_delivery.model.work import (
    EMPTY,
    Board,
    Change,
    Deployment,
    Field,
    Interval,
    Issue,
    ItemFact,
    Iteration,
    IterationKind,
    Kind,
    Link,
    Membership,
    Status,
    Value,
)
from okr_delivery.store.codes import CATEGORIES, CATEGORY_OF, STATE_OF, STATES, clean, digest, dumps
from okr_delivery.store.rows import Derived, SourceState

Pair = tuple[str, str]
FIELD_OF = {int(f): f for f in Field}
KIND_OF = {int(k): k for k in Kind}
KIND_OF_ITERATION = {k.value: k for k in IterationKind}
FACT_COLUMNS = (
    "committed_at",
    "started_at",
    "first_finished_at",
    "finished_at",
    "cancelled_at",
    "gone_at",
    "lead_seconds",
    "cycle_seconds",
    "active_seconds",
    "wait_seconds",
    "parked_seconds",
    "unmapped_seconds",
    "reopened",
    "kind_since",
    "last_change",
)


def pair(ref: str | None, name: str | None) -> Pair:
    return (ref or "", name or "")


def of(value: Value) -> Pair:
    return (value.id or "", value.name or "")


def value(ref: str, name: str) -> Value:
    return Value(ref or None, name or None) if ref or name else EMPTY


def kept(issue: Issue) -> list[tuple[Field, Pair]]:
    """The current values worth a row, in one order."""
    return sorted((f, of(v)) for f, v in issue.current.items() if of(v) != ("", ""))


def body_pairs(issue: Issue) -> dict[str, Pair]:
    """The texts of a body that are interned, by column."""
    return {
        "project": pair(issue.project_id, issue.project),
        "type": pair(issue.type_id, issue.type),
        "creator": pair(issue.creator_marks, issue.creator),
        "parent": pair(issue.parent_id, issue.parent_key),
    }


def body_plain(issue: Issue) -> dict[str, Any]:
    """The other columns of a body."""
    return {
        "ref": issue.id,
        "key": issue.key,
        "subtask": int(issue.subtask),
        "confidential": int(issue.confidential),
        "history_complete": int(issue.history_complete),
        "created": issue.created,
        "updated": issue.updated,
        "resolved": issue.resolved,
        "title": issue.title,
        "url": issue.url,
        "rank": issue.rank,
        "components": _components(issue),
        "links": _links(issue),
        "moved_to": issue.moved_to,
    }


def _components(issue: Issue) -> str:
    return dumps(list(issue.components)) if issue.components else "[]"


def _links(issue: Issue) -> str:
    return dumps([[link.type, link.key, link.summary] for link in issue.links]) if issue.links else "[]"


def body_digest(plain: Mapping[str, Any], pairs: Mapping[str, Pair], current: Sequence[tuple[Field, Pair]]) -> bytes:
    """Of a body in its parts; what was stored before there was a column `moved_to` keeps its digest."""
    said = {name: part for name, part in plain.items() if name != "moved_to" or part is not None}
    return digest(said, pairs, current)


def cleaned(issue: Issue, pairs: Mapping[str, Value], current: Mapping[Field, Value]) -> Issue:
    """The issue as it is read back from its rows; `pairs` are those of `body_pairs` as they are read back."""
    project, kind, parent = pairs["project"], pairs["type"], pairs["parent"]
    return replace(
        issue,
        key=clean(issue.key),
        project_id=project.id or "",
        project=project.name or "",
        type_id=kind.id or "",
        type=kind.name or "",
        title=clean(issue.title),
        url=None if issue.url is None else clean(issue.url),
        rank=None if issue.rank is None else clean(issue.rank),
        creator=pairs["creator"].name,
        creator_marks=pairs["creator"].id,
        parent_id=parent.id,
        parent_key=parent.name,
        components=tuple(json.loads(clean(_components(issue)))),
        links=tuple(Link(*link) for link in json.loads(clean(_links(issue)))),
        current=current,
    )


def change_key(change: Change) -> list[object]:
    """A change without its issue, for digests and dumps."""
    return [
        change.ts,
        change.history_id,
        change.item,
        int(change.field),
        *of(change.old),
        *of(change.new),
        change.actor or "",
    ]


def history_digest(changes: Iterable[Change]) -> bytes:
    return digest([change_key(c) for c in changes])


def issue(row: Row[Any], source: str, values: Mapping[int, Value], current: Mapping[Field, Value]) -> Issue:
    project, kind, parent = values[row.project], values[row.type], values[row.parent]
    return Issue(
        source=source,
        id=row.ref,
        key=row.key,
        project_id=project.id or "",
        project=project.name or "",
        type_id=kind.id or "",
        type=kind.name or "",
        subtask=bool(row.subtask),
        title=row.title,
        created=row.created,
        updated=row.updated,
        resolved=row.resolved,
        url=row.url,
        creator=values[row.creator].name,
        creator_marks=values[row.creator].id,
        parent_id=parent.id,
        parent_key=parent.name,
        components=tuple(json.loads(row.components)),
        links=tuple(Link(*link) for link in json.loads(row.links)),
        confidential=bool(row.confidential),
        rank=row.rank,
        history_complete=bool(row.history_complete),
        current=current,
        moved_to=row.moved_to,
    )


def status_row(status: Status) -> dict[str, Any]:
    return {
        "ref": status.id,
        "name": status.name,
        "category": CATEGORIES[status.category],
        "ord": status.order,
    }


def status(row: Row[Any], source: str) -> Status:
    return Status(source, row.ref, row.name, CATEGORY_OF[row.category], row.ord)


def board_row(board: Board) -> dict[str, Any]:
    return {
        "ref": board.id,
        "name": board.name,
        "type": board.type,
        "project": board.project,
        "estimate_field": board.estimate_field,
    }


def board(row: Row[Any], source: str) -> Board:
    return Board(source, row.ref, row.name, row.type, row.project, row.estimate_field)


def iteration_row(iteration: Iteration) -> dict[str, Any]:
    return {
        "ref": iteration.id,
        "name": iteration.name,
        "goal": iteration.goal,
        "state": STATES[iteration.state],
        "start": iteration.start,
        "end": iteration.end,
        "activated_at": iteration.activated_at,
        "closed_at": iteration.closed_at,
        "board": iteration.board_id,
        "ord": iteration.order,
        "kind": iteration.kind.value,
        "first_day": _iso(iteration.first_day),
        "last_day": _iso(iteration.last_day),
        "project": iteration.project_id,
        "owner": iteration.group,
    }


def iteration(row: Row[Any], source: str) -> Iteration:
    return Iteration(
        source,
        row.ref,
        row.name,
        STATE_OF[row.state],
        row.goal,
        row.start,
        row.end,
        row.activated_at,
        row.closed_at,
        row.board,
        row.ord,
        KIND_OF_ITERATION[row.kind],
        _day(row.first_day),
        _day(row.last_day),
        row.project,
        row.owner,
    )


def deployment_row(deployment: Deployment) -> dict[str, Any]:
    return {
        "ref": deployment.id,
        "project": deployment.project_id,
        "environment": deployment.environment,
        "succeeded": int(deployment.succeeded),
        "finished_at": deployment.finished_at,
        "branch": deployment.ref,
        "sha": deployment.sha,
        "url": deployment.url,
        "issues": dumps(list(deployment.issues)),
        "commits": dumps(list(deployment.commits)),
    }


def deployment(row: Row[Any], source: str) -> Deployment:
    return Deployment(
        source=source,
        id=row.ref,
        project_id=row.project,
        environment=row.environment,
        succeeded=bool(row.succeeded),
        finished_at=row.finished_at,
        ref=row.branch,
        sha=row.sha,
        url=row.url,
        issues=tuple(json.loads(row.issues)),
        commits=tuple(json.loads(row.commits)),
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def source_state(row: Row[Any]) -> SourceState:
    return SourceState(
        name=row.name,
        complete=bool(row.complete),
        reason=row.reason,
        fetched_at=row.fetched_at,
        started_at=row.started_at,
        watermark=row.watermark,
        first_synced_at=row.first_synced_at,
        settings_hash=row.settings_hash,
        account=row.account,
        census_at=row.census_at,
        full_at=row.full_at,
        metadata_at=row.metadata_at,
        fetch_hash=row.fetch_hash,
        derived_hash=row.derived_hash,
        base_url=row.base_url,
        whole_since=row.whole_since,
        cursor=json.loads(row.cursor) if row.cursor else None,
    )


def fact_row(fact: ItemFact) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(fact, name) for name in FACT_COLUMNS}
    return row | {"kind": int(fact.kind), "notes": dumps(list(fact.notes)) if fact.notes else "[]"}


def fact(row: Row[Any]) -> ItemFact:
    numbers = {name: getattr(row, name) for name in FACT_COLUMNS}
    return ItemFact(**numbers, kind=KIND_OF[row.kind], notes=tuple(json.loads(row.notes)))


def derived_key(row: Derived) -> list[object]:
    """A derivation as JSON-able data, for digests and dumps."""
    stays = [[i.status_id, int(i.kind), i.stage, i.entered_at, i.left_at] for i in row.intervals]
    members = [[m.iteration_id, m.entered_at, m.left_at] for m in row.memberships]
    return [stays, members, fact_row(row.fact), row.rule_hash]


def interval(row: Row[Any], values: Mapping[int, Value]) -> Interval:
    return Interval(values[row.status].id or "", KIND_OF[row.kind], row.stage, row.entered_at, row.left_at)


def membership(row: Row[Any], values: Mapping[int, Value]) -> Membership:
    return Membership(values[row.iteration].id or "", row.entered_at, row.left_at)
