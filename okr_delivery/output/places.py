"""Where findings are shown in a repository: they are about tickets, but consumers want a file and a line."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from okr_delivery.config.discover import NAME
from okr_delivery.model.okr import Location


@dataclass(frozen=True, slots=True)
class Places:
    """`folder` is the configuration's, relative to the root of the repository ("." is the root), `config` its file.

    What is declared nowhere, or outside the repository, is shown at the first line of the configuration.
    """

    folder: str = "."
    config: str = NAME

    def of(self, location: Location | None) -> Location:
        """The same place as the repository names it: a relative path with slashes, a line from 1."""
        path = self._inside(location.path) if location else None
        if location is None or path is None:
            return Location(posixpath.normpath(posixpath.join(self.folder, self.config)), 1)
        return Location(path, max(location.line, 1))

    def _inside(self, path: str) -> str | None:
        whole = posixpath.normpath(posixpath.join(self.folder, path.replace("\\", "/")))
        outside = whole.startswith(("/", "../")) or whole in (".", "..") or whole[1:3] == ":/"
        return None if outside else whole
