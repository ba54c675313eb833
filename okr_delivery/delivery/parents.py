"""Parents that a tracker names by key alone, as epic links are: found by the keys that issues have or had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from okr_delivery.model.work import Field, Issue, Value


def nameless(issues: Iterable[Issue]) -> list[str]:
    """The keys of the parents that are given by key alone, each once."""
    found = (issue.parent_key for issue in issues if issue.parent_id is None and issue.parent_key is not None)
    return list(dict.fromkeys(found))


def adopted(issues: Iterable[Issue], ids: Mapping[str, str]) -> list[Issue]:
    """The issues, those with a parent's key but no id given the id. `ids` maps keys to ids.

    A key that belongs to none of them stays without an id.
    """
    return [_adopted(issue, ids) for issue in issues]


def _adopted(issue: Issue, ids: Mapping[str, str]) -> Issue:
    parent = ids.get(issue.parent_key or "")
    if issue.parent_id is not None or parent is None:
        return issue
    current = {**issue.current, Field.PARENT: Value(parent, issue.parent_key)}
    return replace(issue, parent_id=parent, current=current)
