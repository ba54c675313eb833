"""`okr-delivery demo`: the whole loop in an empty folder, each step the command a user would type."""

from __future__ import annotations

import shlex
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
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
    from okr_delivery.sandbox.serving import Served
    from okr_delivery.sandbox.world import World

DEFAULT = Path("okr-delivery-demo")
SEED = 1
ON_GITLAB = ("mobile", "objectives")  # the others' work is on Jira
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
@click.option("--keep", is_flag=True, help="Keep the sandbox trackers running afterwards, until Ctrl-C.")
def command(app: App, /, folder: Path | None, keep: bool) -> int:
    """A whole example: starts sandbox trackers, writes config and OKR files, runs sync, gate, metrics, trace, report.

    \b
    Examples:
      okr-delivery demo
      okr-delivery demo /tmp/example --lang zh --keep
    """
    target = app.cwd / (folder or DEFAULT)
    now = _prepare(app, target)
    with _sandbox(app, target, now) as servers:
        codes = _steps(app, target)
        if codes[-1] == INTERRUPTED:
            return INTERRUPTED
        well = all(code in good for code, (_, good) in zip(codes, STEPS, strict=True))
        _closing(app, target, _serving(app, servers, now), found=codes[1] == 1, well=well)
        if keep:
            _wait(app, servers)
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
def _sandbox(app: App, target: Path, now: int) -> Iterator[list[Served]]:
    """A Jira and a GitLab: one company's work is on both."""
    from okr_delivery.sandbox.workspace import write_mixed
    from okr_delivery.sandbox.world import build

    ports = _ports(target)
    with ExitStack() as running:
        servers: list[Served] = []
        world = build(seed=SEED, now=now, lang=app.lang)
        for kind, serve in (("jira", _jira), ("gitlab", _gitlab)):
            servers.append(running.enter_context(_started(app, serve, world, ports.get(kind, 0))))
        jira, gitlab = (server.url for server in servers)
        written = write_mixed(target, world, jira, gitlab, app.lang)
        app.note("cli.demo.made", path=str(target), n=len(written), jira=jira, gitlab=gitlab)
        yield servers


def _jira(app: App, world: World, port: int) -> Served:
    from okr_delivery.sandbox.jira_cloud import serve

    return serve(world, port=port, clock=app.clock)


def _gitlab(app: App, world: World, port: int) -> Served:
    from okr_delivery.sandbox.gitlab import serve, translate
    from okr_delivery.sandbox.world import build

    by_day = build(seed=SEED, now=world.now, lang=app.lang, by_day=True)  # milestones know days only
    told = [key for key, name in translate.PROJECTS.items() if name in ON_GITLAB]
    return serve(translate.of_world(by_day, projects=told), port=port, clock=app.clock)


def _started(app: App, serve: Callable[[App, World, int], Served], world: World, port: int) -> Served:
    try:
        return serve(app, world, port)
    except OSError as error:
        raise user_error(
            msg("cli.sandbox.port", port=port, reason=error.strerror or ""), next_step=msg("cli.demo.port.next")
        ) from error


def _ports(target: Path) -> dict[str, int]:
    """The ports that the folder's configuration names already, by type of tracker; 0 = any."""
    path = target / "okr-delivery.yaml"
    if not path.is_file():
        return {}
    from okr_delivery.config import load

    return {source.type: urlsplit(source.url).port or 0 for source in load(path, cwd=target, env={}).sources}


def _environment(app: App) -> dict[str, str]:
    from okr_delivery.sandbox import TOKEN, USER

    kept = {k: v for k, v in app.env.items() if not k.startswith("OKR_DELIVERY_")}
    tokens = {"OKR_DELIVERY_JIRA_TOKEN": TOKEN, "OKR_DELIVERY_GITLAB_TOKEN": TOKEN}
    return {**kept, **tokens, "OKR_DELIVERY_JIRA_USER": USER}


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


def _serving(app: App, servers: Sequence[Served], now: int) -> str:
    """The commands that serve the same organisation again, the first in the background."""
    moment = datetime.fromtimestamp(now, UTC).isoformat()
    jira, gitlab = (
        f"--port {urlsplit(server.url).port} --seed {SEED} --now {moment} --lang {app.lang}" for server in servers
    )
    only = " ".join(f"--only {name}" for name in ON_GITLAB)
    return f"okr-delivery sandbox jira-cloud {jira} &\n  okr-delivery sandbox gitlab {gitlab} {only}"


def _path_line(app: App) -> str:
    """Where the shell finds the command, if it doesn't yet: after `make demo` it is only in the clone's venv."""
    folder = Path(sys.executable).parent
    if shutil.which("okr-delivery", path=app.env.get("PATH", "")) or not (folder / "okr-delivery").exists():
        return ""
    return f'\n  export PATH={shlex.quote(str(folder))}:"$PATH"'


def _wait(app: App, servers: Sequence[Served]) -> None:
    jira, gitlab = (server.url for server in servers)
    app.note("cli.demo.keep", jira=jira, gitlab=gitlab)
    threading.Event().wait()
