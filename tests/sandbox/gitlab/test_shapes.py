"""Answers have the shape of what real servers answered: every member, and a type that was seen for it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.sandbox.gitlab.state import Tier
from tests.sandbox.gitlab.site import Client

Serving = Callable[..., Client]
Shape = dict[str, set[str]]
OF_A_STATE = frozenset({"task_status", "allow_collaboration", "allow_maintainer_to_push"})
"""Members that come and go with an issue's text, or with a merge request's being of a fork, whatever the version."""
HOMES = frozenset({"milestone.group_id", "milestone.project_id"})  # one of the two
SITES = [
    ("gitlab-a", "15.0.0", Tier.ULTIMATE, lambda row: True),
    ("gitlab-b", "17.4.0", Tier.FREE, lambda row: "imported" in row),
    ("gitlab-c", "18.11.0", Tier.FREE, lambda row: True),
]


def _recorded(shared: Path, name: str, site: str) -> list[dict[str, Any]]:
    lines = (shared / "payloads" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [row["payload"] for row in map(json.loads, lines) if row["site"] == site]


def _shape(rows: Iterable[dict[str, Any]]) -> Shape:
    """Every member by its path, with the types that were seen there."""
    found: Shape = defaultdict(set)
    for row in rows:
        _walk(row, "", found)
    return dict(found)


def _walk(value: object, path: str, found: Shape) -> None:
    if isinstance(value, dict):
        for name, member in value.items():
            inside = f"{path}.{name}" if path else name
            found[inside].add(_kind(member))
            _walk(member, inside, found)
    elif isinstance(value, list):
        for member in value:
            found[f"{path}[]"].add(_kind(member))
            _walk(member, f"{path}[]", found)


def _kind(value: object) -> str:
    return {"bool": "bool", "int": "number", "float": "number", "NoneType": "null"}.get(
        type(value).__name__, type(value).__name__
    )


def _differs(ours: Shape, theirs: Shape) -> list[str]:
    """What stands in one only, below what both hold; and types that were never seen there."""
    told = []
    for path in sorted(ours.keys() ^ theirs.keys()):
        above = path.rpartition(".")[0].removesuffix("[]")
        held = not above or all(
            "dict" in shape.get(above, set()) | shape.get(f"{above}[]", set()) for shape in (ours, theirs)
        )
        if held and not path.endswith("[]") and path not in OF_A_STATE | HOMES:
            told.append(f"{path}: {'only ours' if path in ours else 'missing'}")
    for path in sorted(ours.keys() & theirs.keys()):
        known, shown = theirs[path] - {"null"}, ours[path] - {"null"}
        if known and shown and not shown <= known:
            told.append(f"{path}: {shown} for {known}")
    return told


@pytest.mark.parametrize(("site", "version", "tier", "kept"), SITES)
def test_issues(
    client_of: Serving, shared: Path, site: str, version: str, tier: Tier, kept: Callable[[Any], bool]
) -> None:
    rows = [row for row in _recorded(shared, "gitlab-issues", site) if kept(row)]
    alone = "subscribed" in rows[0]
    client = client_of(tier=tier, version=version)
    ours = (
        [client.get(f"projects/10/issues/{iid}") for iid in range(1, 5)] if alone else client.get("projects/10/issues")
    )
    assert _differs(_shape(ours), _shape(rows)) == []


@pytest.mark.parametrize(
    ("site", "version", "tier"),
    [("gitlab-b", "17.4.0", Tier.FREE), ("gitlab-c", "18.11.0", Tier.FREE)],
)
def test_merge_requests_asked_for_alone(client_of: Serving, shared: Path, site: str, version: str, tier: Tier) -> None:
    rows = [row for row in _recorded(shared, "gitlab-merge-requests", site) if "imported" in row and "user" in row]
    ours = [client_of(tier=tier, version=version).get("projects/10/merge_requests/1")]
    assert _differs(_shape(ours), _shape(rows)) == []


def test_merge_requests_in_a_list(client_of: Serving, shared: Path) -> None:
    rows = _recorded(shared, "gitlab-merge-requests", "gitlab-a")
    newest = [row for row in rows if "allow_collaboration" not in row]
    ours = client_of(version="15.0.0").get("projects/10/merge_requests")
    assert _differs(_shape(ours), _shape(newest)) == []


@pytest.mark.parametrize(
    ("site", "version", "kept"),
    [("gitlab-a", "15.0.0", lambda row: "internal" in row), ("gitlab-b", "17.4.0", lambda row: "imported" in row)],
)
def test_notes(client_of: Serving, shared: Path, site: str, version: str, kept: Callable[[Any], bool]) -> None:
    rows = [row for row in _recorded(shared, "gitlab-events-notes", site) if kept(row)]
    ours = client_of(version=version).get("projects/10/issues/1/notes")
    assert _differs(_shape(ours), _shape(rows)) == []


def test_milestones(client_of: Serving, shared: Path) -> None:
    rows = _recorded(shared, "gitlab-milestones", "gitlab-c")
    assert _differs(_shape(client_of().get("projects/10/milestones")), _shape(rows)) == []


def test_headers_of_a_list(client_of: Serving, shared: Path) -> None:
    answers = _recorded(shared, "gitlab-responses", "gitlab-c")
    theirs = {name.lower() for name in answers[0]["headers"]} - {"content-length"}
    ours = {name.lower() for name in client_of().send("GET", "projects/10/issues", params={"per_page": 2}).headers}
    assert theirs <= ours
    links = answers[0]["headers"]["Link"]
    assert [part.split('rel="')[1][:-1] for part in links.split(", ")] == ["next", "first", "last"]


@pytest.mark.parametrize(
    ("path", "status"), [("projects/acme%2Fnone", 404), ("user", 401), ("projects/10/merge_requests/77", 404)]
)
def test_refusals_are_worded_as_recorded(client_of: Serving, shared: Path, path: str, status: int) -> None:
    bodies = [row["body"] for row in _recorded(shared, "gitlab-responses", "gitlab-b") if row["status"] == status]
    client = client_of()
    answer = (Client(client.server, token="wrong") if status == 401 else client).send("GET", path)
    assert answer.json() in bodies
