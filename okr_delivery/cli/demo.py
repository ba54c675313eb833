"""`okr-delivery demo`: the whole loop in an empty folder, each step the command a user would type."""

from __future__ import annotations

import shlex
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import subcommand
from okr_delivery.cli.run import INTERRUPTED, run
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.sandbox.jira_cloud import RunningServer

DEFAULT = Path("okr-delivery-demo")
SEED = 1
NOW_FILE = ".okr-delivery-demo"  # the instant at which the example organisation lives
STEPS: tuple[tuple[tuple[str, ...], tuple[int, ...]], ...] = (
    (("sync",), (0,)),
    (("gate",), (0, 1)),
    (("metrics",), (0,)),
    (("trace",), (0,)),
    (("progress",), (0,)),
    (("report", "iteration"), (0,)),
)


@subcommand("demo")
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--keep", is_flag=True, help="Keep the sandbox tracker running afterwards, until Ctrl-C.")
def command(app: App, /, folder: Path | None, keep: bool) -> int:
    """A whole example: starts a sandbox tracker, writes config and OKR files, runs sync, gate, metrics, trace, report.

    \b
    Examples:
      okr-delivery demo
      okr-delivery demo /tmp/example --lang zh --keep
    """
    target = app.cwd / (folder or DEFAULT)
    now = _prepare(app, target)
    with _sandbox(app, target, now) as server:
        codes = _steps(app, target)
        if codes[-1] == INTERRUPTED:
            return INTERRUPTED
        well = all(code in good for code, (_, good) in zip(codes, STEPS, strict=True))
        _closing(app, target, _serving(app, server, now), found=codes[1] == 1, well=well)
        if keep:
            _wait(app, server)
    return 0 if well else 2


def _prepare(app: App, target: Path) -> int:
    """An empty folder, or one that an earlier demo made: whose files stay as the user left them."""
    marker = target / NOW_FILE
    if marker.is_file():
        app.note("cli.demo.again", path=str(target))
        return _remembered(marker)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise user_error(msg("cli.demo.not_empty"), where=str(target), next_step=msg("cli.demo.not_empty.next"))
    try:
        target.mkdir(parents=True, exist_ok=True)
        marker.write_text(datetime.fromtimestamp(app.now, UTC).isoformat() + "\n", encoding="utf-8")
    except OSError as error:
        raise user_error(msg("cli.cannot_write", reason=error.strerror or ""), where=str(target)) from error
    return app.now


def _remembered(marker: Path) -> int:
    try:
        return int(datetime.fromisoformat(marker.read_text(encoding="utf-8").strip()).timestamp())
    except ValueError as error:
        raise user_error(msg("cli.demo.broken"), where=str(marker), next_step=msg("cli.demo.not_empty.next")) from error


@contextmanager
def _sandbox(app: App, target: Path, now: int) -> Iterator[RunningServer]:
    from okr_delivery.sandbox.jira_cloud import serve
    from okr_delivery.sandbox.workspace import write
    from okr_delivery.sandbox.world import build

    world = build(seed=SEED, now=now, lang=app.lang)
    port = _port(target)
    try:
        server = serve(world, port=port, clock=app.clock)
    except OSError as error:
        raise user_error(
            msg("cli.sandbox.port", port=port, reason=error.strerror or ""), next_step=msg("cli.demo.port.next")
        ) from error
    try:
        written = write(target, world, server.url, app.lang)
        app.note("cli.demo.made", path=str(target), n=len(written), url=server.url)
        yield server
    finally:
        server.stop()


def _port(target: Path) -> int:
    """The port that the folder's configuration names already; 0 = any."""
    path = target / "okr-delivery.yaml"
    if not path.is_file():
        return 0
    from okr_delivery.config import load

    return next((urlsplit(s.url).port or 0 for s in load(path, cwd=target, env={}).sources if s.type == "jira"), 0)


def _environment(app: App) -> dict[str, str]:
    from okr_delivery.sandbox import TOKEN, USER

    kept = {k: v for k, v in app.env.items() if not k.startswith("OKR_DELIVERY_")}
    return {**kept, "OKR_DELIVERY_JIRA_USER": USER, "OKR_DELIVERY_JIRA_TOKEN": TOKEN}


def _steps(app: App, target: Path) -> list[int]:
    """The exit codes of the steps, in order; none is begun after one that was interrupted."""
    codes = []
    for words, _ in STEPS:
        codes.append(_step(app, target, words))
        if codes[-1] == INTERRUPTED:
            break
    return codes


def _step(app: App, target: Path, words: tuple[str, ...]) -> int:
    """Runs one command as a user would and says how it ended."""
    app.show("\n$ okr-delivery " + shlex.join(words))
    app.out.flush()
    inner = App(env=_environment(app), cwd=target, out=app.out, err=app.err, clock=app.clock)
    color = ["--color", "always" if app.color else "never"]
    code = run([*color, "--lang", app.lang, *words], app=inner)
    app.out.flush()
    app.show(app.t("cli.demo.exit", code=code))
    return code


def _closing(app: App, target: Path, serving: str, *, found: bool, well: bool) -> None:
    """What came of it and what to try, in lines that can be pasted as they are; a report's path is the last line."""
    from okr_delivery.sandbox import TOKEN, USER

    outcome = "gate_found" if found else "gate_clean"
    app.show("\n" + app.t(f"cli.demo.{outcome if well else 'failed'}"))
    path = _path_line(app)
    enter, serve = f"  cd {shlex.quote(str(target))}{path}", f"{path}\n  {serving}".removeprefix("\n")
    app.show(app.t("cli.demo.next", enter=enter, user=USER, token=TOKEN, serve=serve))
    if well:
        app.show(app.t("cli.demo.reports"))
        for report in sorted((target / "reports").glob("*.html")):
            app.show(str(report))


def _serving(app: App, server: RunningServer, now: int) -> str:
    """The command that serves the same organisation again."""
    moment = datetime.fromtimestamp(now, UTC).isoformat()
    port = urlsplit(server.url).port
    return f"okr-delivery sandbox jira-cloud --port {port} --seed {SEED} --now {moment} --lang {app.lang}"


def _path_line(app: App) -> str:
    """Where the shell finds the command, if it doesn't yet: after `make demo` it is only in the clone's venv."""
    folder = Path(sys.executable).parent
    if shutil.which("okr-delivery", path=app.env.get("PATH", "")) or not (folder / "okr-delivery").exists():
        return ""
    return f'\n  export PATH={shlex.quote(str(folder))}:"$PATH"'


def _wait(app: App, server: RunningServer) -> None:
    app.note("cli.demo.keep", url=server.url)
    threading.Event().wait()
