"""Blocks of rows with their histories -> pages of model types."""

from __future__ import annotations

from collections.abc import Mapping

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Change, Field, Issue
from okr_delivery.sync.connector import Identity, Page
from okr_delivery.sync.errors import SkipRecordError
from okr_delivery_gitlab.blocks import Block
from okr_delivery_gitlab.changes import ChangeReader
from okr_delivery_gitlab.history import Detail
from okr_delivery_gitlab.records import IssueReader
from okr_delivery_gitlab.settings import Settings
from okr_delivery_gitlab.stages import met, statuses_of
from okr_delivery_gitlab.today import UnreadableError
from okr_delivery_gitlab.values import Row, mapping, string


class PageMaker:
    """Reads the blocks of one source."""

    def __init__(self, source: str, settings: Settings, who: Identity) -> None:
        self._source = source
        self._issues = IssueReader(source, who.base_url)
        self._changes = ChangeReader(settings, who.server_time)
        self._listed = {status.id for status in statuses_of(source, settings)}

    def page(self, block: Block, details: Mapping[str, Detail], warnings: tuple[Message, ...]) -> Page:
        issues: list[Issue] = []
        changes: list[Change] = []
        skipped: list[SkipRecordError] = []
        for row in block.rows:
            detail = details[str(row["id"])]
            try:
                told = self._changes.read(row, detail)
            except UnreadableError as error:
                skipped.append(_unread(row, error))
            else:
                issues.append(self._issues.read(row, detail, told))
                changes.extend(told.changes())
        return Page(
            issues=tuple(issues),
            changes=tuple(changes),
            after=block.after,
            warnings=warnings,
            skipped=tuple(skipped),
            statuses=tuple(met(self._source, changes, (i.value(Field.STATUS) for i in issues), self._listed)),
        )


def _unread(row: Row, error: UnreadableError) -> SkipRecordError:
    key = string(mapping(row.get("references")).get("full")) or str(row["id"])
    return SkipRecordError([Problem(msg(f"gitlab.unreadable.{error.reason}"), key)])
