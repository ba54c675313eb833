"""The GitLab template: whole as YAML, and its shell parts run as a runner would, against a served GitLab."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
import pytest
from ruamel.yaml import YAML

from okr_delivery.sandbox import TOKEN
from okr_delivery.sandbox.gitlab import serve
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.translate import of_world
from okr_delivery.sandbox.workspace import write_gitlab
from okr_delivery.sandbox.world import World, build
from tests.e2e.runner import NOW

FILE = "templates/ci/gitlab/okr-delivery.gitlab-ci.yml"
_KEYWORDS = (
    "image resource_group rules cache variables before_script script after_script allow_failure artifacts interruptible"
)
KEYWORDS = frozenset(_KEYWORDS.split())
MAIN, REQUEST = "okr-delivery", "okr-delivery merge request"
COMMAND = """\
#!{python}
import os, sys
from pathlib import Path
from okr_delivery.cli.app import App
from okr_delivery.cli.run import run

app = App(env=dict(os.environ), cwd=Path.cwd(), out=sys.stdout, err=sys.stderr, clock=lambda: float({now}))
sys.exit(run(sys.argv[1:], app=app))
"""
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
HOST = "gitlab.acme.cn:8443"


@cache
def template() -> Mapping[str, Any]:
    found = YAML(typ="safe").load((resources.files("okr_delivery.config") / FILE).read_text("utf-8"))
    assert isinstance(found, dict)
    return found


@cache
def world() -> World:
    return build(seed=1, issues=10, now=NOW, by_day=True)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with serve(of_world(world()), clock=lambda: float(NOW)) as running:
        yield running


class Runner:
    """A project on a runner: its clone, the bare repository behind it, and the commands that jobs call."""

    def __init__(self, folder: Path, server: RunningServer) -> None:
        self.folder, self.home = folder, folder / "build"
        self.home.mkdir()
        write_gitlab(self.home, world(), server.url, "en")
        self._commands()
        self.bare = folder / "planning.git"
        self._git("init", "--quiet", "--bare", "-b", "main", str(self.bare), at=folder)
        for words in (("init", "--quiet", "-b", "main"), ("add", "-A"), ("remote", "add", "origin", str(self.bare)),
                      ("-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "Begin"),
                      ("push", "--quiet", "origin", "main"), ("checkout", "--quiet", "--detach")):  # fmt: skip
            self._git(*words)

    def _commands(self) -> None:
        tools = self.folder / "bin"
        tools.mkdir()
        for name, text in (("okr-delivery", COMMAND.format(python=sys.executable, now=NOW)), ("pip", "#!/bin/sh\n")):
            (tools / name).write_text(text, encoding="utf-8")
            (tools / name).chmod(0o755)

    @property
    def variables(self) -> dict[str, str]:
        """What GitLab and the project's settings put into each job."""
        rewrite = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{self.bare}.insteadOf",
                   "GIT_CONFIG_VALUE_0": f"https://gitlab-ci-token:job-token@{HOST}/git/acme/planning.git"}  # fmt: skip
        return {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "CI_PROJECT_DIR": str(self.home),
            "CI_PROJECT_PATH": "acme/planning",
            "CI_COMMIT_BRANCH": "main",
            "CI_SERVER_HOST": HOST.partition(":")[0],
            "CI_SERVER_URL": f"https://{HOST}/git",
            "CI_JOB_TOKEN": "job-token",
            "OKR_DELIVERY_GITLAB_TOKEN": TOKEN,
            "OKR_DELIVERY_HOSTS": "127.0.0.1",
            "PYTHONPATH": os.pathsep.join(sys.path),
            **GIT,
            **rewrite,
        }

    def __call__(self, name: str, part: str = "script", **more: str) -> subprocess.CompletedProcess[str]:
        """One part of a job, with what stands before it, in a shell that ends at the first failure."""
        job = template()[name]
        lines = [*job["before_script"], *job["script"]] if part == "script" else job[part]
        given = {
            key: value.replace("$CI_PROJECT_DIR", str(self.home)) for key, value in job.get("variables", {}).items()
        }
        text = "\n".join(["set -eo pipefail", *lines])
        return subprocess.run(
            ["bash", "-c", text], cwd=self.home, env=self.variables | given | more, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def _git(self, *words: str, at: Path | None = None) -> str:
        env = {**os.environ, **GIT}
        return subprocess.run(
            ["git", *words], cwd=at or self.home, env=env, check=True, capture_output=True, text=True
        ).stdout

    def pushed(self) -> str:
        """The files of the last commit that reached the bare repository, and who made it."""
        return self._git("show", "--stat", "--format=%an", "main", at=self.bare)


@pytest.fixture
def runner(tmp_path: Path, server: RunningServer) -> Runner:
    return Runner(tmp_path, server)


# as YAML


def test_jobs_hold_what_gitlab_knows_and_run_when_they_should() -> None:
    assert set(template()) == {MAIN, REQUEST}
    assert all(set(job) <= KEYWORDS for job in template().values())
    main, request = template()[MAIN], template()[REQUEST]
    assert [rule["if"] for rule in request["rules"]] == ['$CI_PIPELINE_SOURCE == "merge_request_event"']
    assert main["rules"][0] == {"if": "$OKR_PLANNING", "when": "never"}
    assert [rule["if"] for rule in main["rules"][1:]] == [
        "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
        '$CI_PIPELINE_SOURCE == "schedule"',
    ]
    for job in (main, request):
        assert job["artifacts"]["reports"] == {"junit": "gate.xml"} and job["artifacts"]["when"] == "always"
    assert main["allow_failure"] == {"exit_codes": 1} and "allow_failure" not in request


def test_a_merge_request_can_change_no_store_but_its_own() -> None:
    own, copy = template()[MAIN]["cache"]
    assert (own["key"], own["paths"], "unprotect" in own) == ("okr-delivery", [".okr-delivery/"], False)
    assert (copy["key"], copy["policy"], copy["unprotect"]) == ("okr-delivery-mr", "push", True)
    taken = template()[REQUEST]["cache"]
    assert (taken["key"], taken["paths"]) == (copy["key"], copy["paths"])
    assert ".okr-delivery-mr/" in template()[REQUEST]["variables"]["OKR_DELIVERY_STORE"]


def test_the_token_of_a_job_is_for_git_alone() -> None:
    text = (resources.files("okr_delivery.config") / FILE).read_text("utf-8")
    assert text.count("$CI_JOB_TOKEN") == text.count("gitlab-ci-token:$CI_JOB_TOKEN@") == 2
    for name in ("OKR_DELIVERY_GITLAB_TOKEN", "OKR_DELIVERY_HOSTS", "Reporter", "read_api"):
        assert name in text


# as a runner runs it


def test_the_main_job_syncs_pushes_the_ledger_and_reports(runner: Runner) -> None:
    ended = runner(MAIN)
    assert ended.returncode in (0, 1), ended.stderr
    assert defusedxml.ElementTree.parse(runner.home / "gate.xml").getroot() is not None
    pushed = runner.pushed()
    assert pushed.startswith("okr-delivery") and "ledger/" in pushed and ".jsonl" in pushed
    assert (runner.home / ".okr-delivery-mr" / "store.db").exists()
    reported = runner(MAIN, "after_script")
    assert reported.returncode == 0, reported.stderr
    assert list(runner.home.glob("report*.html"))


def asked(server: RunningServer, *descriptions: str) -> list[dict[str, str]]:
    """What a job is told of merge requests that close new issues of these descriptions each."""
    items = [server.forge.create("acme/payments", "Pay in two steps", description=text) for text in descriptions]
    requests = [server.forge.open_request("acme/payments", "Pay", f"Closes #{item.iid}") for item in items]
    place = {"CI_MERGE_REQUEST_PROJECT_PATH": "acme/payments"}
    return [{**place, "CI_MERGE_REQUEST_IID": str(request.iid)} for request in requests]


def failures(runner: Runner) -> str:
    root = defusedxml.ElementTree.parse(runner.home / "gate.xml").getroot()
    assert root is not None
    return str(root.attrib["failures"])


def test_the_job_of_a_merge_request_judges_what_it_closes(runner: Runner, server: RunningServer) -> None:
    for code, place in enumerate(asked(server, "Contributes-to: GROW-KR1 ?", "")):
        ended = runner(REQUEST, **place)
        assert (ended.returncode, failures(runner)) == (code, str(code)), ended.stderr
    assert (runner.home / ".okr-delivery-mr" / "store.db").exists()
    assert not (runner.home / ".okr-delivery").exists()


def test_another_project_takes_the_settings_from_where_they_are(
    runner: Runner, server: RunningServer, tmp_path: Path
) -> None:
    runner.home = tmp_path / "code"
    runner.home.mkdir()
    ended = runner(REQUEST, OKR_PLANNING="acme/planning", **asked(server, "")[0])
    assert (ended.returncode, failures(runner)) == (1, "1"), ended.stderr
    assert (runner.home / ".okr-delivery-mr" / "store.db").exists()
