"""`sync --record`: one recorder per source, and the lines about what was saved."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from okr_delivery.cli.app import App
from okr_delivery.model.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from okr_delivery.config import Source
    from okr_delivery.okrs import OkrBook
    from okr_delivery.sync.record.folder import Recorder
    from okr_delivery.sync.transport import Transport


class Recording:
    """Records the sources of one run, into `folder` or, of several, into folders in it."""

    def __init__(self, app: App, folder: Path, sources: Sequence[Source], *, plain: bool) -> None:
        """Raises UserError for a folder that is not empty or can't be written."""
        from okr_delivery.sync.record.folder import part, prepare

        self._app = app
        self._plain = plain
        self.folder = folder
        prepare(folder)
        several = len(sources) > 1
        self._folders = {s.name: part(folder, n, s.name) if several else folder for n, s in enumerate(sources, start=1)}
        self._recorders: list[Recorder] = []
        self._updates: list[str] = []  # sources that were synced before: their recordings need what the store held

    def watch(self, source: Source, transport: Transport) -> None:
        """Records what this source's transport sends from now on."""
        from okr_delivery.sync.record.hints import recorder_for

        state = self._app.store.source(source.name)
        if state is not None and state.watermark is not None:
            self._updates.append(source.name)
        own = self._folders[source.name]
        own.mkdir(mode=0o700, exist_ok=True)
        found = {each.role: each.id for each in self._app.store.found_fields(source.name)}
        recorder = recorder_for(
            own,
            source,
            self._app.env,
            teams=self._app.config.effective_teams(),
            ids=self._ids(),
            queries=self._queries(),
            found=found,
            plain=self._plain,
            clock=self._app.clock,
        )
        transport.observer = recorder
        self._recorders.append(recorder)

    def close(self) -> None:
        """Completes the folders and says what is in them. Raises UserError when an index can't be written."""
        for recorder in self._recorders:
            recorder.close()
        exchanges = sum(recorder.exchanges for recorder in self._recorders)
        if not exchanges or not all(recorder.whole for recorder in self._recorders):
            return
        size = f"{sum(recorder.size for recorder in self._recorders) / 1_000_000:.1f}"
        self._app.note("cli.record.saved", n=exchanges, size=size, folder=os.path.normpath(self.folder))
        if self._updates:
            self._app.note("cli.record.update", sources=", ".join(self._updates))
        self._app.note("cli.record.plain" if self._plain else "cli.record.look")

    def _ids(self) -> frozenset[str]:
        """Of objectives and key results: free text may name them."""
        full = {*self._book.objectives, *self._book.key_results} if self._book else set()
        return frozenset({*full, *(each.partition(":")[2] for each in full)} - {""})

    def _queries(self) -> list[str]:
        """Those that count issues for a key result."""
        rows = self._book.key_results.values() if self._book else ()
        return [row.metric.jql for row in rows if row.metric.jql]

    @cached_property
    def _book(self) -> OkrBook | None:
        """None where the OKR files can't be read, which is no affair of a sync."""
        try:
            return self._app.book
        except UserError:
            return None
