"""Whatever edits, whatever breaks: repeated until it is answered, everything is as if it had been written once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.sandbox.site import SiteIssue
from okr_delivery.sync.errors import RetryLaterError
from okr_delivery.sync.writes import (
    AddLabel,
    Edit,
    Outcome,
    PutComment,
    PutLink,
    PutProperty,
    RemoveComment,
    RemoveLabel,
    SetField,
)
from tests.okr_delivery_jira.writing import KINDS, Desk, desk

LABELS, MARKS = st.sampled_from(["kr:A", "kr:B", "okr", "old"]), st.sampled_from(["gate", "report", "x.1-2"])
TEXTS = st.sampled_from(["one", "two", "[~admin] {code}", "a\nb", "okr-delivery: gate", "目标 \\ 50 %"])
EDITS = st.one_of(
    st.builds(AddLabel, LABELS),
    st.builds(RemoveLabel, LABELS),
    st.builds(SetField, st.just("customfield_10026"), st.sampled_from([None, 1, 2.5])),
    st.builds(SetField, st.just("customfield_10040"), st.sampled_from([None, "A", "B"])),
    st.builds(PutComment, MARKS, TEXTS),
    st.builds(RemoveComment, MARKS),
    st.builds(PutLink, st.sampled_from(["a", "b"]), st.just("https://okr.example/"), st.sampled_from(["A", "B"])),
    st.builds(PutProperty, st.sampled_from(["p", "q r"]), st.dictionaries(st.just("n"), st.integers(0, 2))),
)
FAILURES: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    endpoint=st.sampled_from(
        ["*", "issue/{id}", "issue/{id}/comment", "issue/{id}/comment/{id}", "issue/{id}/remotelink",
         "issue/{id}/properties/{key}"]
    ),
    at=st.integers(1, 6),
    times=st.integers(1, 2),
    kind=st.sampled_from(["drop_before", "drop_after", "status", "truncated_json"]),
    status=st.sampled_from([503, 500, 429]),
)  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def site(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with desk(request.param) as opened:
        yield opened


def expected(edits: Sequence[Edit]) -> dict[str, Any]:
    """By the meaning of the edits, one after another."""
    state: dict[str, Any] = {"labels": {"old", "by-hand"}, "fields": {}, "comments": {}, "links": {}, "properties": {}}
    for edit in edits:
        match edit:
            case AddLabel(label):
                state["labels"].add(label)
            case RemoveLabel(label):
                state["labels"].discard(label)
            case SetField(field_id, value):
                state["fields"][field_id] = value
            case PutComment(mark, text):
                state["comments"][mark] = text
            case RemoveComment(mark):
                state["comments"].pop(mark, None)
            case PutLink(global_id, _, title):
                state["links"][global_id] = title
            case PutProperty(key, value):
                state["properties"][key] = value
    return state | {"comments": sorted(state["comments"].values())}


def found(issue: SiteIssue, fields: Sequence[str]) -> dict[str, Any]:
    comments = [str(row["body"]).rpartition("\n\nokr-delivery: ") for row in issue.comments]
    links = [(str(row["globalId"]), row["object"]) for row in issue.remote_links]
    return {
        "labels": set(issue.labels),
        "fields": {name: issue.custom.get(name) for name in fields},
        "comments": sorted((head or tail) for head, _, tail in comments),
        "links": {name: target["title"] for name, target in links if isinstance(target, dict)},
        "properties": issue.properties,
    }


def as_sent(text: str) -> str:
    """The escaped forms of TEXTS, by hand."""
    return {"[~admin] {code}": "\\[\\~admin\\] \\{code\\}", "目标 \\ 50 %": "目标 \u2216 50 %"}.get(text, text)


@settings(max_examples=60, deadline=None)
@given(edits=st.lists(EDITS, max_size=7), failures=st.lists(FAILURES, max_size=3))
def test_twice_with_faults_is_as_once(site: Desk, edits: list[Edit], failures: list[dict[str, Any]]) -> None:
    issue = site.server.tracker.create("PAY", "to be written", labels=["old", "by-hand"])
    site.server.reset()
    site.server.faults = {"failures": failures}
    written = False
    for _ in range(12):
        with suppress(RetryLaterError):
            site.writer.write(str(issue.id), edits)
            written = True
            break
    assert written
    site.server.faults = {}
    wanted = expected(edits)
    wanted["comments"] = sorted(map(as_sent, wanted["comments"]))
    assert found(issue, list(wanted["fields"])) == wanted
    assert len(issue.remote_links) == len(wanted["links"])
    assert site.writer.write(str(issue.id), edits).outcome is Outcome.UNCHANGED
