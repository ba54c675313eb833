"""Ledger facts as rows, and the slim record of a gone issue that lets a new store know it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from okr_delivery.model.work import Change, Field, Issue, Link, Value
from okr_delivery.store import tables as t
from okr_delivery.store.codes import dumps
from okr_delivery.store.intern import insert_new
from okr_delivery.store.rows import Fact

NAMELESS = frozenset({Field.ITERATION, Field.PARENT, Field.FIX_VERSION})  # the id says it; the name may be prose
LEFT_OUT = frozenset({Field.TITLE, Field.LINK})


def insert_facts(connection: Connection, facts: Iterable[Fact]) -> None:
    """Adds facts; one whose identity is there already is left as it is."""
    rows = [
        {
            "kind": f.kind,
            "source": f.source,
            "entity": f.entity,
            "iteration": f.iteration or "",
            "at": f.at,
            "team": f.team,
            "issue": f.issue_id,
            "body": dumps(dict(f.body)),
        }
        for f in facts
    ]
    insert_new(connection, t.ledger_fact, rows, ("kind", "source", "entity", "iteration"))


def record(issue: Issue, changes: Sequence[Change]) -> dict[str, Any]:
    """A gone issue in ids, numbers, workflow words and claim lines: no title, no link text, no person."""
    return {
        "key": issue.key,
        "project": [issue.project_id, issue.project],
        "type": [issue.type_id, issue.type],
        "subtask": issue.subtask,
        "confidential": issue.confidential,
        "created": issue.created,
        "updated": issue.updated,
        "resolved": issue.resolved,
        "parent": [issue.parent_id, issue.parent_key],
        "components": list(issue.components),
        "links": [[link.type, link.key] for link in issue.links],
        "history_complete": issue.history_complete,
        "current": {f.name: _said(f, v) for f, v in sorted(issue.current.items()) if f not in LEFT_OUT},
        "changes": [
            [c.ts, c.history_id, c.item, c.field.name, _said(c.field, c.old), _said(c.field, c.new)]
            for c in changes
            if c.field not in LEFT_OUT
        ],
    } | ({} if issue.moved_to is None else {"moved_to": issue.moved_to})


def _said(field: Field, found: Value) -> list[str | None]:
    return [found.id, None if field in NAMELESS and found.id else found.name]


def restore(fact: Fact) -> tuple[Issue, list[Change]] | None:
    """The issue of a tombstone as a new store may hold it, with an empty title. None when the line can't be read."""
    found = fact.body.get("record")
    if not isinstance(found, Mapping) or fact.issue_id is None:
        return None
    try:
        return _issue(fact, found), [_change(fact.issue_id, row) for row in found["changes"]]
    except (KeyError, TypeError, ValueError):
        return None


def _issue(fact: Fact, found: Mapping[str, Any]) -> Issue:
    return Issue(
        source=fact.source,
        id=str(fact.issue_id),
        key=found["key"],
        project_id=found["project"][0],
        project=found["project"][1],
        type_id=found["type"][0],
        type=found["type"][1],
        subtask=bool(found["subtask"]),
        title="",
        created=int(found["created"]),
        updated=int(found["updated"]),
        resolved=found["resolved"],
        parent_id=found["parent"][0],
        parent_key=found["parent"][1],
        components=tuple(found["components"]),
        links=tuple(Link(kind, key) for kind, key in found["links"]),
        confidential=bool(found["confidential"]),
        history_complete=bool(found["history_complete"]),
        current={Field[name]: Value(*said) for name, said in found["current"].items()},
        moved_to=found.get("moved_to"),
    )


def _change(issue_id: str, row: list[Any]) -> Change:
    ts, history_id, item, field, old, new = row
    return Change(issue_id, int(history_id), int(item), int(ts), Field[field], Value(*old), Value(*new))
