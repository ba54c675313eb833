"""What one run carries: environment, streams, clock, and the inputs that commands share, loaded on first use."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from okr_delivery.cli.streams import Stream
from okr_delivery.model.errors import Problem, UserError, user_error
from okr_delivery.model.message import Message, msg

if TYPE_CHECKING:
    from okr_delivery.config import Config
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.locale import Translator
    from okr_delivery.model.calendar import Calendar
    from okr_delivery.model.okr import Effect
    from okr_delivery.okrs import OkrBook, Readings
    from okr_delivery.store import Store
    from okr_delivery.value.conclusions import Conclusions

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class App:
    """One run of one command. Everything that differs between a terminal, a CI job and a test comes in here."""

    def __init__(
        self, *, env: Mapping[str, str], cwd: Path, out: TextIO, err: TextIO, clock: Callable[[], float]
    ) -> None:
        self.env = env
        self.cwd = cwd
        self.out = out
        self.err = err
        self.clock = clock
        self.exit_code = 0
        self.quiet = False
        self.verbosity = 0
        self._config_file: Path | None = None
        self._lang: str | None = None
        self._color: str | None = None
        self._stack = ExitStack()

    @classmethod
    def of_process(cls) -> App:
        """The run of this process. A folder that was removed meanwhile is an error only where it is needed."""
        try:
            cwd = Path.cwd()
        except OSError:
            cwd = Path(os.environ.get("PWD") or "/")
        out, err = Stream(sys.stdout, needed=True), Stream(sys.stderr, needed=False)
        return cls(env=dict(os.environ), cwd=cwd, out=out, err=err, clock=time.time)  # type: ignore[arg-type]  # all of TextIO that is used

    # -- options ---------------------------------------------------------------------------------------------------

    def take(self, options: Mapping[str, Any], ctx: click.Context) -> None:
        """Takes the shared options; the ones given behind the command's name come last and win."""
        if options.get("directory") is not None:
            self.cwd = self._folder(self.cwd / options["directory"])
        if options.get("config_file") is not None:
            self._config_file = options["config_file"]
        self._lang = options.get("lang") or self._lang
        self._color = options.get("color") or self._color
        self.quiet = bool(options.get("quiet")) or self.quiet
        self.verbosity = max(self.verbosity, options.get("verbose") or 0)
        if self.quiet and self.verbosity:
            raise click.UsageError("-q and -v can't be used together.", ctx)
        if self.verbosity > 1:
            self._show_requests()

    def _show_requests(self) -> None:
        """-vv: a line for every request, until the run ends."""
        import logging

        log = logging.getLogger("okr_delivery.http")
        handlers, propagate, level = list(log.handlers), log.propagate, log.level

        def restore() -> None:
            log.handlers, log.propagate = handlers, propagate
            log.setLevel(level)

        self._stack.callback(restore)
        log.handlers, log.propagate = [logging.StreamHandler(self.err)], False
        log.setLevel(logging.DEBUG)

    def _folder(self, path: Path) -> Path:
        if not path.is_dir():
            raise user_error(msg("cli.no_folder"), where=str(path), next_step=msg("cli.no_folder.next"))
        return path

    # -- speaking --------------------------------------------------------------------------------------------------

    @cached_property
    def t(self) -> Translator:
        from okr_delivery.locale import translator

        return translator(self.lang)

    @property
    def lang(self) -> str:
        """--lang, else OKR_DELIVERY_LANG, else the configuration's, else English."""
        chosen = self._lang or self.env.get("OKR_DELIVERY_LANG") or None
        if chosen is None:
            chosen = self.config.language if "config" in self.__dict__ else self._written_lang
        return chosen if chosen in ("en", "zh") else "en"

    @cached_property
    def _written_lang(self) -> str | None:
        """So that commands without configuration, and what is wrong with it, speak the language it names."""
        from okr_delivery.config.discover import language

        return language(self._config_path, self.cwd, self.env)

    @property
    def _config_path(self) -> Path | None:
        return None if self._config_file is None else self.cwd / self._config_file

    def retranslate(self) -> None:
        """The language may only be known once the configuration has been read."""
        self.__dict__.pop("t", None)

    def say(self, message_id: str, /, **params: object) -> None:
        """One line for the person at the terminal, on standard error."""
        self.err.write(self.t(message_id, **params) + "\n")

    def note(self, message_id: str, /, **params: object) -> None:
        """Like `say`, silent with -q."""
        if not self.quiet:
            self.say(message_id, **params)

    def show(self, text: str) -> None:
        """The payload, on standard output."""
        self.out.write(text if text.endswith("\n") else text + "\n")

    def show_document(self, text: str) -> None:
        """The payload in a machine format, which is UTF-8 in every locale."""
        whole = text if text.endswith("\n") else text + "\n"
        if isinstance(self.out, Stream):
            self.out.write_document(whole)
        else:
            self.out.write(whole)

    def show_error(self, error: UserError) -> None:
        for problem in error.problems:
            self.err.write(self._problem(problem) + "\n")

    def _problem(self, problem: Problem) -> str:
        from okr_delivery.output.safe import terminal

        lines = [self.t("cli.error", what=terminal(self.t.render(problem.what)))]
        if problem.where:
            lines.append("  " + self.t("cli.error.where", where=terminal(problem.where)))
        if problem.next_step is not None:
            lines.append("  " + self.t("cli.error.next", next=terminal(self.t.render(problem.next_step))))
        return "\n".join(lines)

    @property
    def color(self) -> bool:
        """--color, then NO_COLOR, then FORCE_COLOR / CLICOLOR_FORCE, then whether standard output is a terminal."""
        if self._color in ("always", "never"):
            return self._color == "always"
        if self.env.get("NO_COLOR"):
            return False
        if self.env.get("FORCE_COLOR") or self.env.get("CLICOLOR_FORCE"):
            return True
        return self.out.isatty() and self.env.get("TERM") != "dumb"

    @property
    def unicode(self) -> bool:
        return (getattr(self.out, "encoding", None) or "ascii").lower().replace("-", "") in ("utf8", "utf16")

    @contextmanager
    def timed(self, message_id: str, /, **params: object) -> Iterator[None]:
        """-v: how long a phase took, on standard error."""
        began = time.perf_counter()
        yield
        if self.verbosity:
            phase = self.t(message_id, **params)
            self.say("cli.timing", phase=phase, seconds=f"{time.perf_counter() - began:.2f}")

    # -- inputs ----------------------------------------------------------------------------------------------------

    @cached_property
    def config(self) -> Config:
        from okr_delivery.config import load

        loaded = load(self._config_path, cwd=self.cwd, env=self.env)
        self.__dict__["config"] = loaded
        self.retranslate()
        if self.verbosity:
            self.say("cli.config_path", path=str(loaded.path))
        return loaded

    @cached_property
    def book(self) -> OkrBook:
        from okr_delivery.okrs import load_okrs

        return load_okrs(self.config)

    @cached_property
    def readings(self) -> Readings:
        from okr_delivery.okrs import load_readings

        return load_readings(self.config, self.book)

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        from okr_delivery.okrs import load_effects

        return load_effects(self.config, self.book)

    @cached_property
    def conclusions(self) -> Conclusions:
        from okr_delivery.value.conclusions import load

        return load(self.config, self.book)

    @cached_property
    def store(self) -> Store:
        """The store, opened and migrated; closed at the end of the run."""
        from okr_delivery.store import open_store

        ledger = self.config.root / self.config.ledger if self.config.ledger != "store" else None
        return self._stack.enter_context(open_store(self.config.store_url, ledger=ledger))

    def snapshot(self, as_of: int | None = None, teams: tuple[str, ...] = ()) -> Snapshot:
        """The world at an instant; default now. Raises UserError for a team that isn't configured."""
        from okr_delivery.delivery.snapshot import Snapshot

        self.check_teams(teams)
        instant = self.now if as_of is None else as_of
        with self.timed("cli.phase.store"):
            view = self._stack.enter_context(self.store.reading())  # one moment, even while a sync commits pages
        return Snapshot.at(view, self.config, self.book, instant, teams=list(teams) or None)

    def look(self, as_of: int) -> Snapshot:
        """The world at an instant as a store holds it that is only read: none is made, none is brought up to date.

        Raises UserError where there is none that can be read.
        """
        from okr_delivery.delivery.snapshot import Snapshot
        from okr_delivery.store import open_store

        store = self._stack.enter_context(open_store(self.config.store_url, ledger=None, read_only=True))
        return Snapshot.at(self._stack.enter_context(store.reading()), self.config, self.book, as_of)

    def check_teams(self, teams: tuple[str, ...]) -> None:
        import difflib

        known = [team.id for team in self.config.effective_teams()]
        problems = []
        for name in teams:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = msg("cli.did_you_mean", name=near[0]) if near else msg("cli.known_teams", names=", ".join(known))
                problems.append(Problem(msg("cli.unknown_team", name=name), "--team", hint))
        if problems:
            raise UserError(problems)

    @property
    def now(self) -> int:
        return int(self.clock())

    def machine_instant(self, at: float) -> float:
        """An instant of `clock` on this machine's own clock, which waits and time-outs run on."""
        return time.time() + at - self.clock()

    def instant(self, text: str | None) -> int:
        """`--as-of`: a date means the end of that day in the calendar's zone; None means now.

        Raises UserError for what is no instant, and for a day that has begun nowhere: what was fetched says nothing of
        it, and what was not told until then would pass for what was not done.
        """
        if text is None:
            return self.now
        day = self._date(text)
        found = self._moment(text) if day is None else self.calendar.day_end(day) - 1
        if found is None or found < 0:  # before 1970 there was no tracker
            raise self._bad_date(text)
        if (day or self.calendar.local_date(found)) > self._today:
            what = msg("cli.future_date", text=text, today=self._today.isoformat())
            raise user_error(what, where="--as-of", next_step=msg("cli.future_date.next"))
        return found

    @property
    def _today(self) -> date:
        """The date where it is latest, by the calendars of the file and of its teams."""
        from okr_delivery.delivery.rules import calendar_of

        every = [None, *self.config.teams]
        return max(calendar_of(self.config, team).local_date(self.now) for team in every)

    def _moment(self, text: str) -> int | None:
        try:
            moment = datetime.fromisoformat(text if DAY.match(text) else "")
        except ValueError:
            return None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=self.calendar.zone)).timestamp())

    def day(self, text: str, option: str) -> date:
        """A `YYYY-MM-DD` option."""
        day = self._date(text)
        if day is None:
            raise self._bad_date(text, option)
        return day

    @staticmethod
    def _date(text: str) -> date | None:
        try:
            return date.fromisoformat(text) if DAY.fullmatch(text) else None
        except ValueError:
            return None

    @staticmethod
    def _bad_date(text: str, option: str = "--as-of") -> UserError:
        return user_error(msg("cli.bad_date", text=text), where=option, next_step=msg("cli.bad_date.next"))

    @cached_property
    def calendar(self) -> Calendar:
        from okr_delivery.config.calendar import build

        return build(self.config.calendar)

    def close(self) -> None:
        self._stack.close()


def later(what: str, instead: Message | None = None) -> UserError:
    """A name the contract keeps for a later version."""
    return user_error(msg("cli.later", what=what), next_step=instead or msg("cli.later.next"))
