"""`gate --apply tracker`: what requirements are told in their trackers, or with --dry-run would be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.cli.app import App
from okr_delivery.cli.refusals import of_source
from okr_delivery.cli.told import Record
from okr_delivery.gate.retelling import again
from okr_delivery.gate.telling import MARK, MOST, UNKNOWN, Deed, Telling, Told, deed, edits, tellings
from okr_delivery.locale import translator
from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import msg
from okr_delivery.output import gate_comment
from okr_delivery.output.safe import terminal

if TYPE_CHECKING:
    from okr_delivery.gate.result import GateInput, GateResult
    from okr_delivery.sync.connector import Connector
    from okr_delivery.sync.writes import Writer, Written

PATIENCE = 3  # requirements in a row that are refused for one reason: the others would be too


@dataclass(frozen=True, slots=True)
class Due:
    """A requirement, what is to be done about it, and what was told before."""

    telling: Telling
    what: Deed
    essence: str
    text: str
    told: Told | None

    @property
    def proven(self) -> bool:
        """Whether more than a label that anybody may have put says that something of ours is there."""
        return not self.telling.beside or self.told is None or self.told.essence != UNKNOWN


@dataclass
class Desk:
    """One run's plan: what is due, by source. `asked` is the run's question."""

    app: App
    asked: GateInput
    result: GateResult
    records: dict[str, Record] = field(default_factory=dict)

    @cached_property
    def label(self) -> str:
        return self.app.config.gate.tell.label

    @cached_property
    def tellings(self) -> tuple[Telling, ...]:
        mine = tellings(self.result, self.label)
        judged = {(one.source, one.issue_id) for one in self.result.judged}
        told = (one for source in self.app.config.sources for one in self.record(source.name).standing())
        left = [one for one in told if (one.source, one.issue_id) not in judged]
        return (*mine, *again(self.asked, left, self.label))

    @cached_property
    def due(self) -> tuple[Due, ...]:
        every = (self._due(one) for one in self.tellings)
        return tuple(one for one in every if one is not None)

    @cached_property
    def trusted(self) -> int:
        """How many were told so before in the same words, which was seen so lately that nobody looks again."""
        due = {one.telling.ref for one in self.due}
        left = (one for one in self.tellings if not one.ready and one.ref not in due)
        told = (self.record(one.source).get(one.issue_id) for one in left)
        return sum(one is not None and one.essence != UNKNOWN for one in told)

    def _due(self, telling: Telling) -> Due | None:
        t = translator(self.app.config.language)  # a comment does not change its language with a terminal's
        seen = {use.name: use.fetched_at for use in self.result.sources}[telling.source]
        essence = "" if telling.ready else gate_comment.essence(telling.findings, self.label, t)
        told = self.record(telling.source).get(telling.issue_id)
        what = deed(telling, told, essence, seen_at=seen, now=self.app.now)
        if what is None:
            return None
        url = self.app.config.reports.recheck_url
        text = "" if telling.ready else gate_comment.write(telling.findings, self.label, t, url)
        return Due(telling, what, essence, text, told)

    def record(self, source: str) -> Record:
        if source not in self.records:
            self.records[source] = Record(self.app.store, source, self.asked.snapshot, self.label)
        return self.records[source]

    @property
    def first(self) -> int:
        """How many are told for the first time."""
        return sum(one.what is Deed.PUT for one in self.due)


# -- saying what would be done -----------------------------------------------------------------------------------------


def hint(app: App, asked: GateInput, result: GateResult) -> None:
    """The one line of -v where nothing was asked to be written."""
    app.say("telling.hint", **_counts(Desk(app, asked, result).due))


def show(app: App, asked: GateInput, result: GateResult) -> None:
    """--dry-run: exactly what would be written, unless it stands there already."""
    desk = Desk(app, asked, result)
    for one in desk.due:
        former = one.told.label if one.told is not None and one.what is Deed.CLEAR else ""
        place = {"key": terminal(one.telling.key), "label": terminal(former or desk.label)}
        app.note(f"telling.would.{one.what}", **place)
        if not app.quiet:
            app.err.write("".join(f"    {terminal(line)}".rstrip() + "\n" for line in gate_comment.shown(one.text)))
    app.note("telling.would.all", **_counts(desk.due))
    if desk.first > MOST:
        app.note("telling.would.many", n=desk.first, most=MOST)


def _counts(due: Sequence[Due]) -> dict[str, int]:
    said = Counter(one.what for one in due)
    return {"put": said[Deed.PUT], "renew": said[Deed.RENEW], "clear": said[Deed.CLEAR]}


# -- doing it ----------------------------------------------------------------------------------------------------------


def tell(app: App, asked: GateInput, result: GateResult, *, yes: bool) -> bool:
    """Writes what is due; False, with each error shown, when some of it could not be written.

    Raises UserError, before anything is written, when more would be told for the first time than one run may without
    being asked to.
    """
    desk = Desk(app, asked, result)
    if desk.first > MOST and not yes:
        raise user_error(msg("telling.many", n=desk.first, most=MOST), next_step=msg("telling.many.next"))
    sources = dict.fromkeys(one.telling.source for one in desk.due)
    tallies = [_Round(desk, name).run() for name in sources]
    for record in desk.records.values():
        record.save()
    done = Counter(stood=desk.trusted)
    for tally in tallies:
        done.update(tally)
    app.note("telling.done", **{name: done[name] for name in ("put", "renew", "clear", "stood")})
    if desk.trusted:
        app.note("telling.trusted", n=desk.trusted)
    return not done["failed"]


class _Round:
    """One source's requirements, one after another."""

    def __init__(self, desk: Desk, source: str) -> None:
        self._desk = desk
        self._app = desk.app
        self._source = desk.app.config.source(source)
        self._due = [one for one in desk.due if one.telling.source == source]
        self._tally: Counter[str] = Counter()
        self._refused: list[str] = []  # in a row, by what was said

    def run(self) -> Counter[str]:
        """How many were put, renewed, cleared, stood already and failed."""
        try:
            connector = self._connector()
        except UserError as error:
            return self._failed(error)
        try:
            self._write_all(self._writer(connector))
        except UserError as error:
            return self._failed(error)
        finally:
            self._desk.record(self._source.name).save()
            close = getattr(connector, "close", None)
            if callable(close):
                close()
        return self._tally

    def _failed(self, error: UserError) -> Counter[str]:
        self._app.show_error(of_source(error, self._source))
        self._tally["failed"] += 1
        return self._tally

    def _connector(self) -> Connector:
        from okr_delivery.sync.build import connector_for

        app = self._app
        minutes = app.config.network.max_minutes
        until = app.machine_instant(app.clock() + 60 * minutes) if minutes else None
        return connector_for(app.config, self._source, app.env, deadline=until)[0]

    def _writer(self, connector: Connector) -> Writer:
        from okr_delivery.sync.writes import WriterFactory

        if not isinstance(connector, WriterFactory):
            what = msg("telling.no_writer", source=self._source.name, type=self._source.type)
            raise user_error(what, where=self._source.name)
        return connector.writer()

    def _write_all(self, writer: Writer) -> None:
        for at, one in enumerate(self._due):
            try:
                self._write(writer, one)
            except UserError as error:
                self._failed(_about(error, one.telling))
                if self._hopeless(error):
                    self._left_out(len(self._due) - at - 1)
                    return
                continue
            self._refused.clear()

    def _write(self, writer: Writer, one: Due) -> None:
        """All of it, which is remembered. What nobody shows us any more is forgotten."""
        from okr_delivery.sync.errors import GoneError
        from okr_delivery.sync.writes import Outcome

        record, ref = self._desk.record(self._source.name), one.telling.issue_id
        try:
            written = list(self._written(writer, one))
        except GoneError:
            if not one.telling.over:
                raise
            record.forget(ref)
            return
        stood = all(answer.outcome is Outcome.UNCHANGED for answer in written)
        self._tally["stood" if stood else str(one.what)] += 1
        record.put(ref, self._told(one, written))

    def _written(self, writer: Writer, one: Due) -> Iterator[Written]:
        """Where a label alone speaks for us, it stays if none of our comments was there: anybody may have put it."""
        for batch in edits(one.what, self._desk.label, one.text, one.told):
            written = writer.write(one.telling.issue_id, batch)
            yield written
            if not one.proven and not written.changed:
                return

    def _told(self, one: Due, written: Sequence[Written]) -> Told:
        now, known = self._app.now, None if one.told is None else one.told.comment
        if one.what is Deed.CLEAR:
            return Told("", now)
        return Told(one.essence, now, self._desk.label, written[-1].comments.get(MARK, known), one.telling.stage)

    def _hopeless(self, error: UserError) -> bool:
        """Whether the others would fail too: the tracker has no patience left, or refuses all for one reason."""
        from okr_delivery.sync.errors import RetryLaterError, UnsureError

        if isinstance(error, RetryLaterError) and not isinstance(error, UnsureError):
            return True
        said = error.problems[0].what.id
        self._refused = [*(self._refused if said in self._refused else []), said]
        return len(self._refused) >= PATIENCE

    def _left_out(self, n: int) -> None:
        if n:
            self._app.note("telling.left_out", n=n, source=self._source.name)


def _about(error: UserError, telling: Telling) -> UserError:
    """The same error, which names the requirement by its key."""
    nameless = (None, telling.issue_id)
    error.problems = tuple(replace(p, where=telling.key) if p.where in nameless else p for p in error.problems)
    return error
