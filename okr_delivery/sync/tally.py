"""What a run fetched and changed so far, as numbers."""

from __future__ import annotations

from collections.abc import Iterable

from okr_delivery.model.message import Message, msg
from okr_delivery.sync.connector import Page
from okr_delivery.sync.ids import IdSet
from okr_delivery.sync.run import SourceResult


class Tally:
    """Counts of one call of `sync_source`; an issue that is read twice in it counts once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._fetched = IdSet()
        self._changed = IdSet()
        self._changes = 0
        self._partial = 0
        self.deleted = 0
        self.warnings: list[Message] = []

    @property
    def fetched(self) -> int:
        return len(self._fetched)

    def page(self, page: Page, changed: Iterable[str], added: int) -> None:
        """A page was committed: `changed` ids differ from what was stored, `added` history entries are new."""
        self._fetched.update(issue.id for issue in page.issues)
        self._changed.update(changed)
        self._changes += added
        self._partial += sum(not issue.history_complete for issue in page.issues)
        self.warn(*page.warnings)
        for skipped in page.skipped:
            self.warn(*(msg("sync.skipped", where=p.where or "", what=p.what) for p in skipped.problems))

    def warn(self, *messages: Message) -> None:
        """Keeps each warning once."""
        for message in messages:
            if message not in self.warnings:
                self.warnings.append(message)

    def result(
        self, seconds: float, requests: int, *, complete: bool, resumed: bool, whole_since: int | None
    ) -> SourceResult:
        if self._partial:
            self.warn(msg("sync.history_incomplete", n=self._partial))
        if whole_since is not None and not complete:
            self.warn(msg("sync.history_coming"))
        return SourceResult(
            name=self._name,
            complete=complete,
            resumed=resumed,
            fetched=self.fetched,
            changed=len(self._changed),
            deleted=self.deleted,
            changes=self._changes,
            requests=requests,
            seconds=seconds,
            warnings=tuple(self.warnings),
            whole_since=None if complete else whole_since,
        )
