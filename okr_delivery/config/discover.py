"""Finds the configuration file: one file, never merged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import msg

NAME = "okr-delivery.yaml"
_LANG = re.compile(rb"^lang:[ \t]*[\"']?(en|zh)[\"']?[ \t]*(#.*)?\r?$", re.MULTILINE)


def find(path: Path | None, cwd: Path, env: Mapping[str, str]) -> Path:
    """`path`, else `OKR_DELIVERY_CONFIG`, else upward from `cwd` to the git root, without one only `cwd`.

    Raises UserError when there is none, or when the named one does not exist.
    """
    named = path or (Path(env["OKR_DELIVERY_CONFIG"]) if env.get("OKR_DELIVERY_CONFIG") else None)
    if named is not None:
        return _existing(cwd / named, "--config" if path else "OKR_DELIVERY_CONFIG")
    for folder in _folders(cwd):
        if (folder / NAME).is_file():
            return folder / NAME
    raise user_error(msg("config.none", name=NAME), where=str(cwd), next_step=msg("config.none.next"))


def language(path: Path | None, cwd: Path, env: Mapping[str, str]) -> str | None:
    """`lang:` as the file that `find` finds has it, even if nothing else in it can be read; None without one."""
    try:
        found = _LANG.search(find(path, cwd, env).read_bytes())
    except (UserError, OSError):
        return None
    return found[1].decode() if found else None


def _existing(path: Path, named_by: str) -> Path:
    if path.is_dir():
        raise user_error(msg("config.is_folder", named_by=named_by, name=NAME), where=str(path))
    if not path.is_file():
        raise user_error(msg("config.not_there", named_by=named_by), where=str(path))
    return path


def _folders(cwd: Path) -> Iterator[Path]:
    root = checkout(cwd)
    return iter(folder for folder in (cwd, *cwd.parents) if folder == root or root in folder.parents)


def checkout(folder: Path) -> Path:
    """The root of the git work tree that a folder lies in; without one the folder itself."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)
