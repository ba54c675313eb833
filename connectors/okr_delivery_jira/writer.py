"""Writes to one Jira site: what is so already is left alone, the rest goes out in as few calls as possible.

An issue is read first, by its id and never through the search, which trails behind. Labels and fields travel in one
PUT, which is then confirmed by reading the issue again. Jira limits writes to one issue (20 in two seconds, 100 in
thirty), so writes to one issue wait for each other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from okr_delivery.sync.connector import Identity
from okr_delivery.sync.writes import Edit, Outcome, PutLink, SetField, Written
from okr_delivery_jira.problems import broken, refused
from okr_delivery_jira.text import members, string
from okr_delivery_jira.writer_calls import ConflictError, IssueCalls
from okr_delivery_jira.writer_comments import Comments
from okr_delivery_jira.writer_plan import Present, Wanted
from okr_delivery_jira.writer_text import plain

if TYPE_CHECKING:
    from okr_delivery_jira.client import JiraClient

TURNS = 64  # issues that share one wait for each other needlessly, which is harmless


class JiraWriter:
    """May be called from several threads. `confirm` raises ConfigError when the token is no longer taken for `who`."""

    def __init__(
        self, client: JiraClient, who: Identity, confirm: Callable[[], None], wrote: Callable[[str], None]
    ) -> None:
        """`wrote` is told the id of each issue that may be changed."""
        self._client = client
        self._wrote = wrote
        self._who = who
        self._confirm = confirm
        self._turns = tuple(threading.Lock() for _ in range(TURNS))

    def write(self, issue_id: str, edits: Sequence[Edit]) -> Written:
        """Makes one issue so.

        Raises ConfigError for a value that Jira takes not, an issue that is gone and a permission that is missing;
        RetryLaterError for a conflict that lasts; UnsureError when it can't be learnt whether a comment was made.
        """
        wanted = Wanted.of(edits, issue_id)
        self._wrote(issue_id)  # even if it fails: it may have been done all the same
        with self._turns[hash(issue_id) % TURNS]:
            calls = IssueCalls(self._client, issue_id)
            changed, comments = self._settle(calls, wanted) if edits else ((), {})
        outcome = Outcome.WRITTEN if changed else Outcome.UNCHANGED
        return Written(issue_id, outcome, calls.count, changed, comments)

    def _settle(self, calls: IssueCalls, wanted: Wanted) -> tuple[tuple[Edit, ...], Mapping[str, str]]:
        """What was not so, and the ids of the comments by mark."""
        issue = _read(calls, wanted)
        changed = _put_values(calls, wanted, issue)
        cloud = self._who.deployment == "cloud"
        comments = Comments(
            calls, self._who.account, self._confirm, properties=cloud, for_customers=issue.for_customers
        )
        changed += comments.put(wanted.comments)
        changed += _put_links(calls, wanted)
        return changed + _put_properties(calls, wanted, issue), comments.ids


def _read(calls: IssueCalls, wanted: Wanted) -> Present:
    """The issue by id, with what the edits are about."""
    names = {"labels", *wanted.fields, *(["project"] if wanted.comments else [])}
    asked = {"fields": ",".join(sorted(names))}
    asked |= {"expand": "schema"} if wanted.fields else {}
    asked |= {"properties": ",".join(sorted(wanted.properties))} if wanted.properties else {}
    body = calls.read("", asked)
    fields = body.get("fields") if isinstance(body, dict) else None
    if not isinstance(fields, dict):
        raise broken("shape", calls.where)
    calls.where = string(body.get("key")) or calls.where
    schema, properties = body.get("schema"), body.get("properties")
    return Present(
        calls.where,
        fields,
        schema if isinstance(schema, dict) else {},
        properties if isinstance(properties, dict) else {},
    )


def _put_values(calls: IssueCalls, wanted: Wanted, issue: Present) -> tuple[Edit, ...]:
    """Labels and fields in one PUT. After a conflict the issue is read again, once."""
    due = issue.due(wanted)
    if not due:
        return ()
    try:
        calls.put("", issue.body(due))
    except ConflictError:
        issue = _read(calls, wanted)
        due = issue.due(wanted)
        if due:
            calls.put("", issue.body(due))
    left = _read(calls, wanted).due(wanted)
    if left:
        raise refused("not_kept", calls.where, what=", ".join(_name(edit) for edit in left))
    return due


def _name(edit: Edit) -> str:
    return edit.field_id if isinstance(edit, SetField) else plain(str(getattr(edit, "label", "")))


def _put_links(calls: IssueCalls, wanted: Wanted) -> tuple[Edit, ...]:
    """Links are sent whole: what is left out, Jira empties."""
    if not wanted.links:
        return ()
    rows = calls.read("/remotelink", {})
    if not isinstance(rows, list):
        raise broken("shape", f"{calls.where} remotelink")
    here = {row.get("globalId"): row.get("object") for row in members(rows)}
    due = [link for link in wanted.links.values() if not _leads(here.get(link.global_id), link)]
    for link in due:
        calls.upsert("/remotelink", {"globalId": link.global_id, "object": _target(link)})
    return tuple(due)


def _target(link: PutLink) -> dict[str, str]:
    target = {"url": link.url, "title": plain(link.title)}
    return target | ({"summary": plain(link.summary)} if plain(link.summary) else {})


def _leads(found: object, link: PutLink) -> bool:
    here: Mapping[str, object] = found if isinstance(found, dict) else {}
    return {name: here[name] for name in ("url", "title", "summary") if here.get(name)} == _target(link)


def _put_properties(calls: IssueCalls, wanted: Wanted, issue: Present) -> tuple[Edit, ...]:
    due = [edit for edit in wanted.properties.values() if issue.properties.get(edit.key) != dict(edit.value)]
    for edit in due:
        calls.put(f"/properties/{quote(edit.key, safe='')}", dict(edit.value), what="/properties/{key}")
    return tuple(due)
