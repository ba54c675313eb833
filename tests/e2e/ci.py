"""A project on a runner: its clone, the bare repository behind it, and the commands that jobs call."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from okr_delivery.sandbox import TOKEN
from okr_delivery.sandbox.gitlab import serve
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.translate import of_world
from okr_delivery.sandbox.workspace import write_gitlab
from okr_delivery.sandbox.world import World, build
from tests.e2e.preloaded import commands
from tests.e2e.runner import NOW

GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
SECRETS = {"OKR_DELIVERY_GITLAB_TOKEN": TOKEN, "OKR_DELIVERY_HOSTS": "127.0.0.1"}


@cache
def world() -> World:
    return build(seed=1, issues=10, now=NOW, by_day=True)


def two_more(server: RunningServer) -> tuple[int, int]:
    """The numbers of two new issues of acme/payments: one that is ready for intake, one that names no key result."""
    texts = ("Contributes-to: GROW-KR1 ?", "")
    ready, late = (server.forge.create("acme/payments", "Pay in two steps", description=text) for text in texts)
    return int(ready.iid), int(late.iid)


@dataclass(frozen=True)
class Site:
    """A served GitLab, what scripts call, and a checkout whose store and ledger hold it as it is.

    `numbers` are those of an issue of acme/payments that is ready for intake and of one that is not.
    """

    server: RunningServer
    tools: Path
    numbers: tuple[int, int]
    cached: Path

    def project(self, folder: Path) -> Project:
        """A repository on which the first sync was yesterday."""
        made = Project(folder, self.server, self.tools)
        for name in (".okr-delivery", "ledger"):
            shutil.copytree(self.cached / name, made.home / name)
        return made


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    with serve(of_world(world()), clock=lambda: float(NOW)) as server, commands(folder, NOW) as tools:
        numbers = two_more(server)
        first = Project(folder / "first", server, tools)
        code, said = first.run(["okr-delivery sync"], SECRETS)
        assert code == 0, said
        yield Site(server, tools, numbers, first.home)


class Project:
    """A repository that holds okr-delivery.yaml for a served GitLab, checked out in `home`."""

    def __init__(self, folder: Path, server: RunningServer, tools: Path) -> None:
        self.folder, self.home, self.tools = folder, folder / "build", tools
        self.home.mkdir(parents=True)
        write_gitlab(self.home, world(), server.url, "en")
        self.bare = folder / "planning.git"
        self.git("init", "--quiet", "--bare", "-b", "main", str(self.bare), at=folder)
        for words in (("init", "--quiet", "-b", "main"), ("add", "-A"), ("remote", "add", "origin", str(self.bare)),
                      ("-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "Begin"),
                      ("push", "--quiet", "--set-upstream", "origin", "main")):  # fmt: skip
            self.git(*words)

    def run(self, lines: Sequence[str], env: Mapping[str, str], at: Path | None = None) -> tuple[int, str]:
        """The exit code and all output of a shell script that ends at the first failure."""
        text = "\n".join(["set -eo pipefail", *lines])
        base = {"PATH": f"{self.tools}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.folder), **GIT}
        ended = subprocess.run(
            ["bash", "-c", text], cwd=at or self.home, env=base | dict(env), check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return ended.returncode, ended.stdout

    def git(self, *words: str, at: Path | None = None) -> str:
        env = {**os.environ, **GIT}
        return subprocess.run(
            ["git", *words], cwd=at or self.home, env=env, check=True, capture_output=True, text=True
        ).stdout

    def pushed(self) -> str:
        """The files of the last commit that reached the bare repository, and who made it."""
        return self.git("show", "--stat", "--format=%an", "main", at=self.bare)
