"""`okr-delivery ledger …`."""

from __future__ import annotations

import subprocess
from pathlib import Path

from okr_delivery.cli.app import App
from okr_delivery.cli.options import group, subcommand
from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import msg


@group("ledger")
def command() -> None:
    """State of the ledger, and committing it."""


@subcommand("status")
def status(app: App, /) -> int:
    """How many facts the ledger holds and which lines are not committed yet.

    \b
    Examples:
      okr-delivery ledger status
      okr-delivery ledger status --lang zh
    """
    app.show(state(app))
    if app.config.ledger == "store":
        return 0
    pending = uncommitted(app.config.root / app.config.ledger)
    if pending is None:
        app.show(app.t("cli.ledger.no_git"))
    elif pending:
        app.show(app.t("cli.ledger.pending", n=len(pending)))
    return 0


@subcommand("push")
def push(app: App, /) -> int:
    """Commit just the ledger's files and push them.

    \b
    Examples:
      okr-delivery ledger push
      okr-delivery sync && okr-delivery ledger push
    """
    if app.config.ledger == "store":
        app.show(app.t("cli.ledger.in_store"))
        return 0
    folder = app.config.root / app.config.ledger
    pending = uncommitted(folder)
    if pending is None:
        raise user_error(msg("cli.ledger.no_git"), where=str(folder), next_step=msg("cli.ledger.no_git.next"))
    if not pending:
        app.show(app.t("cli.ledger.clean"))
        return 0
    _git(folder, "add", "--", ".")
    _git(folder, "commit", "--quiet", "-m", app.t("cli.ledger.commit"), "--", ".")
    if _git(folder, "remote").strip():
        _git(folder, "push", "--quiet")
    app.show(app.t("cli.ledger.pushed", n=len(pending)))
    return 0


def state(app: App) -> str:
    """Where the ledger is and how much it holds, in one line."""
    if app.config.ledger == "store":
        return app.t("cli.ledger.in_store")
    folder = app.config.root / app.config.ledger
    files = sorted(folder.rglob("*.jsonl"))
    lines = sum(len(path.read_bytes().splitlines()) for path in files)
    return app.t("cli.ledger.status", path=str(folder), files=len(files), lines=lines)


def uncommitted(folder: Path) -> list[str] | None:
    """Ledger files with lines git does not have yet; None outside a repository or without git."""
    if not folder.is_dir():
        return []
    try:
        return [line[3:] for line in _git(folder, "status", "--porcelain", "-uall", "--", ".").splitlines()]
    except UserError:
        return None


def _git(folder: Path, *args: str) -> str:
    try:
        done = subprocess.run(["git", *args], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603, S607 - fixed words, the user's own git
    except OSError as error:
        raise user_error(msg("cli.ledger.git_failed", reason=error.strerror or ""), where=str(folder)) from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise user_error(msg("cli.ledger.git_failed", reason=reason), where=f"git {args[0]} ({folder})")
    return done.stdout


command.add_command(status)
command.add_command(push)
