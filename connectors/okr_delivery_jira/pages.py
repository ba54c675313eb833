"""Blocks of raw answers -> pages of model types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Category, Change, Field, Issue, Status
from okr_delivery.sync.connector import Identity, Page
from okr_delivery.sync.errors import SkipRecordError
from okr_delivery_jira.changes import ChangeReader
from okr_delivery_jira.dialects import Block
from okr_delivery_jira.records import IssueReader, UnreadableError, read_status
from okr_delivery_jira.settings import Settings
from okr_delivery_jira.text import string


class PageMaker:
    """Reads the blocks of one source."""

    def __init__(self, source: str, settings: Settings, who: Identity, sprints: Mapping[str, str]) -> None:
        self._source = source
        self._issues = IssueReader(source, settings, who.base_url, who.server_time, sprints)
        self._changes = ChangeReader(settings, who.server_time)
        self._listed = set(settings.status_ids)

    def page(self, block: Block, warnings: tuple[Message, ...]) -> Page:
        issues: list[Issue] = []
        changes: list[Change] = []
        skipped: list[SkipRecordError] = []
        for body in block.bodies:
            issue_id = str(body["id"])
            try:
                issue = self._issues.read(body)
            except UnreadableError as error:
                what = msg(f"jira.unreadable.{error.reason}")
                skipped.append(SkipRecordError([Problem(what, string(body.get("key")) or issue_id)]))
                continue
            history = block.histories.get(issue_id, ())
            own = self._changes.read(issue_id, issue.project_id, issue.current, history)
            issues.append(_dated(self._judged(issue, block), body, own))
            changes.extend(own)
        return Page(
            issues=tuple(issues),
            changes=tuple(changes),
            after=block.ids[-1],
            not_visible=block.not_visible,
            warnings=warnings,
            skipped=tuple(skipped),
            statuses=tuple(self._new_statuses(block, changes)),
        )

    def _judged(self, issue: Issue, block: Block) -> Issue:
        """A history that did not come whole, or holds entries that can't be told, is not replayed as if it did."""
        doubtful = issue.id in block.incomplete or issue.id in self._changes.doubtful
        return replace(issue, history_complete=False) if doubtful else issue

    def _new_statuses(self, block: Block, changes: Sequence[Change]) -> Iterator[Status]:
        """Statuses that the site no longer lists: of bodies with their category, of histories by name alone."""
        for body in block.bodies:
            fields = body.get("fields")
            payload = fields.get("status") if isinstance(fields, dict) else None
            status = read_status(self._source, payload, 0) if isinstance(payload, dict) else None
            if status is not None and status.id not in self._listed:
                self._listed.add(status.id)
                yield status
        for side in (side for c in changes if c.field is Field.STATUS for side in (c.old, c.new)):
            if side.id is not None and side.id not in self._listed:
                self._listed.add(side.id)
                yield Status(self._source, side.id, side.name or side.id, Category.UNDEFINED)


def joined(pages: Sequence[Page], warnings: tuple[Message, ...]) -> Page:
    """Some pages as one."""
    return Page(
        issues=tuple(issue for page in pages for issue in page.issues),
        changes=tuple(change for page in pages for change in page.changes),
        after=pages[-1].after if pages else None,
        warnings=warnings,
        statuses=tuple(status for page in pages for status in page.statuses),
        skipped=tuple(skipped for page in pages for skipped in page.skipped),
    )


def _dated(issue: Issue, body: Mapping[str, object], changes: Sequence[Change]) -> Issue:
    """A body that came without `updated` is as new as its last change."""
    fields = body.get("fields")
    if isinstance(fields, dict) and fields.get("updated"):
        return issue
    return replace(issue, updated=max([issue.updated, *(change.ts for change in changes)]))
