"""`okr-delivery sandbox …` as a process: what it prints, what it serves, how it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from okr_delivery.sandbox import TOKEN, USER

COMMAND = (sys.executable, "-c", "import sys; from okr_delivery.cli import main; sys.exit(main())", "sandbox")


@contextmanager
def _running(folder: Path, *words: str) -> Iterator[str]:
    """The address of a server that runs while the block does."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*COMMAND, *words], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _get(url: str, path: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (USER, TOKEN)
        return session.get(f"{url}/rest/api/2/{path}", timeout=10)


@pytest.mark.parametrize(
    ("words", "kind", "ending"),
    [
        (("jira-cloud",), "Cloud", ""),
        (("jira-datacenter",), "Server", ""),
        (("jira-datacenter", "--context", "/jira"), "Server", "/jira"),
    ],
)
def test_each_kind_is_served_where_it_says(tmp_path: Path, words: tuple[str, ...], kind: str, ending: str) -> None:
    (tmp_path / "faults.yaml").write_text("failures: [{endpoint: field, status: 503}]\n", encoding="utf-8")
    with _running(tmp_path, *words, "--issues", "10", "--faults", "faults.yaml") as url:
        assert url.endswith(ending)
        assert _get(url, "serverInfo").json()["deploymentType"] == kind
        assert [_get(url, "field").status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("jira-datacenter", "--context", "jira"), "--context"),
        (("jira-cloud", "--context", "/jira"), "No such option"),
        (("jira-datacenter", "--recorded", "x.jsonl"), "--site"),
        (("jira-datacenter", "x.jsonl"), "--recorded"),
        (("jira-datacenter", "--faults", "none.yaml"), "none.yaml"),
    ],
)
def test_refused_options(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = subprocess.run([*COMMAND, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert said in done.stderr
