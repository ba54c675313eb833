"""The logical content of a store: what two stores must agree on to be the same, whatever their inner numbers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from okr_delivery.model.work import Issue
from okr_delivery.store import mapping

if TYPE_CHECKING:
    from okr_delivery.store.reads import Reads


def dump(store: Reads) -> dict[str, Any]:
    """Sorted, JSON-able; leaves out when runs began and ended and what they cost."""
    return {
        "sources": {state.name: _source(store, state.name, state.complete) for state in store.sources()},
        "facts": [[*fact.identity, fact.at, fact.team, fact.issue_id, dict(fact.body)] for fact in store.facts()],
    }


def _source(store: Reads, name: str, complete: bool) -> dict[str, Any]:
    return {
        "complete": complete,
        "metadata": store.metadata(name),
        "statuses": [asdict(s) for s in store.statuses(name)],
        "boards": [asdict(b) for b in store.boards(name)],
        "fields": [asdict(f) for f in store.found_fields(name)],
        "iterations": [mapping.iteration_row(i) for i in store.iterations(name)],
        "deployments": [mapping.deployment_row(d) for d in store.deployments(name)],
        "issues": [_issue(i) for i in store.issues(name)],
        "changes": {ref: [mapping.change_key(c) for c in found] for ref, found in store.changes(name)},
        "derived": {row.issue_id: mapping.derived_key(row) for row in store.derived(name)},
        "aliases": store.aliases(name),
        "gone": store.gone(name),
        "missed": store.missed(name),
    }


def _issue(issue: Issue) -> dict[str, Any]:
    plain, pairs = mapping.body_plain(issue), mapping.body_pairs(issue)
    current = {field.name: list(pair) for field, pair in mapping.kept(issue)}
    return plain | {name: list(found) for name, found in pairs.items()} | {"current": current}
