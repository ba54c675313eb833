"""`gate --merge-request`: the merge request that a run is about, and, with --apply, the verdict said on its head."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from okr_delivery.cli.app import App
from okr_delivery.cli.refusals import of_source
from okr_delivery.model.errors import UserError
from okr_delivery.model.message import msg
from okr_delivery.model.text import one_line
from okr_delivery.output.safe import terminal

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.gate.result import GateResult
    from okr_delivery.sync.connector import MergeRequest, MergeRequests, Verdict
    from okr_delivery.sync.transport import Transport


PATIENCE = 300  # seconds for reading a merge request, and again for saying the verdict


class Desk:
    """One merge request. By itself, of one that a text told of, its tracker is neither asked nor told anything.

    `sources` are those whose tracker may hold it: one, unless a text told of it.
    """

    def __init__(self, sources: Sequence[Source], request: MergeRequest) -> None:
        self.sources = tuple(sources)
        self.request = request

    def begun(self) -> bool:
        """Nothing is said of it."""
        return True

    def ended(self, result: GateResult) -> bool:
        """Nothing is said of it, which is what was asked for."""
        return True


class OpenDesk(Desk):
    """One merge request, read from its tracker, with the connector that may say a verdict on it; `apply`: that does."""

    def __init__(
        self, app: App, source: Source, tracker: tuple[MergeRequests, Transport], request: MergeRequest, *, apply: bool
    ) -> None:
        super().__init__((source,), request)
        self._source = source
        self._app = app
        self._connector, self._transport = tracker
        self._apply = apply

    def begun(self) -> bool:
        """Says that a verdict is on its way, where it is going to be said; False when that could not be, as shown."""
        from okr_delivery.sync.connector import Verdict

        return not self._apply or self._put(Verdict.PENDING, self._app.t("gate.status.pending")) is not None

    def ended(self, result: GateResult) -> bool:
        """Says the verdict, or shows what would be said; False when it could not be said, which is shown too."""
        from okr_delivery.output import gate_status

        return self._say(gate_status.verdict(result), gate_status.write(result, self._app.t))

    def failed(self) -> None:
        """Says that there is no verdict, where nothing was judged at all."""
        from okr_delivery.output import gate_status
        from okr_delivery.sync.connector import Verdict

        self._say(Verdict.FAILED, gate_status.no_verdict(self._app.t))

    def _say(self, verdict: Verdict, text: str) -> bool:
        shown = {"ref": terminal(self.request.ref), "verdict": msg(f"cli.status.{verdict}"), "text": terminal(text)}
        if not self._apply:
            self._app.note("cli.status.would", **shown)
            return True
        fresh = self._put(verdict, text)
        if fresh is not None:
            self._app.note("cli.status.said" if fresh else "cli.status.stood", **shown)
        return fresh is not None

    def _put(self, verdict: Verdict, text: str) -> bool | None:
        """Whether it had not been said before; None, with the error shown, when it could not be said."""
        from okr_delivery.output.gate_status import NAME

        url = self._app.config.reports.recheck_url
        self._transport.deadline = time.time() + PATIENCE
        try:
            return self._connector.put_verdict(self.request, verdict, name=NAME, text=text, url=url)
        except UserError as error:
            self._app.show_error(of_source(error, self._source))
            return None


@contextmanager
def opened(app: App, ref: str, *, apply: bool, text: str | None = None) -> Iterator[Desk]:
    """Reads the merge request that `ref` names. Raises UserError when it can't be read, or is none.

    Whatever ends the run inside with an error is said on the merge request as no verdict. With `text`, what it says
    takes the place of the tracker, which is not asked.
    """
    from okr_delivery.gate.request import placed, told

    sites = {state.name: state.base_url for state in app.store.sources()}
    if text is not None:
        sources, ref = told(ref, app.config, sites, _able)
        yield Desk(sources, _spoken(app, ref, text))
        return
    source, ref = placed(ref, app.config, sites, _able)
    tracker = _tracker(app, source)
    try:
        desk = OpenDesk(app, source, tracker, _read(tracker[0], ref, source), apply=apply)
        try:
            yield desk
        except Exception:
            desk.failed()
            raise
    finally:
        close = getattr(tracker[0], "close", None)
        if callable(close):
            close()


def _spoken(app: App, ref: str, text: str) -> MergeRequest:
    """The merge request as a text tells of it; its first line stands for the title."""
    from okr_delivery.gate.spoken import spoken
    from okr_delivery.sync.connector import MergeRequest

    named = spoken(text, app.snapshot(), ref.rpartition("!")[0] or None)
    title = next((line for line in text.splitlines() if line.strip()), ref)
    return MergeRequest(ref, one_line(title), None, "", (), named)


def _tracker(app: App, source: Source) -> tuple[MergeRequests, Transport]:
    from okr_delivery.sync.build import connector_for
    from okr_delivery.sync.connector import MergeRequests

    connector, transport = connector_for(app.config, source, app.env, deadline=time.time() + PATIENCE)
    if not isinstance(connector, MergeRequests):  # pragma: no cover - its class said that it is one
        raise TypeError(f"{source.type} knows no merge requests")
    return connector, transport


def _read(connector: MergeRequests, ref: str, source: Source) -> MergeRequest:
    try:
        return connector.merge_request(ref)
    except UserError as error:
        raise of_source(error, source) from error


def _able(source: Source) -> bool:
    """Whether connectors of a source's type know merge requests."""
    from okr_delivery.sync import registry
    from okr_delivery.sync.connector import MergeRequests

    return issubclass(registry.load(source.type), MergeRequests)
