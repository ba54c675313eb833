"""Loads okr-delivery.yaml: finds it, reads it with positions, brings in team files, validates, checks references."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from okr_delivery.config import check, discover
from okr_delivery.config.document import Document, Place, read, shown
from okr_delivery.config.models import Config
from okr_delivery.config.problems import attempt, sort
from okr_delivery.model.errors import Problem, UserError, user_error
from okr_delivery.model.message import msg

LANGS = ("en", "zh")

Part = tuple[Document, Place, object]
"""A team as it stands in some document."""


def load(path: Path | None = None, *, cwd: Path, env: Mapping[str, str]) -> Config:
    """The configuration. Raises UserError with every problem that is in it, each at its file:line:column."""
    file = discover.find(path, cwd, env)
    document = read(file, cwd)
    if document.data is None:
        raise user_error(msg("config.yaml.empty"), where=document.file, next_step=msg("config.none.next"))
    problems = _bring_in_teams(document, file.parent, cwd)
    config, found = attempt(Config, document)
    problems += found + check.references(document) + _environment(env)
    if config is None or problems:
        raise UserError(sort(problems))
    # not resolved: relative paths start from where the file stands, also when it is a link
    return config.bind(document, file.absolute(), cwd, env)


def _environment(env: Mapping[str, str]) -> list[Problem]:
    lang = env.get("OKR_DELIVERY_LANG")
    if lang and lang not in LANGS:
        return [Problem(msg("config.lang_variable", value=lang), "OKR_DELIVERY_LANG")]
    return []


def _bring_in_teams(document: Document, root: Path, cwd: Path) -> list[Problem]:
    """Replaces the files and folders named in `teams:` by the teams they hold, in place."""
    listed = document.data.get("teams") if isinstance(document.data, dict) else None
    if not isinstance(listed, list) or not any(isinstance(entry, str) for entry in listed):
        return []
    problems: list[Problem] = []
    original = Document(document.file, None, dict(document.values), dict(document.keys))
    teams: list[object] = []
    for index, entry in enumerate(listed):
        here = ("teams", index)
        if isinstance(entry, str):
            parts, more = _team_files(root / entry, cwd, original.where(here))
            problems += more
        else:
            parts = [(original, here, entry)]
        for source, place, team in parts:
            document.splice(("teams", len(teams)), source, place)
            teams.append(team)
    document.data["teams"] = teams
    return problems


def _team_files(path: Path, cwd: Path, where: str) -> tuple[list[Part], list[Problem]]:
    files = sorted(path.glob("*.y*ml")) if path.is_dir() else [path]
    if path.is_dir() and not files:
        return [], [Problem(msg("config.team_folder_empty", path=shown(path, cwd)), where)]
    if not path.exists():
        return [], [Problem(msg("config.team_file_missing", path=shown(path, cwd)), where)]
    parts: list[Part] = []
    problems: list[Problem] = []
    for file in files:
        try:
            inner = read(file, cwd)
        except UserError as error:
            problems += error.problems
            continue
        if isinstance(inner.data, list):
            parts += [(inner, (n,), team) for n, team in enumerate(inner.data)]
        elif inner.data is None:
            problems.append(Problem(msg("config.yaml.empty"), inner.file))
        else:
            parts.append((inner, (), inner.data))
    return parts, problems
